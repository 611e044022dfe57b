// Fixed windows aligned to the clock, as pure functions over a family's counters. No storage and no clock here.

import type { Budget, BudgetName, Limits } from './limits.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Where the minute, hour or UTC day begins that `at` lies in. */
export const startOf = (at: number, unit: number): number => Math.floor(at / unit) * unit;

/** Counters of one family. `minute` and `day` are window numbers since the epoch. */
export interface Counters {
  minute: number;
  minuteUsed: number;
  day: number;
  dayUsed: number;
  slots: number;
}

export const emptyCounters = (): Counters => ({ minute: 0, minuteUsed: 0, day: 0, dayUsed: 0, slots: 0 });

/** Opens the windows that `now` lies in. A clock that went back stays in the window already reached: counters never reopen. */
export function rollWindows(counters: Counters, now: number): void {
  const minute = Math.floor(now / MINUTE_MS);
  if (minute > counters.minute) {
    counters.minute = minute;
    counters.minuteUsed = 0;
  }
  const day = Math.floor(now / DAY_MS);
  if (day > counters.day) {
    counters.day = day;
    counters.dayUsed = 0;
  }
}

/** The first limit that `cost` does not fit into, or null; changes nothing. Cost 0 always fits. */
export function refusingLimit(
  counters: Readonly<Counters>,
  limits: Limits,
  cost: number,
  concurrency: boolean,
): BudgetName | null {
  if (concurrency && limits.concurrent !== null && counters.slots + 1 > limits.concurrent) return 'concurrent';
  if (cost === 0) return null;
  // The day comes first: it is the later of the two resets, and Retry-After must not send a client back too early.
  if (limits.perDay?.metered && counters.dayUsed + cost > limits.perDay.limit) return 'perDay';
  if (limits.perMinute !== null && counters.minuteUsed + cost > limits.perMinute) return 'perMinute';
  return null;
}

/** What is left of each limit in force, in the order minute, day, concurrency. */
export function budgetsOf(counters: Readonly<Counters>, limits: Limits): Budget[] {
  const budgets: Budget[] = [];
  if (limits.perMinute !== null) {
    budgets.push({
      name: 'perMinute',
      kind: 'rate',
      limit: limits.perMinute,
      remaining: Math.max(0, limits.perMinute - counters.minuteUsed),
      resetAt: (counters.minute + 1) * MINUTE_MS,
    });
  }
  if (limits.perDay !== null) {
    budgets.push({
      name: 'perDay',
      kind: 'quota',
      limit: limits.perDay.limit,
      remaining: limits.perDay.metered ? Math.max(0, limits.perDay.limit - counters.dayUsed) : -1,
      resetAt: (counters.day + 1) * DAY_MS,
    });
  }
  if (limits.concurrent !== null) {
    budgets.push({
      name: 'concurrent',
      kind: 'concurrency',
      limit: limits.concurrent,
      remaining: Math.max(0, limits.concurrent - counters.slots),
      resetAt: null,
    });
  }
  return budgets;
}

/** How many requests of a day are written to disk ahead of being spent: one hundredth, at least one. */
export const dayBlock = (limit: number): number => Math.max(1, Math.ceil(limit / 100));

/** Whole seconds until a refusing limit resets, never earlier; a concurrency slot may come free at any moment: 1. */
export function retryAfterSeconds(refusedBy: BudgetName, budgets: readonly Budget[], now: number): number {
  const resetAt = budgets.find((budget) => budget.name === refusedBy)?.resetAt;
  return resetAt == null ? 1 : Math.max(1, Math.ceil((resetAt - now) / 1000));
}
