// Guarantees of customer keys that manage keys: their own project only, never more than they have, never what is the operator's.

import type { Actor, OperationMethods, OperationName } from '@latchkey/core';
import { operations } from '@latchkey/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, refusal, type World, world } from '../world.suite.js';

type CreateInput = Partial<Parameters<OperationMethods['keys']['create']>[0]>;

const acting = async (w: World, input: CreateInput) => {
  const made = await w.key(input);
  return { ...made, api: w.as(await w.lk.engine.authenticate(made.secret, '192.0.2.1')) };
};

describe('a customer key', () => {
  let w: World;
  beforeEach(async () => {
    w = await world('accounts');
  });
  afterEach(() => w.close());

  it('made without permissions has full access to its project: it lists, makes, changes, rotates, revokes', async () => {
    const { api } = await acting(w, {});
    const { key, secret } = await api.keys.create({ projectId: w.projectId, name: 'child' });
    expect(key).toMatchObject({ mode: 'live', permissions: null, tier: null });
    expect(await w.reason(secret)).toBeNull();
    expect((await api.keys.list({ projectId: w.projectId })).data).toHaveLength(2);
    expect((await api.keys.update({ keyId: key.id, name: 'renamed' })).name).toBe('renamed');
    await api.keys.disable({ keyId: key.id });
    await api.keys.enable({ keyId: key.id });
    const next = await api.keys.rotate({ keyId: key.id, gracePeriodSeconds: 0 });
    expect((await api.keys.revoke({ keyId: next.key.id })).key.state).toBe('revoked');
    await api.keys.delete({ keyId: next.key.id });
    const audit = await w.lk.auditEvents.list({ action: 'rotateKey' });
    expect(audit.data[0]?.actor.type).toBe('customer_key');
  });

  it('needs the permission of each operation', async () => {
    const { id, api } = await acting(w, { permissions: ['users.read'] });
    for (const call of [
      () => api.keys.create({ projectId: w.projectId, name: 'x' }),
      () => api.keys.list({ projectId: w.projectId }),
      () => api.keys.get({ keyId: id }),
      () => api.keys.update({ keyId: id, name: 'x' }),
      () => api.keys.rotate({ keyId: id, gracePeriodSeconds: 0 }),
      () => api.keys.revoke({ keyId: id }),
      () => api.keys.disable({ keyId: id }),
      () => api.keys.delete({ keyId: id }),
    ])
      expect(await codeOf(call())).toBe('forbidden');
    const reader = await acting(w, { permissions: ['keys.read'] });
    expect((await reader.api.keys.get({ keyId: id })).id).toBe(id);
    expect(await codeOf(reader.api.keys.revoke({ keyId: id }))).toBe('forbidden');
  });

  it('may run no operation of the operator, whatever its permissions say', async () => {
    const { secret } = await acting(w, { permissions: ['*'] });
    const actor = await w.actor(secret);
    const names = (Object.keys(operations) as OperationName[]).filter(
      (name) => operations[name].audience === 'operator',
    );
    expect(names.length).toBeGreaterThan(15);
    for (const name of names) {
      const call = { actor, requestId: 'req_x', idempotencyKey: null };
      const input = {
        params: { organizationId: w.organizationId, projectId: w.projectId, rootKeyId: 'root_x' },
        body: {},
      };
      expect([name, await codeOf(w.lk.engine.run(name, input, call))]).toEqual([name, 'operator_only']);
    }
  });

  it('sees another project’s keys exactly as keys that are not there', async () => {
    const { api } = await acting(w, {});
    const project = await w.lk.projects.create({ organizationId: w.organizationId, name: 'other' });
    const foreign = await w.key({ projectId: project.id });
    const attempts = (keyId: string, projectId: string) => [
      () => api.keys.get({ keyId }),
      () => api.keys.update({ keyId, name: 'x' }),
      () => api.keys.rotate({ keyId, gracePeriodSeconds: 0 }),
      () => api.keys.revoke({ keyId }),
      () => api.keys.disable({ keyId }),
      () => api.keys.enable({ keyId }),
      () => api.keys.delete({ keyId }),
      () => api.keys.list({ projectId }),
      () => api.keys.create({ projectId, name: 'x' }),
    ];
    const bytes = async (calls: (() => Promise<unknown>)[]) => {
      const seen: string[] = [];
      for (const call of calls) {
        const error = await refusal(call());
        seen.push(JSON.stringify([error.status, error.code, error.message, error.errors]));
      }
      return seen;
    };
    const theirs = await bytes(attempts(foreign.id, project.id));
    expect(theirs).toEqual(await bytes(attempts('key_nothere', 'proj_nothere')));
    for (const text of theirs) expect(text).toContain('not_found');
    expect(await w.reason(foreign.secret)).toBeNull();
  });

  it.each<[string, CreateInput, CreateInput, string]>([
    ['permissions', { permissions: ['keys.*', 'users.read'] }, { permissions: ['users.write'] }, 'exceeds_own_rights'],
    ['everything by null', { permissions: ['keys.*'] }, { permissions: null }, 'exceeds_own_rights'],
    ['everything by default', { permissions: ['keys.*'] }, {}, 'exceeds_own_rights'],
    ['a wildcard', { permissions: ['keys.create', 'keys.read'] }, { permissions: ['keys.*'] }, 'exceeds_own_rights'],
    ['the other mode', { mode: 'test' }, { mode: 'live' }, 'exceeds_own_rights'],
    ['no restriction', { restrictions: { ips: ['192.0.2.1'] } }, {}, 'exceeds_own_rights'],
    [
      'a wider range',
      { restrictions: { ips: ['192.0.2.1'] } },
      { restrictions: { ips: ['192.0.2.0/24'] } },
      'exceeds_own_rights',
    ],
    [
      'a longer life',
      { expiresAt: '2030-01-01T00:00:00Z' },
      { expiresAt: '2030-01-01T00:00:01Z' },
      'exceeds_own_rights',
    ],
    ['an endless life', { expiresAt: '2030-01-01T00:00:00Z' }, {}, 'exceeds_own_rights'],
    ['limits above the tier’s', {}, { limits: { perMinute: 1000 } }, 'operator_only'],
    ['a day above the tier’s', {}, { limits: { perDay: 1_000_000 } }, 'operator_only'],
    ['more than its own minute', { limits: { perMinute: 10 } }, { limits: { perMinute: 11 } }, 'exceeds_own_rights'],
    ['the tier’s minute by default', { limits: { perMinute: 10 } }, {}, 'exceeds_own_rights'],
    ['more than its own day', { limits: { perDay: 500 } }, { limits: { perDay: 501 } }, 'exceeds_own_rights'],
    ['any concurrency', { limits: { concurrent: 2 } }, {}, 'exceeds_own_rights'],
  ])('cannot hand on %s that it lacks', async (_, own, asked, code) => {
    const { api } = await acting(w, own);
    expect(await codeOf(api.keys.create({ projectId: w.projectId, name: 'child', ...asked }))).toBe(code);
    expect((await w.lk.keys.list({ projectId: w.projectId })).data).toHaveLength(1);
  });

  it('hands on what it has, or less', async () => {
    const { api } = await acting(w, {
      permissions: ['keys.*', 'users.read'],
      limits: { perMinute: 10, concurrent: 3 },
      expiresAt: '2030-01-01T00:00:00.000Z',
    });
    const { key } = await api.keys.create({
      projectId: w.projectId,
      name: 'child',
      permissions: ['keys.read', 'users.read'],
      limits: { perMinute: 10, perDay: 20, concurrent: 1 },
      expiresAt: '2029-12-31T00:00:00.000Z',
    });
    expect(key.limits).toEqual({ perMinute: 10, perDay: 20, concurrent: 1 });
  });

  it('sets a concurrency where the tier has none: less is no privilege', async () => {
    const { api } = await acting(w, {});
    const { key } = await api.keys.create({ projectId: w.projectId, name: 'child', limits: { concurrent: 5 } });
    expect(key.limits).toEqual({ concurrent: 5 });
  });

  it.each<[string, CreateInput]>([
    ['more permissions', { permissions: ['users.write'] }],
    ['full access', {}],
    ['another mode', { mode: 'test', permissions: ['users.read'] }],
    ['no restrictions', { permissions: ['users.read'], expiresAt: '2030-01-01T00:00:00Z' }],
    ['a longer life', { permissions: ['users.read'], restrictions: { endpoints: ['/v1/**'] } }],
    [
      'higher limits',
      {
        permissions: ['users.read'],
        restrictions: { endpoints: ['/v1/**'] },
        expiresAt: '2030-01-01T00:00:00Z',
        limits: { perMinute: 51 },
      },
    ],
  ])('cannot rotate, enable or change a key with %s than itself', async (_, stronger) => {
    const { id: target, secret } = await w.key(stronger);
    const own = {
      permissions: ['keys.*', 'users.read'],
      restrictions: { endpoints: ['/v1/**'] },
      expiresAt: '2030-01-01T00:00:00Z',
      limits: { perMinute: 50 },
    };
    const made = await w.key(own);
    const { snapshot } = await w.verify(made.secret, { method: 'GET', path: '/v1/users' });
    const actor = w.lk.engine.actorOf(snapshot as NonNullable<typeof snapshot>);
    const api = w.as(actor);
    expect(await codeOf(api.keys.rotate({ keyId: target, gracePeriodSeconds: 0 }))).toBe('exceeds_own_rights');
    expect(await codeOf(api.keys.update({ keyId: target, name: 'mine' }))).toBe('exceeds_own_rights');
    expect(await codeOf(api.keys.update({ keyId: target, permissions: ['users.read'] }))).toBe('exceeds_own_rights');
    await w.lk.keys.disable({ keyId: target });
    expect(await codeOf(api.keys.enable({ keyId: target }))).toBe('exceeds_own_rights');
    await w.lk.keys.enable({ keyId: target });
    expect(await w.reason(secret, { method: 'GET', path: '/v1/anything' })).toBeNull();
  });

  it('of test mode sees, lists and ends test keys only: live ones look as if they were not there', async () => {
    const live = await w.key({});
    const other = await w.key({ mode: 'test' });
    const { id, api } = await acting(w, { mode: 'test' });
    const listed = async (input: { mode?: 'live' | 'test' }) =>
      (await api.keys.list({ projectId: w.projectId, ...input })).data.map((key) => key.id).sort();
    expect(await listed({})).toEqual([id, other.id].sort());
    expect(await listed({ mode: 'test' })).toEqual([id, other.id].sort());
    expect(await listed({ mode: 'live' })).toEqual([]);
    const attempts = (keyId: string) => [
      () => api.keys.get({ keyId }),
      () => api.keys.update({ keyId, name: 'x' }),
      () => api.keys.rotate({ keyId, gracePeriodSeconds: 0 }),
      () => api.keys.disable({ keyId }),
      () => api.keys.enable({ keyId }),
      () => api.keys.revoke({ keyId }),
      () => api.keys.delete({ keyId }),
    ];
    for (const [at, attempt] of attempts(live.id).entries()) {
      const nothing = await refusal((attempts('key_nothere')[at] as typeof attempt)());
      expect(await refusal(attempt())).toMatchObject({ code: 'not_found', message: nothing.message });
    }
    expect(await w.reason(live.secret)).toBeNull();
    expect((await api.keys.revoke({ keyId: other.id })).key.state).toBe('revoked');
  });

  it('of live mode manages the test keys of its project too', async () => {
    const test = await w.key({ mode: 'test' });
    const { id, api } = await acting(w, {});
    const { data } = await api.keys.list({ projectId: w.projectId });
    expect(data.map((key) => key.id).sort()).toEqual([id, test.id].sort());
    expect((await api.keys.revoke({ keyId: test.id })).key.state).toBe('revoked');
  });

  it('cannot widen itself', async () => {
    const own: CreateInput = {
      permissions: ['keys.*', 'users.read'],
      limits: { perMinute: 10 },
      expiresAt: '2030-01-01T00:00:00.000Z',
    };
    const { id, api } = await acting(w, own);
    for (const change of [
      { permissions: null },
      { permissions: ['*'] },
      { permissions: ['keys.*', 'users.write'] },
      { limits: null },
      { limits: { perMinute: 11 } },
      { limits: { perDay: 5000 } },
      { expiresAt: null },
      { expiresAt: '2031-01-01T00:00:00Z' },
    ])
      expect([change, await codeOf(api.keys.update({ keyId: id, ...change }))]).toEqual([change, 'exceeds_own_rights']);
    expect(await w.lk.keys.get({ keyId: id })).toMatchObject(own);
  });

  it('keeps what the operator gave it when it changes something else', async () => {
    const { id, api } = await acting(w, { limits: { perMinute: 100_000, perDay: 1_000_000 } });
    const changed = await api.keys.update({ keyId: id, name: 'renamed' });
    expect(changed).toMatchObject({ name: 'renamed', limits: { perMinute: 100_000 } });
    expect(await codeOf(api.keys.update({ keyId: id, limits: { perMinute: 100_001, perDay: 1_000_000 } }))).toBe(
      'operator_only',
    );
  });

  it('that is dead, suspended or restricted elsewhere is nobody', async () => {
    const revoked = await w.key();
    await w.lk.keys.revoke({ keyId: revoked.id });
    const restricted = await w.key({ restrictions: { ips: ['192.0.2.1'] } });
    const disabled = await w.key();
    await w.lk.keys.disable({ keyId: disabled.id });
    for (const { secret } of [revoked, restricted, disabled])
      expect(await codeOf(w.actor(secret))).toBe('unauthenticated');
    expect((await w.lk.engine.authenticate(restricted.secret, '192.0.2.1')).id).toBe(restricted.id);
    for (const nothing of [null, '', ' ', 'nonsense', 'a b', 'x'.repeat(600)])
      expect(await codeOf(w.lk.engine.authenticate(nothing, null))).toBe('unauthenticated');
    const good = await w.key();
    await w.lk.projects.suspend({ projectId: w.projectId });
    expect(await codeOf(w.actor(good.secret))).toBe('unauthenticated');
  });

  it('manages its keys while its own limits are used up: managing spends nothing', async () => {
    const faces = await world('aifaceswap');
    const { key, secret } = await faces.lk.keys.create({
      projectId: faces.projectId,
      name: 'k',
      limits: { perMinute: 1, concurrent: 1 },
    });
    const held = await faces.verify(secret, { method: 'POST', path: '/v1/swaps', holdSlot: true });
    expect(held.reason).toBeNull();
    expect(await faces.reason(secret, { method: 'POST', path: '/v1/swaps' })).toBe('concurrency_exceeded');
    const api = faces.as(await faces.actor(secret));
    expect((await api.keys.get({ keyId: key.id })).id).toBe(key.id);
    held.release();
    await faces.close();
  });
});

describe('a customer key of a tier', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('swaypi', { tier: 'builder' });
  });
  afterAll(() => w.close());

  it('cannot name one', async () => {
    const { id, api } = await acting(w, {});
    expect(await codeOf(api.keys.create({ projectId: w.projectId, name: 'x', tier: 'studio' }))).toBe('operator_only');
    expect(await codeOf(api.keys.create({ projectId: w.projectId, name: 'x', tier: 'free' }))).toBe('operator_only');
    expect(await codeOf(api.keys.update({ keyId: id, tier: 'studio' }))).toBe('operator_only');
    expect((await api.keys.update({ keyId: id, tier: null })).tier).toBe('builder');
    expect((await api.keys.create({ projectId: w.projectId, name: 'x', tier: 'builder' })).key.tier).toBe('builder');
  });

  it('below its project’s makes keys of its own tier, never of a higher one', async () => {
    const { api } = await acting(w, { tier: 'free' });
    expect((await api.keys.create({ projectId: w.projectId, name: 'x' })).key.tier).toBe('free');
    expect(await codeOf(api.keys.create({ projectId: w.projectId, name: 'x', tier: 'builder' }))).toBe('operator_only');
    const sibling = await w.key();
    expect(await codeOf(api.keys.rotate({ keyId: sibling.id }))).toBe('exceeds_own_rights');
  });

  it('above its project’s makes keys of the project’s', async () => {
    const { api } = await acting(w, { tier: 'studio' });
    expect((await api.keys.create({ projectId: w.projectId, name: 'x' })).key.tier).toBe('builder');
  });
});

describe('a root key', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('suward');
  });
  afterAll(() => w.close());

  it('does what it may and nothing else, and makes none stronger than itself', async () => {
    const { secret, rootKey } = await w.lk.rootKeys.create({ name: 'r', permissions: ['keys.read', 'root_keys.*'] });
    const actor: Actor = await w.actor(secret);
    expect(actor).toEqual({ type: 'root_key', id: rootKey.id, permissions: ['keys.read', 'root_keys.*'] });
    const api = w.as(actor);
    await api.keys.list({ projectId: w.projectId });
    expect(await codeOf(api.keys.create({ projectId: w.projectId, name: 'x' }))).toBe('forbidden');
    expect(await codeOf(api.rootKeys.create({ name: 'x', permissions: ['*'] }))).toBe('exceeds_own_rights');
    expect(await codeOf(api.rootKeys.create({ name: 'x', permissions: ['keys.*'] }))).toBe('exceeds_own_rights');
    await api.rootKeys.create({ name: 'x', permissions: ['keys.read'] });
    const strong = await w.lk.rootKeys.create({ name: 's', permissions: ['*'] });
    expect(await codeOf(api.rootKeys.revoke({ rootKeyId: strong.rootKey.id }))).toBe('exceeds_own_rights');
    expect(JSON.stringify(await api.rootKeys.list({}))).not.toContain(secret.slice(8));
  });

  it('ends for good, and the last that may do everything stays', async () => {
    const fresh = await world('suward');
    const only = await fresh.lk.rootKeys.create({ name: 'only', permissions: ['*'] });
    expect(await codeOf(fresh.lk.rootKeys.revoke({ rootKeyId: only.rootKey.id }))).toBe('last_root_key');
    const second = await fresh.lk.rootKeys.create({ name: 'second', permissions: ['*'] });
    await fresh.actor(only.secret);
    const first = await fresh.lk.rootKeys.revoke({ rootKeyId: only.rootKey.id });
    expect(await codeOf(fresh.actor(only.secret))).toBe('unauthenticated');
    fresh.time.now += 1000;
    expect((await fresh.lk.rootKeys.revoke({ rootKeyId: only.rootKey.id })).revokedAt).toBe(first.revokedAt);
    const expiring = await fresh.lk.rootKeys.create({
      name: 'e',
      permissions: ['*'],
      expiresAt: new Date(fresh.time.now + 1000).toISOString(),
    });
    await fresh.actor(expiring.secret);
    fresh.time.now += 1000;
    expect(await codeOf(fresh.actor(expiring.secret))).toBe('unauthenticated');
    expect(await codeOf(fresh.lk.rootKeys.revoke({ rootKeyId: second.rootKey.id }))).toBe('last_root_key');
    await fresh.close();
  });

  it('is no key of the API it manages', async () => {
    const { secret } = await w.lk.rootKeys.create({ name: 'r', permissions: ['*'] });
    expect(await w.reason(secret)).toBe('unknown_key');
  });
});
