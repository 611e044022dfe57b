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
import { opensBatch, opensEndpoint, opensPermission, type Tier, tierForField, tierThat } from '../tier/tiers.js';
import type { Reason } from './reasons.js';

/** All that is known of a presented key, compiled for deciding. */
export interface Snapshot {
  key: KeyRecord;
  project: ProjectRecord;
  organization: OrganizationRecord;
  tier: Tier | null;
  /** All tiers in ascending order, to name the one that would have done. */
  tiers: readonly Tier[];
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

export interface Denial {
  reason: Reason;
  /** Names what would have sufficed: a tier, a permission. */
  required?: { tier?: string; permission?: string; field?: string; batchSize?: number };
}

/** One question of the decision, and the reason it refuses with. */
export interface Check {
  name: CheckName;
  judge(snapshot: Snapshot, facts: RequestFacts, now: Instant): Denial | null;
}

export type CheckName =
  | 'mode'
  | 'revoked'
  | 'suspended'
  | 'disabled'
  | 'rotated'
  | 'expired'
  | 'ip'
  | 'referrer'
  | 'endpoint'
  | 'permission'
  | 'tier'
  | 'fields'
  | 'batchSize';

const denyWhen = (denied: boolean, reason: Reason): Denial | null => (denied ? { reason } : null);

/** All questions, from the cheapest and most final to the costliest. Limits and credits are taken after them. */
export const CHECKS: readonly Check[] = [
  {
    name: 'mode',
    judge: ({ key }, { mode, servedModes }) =>
      denyWhen((mode !== null && mode !== key.mode) || !servedModes.includes(key.mode), 'wrong_mode'),
  },
  { name: 'revoked', judge: ({ key }) => denyWhen(key.revokedAt !== null, 'revoked_key') },
  {
    name: 'suspended',
    judge: ({ organization, project }) =>
      denyWhen(organization.suspendedAt !== null || project.suspendedAt !== null, 'organization_disabled'),
  },
  { name: 'disabled', judge: ({ key }) => denyWhen(key.disabledAt !== null, 'disabled_key') },
  {
    name: 'rotated',
    judge: ({ key }, _, now) => denyWhen(key.graceEndsAt !== null && now >= key.graceEndsAt, 'rotated_key'),
  },
  {
    name: 'expired',
    judge: ({ key }, _, now) => denyWhen(key.expiresAt !== null && now >= key.expiresAt, 'expired_key'),
  },
  { name: 'ip', judge: judgeAddress },
  { name: 'referrer', judge: judgeReferrer },
  { name: 'endpoint', judge: judgeEndpoint },
  { name: 'permission', judge: judgePermissions },
  { name: 'tier', judge: judgeTier },
  { name: 'fields', judge: judgeFields },
  { name: 'batchSize', judge: judgeBatchSize },
];

/** The first check that speaks against the request; null: none does. */
export function decide(snapshot: Snapshot, facts: RequestFacts, now: Instant): Denial | null {
  for (const { judge } of CHECKS) {
    const denial = judge(snapshot, facts, now);
    if (denial !== null) return denial;
  }
  return null;
}

function judgeAddress({ restrictions }: Snapshot, { address }: RequestFacts): Denial | null {
  if (!restrictions?.ips) return null;
  return denyWhen(address === null || !restrictions.ips.some((range) => inRange(address, range)), 'ip_not_allowed');
}

function judgeReferrer({ restrictions }: Snapshot, { origin }: RequestFacts): Denial | null {
  const referrers = restrictions?.source.referrers;
  if (!referrers) return null;
  return denyWhen(origin === null || !matchesReferrer(origin, referrers), 'referrer_not_allowed');
}

/** Whether some rule for this request depends on its path: of the key, of its tier or of the profile. */
export const dependsOnPath = ({ restrictions, tier }: Snapshot, { pathRules }: RequestFacts): boolean =>
  restrictions?.source.endpoints !== undefined || pathRules || (tier !== null && tier.endpoints !== null);

function judgeEndpoint(snapshot: Snapshot, facts: RequestFacts): Denial | null {
  const { method, path } = facts;
  const endpoints = snapshot.restrictions?.source.endpoints;
  if (dependsOnPath(snapshot, facts) && path !== null && isAmbiguousPath(path))
    return { reason: 'endpoint_not_allowed' };
  if (!endpoints) return null;
  return denyWhen(
    method === null || path === null || !matchesEndpoint(method, path, endpoints),
    'endpoint_not_allowed',
  );
}

function judgePermissions({ permissions }: Snapshot, facts: RequestFacts): Denial | null {
  const missing = facts.permissions.find((required) => !grants(permissions, required));
  return missing === undefined ? null : { reason: 'insufficient_permission', required: { permission: missing } };
}

const needsTier = (name: string | undefined, field?: string): Denial => ({
  reason: 'tier_required',
  required: { ...(name !== undefined && { tier: name }), ...(field !== undefined && { field }) },
});

/** What the route asks for, and what the tier itself opens. Names the next tier that would do for all of it. */
function judgeTier({ tier, tiers }: Snapshot, { tier: least, method, path, permissions }: RequestFacts): Denial | null {
  // A tier that is not there any more opens nothing.
  const known = tiers.findIndex(({ name }) => name === least);
  const leastRank = least === null ? 0 : known < 0 ? Infinity : known;
  const suffices = (candidate: Tier, rank: number): boolean =>
    rank >= leastRank &&
    opensEndpoint(candidate, method, path) &&
    permissions.every((permission) => opensPermission(candidate, permission));
  if (tier === null) return least === null ? null : needsTier(least);
  const rank = tiers.findIndex(({ name }) => name === tier.name);
  return suffices(tier, rank) ? null : needsTier(tierThat(suffices, tier, tiers)?.name ?? least ?? undefined);
}

function judgeFields({ tier, tiers }: Snapshot, { fields }: RequestFacts): Denial | null {
  for (const field of fields) {
    const needed = tierForField(field, tier, tiers);
    if (needed !== null) return needsTier(needed.name, field);
  }
  return null;
}

function judgeBatchSize({ tier, tiers }: Snapshot, { batchSize }: RequestFacts): Denial | null {
  if (batchSize === null || tier === null || opensBatch(tier, batchSize)) return null;
  const enough = tierThat((candidate) => opensBatch(candidate, batchSize), tier, tiers);
  return {
    reason: 'batch_too_large',
    required: { ...(tier.batchSize !== null && { batchSize: tier.batchSize }), ...(enough && { tier: enough.name }) },
  };
}
