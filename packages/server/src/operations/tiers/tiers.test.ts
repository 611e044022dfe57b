// Guarantees of tiers as objects: the next request obeys a change, nothing names a tier that is not there, and every change is audited.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditFaults } from '../maintenance.js';
import { codeOf, refusal, type World, world } from '../world.suite.js';

let w: World;
beforeEach(async () => {
  w = await world('swaypi', { onDisk: true });
});
afterEach(() => w.close());

const LIMITS = { perMinute: 10, perDay: null, concurrent: null };

async function named(name: string) {
  const tier = (await w.lk.tiers.list({})).data.find((each) => each.name === name);
  if (tier === undefined) throw new Error(`no tier ${name}`);
  return tier;
}
const idOf = async (name: string): Promise<string> => (await named(name)).id;
const ranks = async (): Promise<string[]> =>
  (await w.lk.tiers.list({})).data.map(({ rank, name }) => `${rank} ${name}`);
const update = async (name: string, patch: Omit<Parameters<World['lk']['tiers']['update']>[0], 'tierId'>) =>
  w.lk.tiers.update({ tierId: await idOf(name), ...patch });

describe('a fresh database', () => {
  it('has the tiers of the profile, with what each hides', async () => {
    const { data, nextCursor } = await w.lk.tiers.list({});
    expect(nextCursor).toBeNull();
    expect(data.map(({ name, rank, batchSize, gatedFields }) => ({ name, rank, batchSize, gatedFields }))).toEqual([
      { name: 'free', rank: 1, batchSize: 10, gatedFields: ['contact_email', 'audience_geo.detail'] },
      { name: 'builder', rank: 2, batchSize: 50, gatedFields: ['audience_geo.detail'] },
      { name: 'studio', rank: 3, batchSize: 200, gatedFields: [] },
      { name: 'platform', rank: 4, batchSize: 500, gatedFields: [] },
    ]);
    expect(data[0]).toMatchObject({ id: expect.stringMatching(/^tier_/), title: 'Free', endpoints: null });
  });

  it('is given them once: what was changed stays after a restart', async () => {
    await update('free', { batchSize: 3 });
    await w.lk.tiers.create({ name: 'own', limits: LIMITS });
    await w.restart();
    expect((await named('free')).batchSize).toBe(3);
    expect(await ranks()).toEqual(['1 free', '2 builder', '3 studio', '4 platform', '5 own']);
  });

  it('from before there were tiers in it is given them at the next start', async () => {
    const { secret } = await w.key({ tier: 'studio' });
    await w.lk.close();
    w.sql('delete from tiers');
    w.sql("delete from settings where name = 'applied_profile'");
    await w.restart();
    expect(await ranks()).toEqual(['1 free', '2 builder', '3 studio', '4 platform']);
    expect((await w.verify(secret)).snapshot?.tier?.name).toBe('studio');
  });

  it('without tiers in its profile has none', async () => {
    const other = await world('suward');
    expect((await other.lk.tiers.list({})).data).toEqual([]);
    await other.close();
  });
});

describe('a tier', () => {
  it('is made at the top, or at the place that is named', async () => {
    const top = await w.lk.tiers.create({ name: 'top', limits: LIMITS });
    expect(top).toMatchObject({
      name: 'top',
      title: 'top',
      rank: 5,
      batchSize: null,
      endpoints: null,
      permissions: null,
    });
    await w.lk.tiers.create({ name: 'second', title: 'Second', rank: 2, limits: LIMITS });
    expect(await ranks()).toEqual(['1 free', '2 second', '3 builder', '4 studio', '5 platform', '6 top']);
    expect(await codeOf(w.lk.tiers.create({ name: 'far', rank: 8, limits: LIMITS }))).toBe('invalid_request');
  });

  it('that says nothing of fields hides what the one below it hides, the lowest all', async () => {
    const made = await w.lk.tiers.create({ name: 'second', rank: 2, limits: LIMITS });
    expect(made.gatedFields).toEqual(['contact_email', 'audience_geo.detail']);
    expect((await w.lk.tiers.create({ name: 'third', rank: 4, limits: LIMITS })).gatedFields).toEqual([
      'audience_geo.detail',
    ]);
    expect((await w.lk.tiers.create({ name: 'lowest', rank: 1, limits: LIMITS })).gatedFields).toEqual([
      'contact_email',
      'audience_geo.detail',
    ]);
    expect((await w.lk.tiers.create({ name: 'open', gatedFields: [], limits: LIMITS })).gatedFields).toEqual([]);
  });

  it('has a name that is nobody else’s, and that is a slug', async () => {
    expect(await codeOf(w.lk.tiers.create({ name: 'free', limits: LIMITS }))).toBe('tier_exists');
    for (const name of ['Free', 'a b', '', '1st', 'x'.repeat(65)])
      expect(await codeOf(w.lk.tiers.create({ name, limits: LIMITS }))).toBe('invalid_request');
    expect(await codeOf(update('free', { name: 'other' } as never))).toBe('invalid_request');
  });

  it('is changed in what is named: absent leaves, null clears', async () => {
    const before = await named('builder');
    w.time.now += 1000;
    const after = await update('builder', { limits: { perMinute: 7, concurrent: 2 }, batchSize: null });
    expect(after).toEqual({
      ...before,
      limits: { perMinute: 7, perDay: { limit: 10_000, metered: false }, concurrent: 2 },
      batchSize: null,
      updatedAt: new Date(w.time.now).toISOString(),
    });
    expect((await update('builder', { gatedFields: null, limits: { perDay: null } })).limits.perDay).toBeNull();
    expect((await named('builder')).gatedFields).toEqual([]);
    expect(await w.lk.tiers.update({ tierId: before.id })).toEqual(await named('builder'));
  });

  it('with settings that cannot be meant is refused and not changed', async () => {
    const before = await named('free');
    expect(await codeOf(update('free', { limits: { perMinute: 500 } }))).toBe('limits_inconsistent');
    expect(await codeOf(update('free', { permissions: ['fly'] }))).toBe('permission_unknown');
    expect(await codeOf(update('free', { rank: 5 }))).toBe('invalid_request');
    expect(await codeOf(update('free', { endpoints: [] }))).toBe('invalid_request');
    expect(await codeOf(update('free', { gatedFields: ['a..b'] }))).toBe('invalid_request');
    expect(await codeOf(w.lk.tiers.update({ tierId: 'tier_none', title: 'x' }))).toBe('not_found');
    expect(await codeOf(w.lk.tiers.get({ tierId: 'tier_none' }))).toBe('not_found');
    expect(await named('free')).toEqual(before);
  });

  it('leaves keys renamable whose own figures it made inconsistent; only their limits are judged again', async () => {
    const { id } = await w.key({ tier: 'free', limits: { perMinute: 90 } });
    await update('free', { limits: { perMinute: 30, perDay: { limit: 80, metered: true } } });
    expect((await w.lk.keys.update({ keyId: id, name: 'renamed' })).name).toBe('renamed');
    expect(await codeOf(w.lk.keys.update({ keyId: id, limits: { perMinute: 91 } }))).toBe('limits_inconsistent');
  });

  it('moves to another place, and the others make room', async () => {
    await update('platform', { rank: 1 });
    expect(await ranks()).toEqual(['1 platform', '2 free', '3 builder', '4 studio']);
    await update('free', { rank: 4 });
    expect(await ranks()).toEqual(['1 platform', '2 builder', '3 studio', '4 free']);
  });

  it('counts who names it', async () => {
    const { id } = await w.key({ tier: 'studio' });
    await w.key({ tier: 'studio', limits: { perMinute: 5 } });
    await w.lk.projects.create({ organizationId: w.organizationId, name: 'P', tier: 'studio' });
    const counts = async () => (await w.lk.tiers.get({ tierId: await idOf('studio') })).counts;
    expect(await counts()).toEqual({ keys: 2, keysWithOverrides: 1, projects: 1 });
    await w.lk.keys.revoke({ keyId: id });
    expect(await counts()).toEqual({ keys: 1, keysWithOverrides: 1, projects: 1 });
  });

  it('that somebody names is not deleted, and says by whom', async () => {
    const tierId = (await w.lk.tiers.create({ name: 'own', limits: LIMITS })).id;
    const { id } = await w.key({ tier: 'own' });
    await w.key({ tier: 'own' });
    const project = await w.lk.projects.create({ organizationId: w.organizationId, name: 'P', tier: 'own' });
    const error = await refusal(w.lk.tiers.delete({ tierId }));
    expect([error.code, error.message]).toEqual(['tier_in_use', 'The own tier is named by 2 keys, 1 projects.']);
    expect((await refusal(w.lk.tiers.delete({ tierId: await idOf('free') }))).message).toMatch(/the profile's default/);
    expect((await refusal(w.lk.tiers.delete({ tierId: await idOf('studio') }))).message).toMatch(
      /routes of the profile/,
    );

    await w.lk.keys.update({ keyId: id, tier: 'free' });
    for (const key of (await w.lk.keys.list({ projectId: w.projectId })).data)
      await w.lk.keys.revoke({ keyId: key.id });
    await w.lk.projects.update({ projectId: project.id, tier: null });
    expect(await w.lk.tiers.delete({ tierId })).toBeUndefined();
    expect(await ranks()).toEqual(['1 free', '2 builder', '3 studio', '4 platform']);
    expect(await codeOf(w.lk.tiers.delete({ tierId }))).toBe('not_found');
  });

  it('below others leaves no gap when it goes', async () => {
    await w.lk.tiers.create({ name: 'own', rank: 2, limits: LIMITS });
    await w.lk.tiers.delete({ tierId: await idOf('own') });
    expect(await ranks()).toEqual(['1 free', '2 builder', '3 studio', '4 platform']);
  });
});

describe('a change of a tier', () => {
  type Patch = Parameters<typeof update>[1];
  const reasonsAfter = async (
    tier: string,
    patch: Patch,
    request: Parameters<World['reason']>[1],
  ): Promise<(string | null)[]> => {
    const { secret } = await w.key({ tier, limits: { perMinute: 100 } });
    const before = await w.reason(secret, request);
    await update(tier, patch);
    return [before, await w.reason(secret, request)];
  };
  const narrowings: [string, Patch, Parameters<World['reason']>[1], string][] = [
    ['the day', { limits: { perDay: { limit: 0, metered: true } } }, {}, 'quota_exceeded'],
    ['slots', { limits: { concurrent: 0 } }, {}, 'concurrency_exceeded'],
    ['batch size', { batchSize: 4 }, { batchSize: 5 }, 'batch_too_large'],
    ['endpoints', { endpoints: ['GET /v1/me'] }, { method: 'GET', path: '/v1/creators/1' }, 'tier_required'],
    ['gated fields', { gatedFields: ['name'] }, { fields: ['name'] }, 'tier_required'],
    ['permissions', { permissions: ['keys.read'] }, { permissions: ['keys.create'] }, 'tier_required'],
  ];
  it.each(narrowings)('in its %s binds the next request', async (_, patch, request, reason) => {
    expect(await reasonsAfter('studio', patch, request)).toEqual([null, reason]);
  });

  it('in its rank binds the next request', async () => {
    const request = { method: 'POST', path: '/v1/webhooks/1' };
    expect(await reasonsAfter('platform', { rank: 1 }, request)).toEqual([null, 'tier_required']);
  });

  it('in its limits binds the next request of keys without a figure of their own, and only those', async () => {
    const [plain, own] = [await w.key({ tier: 'builder' }), await w.key({ tier: 'builder', limits: { perMinute: 9 } })];
    for (const { secret } of [plain, own]) expect(await w.reason(secret)).toBeNull();
    await update('builder', { limits: { perMinute: 0 } });
    expect(await w.reason(plain.secret)).toBe('rate_limited');
    expect((await w.verify(own.secret)).budgets[0]).toMatchObject({ name: 'perMinute', limit: 9, remaining: 7 });
  });

  it('opens the next request as well as it closes it', async () => {
    expect(await reasonsAfter('free', { batchSize: 100 }, { batchSize: 11 })).toEqual(['batch_too_large', null]);
    expect(await reasonsAfter('free', { gatedFields: null }, { fields: ['contact_email'] })).toEqual([
      'tier_required',
      null,
    ]);
  });

  it('of its rank changes the tier that a refusal names', async () => {
    const { secret } = await w.key({ tier: 'free' });
    const required = async () => (await w.verify(secret, { batchSize: 120 })).required?.tier;
    expect(await required()).toBe('studio');
    await update('platform', { rank: 3 });
    expect(await required()).toBe('platform');
  });

  it('of its title changes what a refusal calls it', async () => {
    const profile = structuredClone(w.lk.profile);
    profile.wire.reasons.tier_required.message = 'Needs {required.tierTitle}.';
    await w.restart({ profile });
    await update('builder', { title: 'Maker' });
    const { secret } = await w.key({ tier: 'free' });
    const { reply } = await w.lk.verify({ secret, fields: ['contact_email'], render: true });
    expect(reply?.body).toBe('{"detail":"Needs Maker."}');
  });

  it('binds which tier a key may be given', async () => {
    await w.lk.tiers.create({ name: 'own', limits: LIMITS });
    const { id, secret } = await w.key({ tier: 'own' });
    expect((await w.verify(secret)).budgets).toMatchObject([{ name: 'perMinute', limit: 10 }]);
    await w.lk.keys.update({ keyId: id, tier: 'free' });
    await w.lk.tiers.delete({ tierId: await idOf('own') });
    expect(await codeOf(w.key({ tier: 'own' }))).toBe('tier_unknown');
    expect(await codeOf(w.lk.keys.update({ keyId: id, tier: 'own' }))).toBe('tier_unknown');
    expect(await codeOf(w.lk.projects.update({ projectId: w.projectId, tier: 'own' }))).toBe('tier_unknown');
  });

  it('to a figure of each key is refused while keys lack it, with their number', async () => {
    await w.key({ tier: 'studio' });
    await w.key({ tier: 'studio', limits: { perMinute: 5 } });
    const error = await refusal(update('studio', { limits: { perMinute: 'custom' } }));
    expect([error.code, error.message]).toEqual([
      'limits_required',
      '1 keys on the studio tier have no perMinute of their own: set it on each first.',
    ]);
    const dead = (await w.lk.keys.list({ projectId: w.projectId })).data.find(({ limits }) => limits === null);
    await w.lk.keys.revoke({ keyId: dead?.id ?? '' });
    expect((await update('studio', { limits: { perMinute: 'custom' } })).limits.perMinute).toBe('custom');
    expect(await codeOf(w.key({ tier: 'studio' }))).toBe('limits_required');
  });

  it('is written to the installation’s audit chain, and the chain stays whole', async () => {
    const { id } = await w.lk.tiers.create({ name: 'own', limits: LIMITS });
    await w.lk.tiers.update({ tierId: id, batchSize: 5, rank: 1 });
    await w.lk.tiers.update({ tierId: id, batchSize: 5 });
    await w.lk.tiers.delete({ tierId: id });
    const { data } = await w.lk.auditEvents.list({ targetId: id });
    expect(data.map(({ action, organizationId, target }) => [action, organizationId, target.type])).toEqual([
      ['deleteTier', null, 'tier'],
      ['updateTier', null, 'tier'],
      ['createTier', null, 'tier'],
    ]);
    expect(data[1]?.changes).toEqual({ batchSize: [null, 5], rank: [5, 1] });
    const { store, vault, auditKey } = w.lk.engine.services;
    expect(await auditFaults(store, vault, auditKey)).toEqual([]);
  });
});

describe('who may', () => {
  it('is the operator: a customer key does nothing with tiers or the profile', async () => {
    const { secret } = await w.key({ tier: 'platform', limits: { perMinute: 100 } });
    const as = w.as(await w.actor(secret));
    const tierId = await idOf('free');
    const calls = [
      as.tiers.list({}),
      as.tiers.get({ tierId }),
      as.tiers.create({ name: 'x', limits: LIMITS }),
      as.tiers.update({ tierId, title: 'x' }),
      as.tiers.preview({ tierId, title: 'x' }),
      as.tiers.delete({ tierId }),
      as.profiles.get({}),
      as.profiles.apply({ profile: {} }),
    ];
    for (const call of calls) expect(await codeOf(call)).toBe('operator_only');
  });

  it('needs the permission of each call', async () => {
    const { secret } = await w.lk.rootKeys.create({ name: 'reader', permissions: ['tiers.read'] });
    const as = w.as(await w.actor(secret));
    const tierId = await idOf('free');
    expect((await as.tiers.list({})).data).toHaveLength(4);
    expect((await as.tiers.preview({ tierId, title: 'x' })).changes).toHaveLength(1);
    expect(await codeOf(as.tiers.update({ tierId, title: 'x' }))).toBe('forbidden');
    expect(await codeOf(as.profiles.get({}))).toBe('forbidden');
  });
});
