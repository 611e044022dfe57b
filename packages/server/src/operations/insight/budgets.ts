// getKeyBudgets: what the next request with a key would meet. Spends nothing and records no use.

import {
  forecastFrom,
  forecastLimit,
  type OperationOutput,
  type Operations,
  rfc3339,
  type Snapshot,
  standingAt,
} from '@latchkey/core';
import type { Call } from '../engine.js';
import { findKeyFor, notFound } from '../keys/record.js';
import type { Services } from '../services.js';

type Answer = OperationOutput<Operations['getKeyBudgets']>;

/** @throws LatchkeyError `not_found` */
export async function getKeyBudgets(services: Services, { keyId }: { keyId: string }, call: Call): Promise<Answer> {
  const { digest } = await findKeyFor(services.store, call.actor, keyId);
  const { snapshot } = await services.cache.find([digest]);
  if (snapshot === null) throw notFound('key');
  const { key, limits } = snapshot;
  const { budgets, degraded } = await services.limiter.peek({
    familyId: key.familyId,
    limits,
    cost: 0,
    durable: key.mode === 'live',
    holdSlot: false,
    concurrency: true,
  });
  const reachedAt = await dayReachedAt(services, snapshot, budgets.find(({ name }) => name === 'perDay')?.remaining);
  return {
    budgets: budgets.map(({ name, limit, remaining, resetAt }) => ({
      ...{ name, limit, remaining },
      resetAt: resetAt === null ? null : rfc3339(resetAt),
      reachesLimitAt: name === 'perDay' && reachedAt !== null ? rfc3339(reachedAt) : null,
    })),
    credits: await creditsOf(services, snapshot),
    degraded,
  };
}

/** Of a live key: what a test key calls is counted nowhere. */
async function dayReachedAt(services: Services, { key, limits }: Snapshot, remaining = 0): Promise<number | null> {
  if (key.mode === 'test' || !limits.perDay?.metered) return null;
  await services.usage.flush();
  const now = services.clock();
  const hours = await services.store.usage.ofFamilies([key.familyId], forecastFrom(now), now + 1);
  const { limit } = limits.perDay;
  return forecastLimit({ used: limit - remaining, limit, hours, now });
}

/** The account as it is, with what is due to it; null where a request is charged nothing. */
async function creditsOf({ store, clock }: Services, { key }: Snapshot): Promise<Answer['credits']> {
  if (key.credits === null || key.mode === 'test') return null;
  const account = await store.credits.get(key.familyId);
  return account?.bounded ? { balance: standingAt(account, clock()).balance } : null;
}
