// Magic values for test keys: the refusal that an integrator asks for, told with the key's real numbers. Pure; it spends nothing.

import type { Budget, BudgetName } from '../limit/limits.js';
import { DAY_MS, MINUTE_MS, retryAfterSeconds } from '../limit/window.js';
import type { Instant, KeyRecord } from '../ports.js';
import type { Tier } from '../tier/tiers.js';
import type { Denial, Snapshot } from './decide.js';
import { REASONS, type Reason } from './reasons.js';

/** The request header that names the reason; the gateway reads it, and verify among the caller's headers. */
export const REHEARSAL_HEADER = 'x-latchkey-test-reason';

/** What anybody can produce without a magic value: by sending no credential, a broken one, or two. */
const BY_HAND = ['missing_credential', 'malformed_credential', 'ambiguous_credential'] as const;
export type Rehearsable = Exclude<Reason, (typeof BY_HAND)[number]>;

/** The reasons that a test key may ask for, in the order of the closed list. */
export const REHEARSABLE = REASONS.filter(
  (reason): reason is Rehearsable => !(BY_HAND as readonly Reason[]).includes(reason),
) as [Rehearsable, ...Rehearsable[]];

export const isRehearsable = (word: string): word is Rehearsable => (REHEARSABLE as readonly string[]).includes(word);

/** Refusals of a key that is dead or in the wrong place: no magic value stands in their place. */
const OF_THE_KEY: ReadonlySet<Reason> = new Set([
  'wrong_mode',
  'revoked_key',
  'organization_disabled',
  'disabled_key',
  'rotated_key',
  'expired_key',
]);

/** What to rehearse, in the caller's words; null: the request is decided as any other. Live keys rehearse nothing. */
export const rehearsed = (asked: string | null, { key }: Snapshot, denial: Denial | null): string | null =>
  key.mode === 'test' && !(denial !== null && OF_THE_KEY.has(denial.reason)) ? asked : null;

/** A refusal as far as the decision makes it: what a `Verdict` needs. */
export interface Rehearsal {
  reason: Rehearsable;
  required: Denial['required'] | null;
  /** The key as it would then be; null where the real refusal knows no key. */
  snapshot: Snapshot | null;
  budgets: readonly Budget[];
  retryAfterSeconds: number | null;
}

export interface RehearsalFacts {
  snapshot: Snapshot;
  /** Those of the key, read without spending. */
  budgets: readonly Budget[];
  /** What the request needs; of the first one a refusal for permission speaks. */
  permissions: readonly string[];
  /** The least tier that the route asks for; null: any. */
  tier: string | null;
  now: Instant;
}

const LIMITS: Partial<Record<Rehearsable, BudgetName>> = {
  rate_limited: 'perMinute',
  quota_exceeded: 'perDay',
  concurrency_exceeded: 'concurrent',
};

/** The state that each of these reasons finds a key in. */
const STATES: Partial<Record<Rehearsable, (now: Instant) => Partial<KeyRecord>>> = {
  revoked_key: (now) => ({ revokedAt: now }),
  disabled_key: (now) => ({ disabledAt: now }),
  rotated_key: (now) => ({ graceEndsAt: now }),
  expired_key: (now) => ({ expiresAt: now }),
};

/** Real refusals for these do not know the key, or could not read it. */
const KEYLESS: ReadonlySet<Rehearsable> = new Set(['mistyped_key', 'unknown_key', 'too_many_failures', 'unavailable']);

/** Refusals that say how long to wait although no limit of the key is meant. */
const WAITS: Partial<Record<Rehearsable, number>> = { too_many_failures: 60, unavailable: 1, idempotency_conflict: 1 };

/** The refusal for `reason`, complete: whatever its words may name is there, the key's own where it has it. */
export function rehearse(reason: Rehearsable, facts: RehearsalFacts): Rehearsal {
  const { now, snapshot } = facts;
  const limit = LIMITS[reason];
  const budgets = limit === undefined ? facts.budgets : exhausted(limit, facts.budgets, now);
  const state = STATES[reason]?.(now);
  return {
    reason,
    required: requiredFor(reason, facts),
    snapshot: KEYLESS.has(reason)
      ? null
      : state === undefined
        ? snapshot
        : { ...snapshot, key: { ...snapshot.key, ...state } },
    budgets: KEYLESS.has(reason) ? [] : budgets,
    retryAfterSeconds:
      limit === undefined ? (WAITS[reason] ?? null) : Math.max(1, retryAfterSeconds(limit, budgets, now)),
  };
}

/** The budgets with nothing left of one. A key without that limit shows one of 1, so that the refusal has its numbers. */
function exhausted(name: BudgetName, budgets: readonly Budget[], now: Instant): Budget[] {
  const window = { perMinute: MINUTE_MS, perDay: DAY_MS, concurrent: null }[name];
  const kind = ({ perMinute: 'rate', perDay: 'quota', concurrent: 'concurrency' } as const)[name];
  const resetAt = window === null ? null : (Math.floor(now / window) + 1) * window;
  const own = budgets.find((budget) => budget.name === name) ?? { name, kind, limit: 1, remaining: 0, resetAt };
  const rest = budgets.filter((budget) => budget.name !== name);
  const order: readonly BudgetName[] = ['perMinute', 'perDay', 'concurrent'];
  return [...rest, { ...own, remaining: 0 }].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

function requiredFor(reason: Rehearsable, facts: RehearsalFacts): Denial['required'] | null {
  const { snapshot, permissions } = facts;
  switch (reason) {
    case 'insufficient_permission':
    case 'insufficient_scope':
      // Every installation has the management permissions.
      return { permission: permissions[0] ?? 'keys.read' };
    case 'tier_required':
      return { tier: facts.tier ?? tierAbove(snapshot)?.name ?? 'example' };
    case 'batch_too_large':
      return batchOf(snapshot);
    default:
      return null;
  }
}

/** The next tier; for a key of the highest, that one. */
function tierAbove({ tier, tiers }: Snapshot): Tier | undefined {
  const rank = tiers.findIndex(({ name }) => name === tier?.name);
  return tiers[Math.min(rank + 1, tiers.length - 1)];
}

function batchOf({ tier, tiers }: Snapshot): NonNullable<Denial['required']> {
  const batchSize = tier?.batchSize ?? tiers.find((candidate) => candidate.batchSize !== null)?.batchSize ?? 1;
  const larger = tiers.find((candidate) => candidate.batchSize === null || candidate.batchSize > batchSize);
  return { batchSize, ...(larger && { tier: larger.name }) };
}
