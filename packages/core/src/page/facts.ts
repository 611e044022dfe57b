// What a page is made of: the running configuration, and what follows from it for an example key, its limits and its tier. No words.

import { matchesEndpoint } from '../access/restrictions.js';
import { type Budget, type BudgetName, effectiveLimits, type LimitDefaults } from '../limit/limits.js';
import type { Instant } from '../ports.js';
import type { KeyValues } from '../profile/render.js';
import type { Profile, Route } from '../profile/schema.js';
import type { Tier } from '../tier/tiers.js';
import type { Reason } from '../verify/reasons.js';

/** The configuration in force: the profile, and the tiers as they are now, in ascending order. */
export interface Running {
  profile: Profile;
  tiers: readonly Tier[];
}

/** When the examples happen: twelve seconds into a minute. */
export const EXAMPLE_TIME: Instant = Date.UTC(2026, 0, 15, 10, 30, 12);

const MINUTE = 60_000;
const DAY = 86_400_000;

/** The tier of a key that names none. */
export const defaultTier = ({ profile, tiers }: Running): Tier | null =>
  tiers.find(({ name }) => name === profile.policy.defaultTier) ?? null;

/** What binds keys of the tier, or keys without one. */
export const limitsOf = ({ profile }: Running, tier: Tier | null): LimitDefaults =>
  tier?.limits ?? profile.policy.limits;

/** The tier that shows most: the first whose day is not metered and whose figures are its own; else the default one. */
export const tellingTier = (running: Running): Tier | null =>
  running.tiers.find(({ limits }) => limits.perDay?.metered === false && Number.isInteger(limits.perMinute)) ??
  defaultTier(running);

/** Budgets of a key of that tier after `used` requests of this minute and day. */
export function exampleBudgets(running: Running, tier: Tier | null, used: number): Budget[] {
  const { perMinute, perDay, concurrent } = effectiveLimits(limitsOf(running, tier), null);
  const left = (limit: number): number => Math.max(0, limit - used);
  const ends = (window: number): Instant => (Math.floor(EXAMPLE_TIME / window) + 1) * window;
  return [
    ...(perMinute === null
      ? []
      : [
          {
            name: 'perMinute' as const,
            kind: 'rate' as const,
            limit: perMinute,
            remaining: left(perMinute),
            resetAt: ends(MINUTE),
          },
        ]),
    ...(perDay === null
      ? []
      : [
          {
            name: 'perDay' as const,
            kind: 'quota' as const,
            limit: perDay.limit,
            remaining: perDay.metered ? left(perDay.limit) : -1,
            resetAt: ends(DAY),
          },
        ]),
    ...(concurrent === null
      ? []
      : [
          {
            name: 'concurrent' as const,
            kind: 'concurrency' as const,
            limit: concurrent,
            remaining: concurrent,
            resetAt: null,
          },
        ]),
  ];
}

/** A tier (null: none) whose keys the limit refuses at a figure of its own, the default one first; undefined: there is none. */
export const boundTier = (running: Running, limit: BudgetName): Tier | null | undefined =>
  [defaultTier(running), ...running.tiers].find((tier) => {
    const { [limit]: bound } = effectiveLimits(limitsOf(running, tier), null);
    return typeof bound === 'object' ? bound?.metered : bound !== null;
  });

/** Seconds until the example minute or day is over. */
export const secondsLeft = (limit: Exclude<BudgetName, 'concurrent'>): number => {
  const window = limit === 'perMinute' ? MINUTE : DAY;
  return (window - (EXAMPLE_TIME % window)) / 1000;
};

/** A key as examples name it; nobody has it. */
export const exampleKey = ({ policy }: Profile): KeyValues => ({
  id: 'key_1234567890',
  name: 'Production Key',
  prefix: policy.prefixes.live,
  hint: 'x9Zk',
  mode: 'live',
  model: policy.keyModel,
  projectId: 'proj_1234567890',
  organizationId: 'org_1234567890',
  environment: null,
  createdAt: '2025-01-01T00:00:00Z',
  expiresAt: '2026-01-01T00:00:00Z',
  lastUsedAt: '2025-01-15T10:30:00Z',
  graceEndsAt: null,
  revokedAt: null,
});

/** Whether keys of the tier may call the row at all. */
export function opensRoute({ tiers }: Running, tier: Tier, route: Route): boolean {
  const least = route.tier === null ? 0 : tiers.findIndex(({ name }) => name === route.tier);
  const path = route.path.replace(/\*\*|\*|:[^/]+/g, 'x');
  const method = route.method === '*' ? 'GET' : route.method;
  // A tier that is not there any more opens nothing.
  if (least < 0 || tiers.indexOf(tier) < least) return false;
  return tier.endpoints === null || matchesEndpoint(method, path, tier.endpoints);
}

/** Every field that some tier does not see. */
export const gatedFieldsOf = ({ tiers }: Running): string[] => [
  ...new Set(tiers.flatMap(({ gatedFields }) => gatedFields)),
];

/** Whether a caller can meet the reason at all under this configuration. Limits can be set on every key, and any key restricted. */
export function isReachable(running: Running, reason: Reason): boolean {
  const { profile, tiers } = running;
  const { routes, policy, hosts } = profile;
  const some = (test: (route: Route) => boolean): boolean => routes.some(test);
  switch (reason) {
    case 'wrong_mode':
      return policy.prefixes.test !== undefined || hosts.live.length > 0 || some(({ mode }) => mode !== null);
    case 'insufficient_permission':
      return some(({ permission }) => permission !== null);
    case 'insufficient_scope':
      // Only access tokens have scopes.
      return false;
    case 'tier_required':
      return (
        some(({ tier }) => tier !== null) ||
        tiers.some(({ endpoints, gatedFields }) => endpoints !== null || gatedFields.length > 0)
      );
    case 'batch_too_large':
      return some(({ batch }) => batch !== null) && tiers.some(({ batchSize }) => batchSize !== null);
    case 'rate_limited':
      return boundTier(running, 'perMinute') !== undefined;
    case 'quota_exceeded':
      return boundTier(running, 'perDay') !== undefined;
    case 'concurrency_exceeded':
      return some(({ concurrency }) => concurrency !== null) && boundTier(running, 'concurrent') !== undefined;
    case 'insufficient_credits':
      return some(({ cost }) => cost.credits > 0);
    case 'idempotency_key_invalid':
    case 'idempotency_conflict':
    case 'idempotency_mismatch':
    case 'idempotency_unknown':
      return some(({ idempotent }) => idempotent);
    default:
      return true;
  }
}
