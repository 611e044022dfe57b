// What a change of tiers would do to keys: which bounds move, and which figures in force. Pure; whose keys and how many is asked elsewhere.

import {
  BUDGET_NAMES,
  type BudgetName,
  type DayLimit,
  effectiveLimits,
  type LimitDefaults,
  type LimitOverrides,
} from '../limit/limits.js';
import { hiddenFields, type Tier } from './tiers.js';

/** What of a tier binds its keys; `routes`: which rows of the profile, by the tier that each asks for, it may call. */
export type Bound = 'limits' | 'batchSize' | 'endpoints' | 'gatedFields' | 'permissions' | 'routes';

/** The bounds that move for keys of one tier; null: for keys without a tier. */
export interface TierEffect {
  tier: string | null;
  bounds: Bound[];
}

const asSet = (list: readonly string[] | null): readonly string[] | null => list && [...new Set(list)].sort();
const differ = (before: unknown, after: unknown): boolean => JSON.stringify(before) !== JSON.stringify(after);

/** `asked`: the tiers that rows of the profile ask for. Tiers that are new have no keys yet, and are not among the effects. */
export function tierEffects(
  before: readonly Tier[],
  after: readonly Tier[],
  asked: readonly (string | null)[],
): TierEffect[] {
  const reach = (tiers: readonly Tier[], tier: Tier): boolean[] => {
    const rank = (wanted: string): number => tiers.findIndex(({ name }) => name === wanted);
    return asked.map((least) => least === null || (rank(least) >= 0 && rank(tier.name) >= rank(least)));
  };
  const effects: TierEffect[] = before.flatMap((old) => {
    const now = after.find(({ name }) => name === old.name);
    if (now === undefined) return [];
    const moved: Record<Bound, boolean> = {
      limits: BUDGET_NAMES.some((name) => differ(old.limits[name], now.limits[name])),
      batchSize: old.batchSize !== now.batchSize,
      endpoints: differ(asSet(old.endpoints), asSet(now.endpoints)),
      gatedFields: differ(asSet(old.gatedFields), asSet(now.gatedFields)),
      permissions: differ(asSet(old.permissions), asSet(now.permissions)),
      routes: differ(reach(before, old), reach(after, now)),
    };
    return [{ tier: old.name, bounds: (Object.keys(moved) as Bound[]).filter((bound) => moved[bound]) }];
  });
  if (differ(asSet(hiddenFields(null, before)), asSet(hiddenFields(null, after)))) {
    effects.push({ tier: null, bounds: ['gatedFields'] });
  }
  return effects.filter(({ bounds }) => bounds.length > 0);
}

export interface LimitChanges {
  /** Limits whose figure in force changes for the key. */
  changed: { name: BudgetName; before: number | DayLimit | null; after: number | DayLimit | null }[];
  /** Limits that change on the tier and not for the key, whose own figure stands. */
  overridden: BudgetName[];
}

/** What other limits of its tier mean to a key with these figures of its own. */
export function limitChanges(
  before: LimitDefaults,
  after: LimitDefaults,
  overrides: LimitOverrides | null,
): LimitChanges {
  const [old, now] = [effectiveLimits(before, overrides), effectiveLimits(after, overrides)];
  return {
    changed: BUDGET_NAMES.filter((name) => differ(old[name], now[name])).map((name) => ({
      name,
      before: old[name],
      after: now[name],
    })),
    overridden: BUDGET_NAMES.filter(
      (name) => overrides?.[name] !== undefined && differ(before[name], after[name]) && !differ(old[name], now[name]),
    ),
  };
}
