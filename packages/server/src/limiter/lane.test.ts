// What is under way at once: other families do not wait, the same one does, and a batch that fails takes the others along. Real time, counters by hand.

import { type FamilyCall, type FamilyState, stepFamily, type TakeOutcome } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { processScheduler } from '../scheduler.js';
import type { CounterLink } from './counter-link.js';
import { claims, limits } from './limiter.suite.js';
import { countingTelemetry, noBook, PATIENT_MS } from './redis.suite.js';
import { createSharedLimiter, KEEP_LOCAL } from './shared-limiter.js';

type Calls = Parameters<CounterLink['run']>[2];

interface Batch {
  families: string[];
  /** Carries it out, and brings the answer. */
  answer(): void;
  /** Carries it out or not, and brings none. */
  lose(isDone: boolean): void;
}

/** The definition, whose answers come when the test says so, while `isHeld`. */
function countersByHand() {
  const states = new Map<string, FamilyState | null>();
  const batches: Batch[] = [];
  const held = { isHeld: false };
  const NOW = 20_000 * 86_400_000;
  const step = (familyId: string, call: FamilyCall) => {
    const { state, answer } = stepFamily(states.get(familyId) ?? null, call, NOW);
    states.set(familyId, state);
    return answer;
  };
  const carriedOut = (calls: Calls) => ({ now: NOW, answers: calls.map(({ familyId, call }) => step(familyId, call)) });
  const link: CounterLink = {
    placeOf: () => 'here',
    places: () => ['here'],
    run: (_, __, calls) => {
      if (!held.isHeld) return Promise.resolve(carriedOut(calls));
      return new Promise((resolve, reject) => {
        batches.push({
          families: calls.map(({ familyId }) => familyId),
          answer: () => resolve(carriedOut(calls)),
          lose(isDone) {
            if (isDone) carriedOut(calls);
            reject(new Error('lost'));
          },
        });
      });
    },
    renew: async () => ({ now: NOW, life: 'one' }),
    leases: async (_, nodes) => nodes.map(() => null),
    leave: async () => {},
    close: async () => {},
  };
  return { link, batches, held, used: (familyId: string) => states.get(familyId)?.minuteUsed ?? 0 };
}

async function opened() {
  const counters = countersByHand();
  const limiter = createSharedLimiter({
    link: counters.link,
    members: { nodeId: 'a', live: () => ['a'], look: async () => {} },
    book: noBook,
    clock: Date.now,
    scheduler: processScheduler,
    telemetry: countingTelemetry(),
    policies: KEEP_LOCAL,
    budgetMs: PATIENT_MS,
  });
  await limiter.ready();
  counters.held.isHeld = true;
  const take = (familyId: string) =>
    limiter.take(claims({ familyId, limits: limits({ perMinute: 10 }), durable: false }));
  const batch = (at: number): Batch => {
    const one = counters.batches[at];
    if (one === undefined) throw new Error(`there is no batch ${at}`);
    return one;
  };
  const asked = () => counters.batches.map(({ families }) => families.join(' '));
  return { ...counters, limiter, take, batch, asked };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const left = ({ budgets }: TakeOutcome) => budgets[0]?.remaining;

describe('batches under way', () => {
  it('are two, of other families; who comes meanwhile goes together with the next', async () => {
    const { take, batch, asked } = await opened();
    const first = take('x');
    await turn();
    const more = [take('x'), take('y')];
    await turn();
    more.push(take('z'), take('x'), take('y'));
    await turn();
    expect(asked()).toEqual(['x', 'y']);
    batch(0).answer();
    expect(left(await first)).toBe(9);
    await turn();
    // One of x for the two that waited; y is still under way.
    expect(asked()).toEqual(['x', 'y', 'z x']);
    batch(1).answer();
    await turn();
    expect(asked()).toEqual(['x', 'y', 'z x', 'y']);
    batch(2).answer();
    batch(3).answer();
    expect((await Promise.all(more)).map(left)).toEqual([8, 9, 9, 7, 8]);
  });

  it('are more where each is full', async () => {
    const { take, batches } = await opened();
    const takes = Array.from({ length: 300 }, (_, at) => take(`full ${at}`));
    await turn();
    expect(batches.map(({ families }) => families.length)).toEqual([64, 64, 64, 64]);
    for (let at = 0; at < 5; at++) {
      batches[at]?.answer();
      await turn();
    }
    expect((await Promise.all(takes)).every(({ refusedBy }) => refusedBy === null)).toBe(true);
  });

  it.each([true, false])('all end when one is lost, and count once whether carried out (%s) or not', async (isDone) => {
    const { take, batch, held, limiter, used } = await opened();
    const x = take('x');
    await turn();
    const y = take('y');
    await turn();
    const waits = take('x');
    batch(0).lose(isDone);
    const alone = await Promise.all([x, y, waits]);
    expect(alone.map(({ refusedBy, degraded }) => [refusedBy, degraded])).toEqual(Array(3).fill([null, true]));
    // What comes late is answered already.
    batch(1).answer();
    held.isHeld = false;
    const end = performance.now() + PATIENT_MS;
    while (limiter.isDegraded() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(limiter.isDegraded()).toBe(false);
    expect([used('x'), used('y')]).toEqual([2, 1]);
    expect(left(await take('y'))).toBe(8);
    await limiter.close();
  });
});
