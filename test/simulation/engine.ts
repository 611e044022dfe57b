// The engine that a simulation runs on, and how it is asked: the real one in memory, under a clock and randomness that only the seed moves.

import { createHash } from 'node:crypto';
import type { OperationOutput, Operations, Profile } from '@latchkey/core';
import { loadProfile } from '../../packages/server/src/config/load-profile.js';
import { createLatchkey, type Latchkey } from '../../packages/server/src/latchkey.js';
import type { Asked, BudgetName, Clock, ModelAnswer, ModelBudget } from './model.js';
import type { World } from './steps.js';

export interface Heard extends ModelAnswer {
  release(): void;
  /** null: nobody who asked so can give it back. */
  refund: (() => void) | null;
}

export function openEngine({ tiers, routes, start }: World, clock: Clock): Promise<Latchkey> {
  const profile: Profile = structuredClone(loadProfile('swaypi'));
  const row = profile.routes[0] as Profile['routes'][number];
  profile.policy.prefixes = { live: 'sim_live_', test: 'sim_test_' };
  profile.policy.permissions = ['read', 'write'].map((name) => ({ name, description: name, implies: [] }));
  profile.policy.gatedFields = [
    { field: 'contact_email', tier: 'builder' },
    { field: 'audience_geo.detail', tier: 'studio' },
  ];
  profile.policy.tiers = tiers.map(({ name, perMinute, perDay, concurrent, batchSize }) => ({
    ...{ name, title: name, limits: { perMinute, perDay, concurrent }, batchSize, endpoints: null, permissions: null },
  }));
  profile.routes = routes.map(({ method, path, cost, credits, slot, permission, tier }) => ({
    ...{ ...row, answer: null, method, path, permission, tier },
    cost: { requests: cost, credits, settle: 'now' },
    concurrency: slot ? 'request' : null,
  }));
  let drawn = 0;
  return createLatchkey({
    profile,
    pepper: Buffer.alloc(32, 1).toString('base64'),
    masterKey: Buffer.alloc(32, 2).toString('base64'),
    clock: () => clock.now,
    random: (length) => {
      const bytes = createHash('shake256', { outputLength: length });
      return bytes.update(`${start} ${drawn++}`).digest();
    },
    flushMs: 0,
  });
}

const nothing = (): void => {};
const plain = (
  budgets: readonly { name: string; limit: number; remaining: number; resetAt: number | null }[],
): ModelBudget[] =>
  budgets.map(({ name, limit, remaining, resetAt }) => ({ name: name as BudgetName, limit, remaining, resetAt }));

const targetOf = ({ route }: Asked) => ({ method: route?.method ?? 'GET', path: route?.path ?? '/s/elsewhere' });

const costIn = ({ route, cost, credits }: Asked) =>
  cost === null && credits === null ? {} : { cost: { requests: cost ?? route?.cost ?? 1, credits: credits ?? 0 } };

/** Through the engine's decision, as the gateway and the library ask it. */
export async function decide({ engine }: Latchkey, secret: string, asked: Asked): Promise<Heard> {
  const { hold, mode, ip, permissions, batchSize, fields } = asked;
  const verdict = await engine.verify({
    ...{ credential: { secret }, ...targetOf(asked), ip, referrer: null, mode, permissions, batchSize, fields },
    ...{ ...costIn(asked), holdSlot: hold },
  });
  const { reason, retryAfterSeconds } = verdict;
  return {
    ...{ reason, budgets: plain(verdict.budgets), retryAfterSeconds, balance: verdict.credits?.balance ?? null },
    release: () => verdict.release(),
    refund: () => verdict.refund(),
  };
}

/** The same question as a management call takes it. */
export const questionOf = (secret: string, asked: Asked) => {
  const { ip, permissions, batchSize, fields } = asked;
  return {
    ...{ secret, request: { ...targetOf(asked), ...(ip !== null && { ip }) }, permissions, fields },
    ...{ ...(batchSize !== null && { batchSize }), ...costIn(asked) },
  };
};

/** What a management call answers; `charged`: whether its balance tells of a charge. */
export function heardOf(answer: OperationOutput<Operations['verifyKey']>, charged: boolean): Heard {
  const { reason, budgets, retryAfterSeconds = null, credits } = answer;
  return {
    ...{
      reason,
      budgets: plain(
        budgets.map((one) => ({ ...one, resetAt: one.resetAt === null ? null : Date.parse(one.resetAt) })),
      ),
    },
    ...{ retryAfterSeconds, balance: charged && reason === null ? (credits?.balance ?? null) : null },
    ...{ release: nothing, refund: null },
  };
}
