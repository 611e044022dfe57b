// The limits of a key family: what may be set, what is in force, what one take claims and answers. Types and resolution only.

/** Limits set on one key; they stand in place of the tier's. */
export interface LimitOverrides {
  perMinute?: number | undefined;
  perDay?: number | undefined;
  concurrent?: number | undefined;
}

/** `metered: false` counts the day but never refuses: the figure is a fair-use one. */
export interface DayLimit {
  limit: number;
  metered: boolean;
}

/** The limits in force for a key. null: no such limit. */
export interface Limits {
  perMinute: number | null;
  perDay: DayLimit | null;
  concurrent: number | null;
}

/** A tier's or a profile's limits as data; `custom` must be set on each key. */
export interface LimitDefaults {
  perMinute: number | 'custom' | null;
  perDay: { limit: number | 'custom'; metered: boolean } | null;
  concurrent: number | null;
}

export type BudgetName = 'perMinute' | 'perDay' | 'concurrent';
export const BUDGET_NAMES: readonly BudgetName[] = ['perMinute', 'perDay', 'concurrent'];
export type BudgetKind = 'rate' | 'quota' | 'concurrency';

/** What is left of one limit. `remaining` −1: not metered. `resetAt` in milliseconds; null for concurrency. */
export interface Budget {
  name: BudgetName;
  kind: BudgetKind;
  limit: number;
  remaining: number;
  resetAt: number | null;
}

export interface TakeClaims {
  familyId: string;
  limits: Limits;
  /** Requests to spend, a whole number; 0 only looks. */
  cost: number;
  /** false: test traffic, never written to disk. */
  durable: boolean;
  /** true: a passing take keeps a concurrency slot until released. */
  holdSlot: boolean;
  /** false: the concurrency limit does not apply to this request. */
  concurrency: boolean;
}

export interface TakeOutcome {
  refusedBy: BudgetName | null;
  budgets: Budget[];
  /** Frees the slot that a passing take holds; safe to call more than once. null: none held. */
  release: (() => void) | null;
  /** Takes a passing take back, in the windows it was made in; null: nothing was taken. Safe to call more than once. */
  undo: (() => void) | null;
  /** true when this take passed an unmetered day's published figure. */
  fairUsePassed: boolean;
  /** true: the counters that all nodes share could not be asked, and this node answered alone. */
  degraded: boolean;
}

/**
 * The limits in force: the key's own figures before the tier's. A tier's `metered` stays the tier's, whoever set the figure.
 * `custom` without a figure on the key is no limit here; creating such a key is refused earlier.
 */
export function effectiveLimits(defaults: LimitDefaults, overrides: LimitOverrides | null): Limits {
  const perMinute = overrides?.perMinute ?? defaults.perMinute;
  const dayFigure = overrides?.perDay ?? defaults.perDay?.limit ?? null;
  return {
    perMinute: perMinute === 'custom' ? null : perMinute,
    perDay:
      dayFigure === null || dayFigure === 'custom'
        ? null
        : { limit: dayFigure, metered: defaults.perDay?.metered ?? true },
    concurrent: overrides?.concurrent ?? defaults.concurrent,
  };
}

/** Who says how high a limit is. */
export type LimitSource = 'key' | 'tier' | 'profile';

/** Of each limit in force for a key, whose figure it is; `tier` null: the key has no tier, and the profile's limits bind it. */
export function limitSources(
  tier: LimitDefaults | null,
  profile: LimitDefaults,
  overrides: LimitOverrides | null,
): Partial<Record<BudgetName, LimitSource>> {
  const inForce = effectiveLimits(tier ?? profile, overrides);
  const shared: LimitSource = tier === null ? 'profile' : 'tier';
  return Object.fromEntries(
    BUDGET_NAMES.filter((name) => inForce[name] !== null).map((name) => [
      name,
      overrides?.[name] === undefined ? shared : 'key',
    ]),
  );
}

/** The first of the limits that lets more pass than `outer` does, or null: nobody hands on more than they have. */
export function widerLimit(inner: Limits, outer: Limits): BudgetName | null {
  const wider = (asked: number | null, ceiling: number | null): boolean =>
    ceiling !== null && (asked === null || asked > ceiling);
  const refusedAt = (day: DayLimit | null): number | null => (day?.metered ? day.limit : null);
  if (wider(inner.perMinute, outer.perMinute)) return 'perMinute';
  if (wider(refusedAt(inner.perDay), refusedAt(outer.perDay))) return 'perDay';
  return wider(inner.concurrent, outer.concurrent) ? 'concurrent' : null;
}

/** Names of the limits that the defaults leave to the key and that it does not set; `perDay` only while it is metered. */
export function missingCustomLimits(defaults: LimitDefaults, overrides: LimitOverrides | null): BudgetName[] {
  const missing: BudgetName[] = [];
  if (defaults.perMinute === 'custom' && overrides?.perMinute === undefined) missing.push('perMinute');
  if (defaults.perDay?.limit === 'custom' && defaults.perDay.metered && overrides?.perDay === undefined)
    missing.push('perDay');
  return missing;
}
