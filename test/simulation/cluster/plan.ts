// What happens in one simulated cluster, as data drawn from a seed: keys, requests, changes, faults. It asks no engine and no model.

import { type Random, randomOf } from '../../e2e/random.js';
import type { LinkState, Service, Weather } from './network.js';

/** `calm`: nothing fails but single calls. `shaken`: nodes, database, buses and clocks. `redis_lost`: Redis goes for all. `torn`: anything. */
export type Kind = 'calm' | 'shaken' | 'redis_lost' | 'torn';

export interface Figures {
  perMinute: number;
  perDay: number;
  concurrent: number | null;
}

export interface KeyPlan {
  limits: Figures;
  credits: { balance: number; refill: number | null } | null;
}

/** What is asked: `holdMs` null: no slot; `credits` 0: nothing is charged. */
export interface Ask {
  key: number;
  cost: number;
  credits: number;
  holdMs: number | null;
}

export type Act =
  /** `count` requests, `gapMs` apart, to one node or (null) to each in turn. */
  | ({ do: 'ask'; node: number | null; count: number; gapMs: number } & Ask)
  | { do: 'revoke' | 'disable' | 'enable'; key: number; node: number }
  | { do: 'rotate'; key: number; node: number; graceSeconds: number }
  | { do: 'limits'; key: number; node: number; limits: Figures }
  | { do: 'tier'; node: number; batchSize: number }
  | { do: 'credits'; key: number; node: number; add: number }
  /** `clean`: it says good-bye first. */
  | { do: 'stop'; node: number; clean: boolean; forMs: number }
  | { do: 'pause'; node: number; forMs: number }
  | { do: 'link'; node: number | null; service: Service; state: LinkState; forMs: number }
  | { do: 'clock'; node: number; skew: number }
  /** Redis restarts: empty, or with what it had so many milliseconds ago. */
  | { do: 'forget'; agoMs: number | null };

export interface Plan {
  kind: Kind;
  nodes: number;
  /** What a right clock shows when it begins. */
  epoch: number;
  /** How wrong the clocks of Redis and of the database are, for good. */
  redisSkew: number;
  databaseSkew: number;
  /** How wrong the clock of each node is at its start. */
  skews: readonly number[];
  keys: readonly KeyPlan[];
  weather: Weather;
  acts: readonly { at: number; act: Act }[];
  /** From here on everything is whole again. */
  healsAt: number;
  /** By now it has healed: every key is asked for on every node, and everything is exact. */
  probesAt: number;
  endsAt: number;
}

/** Until all nodes are up and know of each other. */
const WARM_MS = 2_500;
/** What dead nodes held is back by then, and what was cut is joined. */
const HEALS_MS = 20_500;
const MINUTE = 60_000;
const DAY = 86_400_000;
const HOUR = 3_600_000;
export const SKEWS = [25 * HOUR, -2 * HOUR, 1_000, -1_000] as const;

export function drawPlan(seed: number, asked?: Kind): Plan {
  const draw = randomOf(seed, 'cluster plan');
  const kind = asked ?? draw.oneOf(['calm', 'calm', 'shaken', 'shaken', 'shaken', 'redis_lost', 'torn'] as const);
  const nodes = draw.oneOf([2, 3, 3, 3, 4]);
  const keys = Array.from({ length: draw.int(5, 8) }, () => drawKey(draw));
  // Long enough for what cannot be confirmed to go stale, now and then.
  const lasts = (kind !== 'calm' && draw.int(1, 6) === 1 ? draw.int(36, 44) : draw.int(10, 26)) * 1_000;
  const minute = Math.floor(Date.UTC(2026, 2, 3) / MINUTE) + draw.int(0, 200 * 24 * 60);
  // Half of the runs reach the end of a minute early, a quarter that of a day.
  const epoch =
    draw.int(1, 4) === 1
      ? (Math.floor((minute * MINUTE) / DAY) + 1) * DAY - draw.int(1, lasts)
      : minute * MINUTE + draw.int(0, MINUTE - 1);
  const acts = [
    ...drawTraffic(draw, keys, nodes, lasts),
    ...drawChanges(draw, keys.length, nodes, lasts),
    ...drawFaults(draw, kind, nodes, lasts),
  ].sort((a, b) => a.at - b.at);
  const redisSkew = draw.int(-3_000, 3_000);
  // Where Redis was away, with the first minute that begins when everything has healed.
  const healed = lasts + HEALS_MS;
  const probesAt =
    kind === 'redis_lost' || kind === 'torn'
      ? Math.ceil((epoch + redisSkew + healed) / MINUTE) * MINUTE - epoch - redisSkew + 50
      : healed;
  return {
    ...{ kind, nodes, epoch, keys, acts },
    skews: Array.from({ length: nodes }, () => (draw.int(1, 3) === 1 ? draw.oneOf(SKEWS) : draw.int(-40, 40))),
    weather: {
      ...{ before: kind === 'calm' ? 0 : 4, after: kind === 'calm' ? 0 : 8, messages: kind === 'calm' ? 0 : 30 },
      ...{ slow: draw.oneOf([0, 30, 150]), slowMs: kind === 'torn' ? 120 : 15 },
    },
    redisSkew,
    databaseSkew: draw.int(-2_000, 2_000),
    ...{ healsAt: lasts, probesAt, endsAt: probesAt + 6_000 },
  };
}

function drawKey(draw: Random): KeyPlan {
  const perMinute = draw.oneOf([1, 5, draw.int(2, 12), draw.int(20, 60), 100, 2_400]);
  return {
    limits: {
      perMinute,
      perDay: draw.oneOf([perMinute, perMinute * 2, 5_000]),
      concurrent: draw.oneOf([null, null, 1, draw.int(2, 4)]),
    },
    credits: draw.int(1, 2) === 1 ? { balance: draw.int(0, 40), refill: draw.oneOf([null, draw.int(1, 30)]) } : null,
  };
}

type Planned = { at: number; act: Act };

function drawTraffic(draw: Random, keys: readonly KeyPlan[], nodes: number, lasts: number): Planned[] {
  const planned: Planned[] = [];
  const ask = (): Ask => {
    const key = draw.int(0, keys.length - 1);
    const { limits, credits } = keys[key] as KeyPlan;
    const charged = credits !== null && draw.int(1, 2) === 1;
    return {
      key,
      cost: draw.oneOf([1, 1, 1, 1, draw.int(2, 3)]),
      credits: charged ? draw.int(1, 6) : 0,
      holdMs: limits.concurrent !== null && draw.int(1, 2) === 1 ? draw.oneOf([5, draw.int(20, 3_000), 14_000]) : null,
    };
  };
  for (let at = WARM_MS + draw.int(0, 300); at < lasts; at += draw.int(50, 900))
    planned.push({ at, act: { do: 'ask', node: draw.int(0, nodes - 1), count: 1, gapMs: 0, ...ask() } });
  for (let burst = draw.int(2, 6); burst > 0; burst--) {
    const one = ask();
    const most = Math.min(60, Math.ceil((keys[one.key] as KeyPlan).limits.perMinute * 1.5) + 4);
    const act: Act = {
      ...{ do: 'ask', node: draw.oneOf([null, draw.int(0, nodes - 1)]), count: draw.int(2, most) },
      ...{ gapMs: draw.oneOf([0, 0, 0.1, 1, 20]), ...one },
    };
    planned.push({ at: draw.int(WARM_MS, lasts), act });
  }
  return planned;
}

function drawChanges(draw: Random, keys: number, nodes: number, lasts: number): Planned[] {
  const planned: Planned[] = [];
  const node = () => draw.int(0, nodes - 1);
  const look = (key: number, to: number): Act => ({
    ...{ do: 'ask', key, node: to, count: 1, gapMs: 0, cost: 1, credits: 0, holdMs: null },
  });
  for (let change = draw.int(3, 7); change > 0; change--) {
    const key = draw.int(0, keys - 1);
    const at = draw.int(WARM_MS, lasts);
    const chance = draw.int(1, 100);
    if (chance <= 45) {
      const how = draw.oneOf(['revoke', 'disable', 'disable'] as const);
      const by = node();
      // Fills that begin right before it, on this node and others, and looks at it afterwards.
      if (draw.int(1, 2) === 1) {
        planned.push({ at: at - draw.int(20, 300), act: { do: 'tier', node: node(), batchSize: draw.int(1, 50) } });
        for (let fill = 0; fill < 2 * nodes; fill++)
          planned.push({ at: at + draw.int(-15, 15) / 10, act: look(key, draw.oneOf([fill % nodes, by])) });
        for (let to = 0; to < nodes; to++) planned.push({ at: at + draw.int(20, 300), act: look(key, to) });
      }
      planned.push({ at, act: { do: how, key, node: by } });
      // Somebody else does the same at the same time, which changes nothing.
      if (draw.int(1, 2) === 1) planned.push({ at: at + draw.int(1, 12), act: { do: how, key, node: node() } });
      for (const after of [draw.int(2, 60), draw.int(60, 4_000), draw.int(4_000, 9_000), draw.int(9_000, 40_000)])
        planned.push({ at: at + after, act: look(key, node()) });
      if (how === 'disable') planned.push({ at: at + draw.int(100, 20_000), act: { do: 'enable', key, node: node() } });
    } else if (chance <= 55)
      planned.push({ at, act: { do: 'rotate', key, node: node(), graceSeconds: draw.oneOf([0, 5, 3_600]) } });
    else if (chance <= 75) planned.push({ at, act: { do: 'limits', key, node: node(), limits: drawKey(draw).limits } });
    else if (chance <= 85) planned.push({ at, act: { do: 'tier', node: node(), batchSize: draw.int(1, 50) } });
    else planned.push({ at, act: { do: 'credits', key, node: node(), add: draw.int(-5, 30) } });
  }
  return planned.filter(({ at }) => at >= WARM_MS && at < lasts);
}

/** A node that hears nothing, and perhaps reads nothing either, while a key that it knows is ended elsewhere. */
function drawIsland(draw: Random, nodes: number, lasts: number): Planned[] {
  const island = draw.int(0, nodes - 1);
  const key = draw.int(0, 4);
  const at = draw.int(WARM_MS, Math.max(WARM_MS, lasts - 12_000));
  const isDeaf = draw.int(1, 2) === 1;
  const cut = (service: Service): Planned => ({
    ...{
      at,
      act: { do: 'link', node: island, service, state: draw.oneOf(['refused', 'hung'] as const), forMs: 60_000 },
    },
  });
  const looks = [-200, 300, 5_600, 7_000, 10_000, 20_000, 24_000, 25_500, 26_000, 28_000].map(
    (after): Planned => ({
      at: at + after + draw.int(0, 400),
      act: { do: 'ask', key, node: island, count: 1, gapMs: 0, cost: 1, credits: 0, holdMs: null },
    }),
  );
  const revoke: Planned = { at: at + draw.int(5, 100), act: { do: 'revoke', key, node: (island + 1) % nodes } };
  return [
    ...(isDeaf ? [cut('notify'), cut('pubsub')] : [cut('database'), cut('notify'), cut('pubsub')]),
    revoke,
    ...looks,
  ].filter((one) => one.at < lasts);
}

function drawFaults(draw: Random, kind: Kind, nodes: number, lasts: number): Planned[] {
  if (kind === 'calm') return [];
  const planned: Planned[] = [];
  const plan = (act: Act): void => {
    planned.push({ at: draw.int(WARM_MS, lasts - 2_000), act });
  };
  const node = () => draw.int(0, nodes - 1);
  const state = () => draw.oneOf(['refused', 'hung'] as const);
  const forMs = () => draw.oneOf([draw.int(50, 2_000), draw.int(2_000, 12_000), draw.int(12_000, 40_000)]);
  if (kind === 'redis_lost') {
    const act: Act = { do: 'link', node: null, service: 'redis', state: state(), forMs: draw.int(100, 15_000) };
    const at = draw.int(WARM_MS, lasts - 2_000);
    planned.push({ at, act });
    if (draw.int(1, 2) === 1) planned.push({ at: at + draw.int(1, act.forMs), act: { do: 'forget', agoMs: null } });
    return planned;
  }
  for (let fault = draw.int(1, 4); fault > 0; fault--) {
    const chance = draw.int(1, 120);
    if (chance > 100) planned.push(...drawIsland(draw, nodes, lasts));
    else if (chance <= 20)
      plan({ do: 'stop', node: node(), clean: draw.int(1, 3) === 1, forMs: draw.int(100, 20_000) });
    else if (chance <= 35)
      plan({ do: 'pause', node: node(), forMs: draw.oneOf([draw.int(20, 3_000), draw.int(3_000, 30_000)]) });
    else if (chance <= 60)
      plan({ do: 'link', node: draw.oneOf([null, node()]), service: 'database', state: state(), forMs: forMs() });
    else if (chance <= 80)
      plan({
        ...{ do: 'link', node: draw.oneOf([null, node()]), service: draw.oneOf(['notify', 'pubsub'] as const) },
        ...{ state: state(), forMs: forMs() },
      });
    else plan({ do: 'clock', node: node(), skew: draw.oneOf([0, ...SKEWS]) });
  }
  if (kind === 'torn') {
    for (let fault = draw.int(1, 3); fault > 0; fault--)
      plan({ do: 'link', node: draw.oneOf([null, node()]), service: 'redis', state: state(), forMs: forMs() });
    if (draw.int(1, 2) === 1) plan({ do: 'forget', agoMs: draw.oneOf([null, draw.int(1, 2_000)]) });
  }
  return planned;
}
