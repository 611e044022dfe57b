// What a change of tiers would mean: for one key, and in numbers over all keys and their recent requests. It changes nothing.

import {
  type Bound,
  DAY_MS,
  type FamilyHour,
  HOUR_MS,
  type KeyRecord,
  type LimitChanges,
  limitChanges,
  type Profile,
  startOf,
  type Tier,
  type TierEffect,
  tierEffects,
} from '@latchkey/core';
import type { Services } from '../services.js';
import { everyKeyOn } from './keys-on.js';

const DAYS = 7;

export interface TierChange {
  before: readonly Tier[];
  after: readonly Tier[];
  effects: readonly TierEffect[];
}

export interface Touch {
  keys: { touched: number; overridden: number };
  requests: { lastDay: number; lastWeek: number };
  refusals: { keyDays: number; requests: number };
}

export const changeOf = ({ routes }: Profile, before: readonly Tier[], after: readonly Tier[]): TierChange => ({
  before,
  after,
  effects: tierEffects(
    before,
    after,
    routes.map(({ tier }) => tier),
  ),
});

const untouchedLimits: LimitChanges = { changed: [], overridden: [] };

/** What the change does to one key. */
export function touchOf({ before, after, effects }: TierChange, { tier, limits }: KeyRecord) {
  const bounds = effects.find((effect) => effect.tier === tier)?.bounds ?? [];
  const limitsOf = (tiers: readonly Tier[]) => tiers.find(({ name }) => name === tier)?.limits;
  const [old, now] = [limitsOf(before), limitsOf(after)];
  const { changed, overridden } = old && now ? limitChanges(old, now, limits) : untouchedLimits;
  const touchedBy: Bound[] = bounds.filter((bound) => bound !== 'limits' || changed.length > 0);
  return { touchedBy, limits: changed, overridden };
}

/** The change in numbers, for the keys of one tier (null: for those without one). */
export async function measure(services: Services, change: TierChange, tier: string | null): Promise<Touch> {
  const { store, clock } = services;
  const now = clock();
  const touch: Touch = {
    keys: { touched: 0, overridden: 0 },
    requests: { lastDay: 0, lastWeek: 0 },
    refusals: { keyDays: 0, requests: 0 },
  };
  // Generations of one key spend from one budget, and are counted once.
  const seen = new Set<string>();
  for await (const keys of everyKeyOn(store, [tier], now)) {
    /** The day's figure that would newly refuse, by family; null: none would. */
    const families = new Map<string, number | null>();
    for (const key of keys) {
      const { touchedBy, limits, overridden } = touchOf(change, key);
      if (overridden.length > 0) touch.keys.overridden++;
      if (touchedBy.length === 0) continue;
      touch.keys.touched++;
      const day = limits.find(({ name }) => name === 'perDay')?.after ?? null;
      if (!seen.has(key.familyId))
        families.set(key.familyId, typeof day === 'object' && day?.metered ? day.limit : null);
      seen.add(key.familyId);
    }
    const hours = await store.usage.ofFamilies([...families.keys()], hourOf(now - DAYS * DAY_MS), now + HOUR_MS);
    add(touch, hours, families, now);
  }
  return touch;
}

const hourOf = (at: number): number => startOf(at, HOUR_MS);
const dayOf = (at: number): number => Math.floor(at / DAY_MS);

function add(touch: Touch, hours: readonly FamilyHour[], limits: ReadonlyMap<string, number | null>, now: number) {
  const passed = new Map<string, { allowed: number; limit: number }>();
  for (const { familyId, hour, count, allowed } of hours) {
    touch.requests.lastWeek += count;
    if (hour >= hourOf(now - DAY_MS)) touch.requests.lastDay += count;
    const limit = limits.get(familyId) ?? null;
    if (limit === null || dayOf(hour) <= dayOf(now) - DAYS) continue;
    const day = `${familyId} ${dayOf(hour)}`;
    passed.set(day, { limit, allowed: (passed.get(day)?.allowed ?? 0) + allowed });
  }
  for (const { allowed, limit } of passed.values()) {
    if (allowed <= limit) continue;
    touch.refusals.keyDays++;
    touch.refusals.requests += allowed - limit;
  }
}

export const sumOf = (touches: readonly Touch[]): Touch => {
  const sum = (figure: (touch: Touch) => number): number => touches.reduce((all, touch) => all + figure(touch), 0);
  return {
    keys: { touched: sum(({ keys }) => keys.touched), overridden: sum(({ keys }) => keys.overridden) },
    requests: { lastDay: sum(({ requests }) => requests.lastDay), lastWeek: sum(({ requests }) => requests.lastWeek) },
    refusals: { keyDays: sum(({ refusals }) => refusals.keyDays), requests: sum(({ refusals }) => refusals.requests) },
  };
};
