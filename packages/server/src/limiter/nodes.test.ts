// Several nodes on one real Redis: nothing beyond a limit, nearly all of it, one round trip for many, and what each fault does.

import { type Limits, MINUTE_MS, type TakeClaims, type TakeOutcome } from '@latchkey/core';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RedisServer, redisOrSkip, startRedis } from '../../../../test/servers/redis.js';
import { claims, limits } from './limiter.suite.js';
import { openNode, PATIENT_MS, schedulerWith } from './redis.suite.js';

const program = redisOrSkip();
const patient = { budgetMs: PATIENT_MS };
/** For what is there before a fault: a busy machine is not one. */
const lenient = { budgetMs: 250 };
/** How long a busy machine may take for what comes within a moment or two on an idle one. */
const WITHIN_MS = 15_000;
/** A test that goes by the life of a lease is tried again with a longer one, for a machine that stood still meanwhile. */
const atSlowerPace = (task: { result?: { retryCount?: number } }): number => (task.result?.retryCount ? 5 : 1);

describe.skipIf(program === null)('three nodes on one Redis', () => {
  let server: RedisServer;
  let live: string[];
  let nodes: Awaited<ReturnType<typeof openNode>>[];
  /** The time of nodes and servers at the beginning of a minute, so that none ends in the midst of a test. */
  let early: { clock(): number; time(): number };

  beforeEach(async () => {
    server = await startRedis();
    live = [];
    nodes = [];
    const back = Date.now() % MINUTE_MS;
    const clock = () => Date.now() - back;
    early = { clock, time: clock };
  });
  afterEach(async () => {
    server.resume();
    await Promise.all(nodes.map(({ limiter }) => limiter.close()));
    await server.kill();
  });

  const open = async (count: number, more: Parameters<typeof openNode>[2] = {}) => {
    for (let at = 0; at < count; at++) nodes.push(await openNode(server.url, live, { ...early, ...more }));
    return nodes;
  };
  const node = (at: number) => {
    const one = nodes[at % nodes.length];
    if (one === undefined) throw new Error('no node');
    return one;
  };
  const passed = (outcomes: readonly TakeOutcome[]) => outcomes.filter(({ refusedBy }) => refusedBy === null).length;
  /** Far enough from the end of the minute for what a test does within one. */
  const earlyInTheMinute = async (ms: number) => {
    const left = MINUTE_MS - (Date.now() % MINUTE_MS);
    if (left < ms) await new Promise((resolve) => setTimeout(resolve, left + 20));
  };
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const until = async (true_: () => boolean | Promise<boolean>, ms = WITHIN_MS) => {
    const end = performance.now() + ms;
    while (!(await true_())) {
      if (performance.now() > end) throw new Error('not within the time');
      await wait(10);
    }
  };

  describe('that answers', () => {
    const patterns: Record<string, (at: number) => number> = {
      even: (at) => at,
      sticky: () => 0,
      skewed: (at) => (at % 10 === 0 ? 1 : 2),
    };

    it.each(Object.keys(patterns))('admit exactly the limit at ten times the load, %s', async (name) => {
      await open(3, patient);
      for (const limit of [5, 100, 2_400]) {
        const wanted = claims({ familyId: `${name} ${limit}`, limits: limits({ perMinute: limit }), durable: false });
        const outcomes: Promise<TakeOutcome>[] = [];
        for (let at = 0; at < limit * 10; at++) {
          outcomes.push(node((patterns[name] as (at: number) => number)(at)).limiter.take(wanted));
          if (at % 40 === 39) await wait(1);
        }
        const first = passed(await Promise.all(outcomes));
        expect(first).toBeLessThanOrEqual(limit);
        expect(first).toBeGreaterThanOrEqual(limit * 0.99);
      }
      expect(nodes.every(({ limiter }) => !limiter.isDegraded())).toBe(true);
    });

    it('admit exactly the limit in bursts of all at once, minute, day and slots together', async () => {
      await open(3, patient);
      const some: Limits = { perMinute: 40, perDay: { limit: 55, metered: true }, concurrent: 12 };
      const wanted = claims({ limits: some, durable: false, holdSlot: true });
      const burst = () => Promise.all(Array.from({ length: 300 }, (_, at) => node(at).limiter.take(wanted)));
      const free = (outcomes: TakeOutcome[]) => outcomes.forEach(({ release }) => void release?.());
      const counts: number[] = [];
      for (let round = 0; round < 4; round++) {
        const outcomes = await burst();
        counts.push(passed(outcomes));
        free(outcomes);
        // What is freed at one node may be taken at another once it was told.
        await until(
          async () =>
            (await node(0).limiter.peek(claims({ familyId: 'fam_1', limits: limits({ concurrent: 12 }) }))).budgets[0]
              ?.remaining === 12,
        );
      }
      expect(counts).toEqual([12, 12, 12, 4]);
    });

    it('need far fewer round trips than takes, for many keys and for one', async () => {
      const [one] = await open(1, patient);
      const counts = (one as (typeof nodes)[number]).counts;
      const trips = () => counts.of('latchkey_limiter_round_trips_total');
      const before = trips();
      const outcomes = Array.from({ length: 5_000 }, (_, at) =>
        node(0).limiter.take(
          claims({ familyId: `many ${at % 500}`, limits: limits({ perMinute: 1_000_000 }), durable: false }),
        ),
      );
      expect(passed(await Promise.all(outcomes))).toBe(5_000);
      expect(trips() - before).toBeLessThan(50);
      const hot = claims({ familyId: 'hot', limits: limits({ perMinute: 10_000_000 }), durable: false });
      const start = trips();
      for (let at = 0; at < 5_000; at++) await node(0).limiter.take(hot);
      expect(trips() - start).toBeLessThan(500);
    });

    it('refuse what is exhausted without asking, but ask at once for other limits, and again within a second', async () => {
      await open(2, patient);
      const some = (perMinute: number) => claims({ limits: limits({ perMinute }), durable: false });
      await Promise.all(Array.from({ length: 9 }, () => node(0).limiter.take(some(5))));
      const trips = node(0).counts.of('latchkey_limiter_round_trips_total');
      const began = performance.now();
      for (let at = 0; at < 200; at++) expect((await node(0).limiter.take(some(5))).refusedBy).toBe('perMinute');
      const seconds = Math.ceil((performance.now() - began) / 1_000);
      expect(node(0).counts.of('latchkey_limiter_round_trips_total') - trips).toBeLessThanOrEqual(seconds);
      expect((await node(0).limiter.take(some(6))).refusedBy).toBeNull();
      expect((await node(0).limiter.take(some(6))).refusedBy).toBe('perMinute');
      // The other node gives one back.
      const taken = await node(1).limiter.take(some(7));
      expect((await node(0).limiter.take(some(7))).refusedBy).toBe('perMinute');
      taken.undo?.();
      await until(async () => (await node(0).limiter.take(some(7))).refusedBy === null);
    });

    it('give back what they hold ahead once a key is quiet', async () => {
      await open(2, patient);
      const hot = claims({ limits: limits({ perMinute: 100_000 }), durable: false });
      for (let at = 0; at < 400; at++) await node(0).limiter.take(hot);
      expect(node(0).counts.of('latchkey_limiter_takes_total ahead')).toBeGreaterThan(100);
      // A node that holds something ahead shows its own numbers without it.
      const last = await node(0).limiter.take(hot);
      expect(last.budgets[0]?.remaining).toBe(100_000 - 401);
      await until(async () => (await node(1).limiter.peek(hot)).budgets[0]?.remaining === 100_000 - 401);
    });

    it('go by the time of Redis, whatever the clocks of the nodes say', async () => {
      let moved = 0;
      const skewed = () => Date.now() + moved;
      nodes.push(await openNode(server.url, live, { ...patient, clock: skewed }));
      nodes.push(await openNode(server.url, live, patient));
      await earlyInTheMinute(10_000);
      const wanted = claims({
        limits: limits({ perMinute: 10, perDay: { limit: 25, metered: true } }),
        durable: false,
      });
      const outcomes: TakeOutcome[] = [];
      for (const by of [25 * 3_600_000, -2 * 3_600_000, 1_000, -1_000, 0]) {
        moved = by;
        for (let at = 0; at < 8; at++) outcomes.push(await node(at).limiter.take(wanted));
      }
      expect(passed(outcomes)).toBe(10);
      const resets = new Set(outcomes.map(({ budgets }) => budgets[0]?.resetAt));
      expect([...resets]).toEqual([Math.ceil((Date.now() + 1) / MINUTE_MS) * MINUTE_MS]);
    });

    it('keep limiting after SCRIPT FLUSH', async () => {
      await open(1, patient);
      const wanted = claims({ limits: limits({ perMinute: 3 }), durable: false });
      const admin = new Redis(server.url);
      const outcomes: TakeOutcome[] = [];
      for (let at = 0; at < 6; at++) {
        await admin.script('FLUSH');
        outcomes.push(await node(0).limiter.take(wanted));
      }
      admin.disconnect();
      expect(outcomes.map(({ refusedBy, degraded }) => [refusedBy, degraded])).toEqual([
        ...Array(3).fill([null, false]),
        ...Array(3).fill(['perMinute', false]),
      ]);
    });

    it('use the database that the address names', async () => {
      nodes.push(await openNode(`${server.url}/3`, live, patient));
      await node(0).limiter.take(claims({ limits: limits({ perMinute: 3 }), durable: false }));
      const sizes: number[] = [];
      for (const db of [0, 3]) {
        const admin = new Redis(server.url, { db });
        sizes.push(await admin.dbsize());
        admin.disconnect();
      }
      expect(sizes[0]).toBe(0);
      expect(sizes[1]).toBeGreaterThan(0);
    });
  });

  describe('slots', () => {
    const holding = (concurrent: number): TakeClaims =>
      claims({ limits: limits({ concurrent }), holdSlot: true, durable: false });

    it('of a node that is killed are free when its lease is over, those of a long stream stay', { retry: 1 }, async ({
      task,
    }) => {
      const leaseMs = 1_500 * atSlowerPace(task);
      await open(2, { leaseMs, ...patient });
      const stream = await node(0).limiter.take(holding(3));
      // No lease is over before it was renewed once.
      await wait(leaseMs);
      await node(1).limiter.take(holding(3));
      await node(1).limiter.take(holding(3));
      expect((await node(0).limiter.take(holding(3))).refusedBy).toBe('concurrent');
      const killed = performance.now();
      node(1).kill();
      let taken: TakeOutcome | null = null;
      while (taken === null && performance.now() - killed < 2 * leaseMs) {
        const outcome = await node(0).limiter.take(holding(3));
        if (outcome.refusedBy === null) taken = outcome;
        await wait(20);
      }
      expect(performance.now() - killed).toBeLessThan(leaseMs * 1.5);
      expect(performance.now() - killed).toBeGreaterThan(leaseMs / 2);
      expect((await node(0).limiter.take(holding(3))).refusedBy).toBeNull();
      expect((await node(0).limiter.take(holding(3))).refusedBy).toBe('concurrent');
      stream.release?.();
      expect((await node(0).limiter.take(holding(3))).refusedBy).toBeNull();
    });

    it('of a node that was cut off too long may be more than the limit, which is counted, and it starts nothing more', {
      retry: 1,
    }, async ({ task }) => {
      const leaseMs = 900 * atSlowerPace(task);
      await open(2, { leaseMs, ...patient });
      await wait(leaseMs / 2);
      const cut = node(1);
      for (let at = 0; at < 2; at++) expect((await cut.limiter.take(holding(2))).refusedBy).toBeNull();
      cut.hang(true);
      await until(() => cut.limiter.isDegraded());
      await wait(leaseMs * 1.2);
      expect(await cut.limiter.take({ ...holding(9), familyId: 'fam_2' })).toMatchObject({
        refusedBy: 'concurrent',
        degraded: true,
      });
      for (let at = 0; at < 2; at++) expect((await node(0).limiter.take(holding(2))).refusedBy).toBeNull();
      cut.hang(false);
      await until(() => !cut.limiter.isDegraded());
      expect(cut.counts.of('latchkey_slots_over_cap_total')).toBe(2);
      expect((await node(0).limiter.take(holding(4))).refusedBy).toBe('concurrent');
      expect((await node(0).limiter.take(holding(5))).refusedBy).toBeNull();
    });

    it('of a clean stop are free at once', async () => {
      await open(2, patient);
      const held = await node(1).limiter.take(holding(1));
      expect(held.refusedBy).toBeNull();
      held.release?.();
      await node(1).limiter.close();
      expect((await node(0).limiter.take(holding(1))).refusedBy).toBeNull();
    });

    it('of leases belong to no node: they outlive theirs, and any node frees them', async () => {
      await open(2, patient);
      const taken = await node(1).limiter.take(holding(1));
      node(1).limiter.hold('fam_1', { id: 'lease_1', ms: 60_000 });
      taken.release?.();
      await until(() => node(1).limiter.held('fam_1') === 1);
      // Told to Redis within a round trip.
      await wait(300);
      node(1).kill();
      expect((await node(0).limiter.take(holding(1))).refusedBy).toBe('concurrent');
      node(0).limiter.freeLease('fam_1', 'lease_1');
      expect((await node(0).limiter.take(holding(1))).refusedBy).toBeNull();
    });

    it('of leases are held again when Redis lost them, by whichever node holds them too', async () => {
      await open(2, lenient);
      for (const id of ['lease_1', 'lease_2']) node(1).limiter.hold('fam_1', { id, ms: 60_000 });
      node(0).limiter.hold('fam_1', { id: 'lease_1', ms: 60_000 });
      await wait(50);
      node(1).kill();
      live.splice(live.indexOf(node(1).id), 1);
      await server.kill();
      await node(0).limiter.take(holding(9));
      await server.start();
      await until(() => !node(0).limiter.isDegraded());
      // One slot of the node itself, and the lease that it holds as well.
      expect((await node(0).limiter.peek(holding(3))).budgets[0]?.remaining).toBe(1);
    });

    it('of a lease are free at its end', async () => {
      await open(1, patient);
      node(0).limiter.hold('fam_1', { id: 'lease_1', ms: 1_000 });
      expect((await node(0).limiter.take(holding(1))).refusedBy).toBe('concurrent');
      await until(async () => (await node(0).limiter.take(holding(1))).refusedBy === null);
    });
  });

  describe('that goes away', () => {
    const rate = (perMinute: number, familyId = 'fam_1') =>
      claims({ familyId, limits: limits({ perMinute }), durable: false });

    it('hung: answers come soon and say so, each node gives its margin, and all is well a moment after', async () => {
      await open(3, lenient);
      await Promise.all(Array.from({ length: 30 }, (_, at) => node(at).limiter.take(rate(100))));
      server.pause();
      const outcomes: TakeOutcome[] = [];
      let slowest = 0;
      for (let at = 0; at < 90; at++) {
        const start = performance.now();
        outcomes.push(await node(at).limiter.take(rate(100)));
        slowest = Math.max(slowest, performance.now() - start);
      }
      // Several times the budget, for a machine that stands still for a moment; a client by itself waits for ever.
      expect(slowest).toBeLessThan(1_500);
      expect(passed(outcomes)).toBe(3);
      expect(outcomes.every(({ degraded }) => degraded)).toBe(true);
      expect(node(0).counts.of('latchkey_degraded')).toBe(1);
      server.resume();
      await until(() => nodes.every(({ limiter }) => !limiter.isDegraded()));
      const rest = await Promise.all(Array.from({ length: 200 }, (_, at) => node(at).limiter.take(rate(100))));
      expect(passed(rest)).toBe(100 - 33);
      expect(rest.every(({ degraded }) => !degraded)).toBe(true);
      expect(node(0).counts.of('latchkey_degraded')).toBe(0);
    });

    it('hung for longer than a connection is trusted: it is used again within a second or two of its return', async () => {
      await open(1, lenient);
      await node(0).limiter.take(rate(100));
      server.pause();
      await wait(3_500);
      expect(await node(0).limiter.take(rate(100))).toMatchObject({ degraded: true });
      server.resume();
      await until(() => !node(0).limiter.isDegraded(), 8_000);
      expect(await node(0).limiter.take(rate(100))).toMatchObject({ degraded: false });
    });

    it('and loses all it had: the nodes tell it again, and no more than the limit and one each pass', async () => {
      await open(3, lenient);
      await Promise.all(Array.from({ length: 60 }, (_, at) => node(at).limiter.take(rate(100))));
      await server.kill();
      await Promise.all(Array.from({ length: 30 }, (_, at) => node(at).limiter.take(rate(100))));
      await server.start();
      await until(() => nodes.every(({ limiter }) => !limiter.isDegraded()));
      const rest = await Promise.all(Array.from({ length: 200 }, (_, at) => node(at).limiter.take(rate(100))));
      expect(passed(rest)).toBe(100 - 63);
    });

    it('emptied while it runs: the loss is seen with the next take, and told again', async () => {
      await open(2, lenient);
      await Promise.all(Array.from({ length: 80 }, (_, at) => node(at).limiter.take(rate(100))));
      const admin = new Redis(server.url);
      await admin.flushall();
      admin.disconnect();
      const more: TakeOutcome[] = [];
      for (let at = 0; at < 150; at++) {
        more.push(await node(at).limiter.take(rate(100)));
        await wait(10);
      }
      expect(passed(more)).toBeLessThanOrEqual(20 + 4);
      expect(passed(more)).toBeGreaterThanOrEqual(20);
    });

    it('opens new minutes with shares that sum to the limit', async () => {
      let moved = 0;
      const clock = () => early.clock() + moved;
      await open(3, { clock, scheduler: schedulerWith(clock), time: clock, ...lenient });
      await Promise.all(Array.from({ length: 3 }, (_, at) => node(at).limiter.take(rate(100))));
      server.pause();
      await node(0).limiter.take(rate(100));
      await node(1).limiter.take(rate(100));
      await node(2).limiter.take(rate(100));
      await until(() => nodes.every(({ limiter }) => limiter.isDegraded()));
      moved += MINUTE_MS;
      const outcomes = await Promise.all(Array.from({ length: 300 }, (_, at) => node(at).limiter.take(rate(100))));
      expect(passed(outcomes)).toBe(100);
    });

    it.each([
      ['closed', 'unavailable'],
      ['open', null],
    ] as const)('and the policy is %s', async (rate_, expected) => {
      await open(1, { ...lenient, policies: { rate: rate_, quota: 'local', concurrency: 'local' } });
      await node(0).limiter.take(rate(5));
      server.pause();
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => node(0).limiter.take(rate(5))));
      if (expected === null) expect(outcomes.every(({ status }) => status === 'fulfilled')).toBe(true);
      else
        for (const outcome of outcomes)
          expect(outcome).toMatchObject({ status: 'rejected', reason: { code: expected } });
      if (expected === null)
        expect(passed(outcomes.map((one) => (one as PromiseFulfilledResult<TakeOutcome>).value))).toBe(20);
    });
  });

  describe('at the start', () => {
    it('a wrong password, no rights or a database that is not there stop it, and no secret is told', async () => {
      const guarded = await startRedis({ args: ['--requirepass', 'right-password-of-redis'] });
      const admin = new Redis(guarded.url, { password: 'right-password-of-redis' });
      await admin.call('ACL', 'SETUSER', 'poor', 'on', '>poor-password-of-redis', '~*', '+ping', '+info');
      for (const url of [
        guarded.url,
        guarded.url.replace('://', '://:wrong-password-of-redis@'),
        guarded.url.replace('://', '://poor:poor-password-of-redis@'),
        `${guarded.url.replace('://', '://:right-password-of-redis@')}/99`,
      ]) {
        const error = await openNode(url, [], { address: 'redis://there' }).catch((error) => error);
        expect(error).toMatchObject({ code: 'configuration_invalid' });
        expect(JSON.stringify([error.message, String(error.cause)])).not.toMatch(/-password-of-redis/);
      }
      admin.disconnect();
      await guarded.kill();
    });

    it('a Redis that is away is waited for, and used when it comes', async () => {
      await server.kill();
      await open(1);
      expect(await node(0).limiter.take(claims({ limits: limits({ perMinute: 100 }), durable: false }))).toMatchObject({
        refusedBy: null,
        degraded: true,
      });
      await server.start();
      await until(() => !node(0).limiter.isDegraded());
      expect(await node(0).limiter.take(claims({ limits: limits({ perMinute: 100 }), durable: false }))).toMatchObject({
        degraded: false,
      });
    });

    it('an evicting Redis is warned of', async () => {
      const evicting = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] });
      const { limiter, counts } = await openNode(evicting.url, []);
      expect(counts.logs).toContain('redis_evicts');
      expect(counts.of('latchkey_redis_evicts')).toBe(1);
      await limiter.close();
      await evicting.kill();
    });
  });
});
