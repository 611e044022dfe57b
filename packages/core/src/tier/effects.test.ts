// Guarantees of a change's effects: every bound that moves is named for every tier it moves for, and a key's own figure stands.

import { describe, expect, it } from 'vitest';
import type { LimitDefaults } from '../limit/limits.js';
import { limitChanges, tierEffects } from './effects.js';
import type { Tier } from './tiers.js';

const limits: LimitDefaults = { perMinute: 60, perDay: { limit: 100, metered: true }, concurrent: null };
const tier = (name: string, more: Partial<Tier> = {}): Tier => ({
  ...{ name, title: name, limits, batchSize: 10, endpoints: null, gatedFields: ['email'], permissions: null },
  ...more,
});
const [low, mid, high] = [tier('low'), tier('mid'), tier('high', { gatedFields: [] })];
const before = [low, mid, high];
const effectsOf = (after: Tier[], asked: (string | null)[] = []) => tierEffects(before, after, asked);

describe('the effects of a change', () => {
  it('are none while nothing that binds moves', () => {
    expect(effectsOf([low, mid, high], ['mid'])).toEqual([]);
    expect(effectsOf([tier('low', { title: 'Other' }), mid, high])).toEqual([]);
    expect(effectsOf([low, tier('mid', { gatedFields: ['email', 'email'] }), high])).toEqual([]);
    expect(effectsOf([low, mid, tier('new'), high], ['mid', 'high'])).toEqual([]);
  });

  it.each([
    [{ limits: { ...limits, perMinute: 61 } }, ['limits']],
    [{ limits: { ...limits, perDay: { limit: 100, metered: false } } }, ['limits']],
    [{ limits: { ...limits, concurrent: 0 } }, ['limits']],
    [{ batchSize: null }, ['batchSize']],
    [{ endpoints: ['/a'] }, ['endpoints']],
    [{ permissions: [] }, ['permissions']],
    [{ gatedFields: [] }, ['gatedFields']],
    [{ batchSize: 11, permissions: ['read'] }, ['batchSize', 'permissions']],
  ] as [Partial<Tier>, string[]][])('are named: %j', (more, bounds) => {
    expect(effectsOf([low, tier('mid', more), high])).toEqual([{ tier: 'mid', bounds }]);
  });

  it('of a new order are routes won or lost, on either side of the move', () => {
    expect(effectsOf([mid, low, high], ['low'])).toEqual([{ tier: 'mid', bounds: ['routes'] }]);
    expect(effectsOf([mid, low, high], ['mid'])).toEqual([{ tier: 'low', bounds: ['routes'] }]);
    expect(effectsOf([mid, low, high], ['high', null])).toEqual([]);
  });

  it('reach keys without a tier, which see only what every tier sees', () => {
    expect(effectsOf([low, mid, tier('high', { gatedFields: ['phone'] })])).toEqual([
      { tier: 'high', bounds: ['gatedFields'] },
      { tier: null, bounds: ['gatedFields'] },
    ]);
  });
});

describe('a change of limits', () => {
  const after: LimitDefaults = { perMinute: 30, perDay: { limit: 50, metered: true }, concurrent: null };

  it('shows the figures in force before and after', () => {
    expect(limitChanges(limits, after, null)).toEqual({
      changed: [
        { name: 'perMinute', before: 60, after: 30 },
        { name: 'perDay', before: { limit: 100, metered: true }, after: { limit: 50, metered: true } },
      ],
      overridden: [],
    });
  });

  it("leaves a key's own figure, and says so by name", () => {
    expect(limitChanges(limits, after, { perMinute: 5, concurrent: 2 })).toEqual({
      changed: [{ name: 'perDay', before: { limit: 100, metered: true }, after: { limit: 50, metered: true } }],
      overridden: ['perMinute'],
    });
  });

  it("reaches a key's own figure where it starts to be metered", () => {
    const fair: LimitDefaults = { ...limits, perDay: { limit: 100, metered: false } };
    expect(limitChanges(fair, limits, { perDay: 7 })).toEqual({
      changed: [{ name: 'perDay', before: { limit: 7, metered: false }, after: { limit: 7, metered: true } }],
      overridden: [],
    });
  });
});
