// What a form makes of a key's settings: only what was changed is sent, and members stay within their tier.

import type { Key } from '@latchkey/client';
import { describe, expect, it } from 'vitest';
import { bodyOf, type Ceilings, changesOf, faultsOf, NO_SETTINGS, settingsOf } from './settings';

const NOW = Date.parse('2026-05-01T12:00:30.250Z');
const key = {
  permissions: ['read'],
  restrictions: { ips: ['203.0.113.0/24'] },
  limits: { perMinute: 100 },
  expiresAt: '2026-06-01T12:00:30.250Z',
} as Key;
const ceilings: Ceilings = { perMinute: 60, perDay: 'custom', concurrent: null };
const member = { isOperator: false, now: NOW };

describe('a change', () => {
  it('is empty when nothing was touched, to the millisecond of the expiry', () => {
    expect(changesOf(key, bodyOf(settingsOf(key), NOW))).toEqual({});
  });

  it('sends what was touched alone, and null for what was emptied', () => {
    const values = { ...settingsOf(key), ips: [], isFullAccess: true };
    expect(changesOf(key, bodyOf(values, NOW))).toEqual({ restrictions: null, permissions: null });
  });

  it('of an expiry in days counts from now', () => {
    expect(bodyOf({ ...NO_SETTINGS, expiry: '30' }, NOW).expiresAt).toBe('2026-05-31T12:00:30.250Z');
  });
});

describe('faults', () => {
  it('hold a member to the tier, but let stand what the key has', () => {
    const above = { ...NO_SETTINGS, perMinute: 100, perDay: 5 };
    expect(faultsOf(above, ceilings, member)).toEqual([
      { field: 'perMinute', is: 'above', most: 60 },
      { field: 'perDay', is: 'operator_only' },
    ]);
    expect(faultsOf({ ...above, perDay: '' }, { ...ceilings, perDay: null }, { ...member, key })).toEqual([]);
  });

  it('let the operator go above it, and ask for what the tier leaves to the key', () => {
    const operator = { isOperator: true, now: NOW };
    expect(faultsOf({ ...NO_SETTINGS, perMinute: 100, perDay: 5 }, ceilings, operator)).toEqual([]);
    expect(faultsOf(NO_SETTINGS, ceilings, operator)).toEqual([{ field: 'perDay', is: 'needed' }]);
  });

  it('name an empty list of permissions, a bad entry, and a moment that is over', () => {
    const values = {
      ...NO_SETTINGS,
      isFullAccess: false,
      endpoints: ['no path'],
      expiry: 'at' as const,
      expiresAt: '2020-01-01T00:00',
    };
    expect(faultsOf(values, { ...ceilings, perDay: null }, member)).toEqual([
      { field: 'permissions', is: 'none_chosen' },
      { field: 'endpoints', is: 'bad_entry', entry: 'no path' },
      { field: 'expiresAt', is: 'past' },
    ]);
  });
});
