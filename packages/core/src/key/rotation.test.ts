// Guarantees of the rotation policy: a due date for keys in use alone, a first letter before it and the last one on it, none early.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REMINDED_DAYS_AHEAD, remindedBefore, reminderDue, rotateBy, rotationInForce } from './rotation.js';

const DAY = 86_400_000;
const key = {
  mode: 'live' as const,
  createdAt: 0,
  revokedAt: null,
  expiresAt: null,
  disabledAt: null,
  graceEndsAt: null,
};

describe('the rotation policy', () => {
  it("is the organization's, else the profile's with reminders", () => {
    const own = { days: null, reminders: false };
    expect(rotationInForce({ rotation: own }, { rotationDays: 90 })).toEqual(own);
    expect(rotationInForce({ rotation: null }, { rotationDays: 90 })).toEqual({ days: 90, reminders: true });
  });

  it.each([
    ['a key in use', {}, 90, 90 * DAY],
    ['a disabled one, which may come back', { disabledAt: 1 }, 90, 90 * DAY],
    ['no policy', {}, null, null],
    ['a test key', { mode: 'test' as const }, 90, null],
    ['a revoked one', { revokedAt: 1 }, 90, null],
    ['an expired one', { expiresAt: DAY }, 90, null],
    ['one that was rotated already', { graceEndsAt: 500 * DAY }, 90, null],
  ])('of %s', (_, more, days, due) => {
    expect(rotateBy({ ...key, ...more }, days, 2 * DAY)).toBe(due);
  });

  it.each([
    [90, 76 * DAY - 1, null],
    [90, 76 * DAY, 'ahead'],
    [90, 90 * DAY - 1, 'ahead'],
    [90, 90 * DAY, 'due'],
    [90, 900 * DAY, 'due'],
    [7, 0, null],
    [7, 7 * DAY - 1, null],
    [7, 7 * DAY, 'due'],
    [REMINDED_DAYS_AHEAD, 0, null],
    [null, 900 * DAY, null],
  ])('of %s days, at %i: %s', (days, now, stage) => {
    expect(reminderDue(key, days, now)).toBe(stage);
  });

  it('reminds of no key that the search for candidates leaves out', () => {
    const age = fc.integer({ min: 0, max: 400 * DAY });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 365 }), age, (days, now) => {
        if (reminderDue(key, days, now) !== null) expect(key.createdAt).toBeLessThanOrEqual(remindedBefore(days, now));
      }),
    );
  });
});
