// Guarantees of the tier form: what was not touched is not sent, and nothing half typed leaves the page.

import type { Tier } from '@latchkey/client';
import { describe, expect, it } from 'vitest';
import { creationOf, draftOf, emptyDraft, faultsOf, patchOf } from './draft';

const tier: Tier = {
  id: 'tier_1',
  name: 'builder',
  title: 'Builder',
  rank: 2,
  limits: { perMinute: 600, perDay: { limit: 10_000, metered: false }, concurrent: null },
  batchSize: 50,
  endpoints: null,
  gatedFields: ['audience_geo.detail'],
  permissions: null,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
};

describe('a change', () => {
  it('of nothing sends nothing', () => {
    expect(patchOf(tier, draftOf(tier))).toStrictEqual({});
  });

  it('of one limit sends that limit alone', () => {
    const draft = { ...draftOf(tier), perMinute: { kind: 'number' as const, value: 900 } };
    expect(patchOf(tier, draft)).toStrictEqual({ limits: { perMinute: 900 } });
  });

  it('tells clearing, leaving to the key, and zero apart', () => {
    const none = { ...draftOf(tier), perMinute: { kind: 'none' as const, value: '' as const } };
    const custom = { ...draftOf(tier), perMinute: { kind: 'custom' as const, value: '' as const } };
    const zero = { ...draftOf(tier), perMinute: { kind: 'number' as const, value: 0 } };
    expect(patchOf(tier, none).limits).toStrictEqual({ perMinute: null });
    expect(patchOf(tier, custom).limits).toStrictEqual({ perMinute: 'custom' });
    expect(patchOf(tier, zero).limits).toStrictEqual({ perMinute: 0 });
  });

  it('of metering sends the day as a whole', () => {
    expect(patchOf(tier, { ...draftOf(tier), metered: true })).toStrictEqual({
      limits: { perDay: { limit: 10_000, metered: true } },
    });
  });

  it('keeps "may have none" apart from "no bound"', () => {
    expect(patchOf(tier, { ...draftOf(tier), bounded: true })).toStrictEqual({ permissions: [] });
  });

  it('can be taken back by the patch to what was before', () => {
    const changed: Tier = { ...tier, title: 'Maker', endpoints: ['/v1/users/**'], batchSize: null };
    expect(patchOf(changed, draftOf(tier))).toStrictEqual({ title: 'Builder', endpoints: null, batchSize: 50 });
  });
});

describe('a new tier', () => {
  it('leaves an empty title to the server, and empty lines out', () => {
    const made = creationOf({ ...emptyDraft(3), name: ' pro ', endpoints: '\n /v1/a \n\n' });
    expect(made).toMatchObject({ name: 'pro', title: undefined, rank: 3, endpoints: ['/v1/a'] });
  });

  it('is not sent with a name that is none, or a figure that is not typed', () => {
    expect(faultsOf(emptyDraft(1), true)).toStrictEqual(['name']);
    const draft = { ...emptyDraft(1), name: 'pro', perDay: { kind: 'number' as const, value: '' as const } };
    expect(faultsOf(draft, true)).toStrictEqual(['perDay']);
  });
});
