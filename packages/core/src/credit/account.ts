// The rules of credit accounts: what is due to one, and what a debit, a return or an adjustment makes of it. Pure; nothing is kept here.

import { DAY_MS } from '../limit/window.js';
import type { Instant } from '../ports.js';

/** The most that a balance may be set or raised to: every sum on the way stays a whole number that JSON carries exactly. */
export const MOST_CREDITS = 1_000_000_000_000_000;
/** The most that one request, one refill or one reservation may come to. */
export const MOST_AT_ONCE = 1_000_000_000_000;

/** Restores the balance to `amount` once a period. `dayOfMonth`: 1 when absent; 29 to 31 are the last day of shorter months. */
export interface Refill {
  amount: number;
  every: 'day' | 'month';
  dayOfMonth?: number | undefined;
}

/** What a key family may spend. Every generation of the family spends from it. */
export interface CreditAccount {
  familyId: string;
  organizationId: string;
  projectId: string;
  /** A whole number, never below 0. What is reserved has left it. */
  balance: number;
  refill: Refill | null;
  /** The last period whose refill was judged, by `periodOf`; it never goes back. */
  refilledPeriod: number;
  /** false: the family was bounded once and is no more; its ledger stays. */
  bounded: boolean;
  /** How many entries its ledger has. */
  entries: number;
}

export const CREDIT_KINDS = ['grant', 'set', 'refill', 'debit', 'reserve', 'settle', 'refund', 'expire'] as const;
/**
 * `grant`: given at creation, or by an adjustment that adds (which may be negative). `set`: an adjustment to a figure.
 * `settle`, `refund`, `expire`: what came back of a reservation or, for `refund`, of a debit.
 */
export type CreditKind = (typeof CREDIT_KINDS)[number];

export const RESERVATION_STATES = ['open', 'settled', 'refunded', 'expired'] as const;
export type ReservationState = (typeof RESERVATION_STATES)[number];

/** Credits put aside until it is known what something cost. While open they count as spent. */
export interface ReservationRecord {
  id: string;
  familyId: string;
  keyId: string;
  organizationId: string;
  projectId: string;
  requestId: string;
  /** Counts from 1: an id whose reservation was given back may reserve once more. */
  attempt: number;
  credits: number;
  /** What it came to; null unless settled. */
  settledCredits: number | null;
  state: ReservationState;
  /** A repeated call was answered with it: two requests may pass on it. */
  relied: boolean;
  createdAt: Instant;
  expiresAt: Instant;
  closedAt: Instant | null;
}

/** One line to be written to the ledger. */
export interface Posting {
  kind: CreditKind;
  /** Signed. */
  amount: number;
  balanceAfter: number;
  reservation: ReservationRecord | null;
}

export interface Booked {
  account: CreditAccount;
  postings: readonly Posting[];
}

/** The account after one posting. */
export function posted(
  account: CreditAccount,
  kind: CreditKind,
  amount: number,
  reservation: ReservationRecord | null = null,
): Booked {
  const balance = account.balance + amount;
  return {
    account: { ...account, balance, entries: account.entries + 1 },
    postings: [{ kind, amount, balanceAfter: balance, reservation }],
  };
}

/** The number of the period that `now` lies in: days since the epoch, or months (year × 12 + month) from their refill day on. */
export function periodOf(refill: Refill, now: Instant): number {
  if (refill.every === 'day') return Math.floor(now / DAY_MS);
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return year * 12 + month - (date.getUTCDate() < refillDay(refill, year, month) ? 1 : 0);
}

const refillDay = ({ dayOfMonth = 1 }: Refill, year: number, month: number): number =>
  Math.min(dayOfMonth, new Date(Date.UTC(year, month + 1, 0)).getUTCDate());

/** The period whose refill is due, or null. Several missed periods are one; a clock that went back owes nothing. */
export function refillDue(
  { refill, refilledPeriod }: Pick<CreditAccount, 'refill' | 'refilledPeriod'>,
  now: Instant,
): number | null {
  if (refill === null) return null;
  const period = periodOf(refill, now);
  return period > refilledPeriod ? period : null;
}

/**
 * Gives the account what is due by `now`: reservations that ran out return, and a period that began restores the balance,
 * in the order in which they came due. So it makes no difference how long nobody looked. A full account is not refilled,
 * and its period has passed all the same.
 */
export function broughtUpToDate(
  account: CreditAccount,
  expired: readonly ReservationRecord[],
  now: Instant,
): Booked & { closed: readonly ReservationRecord[] } {
  const due = expired
    .filter(({ state, expiresAt }) => state === 'open' && expiresAt <= now)
    .sort((a, b) => a.expiresAt - b.expiresAt);
  const postings: Posting[] = [];
  const closed: ReservationRecord[] = [];
  let current = account;
  const book = (kind: CreditKind, amount: number, reservation: ReservationRecord | null = null): void => {
    const booked = posted(current, kind, amount, reservation);
    current = booked.account;
    postings.push(...booked.postings);
  };
  /** What began by then; of several periods the last is enough, for nothing came between them. */
  const refill = (by: Instant): void => {
    const period = refillDue(current, by);
    if (period === null || current.refill === null) return;
    const missing = current.refill.amount - current.balance;
    if (missing > 0) book('refill', missing);
    current = { ...current, refilledPeriod: period };
  };
  for (const reservation of due) {
    // Of what comes due in one instant, the return is first.
    refill(reservation.expiresAt - 1);
    const ended: ReservationRecord = { ...reservation, state: 'expired', closedAt: now };
    book('expire', reservation.credits, ended);
    closed.push(ended);
  }
  refill(now);
  return { account: current, postings, closed };
}

/** The account as it stands at `now`, for showing. */
export const standingAt = (account: CreditAccount, now: Instant): CreditAccount =>
  broughtUpToDate(account, [], now).account;

/** What an operator asks for. `set: null`: the family is bounded no more. */
export interface Adjustment {
  add?: number | undefined;
  set?: number | null | undefined;
  refill?: Refill | null | undefined;
}

export type AdjustmentFault = { fault: 'unbounded' } | { fault: 'out_of_range'; balance: number };

/** A new account; periods before it was made do not count. */
export function openedAccount(
  family: Pick<CreditAccount, 'familyId' | 'organizationId' | 'projectId'>,
  refill: Refill | null,
  now: Instant,
): CreditAccount {
  const refilledPeriod = refill === null ? 0 : periodOf(refill, now);
  return { ...family, balance: 0, refill, refilledPeriod, bounded: true, entries: 0 };
}

/** An account after an adjustment; what is due must have been given to it before. */
export function adjusted(account: CreditAccount, change: Adjustment, now: Instant): Booked | AdjustmentFault {
  const { add, set, refill } = change;
  if (set === null) {
    const emptied = posted(account, 'set', -account.balance);
    return { account: { ...emptied.account, bounded: false, refill: null }, postings: emptied.postings };
  }
  if (set === undefined && !account.bounded) return { fault: 'unbounded' };
  const balance = set ?? account.balance + (add ?? 0);
  if (balance < 0 || balance > MOST_CREDITS) return { fault: 'out_of_range', balance };
  const booked: Booked =
    set === undefined && add === undefined
      ? { account, postings: [] }
      : posted(account, set === undefined ? 'grant' : 'set', balance - account.balance);
  const next = refill === undefined ? booked.account : withRefill(booked.account, refill, now);
  return { account: { ...next, bounded: true }, postings: booked.postings };
}

/** Another refill begins with the next period: none is due at once, and none a second time for the same period. */
function withRefill(account: CreditAccount, refill: Refill | null, now: Instant): CreditAccount {
  if (refill === null) return { ...account, refill };
  const period = periodOf(refill, now);
  const same = account.refill?.every === refill.every;
  return { ...account, refill, refilledPeriod: same ? Math.max(account.refilledPeriod, period) : period };
}
