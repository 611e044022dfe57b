// Guarantees of a plan: the profile's order, nothing deleted, every difference told once, and edits made here told apart.

import { describe, expect, it } from 'vitest';
import type { TierRecord } from '../ports.js';
import { planTiers } from './plan.js';
import type { Tier } from './tiers.js';

const tier = (name: string, more: Partial<Tier> = {}): Tier => ({
  ...{ name, title: name, limits: { perMinute: 60, perDay: null, concurrent: null }, batchSize: 10 },
  ...{ endpoints: null, gatedFields: [], permissions: null },
  ...more,
});
const kept = (...tiers: Tier[]): TierRecord[] =>
  tiers.map((each, at) => ({ ...each, id: `tier_${each.name}`, rank: at + 1, createdAt: 1, updatedAt: 1 }));
const [low, mid, high] = [tier('low'), tier('mid'), tier('high')];
const placesOf = (plan: ReturnType<typeof planTiers>) => plan.map((each) => [each.tier.name, each.rank]);

describe('a plan', () => {
  it('of what is there already changes nothing', () => {
    const plan = planTiers(kept(low, mid), [low, mid], [low, mid]);
    expect(plan.every(({ before, changes, wanted }) => before !== null && changes.length === 0 && wanted)).toBe(true);
  });

  it('puts a new tier at its place, and those above are no change for that', () => {
    const plan = planTiers(kept(low, high), [low, mid, high], []);
    expect(placesOf(plan)).toEqual([
      ['low', 1],
      ['mid', 2],
      ['high', 3],
    ]);
    expect(plan.map(({ before }) => before?.name ?? null)).toEqual(['low', null, 'high']);
    expect(plan.flatMap(({ changes }) => changes)).toEqual([]);
  });

  it('keeps what the profile does not have, behind what it follows now', () => {
    const [first, own] = [tier('first'), tier('own')];
    const plan = planTiers(kept(first, low, own, high), [low, mid, high], []);
    expect(plan.map((each) => [each.tier.name, each.wanted])).toEqual([
      ['first', false],
      ['low', true],
      ['own', false],
      ['mid', true],
      ['high', true],
    ]);
  });

  it('tells a new order as ranks', () => {
    const plan = planTiers(kept(low, mid, high), [mid, low, high], [low, mid, high]);
    expect(plan.map(({ tier: { name }, changes }) => [name, changes])).toEqual([
      ['mid', [{ path: '/rank', before: 2, after: 1, edited: false }]],
      ['low', [{ path: '/rank', before: 1, after: 2, edited: false }]],
      ['high', []],
    ]);
  });

  it('tells what was changed here since the last apply from what is new in the profile', () => {
    const here = tier('low', { batchSize: 99, limits: { perMinute: 7, perDay: null, concurrent: null } });
    const wanted = tier('low', {
      title: 'Low',
      limits: { perMinute: 60, perDay: { limit: 9, metered: true }, concurrent: null },
    });
    const [plan] = planTiers(kept(here), [wanted], [low]);
    expect(plan?.changes).toEqual([
      { path: '/title', before: 'low', after: 'Low', edited: false },
      { path: '/limits/perMinute', before: 7, after: 60, edited: true },
      { path: '/limits/perDay', before: null, after: { limit: 9, metered: true }, edited: false },
      { path: '/batchSize', before: 99, after: 10, edited: true },
    ]);
  });
});
