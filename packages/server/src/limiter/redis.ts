// The limiter on Redis or Valkey: link and limiter put together, and what is looked at before it serves.

import { LatchkeyError, type Scheduler, type Telemetry } from '@latchkey/core';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { createRedisLink } from './redis-link.js';
import { createSharedLimiter, type SharedLimiter, type SharedLimiterOptions } from './shared-limiter.js';

export type RedisLimiterOptions = Omit<SharedLimiterOptions, 'link'> & {
  /** Belongs to the limiter from now on: closed with it. */
  client: Redis | Cluster;
  /** Where the servers are, as it may be shown. */
  address: string;
  /** For tests: the time at the servers, instead of their own. */
  time?: () => number;
};

/**
 * How its client differs from others: a command that fails is not sent again, and a connection on which nothing comes while
 * something is waited for is given up, since what was cut off silently would otherwise last for minutes.
 */
export const LIMITER_CLIENT = {
  autoResendUnfulfilledCommands: false,
  commandTimeout: 5_000,
  socketTimeout: 2_000,
} as const satisfies RedisOptions;

/**
 * Resolves once Redis answered, or is known to be away: then the failure policies hold until it comes.
 * @throws LatchkeyError `configuration_invalid` when Redis answers and refuses these credentials, this database or what the limiter has to do
 */
export async function createRedisLimiter(options: RedisLimiterOptions): Promise<SharedLimiter> {
  const { client, address, time, ...rest } = options;
  const { scheduler, telemetry } = rest;
  const serves = await judge(client, address, telemetry, scheduler).catch((error) => {
    client.disconnect();
    throw error;
  });
  const limiter = createSharedLimiter({ ...rest, link: createRedisLink({ client, ...(time && { time }) }) });
  if (serves) {
    const late = new Promise<void>((resolve) => scheduler.after(READY_MS, resolve));
    await Promise.race([limiter.ready(), late]);
  }
  return limiter;
}

const REFUSED =
  /^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR Client sent AUTH|ERR DB index|ERR invalid DB index)/;
const WAIT_MS = 1_000;
/** As long as nodes wait for each other after an absence, and a little more. */
const READY_MS = 3_000;

/** true: it serves. A server that refuses is a mistake in the configuration; one that is away is not. */
async function judge(
  client: Redis | Cluster,
  address: string,
  telemetry: Telemetry,
  scheduler: Scheduler,
): Promise<boolean> {
  const cause = await firstAnswer(client, scheduler);
  if (cause === 'away') {
    telemetry.log('warn', 'redis_away', { address });
    return false;
  }
  if (cause !== null) throw refused(address, cause);
  const policy = await evictionPolicy(client).catch(() => null);
  if (evicts(policy)) telemetry.log('warn', 'redis_evicts', { address, policy, fix: KEEP_COUNTERS });
  telemetry.gauge('latchkey_redis_evicts', evicts(policy) ? 1 : 0);
  return true;
}

/** What keeps a Redis from counting, or from counting right, in sentences; empty when nothing does. Leaves the client open. */
export async function redisFaults(client: Redis | Cluster, address: string, scheduler: Scheduler): Promise<string[]> {
  const cause = await firstAnswer(client, scheduler);
  if (cause === 'away') return [`${address} does not answer`];
  if (cause !== null) return [refused(address, cause).message];
  const policy = await evictionPolicy(client).catch(() => null);
  return evicts(policy) ? [`${address} has the maxmemory-policy ${policy}. ${KEEP_COUNTERS}`] : [];
}

const KEEP_COUNTERS = 'Set maxmemory-policy to noeviction: evicted counters let requests pass beyond their limits.';
const evicts = (policy: string | null): boolean => policy !== null && policy !== 'noeviction';

const refused = (address: string, cause: Error): LatchkeyError =>
  new LatchkeyError(
    'configuration_invalid',
    `Redis at ${address} refuses to serve: ${refusalOf(cause)} Set REDIS_URL to a user that may run EVALSHA, EVAL, GET, SET, DEL, PTTL, HGETALL, HMGET, HGET, HSET, HDEL, PEXPIRE, TIME and INFO on keys latchkey:*, and to a database that is there.`,
    { cause },
  );

/** The code alone: texts of servers may quote what they were sent. */
const refusalOf = (cause: Error): string => `${/^[A-Z]+/.exec(cause.message)?.[0] ?? 'it'} was the answer.`;

async function firstAnswer(client: Redis | Cluster, scheduler: Scheduler): Promise<Error | 'away' | null> {
  const refusals: Error[] = [];
  const hear = (error: Error & { lastNodeError?: Error }): void => {
    for (const one of [error, error.lastNodeError]) if (one && REFUSED.test(one.message)) refusals.push(one);
  };
  client.on('error', hear);
  try {
    const end = scheduler.now() + WAIT_MS;
    while (scheduler.now() < end && refusals.length === 0) {
      if (client.status === 'ready') {
        try {
          await client.eval("return redis.call('TIME')", 1, 'latchkey:{judge}');
          return null;
        } catch (error) {
          hear(error as Error);
        }
      }
      await new Promise((resolve) => scheduler.after(10, () => resolve(null)));
    }
  } finally {
    client.off('error', hear);
  }
  return refusals[0] ?? 'away';
}

async function evictionPolicy(client: Redis | Cluster): Promise<string | null> {
  const one = client.isCluster ? (client as Cluster).nodes('master')[0] : (client as Redis);
  const memory = await one?.info('memory');
  return /^maxmemory_policy:(\S+)/m.exec(memory ?? '')?.[1] ?? null;
}
