// When a day's limit is used up if a key goes on as in the last hours. Pure; an estimate that decides nothing.

import type { FamilyHour, Instant } from '../ports.js';
import { DAY_MS, HOUR_MS, startOf } from './window.js';

/** The running hour and the two before it. */
const PACE_HOURS = 3;

export interface DayUse {
  /** What is spent of the running UTC day. */
  used: number;
  limit: number;
  /** Requests that passed, hour by hour, of the last hours and of the running day. */
  hours: readonly Pick<FamilyHour, 'hour' | 'allowed'>[];
  now: Instant;
}

/** From where on `forecastLimit` looks at hours: the start of the UTC day, or of the hours that tell the pace. */
export const forecastFrom = (now: Instant): Instant => Math.min(startOf(now, DAY_MS), paceFrom(now));

const paceFrom = (now: Instant): Instant => startOf(now, HOUR_MS) - (PACE_HOURS - 1) * HOUR_MS;

/**
 * The instant at which the limit is used up at the pace of the last three hours; now when it is already; null when the day
 * ends before. Routes may cost more than one request: what today's cost on average is what the coming ones are taken to cost.
 */
export function forecastLimit({ used, limit, hours, now }: DayUse): Instant | null {
  if (used >= limit) return now;
  // A clock that went back has hours ahead of it: nothing follows from them.
  const past = hours.filter(({ hour }) => hour <= now);
  const since = (from: Instant): number =>
    past.filter(({ hour }) => hour >= from).reduce((sum, { allowed }) => sum + allowed, 0);
  const today = since(startOf(now, DAY_MS));
  const each = today === 0 || used === 0 ? 1 : used / today;
  const from = paceFrom(now);
  const pace = (since(from) * each) / Math.max(1, now - from);
  if (pace <= 0) return null;
  const reachedAt = Math.ceil(now + (limit - used) / pace);
  return reachedAt < startOf(now, DAY_MS) + DAY_MS ? reachedAt : null;
}
