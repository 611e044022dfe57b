// Guarantees of gated fields: a tier opens its own and all below, and asking by name needs the strictest gate on the way.

import { describe, expect, it } from 'vitest';
import { type GatedField, gatesOf, hiddenFields, type Tier, tierForField, tiersOf } from './tiers.js';

const gatedFields: GatedField[] = [
  { field: 'contact_email', tier: 'builder' },
  { field: 'audience', tier: 'builder' },
  { field: 'audience.detail', tier: 'studio' },
];
const tiers = tiersOf({
  tiers: ['free', 'builder', 'studio'].map((name) => ({
    name,
    title: name,
    limits: { perMinute: null, perDay: null, concurrent: null },
    batchSize: null,
  })),
  gatedFields,
});
const [free, builder, studio] = tiers as [Tier, Tier, Tier];

describe('hidden fields', () => {
  it('are those above the tier, in the profile’s order', () => {
    expect(hiddenFields(free, tiers)).toEqual(['contact_email', 'audience', 'audience.detail']);
    expect(hiddenFields(builder, tiers)).toEqual(['audience.detail']);
    expect(hiddenFields(studio, tiers)).toEqual([]);
    expect(hiddenFields(null, tiers)).toEqual(['contact_email', 'audience', 'audience.detail']);
  });
});

describe('gates as a profile publishes them', () => {
  it('come back from the tiers that they made', () => {
    expect(gatesOf(tiers)).toEqual(gatedFields);
    expect(gatesOf([])).toEqual([]);
  });

  it('promise a field from no tier that does not see it, nor one that nobody sees', () => {
    const hides = (tier: Tier, ...fields: string[]): Tier => ({ ...tier, gatedFields: fields });
    expect(gatesOf([free, hides(builder, 'contact_email'), studio])).toContainEqual({
      field: 'contact_email',
      tier: 'studio',
    });
    expect(gatesOf([hides(free), hides(builder), hides(studio, 'secret')])).toEqual([]);
  });
});

describe('asking for a field by name', () => {
  it.each([
    ['name', free, null],
    ['contact_email', free, 'builder'],
    ['contact_email', builder, null],
    ['contact_email.domain', free, 'builder'],
    ['contact_emails', free, null],
    ['audience', builder, null],
    ['audience.detail', builder, 'studio'],
    ['audience.detail.age', builder, 'studio'],
    ['audience.detail', free, 'studio'],
    ['audience.detail', studio, null],
    ['audience.detail', null, 'studio'],
  ])('%s', (field, tier, needed) => {
    expect(tierForField(field, tier, tiers)?.name ?? null).toBe(needed);
  });
});
