// What limits cost with that many nodes: the shipped limiter on virtual time over the definition of its counters. No engine here.

import type { QuotaBook, TakeClaims, Telemetry } from '@latchkey/core';
import { createSharedLimiter, KEEP_LOCAL } from '../../../packages/server/src/limiter/shared-limiter.js';
import { randomOf } from '../../e2e/random.js';
import { createHost } from './host.js';
import { createNetwork } from './network.js';
import { createRedis } from './redis.js';
import { createTime } from './time.js';

export interface Load {
  name: string;
  /** Keys that all nodes share, for so many nodes. */
  keys(nodes: number): number;
  /** Requests a second of all nodes together. */
  perSecond(nodes: number): number;
  seconds: number;
  /** Requests as a multiple of what the limits allow. */
  factor: number;
}

export interface Cost {
  nodes: number;
  requests: number;
  tripsPerDecision: number;
  /** `remaining` as shown against what the nodes had really left, in percent of the limit: the mean and the widest. */
  headerError: { mean: number; most: number };
  /** Requests beyond a limit, of all keys together. */
  overAdmitted: number;
  /** Admitted, as a part of what could be. */
  admitted: number;
}

export const LOADS: readonly Load[] = [
  { name: 'one hot key, 20,000/s', keys: () => 1, perSecond: () => 20_000, seconds: 1.5, factor: 1.5 },
  {
    name: 'a key a node, 20/s a node',
    keys: (nodes) => nodes,
    perSecond: (nodes) => 20 * nodes,
    seconds: 1,
    factor: 0.9,
  },
];

const silent: Telemetry = { log() {}, count() {}, observe() {}, gauge() {} };
const book: QuotaBook = {
  readDay: async () => 0,
  raiseDay: async () => {},
  setDays: async () => {},
  pruneDays: async () => {},
};
const START = Date.UTC(2026, 0, 1, 12);
const CALM = { before: 0, after: 0, messages: 0, slow: 0, slowMs: 0 };
const WARM_MS = 200;

export async function costOf(nodes: number, { keys, perSecond, seconds, factor }: Load): Promise<Cost> {
  const time = createTime();
  const draw = randomOf(nodes, 'many nodes');
  const network = createNetwork(time, draw, CALM);
  const redis = createRedis({ time, network, epoch: START });
  const ids = Array.from({ length: nodes }, (_, at) => `node_${String(at).padStart(4, '0')}`);
  const limiters = ids.map((nodeId, at) => {
    const host = createHost(nodeId, time, START, at);
    const members = { nodeId, live: () => ids, look: async () => {} };
    const { scheduler, clock } = host;
    return createSharedLimiter({
      link: redis.connect(host),
      members,
      book,
      clock,
      scheduler,
      telemetry: silent,
      policies: KEEP_LOCAL,
    });
  });
  const requests = perSecond(nodes) * seconds;
  const families = keys(nodes);
  const limit = Math.max(1, Math.round(requests / families / factor));
  const used = new Map<string, number>();
  const asked = new Map<string, number>();
  let errors = 0;
  let most = 0;
  let shown = 0;
  const ask = (): void => {
    const familyId = `fam_${draw.int(1, families)}`;
    asked.set(familyId, (asked.get(familyId) ?? 0) + 1);
    const claims: TakeClaims = {
      ...{ familyId, limits: { perMinute: limit, perDay: null, concurrent: null } },
      ...{ cost: 1, durable: false, holdSlot: false, concurrency: false },
    };
    void limiters[draw.int(0, nodes - 1)]?.take(claims).then(({ refusedBy, budgets }) => {
      if (refusedBy === null) used.set(familyId, (used.get(familyId) ?? 0) + 1);
      const left = limit - (used.get(familyId) ?? 0);
      const error = (100 * Math.abs((budgets[0]?.remaining ?? 0) - Math.max(0, left))) / limit;
      errors += error;
      most = Math.max(most, error);
      shown++;
    });
  };
  await time.run(WARM_MS);
  const before = redis.trips();
  for (let at = 0; at < requests; at++) time.at(WARM_MS + (at * 1_000) / perSecond(nodes), ask);
  await time.run(WARM_MS + seconds * 1_000 + 100);
  let over = 0;
  let could = 0;
  let admitted = 0;
  for (const [familyId, wanted] of asked) {
    const passed = used.get(familyId) ?? 0;
    over += Math.max(0, passed - limit);
    could += Math.min(wanted, limit);
    admitted += passed;
  }
  return {
    ...{ nodes, requests, tripsPerDecision: (redis.trips() - before) / requests, overAdmitted: over },
    ...{ headerError: { mean: errors / shown, most }, admitted: admitted / could },
  };
}
