// Guarantees of the forecast: never before now, never past the day, sooner the busier a key is, and silent where nothing follows.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecastFrom, forecastLimit } from './forecast.js';
import { DAY_MS } from './window.js';

const HOUR = 3_600_000;
const DAY = Date.UTC(2025, 0, 15);
const NOON = DAY + 12 * HOUR;
const hour = (at: number, allowed: number) => ({ hour: at, allowed });

describe('the forecast of a day', () => {
  it('carries the last three hours on', () => {
    // 300 in two hours and a half: two a minute. 600 are left: five hours.
    const hours = [hour(NOON, 60), hour(NOON - HOUR, 120), hour(NOON - 2 * HOUR, 120), hour(NOON - 3 * HOUR, 900)];
    const now = NOON + HOUR / 2;
    expect(forecastLimit({ used: 1200, limit: 1800, hours, now })).toBe(now + 5 * HOUR);
  });

  it('counts what requests cost, not how many they are', () => {
    const now = NOON + HOUR;
    const hours = [hour(NOON, 100), hour(NOON - HOUR, 100)];
    // Each request cost five: 1,000 in two hours, and 500 are left.
    expect(forecastLimit({ used: 1000, limit: 1500, hours, now })).toBe(now + HOUR);
  });

  it.each([
    ['nothing was called', { used: 10, hours: [] }],
    ['it was called before the last hours only', { used: 10, hours: [hour(NOON - 5 * HOUR, 1_000)] }],
    ['the day ends before', { used: 10, hours: [hour(NOON - HOUR, 10)] }],
    ['the counts lie ahead of a clock that went back', { used: 10, hours: [hour(NOON + HOUR, 1e9)] }],
  ])('says nothing when %s', (_, { used, hours }) => {
    expect(forecastLimit({ used, limit: 1_000, hours, now: NOON })).toBeNull();
  });

  it('is now when all is used', () => {
    expect(forecastLimit({ used: 5, limit: 5, hours: [], now: NOON })).toBe(NOON);
    expect(forecastLimit({ used: 0, limit: 0, hours: [], now: NOON })).toBe(NOON);
  });

  const use = fc.record({
    used: fc.nat(1_000_000),
    limit: fc.nat(1_000_000),
    hours: fc.array(
      fc.record({ hour: fc.integer({ min: -30, max: 30 }).map((at) => DAY + at * HOUR), allowed: fc.nat(100_000) }),
      { maxLength: 30 },
    ),
    now: fc.integer({ min: DAY, max: DAY + DAY_MS - 1 }),
  });

  it('lies between now and the end of the day, or is silent', () => {
    fc.assert(
      fc.property(use, (given) => {
        const at = forecastLimit(given);
        expect(at === null || (at >= given.now && at < DAY + DAY_MS && Number.isInteger(at))).toBe(true);
        if (given.used < given.limit) expect(at === null || at > given.now).toBe(true);
      }),
    );
  });

  it('never comes later for a lower limit', () => {
    fc.assert(
      fc.property(use, fc.nat(1_000_000), (given, lower) => {
        const at = forecastLimit(given);
        const sooner = forecastLimit({ ...given, limit: Math.min(given.limit, lower) });
        if (at !== null) expect(sooner).not.toBeNull();
        if (at !== null && sooner !== null) expect(sooner).toBeLessThanOrEqual(at);
      }),
    );
  });

  it('depends on no hour before the one it asks for', () => {
    fc.assert(
      fc.property(use, (given) => {
        const hours = given.hours.filter((each) => each.hour >= forecastFrom(given.now));
        expect(forecastLimit({ ...given, hours })).toBe(forecastLimit(given));
      }),
    );
  });
});
