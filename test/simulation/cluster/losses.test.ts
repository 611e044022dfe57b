// Guarantee of nodes whose shared counters lose what they had: what nodes passed is told again, once, and until it is nobody passes more than a margin.

import type { Limits, QuotaBook, TakeClaims, TakeOutcome, Telemetry } from '@latchkey/core';
import { expect, it } from 'vitest';
import { createSharedLimiter, KEEP_LOCAL } from '../../../packages/server/src/limiter/shared-limiter.js';
import { randomOf } from '../../e2e/random.js';
import { createHost } from './host.js';
import { createNetwork } from './network.js';
import { createRedis } from './redis.js';
import { createTime } from './time.js';

const MINUTE = 60_000;
/** Two seconds into a minute. */
const START = Date.UTC(2026, 0, 1, 12, 0, 2);
const silent: Telemetry = { log() {}, count() {}, observe() {}, gauge() {} };
const CALM = { before: 0, after: 0, messages: 0, slow: 0, slowMs: 0 };

function createBook(): QuotaBook & { used(): number } {
  let used = 0;
  return {
    used: () => used,
    readDay: async () => used,
    async raiseDay(_, __, to) {
      used = Math.max(used, to);
    },
    setDays: async () => {},
    pruneDays: async () => {},
  };
}

/** Nodes with one key, all on virtual time; every step of it takes 100 ms. */
async function createNodes(count: number, limits: Limits) {
  const time = createTime();
  const network = createNetwork(time, randomOf(count, 'losses'), CALM);
  const redis = createRedis({ time, network, epoch: START });
  const book = createBook();
  const live: string[] = [];
  const join = (name: string) => {
    live.push(name);
    const host = createHost(name, time, START, live.length);
    const limiter = createSharedLimiter({
      ...{ link: redis.connect(host), members: { nodeId: name, live: () => [...live].sort(), look: async () => {} } },
      ...{ book, clock: host.clock, scheduler: host.scheduler, telemetry: silent, policies: KEEP_LOCAL },
    });
    return { host, limiter };
  };
  const nodes = Array.from({ length: count }, (_, at) => join(`node${at}`));
  const claims: TakeClaims = {
    ...{ familyId: 'fam_1', limits, cost: 1, durable: limits.perDay !== null, holdSlot: false, concurrency: false },
  };
  const pass = (ms: number) => time.run(time.now() + ms);
  const asked = async (node: number, times: number, how: 'take' | 'peek'): Promise<TakeOutcome[]> => {
    const outcomes: TakeOutcome[] = [];
    time.at(time.now(), () => {
      for (let turn = 0; turn < times; turn++)
        void nodes[node]?.limiter[how](claims).then((outcome) => outcomes.push(outcome));
    });
    await pass(100);
    expect(outcomes).toHaveLength(times);
    return outcomes;
  };
  await pass(3_000);
  return {
    pass,
    book,
    nextMinute: () => pass(MINUTE - ((START + time.now()) % MINUTE) + 3_000),
    link: (node: number | '*', state: 'up' | 'hung') => network.set(node === '*' ? '*' : `node${node}`, 'redis', state),
    lose: () => redis.restart(null),
    kill(node: number) {
      nodes[node]?.host.kill();
      live.splice(live.indexOf(`node${node}`), 1);
    },
    isDegraded: (node: number) => nodes[node]?.limiter.isDegraded(),
    /** How many of so many takes passed. */
    take: async (node: number, times: number) =>
      (await asked(node, times, 'take')).filter(({ refusedBy }) => refusedBy === null).length,
    left: async (node: number) => (await asked(node, 1, 'peek'))[0]?.budgets[0]?.remaining,
  };
}

const MINUTELY: Limits = { perMinute: 30, perDay: null, concurrent: null };
const DAILY: Limits = { perMinute: null, perDay: { limit: 300, metered: true }, concurrent: null };

it('while a node that lives cannot tell, the others pass one each of a minute that was lost, then all of the next', async () => {
  const nodes = await createNodes(3, MINUTELY);
  expect(await nodes.take(2, 30)).toBe(30);
  nodes.link(2, 'hung');
  nodes.lose();
  await nodes.pass(20_000);
  expect([await nodes.take(0, 30), await nodes.take(1, 30)]).toEqual([1, 1]);
  await nodes.nextMinute();
  expect([nodes.isDegraded(0), nodes.isDegraded(1)]).toEqual([false, false]);
  expect(await nodes.take(0, 40)).toBe(30);
});

it('a node that tells late ends the wait of the others, and nothing passes beyond the limit and one each', async () => {
  const nodes = await createNodes(3, MINUTELY);
  expect(await nodes.take(2, 12)).toBe(12);
  nodes.link(2, 'hung');
  nodes.lose();
  await nodes.pass(10_000);
  expect(await nodes.take(0, 30)).toBe(1);
  nodes.link(2, 'up');
  await nodes.pass(3_000);
  expect([0, 1, 2].map(nodes.isDegraded)).toEqual([false, false, false]);
  expect(await nodes.take(1, 30)).toBe(30 - 13);
});

it('the dead hold up nobody', async () => {
  const nodes = await createNodes(3, MINUTELY);
  nodes.kill(2);
  nodes.lose();
  await nodes.pass(1_000);
  expect(await nodes.take(0, 1)).toBe(1);
  await nodes.pass(3_000);
  expect([nodes.isDegraded(0), nodes.isDegraded(1)]).toEqual([false, false]);
});

it('a day that a node could not tell before the quota book was asked counts once', async () => {
  const nodes = await createNodes(3, DAILY);
  let passed = (await nodes.take(2, 90)) + (await nodes.take(0, 3));
  nodes.link(2, 'hung');
  nodes.lose();
  await nodes.nextMinute();
  passed += await nodes.take(0, 20);
  expect(nodes.isDegraded(0)).toBe(false);
  passed += await nodes.take(2, 5);
  expect(passed).toBe(118);
  nodes.link(2, 'up');
  await nodes.pass(3_000);
  const left = (await nodes.left(0)) ?? 0;
  // The book may be ahead by one block.
  expect(left).toBeLessThanOrEqual(300 - passed);
  expect(left).toBeGreaterThanOrEqual(300 - passed - 3);
});

it('what was spent alone of a day comes on top of what the book has of the dead', async () => {
  const nodes = await createNodes(2, DAILY);
  let passed = await nodes.take(1, 90);
  nodes.kill(1);
  nodes.link('*', 'hung');
  passed += await nodes.take(0, 60);
  nodes.lose();
  nodes.link('*', 'up');
  await nodes.pass(3_000);
  expect(nodes.isDegraded(0)).toBe(false);
  passed += await nodes.take(0, 300);
  expect(passed).toBeLessThanOrEqual(300);
  expect(passed).toBeGreaterThanOrEqual(297);
});
