// Which accounts this node fights for with others, and its blocks of them: a spend from a block waits for nobody else's.

import { refillDue, type SpendOrder, type SpendOutcome } from '@latchkey/core';
import { type Block, debitBlocks, takeBlock } from './credit-blocks.js';
import { groupCommit } from './group-commit.js';
import { type Db, transact } from './query.js';

export interface Escrow {
  /** Notes what a transaction on an account saw: its number of entries before and after it. */
  saw(familyId: string, before: number, after: number): void;
  /** Debits a block of this node; null: the account itself has to be asked. `join`: others have blocks of it already. */
  spend(asked: SpendOrder, join?: boolean): Promise<SpendOutcome | null>;
  /** Whether this node would rather have a block, too, than close those of others. */
  mayJoin(familyId: string): boolean;
}

/** So many transactions in a row found that somebody else had written in between: the account is fought for. */
const HOT = 3;
/** After a block was of no use, that many more. */
const COOLING = 20;
/** A block that did not last for so many transactions was of no use. */
const WORTH_IT = 4;
/** Then a block is closed: who writes its entries holds the account, and that must not take long. */
const MOST_DEBITS = 2_000;
const MOST_ACCOUNTS = 1_000;

interface Watched {
  /** How often in a row somebody else had written in between. */
  met: number;
  entries: number;
  block: Block | null;
  /** How many transactions debited the block, and how many debits that were. */
  used: number;
  debits: number;
  /** The block is over: this node asks the account itself, which closes it. */
  closing: boolean;
}

export function createEscrow(db: Db): Escrow {
  /** Those seen last are last; only what is fought for, or may be, is worth remembering. */
  const watched = new Map<string, Watched>();

  const cool = (account: Watched): void => {
    account.block = null;
    account.met = -COOLING;
  };

  /** A block that has enough for them, if one can be had. */
  async function blockOf(familyId: string, orders: readonly SpendOrder[]): Promise<Block | null> {
    const account = watched.get(familyId);
    if (account === undefined) return null;
    const demand = orders.reduce((sum, { credits }) => sum + credits, 0);
    const now = Math.max(...orders.map(({ at }) => at));
    const own = account.block;
    if (own !== null && (now >= own.until || account.debits >= MOST_DEBITS || isDue(own, now))) {
      account.block = null;
      account.closing = true;
    }
    if (account.closing) return null;
    if (own !== null && own.left >= demand) return own;
    const taken = await transact(db, (trx) => takeBlock(trx, familyId, { own, demand, now }));
    if (taken === null) cool(account);
    else {
      if (taken.number !== own?.number) {
        account.used = 0;
        account.debits = 0;
      }
      account.block = taken;
    }
    return taken;
  }

  const spendAll = async (orders: readonly SpendOrder[]): Promise<(SpendOutcome | null)[]> => {
    const families = [...new Set(orders.map(({ familyId }) => familyId))];
    const blocks: Block[] = [];
    for (const familyId of families) {
      const block = await blockOf(
        familyId,
        orders.filter((order) => order.familyId === familyId),
      );
      if (block !== null) blocks.push(block);
    }
    if (blocks.length === 0) return orders.map(() => null);
    const { balances, left } = await transact(db, (trx) => debitBlocks(trx, blocks, orders));
    for (const block of blocks) {
      const account = watched.get(block.familyId);
      const rest = left.get(block.familyId);
      if (account?.block !== block) continue;
      account.used++;
      account.debits += orders.filter(
        ({ familyId }, at) => familyId === block.familyId && balances[at] !== null,
      ).length;
      if (rest !== undefined) block.left = rest;
      else if (account.used < WORTH_IT) cool(account);
      else account.block = null;
    }
    return balances.map((balance) =>
      balance === null ? null : { result: 'spent', balance, repeated: false, written: ['debit'] },
    );
  };
  const spend = groupCommit(spendAll);

  return {
    saw(familyId, before, after) {
      const unknown = { met: 0, entries: before, block: null, used: 0, debits: 0, closing: false };
      const known = watched.get(familyId) ?? unknown;
      known.closing = false;
      known.met = known.met < 0 || before !== known.entries ? Math.min(known.met + 1, HOT) : 0;
      known.entries = after;
      watched.delete(familyId);
      watched.set(familyId, known);
      const oldest = watched.size > MOST_ACCOUNTS ? watched.keys().next().value : undefined;
      if (oldest !== undefined) watched.delete(oldest);
    },
    async spend(asked, join = false) {
      const account = watched.get(asked.familyId) ?? null;
      if (join && account !== null && account.met >= 0) account.met = HOT;
      return account === null || account.closing || account.met < HOT ? null : spend(asked);
    },
    mayJoin(familyId) {
      const account = watched.get(familyId);
      return account === undefined || (account.met >= 0 && !account.closing);
    },
  };
}

const isDue = ({ account }: Block, now: number): boolean => refillDue(account, now) !== null;
