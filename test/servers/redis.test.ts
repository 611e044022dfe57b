// That the Redis servers which tests start can be hung, killed, restarted and kept apart, one alone and three as a cluster.

import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { type RedisServer, redisOrSkip, startRedis, startRedisCluster } from './redis.js';

const program = redisOrSkip();

describe.skipIf(program === null)('a Redis of the tests', () => {
  const started: { stop(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const server of started) await server.stop();
  });

  const client = (server: RedisServer, patienceMs: number) => {
    const redis = new Redis(server.url, {
      lazyConnect: true,
      retryStrategy: null,
      commandTimeout: patienceMs,
      connectTimeout: patienceMs,
    });
    redis.on('error', () => {});
    return redis;
  };
  const once = async <T>(server: RedisServer, work: (redis: Redis) => Promise<T>, patienceMs = 15_000): Promise<T> => {
    const redis = client(server, patienceMs);
    try {
      await redis.connect();
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  };

  it('hangs and goes on, and comes back empty after a kill', async () => {
    const server = await startRedis();
    started.push(server);
    await once(server, (redis) => redis.set('a', '1'));
    server.pause();
    await expect(once(server, (redis) => redis.get('a'), 200)).rejects.toThrow();
    server.resume();
    expect(await once(server, (redis) => redis.get('a'))).toBe('1');
    await server.kill();
    await expect(once(server, (redis) => redis.get('a'))).rejects.toThrow();
    await server.start();
    expect(await once(server, (redis) => redis.get('a'))).toBeNull();
  });

  it('that persists comes back with its data', async () => {
    const server = await startRedis({ persist: true });
    started.push(server);
    await once(server, (redis) => redis.set('a', '1'));
    await server.kill();
    await server.start();
    expect(await once(server, (redis) => redis.get('a'))).toBe('1');
  });

  it('is three masters that serve every slot as a cluster', async () => {
    const cluster = await startRedisCluster();
    started.push(cluster);
    for (const master of cluster.masters) {
      const shards = await once(master, (redis) => redis.cluster('SLOTS'));
      expect(shards).toHaveLength(3);
    }
  });
});
