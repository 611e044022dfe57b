// Calls of key families for tests: what a vector leaves out, and sequences drawn from a seed. Judges nothing.

import type { FamilyAsk, FamilyCall } from './family-step.js';
import type { Limits } from './limits.js';
import { DAY_MS, MINUTE_MS } from './window.js';

export const NO_LIMITS: Limits = { perMinute: null, perDay: null, concurrent: null };

/** A vector's call: what is not there is nothing. */
export type SomeCall = Partial<Omit<FamilyCall, 'asks'>> & { asks?: readonly SomeAsk[] };
export type SomeAsk = Partial<Omit<FamilyAsk, 'limits'>> & { limits?: Partial<Limits> };

export const wholeCall = ({ asks = [], ...given }: SomeCall, sequence: number): FamilyCall => ({
  node: 'a',
  sequence,
  own: { minute: 0, minuteUsed: 0, day: 0, dayUsed: 0, slots: 0 },
  unbooked: 0,
  adopt: given.own === undefined,
  hold: [],
  free: [],
  dead: [],
  needsDay: false,
  dayFloor: null,
  ahead: null,
  ...given,
  asks: asks.map((ask) => ({
    cost: 1,
    count: 1,
    slot: 'none' as const,
    lease: null,
    look: false,
    ...ask,
    limits: { ...NO_LIMITS, ...ask.limits },
  })),
});

/** Calls of three nodes with a clock that mostly goes forward; `random` draws from [0, 1). */
export function* drawnCalls(random: () => number, steps: number): Generator<{ at: number; call: FamilyCall }> {
  const below = (end: number): number => Math.floor(random() * end);
  const maybe = <T>(value: () => T): T | null => (random() < 0.5 ? value() : null);
  const nodes = ['a', 'b', 'c'];
  const lease = () => `lease_${below(3)}`;
  let at = 20_000 * DAY_MS + below(DAY_MS);
  let sequence = 0;
  const limits = (): Limits => ({
    perMinute: maybe(() => below(30)),
    perDay: maybe(() => ({ limit: below(60), metered: random() < 0.7 })),
    concurrent: maybe(() => below(6)),
  });
  const ask = (): FamilyAsk => {
    const slot = (['none', 'judge', 'hold'] as const)[below(3)] ?? 'none';
    const leased = slot === 'hold' && random() < 0.3;
    return {
      limits: limits(),
      cost: below(4),
      count: leased ? 1 : 1 + below(5),
      slot,
      lease: leased ? { id: lease(), ms: below(90_000) } : null,
      look: random() < 0.2,
    };
  };
  for (let step = 0; step < steps; step++) {
    const move = random();
    at += move < 0.7 ? below(3_000) : move < 0.85 ? MINUTE_MS : move < 0.93 ? -below(2 * MINUTE_MS) : DAY_MS;
    sequence += random() < 0.95 ? 1 : -1;
    const minute = Math.floor(at / MINUTE_MS) - (random() < 0.2 ? 1 : 0);
    const day = Math.floor(at / DAY_MS) - (random() < 0.1 ? 1 : 0);
    const call: FamilyCall = {
      node: nodes[below(3)] ?? 'a',
      sequence,
      own: { minute, minuteUsed: below(20), day, dayUsed: below(40), slots: below(4) },
      unbooked: random() < 0.4 ? below(30) : 0,
      adopt: random() < 0.3,
      hold: random() < 0.2 ? [{ id: lease(), ms: below(90_000) }] : [],
      free: random() < 0.2 ? [lease()] : [],
      dead: random() < 0.2 ? [nodes[below(3)] ?? 'a'] : [],
      needsDay: random() < 0.5,
      dayFloor: random() < 0.3 ? { day, used: below(50) } : null,
      asks: Array.from({ length: below(4) }, ask),
      ahead: random() < 0.3 ? { limits: limits(), units: 1 + below(20), share: 1 + below(4) } : null,
    };
    yield { at, call };
  }
}

/** Draws from [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
