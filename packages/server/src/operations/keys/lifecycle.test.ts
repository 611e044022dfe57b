// Guarantees of a key's life: shown once, listed without gaps, changed in three states, ended for good, never half done.

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, MINUTE, refusal, type World, world } from '../world.suite.js';

describe('a key that is made', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('accounts');
  });
  afterAll(() => w.close());

  it('has its secret in the one answer and nowhere else, however it is asked for', async () => {
    const made = await w.lk.keys.create({ projectId: w.projectId, name: 'Production' });
    expect(made.secret).toMatch(/^sk_live_[0-9A-Za-z]{38}$/);
    expect(made.key).toMatchObject({
      state: 'active',
      prefix: 'sk_live_',
      hint: made.secret.slice(-4),
      generation: 1,
      mode: 'live',
      permissions: null,
      lastUsedAt: null,
    });
    await w.verify(made.secret);
    const answers = JSON.stringify([
      made.key,
      await w.lk.keys.get({ keyId: made.key.id }),
      await w.lk.keys.list({ projectId: w.projectId }),
      await w.lk.keys.verify({ secret: made.secret, render: true }),
      await w.lk.auditEvents.list({}),
      await w.lk.usage.get({}),
      w.log,
    ]);
    const record = await w.lk.engine.services.store.keys.get(made.key.id);
    expect(answers).not.toContain(made.secret.slice(8, -6));
    expect(answers).not.toContain(record?.digest.value);
    expect(answers).not.toContain(record?.webhookSecret);
    expect(JSON.stringify(record)).not.toContain(made.secret.slice(8, -6));
  });

  it('round-trips what it was given', async () => {
    const given = {
      name: 'Ключ 🔑',
      mode: 'test' as const,
      permissions: ['users.read', 'keys.*'],
      restrictions: {
        ips: ['192.0.2.0/24', '2001:db8::/32'],
        referrers: ['https://*.a.example'],
        endpoints: ['GET /v1/**'],
      },
      limits: { perMinute: 5, perDay: 50, concurrent: 0 },
      expiresAt: '2030-01-01T00:00:00.000Z',
      metadata: { emoji: '🦊', nested: { list: [1, null, { a: false }] }, nul: '\0' },
      ownerId: 'usr_1',
      environment: 'staging',
    };
    const { key } = await w.lk.keys.create({ projectId: w.projectId, ...given });
    expect(key).toMatchObject(given);
    expect(await w.lk.keys.get({ keyId: key.id })).toEqual(key);
  });

  it('knows absent, null and 0 apart', async () => {
    const absent = await w.key();
    const none = await w.key({ limits: null, permissions: null });
    const zero = await w.key({ limits: { perMinute: 0 }, permissions: [] });
    expect((await w.lk.keys.get({ keyId: absent.id })).limits).toBeNull();
    expect((await w.lk.keys.get({ keyId: none.id })).limits).toBeNull();
    expect((await w.lk.keys.get({ keyId: zero.id })).limits).toEqual({ perMinute: 0 });
    expect(await w.reason(none.secret, { permissions: ['users.read'] })).toBeNull();
    expect(await w.reason(zero.secret, { permissions: ['users.read'] })).toBe('insufficient_permission');
    expect(await w.reason(zero.secret)).toBe('rate_limited');
  });

  it.each([
    [{ tier: 'gold' }, 'tier_unknown'],
    [{ permissions: ['users.fly'] }, 'permission_unknown'],
    [{ permissions: ['constructor'] }, 'permission_unknown'],
    [{ limits: { perMinute: 10, perDay: 5 } }, 'limits_inconsistent'],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, 'expiry_in_past'],
    [{ expiresAt: '2025-01-15T12:00:00Z' }, 'expiry_in_past'],
    [{ projectId: 'proj_nothere' }, 'not_found'],
    [{ projectId: 'a'.repeat(201) }, 'invalid_request'],
    [{ projectId: 'proj\0' }, 'invalid_request'],
    [{ unknown: 1 }, 'invalid_request'],
  ])('with %j is refused as %s and leaves nothing behind', async (input, code) => {
    const before = await w.lk.engine.services.store.audit.head(w.organizationId);
    expect(await codeOf(w.lk.keys.create({ projectId: w.projectId, name: 'bad', ...input } as never))).toBe(code);
    expect(await w.lk.engine.services.store.audit.head(w.organizationId)).toEqual(before);
    const { data } = await w.lk.keys.list({ projectId: w.projectId, limit: 100 });
    expect(data.some(({ name }) => name === 'bad')).toBe(false);
  });

  it('is of a mode that the profile makes', async () => {
    const suward = await world('suward');
    expect(await codeOf(suward.key({ mode: 'test' }))).toBe('mode_not_offered');
    await suward.close();
  });

  it('of a tier that leaves its limits to the key needs them', async () => {
    const swaypi = await world('swaypi');
    expect(await codeOf(swaypi.key({ tier: 'platform' }))).toBe('limits_required');
    const made = await swaypi.key({ tier: 'platform', limits: { perMinute: 5000 } });
    expect(await codeOf(swaypi.lk.keys.update({ keyId: made.id, limits: null }))).toBe('limits_required');
    const free = await swaypi.key();
    expect(await codeOf(swaypi.lk.keys.update({ keyId: free.id, tier: 'platform' }))).toBe('limits_required');
    await swaypi.close();
  });
});

describe('the list of keys', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('accounts');
  });
  afterAll(() => w.close());

  it('is newest first, whole, and keeps its place while keys are added', async () => {
    const made: string[] = [];
    for (let at = 0; at < 25; at++) {
      w.time.now += at % 5 === 0 ? 1 : 0; // several in one millisecond
      made.push((await w.key({ name: `k${at}` })).id);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await w.lk.keys.list({ projectId: w.projectId, limit: 4, ...(cursor && { cursor }) });
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
      w.time.now += 1;
      await w.key({ name: 'later' });
    } while (cursor);
    expect(new Set(seen).size).toBe(seen.length);
    expect([...seen].sort()).toEqual([...made].sort());
    const { data } = await w.lk.keys.list({ projectId: w.projectId, limit: 100 });
    const times = data.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort().reverse());
  });

  it('has a page of exactly the rest without a cursor behind it', async () => {
    const { data } = await w.lk.keys.list({ projectId: w.projectId, limit: 100 });
    const page = await w.lk.keys.list({ projectId: w.projectId, limit: data.length });
    expect(page.nextCursor).toBeNull();
  });

  it.each(['', 'x', 'bnVsbA', 'W10', 'WzEsMl0', 'WyIxIiwiYSJd', 'eyJhdCI6MX0', '%00', '🦊', 'WzEsImEiLDJd'])(
    'answers a cursor of %j with 400',
    async (cursor) => {
      const error = await refusal(w.lk.keys.list({ projectId: w.projectId, cursor }));
      expect([error.status, error.code]).toEqual([400, 'invalid_cursor']);
    },
  );

  it('leaves revoked keys out when asked, and filters by mode and family', async () => {
    const test = await w.key({ mode: 'test' });
    const dead = await w.key();
    await w.lk.keys.revoke({ keyId: dead.id });
    const ids = async (filter: object) =>
      (await w.lk.keys.list({ projectId: w.projectId, limit: 100, ...filter })).data.map(({ id }) => id);
    expect(await ids({})).toContain(dead.id);
    expect(await ids({ notRevoked: true })).not.toContain(dead.id);
    expect(await ids({ mode: 'test' })).toEqual([test.id]);
    const { familyId } = await w.lk.keys.get({ keyId: test.id });
    expect(await ids({ familyId })).toEqual([test.id]);
  });

  it('of a project that is not there is 404', async () => {
    expect(await codeOf(w.lk.keys.list({ projectId: 'proj_nothere' }))).toBe('not_found');
  });

  it('holds both of two keys made at once', async () => {
    const both = await Promise.all([w.key(), w.key()]);
    const { data } = await w.lk.keys.list({ projectId: w.projectId, limit: 100 });
    for (const { id } of both) expect(data.some((key) => key.id === id)).toBe(true);
  });
});

describe('a change', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('swaypi', { tier: 'builder' });
  });
  afterAll(() => w.close());

  it.each([
    ['tier', 'studio', 'free', 'builder'],
    ['permissions', ['keys.read'], ['keys.*'], null],
    ['restrictions', { ips: ['192.0.2.1'] }, { referrers: ['https://a.example'] }, null],
    ['limits', { perMinute: 7 }, { perDay: 5000 }, null],
    ['expiresAt', '2031-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z', null],
    ['metadata', { a: 1 }, { b: { c: [] } }, null],
    ['ownerId', 'usr_1', 'usr_2', null],
    ['environment', 'production', 'staging', null],
  ])('of %s: absent leaves, a value sets, null clears', async (member, first, second, cleared) => {
    const { key } = await w.lk.keys.create({ projectId: w.projectId, name: 'n', [member]: first } as never);
    const read = async () => (await w.lk.keys.get({ keyId: key.id })) as unknown as Record<string, unknown>;
    expect((await read())[member]).toEqual(first);
    w.time.now += 1000;
    await w.lk.keys.update({ keyId: key.id, name: 'renamed' });
    expect(await read()).toMatchObject({ name: 'renamed', [member]: first });
    await w.lk.keys.update({ keyId: key.id, [member]: second } as never);
    expect((await read())[member]).toEqual(second);
    await w.lk.keys.update({ keyId: key.id, [member]: null } as never);
    expect(await read()).toEqual({ ...key, name: 'renamed', [member]: cleared });
  });

  it('cannot clear the name, and cannot touch what is not its to change', async () => {
    const { id } = await w.key();
    const before = await w.lk.engine.services.store.keys.get(id);
    const foreign = [
      'id',
      'projectId',
      'organizationId',
      'familyId',
      'generation',
      'prefix',
      'hint',
      'mode',
      'model',
      'state',
      'digest',
      'imported',
      'webhookSecret',
      'createdBy',
      'createdAt',
      'revokedAt',
      'disabledAt',
      'graceEndsAt',
      'lastUsedAt',
      'credits',
      'secret',
    ];
    for (const member of foreign) {
      expect(
        await codeOf(w.lk.engine.run('updateKey', { params: { keyId: id }, body: { [member]: null } }, call(w))),
      ).toBe('invalid_request');
    }
    expect(await codeOf(w.lk.keys.update({ keyId: id, name: null } as never))).toBe('invalid_request');
    expect(await w.lk.engine.services.store.keys.get(id)).toEqual(before);
  });

  it('is obeyed by the very next request', async () => {
    const { id, secret } = await w.key();
    expect(await w.reason(secret, { permissions: ['keys.read'] })).toBeNull();
    await w.lk.keys.update({ keyId: id, permissions: [] });
    expect(await w.reason(secret, { permissions: ['keys.read'] })).toBe('insufficient_permission');
    await w.lk.keys.update({ keyId: id, permissions: null, limits: { perMinute: 1 } });
    expect((await w.verify(secret)).budgets.find(({ name }) => name === 'perMinute')?.limit).toBe(1);
    await w.lk.keys.update({ keyId: id, limits: null, tier: 'studio' });
    expect((await w.verify(secret)).budgets.find(({ name }) => name === 'perMinute')?.limit).toBe(2400);
    await w.lk.keys.update({ keyId: id, restrictions: { ips: ['192.0.2.1'] } });
    expect(await w.reason(secret, { ip: '192.0.2.2' })).toBe('ip_not_allowed');
    expect(await w.reason(secret, { ip: '::ffff:192.0.2.1' })).toBeNull();
  });

  it('that changes nothing is no change: no audit row, the same answer', async () => {
    const { id } = await w.key({ name: 'same' });
    const head = await w.lk.engine.services.store.audit.head(w.organizationId);
    await w.lk.keys.update({ keyId: id, name: 'same', tier: 'builder' });
    await w.lk.keys.update({ keyId: id });
    expect(await w.lk.engine.services.store.audit.head(w.organizationId)).toEqual(head);
  });

  it('to a dead key is refused, whatever killed it', async () => {
    const revoked = await w.key();
    await w.lk.keys.revoke({ keyId: revoked.id });
    const expired = await w.key({ expiresAt: new Date(w.time.now + 1000).toISOString() });
    w.time.now += 1000;
    for (const { id, secret } of [revoked, expired]) {
      const before = await w.lk.keys.get({ keyId: id });
      for (const call of [
        () => w.lk.keys.update({ keyId: id, expiresAt: null }),
        () => w.lk.keys.update({ keyId: id, name: 'again' }),
        () => w.lk.keys.enable({ keyId: id }),
        () => w.lk.keys.disable({ keyId: id }),
      ])
        expect(await codeOf(call())).toBe('key_not_live');
      expect(await codeOf(w.lk.keys.rotate({ keyId: id }))).toBe('key_not_rotatable');
      expect(await w.lk.keys.get({ keyId: id })).toEqual(before);
      expect(await w.reason(secret)).toMatch(/^(revoked|expired)_key$/);
    }
  });
});

describe('an end', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('suward');
  });
  afterAll(() => w.close());

  it('keeps the reason without the key that was told with it', async () => {
    const { id, secret } = await w.key();
    const { key } = await w.lk.keys.revoke({ keyId: id, reason: `found ${secret} in a log` });
    expect(key.revokedReason).toBe('found [masked] in a log');
  });

  it('by revoking is at once and final, and again answers the same', async () => {
    const { id, secret } = await w.key();
    expect(await w.reason(secret)).toBeNull();
    const first = await w.lk.keys.revoke({ keyId: id, reason: 'leaked' });
    expect(first.propagated).toMatchObject({ nodes: 1, of: 1 });
    expect(await w.reason(secret)).toBe('revoked_key');
    w.time.now += MINUTE;
    const again = await w.lk.keys.revoke({ keyId: id, reason: 'other' });
    expect(again.key).toMatchObject({ revokedAt: first.key.revokedAt, revokedReason: 'leaked', state: 'revoked' });
    expect(await codeOf(w.lk.keys.revoke({ keyId: id, onlyIfLive: true }))).toBe('not_found');
    expect(await codeOf(w.lk.keys.revoke({ keyId: 'key_nothere' }))).toBe('not_found');
  });

  it('of a family ends every generation', async () => {
    const first = await w.key();
    const second = await w.lk.keys.rotate({ keyId: first.id, gracePeriodSeconds: 600 });
    expect(await w.reason(first.secret)).toBeNull();
    await w.lk.keys.revoke({ keyId: first.id });
    expect(await w.reason(second.secret)).toBeNull();
    await w.lk.keys.revoke({ keyId: first.id, family: true });
    expect(await w.reason(second.secret)).toBe('revoked_key');
  });

  it('by disabling is reversible, and by time is not', async () => {
    const { id, secret } = await w.key({ expiresAt: new Date(w.time.now + 5000).toISOString() });
    await w.lk.keys.disable({ keyId: id });
    expect((await w.lk.keys.disable({ keyId: id })).state).toBe('disabled');
    expect(await w.reason(secret)).toBe('disabled_key');
    expect((await w.lk.keys.enable({ keyId: id })).state).toBe('active');
    expect(await w.reason(secret)).toBeNull();
    w.time.now += 4999;
    expect(await w.reason(secret)).toBeNull();
    w.time.now += 1;
    expect(await w.reason(secret)).toBe('expired_key');
    expect((await w.lk.keys.get({ keyId: id })).state).toBe('expired');
  });

  it('by deleting takes the record along: unknown from then on, and a second time 404', async () => {
    const { id, secret } = await w.key();
    await w.verify(secret);
    await w.lk.keys.delete({ keyId: id });
    expect(await w.reason(secret)).toBe('unknown_key');
    for (const call of [
      () => w.lk.keys.get({ keyId: id }),
      () => w.lk.keys.delete({ keyId: id }),
      () => w.lk.keys.revoke({ keyId: id }),
      () => w.lk.keys.enable({ keyId: id }),
      () => w.lk.keys.update({ keyId: id, name: 'x' }),
      () => w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 0 }),
    ])
      expect(await codeOf(call())).toBe('not_found');
    await w.lk.engine.services.usage.flush();
    expect(await w.lk.engine.services.store.keys.get(id)).toBeNull();
  });

  it('that began while a key was being verified is not undone by what the verification writes', async () => {
    const { id, secret } = await w.key();
    await Promise.all([w.verify(secret), w.lk.keys.disable({ keyId: id }), w.verify(secret)]);
    await w.lk.engine.services.usage.flush();
    expect((await w.lk.keys.get({ keyId: id })).state).toBe('disabled');
    expect(await w.reason(secret)).toBe('disabled_key');
  });
});

describe('a legacy project', () => {
  it('has one key: a second is refused with the call that replaces it', async () => {
    const w = await world('suward', { keyModel: 'legacy' });
    const { id } = await w.key();
    const error = await refusal(w.key());
    expect(error.code).toBe('legacy_key_exists');
    expect(error.message).toContain(id);
    await w.lk.keys.disable({ keyId: id });
    expect(await codeOf(w.key())).toBe('legacy_key_exists');
    await w.lk.keys.revoke({ keyId: id });
    const next = await w.key();
    expect(await w.reason(next.secret)).toBeNull();
    expect((await Promise.allSettled([w.key(), w.key()])).every(({ status }) => status === 'rejected')).toBe(true);
    await w.close();
  });

  it('gets one key from many creates at once', async () => {
    const w = await world('suward', { keyModel: 'legacy' });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => w.key()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await w.close();
  });
});

describe('organizations and projects', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('suward');
  });
  afterAll(() => w.close());

  it.each(['organizations', 'projects'] as const)(
    'suspended and resumed as %s, at once and twice alike',
    async (space) => {
      const { secret } = await w.key();
      const id = space === 'organizations' ? { organizationId: w.organizationId } : { projectId: w.projectId };
      const api = w.lk[space] as {
        suspend(input: object): Promise<{ suspendedAt: string | null }>;
        resume(input: object): Promise<{ suspendedAt: string | null }>;
      };
      expect(await w.reason(secret)).toBeNull();
      const first = await api.suspend(id);
      expect(await w.reason(secret)).toBe('organization_disabled');
      w.time.now += 1000;
      expect((await api.suspend(id)).suspendedAt).toBe(first.suspendedAt);
      expect(await codeOf(w.key())).toBe('organization_suspended');
      expect((await api.resume(id)).suspendedAt).toBeNull();
      expect((await api.resume(id)).suspendedAt).toBeNull();
      expect(await w.reason(secret)).toBeNull();
    },
  );

  it('revoke works while suspended, and stays after resuming', async () => {
    const { id, secret } = await w.key();
    await w.lk.organizations.suspend({ organizationId: w.organizationId });
    await w.lk.keys.revoke({ keyId: id });
    await w.lk.organizations.resume({ organizationId: w.organizationId });
    expect(await w.reason(secret)).toBe('revoked_key');
  });

  it('a deleted project kills its keys and no others; a deleted organization all of its own', async () => {
    const other = await w.lk.organizations.create({ name: 'Other' });
    const doomed = await w.lk.projects.create({ organizationId: other.id, name: 'doomed' });
    const sibling = await w.lk.projects.create({ organizationId: other.id, name: 'sibling' });
    const key = await w.key({ projectId: doomed.id });
    const siblingKey = await w.key({ projectId: sibling.id });
    const mine = await w.key();
    for (const { secret } of [key, siblingKey, mine]) expect(await w.reason(secret)).toBeNull();
    await w.lk.projects.delete({ projectId: doomed.id });
    expect(await w.reason(key.secret)).toBe('unknown_key');
    expect(await w.reason(siblingKey.secret)).toBeNull();
    expect(await codeOf(w.lk.keys.list({ projectId: doomed.id }))).toBe('not_found');
    await w.lk.organizations.delete({ organizationId: other.id });
    expect(await w.reason(siblingKey.secret)).toBe('unknown_key');
    expect(await w.reason(mine.secret)).toBeNull();
    for (const call of [
      () => w.lk.projects.get({ projectId: sibling.id }),
      () => w.lk.organizations.get({ organizationId: other.id }),
      () => w.lk.organizations.delete({ organizationId: other.id }),
      () => w.lk.organizations.suspend({ organizationId: other.id }),
      () => w.lk.keys.get({ keyId: siblingKey.id }),
    ])
      expect(await codeOf(call())).toBe('not_found');
  });

  it('change in three states too', async () => {
    const { id } = await w.lk.organizations.create({ name: 'Three', metadata: { a: 1 } });
    expect((await w.lk.organizations.update({ organizationId: id, name: 'Four' })).metadata).toEqual({ a: 1 });
    expect((await w.lk.organizations.update({ organizationId: id, metadata: null })).metadata).toBeNull();
    const project = await w.lk.projects.create({ organizationId: id, name: 'p', metadata: { b: 2 } });
    expect((await w.lk.projects.update({ projectId: project.id, name: 'q' })).metadata).toEqual({ b: 2 });
    expect((await w.lk.projects.update({ projectId: project.id, metadata: null })).metadata).toBeNull();
    expect(await codeOf(w.lk.projects.update({ projectId: project.id, tier: 'gold' }))).toBe('tier_unknown');
    expect(await codeOf(w.lk.projects.update({ projectId: project.id, keyModel: 'legacy' } as never))).toBe(
      'invalid_request',
    );
    expect(await codeOf(w.lk.projects.create({ organizationId: 'org_nothere', name: 'p' }))).toBe('not_found');
  });
});

const call = (w: World) => ({
  actor: { type: 'operator' as const, id: 'operator', permissions: ['*'] },
  requestId: w.lk.engine.makeRequestId(),
  idempotencyKey: null,
});

describe('metadata on its way through the engine', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('suward');
  });
  afterAll(() => w.close());

  const create = (text: string) =>
    w.lk.engine.run(
      'createKey',
      { params: { projectId: w.projectId }, body: { name: 'm', metadata: JSON.parse(text) as unknown } },
      call(w),
    );

  it.each([
    '{}',
    '{"":""}',
    '{"a":"\\u0000"}',
    '{"a":"\\ud83d\\ude00"}',
    '{"a":[[],{},null,true,1.5,-1e-7]}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"a":9007199254740991}',
    '{"z":1,"a":2,"10":3}',
  ])('%s comes back exactly', async (text) => {
    const made = await create(text);
    const read = await w.lk.keys.get({ keyId: made.key.id });
    expect(JSON.stringify(read.metadata)).toBe(JSON.stringify(JSON.parse(text)));
  });

  it.each([
    '{"a":"\\ud800"}',
    '{"\\udfff":1}',
    '{"a":9007199254740992}',
    '{"a":1e309}',
    '{"__proto__":{"x":1}}',
    '{"a":{"__proto__":1}}',
    `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
    `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`,
    JSON.stringify({ a: randomBytes(16_000).toString('hex') }),
    '[]',
    '"text"',
    '1',
  ])('%s is an invalid request', async (text) => {
    expect(await codeOf(create(text))).toBe('invalid_request');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('the order of a list', () => {
  it('is newest first also for keys of one instant', async () => {
    const w = await world('suward');
    const made: string[] = [];
    for (let at = 0; at < 30; at++) made.push((await w.key()).id);
    const { data } = await w.lk.keys.list({ projectId: w.projectId, limit: 30 });
    expect(data.map(({ id }) => id)).toEqual(made.reverse());
    await w.close();
  });
});
