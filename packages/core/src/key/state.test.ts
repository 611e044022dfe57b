// Guarantees of a key's state: exact to the millisecond, final before reversible.

import { describe, expect, it } from 'vitest';
import { isLive, keyState } from './state.js';

const T = 1_700_000_000_000;
const alive = { revokedAt: null, expiresAt: null, disabledAt: null, graceEndsAt: null };

describe('the state of a key', () => {
  it.each([
    ['expiresAt', 'active', 'expired'],
    ['graceEndsAt', 'grace', 'expired'],
  ] as const)('turns at the exact millisecond of %s', (time, before, after) => {
    const key = { ...alive, [time]: T };
    expect(keyState(key, T - 1)).toBe(before);
    expect(keyState(key, T)).toBe(after);
    expect(isLive(key, T - 1)).toBe(true);
    expect(isLive(key, T)).toBe(false);
  });

  it.each([
    [{}, 'active', true],
    [{ disabledAt: T }, 'disabled', true],
    [{ disabledAt: T, graceEndsAt: T + 1 }, 'disabled', true],
    [{ disabledAt: T, expiresAt: T }, 'expired', false],
    [{ disabledAt: T, graceEndsAt: T }, 'expired', false],
    [{ revokedAt: T + 1 }, 'revoked', false],
    [{ revokedAt: T, expiresAt: T, disabledAt: T, graceEndsAt: T }, 'revoked', false],
    [{ graceEndsAt: T + 1, expiresAt: T }, 'expired', false],
  ] as const)('of %o is %s', (times, state, live) => {
    expect(keyState({ ...alive, ...times }, T)).toBe(state);
    expect(isLive({ ...alive, ...times }, T)).toBe(live);
  });
});
