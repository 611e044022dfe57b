// What the list of keys shows is what was asked for, and generations stay together.

import type { Key } from '@latchkey/client';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, filterGroups, groupGenerations, type KeyGroup, rowsOf, sortGroups, type Wanted } from './key-rows';

let made = 0;
const key = (facts: Partial<Key> = {}): Key => {
  const id = `key_${++made}`;
  return {
    ...{ id, projectId: 'prj', name: 'Key', prefix: 'sk_live_', hint: 'abcd', mode: 'live', model: 'v2', tier: null },
    ...{ permissions: null, restrictions: null, limits: null, credits: null, environment: null, metadata: null },
    ...{
      ownerId: null,
      rotateBy: null,
      familyId: `fam_${id}`,
      generation: 1,
      state: 'active',
      createdAt: '2026-01-01T00:00:00.000Z',
    },
    ...{ expiresAt: null, lastUsedAt: null, lastUsedIp: null, graceEndsAt: null, revokedAt: null, revokedReason: null },
    ...{ rotateBy: null },
    ...facts,
  };
};
const names = (groups: readonly KeyGroup[]) => groups.map(({ newest }) => newest.name);
const found = (keys: Key[], wanted: Partial<Wanted>) =>
  names(filterGroups(groupGenerations(keys), { ...EVERYTHING, ...wanted }));

describe('generations', () => {
  it('stand under the newest, whatever order they came in', () => {
    const keys = [1, 3, 2].map((generation) => key({ familyId: 'fam', generation, name: `g${generation}` }));
    const [group, ...rest] = groupGenerations([...keys, key({ name: 'alone' })]);
    expect(group?.newest.name).toBe('g3');
    expect(group?.older.map(({ name }) => name)).toEqual(['g2', 'g1']);
    expect(names(rest)).toEqual(['alone']);
  });

  it('show by themselves while an older one is still valid, and on demand when it is over', () => {
    const rows = (state: Key['state'], opened: [string, boolean][] = []) => {
      const group = groupGenerations([
        key({ familyId: 'fam', generation: 2 }),
        key({ familyId: 'fam', generation: 1, state }),
      ]);
      return rowsOf(group, new Map(opened)).map(({ kind }) => kind);
    };
    expect(rows('grace')).toEqual(['newest', 'older']);
    expect(rows('expired')).toEqual(['newest']);
    expect(rows('expired', [['fam', true]])).toEqual(['newest', 'older']);
    expect(rows('grace', [['fam', false]])).toEqual(['newest']);
  });

  it('are found by any of them', () => {
    const family = [
      key({ familyId: 'fam', generation: 2, name: 'New' }),
      key({ familyId: 'fam', generation: 1, name: 'Old', state: 'revoked', hint: 'zzzz' }),
    ];
    expect(found(family, { state: 'revoked' })).toEqual(['New']);
    expect(found(family, { search: 'zzzz' })).toEqual(['New']);
  });
});

describe('search', () => {
  const keys = [
    key({ name: 'Küche', environment: 'production' }),
    key({ name: 'Order service', hint: 'wxyz', lastUsedIp: '203.0.113.7' }),
  ];

  it('finds by every word, without regard to case and accents', () => {
    expect(found(keys, { search: 'KUCHE' })).toEqual(['Küche']);
    expect(found(keys, { search: 'service order' })).toEqual(['Order service']);
    expect(found(keys, { search: 'service kitchen' })).toEqual([]);
  });

  it('finds by ending, environment and address', () => {
    expect(found(keys, { search: 'wxyz' })).toEqual(['Order service']);
    expect(found(keys, { search: 'production' })).toEqual(['Küche']);
    expect(found(keys, { search: '203.0.113.7' })).toEqual(['Order service']);
  });

  it('finds the key of a whole secret that was pasted', () => {
    expect(found(keys, { search: ' sk_live_0123456789abcdefghijklmnopqrwxyz ' })).toEqual(['Order service']);
    expect(found(keys, { search: 'sk_test_0123456789abcdefghijklmnopqrwxyz' })).toEqual([]);
  });
});

describe('filters', () => {
  const keys = [
    key({ name: 'a', state: 'active', tier: 'free' }),
    key({ name: 'b', state: 'disabled', mode: 'test', tier: 'studio' }),
    key({ name: 'c', state: 'revoked' }),
  ];

  it('narrow by state, mode and tier, all at once', () => {
    expect(found(keys, {})).toEqual(['a', 'b', 'c']);
    expect(found(keys, { state: 'usable' })).toEqual(['a', 'b']);
    expect(found(keys, { mode: 'test' })).toEqual(['b']);
    expect(found(keys, { tier: 'free', mode: 'test' })).toEqual([]);
  });
});

describe('order', () => {
  const keys = [
    key({ name: 'b', createdAt: '2026-01-02T00:00:00.000Z', lastUsedAt: '2026-02-01T00:00:00.000Z' }),
    key({ name: 'Á', createdAt: '2026-01-03T00:00:00.000Z' }),
    key({ name: 'c', createdAt: '2026-01-01T00:00:00.000Z', lastUsedAt: '2026-03-01T00:00:00.000Z' }),
  ];
  const sorted = (wanted: Partial<Wanted>) => names(sortGroups(groupGenerations(keys), { ...EVERYTHING, ...wanted }));

  it('is by name or time, either way', () => {
    expect(sorted({ sortBy: 'name', descending: false })).toEqual(['Á', 'b', 'c']);
    expect(sorted({ sortBy: 'createdAt', descending: true })).toEqual(['Á', 'b', 'c']);
    expect(sorted({ sortBy: 'createdAt', descending: false })).toEqual(['c', 'b', 'Á']);
  });

  it('puts what was never used last, whichever way it goes', () => {
    expect(sorted({ sortBy: 'lastUsedAt', descending: true })).toEqual(['c', 'b', 'Á']);
    expect(sorted({ sortBy: 'lastUsedAt', descending: false })).toEqual(['b', 'c', 'Á']);
  });
});
