// What every Limiter must hold, wherever its counters are. Adapters run it from their own tests, on a real quota book.

import {
  type BudgetName,
  DAY_MS,
  dayBlock,
  type Limiter,
  type Limits,
  MINUTE_MS,
  type QuotaBook,
  type TakeClaims,
  type TakeOutcome,
} from '@latchkey/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface LimiterUnderTest {
  limiter: Limiter;
  book: QuotaBook;
  /** Another limiter on the same book; the one before is left as a killed process leaves it. */
  crash(): Promise<Limiter>;
  dispose(): Promise<void>;
}

/** The start of a UTC day. */
export const MIDNIGHT = 20_000 * DAY_MS;
const DAY = 20_000;

export const limits = (more: Partial<Limits> = {}): Limits => ({
  perMinute: null,
  perDay: null,
  concurrent: null,
  ...more,
});
const metered = (limit: number) => ({ limit, metered: true });

export const claims = (more: Partial<TakeClaims> = {}): TakeClaims => ({
  familyId: 'fam_1',
  limits: limits(),
  cost: 1,
  durable: true,
  holdSlot: false,
  concurrency: true,
  ...more,
});

const remaining = (outcome: TakeOutcome) =>
  Object.fromEntries(outcome.budgets.map((budget) => [budget.name, budget.remaining]));

async function passed(limiter: Limiter, times: number, wanted: TakeClaims): Promise<number> {
  let count = 0;
  for (let at = 0; at < times; at++) if ((await limiter.take(wanted)).refusedBy === null) count += 1;
  return count;
}

export function limiterSuite(name: string, open: (clock: () => number) => Promise<LimiterUnderTest>): void {
  describe(`limiter: ${name}`, () => {
    let now: number;
    let under: LimiterUnderTest;
    let limiter: Limiter;

    beforeEach(async () => {
      now = MIDNIGHT + 10;
      under = await open(() => now);
      limiter = under.limiter;
    });
    afterEach(() => under.dispose());

    it.each([
      ['perMinute', limits({ perMinute: 7 })],
      ['perDay', limits({ perDay: metered(7) })],
    ] as const)('lets exactly the limit pass: %s', async (budget, some) => {
      expect(await passed(limiter, 20, claims({ limits: some }))).toBe(7);
      const refused = await limiter.take(claims({ limits: some }));
      expect(refused.refusedBy).toBe(budget);
      expect(remaining(refused)).toEqual({ [budget]: 0 });
    });

    it('lets exactly one of 500 at once have the last request', async () => {
      for (const some of [
        limits({ perMinute: 5 }),
        limits({ perDay: metered(5) }),
        limits({ perMinute: 5, perDay: metered(5) }),
      ]) {
        const wanted = claims({ familyId: JSON.stringify(some), limits: some });
        await passed(limiter, 4, wanted);
        const outcomes = await Promise.all(Array.from({ length: 500 }, () => limiter.take(wanted)));
        expect(outcomes.filter((outcome) => outcome.refusedBy === null)).toHaveLength(1);
      }
    });

    it('lets exactly the limit pass when all come at once, minute and day together', async () => {
      const wanted = claims({ limits: limits({ perMinute: 300, perDay: metered(250) }) });
      const outcomes = await Promise.all(Array.from({ length: 500 }, () => limiter.take(wanted)));
      expect(outcomes.filter((outcome) => outcome.refusedBy === null)).toHaveLength(250);
      expect(remaining(await limiter.peek(wanted))).toEqual({ perMinute: 50, perDay: 0 });
    });

    it('takes a take back in the windows it was made in, once, and nothing of later ones', async () => {
      const wanted = claims({ limits: limits({ perMinute: 3, perDay: metered(9), concurrent: 2 }), holdSlot: true });
      const before = remaining(await limiter.peek(wanted));
      const taken = await limiter.take(wanted);
      taken.undo?.();
      taken.undo?.();
      taken.release?.();
      expect(remaining(await limiter.peek(wanted))).toEqual(before);
      const late = await limiter.take(wanted);
      now += 60_000;
      await limiter.take(wanted);
      late.undo?.();
      expect(remaining(await limiter.peek(wanted))).toEqual({ perMinute: 2, perDay: 8, concurrent: 1 });
    });

    it('spends nothing anywhere on a refused take', async () => {
      const some = limits({ perMinute: 3, perDay: metered(10), concurrent: 2 });
      await passed(limiter, 3, claims({ limits: some }));
      for (let at = 0; at < 50; at++) {
        const refused = await limiter.take(claims({ limits: some, holdSlot: true }));
        expect(refused.refusedBy).toBe('perMinute');
        expect(refused.release).toBeNull();
      }
      expect(remaining(await limiter.peek(claims({ limits: some })))).toEqual({
        perMinute: 0,
        perDay: 7,
        concurrent: 2,
      });
      now += MINUTE_MS;
      expect(remaining(await limiter.peek(claims({ limits: some })))).toEqual({
        perMinute: 3,
        perDay: 7,
        concurrent: 2,
      });
    });

    it('refuses a cost above what remains and spends none of it', async () => {
      const some = limits({ perMinute: 10, perDay: metered(8) });
      expect((await limiter.take(claims({ limits: some, cost: 5 }))).refusedBy).toBeNull();
      expect((await limiter.take(claims({ limits: some, cost: 4 }))).refusedBy).toBe('perDay');
      expect((await limiter.take(claims({ limits: some, cost: 11 }))).refusedBy).toBe('perDay');
      expect((await limiter.take(claims({ limits: some, cost: 3 }))).refusedBy).toBeNull();
      expect(remaining(await limiter.peek(claims({ limits: some })))).toEqual({ perMinute: 2, perDay: 0 });
    });

    it('with cost 0 shows the same numbers without spending', async () => {
      const some = limits({ perMinute: 1, perDay: metered(1) });
      for (let at = 0; at < 5; at++) {
        const outcome = await limiter.take(claims({ limits: some, cost: 0 }));
        expect(outcome.refusedBy).toBeNull();
        expect(remaining(outcome)).toEqual({ perMinute: 1, perDay: 1 });
      }
      await limiter.take(claims({ limits: some }));
      expect((await limiter.take(claims({ limits: some, cost: 0 }))).refusedBy).toBeNull();
    });

    it('a peek says what a take would, and holds and spends nothing', async () => {
      const some = limits({ perMinute: 1, perDay: metered(5), concurrent: 1 });
      const wanted = claims({ limits: some, holdSlot: true });
      for (let at = 0; at < 3; at++)
        expect(await limiter.peek(wanted)).toMatchObject({ refusedBy: null, release: null });
      const held = await limiter.take(wanted);
      expect(await limiter.peek(wanted)).toMatchObject({ refusedBy: 'concurrent', release: null });
      held.release?.();
      expect(await limiter.peek(wanted)).toMatchObject({ refusedBy: 'perMinute' });
      expect(limiter.held('fam_1')).toBe(0);
    });

    it('lets nothing pass at limit 0', async () => {
      for (const some of [limits({ perMinute: 0 }), limits({ perDay: metered(0) }), limits({ concurrent: 0 })])
        expect(await passed(limiter, 3, claims({ limits: some }))).toBe(0);
    });

    it('lets everything pass without limits', async () => {
      expect(await passed(limiter, 100, claims())).toBe(100);
      expect((await limiter.take(claims())).budgets).toEqual([]);
    });

    it('keeps families apart', async () => {
      const some = limits({ perMinute: 1, perDay: metered(1) });
      expect(await passed(limiter, 5, claims({ familyId: 'a', limits: some }))).toBe(1);
      expect(await passed(limiter, 5, claims({ familyId: 'b', limits: some }))).toBe(1);
    });

    it('applies changed limits at the next take, to what was used before', async () => {
      await passed(limiter, 5, claims({ limits: limits({ perMinute: 5, perDay: metered(100) }) }));
      expect(await passed(limiter, 5, claims({ limits: limits({ perMinute: 7, perDay: metered(100) }) }))).toBe(2);
      expect((await limiter.take(claims({ limits: limits({ perMinute: 3 }) }))).refusedBy).toBe('perMinute');
      expect((await limiter.take(claims({ limits: limits({ perDay: metered(7) }) }))).refusedBy).toBe('perDay');
      expect((await limiter.take(claims({ limits: limits({ perDay: metered(8) }) }))).refusedBy).toBeNull();
    });

    it('opens the next window at its very millisecond, not one before', async () => {
      const some = limits({ perMinute: 1, perDay: metered(3) });
      now = MIDNIGHT;
      const first = await limiter.take(claims({ limits: some }));
      expect(first.budgets.map((budget) => budget.resetAt)).toEqual([MIDNIGHT + MINUTE_MS, MIDNIGHT + DAY_MS]);
      now = MIDNIGHT + MINUTE_MS - 1;
      expect((await limiter.take(claims({ limits: some }))).refusedBy).toBe('perMinute');
      now = MIDNIGHT + MINUTE_MS;
      expect((await limiter.take(claims({ limits: some }))).refusedBy).toBeNull();
      now = MIDNIGHT + DAY_MS - MINUTE_MS;
      expect((await limiter.take(claims({ limits: some }))).refusedBy).toBeNull();
      now = MIDNIGHT + DAY_MS - 1;
      expect((await limiter.take(claims({ limits: some }))).refusedBy).toBe('perDay');
      now = MIDNIGHT + DAY_MS;
      expect(remaining(await limiter.take(claims({ limits: some })))).toEqual({ perMinute: 0, perDay: 2 });
    });

    it('never reopens a window for a clock that goes back', async () => {
      const some = limits({ perMinute: 2, perDay: metered(4) });
      const wanted = claims({ limits: some });
      now = MIDNIGHT + DAY_MS;
      expect(await passed(limiter, 5, wanted)).toBe(2);
      for (const earlier of [1, MINUTE_MS, DAY_MS, 30 * DAY_MS]) {
        now = MIDNIGHT + DAY_MS - earlier;
        expect(await passed(limiter, 5, wanted)).toBe(0);
      }
      now = MIDNIGHT + DAY_MS + MINUTE_MS;
      expect(await passed(limiter, 5, wanted)).toBe(2);
    });

    it('counts an unmetered day, never refuses for it, and says once that its figure was passed', async () => {
      const some = limits({ perDay: { limit: 5, metered: false } });
      const flags: boolean[] = [];
      for (let at = 0; at < 10; at++) {
        const outcome = await limiter.take(claims({ limits: some }));
        expect(outcome.refusedBy).toBeNull();
        expect(remaining(outcome)).toEqual({ perDay: -1 });
        flags.push(outcome.fairUsePassed);
      }
      expect(flags).toEqual([...Array(5).fill(false), true, ...Array(4).fill(false)]);
      expect(await under.book.readDay('fam_1', DAY)).toBeGreaterThanOrEqual(10);
      now += DAY_MS;
      expect((await limiter.take(claims({ limits: some, cost: 6 }))).fairUsePassed).toBe(true);
    });

    describe('concurrency', () => {
      const some = limits({ concurrent: 2, perMinute: 100 });
      const holding = claims({ limits: some, holdSlot: true });

      it('gives each slot to one at a time, and back exactly once', async () => {
        const first = await limiter.take(holding);
        const second = await limiter.take(holding);
        expect(remaining(second)).toEqual({ perMinute: 98, concurrent: 0 });
        expect((await limiter.take(holding)).refusedBy).toBe('concurrent');
        expect(limiter.held('fam_1')).toBe(2);
        first.release?.();
        first.release?.();
        expect(limiter.held('fam_1')).toBe(1);
        expect((await limiter.take(holding)).refusedBy).toBeNull();
        expect((await limiter.take(holding)).refusedBy).toBe('concurrent');
        expect(remaining(await limiter.peek(holding))).toEqual({ perMinute: 97, concurrent: 0 });
      });

      it('keeps slots across windows, however long they are held', async () => {
        const first = await limiter.take(holding);
        now += 3 * DAY_MS;
        for (let at = 0; at < 200; at++) await limiter.take(claims({ familyId: `other_${at}` }));
        expect(limiter.held('fam_1')).toBe(1);
        first.release?.();
        expect(limiter.held('fam_1')).toBe(0);
      });

      it('does not apply to a request that is outside of it', async () => {
        await limiter.take(holding);
        await limiter.take(holding);
        const outside = await limiter.take(claims({ limits: some, concurrency: false, holdSlot: true }));
        expect(outside).toMatchObject({ refusedBy: null, release: null });
        expect(limiter.held('fam_1')).toBe(2);
      });

      it('holds what is granted without judging, beyond the limit too, and gives it back once', async () => {
        const frees = [limiter.hold('fam_1'), limiter.hold('fam_1'), limiter.hold('fam_1'), limiter.hold('fam_2')];
        expect([limiter.held('fam_1'), limiter.held('fam_2'), limiter.held()]).toEqual([3, 1, 4]);
        expect(await limiter.take(holding)).toMatchObject({ refusedBy: 'concurrent' });
        frees[0]?.();
        frees[0]?.();
        expect((await limiter.take(holding)).refusedBy).toBe('concurrent');
        frees[1]?.();
        expect((await limiter.take(holding)).refusedBy).toBeNull();
        for (const free of frees) free();
        expect([limiter.held('fam_1'), limiter.held()]).toEqual([1, 1]);
      });

      it('holds nothing for a take that asks for no slot', async () => {
        expect((await limiter.take(claims({ limits: some }))).release).toBeNull();
        expect(limiter.held('fam_1')).toBe(0);
        expect(limiter.held('never seen')).toBe(0);
      });
    });

    describe('across a crash', () => {
      it.each([3, 100, 250, 10_000])(
        'of a day of %i: acknowledged ≤ used ≤ acknowledged + one block',
        async (limit) => {
          const some = limits({ perDay: metered(limit) });
          const block = dayBlock(limit);
          let acknowledged = 0;
          let over = 0;
          for (let round = 0; round < 5; round++) {
            acknowledged += await passed(limiter, Math.ceil(limit / 9), claims({ limits: some }));
            const written = await under.book.readDay('fam_1', DAY);
            expect(written).toBeGreaterThanOrEqual(acknowledged + over);
            expect(written).toBeLessThanOrEqual(acknowledged + over + block);
            limiter = await under.crash();
            const budgets = remaining(await limiter.peek(claims({ limits: some })));
            expect(budgets).toEqual({ perDay: limit - written });
            over = written - acknowledged;
            expect(over).toBeLessThanOrEqual((round + 1) * block);
          }
          const rest = await passed(limiter, limit + 1, claims({ limits: some }));
          expect(acknowledged + rest + over).toBe(limit);
        },
      );

      it('with many at once, no more than one block is lost', async () => {
        const some = limits({ perDay: metered(1_000) });
        await Promise.all(Array.from({ length: 55 }, () => limiter.take(claims({ limits: some }))));
        const written = await under.book.readDay('fam_1', DAY);
        expect(written).toBeGreaterThanOrEqual(55);
        expect(written).toBeLessThanOrEqual(55 + dayBlock(1_000));
      });

      it('an unmetered day goes on from what was written', async () => {
        const some = limits({ perDay: { limit: 200, metered: false } });
        await passed(limiter, 201, claims({ limits: some }));
        limiter = await under.crash();
        expect((await limiter.take(claims({ limits: some }))).fairUsePassed).toBe(false);
      });

      it('a clean stop gives the rest of the block back', async () => {
        const some = limits({ perDay: metered(1_000) });
        await passed(limiter, 13, claims({ limits: some }));
        expect(await under.book.readDay('fam_1', DAY)).toBe(20);
        await limiter.close();
        expect(await under.book.readDay('fam_1', DAY)).toBe(13);
        limiter = await under.crash();
        expect(remaining(await limiter.peek(claims({ limits: some })))).toEqual({ perDay: 987 });
      });

      it('a new day starts from nothing', async () => {
        const some = limits({ perDay: metered(5) });
        await passed(limiter, 5, claims({ limits: some }));
        now += DAY_MS;
        limiter = await under.crash();
        expect(await passed(limiter, 9, claims({ limits: some }))).toBe(5);
      });
    });

    it('says unavailable once closed, and spends nothing', async () => {
      const some = limits({ perDay: metered(5) });
      await passed(limiter, 2, claims({ limits: some }));
      const waiting = limiter.take(claims({ limits: some }));
      await limiter.close();
      await limiter.close();
      await Promise.allSettled([waiting]);
      await expect(limiter.take(claims({ limits: some }))).rejects.toMatchObject({ code: 'unavailable' });
      const acknowledged = await waiting.then(
        () => 3,
        () => 2,
      );
      expect(await under.book.readDay('fam_1', DAY)).toBe(acknowledged);
    });

    it('never writes test traffic to the book, and limits it all the same', async () => {
      const some = limits({ perMinute: 10, perDay: metered(4) });
      expect(await passed(limiter, 9, claims({ limits: some, durable: false }))).toBe(4);
      await limiter.close();
      expect(await under.book.readDay('fam_1', DAY)).toBe(0);
    });

    it('decides as a plain model does, for any sequence of takes, releases, changes and clocks', async () => {
      const limit = fc.option(fc.nat(6), { nil: null });
      const step = fc.record({
        family: fc.constantFrom('a', 'b'),
        perMinute: limit,
        perDay: fc.option(fc.record({ limit: fc.nat(12), metered: fc.boolean() }), { nil: null }),
        concurrent: fc.option(fc.nat(2), { nil: null }),
        cost: fc.nat(3),
        holdSlot: fc.boolean(),
        concurrency: fc.boolean(),
        release: fc.boolean(),
        advance: fc.oneof(
          { weight: 6, arbitrary: fc.nat(5_000) },
          { weight: 2, arbitrary: fc.constant(MINUTE_MS) },
          { weight: 1, arbitrary: fc.constant(DAY_MS) },
          { weight: 1, arbitrary: fc.integer({ min: -DAY_MS, max: 0 }) },
        ),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          run += 1;
          // Each run has days of its own, so that no book remembers the one before, and a limiter that forgot nobody yet.
          limiter = await under.crash();
          now = MIDNIGHT + run * 100_000 * DAY_MS;
          const model = new Map<
            string,
            { minute: number; day: number; byMinute: number; byDay: number; slots: (() => void)[] }
          >();
          for (const one of steps) {
            now += one.advance;
            const familyId = `${one.family}_${run}`;
            const own = model.get(familyId) ?? { minute: 0, day: 0, byMinute: 0, byDay: 0, slots: [] };
            model.set(familyId, own);
            if (Math.floor(now / MINUTE_MS) > own.minute)
              Object.assign(own, { minute: Math.floor(now / MINUTE_MS), byMinute: 0 });
            if (Math.floor(now / DAY_MS) > own.day) Object.assign(own, { day: Math.floor(now / DAY_MS), byDay: 0 });
            if (one.release) own.slots.pop()?.();
            const { perMinute, perDay, concurrent, cost, holdSlot, concurrency } = one;
            let expected: BudgetName | null = null;
            if (perMinute !== null && cost > 0 && own.byMinute + cost > perMinute) expected = 'perMinute';
            if (perDay?.metered && cost > 0 && own.byDay + cost > perDay.limit) expected = 'perDay';
            if (concurrent !== null && concurrency && own.slots.length >= concurrent) expected = 'concurrent';
            const outcome = await limiter.take({
              familyId,
              limits: { perMinute, perDay, concurrent },
              cost,
              durable: true,
              holdSlot,
              concurrency,
            });
            expect(outcome.refusedBy).toBe(expected);
            const before = own.byDay;
            if (expected === null) {
              own.byMinute += cost;
              own.byDay += cost;
              if (outcome.release !== null) own.slots.push(outcome.release);
            }
            expect(outcome.release !== null).toBe(expected === null && holdSlot && concurrency);
            expect(outcome.fairUsePassed).toBe(
              perDay !== null && !perDay.metered && before <= perDay.limit && own.byDay > perDay.limit,
            );
            expect(limiter.held(familyId)).toBe(own.slots.length);
            expect(remaining(outcome)).toEqual({
              ...(perMinute === null ? {} : { perMinute: Math.max(0, perMinute - own.byMinute) }),
              ...(perDay === null ? {} : { perDay: perDay.metered ? Math.max(0, perDay.limit - own.byDay) : -1 }),
              ...(concurrent === null ? {} : { concurrent: Math.max(0, concurrent - own.slots.length) }),
            });
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}
