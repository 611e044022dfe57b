// Tiers in ascending order: what each one allows, and which one a request would have needed. Pure; where tiers are kept is the store's.

import { grants } from '../access/permissions.js';
import { matchesEndpoint } from '../access/restrictions.js';
import type { LimitDefaults } from '../limit/limits.js';

/** A tier's name: lower-case letters, digits and dashes. */
export const TIER_NAME_PATTERN = /^[a-z][a-z0-9-]*$/;
/** A response field: names with dots between. */
export const FIELD_PATH_PATTERN = /^[\w$@-]+(\.[\w$@-]+)*$/;

export interface Tier {
  name: string;
  title: string;
  limits: LimitDefaults;
  /** Most items in one batch request; null: no ceiling. */
  batchSize: number | null;
  /** The only endpoints that its keys may call, in the grammar of restrictions; null: all. */
  endpoints: readonly string[] | null;
  /** Response fields, as dotted paths, that its keys do not see. */
  gatedFields: readonly string[];
  /** The most that its keys may be permitted, with all it implies; null: no bound. */
  permissions: readonly string[] | null;
}

/** A response field, as dotted path, that needs at least `tier`: how profiles publish gates. */
export interface GatedField {
  field: string;
  tier: string;
}

/** Tiers as a profile states them: a gate stands on every tier below the one that it names. */
export const tiersOf = (policy: {
  tiers: readonly (Omit<Tier, 'endpoints' | 'gatedFields' | 'permissions'> &
    Partial<Pick<Tier, 'endpoints' | 'permissions'>>)[];
  gatedFields: readonly GatedField[];
}): Tier[] => {
  const rank = (wanted: string): number => policy.tiers.findIndex(({ name }) => name === wanted);
  return policy.tiers.map((tier, at) => ({
    ...tier,
    endpoints: tier.endpoints ?? null,
    permissions: tier.permissions ?? null,
    gatedFields: policy.gatedFields.filter((gate) => rank(gate.tier) > at).map(({ field }) => field),
  }));
};

/**
 * Gates as a profile publishes them: of each field that some tier hides, the lowest tier from which on every tier sees it. A
 * field that the highest tier hides too has no such tier, and is not among them.
 */
export function gatesOf(tiers: readonly Tier[]): GatedField[] {
  const fields = [...new Set(tiers.flatMap(({ gatedFields }) => gatedFields))];
  return fields.flatMap((field) => {
    const opener = tiers[tiers.findLastIndex(({ gatedFields }) => gatedFields.includes(field)) + 1];
    return opener === undefined ? [] : [{ field, tier: opener.name }];
  });
}

/** The fields that a key of the tier does not see; a key without a tier sees what every tier sees. */
export const hiddenFields = (tier: Tier | null, tiers: readonly Tier[]): readonly string[] =>
  tier?.gatedFields ?? [...new Set(tiers.flatMap(({ gatedFields }) => gatedFields))];

/** A path at or below a gate is gated; a parent may be asked for, and comes without its gated parts. */
export const isGated = (gatedFields: readonly string[], field: string): boolean =>
  gatedFields.some((gated) => field === gated || field.startsWith(`${gated}.`));

/** What asking for `field` by name needs: null when it may be had, else the lowest tier that opens it (undefined: none does). */
export function tierForField(
  field: string,
  tier: Tier | null,
  tiers: readonly Tier[],
): { name: string | undefined } | null {
  if (!isGated(hiddenFields(tier, tiers), field)) return null;
  return { name: tierThat(({ gatedFields }) => !isGated(gatedFields, field), tier, tiers)?.name };
}

/** The tier to name to a key that needs another: the next above its own that would do, else the lowest that would. */
export function tierThat(
  suffices: (tier: Tier, rank: number) => boolean,
  own: Tier | null,
  tiers: readonly Tier[],
): Tier | undefined {
  const ownRank = tiers.findIndex(({ name }) => name === own?.name);
  return tiers.find((tier, rank) => rank > ownRank && suffices(tier, rank)) ?? tiers.find(suffices);
}

/** Whether the tier's endpoints let method and path through; a list without a path to hold against it lets nothing through. */
export const opensEndpoint = (tier: Pick<Tier, 'endpoints'>, method: string | null, path: string | null): boolean =>
  tier.endpoints === null || (method !== null && path !== null && matchesEndpoint(method, path, tier.endpoints));

/** Whether keys of the tier may carry the permission at all. */
export const opensPermission = (tier: Pick<Tier, 'permissions'>, permission: string): boolean =>
  tier.permissions === null || grants(tier.permissions, permission);

export const opensBatch = (tier: Pick<Tier, 'batchSize'>, size: number): boolean =>
  tier.batchSize === null || size <= tier.batchSize;
