// Guarantees of the shared counters: the vectors, and that no order of calls, repeats and clocks admits more than a limit in one window.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FamilyAnswer, type FamilyState, stepFamily } from './family-step.js';
import { drawnCalls, type SomeCall, seeded, wholeCall } from './family-step.suite.js';
import vectors from './family-step.vectors.json' with { type: 'json' };
import { DAY_MS } from './window.js';

describe('the vectors', () => {
  it.each(vectors.map(({ name, steps, state }) => [name, steps, state] as const))('%s', (_, steps, expected) => {
    let state: FamilyState | null = null;
    for (const [index, { at, call, answer }] of steps.entries()) {
      const stepped: { state: FamilyState | null; answer: FamilyAnswer } = stepFamily(
        state,
        wholeCall(call as SomeCall, index + 1),
        at,
      );
      expect(stepped.answer).toEqual(answer);
      state = stepped.state;
    }
    expect(state).toEqual(expected);
  });
});

describe('any calls of several nodes', () => {
  it('never spend more than the limit of a window, and a repeated figure adds nothing', () => {
    const step = fc.record({
      node: fc.constantFrom('a', 'b', 'c'),
      after: fc.integer({ min: -20_000, max: 40_000 }),
      count: fc.integer({ min: 0, max: 6 }),
      cost: fc.integer({ min: 0, max: 3 }),
      repeat: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.nat(20), fc.nat(30), fc.array(step, { maxLength: 80 }), (perMinute, perDay, steps) => {
        let state: FamilyState | null = null;
        let now = 20_000 * DAY_MS + 86_200_000;
        let sequence = 0;
        const spent = new Map<string, number>();
        for (const { node, after, count, cost, repeat } of steps) {
          now += after;
          const own = state === null ? null : ((state as FamilyState).nodes[node] ?? null);
          const limits = { perMinute, perDay: { limit: perDay, metered: true }, concurrent: null };
          const told = repeat && own !== null ? { own } : {};
          const call = wholeCall({ node, ...told, asks: [{ limits, count, cost }] }, ++sequence);
          const stepped: ReturnType<typeof stepFamily> = stepFamily(state, call, now);
          state = stepped.state;
          if (stepped.answer.result !== 'done') throw new Error(stepped.answer.result);
          const granted = (stepped.answer.outcomes[0]?.granted ?? 0) * cost;
          for (const window of [`m${stepped.answer.minute}`, `d${stepped.answer.day}`])
            spent.set(window, (spent.get(window) ?? 0) + granted);
        }
        for (const [window, used] of spent)
          expect(used).toBeLessThanOrEqual(window.startsWith('m') ? perMinute : perDay);
      }),
      { numRuns: 500 },
    );
  });

  it('grant as many of n takes as n takes one by one', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed);
      let state: FamilyState | null = null;
      for (const { at, call } of drawnCalls(random, 15)) {
        for (const ask of call.asks) {
          if (ask.look || ask.lease !== null) continue;
          const together = stepFamily(state, { ...call, asks: [ask], ahead: null }, at);
          const single = { ...ask, count: 1 };
          const apart = stepFamily(
            state,
            { ...call, asks: Array.from({ length: ask.count }, () => single), ahead: null },
            at,
          );
          if (together.answer.result !== 'done' || apart.answer.result !== 'done') continue;
          expect(together.state).toEqual(apart.state);
          const granted = apart.answer.outcomes.reduce((sum, one) => sum + one.granted, 0);
          expect(together.answer.outcomes[0]?.granted).toBe(granted);
          expect(together.answer.outcomes[0]?.refusedBy).toBe(
            apart.answer.outcomes.find(({ refusedBy }) => refusedBy !== null)?.refusedBy ?? null,
          );
        }
        state = stepFamily(state, call, at).state;
      }
    }
  });

  it('keep totals that are the sum of what the nodes told, and never go back in time', () => {
    let state: FamilyState | null = null;
    for (const { at, call } of drawnCalls(seeded(7), 3_000)) {
      const before: FamilyState | null = state;
      state = stepFamily(state, { ...call, dayFloor: null, needsDay: false }, at).state;
      const now: FamilyState | null = state;
      if (now === null) continue;
      expect(now.minute).toBeGreaterThanOrEqual((before as FamilyState | null)?.minute ?? 0);
      const told = Object.values(now.nodes).filter((share) => share.minute === now.minute);
      expect(now.minuteUsed).toBe(told.reduce((sum, share) => sum + share.minuteUsed, 0));
    }
  });
});
