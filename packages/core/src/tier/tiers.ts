// Tiers in ascending order and what each one opens.

import type { LimitDefaults } from '../limit/limits.js';

export interface Tier {
  name: string;
  title: string;
  limits: LimitDefaults;
  /** Most items in one batch request; null: no ceiling. */
  batchSize: number | null;
}

/** A response field, as dotted path, that needs at least `tier`. */
export interface GatedField {
  field: string;
  tier: string;
}

const opens = (tier: Tier | null, needed: string, tiers: readonly Tier[]): boolean =>
  tier !== null && tiers.findIndex(({ name }) => name === tier.name) >= tiers.findIndex(({ name }) => name === needed);

/** The gated fields that a tier does not open, in the profile's order. */
export const hiddenFields = (tier: Tier | null, tiers: readonly Tier[], gated: readonly GatedField[]): string[] =>
  gated.filter((gate) => !opens(tier, gate.tier, tiers)).map((gate) => gate.field);

/**
 * The tier that asking for `field` by name needs, or null when it may be had. A path below gated fields needs the highest
 * of their tiers; a parent may be asked for, and comes without its gated parts.
 */
export function requiredTierFor(
  field: string,
  tier: Tier | null,
  tiers: readonly Tier[],
  gated: readonly GatedField[],
): string | null {
  const needed = gated
    .filter((gate) => field === gate.field || field.startsWith(`${gate.field}.`))
    .filter((gate) => !opens(tier, gate.tier, tiers))
    .map((gate) => gate.tier);
  return tiers.findLast(({ name }) => needed.includes(name))?.name ?? null;
}
