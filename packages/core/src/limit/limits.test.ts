// Guarantees of which limits are in force: the key's own figure before the tier's, and what `custom` leaves to the key.

import { describe, expect, it } from 'vitest';
import { effectiveLimits, type LimitDefaults, limitSources, missingCustomLimits } from './limits.js';

const plain: LimitDefaults = { perMinute: 60, perDay: { limit: 100, metered: true }, concurrent: 10 };
const fairUse: LimitDefaults = { perMinute: 600, perDay: { limit: 10_000, metered: false }, concurrent: null };
const custom: LimitDefaults = { perMinute: 'custom', perDay: { limit: 'custom', metered: true }, concurrent: null };
const none: LimitDefaults = { perMinute: null, perDay: null, concurrent: null };

describe('the limits in force', () => {
  it.each([
    [
      'are the tier’s without any on the key',
      plain,
      null,
      { perMinute: 60, perDay: { limit: 100, metered: true }, concurrent: 10 },
    ],
    [
      'are the key’s where it has one',
      plain,
      { perMinute: 5 },
      { perMinute: 5, perDay: { limit: 100, metered: true }, concurrent: 10 },
    ],
    [
      'take 0 for a figure',
      plain,
      { perMinute: 0, perDay: 0, concurrent: 0 },
      { perMinute: 0, perDay: { limit: 0, metered: true }, concurrent: 0 },
    ],
    [
      'stay unmetered whoever set the figure',
      fairUse,
      { perDay: 5 },
      { perMinute: 600, perDay: { limit: 5, metered: false }, concurrent: null },
    ],
    [
      'are metered where the tier says nothing of a day',
      none,
      { perDay: 5 },
      { perMinute: null, perDay: { limit: 5, metered: true }, concurrent: null },
    ],
    ['are none where custom was never set', custom, null, { perMinute: null, perDay: null, concurrent: null }],
    [
      'are the key’s where the tier says custom',
      custom,
      { perMinute: 7, perDay: 9 },
      { perMinute: 7, perDay: { limit: 9, metered: true }, concurrent: null },
    ],
  ] as const)('%s', (_, defaults, overrides, expected) => {
    expect(effectiveLimits(defaults, overrides)).toEqual(expected);
  });
});

describe('custom limits', () => {
  it.each([
    [custom, null, ['perMinute', 'perDay']],
    [custom, { perMinute: 0 }, ['perDay']],
    [custom, { perMinute: 1, perDay: 1 }, []],
    [{ ...custom, perDay: { limit: 'custom', metered: false } } as LimitDefaults, null, ['perMinute']],
    [plain, null, []],
  ])('of %j with %j lack %j', (defaults, overrides, missing) => {
    expect(missingCustomLimits(defaults, overrides)).toEqual(missing);
  });
});

describe('whose figure a limit in force is', () => {
  it.each([
    ['the tier’s', plain, null, { perMinute: 'tier', perDay: 'tier', concurrent: 'tier' }],
    [
      'the key’s where it has one, be it 0',
      plain,
      { perDay: 0 },
      { perMinute: 'tier', perDay: 'key', concurrent: 'tier' },
    ],
    ['the profile’s for a key without a tier', null, { perMinute: 5 }, { perMinute: 'key', perDay: 'profile' }],
    ['nobody’s where there is no such limit', none, null, {}],
    ['nobody’s where custom was never set', custom, { perMinute: 5 }, { perMinute: 'key' }],
  ] as const)('%s', (_, tier, overrides, sources) => {
    expect(limitSources(tier, fairUse, overrides)).toEqual(sources);
  });
});
