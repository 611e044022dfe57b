// What requests do to credit accounts, in SQL: many calls in one transaction, each with its own outcome. The rules are the core's.

import {
  type CreditAccount,
  type CreditBook,
  posted,
  type RefundOrder,
  type ReservationRecord,
  type ReserveOrder,
  type SettleOrder,
  type SpendOrder,
} from '@latchkey/core';
import { atDesk, type Desk, type Needs } from './credit-desk.js';
import { createEscrow } from './credit-escrow.js';
import { type Db, transact } from './query.js';

interface Order {
  needs: Needs;
  /** Runs on the desk; what it returns is told once the transaction is durable. */
  run(desk: Desk): unknown;
  resolve(outcome: never): void;
  reject(error: unknown): void;
}

/**
 * Calls that come before a transaction has begun are booked in it: one commit for all of them. One transaction of this book is
 * under way at a time, so what comes meanwhile gathers for the next, and a hot account is not fought for. One that other nodes
 * fight for too is debited from an escrowed block.
 */
export function createCreditBook(db: Db): CreditBook {
  let waiting: Order[] = [];
  let booking = false;
  const escrow = createEscrow(db);

  const bookOnce = async (): Promise<void> => {
    let orders: Order[] = [];
    // A transaction that runs again books the same orders, and none that came since.
    const taken = (): Order[] => {
      if (orders.length === 0) [orders, waiting] = [waiting, []];
      return orders;
    };
    try {
      const { outcomes, seen } = await transact(db, (trx) =>
        atDesk(trx, together(taken()), (desk) => ({
          outcomes: orders.map(({ run }) => run(desk)),
          seen: desk.seen(),
        })),
      );
      // All of them, settled ones too: what this node wrote itself is nobody else's.
      for (const { familyId, before, after } of seen) escrow.saw(familyId, before, after);
      orders.forEach(({ resolve }, at) => {
        resolve(outcomes[at] as never);
      });
    } catch (error) {
      // Before the transaction began nobody had taken them.
      for (const { reject } of taken()) reject(error);
    }
  };
  const bookAll = async (): Promise<void> => {
    while (waiting.length > 0) await bookOnce();
    booking = false;
  };

  const order = <T>(needs: Needs, run: (desk: Desk) => T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ needs, run, resolve, reject });
      if (booking) return;
      booking = true;
      setImmediate(bookAll);
    });

  return {
    async spendCredits(asked) {
      const fromBlock = await escrow.spend(asked);
      if (fromBlock !== null) return fromBlock;
      const { familyId, at } = asked;
      const needs = { familyIds: [familyId], debits: [asked], until: at };
      const unlessEscrowed = escrow.mayJoin(familyId) ? [familyId] : [];
      const outcome = await order({ ...needs, unlessEscrowed }, (desk) =>
        desk.isEscrowed(familyId) ? null : spend(desk, asked),
      );
      return outcome ?? (await escrow.spend(asked, true)) ?? (await order(needs, (desk) => spend(desk, asked)));
    },
    refundCredits: (asked) =>
      order({ familyIds: [asked.familyId], debits: [asked], until: asked.at }, (desk) => refund(desk, asked)),
    reserveCredits: (asked) =>
      order({ familyIds: [asked.familyId], reserves: [asked], until: asked.at }, (desk) => reserve(desk, asked)),
    settleReservation: (asked) =>
      order({ reservationIds: [asked.reservationId], until: asked.at }, (desk) => settle(desk, asked)),
    async expireReservations(at, limit) {
      const rows = await db
        .selectFrom('reservations')
        .select(['id', 'family_id'])
        .where('state', '=', 'open')
        .where('expires_at', '<=', at)
        .orderBy('expires_at')
        .limit(limit)
        .execute();
      const blocks = await db
        .selectFrom('credit_blocks')
        .select('family_id')
        .where('until', '<=', at)
        .orderBy('until')
        .limit(limit)
        .execute();
      const families = [...new Set([...rows, ...blocks].map(({ family_id }) => family_id))];
      if (families.length === 0) return { expired: 0, written: [] };
      return order({ familyIds: families, until: at }, (desk) => {
        for (const familyId of families) desk.account(familyId, at);
        const written = desk.written();
        return { expired: written.filter((kind) => kind === 'expire').length, written };
      });
    },
  };
}

function together(orders: readonly Order[]): Needs {
  const all = orders.map(({ needs }) => needs);
  const needed = new Set(
    all.flatMap(({ familyIds = [], unlessEscrowed = [] }) => familyIds.filter((id) => !unlessEscrowed.includes(id))),
  );
  return {
    familyIds: all.flatMap(({ familyIds = [] }) => familyIds),
    debits: all.flatMap(({ debits = [] }) => debits),
    reserves: all.flatMap(({ reserves = [] }) => reserves),
    reservationIds: all.flatMap(({ reservationIds = [] }) => reservationIds),
    // One order is enough that has to have the account itself.
    unlessEscrowed: all.flatMap(({ unlessEscrowed = [] }) => unlessEscrowed).filter((id) => !needed.has(id)),
    until: Math.max(...all.map(({ until }) => until)),
  };
}

type Refusal = { result: 'unbounded' } | { result: 'insufficient'; balance: number };

/** The account that pays, or why none does. */
function payer(desk: Desk, asked: SpendOrder): { account: CreditAccount | null; refusal: Refusal | null } {
  const account = desk.account(asked.familyId, asked.at);
  if (account === null || !account.bounded) return { account: null, refusal: { result: 'unbounded' } };
  const { balance } = account;
  return { account, refusal: asked.credits > balance ? { result: 'insufficient', balance } : null };
}

function spend(desk: Desk, asked: SpendOrder) {
  const { familyId, keyId, requestId, credits, at } = asked;
  const { account, refusal } = payer(desk, asked);
  const earlier = desk.debitOf(familyId, requestId);
  if (earlier !== null && !earlier.refunded && account !== null) {
    const { amount, balanceAfter: balance } = earlier.entry;
    if (amount === -credits) desk.rely(earlier);
    return amount === -credits
      ? { result: 'spent' as const, balance, repeated: true, written: desk.written() }
      : { result: 'mismatch' as const, balance: account.balance, written: desk.written() };
  }
  if (refusal !== null) return { ...refusal, written: desk.written() };
  const booked = posted(account as CreditAccount, 'debit', -credits);
  const attempt = (earlier?.entry.attempt ?? 0) + 1;
  desk.book(booked, { at, keyId, requestId, attempt, actorId: keyId });
  return { result: 'spent' as const, balance: booked.account.balance, repeated: false, written: desk.written() };
}

function refund(desk: Desk, { familyId, keyId, requestId, at }: RefundOrder) {
  const account = desk.account(familyId, at);
  const debit = desk.debitOf(familyId, requestId);
  // The request that was charged did not pass, but one that came again has: they are paid for with the same credits.
  if (account === null || debit === null || debit.refunded || debit.relied)
    return { refunded: 0, written: desk.written() };
  const refunded = -debit.entry.amount;
  desk.book(posted(account, 'refund', refunded), { at, keyId, requestId, attempt: debit.entry.attempt });
  return { refunded, written: desk.written() };
}

function reserve(desk: Desk, asked: ReserveOrder) {
  const { familyId, keyId, requestId, credits, at } = asked;
  const { account, refusal } = payer(desk, asked);
  const earlier = desk.reservationOf(familyId, requestId);
  const givenBack = earlier?.state === 'refunded' || earlier?.state === 'expired';
  if (earlier !== null && account !== null && !(asked.renew && givenBack)) {
    const { balance } = account;
    if (earlier.credits !== credits) return { result: 'mismatch' as const, balance, written: desk.written() };
    if (earlier.state === 'open' && !earlier.relied) desk.keep({ ...earlier, relied: true });
    return { result: 'reserved' as const, balance, repeated: true, reservation: earlier, written: desk.written() };
  }
  if (refusal !== null) return { ...refusal, written: desk.written() };
  const { organizationId, projectId } = account as CreditAccount;
  const reservation: ReservationRecord = {
    id: asked.id,
    ...{ familyId, keyId, organizationId, projectId, requestId, credits },
    attempt: (earlier?.attempt ?? 0) + 1,
    settledCredits: null,
    state: 'open',
    relied: false,
    createdAt: at,
    expiresAt: asked.expiresAt,
    closedAt: null,
  };
  const booked = posted(account as CreditAccount, 'reserve', -credits, reservation);
  desk.keep(reservation);
  desk.book(booked, { at, actorId: keyId });
  const { balance } = booked.account;
  return { result: 'reserved' as const, balance, repeated: false, reservation, written: desk.written() };
}

function settle(desk: Desk, { reservationId, settleAt, unlessRelied = false, actorId, at }: SettleOrder) {
  const found = desk.reservation(reservationId);
  const account = found && desk.account(found.familyId, at);
  // Looked at again: what was due may just have ended it.
  const reservation = desk.reservation(reservationId);
  if (account === null || reservation === null) return { result: 'not_found' as const, written: desk.written() };
  const state = settleAt === null ? 'refunded' : 'settled';
  if (reservation.state !== 'open') {
    const same = reservation.state === state && reservation.settledCredits === settleAt;
    return same
      ? { result: 'closed' as const, reservation, repeated: true, written: desk.written() }
      : { result: 'not_open' as const, reservation, written: desk.written() };
  }
  if (unlessRelied && reservation.relied) return { result: 'relied' as const, reservation, written: desk.written() };
  if (settleAt !== null && settleAt > reservation.credits)
    return { result: 'above_reserved' as const, reservation, written: desk.written() };
  const closed: ReservationRecord = { ...reservation, state, settledCredits: settleAt, closedAt: at };
  desk.keep(closed);
  const kind = settleAt === null ? 'refund' : 'settle';
  desk.book(posted(account, kind, reservation.credits - (settleAt ?? 0), closed), { at, actorId });
  return { result: 'closed' as const, reservation: closed, repeated: false, written: desk.written() };
}
