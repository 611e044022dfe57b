// Guarantees of the credit rules: a refill comes once a period, in the right one, and what is due comes in its order.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adjusted,
  broughtUpToDate,
  type CreditAccount,
  openedAccount,
  periodOf,
  posted,
  type Refill,
  type ReservationRecord,
  refillDue,
} from './account.js';

const at = (text: string): number => Date.parse(text);
const family = { familyId: 'fam_1', organizationId: 'org_1', projectId: 'proj_1' };
const account = (refill: Refill | null, now: string, balance = 0): CreditAccount =>
  posted(openedAccount(family, refill, at(now)), 'grant', balance).account;

const daily: Refill = { amount: 100, every: 'day' };
const monthly = (dayOfMonth?: number): Refill => ({ amount: 100, every: 'month', dayOfMonth });

describe('a period', () => {
  it.each([
    [1, '2025-02-01T00:00:00Z', '2025-01-31T23:59:59.999Z'],
    [15, '2025-02-15T00:00:00Z', '2025-02-14T23:59:59.999Z'],
    [31, '2025-02-28T00:00:00Z', '2025-02-27T23:59:59.999Z'],
    [31, '2024-02-29T00:00:00Z', '2024-02-28T23:59:59.999Z'],
    [30, '2025-02-28T00:00:00Z', '2025-02-27T23:59:59.999Z'],
    [29, '2024-02-29T00:00:00Z', '2024-02-28T23:59:59.999Z'],
    [31, '2025-04-30T00:00:00Z', '2025-04-29T23:59:59.999Z'],
    [31, '2025-12-31T00:00:00Z', '2025-12-30T23:59:59.999Z'],
  ])('of day %i begins at %s', (dayOfMonth, first, before) => {
    const refill = monthly(dayOfMonth);
    const period = periodOf(refill, at(first));
    expect(periodOf(refill, at(before))).toBe(period - 1);
  });

  it('is one further on from midnight to midnight at most, and is from the 1st on when no day is named', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Refill['every']>('day', 'month'),
        fc.integer({ min: 1, max: 31 }),
        fc.integer({ min: 0, max: 4_102_444_800_000 }),
        (every, dayOfMonth, now) => {
          const refill: Refill = every === 'day' ? { amount: 1, every } : { amount: 1, every, dayOfMonth };
          const passed = periodOf(refill, now + 86_400_000) - periodOf(refill, now);
          expect(every === 'day' ? [1] : [0, 1]).toContain(passed);
        },
      ),
    );
    expect(periodOf(monthly(), at('2025-02-01T00:00:00Z'))).toBe(periodOf(monthly(1), at('2025-02-01T00:00:00Z')));
  });
});

describe('a refill', () => {
  const after = (from: CreditAccount, now: string) => broughtUpToDate(from, [], at(now));

  it('restores the balance once a period, and several missed periods are one', () => {
    const spent = account(daily, '2025-01-01T12:00:00Z', 10);
    expect(after(spent, '2025-01-01T23:59:59Z').postings).toEqual([]);
    const next = after(spent, '2025-01-02T00:00:00Z');
    expect(next.postings).toMatchObject([{ kind: 'refill', amount: 90, balanceAfter: 100 }]);
    expect(after(next.account, '2025-01-02T23:00:00Z').postings).toEqual([]);
    expect(after(spent, '2025-03-02T00:00:00Z').postings).toHaveLength(1);
  });

  it('skips a full account, and that period has passed', () => {
    const full = account(daily, '2025-01-01T12:00:00Z', 150);
    const next = after(full, '2025-01-02T00:00:00Z');
    expect(next.postings).toEqual([]);
    const spent = posted(next.account, 'debit', -140).account;
    expect(after(spent, '2025-01-02T01:00:00Z').postings).toEqual([]);
    expect(after(spent, '2025-01-03T01:00:00Z').postings).toMatchObject([{ amount: 90 }]);
  });

  it('comes no second time when the clock goes back and on again', () => {
    const next = after(account(daily, '2025-01-01T12:00:00Z', 0), '2025-01-02T13:00:00Z').account;
    const spent = posted(next, 'debit', -100).account;
    expect(refillDue(spent, at('2025-01-02T11:00:00Z'))).toBeNull();
    expect(refillDue(spent, at('2025-01-01T11:00:00Z'))).toBeNull();
    expect(refillDue(spent, at('2025-01-02T23:00:00Z'))).toBeNull();
    expect(refillDue(spent, at('2025-01-03T00:00:00Z'))).not.toBeNull();
  });

  it('that is set begins with the next period, however often it is set', () => {
    let current = account(monthly(10), '2025-01-15T00:00:00Z', 0);
    for (const now of ['2025-01-16T00:00:00Z', '2025-01-14T00:00:00Z', '2025-02-09T00:00:00Z']) {
      const done = adjusted(current, { refill: monthly(10) }, at(now));
      current = 'fault' in done ? current : done.account;
      expect(refillDue(current, at(now))).toBeNull();
    }
    expect(refillDue(current, at('2025-02-10T00:00:00Z'))).not.toBeNull();
  });
});

describe('what is due', () => {
  const reservation = (id: string, credits: number, expiresAt: string): ReservationRecord => ({
    id,
    ...family,
    keyId: 'key_1',
    requestId: id,
    attempt: 1,
    relied: false,
    credits,
    settledCredits: null,
    state: 'open',
    createdAt: 0,
    expiresAt: at(expiresAt),
    closedAt: null,
  });

  it('comes in the order of its time, however late somebody looks', () => {
    const empty = account(daily, '2025-01-01T12:00:00Z', 0);
    const before = reservation('res_1', 30, '2025-01-01T18:00:00Z');
    const behind = reservation('res_2', 5, '2025-01-02T18:00:00Z');
    const open = reservation('res_3', 1, '2025-01-09T00:00:00Z');
    const due = broughtUpToDate(empty, [behind, open, before], at('2025-01-03T00:00:00Z') - 1);
    expect(due.postings.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['expire', 30],
      ['refill', 70],
      ['expire', 5],
    ]);
    expect(due.account.balance).toBe(105);
    expect(due.closed.map(({ id, state }) => [id, state])).toEqual([
      ['res_1', 'expired'],
      ['res_2', 'expired'],
    ]);
  });

  it('is the same whether somebody looks in between or not', () => {
    const hour = 3_600_000;
    const LAST = 100;
    fc.assert(
      fc.property(
        fc.array(fc.record({ credits: fc.integer({ min: 1, max: 50 }), hours: fc.integer({ min: 1, max: LAST - 1 }) })),
        fc.array(fc.integer({ min: 0, max: LAST }), { maxLength: 6 }),
        (reserved, looks) => {
          const start = at('2025-01-01T12:00:00Z');
          const all = reserved.map(({ credits, hours }, index) =>
            reservation(`res_${index}`, credits, new Date(start + hours * hour).toISOString()),
          );
          const run = (times: number[]): number => {
            let current = account(daily, '2025-01-01T12:00:00Z', 0);
            let left = all;
            for (const time of times) {
              const due = broughtUpToDate(current, left, start + time * hour);
              current = due.account;
              left = left.filter(({ id }) => !due.closed.some((closed) => closed.id === id));
            }
            return current.balance;
          };
          expect(run([...looks.sort((a, b) => a - b), LAST])).toBe(run([LAST]));
        },
      ),
    );
  });
});

describe('an adjustment', () => {
  const ten = account(null, '2025-01-01T00:00:00Z', 10);
  const now = at('2025-01-01T00:00:00Z');

  it.each([
    [{ add: 5 }, 15],
    [{ add: -10 }, 0],
    [{ set: 3 }, 3],
    [{ set: 0 }, 0],
    [{ set: null }, 0],
  ])('%j makes 10 %i', (change, balance) => {
    expect(adjusted(ten, change, now)).toMatchObject({ account: { balance }, postings: [{ amount: balance - 10 }] });
  });

  it('never takes a balance below 0 or beyond what JSON carries exactly, and says what it would have been', () => {
    expect(adjusted(ten, { add: -11 }, now)).toEqual({ fault: 'out_of_range', balance: -1 });
    expect(adjusted(ten, { add: 1_000_000_000_000_000 }, now)).toMatchObject({ fault: 'out_of_range' });
  });

  it('of what is not bounded needs a balance first', () => {
    const loose = adjusted(ten, { set: null }, now);
    if ('fault' in loose) throw new Error('was refused');
    expect(loose.account.bounded).toBe(false);
    expect(adjusted(loose.account, { add: 1 }, now)).toEqual({ fault: 'unbounded' });
    expect(adjusted(loose.account, { refill: daily }, now)).toEqual({ fault: 'unbounded' });
    expect(adjusted(loose.account, { set: 4, refill: daily }, now)).toMatchObject({
      account: { balance: 4, bounded: true },
    });
  });
});
