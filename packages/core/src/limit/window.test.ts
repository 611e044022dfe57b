// Guarantees of the windows: fixed to the clock, never reopened, nothing admitted beyond a limit, waits never too short.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Limits } from './limits.js';
import {
  budgetsOf,
  type Counters,
  DAY_MS,
  dayBlock,
  emptyCounters,
  MINUTE_MS,
  refusingLimit,
  retryAfterSeconds,
  rollWindows,
} from './window.js';

const DAY = 19_000;
const at = (counters: Partial<Counters>): Counters => ({
  ...emptyCounters(),
  day: DAY,
  minute: DAY * 1440,
  ...counters,
});
const limits = (perMinute: number | null, perDay: number | null, concurrent: number | null = null): Limits => ({
  perMinute,
  perDay: perDay === null ? null : { limit: perDay, metered: true },
  concurrent,
});

describe('a window', () => {
  it('opens at the exact millisecond and not before', () => {
    const counters = at({ minuteUsed: 5, dayUsed: 7 });
    const minute = counters.minute;
    rollWindows(counters, (minute + 1) * MINUTE_MS - 1);
    expect(counters).toMatchObject({ minute, minuteUsed: 5, dayUsed: 7 });
    rollWindows(counters, (minute + 1) * MINUTE_MS);
    expect(counters).toMatchObject({ minute: minute + 1, minuteUsed: 0, dayUsed: 7 });
    rollWindows(counters, (DAY + 1) * DAY_MS);
    expect(counters).toMatchObject({ day: DAY + 1, minuteUsed: 0, dayUsed: 0 });
  });

  it('once reached is never reopened by a clock that goes back', () => {
    const counters = at({ minuteUsed: 5, dayUsed: 7 });
    rollWindows(counters, 0);
    expect(counters).toEqual(at({ minuteUsed: 5, dayUsed: 7 }));
  });
});

describe('the refusing limit', () => {
  it.each([
    ['nothing is limited', {}, limits(null, null), 1e9, null],
    ['the last request', { minuteUsed: 9 }, limits(10, null), 1, null],
    ['one more', { minuteUsed: 10 }, limits(10, null), 1, 'perMinute'],
    ['cost 0 at the limit', { minuteUsed: 10, dayUsed: 10 }, limits(10, 10), 0, null],
    ['cost 100 of 10', {}, limits(10, null), 100, 'perMinute'],
    ['a cost that just fits', { minuteUsed: 3 }, limits(10, null), 7, null],
    ['a limit of 0', {}, limits(0, null), 1, 'perMinute'],
    ['a day of 0', {}, limits(null, 0), 1, 'perDay'],
    ['both at once: the later reset', { minuteUsed: 10, dayUsed: 10 }, limits(10, 10), 1, 'perDay'],
    ['a lowered limit', { minuteUsed: 9 }, limits(5, null), 1, 'perMinute'],
    ['a raised limit', { minuteUsed: 10 }, limits(11, null), 1, null],
    ['a full house', { slots: 2 }, limits(10, 10, 2), 1, 'concurrent'],
    ['room for one', { slots: 1 }, limits(10, 10, 2), 1, null],
    ['no slot at all', {}, limits(10, 10, 0), 1, 'concurrent'],
  ] as const)('%s', (_, counters, inForce, cost, expected) => {
    expect(refusingLimit(at(counters), inForce, cost, true)).toBe(expected);
  });

  it('of an unmetered day is none', () => {
    const unmetered: Limits = { perMinute: null, perDay: { limit: 5, metered: false }, concurrent: null };
    expect(refusingLimit(at({ dayUsed: 50 }), unmetered, 1, true)).toBeNull();
    expect(budgetsOf(at({ dayUsed: 50 }), unmetered)).toEqual([
      { name: 'perDay', kind: 'quota', limit: 5, remaining: -1, resetAt: (DAY + 1) * DAY_MS },
    ]);
  });

  it('does not count slots where concurrency does not apply', () => {
    expect(refusingLimit(at({ slots: 9 }), limits(null, null, 2), 1, false)).toBeNull();
  });
});

describe('budgets', () => {
  it('are whole, never negative, in the order minute, day, concurrency', () => {
    const budgets = budgetsOf(at({ minuteUsed: 12, dayUsed: 3, slots: 4 }), limits(10, 5, 2));
    expect(budgets.map(({ name, remaining }) => [name, remaining])).toEqual([
      ['perMinute', 0],
      ['perDay', 2],
      ['concurrent', 0],
    ]);
    expect(budgets.map(({ resetAt }) => resetAt)).toEqual([(DAY * 1440 + 1) * MINUTE_MS, (DAY + 1) * DAY_MS, null]);
  });
});

describe('the wait', () => {
  it('is whole seconds, never earlier than the reset, at least 1', () => {
    const budgets = budgetsOf(at({}), limits(1, 1, 1));
    const midnight = (DAY + 1) * DAY_MS;
    expect(retryAfterSeconds('perDay', budgets, midnight - 1)).toBe(1);
    expect(retryAfterSeconds('perDay', budgets, midnight - 1000)).toBe(1);
    expect(retryAfterSeconds('perDay', budgets, midnight - 1001)).toBe(2);
    expect(retryAfterSeconds('perDay', budgets, midnight - DAY_MS)).toBe(86_400);
    expect(retryAfterSeconds('perDay', budgets, midnight)).toBe(1);
    expect(retryAfterSeconds('concurrent', budgets, midnight)).toBe(1);
  });
});

describe('any sequence of requests', () => {
  it('never admits more than a limit in one window, and a refusal changes nothing', () => {
    const step = fc.record({ after: fc.integer({ min: -30_000, max: 50_000 }), cost: fc.integer({ min: 0, max: 4 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 0, max: 12 }),
        fc.array(step, { maxLength: 60 }),
        (perMinute, perDay, steps) => {
          const inForce = limits(perMinute, perDay);
          const counters = emptyCounters();
          const admitted = new Map<string, number>();
          let now = DAY * DAY_MS + 86_300_000;
          for (const { after, cost } of steps) {
            now += after;
            rollWindows(counters, now);
            const before = { ...counters };
            if (refusingLimit(counters, inForce, cost, true) !== null) {
              expect(counters).toEqual(before);
              continue;
            }
            counters.minuteUsed += cost;
            counters.dayUsed += cost;
            for (const window of [`m${counters.minute}`, `d${counters.day}`])
              admitted.set(window, (admitted.get(window) ?? 0) + cost);
          }
          for (const [window, used] of admitted)
            expect(used).toBeLessThanOrEqual(window.startsWith('m') ? perMinute : perDay);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the block written ahead', () => {
  it.each([
    [0, 1],
    [1, 1],
    [100, 1],
    [101, 2],
    [10_000, 100],
  ])('of %i is %i', (limit, block) => {
    expect(dayBlock(limit)).toBe(block);
  });
});
