// What bringing the tiers to an edition of the profile comes to: order, and each tier's differences. Pure; nothing is written here.

import type { TierRecord } from '../ports.js';
import { type Difference, differencesBetween } from '../profile/differences.js';
import type { Tier } from './tiers.js';

export interface PlannedTier {
  /** As the profile has it; one that the profile does not have, as it is. */
  tier: Tier;
  /** Its place when all is done. */
  rank: number;
  /** null: there is none of that name yet. */
  before: TierRecord | null;
  /** `edited`: what stands there is not what was last applied, so somebody changed it here. */
  changes: (Difference & { edited: boolean })[];
  /** false: the profile does not have it. */
  wanted: boolean;
}

/** All tiers in the order to be, from those that are there, those that are wanted, and those that were last applied. */
export function planTiers(
  before: readonly TierRecord[],
  wanted: readonly Tier[],
  applied: readonly Tier[],
): PlannedTier[] {
  const order = orderOf(before, wanted);
  const staying = order.filter((name) => before.some((tier) => tier.name === name));
  const moved = staying.some((name, at) => before[at]?.name !== name);
  return order.map((name, at) => {
    const old = before.find((tier) => tier.name === name) ?? null;
    const asked = wanted.find((tier) => tier.name === name);
    const rank = at + 1;
    const tier = (asked ?? old) as Tier;
    if (old === null) return { tier, rank, before: null, changes: [], wanted: true };
    // One that only makes room for a new one has not changed.
    const differing = differencesBetween(settled(old, old.rank), settled(tier, moved ? rank : old.rank));
    const lastAt = applied.findIndex((each) => each.name === name);
    const last = applied[lastAt];
    const edits = last === undefined ? [] : differencesBetween(settled(last, lastAt + 1), settled(old, old.rank));
    const edited = (path: string): boolean => edits.some((edit) => meets(edit.path, path));
    const changes = differing.map((change) => ({ ...change, edited: edited(change.path) }));
    return { tier, rank, before: old, changes, wanted: asked !== undefined };
  });
}

/** The wanted order; each tier that is not wanted stays behind the one that it follows now. */
function orderOf(before: readonly Tier[], wanted: readonly Tier[]): string[] {
  const order = wanted.map(({ name }) => name);
  for (const [at, { name }] of before.entries()) {
    if (order.includes(name)) continue;
    order.splice(order.indexOf(before[at - 1]?.name ?? '') + 1, 0, name);
  }
  return order;
}

/** What can differ. */
const settled = ({ title, limits, batchSize, endpoints, gatedFields, permissions }: Tier, rank: number) => ({
  ...{ title, rank, limits, batchSize, endpoints, gatedFields, permissions },
});

/** One of the two places is, or lies within, the other. */
const meets = (one: string, other: string): boolean =>
  `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
