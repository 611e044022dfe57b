// The four calls over every protocol, by real clients: what they do, whom they serve, and how each refusal reads.

import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { ERRORS, type ErrorCode, LatchkeyError } from '@latchkey/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT_KEY } from '../http/serve.suite.js';
import { codeOf, connectError } from './errors.js';
import { KeyModel, KeyState, Mode, RefillPeriod } from './generated/latchkey/v1/api_key_service_pb.js';
import { PROTOCOLS, type RpcWorld, refused, rpcWorld } from './rpc.suite.js';

let world: RpcWorld;
let failing: LatchkeyError | Error | null = null;
beforeAll(async () => {
  world = await rpcWorld({
    settings: { profile: 'accounts' },
    wrap: (engine) => ({
      ...engine,
      run: (...args) => (failing === null ? engine.run(...args) : Promise.reject(failing)),
    }),
  });
});
afterAll(() => world.close());

const SECRET = /sk_(?:live|test)_[A-Za-z0-9]{30,}/;

describe.each(PROTOCOLS)('over %s', (protocol) => {
  it('CreateAPIKey makes what was asked for, and GetProjectByAPIKey knows it', async () => {
    const projectId = await world.project();
    const client = world.client(protocol);
    const expiresAt = timestampFromMs(Date.parse('2040-02-29T12:00:00.250Z'));
    const made = await client.createAPIKey({
      projectId,
      name: 'checkout',
      mode: Mode.TEST,
      permissions: { names: ['users.read'] },
      restrictions: { ips: ['203.0.113.0/24'], endpoints: ['GET /v1/users/*'] },
      limits: { perMinute: 7, perDay: 700 },
      credits: { balance: 5_000_000_000n, refill: { amount: 40n, every: RefillPeriod.MONTH, dayOfMonth: 31 } },
      expiresAt,
      metadata: { team: 'payments', deep: { list: [1, null, 'x', true] } },
      ownerId: 'usr_1',
      environment: 'staging',
    });
    expect(made.secret).toMatch(/^sk_test_/);
    expect(made.key).toMatchObject({
      projectId,
      name: 'checkout',
      prefix: 'sk_test_',
      hint: made.secret.slice(-4),
      mode: Mode.TEST,
      model: KeyModel.V2,
      permissions: { names: ['users.read'] },
      restrictions: { ips: ['203.0.113.0/24'], referrers: [], endpoints: ['GET /v1/users/*'] },
      limits: { perMinute: 7, perDay: 700 },
      credits: { balance: 5_000_000_000n, refill: { amount: 40n, every: RefillPeriod.MONTH, dayOfMonth: 31 } },
      metadata: { team: 'payments', deep: { list: [1, null, 'x', true] } },
      ownerId: 'usr_1',
      environment: 'staging',
      generation: 1,
      state: KeyState.ACTIVE,
      expiresAt,
    });
    expect(made.key?.limits?.concurrent).toBeUndefined();
    expect(made.key?.revokedAt).toBeUndefined();
    const found = await client.getProjectByAPIKey({ secret: made.secret });
    expect(found).toMatchObject({
      project: { id: projectId, name: 'A v2 project', keyModel: KeyModel.V2 },
      organization: { id: world.organizationId, name: 'Acme' },
      key: { id: made.key?.id },
    });
    const rest = await world.latchkey.keys.get({ keyId: made.key?.id as string });
    expect(rest).toMatchObject({ expiresAt: '2040-02-29T12:00:00.250Z', environment: 'staging', mode: 'test' });
  });

  it('an empty list of permissions is none, an absent one is all', async () => {
    const client = world.client(protocol);
    const projectId = await world.project();
    const none = await client.createAPIKey({ projectId, name: 'none', permissions: {} });
    const all = await client.createAPIKey({ projectId, name: 'all' });
    expect((await world.latchkey.keys.get({ keyId: none.key?.id as string })).permissions).toEqual([]);
    expect((await world.latchkey.keys.get({ keyId: all.key?.id as string })).permissions).toBeNull();
    expect(none.key?.permissions).toMatchObject({ names: [] });
    expect(all.key?.permissions).toBeUndefined();
  });

  it('RevokeAPIKey ends one v2 key at once and leaves the other; again answers the same time', async () => {
    const client = world.client(protocol);
    const projectId = await world.project();
    const one = await client.createAPIKey({ projectId, name: 'one' });
    const two = await client.createAPIKey({ projectId, name: 'two' });
    const keyId = one.key?.id as string;
    const first = await client.revokeAPIKey({ keyId, reason: 'leaked' });
    expect(first.key).toMatchObject({ state: KeyState.REVOKED, revokedReason: 'leaked' });
    expect(first.propagated).toMatchObject({ nodes: 1, of: 1 });
    expect((await client.revokeAPIKey({ keyId })).key?.revokedAt).toEqual(first.key?.revokedAt);
    expect((await world.latchkey.verify({ secret: one.secret })).reason).toBe('revoked_key');
    expect((await world.latchkey.verify({ secret: two.secret })).valid).toBe(true);
  });

  it('RotateAPIKey replaces the one key of a legacy project', async () => {
    const client = world.client(protocol);
    const projectId = await world.project('legacy');
    const first = await client.createAPIKey({ projectId, name: 'only' });
    expect(first.key?.model).toBe(KeyModel.LEGACY);
    const second = await client.rotateAPIKey({ keyId: first.key?.id as string });
    expect(second.key).toMatchObject({ generation: 2, familyId: first.key?.familyId, name: 'only' });
    expect(second.previous?.id).toBe(first.key?.id);
    expect((await world.latchkey.verify({ secret: first.secret })).reason).toBe('rotated_key');
    expect((await world.latchkey.verify({ secret: second.secret })).valid).toBe(true);
  });

  it('the call of the other model is a failed precondition that names the right one, and changes nothing', async () => {
    const client = world.client(protocol);
    const v2 = await client.createAPIKey({ projectId: await world.project('v2'), name: 'v2' });
    const legacyProject = await world.project('legacy');
    const legacy = await client.createAPIKey({ projectId: legacyProject, name: 'legacy' });
    const rotate = await refused(client.rotateAPIKey({ keyId: v2.key?.id as string }));
    expect(rotate).toMatchObject({ code: 'FailedPrecondition', problem: { code: 'key_model_mismatch' } });
    expect(rotate.message).toMatch(/CreateAPIKey.*RevokeAPIKey/);
    const revoke = await refused(client.revokeAPIKey({ keyId: legacy.key?.id as string }));
    expect(revoke).toMatchObject({ code: 'FailedPrecondition', problem: { code: 'key_model_mismatch' } });
    expect(revoke.message).toMatch(/RotateAPIKey.*POST \/v1\/keys\/:keyId\/revoke/);
    const create = await refused(client.createAPIKey({ projectId: legacyProject, name: 'second' }));
    expect(create).toMatchObject({ code: 'FailedPrecondition', problem: { code: 'legacy_key_exists' } });
    expect(create.message).toContain('RotateAPIKey');
    expect(create.message).toContain(legacy.key?.id);
    for (const { secret } of [v2, legacy]) expect((await world.latchkey.verify({ secret })).valid).toBe(true);
    const { data } = await world.latchkey.keys.list({ projectId: legacyProject });
    expect(data).toHaveLength(1);
  });

  it('an Idempotency-Key makes create and rotate safe to repeat, and guards against another body', async () => {
    const header = { 'idempotency-key': crypto.randomUUID() };
    const projectId = await world.project('legacy');
    const client = world.client(protocol, ROOT_KEY, header);
    const once = await client.createAPIKey({ projectId, name: 'only' });
    expect(await client.createAPIKey({ projectId, name: 'only' })).toEqual(once);
    expect(await refused(client.createAPIKey({ projectId, name: 'other' }))).toMatchObject({
      code: 'FailedPrecondition',
      problem: { code: 'idempotency_mismatch' },
    });
    const rotated = await client.rotateAPIKey({ keyId: once.key?.id as string });
    expect(await client.rotateAPIKey({ keyId: once.key?.id as string })).toEqual(rotated);
    const short = world.client(protocol, ROOT_KEY, { 'idempotency-key': 'short' });
    expect(await refused(short.createAPIKey({ projectId, name: 'x' }))).toMatchObject({
      code: 'InvalidArgument',
      problem: { code: 'idempotency_key_invalid' },
    });
  });

  it('whoever is not known is unauthenticated, whatever was called', async () => {
    for (const credential of [null, 'lk_root_wrong', 'not a credential', `${ROOT_KEY}x`]) {
      const client = world.client(protocol, credential);
      for (const call of [
        client.createAPIKey({ projectId: 'proj_x', name: 'x' }),
        client.rotateAPIKey({ keyId: 'key_x' }),
        client.revokeAPIKey({ keyId: 'key_x' }),
        client.getProjectByAPIKey({ secret: 'x' }),
      ]) {
        expect(await refused(call)).toMatchObject({ code: 'Unauthenticated', problem: { code: 'unauthenticated' } });
      }
    }
  });

  it('a customer key acts on its own project alone; what is foreign looks like what is not there', async () => {
    const root = world.client(protocol);
    const [own, foreign] = [await world.project(), await world.project()];
    const legacy = await root.createAPIKey({ projectId: await world.project('legacy'), name: 'legacy' });
    const mine = await root.createAPIKey({ projectId: own, name: 'mine' });
    const theirs = await root.createAPIKey({ projectId: foreign, name: 'theirs' });
    const client = world.client(protocol, mine.secret);
    const look = async (call: Promise<unknown>) => {
      const { code, message, problem } = await refused(call);
      return { code, message, problem: { ...problem, requestId: '' } };
    };
    const missing = await look(client.revokeAPIKey({ keyId: 'key_00000000000000000000' }));
    expect(missing.code).toBe('NotFound');
    expect(await look(client.revokeAPIKey({ keyId: theirs.key?.id as string }))).toEqual(missing);
    expect(await look(client.revokeAPIKey({ keyId: legacy.key?.id as string }))).toEqual(missing);
    expect(await look(client.rotateAPIKey({ keyId: legacy.key?.id as string }))).toEqual(missing);
    expect(await look(client.rotateAPIKey({ keyId: theirs.key?.id as string }))).toEqual(missing);
    const noProject = await look(client.createAPIKey({ projectId: 'proj_00000000000000000000', name: 'x' }));
    expect(await look(client.createAPIKey({ projectId: foreign, name: 'x' }))).toEqual(noProject);
    expect(await look(client.getProjectByAPIKey({ secret: theirs.secret }))).toMatchObject({
      code: 'PermissionDenied',
      problem: { code: 'operator_only' },
    });
    expect((await world.latchkey.verify({ secret: theirs.secret })).valid).toBe(true);
    const second = await client.createAPIKey({ projectId: own, name: 'second' });
    await client.revokeAPIKey({ keyId: second.key?.id as string });
    expect(
      await refused(client.createAPIKey({ projectId: own, name: 'wide', limits: { perMinute: 100_000 } })),
    ).toMatchObject({ code: 'PermissionDenied' });
  });

  it('a permission that is lacking is named', async () => {
    const { secret } = await world.latchkey.rootKeys.create({ name: 'reader', permissions: ['keys.read'] });
    const projectId = await world.project();
    const { code, message } = await refused(world.client(protocol, secret).createAPIKey({ projectId, name: 'x' }));
    expect(code).toBe('PermissionDenied');
    expect(message).toContain('keys.create');
  });

  it('what is wrong with a message is named by its place and quoted nowhere', async () => {
    const client = world.client(protocol);
    const projectId = await world.project();
    const leaked = `sk_live_${'S3cr3t'.repeat(8)}`;
    const { code, message, problem, error } = await refused(
      client.createAPIKey({
        projectId,
        name: `two\nlines ${leaked}`,
        limits: { perMinute: -1 },
        tier: leaked.slice(0, 90),
      }),
    );
    expect({ code, problem: problem.code }).toEqual({ code: 'InvalidArgument', problem: 'invalid_request' });
    expect(problem.errors.map(({ path }) => path)).toEqual(['name', 'limits.perMinute']);
    expect(problem.errors.every(({ message, fix }) => message !== '' && fix !== '')).toBe(true);
    expect(`${message}${JSON.stringify(error.details)}`).not.toContain('S3cr3t');
    const late = await refused(client.createAPIKey({ projectId, name: 'x', expiresAt: timestampFromMs(1000) }));
    expect(late).toMatchObject({ code: 'InvalidArgument', problem: { code: 'expiry_in_past' } });
    for (const seconds of [253_402_300_800n, -62_135_596_801n, 9_223_372_036_854_775_807n]) {
      // JSON has no such time; the client itself refuses to write it.
      if (protocol === 'Connect JSON') continue;
      const call = client.createAPIKey({ projectId, name: 'x', expiresAt: { seconds, nanos: 0 } });
      expect((await refused(call)).code).toBe('InvalidArgument');
    }
    if (protocol !== 'Connect JSON') {
      expect((await refused(client.createAPIKey({ projectId, name: 'x', mode: 7 as Mode }))).code).toBe(
        'InvalidArgument',
      );
    }
  });

  it('GetProjectByAPIKey spends nothing and is no use of the key', async () => {
    const projectId = await world.project();
    const client = world.client(protocol);
    const { key, secret } = await client.createAPIKey({
      projectId,
      name: 'one a minute',
      limits: { perMinute: 1 },
      credits: { balance: 3n },
    });
    for (let turn = 0; turn < 5; turn++) await client.getProjectByAPIKey({ secret });
    const { key: unused } = await client.getProjectByAPIKey({ secret });
    expect(unused?.lastUsedAt).toBeUndefined();
    expect(unused?.credits?.balance).toBe(3n);
    expect((await world.latchkey.verify({ secret })).valid).toBe(true);
    expect((await world.latchkey.verify({ secret })).reason).toBe('rate_limited');
    expect((await client.getProjectByAPIKey({ secret })).project?.id).toBe(projectId);
    expect((await world.latchkey.keys.get({ keyId: key?.id as string })).lastUsedAt).not.toBeNull();
  });

  it('GetProjectByAPIKey tells no dead key from one that never was', async () => {
    const client = world.client(protocol);
    const projectId = await world.project();
    const make = async (name: string) => {
      const { key, secret } = await client.createAPIKey({ projectId, name });
      return { keyId: key?.id as string, secret };
    };
    const [revoked, disabled, deleted, rotated] = [
      await make('revoked'),
      await make('disabled'),
      await make('deleted'),
      await make('rotated'),
    ];
    await world.latchkey.keys.revoke({ keyId: revoked.keyId });
    await world.latchkey.keys.disable({ keyId: disabled.keyId });
    await world.latchkey.keys.delete({ keyId: deleted.keyId });
    await world.latchkey.keys.rotate({ keyId: rotated.keyId, gracePeriodSeconds: 0 });
    const suspendedProject = await world.project();
    const suspended = await client.createAPIKey({ projectId: suspendedProject, name: 'x' });
    await world.latchkey.projects.suspend({ projectId: suspendedProject });
    const secrets = [revoked, disabled, deleted, rotated, suspended].map(({ secret }) => secret);
    const answers = new Set<string>();
    for (const secret of [...secrets, `${revoked.secret.slice(0, -1)}!`, 'nonsense', '']) {
      const { code, message, problem } = await refused(client.getProjectByAPIKey({ secret }));
      answers.add(JSON.stringify({ code, message, problem: problem.code, errors: problem.errors }));
    }
    expect([...answers]).toEqual([
      JSON.stringify({ code: 'NotFound', message: 'This is no living key.', problem: 'not_found', errors: [] }),
    ]);
  });

  it('a restricted key is resolved from anywhere: its restrictions are for its requests', async () => {
    const client = world.client(protocol);
    const projectId = await world.project();
    const { secret } = await client.createAPIKey({ projectId, name: 'x', restrictions: { ips: ['192.0.2.1'] } });
    expect((await client.getProjectByAPIKey({ secret })).project?.id).toBe(projectId);
  });

  it('both models live in one organization, each as its project chose', async () => {
    const client = world.client(protocol);
    const [legacy, v2] = [await world.project('legacy'), await world.project('v2')];
    const only = await client.createAPIKey({ projectId: legacy, name: 'only' });
    const [a, b] = [
      await client.createAPIKey({ projectId: v2, name: 'a' }),
      await client.createAPIKey({ projectId: v2, name: 'b' }),
    ];
    const model = async (secret: string) => {
      const { project, organization } = await client.getProjectByAPIKey({ secret });
      expect(organization?.id).toBe(world.organizationId);
      return [project?.id, project?.keyModel];
    };
    expect(await model(only.secret)).toEqual([legacy, KeyModel.LEGACY]);
    for (const { secret } of [a, b]) expect(await model(secret)).toEqual([v2, KeyModel.V2]);
    await client.revokeAPIKey({ keyId: a.key?.id as string });
    const next = await client.rotateAPIKey({ keyId: only.key?.id as string });
    expect(await model(next.secret)).toEqual([legacy, KeyModel.LEGACY]);
    expect(await model(b.secret)).toEqual([v2, KeyModel.V2]);
  });

  it('a deadline that has passed ends the call', async () => {
    const client = world.client(protocol);
    failing = null;
    const stuck = new Promise<never>(() => {});
    const { run } = world.engine;
    world.engine.run = (() => stuck) as typeof run;
    try {
      const call = client.revokeAPIKey({ keyId: 'key_x' }, { timeoutMs: 60 });
      // Nothing but the deadline ends it.
      await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    } finally {
      world.engine.run = run;
    }
  });

  it('every error of the catalogue has its code, its detail and its request id', async () => {
    const client = world.client(protocol);
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      failing = new LatchkeyError(code, undefined, { errors: [{ path: 'body.x', message: 'm', fix: 'f' }] });
      const answer = await refused(client.revokeAPIKey({ keyId: 'key_x' })).finally(() => {
        failing = null;
      });
      expect(answer.code, code).toBe(Code[codeOf(code)]);
      expect(answer.message).toBe(ERRORS[code].help);
      expect(answer.problem).toMatchObject({ code, errors: [{ path: 'x', message: 'm', fix: 'f' }] });
      expect(answer.problem.requestId).toMatch(/^req_/);
      expect(answer.error.metadata.get('x-request-id')).toBe(answer.problem.requestId);
      const waits = [429, 503].includes(ERRORS[code].status);
      if (waits) expect(answer.problem.retryAfterSeconds, code).toBeGreaterThan(0);
      if (waits) expect(answer.error.metadata.get('retry-after')).toBe(String(answer.problem.retryAfterSeconds));
    }
  });

  it('an error that nobody foresaw is internal and says nothing of its cause', async () => {
    failing = new Error('disk on fire');
    const answer = await refused(world.client(protocol).revokeAPIKey({ keyId: 'key_x' })).finally(() => {
      failing = null;
    });
    expect(answer).toMatchObject({ code: 'Internal', problem: { code: 'internal_error' } });
    expect(JSON.stringify([answer.message, answer.error.details])).not.toContain('fire');
    expect(world.log()).toContain(answer.problem.requestId);
  });
});

describe('the codes', () => {
  const caller = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => ERRORS[code].status < 500);

  it.each(caller)("a caller's mistake is never the server's: %s", (code) => {
    expect([Code.Internal, Code.Unknown, Code.Unavailable, Code.DataLoss]).not.toContain(codeOf(code));
  });

  it.each([
    ['not_found', Code.NotFound],
    ['forbidden', Code.PermissionDenied],
    ['operator_only', Code.PermissionDenied],
    ['exceeds_own_rights', Code.PermissionDenied],
    ['unauthenticated', Code.Unauthenticated],
    ['invalid_request', Code.InvalidArgument],
    ['invalid_json', Code.InvalidArgument],
    ['too_many_failures', Code.ResourceExhausted],
    ['payload_too_large', Code.ResourceExhausted],
    ['unavailable', Code.Unavailable],
    ['duplicate_key', Code.AlreadyExists],
    ['idempotency_in_progress', Code.Aborted],
    ['idempotency_answer_gone', Code.FailedPrecondition],
    ['legacy_key_exists', Code.FailedPrecondition],
    ['key_model_mismatch', Code.FailedPrecondition],
    ['key_not_rotatable', Code.FailedPrecondition],
    ['organization_suspended', Code.FailedPrecondition],
    ['internal_error', Code.Internal],
  ] as const)('%s', (code, expected) => {
    expect(codeOf(code)).toBe(expected);
  });

  it('a message never keeps the place of a REST request', () => {
    const error = new LatchkeyError('invalid_request', 'body.name: is missing');
    expect(connectError(error, 'req_1').rawMessage).toBe('name: is missing');
  });
});

it('REST goes on serving both models: rotate with a grace period on v2, revoke on legacy', async () => {
  const v2 = await world.call('POST', `/v1/projects/${await world.project('v2')}/keys`, { name: 'v2' });
  const rotated = await world.call('POST', `/v1/keys/${v2.body.key.id}/rotate`, { gracePeriodSeconds: 60 });
  expect(rotated.status).toBe(200);
  const legacy = await world.call('POST', `/v1/projects/${await world.project('legacy')}/keys`, { name: 'legacy' });
  expect((await world.call('POST', `/v1/keys/${legacy.body.key.id}/revoke`, {})).status).toBe(200);
});

it('no secret of any key or caller is in the log', () => {
  expect(world.log()).not.toMatch(SECRET);
  expect(world.log()).not.toContain(ROOT_KEY);
});
