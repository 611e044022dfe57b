// The rules of escrowed blocks: when a node may keep a part of a hot balance for itself, how much, and until when. Pure; nothing is kept here.

import type { Instant } from '../ports.js';
import { type CreditAccount, refillDue } from './account.js';

/** A block is closed after that long, so that the ledger is never further behind. */
export const BLOCK_MS = 5_000;
/** Most of what is free stays free: other nodes want blocks too, and what a big request needs must not lie about in small parts. */
const PART_OF_FREE = 8;
/** Below so many transactions' worth a block is not worth its own. */
const LEAST_TIMES = 4;
const MOST_TIMES = 32;

export interface BlockOffer {
  credits: number;
  until: Instant;
}

export interface BlockDemand {
  account: CreditAccount;
  /** What open blocks of the account hold already. */
  escrowed: number;
  /** When the next open reservation runs out; null: there is none. */
  nextReturn: Instant | null;
  /** Credits that this node spends in one transaction. */
  demand: number;
  now: Instant;
}

/** The block that a node may have; null: the account is too low, not bounded, or something is due that has to be booked first. */
export function blockFor({ account, escrowed, nextReturn, demand, now }: BlockDemand): BlockOffer | null {
  const until = Math.min(now + BLOCK_MS, nextReturn ?? Number.POSITIVE_INFINITY);
  if (!account.bounded || until <= now || refillDue(account, now) !== null) return null;
  const credits = Math.min(Math.floor((account.balance - escrowed) / PART_OF_FREE), demand * MOST_TIMES);
  return credits < demand * LEAST_TIMES ? null : { credits, until };
}
