// The contract on a real Redis and on a Cluster of three masters: the same cases as for the limiter in memory.

import { afterAll, beforeAll, describe } from 'vitest';
import { redisOrSkip, startRedis, startRedisCluster } from '../../../../test/servers/redis.js';
import { openSqliteStore } from '../store/open-store.js';
import { limiterSuite } from './limiter.suite.js';
import { empty, openNode, PATIENT_MS, schedulerWith } from './redis.suite.js';

const program = redisOrSkip();

const column = (
  name: string,
  start: () => Promise<{ url: string; servers: readonly string[]; stop(): Promise<void> }>,
) =>
  describe.skipIf(program === null)(name, () => {
    let server: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    limiterSuite(name, async (clock) => {
      const store = await openSqliteStore({ file: ':memory:' });
      await empty(server.servers);
      const live: string[] = [];
      const scheduler = schedulerWith(clock);
      const open: Awaited<ReturnType<typeof openNode>>[] = [];
      const node = async () => {
        const opened = await openNode(server.url, live, {
          book: store,
          clock,
          scheduler,
          time: clock,
          budgetMs: PATIENT_MS,
        });
        open.push(opened);
        return opened;
      };
      const { limiter } = await node();
      return {
        limiter,
        book: store,
        // What the counters had is gone with it: the book is all that is left.
        async crash() {
          live.length = 0;
          open.at(-1)?.kill();
          await empty(server.servers);
          return (await node()).limiter;
        },
        async dispose() {
          for (const { limiter } of open) await limiter.close();
          await store.close();
        },
      };
    });
  });

column('Redis', async () => {
  const server = await startRedis();
  return { url: server.url, servers: [server.url], stop: () => server.stop() };
});

column('Redis Cluster', async () => {
  const cluster = await startRedisCluster();
  return { url: cluster.url, servers: cluster.masters.map(({ url }) => url), stop: () => cluster.stop() };
});
