// How old keys may become before they are to be rotated, and when people are reminded. Pure; nothing is refused for it.

import { DAY_MS } from '../limit/window.js';
import type { Instant, KeyRecord, OrganizationRecord } from '../ports.js';
import { isLive } from './state.js';

export interface RotationPolicy {
  /** The age at which a live key is to be rotated; null: none. */
  days: number | null;
  /** Whether people are reminded by mail. */
  reminders: boolean;
}

/** Days between the first letter and the due date. */
export const REMINDED_DAYS_AHEAD = 14;

/** What an organization has set, else what the profile says. */
export const rotationInForce = (
  { rotation }: Pick<OrganizationRecord, 'rotation'>,
  { rotationDays }: { rotationDays: number | null },
): RotationPolicy => rotation ?? { days: rotationDays, reminders: true };

type Aging = Pick<KeyRecord, 'mode' | 'createdAt' | 'revokedAt' | 'expiresAt' | 'disabledAt' | 'graceEndsAt'>;

/** When this generation is to be rotated; null for test keys, keys that are over and those that a newer generation replaces. */
export const rotateBy = (key: Aging, days: number | null, now: Instant): Instant | null =>
  days === null || key.mode === 'test' || key.graceEndsAt !== null || !isLive(key, now)
    ? null
    : key.createdAt + days * DAY_MS;

/** `ahead`: a first letter. `due`: the day has come. */
export type ReminderStage = 'ahead' | 'due';

/** Keys made after this instant need no letter yet. */
export const remindedBefore = (days: number, now: Instant): Instant =>
  now - Math.max(0, days - REMINDED_DAYS_AHEAD) * DAY_MS;

/** Which letter about a key is due; null: none yet. A key that is to be rotated sooner than letters come ahead gets the last one alone. */
export function reminderDue(key: Aging, days: number | null, now: Instant): ReminderStage | null {
  const dueAt = rotateBy(key, days, now);
  if (dueAt === null || days === null) return null;
  if (now >= dueAt) return 'due';
  return days > REMINDED_DAYS_AHEAD && now >= dueAt - REMINDED_DAYS_AHEAD * DAY_MS ? 'ahead' : null;
}
