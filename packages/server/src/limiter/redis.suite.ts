// Limiters on a real Redis for tests: nodes with a clock that can be moved, on servers that can be emptied. Judges nothing.

import type { Clock, Members, QuotaBook, Scheduler, Telemetry } from '@latchkey/core';
import { Redis } from 'ioredis';
import { redisConnector } from '../redis-clients.js';
import { processScheduler } from '../scheduler.js';
import { createRedisLimiter, LIMITER_CLIENT, type RedisLimiterOptions } from './redis.js';
import { KEEP_LOCAL, type SharedLimiter } from './shared-limiter.js';

/** A scheduler that goes on when the clock is moved on, and never back. */
export function schedulerWith(clock: Clock): Scheduler {
  const start = clock();
  let furthest = start;
  return {
    now() {
      furthest = Math.max(furthest, clock());
      return processScheduler.now() + furthest - start;
    },
    after: processScheduler.after,
  };
}

export interface Counts extends Telemetry {
  of(metric: string): number;
  logs: string[];
}

export function countingTelemetry(): Counts {
  const figures = new Map<string, number>();
  const logs: string[] = [];
  return {
    logs,
    log: (_, event) => void logs.push(event),
    count: (metric, labels, by = 1) => {
      for (const name of [
        metric,
        ...(labels === undefined ? [] : Object.values(labels).map((value) => `${metric} ${value}`)),
      ])
        figures.set(name, (figures.get(name) ?? 0) + by);
    },
    observe() {},
    gauge: (metric, value) => void figures.set(metric, value),
    of: (metric) => figures.get(metric) ?? 0,
  };
}

export const noBook: QuotaBook = {
  readDay: async () => 0,
  raiseDay: async () => {},
  setDays: async () => {},
  pruneDays: async () => {},
};

let nodes = 0;
export const newNodeId = (): string => {
  nodes += 1;
  return `node_${String(nodes).padStart(6, '0')}`;
};

/** A node; `live` is everybody, shared by the nodes of a test. */
export async function openNode(
  url: string,
  live: string[],
  more: Partial<RedisLimiterOptions> = {},
): Promise<{ id: string; limiter: SharedLimiter; counts: Counts; kill(): void; hang(on: boolean): void }> {
  const id = newNodeId();
  live.push(id);
  live.sort();
  const members: Members = { nodeId: id, live: () => live, async look() {} };
  const counts = countingTelemetry();
  const client = redisConnector(url)(LIMITER_CLIENT);
  let hangs = false;
  const limiter = await createRedisLimiter({
    client: new Proxy(client, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (!hangs || (name !== 'info' && name !== 'pipeline' && name !== 'callBuffer'))
          return typeof value === 'function' ? value.bind(target) : value;
        return () => {
          throw new Error('cut off');
        };
      },
    }),
    address: url,
    members,
    book: noBook,
    clock: Date.now,
    scheduler: processScheduler,
    telemetry: counts,
    policies: KEEP_LOCAL,
    ...more,
  });
  // Nothing of a process that was killed reaches a server any more.
  return {
    id,
    limiter,
    counts,
    kill: () => client.disconnect(),
    /** While it hangs nothing that was asked is answered. */
    hang(on) {
      hangs = on;
    },
  };
}

/** A budget for tests whose subject is not the budget: a busy machine must not look like a Redis that is away. */
export const PATIENT_MS = 5_000;

/** Empties servers, as a restart without a disk would. */
export async function empty(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    const redis = new Redis(url);
    await redis.flushall();
    redis.disconnect();
  }
}
