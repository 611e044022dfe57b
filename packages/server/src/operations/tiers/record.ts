// What the tier operations share: finding a tier, judging what is set on it, keeping the order, naming it in the audit log.

import {
  ALL,
  type Change,
  differencesBetween,
  LatchkeyError,
  type LimitDefaults,
  MANAGEMENT_PERMISSIONS,
  missingCustomLimits,
  type Profile,
  type StoreView,
  type Tier,
  type TierRecord,
  tierView,
} from '@latchkey/core';
import type { AuditNote } from '../commit-change.js';
import { notFound } from '../keys/record.js';
import { everyKeyOn } from './keys-on.js';

export async function findTier(view: StoreView, tierId: string): Promise<TierRecord> {
  const tier = await view.tiers.get(tierId);
  if (tier === null) throw notFound('tier');
  return tier;
}

/**
 * Judges a tier by itself: permissions that the profile knows, limits that make sense.
 * @throws LatchkeyError `permission_unknown`, `limits_inconsistent`
 */
export function judgeTier({ policy }: Profile, { permissions, limits, name }: Tier): void {
  const known = [...policy.permissions.map((permission) => permission.name), ...MANAGEMENT_PERMISSIONS, ALL];
  const unknown = permissions?.find((permission) => !known.includes(permission));
  if (unknown !== undefined) {
    throw new LatchkeyError(
      'permission_unknown',
      `There is no permission ${JSON.stringify(unknown)}; known are ${known.join(', ')}.`,
    );
  }
  const { perMinute, perDay } = limits;
  if (typeof perMinute !== 'number' || typeof perDay?.limit !== 'number' || !perDay.metered) return;
  if (perDay.limit > 0 && perDay.limit < perMinute) {
    throw new LatchkeyError(
      'limits_inconsistent',
      `The ${name} tier's perDay (${perDay.limit}) is lower than its perMinute (${perMinute}).`,
    );
  }
}

/**
 * Refuses to leave a figure to keys that do not have it.
 * @throws LatchkeyError `limits_required` with their number
 */
export async function judgeCustom(view: StoreView, now: number, before: Tier, limits: LimitDefaults): Promise<void> {
  const newly = missingCustomLimits(limits, null).filter(
    (name) => !missingCustomLimits(before.limits, null).includes(name),
  );
  if (newly.length === 0) return;
  let lacking = 0;
  for await (const keys of everyKeyOn(view, [before.name], now)) {
    lacking += keys.filter((key) => newly.some((name) => key.limits?.[name] === undefined)).length;
  }
  if (lacking > 0) {
    throw new LatchkeyError(
      'limits_required',
      `${lacking} keys on the ${before.name} tier have no ${newly.join(' and ')} of their own: set it on each first.`,
    );
  }
}

/** Writes the tiers' places in this order; a tier whose place is right already is not touched. */
export async function writeOrder(view: StoreView, order: readonly TierRecord[]): Promise<void> {
  for (const [at, tier] of order.entries()) {
    if (tier.rank !== at + 1) await view.tiers.update({ ...tier, rank: at + 1 });
  }
}

/** What differs between two states of a tier, apart from when it was changed. */
export const tierDifferences = (before: TierRecord, after: TierRecord) =>
  differencesBetween({ ...tierView(before), updatedAt: null }, { ...tierView(after), updatedAt: null });

export const tierNote = (action: string, { id }: TierRecord, changes: AuditNote['changes'] = {}): AuditNote => ({
  action,
  target: { type: 'tier', id },
  organizationId: null,
  changes,
});

export const tierChanged = ({ id }: TierRecord): Change => ({ subject: 'tier', id, kind: 'changed' });
