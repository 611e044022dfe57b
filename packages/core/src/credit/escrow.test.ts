// Guarantees of escrowed blocks: never more than is free, none where something is due first, none that is not worth it.

import { describe, expect, it } from 'vitest';
import { openedAccount } from './account.js';
import { BLOCK_MS, blockFor } from './escrow.js';

const DAY = 86_400_000;
const account = { ...openedAccount({ familyId: 'f', organizationId: 'o', projectId: 'p' }, null, 0), balance: 8_000 };
const asked = { account, escrowed: 0, nextReturn: null, demand: 10, now: 1_000 };

describe('a block of a balance', () => {
  it('holds some transactions’ worth, and never more than a part of what is free', () => {
    expect(blockFor(asked)).toEqual({ credits: 320, until: 1_000 + BLOCK_MS });
    expect(blockFor({ ...asked, demand: 100 })?.credits).toBe(1_000);
    expect(blockFor({ ...asked, demand: 100, escrowed: 4_000 })?.credits).toBe(500);
  });

  it('is not worth it when little is left', () => {
    expect(blockFor({ ...asked, demand: 251 })).toBeNull();
    expect(blockFor({ ...asked, escrowed: 7_700 })).toBeNull();
  });

  it('ends before anything comes due, and none is had while something is', () => {
    expect(blockFor({ ...asked, nextReturn: 1_500 })?.until).toBe(1_500);
    expect(blockFor({ ...asked, nextReturn: 1_000 })).toBeNull();
    const refilled = { ...account, refill: { amount: 5, every: 'day' as const }, refilledPeriod: 0 };
    expect(blockFor({ ...asked, account: refilled })).not.toBeNull();
    expect(blockFor({ ...asked, account: refilled, now: DAY })).toBeNull();
    expect(blockFor({ ...asked, account: { ...account, bounded: false } })).toBeNull();
  });
});
