// Guarantees of rotation: two generations at most, one budget, a grace period exact to the millisecond, nothing reset.

import { afterEach, describe, expect, it } from 'vitest';
import { codeOf, DAY, type World, world } from '../world.suite.js';

let w: World;
afterEach(() => w.close());

const remaining = async (secret: string, name: string) =>
  (await w.verify(secret)).budgets.find((budget) => budget.name === name)?.remaining;

describe('a rotated key', () => {
  it('works for exactly 24 hours more by default on swaypi, then is rotated out', async () => {
    w = await world('swaypi');
    const old = await w.key();
    const next = await w.lk.keys.rotate({ keyId: old.id });
    expect(next.previous).toEqual({ id: old.id, graceEndsAt: new Date(w.time.now + DAY).toISOString() });
    expect((await w.lk.keys.get({ keyId: old.id })).state).toBe('grace');
    w.time.now += DAY - 1;
    expect(await w.reason(old.secret)).toBeNull();
    w.time.now += 1;
    expect(await w.reason(old.secret)).toBe('rotated_key');
    expect(await w.reason(next.secret)).toBeNull();
    expect((await w.lk.keys.get({ keyId: old.id })).state).toBe('expired');
  });

  it('hands everything on but its identity', async () => {
    w = await world('accounts');
    const given = {
      mode: 'test' as const,
      permissions: ['users.read'],
      restrictions: { endpoints: ['/v1/**'] },
      limits: { perMinute: 9 },
      metadata: { a: 1 },
      ownerId: 'usr_1',
      environment: 'ci',
      expiresAt: '2030-01-01T00:00:00.000Z',
    };
    const old = await w.key(given);
    const { key, secret } = await w.lk.keys.rotate({ keyId: old.id, gracePeriodSeconds: 60 });
    const before = await w.lk.keys.get({ keyId: old.id });
    expect(key).toMatchObject({
      ...given,
      name: before.name,
      familyId: before.familyId,
      generation: 2,
      state: 'active',
    });
    expect(key.id).not.toBe(old.id);
    expect(secret).not.toBe(old.secret);
    expect(key.hint).toBe(secret.slice(-4));
  });

  it('shares one budget with its successor, and nothing resets', async () => {
    w = await world('swaypi');
    const old = await w.key();
    for (let at = 0; at < 7; at++) await w.verify(old.secret);
    const next = await w.lk.keys.rotate({ keyId: old.id });
    expect(await remaining(next.secret, 'perDay')).toBe(92);
    expect(await remaining(old.secret, 'perDay')).toBe(91);
    expect(await remaining(next.secret, 'perMinute')).toBe(50);
  });

  it('leaves at most two live generations when rotated again within the grace period', async () => {
    w = await world('swaypi');
    const first = await w.key();
    const second = await w.lk.keys.rotate({ keyId: first.id });
    const third = await w.lk.keys.rotate({ keyId: second.key.id });
    expect(await w.reason(first.secret)).toBe('rotated_key');
    expect(await w.reason(second.secret)).toBeNull();
    expect(await w.reason(third.secret)).toBeNull();
    expect(third.key.generation).toBe(3);
    w.time.now += DAY;
    expect(await w.reason(second.secret)).toBe('rotated_key');
    expect(await w.reason(third.secret)).toBeNull();
  });

  it('cannot rotate again itself, in its grace period or after', async () => {
    w = await world('swaypi');
    const old = await w.key();
    await w.lk.keys.rotate({ keyId: old.id });
    expect(await codeOf(w.lk.keys.rotate({ keyId: old.id }))).toBe('key_not_rotatable');
    w.time.now += DAY;
    expect(await codeOf(w.lk.keys.rotate({ keyId: old.id }))).toBe('key_not_rotatable');
    const { data } = await w.lk.keys.list({ projectId: w.projectId });
    expect(data).toHaveLength(2);
  });

  it('at once by many callers has one successor', async () => {
    w = await world('swaypi');
    const old = await w.key();
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => w.lk.keys.rotate({ keyId: old.id })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await w.lk.keys.list({ projectId: w.projectId })).data).toHaveLength(2);
  });

  it('never outlives its own expiry, which the successor inherits', async () => {
    w = await world('swaypi');
    const expiresAt = new Date(w.time.now + 5000).toISOString();
    const old = await w.key({ expiresAt });
    const next = await w.lk.keys.rotate({ keyId: old.id });
    expect(next.previous.graceEndsAt).toBe(expiresAt);
    expect(next.key.expiresAt).toBe(expiresAt);
    w.time.now += 5000;
    expect(await w.reason(old.secret)).toMatch(/^(rotated|expired)_key$/);
    expect(await w.reason(next.secret)).toBe('expired_key');
    expect(await codeOf(w.lk.keys.rotate({ keyId: next.key.id }))).toBe('key_not_rotatable');
  });

  it('with 0 seconds ends as the new one starts', async () => {
    w = await world('suward');
    const old = await w.key();
    expect(await w.reason(old.secret)).toBeNull();
    const next = await w.lk.keys.rotate({ keyId: old.id, gracePeriodSeconds: 0 });
    expect(await w.reason(old.secret)).toBe('rotated_key');
    expect(await w.reason(next.secret)).toBeNull();
  });

  it('stays switched off when it was: rotating is no way around disabling', async () => {
    w = await world('swaypi');
    const old = await w.key();
    await w.lk.keys.disable({ keyId: old.id });
    const next = await w.lk.keys.rotate({ keyId: old.id });
    expect(next.key.state).toBe('disabled');
    expect(await w.reason(next.secret)).toBe('disabled_key');
    expect(await w.reason(old.secret)).toBe('disabled_key');
    await w.lk.keys.enable({ keyId: next.key.id });
    expect(await w.reason(next.secret)).toBeNull();
  });

  it('that was revoked stays revoked through the life of its successors', async () => {
    w = await world('swaypi');
    const first = await w.key();
    const second = await w.lk.keys.rotate({ keyId: first.id });
    await w.lk.keys.revoke({ keyId: first.id });
    await w.lk.keys.rotate({ keyId: second.key.id });
    expect(await w.reason(first.secret)).toBe('revoked_key');
  });
});

describe('a change of limits or tier', () => {
  it('binds both live generations, whose budget is one', async () => {
    w = await world('swaypi');
    const old = await w.key({ tier: 'builder' });
    const next = await w.lk.keys.rotate({ keyId: old.id });
    await w.lk.keys.update({ keyId: next.key.id, limits: { perMinute: 2 } });
    expect(await w.reason(old.secret)).toBeNull();
    expect(await w.reason(next.secret)).toBeNull();
    expect(await w.reason(old.secret)).toBe('rate_limited');
    await w.lk.keys.update({ keyId: old.id, tier: 'free', limits: null });
    expect((await w.lk.keys.get({ keyId: next.key.id })).tier).toBe('free');
  });

  it('is what hands figures on: another change of a key that a clock gone back revived leaves the newer one its own', async () => {
    w = await world('swaypi');
    const old = await w.key();
    w.time.now += DAY;
    const next = await w.lk.keys.rotate({ keyId: old.id, gracePeriodSeconds: 0 });
    await w.lk.keys.update({ keyId: next.key.id, limits: { perMinute: 2 } });
    w.time.now -= 1;
    await w.lk.keys.update({ keyId: old.id, name: 'renamed' });
    expect((await w.lk.keys.get({ keyId: next.key.id })).limits).toEqual({ perMinute: 2 });
  });
});

describe('the grace period', () => {
  it('has to be said where the profile has no default', async () => {
    w = await world('suward');
    const { id } = await w.key();
    expect(await codeOf(w.lk.keys.rotate({ keyId: id }))).toBe('grace_period_required');
    expect((await w.lk.keys.list({ projectId: w.projectId })).data).toHaveLength(1);
  });

  it.each([-1, 1.5, 31_536_001, '60', null, 2 ** 53])('of %j is refused', async (gracePeriodSeconds) => {
    w = await world('suward');
    const { id } = await w.key();
    expect(await codeOf(w.lk.keys.rotate({ keyId: id, gracePeriodSeconds } as never))).toBe('invalid_request');
  });

  it('does not exist in a legacy project: replaced in place', async () => {
    w = await world('swaypi', { keyModel: 'legacy' });
    const old = await w.key();
    expect(await codeOf(w.lk.keys.rotate({ keyId: old.id, gracePeriodSeconds: 1 }))).toBe('grace_period_not_allowed');
    expect(await w.reason(old.secret)).toBeNull();
    const next = await w.lk.keys.rotate({ keyId: old.id });
    expect(await w.reason(old.secret)).toBe('rotated_key');
    expect(await w.reason(next.secret)).toBeNull();
    const third = await w.lk.keys.rotate({ keyId: next.key.id, gracePeriodSeconds: 0 });
    expect(await w.reason(third.secret)).toBeNull();
    expect(await codeOf(w.key())).toBe('legacy_key_exists');
  });
});
