// `npm run bench:limiter`: one decision on shared limits, by Latchkey's limiter, by a plain script for each request and by rate-limiter-flexible, on one Redis.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { createRedisLimiter, LIMITER_CLIENT } from '../packages/server/dist/limiter/redis.js';
import { KEEP_LOCAL } from '../packages/server/dist/limiter/shared-limiter.js';
import { redisConnector } from '../packages/server/dist/redis-clients.js';
import { processScheduler } from '../packages/server/dist/scheduler.js';
import { median, option, write } from './children.js';

const ROUNDS = option('rounds', 3);
const SECONDS = option('seconds', 2);
const KEYS = option('keys', 10_000);
const CONCURRENCY = [1, 64, 512];
const NO_END = 1_000_000_000;

/** The shortest script that keeps a fixed minute by the time of Redis. */
const PLAIN = `
local time = redis.call('TIME')
local key = KEYS[1] .. ':' .. math.floor(time[1] / 60)
local used = redis.call('INCRBY', key, 1)
if used == 1 then redis.call('EXPIRE', key, 120) end
if used > tonumber(ARGV[1]) then return { 0, used } end
return { 1, used }
`;

const silent = { log() {}, observe() {}, gauge() {} };
const noBook = { readDay: async () => 0, raiseDay: async () => {}, setDays: async () => {}, pruneDays: async () => {} };

/** Each: `take(key, limit)` resolves to true when it passes; `trips` counts what went to Redis. */
const CONTENDERS = {
  async latchkey(url, nodes) {
    const counts = new Map();
    const nodeId = `bench_${nodes.length}_${randomInt(1e9)}`;
    nodes.push(nodeId);
    const limiter = await createRedisLimiter({
      client: redisConnector(url)(LIMITER_CLIENT),
      address: url,
      members: { nodeId, live: () => nodes },
      book: noBook,
      clock: Date.now,
      scheduler: processScheduler,
      telemetry: { ...silent, count: (name, _, by = 1) => counts.set(name, (counts.get(name) ?? 0) + by) },
      policies: KEEP_LOCAL,
      // A machine that measures is busy: what is measured is Redis, not its absence.
      budgetMs: 5_000,
    });
    return {
      trips: () => counts.get('latchkey_limiter_round_trips_total') ?? 0,
      async take(key, limit) {
        const limits = { perMinute: limit, perDay: null, concurrent: null };
        const claims = { familyId: key, limits, cost: 1, durable: false, holdSlot: false, concurrency: false };
        return (await limiter.take(claims)).refusedBy === null;
      },
      close: () => limiter.close(),
    };
  },

  async 'plain script'(url) {
    const client = new Redis(url);
    client.defineCommand('plain', { numberOfKeys: 1, lua: PLAIN });
    let trips = 0;
    return {
      trips: () => trips,
      async take(key, limit) {
        trips += 1;
        return (await client.plain(`plain:${key}`, limit))[0] === 1;
      },
      close: async () => client.disconnect(),
    };
  },

  async 'rate-limiter-flexible'(url) {
    const storeClient = new Redis(url);
    const limiters = new Map();
    let trips = 0;
    return {
      trips: () => trips,
      async take(key, limit) {
        let limiter = limiters.get(limit);
        if (limiter === undefined) {
          limiter = new RateLimiterRedis({ storeClient, points: limit, duration: 60, keyPrefix: `flexible:${limit}` });
          limiters.set(limit, limiter);
        }
        trips += 1;
        try {
          await limiter.consume(key, 1);
          return true;
        } catch (refused) {
          if (refused instanceof Error) throw refused;
          return false;
        }
      },
      close: async () => storeClient.disconnect(),
    };
  },
};

/** `concurrency` callers, each with its next take when the last is answered, for so many seconds. */
async function measured(contender, concurrency, keyAt) {
  let done = 0;
  let refused = 0;
  const trips = contender.trips();
  const start = performance.now();
  const end = start + SECONDS * 1_000;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < end) {
        for (let at = 0; at < 16; at++) {
          if (!(await contender.take(keyAt(), NO_END))) refused += 1;
          done += 1;
        }
        // What is answered without Redis must not keep everybody else from running.
        await new Promise(setImmediate);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  return { rate: done / seconds, trips: (contender.trips() - trips) / done, refused };
}

/** Two nodes, four times as many takes as the limit: how many pass. */
async function judged(name, url) {
  const nodes = [];
  const pair = [await CONTENDERS[name](url, nodes), await CONTENDERS[name](url, nodes)];
  const key = `judged ${name} ${randomInt(1e9)}`;
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 10_000) await new Promise((resolve) => setTimeout(resolve, left + 50));
  let passed = 0;
  const limit = 2_000;
  let next = 0;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (next < limit * 4) {
        next += 1;
        if (await pair[next % 2].take(key, limit)) passed += 1;
      }
    }),
  );
  for (const one of pair) await one.close();
  return { passed, limit };
}

async function startRedis() {
  if (process.env.LATCHKEY_TEST_REDIS_URL) return { url: process.env.LATCHKEY_TEST_REDIS_URL, stop() {} };
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  const port = randomInt(20_000, 30_000);
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', directory].map(String);
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const failed = new Promise((_, reject) =>
    child.once('error', () =>
      reject(
        new Error('redis-server cannot be started. Fix: install it, or set LATCHKEY_TEST_REDIS_URL to an empty Redis.'),
      ),
    ),
  );
  const url = `redis://127.0.0.1:${port}`;
  const probe = new Redis(url);
  probe.on('error', () => {});
  await Promise.race([new Promise((resolve) => probe.once('ready', resolve)), failed]).finally(() =>
    probe.disconnect(),
  );
  return {
    url,
    stop() {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function main() {
  const redis = await startRedis();
  try {
    write(
      `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; ${ROUNDS} rounds of ${SECONDS} s, ${KEYS} keys`,
    );
    for (const name of Object.keys(CONTENDERS)) {
      const { passed, limit } = await judged(name, redis.url);
      write(`two nodes, limit ${limit}, ${limit * 4} takes: ${name} lets ${passed} pass`);
      if (passed > limit) throw new Error(`${name} lets more pass than the limit`);
    }
    const contenders = Object.fromEntries(
      await Promise.all(Object.entries(CONTENDERS).map(async ([name, open]) => [name, await open(redis.url, [])])),
    );
    let at = 0;
    const shapes = {
      [`${KEYS} keys`]: () => {
        at = (at + 1) % KEYS;
        return `key ${at}`;
      },
      'one hot key': () => 'hot',
    };
    for (const [shape, keyAt] of Object.entries(shapes)) {
      for (const concurrency of CONCURRENCY) {
        const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
        for (let round = 0; round < ROUNDS; round++)
          for (const [name, contender] of Object.entries(contenders))
            results[name].push(await measured(contender, concurrency, keyAt));
        write(`\n${shape}, ${concurrency} at once`);
        for (const [name, rounds] of Object.entries(results)) {
          if (rounds.some(({ refused }) => refused > 0)) throw new Error(`${name} refused what nothing limits`);
          const rate = median(rounds.map((one) => one.rate));
          const trips = median(rounds.map((one) => one.trips));
          const ratio = median(rounds.map((one, round) => results.latchkey[round].rate / one.rate));
          write(
            `  ${name.padEnd(24)} ${Math.round(rate).toLocaleString('en').padStart(9)}/s  ${trips.toFixed(4)} round trips each  latchkey to it ${ratio.toFixed(2)}`,
          );
        }
      }
    }
    for (const contender of Object.values(contenders)) await contender.close();
  } finally {
    redis.stop();
  }
}

await main();
