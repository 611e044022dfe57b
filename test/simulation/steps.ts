// What happens in a simulation, as data: drawn from a seed alone, so that a list can be cut down and played again. It knows no engine.

import { type Random, randomOf } from '../e2e/random.js';
import type { Figures, ModelRefill, ModelRoute, ModelTier } from './model.js';

/** Numbers that choose among what is there count modulo how many there are. */
export interface Ask {
  key: number;
  /** true: among keys that may pass. */
  alive: boolean;
  /** −1: a path that no row names. */
  route: number;
  cost: number | null;
  credits: number | null;
  hold: boolean;
  mode: 'live' | 'test' | null;
  ip: string | null;
  permissions: string[];
  batchSize: number | null;
  fields: string[];
  /** Through the engine's decision, or through the operation. */
  way: 'engine' | 'operation';
}

export type ClockMove =
  | { by: number }
  /** To `offset` milliseconds beside the end of the minute or day that the clock stands in. */
  | { to: 'minute' | 'day'; offset: -1 | 0 | 1 };

export type Change =
  | {
      do: 'create';
      project: number;
      tier: number;
      limits: Figures | null;
      mode: 'live' | 'test';
      expires: number | null;
      credits: { balance: number; refill: ModelRefill | null } | null;
    }
  | { do: 'adjust'; key: number; add?: number; set?: number; refill?: ModelRefill | null }
  | { do: 'retier'; tier: number; perMinute: number; perDay: number; concurrent: number | null; batchSize: number }
  | { do: 'restrict'; key: number; permissions: string[] | null; ips: string[] | null }
  | { do: 'limits'; key: number; limits: Figures | null }
  | { do: 'tier'; key: number; tier: number; limits: Figures | null }
  | { do: 'rotate'; key: number; graceSeconds: number }
  | { do: 'revoke'; key: number }
  | { do: 'disable'; key: number }
  | { do: 'enable'; key: number }
  | { do: 'delete'; key: number }
  | { do: 'suspend'; project: number }
  | { do: 'resume'; project: number };

export type Step =
  | { do: 'ask'; ask: Ask }
  | { do: 'list'; asks: Ask[] }
  /** `clock` moves once that many turns of the loop are over. */
  | { do: 'burst'; asks: Ask[]; meanwhile: Change | null; clock: ClockMove | null; turns: number }
  | { do: 'clock'; move: ClockMove }
  | { do: 'release'; held: number; times: number }
  /** Gives the credits of a request that was charged back. */
  | { do: 'refund'; charged: number; times: number }
  | { do: 'change'; change: Change };

export interface World {
  tiers: ModelTier[];
  routes: ModelRoute[];
  start: number;
}

const ADDRESSES = ['192.0.2.1', '192.0.2.2', '2001:db8::3'];
const FIELDS = ['contact_email', 'audience_geo.detail'] as const;

/** Tiers with limits small enough to be met, routes of every kind, and a time to begin at. */
export function drawWorld(seed: string): World {
  const draw = randomOf(0, `world ${seed}`);
  const limits = (): Pick<ModelTier, 'perMinute' | 'perDay' | 'concurrent'> => {
    const perMinute = draw.oneOf([draw.int(1, 12), draw.int(10, 60)]);
    return {
      perMinute,
      perDay: { limit: draw.oneOf([perMinute, draw.int(perMinute, 60), draw.int(60, 900)]), metered: true },
      concurrent: draw.oneOf([null, 1, draw.int(1, 4)]),
    };
  };
  return {
    tiers: [
      { name: 'free', ...limits(), batchSize: draw.int(1, 5), hides: [...FIELDS] },
      { name: 'builder', ...limits(), batchSize: draw.int(5, 20), hides: [FIELDS[1]] },
      {
        ...{ name: 'studio', ...limits(), batchSize: draw.int(20, 50), hides: [] },
        perDay: { limit: draw.int(1, 40), metered: false },
      },
      {
        ...{ name: 'platform', perMinute: 'custom', perDay: { limit: 'custom', metered: draw.oneOf([true, false]) } },
        ...{ concurrent: null, batchSize: null, hides: [] },
      },
      { name: 'boundless', perMinute: null, perDay: null, concurrent: draw.int(1, 3), batchSize: null, hides: [] },
    ],
    routes: [
      { method: 'GET', path: '/s/none', cost: 0, credits: 0, slot: false, permission: null, tier: null },
      { method: 'GET', path: '/s/one', cost: 1, credits: 0, slot: false, permission: null, tier: null },
      { method: 'POST', path: '/s/many', cost: draw.int(2, 7), credits: 0, slot: false, permission: null, tier: null },
      { method: 'POST', path: '/s/work', cost: 1, credits: 0, slot: true, permission: null, tier: null },
      { method: 'POST', path: '/s/free-work', cost: 0, credits: 0, slot: true, permission: null, tier: null },
      { method: 'POST', path: '/s/write', cost: 1, credits: 0, slot: false, permission: 'write', tier: null },
      { method: 'POST', path: '/s/paid', cost: 1, credits: draw.int(1, 9), slot: false, permission: null, tier: null },
      { method: 'POST', path: '/s/paid-work', cost: 1, credits: 1, slot: true, permission: null, tier: null },
      { method: 'GET', path: '/s/high', cost: 1, credits: 0, slot: false, permission: null, tier: 'builder' },
    ],
    start: Date.UTC(2026, draw.int(0, 11), draw.int(1, 28), draw.int(0, 23), draw.int(0, 59)) + draw.int(0, 59_999),
  };
}

/** `requests` requests and what happens between them. */
export function drawSteps(seed: string, requests: number): Step[] {
  const draw = randomOf(0, `steps ${seed}`);
  const steps: Step[] = [];
  for (let made = 0; made < 4; made++) steps.push({ do: 'change', change: creation(draw) });
  for (let asked = 0; asked < requests; ) {
    const step = drawStep(draw);
    steps.push(step);
    if (step.do === 'ask') asked += 1;
    if (step.do === 'burst' || step.do === 'list') asked += step.asks.length;
  }
  return steps;
}

function drawStep(draw: Random): Step {
  const chance = draw.int(1, 1000);
  if (chance <= 780) return { do: 'ask', ask: drawAsk(draw) };
  if (chance <= 850) return { do: 'clock', move: clockMove(draw) };
  if (chance <= 860) return { do: 'refund', charged: draw.int(0, 9999), times: draw.int(1, 2) };
  if (chance <= 925) return { do: 'release', held: draw.int(0, 9999), times: draw.int(1, 2) };
  if (chance <= 930) return { do: 'change', change: creation(draw) };
  if (chance <= 955) return { do: 'change', change: drawChange(draw) };
  if (chance <= 960) return { do: 'list', asks: Array.from({ length: draw.int(2, 9) }, () => drawAsk(draw)) };
  return burst(draw);
}

function burst(draw: Random): Step {
  const first = drawAsk(draw);
  const kind = draw.int(1, 3);
  const asks = Array.from({ length: draw.int(2, 30) }, (): Ask => {
    if (kind === 1) return { ...first };
    return kind === 2 ? { ...drawAsk(draw), key: first.key, alive: first.alive } : drawAsk(draw);
  });
  const [meanwhile, clock] = disturbance(draw, first.key);
  return { do: 'burst', asks, meanwhile, clock, turns: draw.oneOf([0, draw.int(1, 60)]) };
}

/** A change or a step of the clock; both at once only where the change does not ask for the time. */
function disturbance(draw: Random, key: number): [Change | null, ClockMove | null] {
  const chance = draw.int(1, 8);
  if (chance <= 2) return [drawChange(draw), null];
  if (chance <= 4) return [null, clockMove(draw)];
  if (chance === 5) return [{ do: draw.oneOf(['disable', 'disable', 'revoke'] as const), key }, clockMove(draw)];
  return [null, null];
}

function drawAsk(draw: Random): Ask {
  const rarely = <T>(value: T, other: T, outOf = 20): T => (draw.int(1, outOf) === 1 ? value : other);
  const hold = draw.int(1, 3) > 1;
  return {
    key: draw.int(0, 9999),
    alive: draw.int(1, 12) > 1,
    route: draw.oneOf([draw.int(-1, 8), draw.int(6, 7)]),
    cost: rarely(draw.oneOf([0, 1, 2, draw.int(3, 40)]), null, 6),
    credits: rarely(draw.oneOf([0, 1, draw.int(2, 60)]), null, 8),
    hold,
    mode: rarely(draw.oneOf(['live', 'test'] as const), null),
    ip: draw.oneOf([null, ...ADDRESSES]),
    permissions: rarely([draw.oneOf(['read', 'write'])], []),
    batchSize: rarely(draw.int(0, 60), null, 8),
    fields: rarely([draw.oneOf([...FIELDS, 'name'])], []),
    way: rarely('operation', 'engine', 8),
  };
}

function clockMove(draw: Random): ClockMove {
  const chance = draw.int(1, 100);
  if (chance <= 25) return { by: draw.int(1, 5_000) };
  if (chance <= 45) return { by: draw.int(5_000, 90_000) };
  if (chance <= 70) return { to: 'minute', offset: draw.oneOf([-1, 0, 1] as const) };
  if (chance <= 80) return { to: 'day', offset: draw.oneOf([-1, 0, 1] as const) };
  if (chance <= 86) return { by: draw.int(1, 30) * 3_600_000 };
  if (chance <= 88) return { by: draw.int(1, 4) * 86_400_000 };
  if (chance <= 95) return { by: -draw.int(1, 120_000) };
  return { by: -draw.int(1, 30) * 1_000_000 };
}

/** null: none; the day is never below the minute where both are named, which no key may have. */
function figures(draw: Random): Figures | null {
  if (draw.int(1, 4) === 1) return null;
  const perMinute = draw.oneOf([0, 1, 2, draw.int(3, 15)]);
  return {
    ...(draw.int(1, 2) === 1 && { perMinute }),
    ...(draw.int(1, 2) === 1 && { perDay: draw.oneOf([0, perMinute, perMinute + draw.int(0, 200)]) }),
    ...(draw.int(1, 2) === 1 && { concurrent: draw.int(0, 3) }),
  };
}

const creation = (draw: Random): Change => ({
  do: 'create',
  project: draw.int(0, 1),
  tier: draw.int(0, 4),
  limits: figures(draw),
  mode: draw.int(1, 6) === 1 ? 'test' : 'live',
  expires: draw.int(1, 8) === 1 ? draw.int(1, 3 * 86_400) * 1000 : null,
  credits: draw.int(1, 2) === 1 ? { balance: draw.int(0, 60), refill: draw.oneOf([null, drawRefill(draw)]) } : null,
});

const drawRefill = (draw: Random): ModelRefill =>
  draw.int(1, 3) > 1
    ? { amount: draw.int(1, 60), every: 'day' }
    : { amount: draw.int(1, 100), every: 'month', dayOfMonth: draw.oneOf([1, 15, 28, 29, 30, 31]) };

function adjustment(draw: Random, key: number): Change {
  const refill = draw.int(1, 3) === 1 ? { refill: draw.oneOf([null, drawRefill(draw)]) } : {};
  if (draw.int(1, 3) === 1) return { do: 'adjust', key, set: draw.int(0, 60), ...refill };
  return { do: 'adjust', key, add: draw.int(-60, 60), ...refill };
}

function drawChange(draw: Random): Change {
  const key = draw.int(0, 9999);
  const chance = draw.int(1, 100);
  if (chance <= 22) return { do: 'limits', key, limits: figures(draw) };
  if (chance <= 33) return adjustment(draw, key);
  if (chance <= 36) {
    const perMinute = draw.int(1, 20);
    const figures = { perMinute, perDay: draw.int(perMinute, 300), concurrent: draw.oneOf([null, draw.int(0, 4)]) };
    return { do: 'retier', tier: draw.int(0, 2), ...figures, batchSize: draw.int(1, 50) };
  }
  if (chance <= 44) return { do: 'tier', key, tier: draw.int(0, 3), limits: figures(draw) };
  if (chance <= 52) return { do: 'rotate', key, graceSeconds: draw.oneOf([0, draw.int(1, 300), 86_400]) };
  if (chance <= 56) return { do: 'revoke', key };
  if (chance <= 64) return { do: 'disable', key };
  if (chance <= 76) return { do: 'enable', key };
  if (chance <= 78) return { do: 'delete', key };
  if (chance <= 79) return { do: 'suspend', project: draw.int(0, 1) };
  if (chance <= 84) return { do: 'resume', project: draw.int(0, 1) };
  if (chance <= 86) {
    const permissions = draw.oneOf([null, [], ['read'], ['read', 'write']]);
    const ips = draw.oneOf([null, null, ADDRESSES.slice(0, 1), ADDRESSES.slice(1)]);
    return { do: 'restrict', key, permissions, ips };
  }
  return creation(draw);
}
