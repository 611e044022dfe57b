// The decision: what is known of a key and of a request in, yes or the first reason why not out. Pure; limits are taken after it.

import { isAmbiguousPath } from '../access/path.js';
import { grants } from '../access/permissions.js';
import {
  type AddressRange,
  inRange,
  matchesEndpoint,
  matchesReferrer,
  type Restrictions,
} from '../access/restrictions.js';
import type { Limits } from '../limit/limits.js';
import type { Instant, KeyRecord, Mode, OrganizationRecord, ProjectRecord } from '../ports.js';
import { type GatedField, requiredTierFor, type Tier } from '../tier/tiers.js';
import type { Reason } from './reasons.js';

/** All that is known of a presented key, compiled for deciding. */
export interface Snapshot {
  key: KeyRecord;
  project: ProjectRecord;
  organization: OrganizationRecord;
  tier: Tier | null;
  /** Granted atoms with all they imply. */
  permissions: readonly string[];
  limits: Limits;
  restrictions: { ips: readonly AddressRange[] | null; source: Restrictions } | null;
}

/** What a request is, as far as rules look at it. Absent facts fail the rules that need them. */
export interface RequestFacts {
  method: string | null;
  /** The path exactly as the upstream will see it, without query. */
  path: string | null;
  /** Client address as 4 or 16 bytes. */
  address: readonly number[] | null;
  /** Origin of `Origin` or `Referer`. */
  origin: string | null;
  /** The mode of the matched host or route; null: either. */
  mode: Mode | null;
  /** Modes that have an upstream to go to. */
  servedModes: readonly Mode[];
  /** Permissions the request needs, all of them. */
  permissions: readonly string[];
  /** Tier the route asks for at least; null: any. */
  tier: string | null;
  batchSize: number | null;
  /** Fields asked for explicitly, dotted. */
  fields: readonly string[];
  /** true when a rule of the profile depends on the path. */
  pathRules: boolean;
}

/** What the policy says about tiers: in ascending order, and the fields each one opens. */
export interface TierRules {
  tiers: readonly Tier[];
  gatedFields: readonly GatedField[];
}

export interface Denial {
  reason: Reason;
  /** Names what would have sufficed: a tier, a permission. */
  required?: { tier?: string; permission?: string; field?: string; batchSize?: number };
}

/** Judges from the cheapest and most final to the costliest; the first that fails is the reason. null: nothing speaks against it. */
export function decide(snapshot: Snapshot, facts: RequestFacts, rules: TierRules, now: Instant): Denial | null {
  const { key } = snapshot;
  return (
    judgeMode(key, facts) ??
    judgeLife(snapshot, now) ??
    judgeRestrictions(snapshot, facts) ??
    judgePermissions(snapshot, facts) ??
    judgeTier(snapshot, facts, rules)
  );
}

function judgeMode(key: KeyRecord, facts: RequestFacts): Denial | null {
  const fits = (facts.mode === null || facts.mode === key.mode) && facts.servedModes.includes(key.mode);
  return fits ? null : { reason: 'wrong_mode' };
}

function judgeLife({ key, project, organization }: Snapshot, now: Instant): Denial | null {
  if (key.revokedAt !== null) return { reason: 'revoked_key' };
  if (organization.suspendedAt !== null || project.suspendedAt !== null) return { reason: 'organization_disabled' };
  if (key.disabledAt !== null) return { reason: 'disabled_key' };
  if (key.graceEndsAt !== null && now >= key.graceEndsAt) return { reason: 'rotated_key' };
  if (key.expiresAt !== null && now >= key.expiresAt) return { reason: 'expired_key' };
  return null;
}

function judgeRestrictions({ restrictions }: Snapshot, facts: RequestFacts): Denial | null {
  if (restrictions?.ips) {
    const { address } = facts;
    if (address === null || !restrictions.ips.some((range) => inRange(address, range)))
      return { reason: 'ip_not_allowed' };
  }
  const { referrers, endpoints } = restrictions?.source ?? {};
  if (referrers && (facts.origin === null || !matchesReferrer(facts.origin, referrers))) {
    return { reason: 'referrer_not_allowed' };
  }
  if ((endpoints || facts.pathRules) && facts.path !== null && isAmbiguousPath(facts.path)) {
    return { reason: 'endpoint_not_allowed' };
  }
  if (
    endpoints &&
    (facts.method === null || facts.path === null || !matchesEndpoint(facts.method, facts.path, endpoints))
  ) {
    return { reason: 'endpoint_not_allowed' };
  }
  return null;
}

function judgePermissions({ permissions }: Snapshot, facts: RequestFacts): Denial | null {
  const missing = facts.permissions.find((required) => !grants(permissions, required));
  return missing === undefined ? null : { reason: 'insufficient_permission', required: { permission: missing } };
}

function judgeTier({ tier }: Snapshot, facts: RequestFacts, { tiers, gatedFields }: TierRules): Denial | null {
  const rank = (name: string): number => tiers.findIndex((candidate) => candidate.name === name);
  if (facts.tier !== null && (tier === null || rank(tier.name) < rank(facts.tier))) {
    return { reason: 'tier_required', required: { tier: facts.tier } };
  }
  for (const field of facts.fields) {
    const needed = requiredTierFor(field, tier, tiers, gatedFields);
    if (needed !== null) return { reason: 'tier_required', required: { tier: needed, field } };
  }
  const largest = tier?.batchSize ?? null;
  if (facts.batchSize !== null && largest !== null && facts.batchSize > largest) {
    const enough = tiers.find(
      (candidate) => candidate.batchSize === null || candidate.batchSize >= (facts.batchSize ?? 0),
    );
    return { reason: 'batch_too_large', required: { batchSize: largest, ...(enough && { tier: enough.name }) } };
  }
  return null;
}
