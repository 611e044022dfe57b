// Guarantees of the control plane's edge: one credential, one strict reading of a request, one shape of refusal, nothing leaked.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type Actor, ERRORS, type ErrorCode, LatchkeyError, type Operation, operations } from '@latchkey/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../operations/engine.js';
import { insertUser } from '../operations/people/people.suite.js';
import { createOpenApi, errorsOf } from './openapi.js';
import { readReplies, sendRaw } from './raw-http.suite.js';
import { PUBLIC_URL, type Reply, ROOT_KEY, type Served, serve } from './serve.suite.js';

const rows = Object.entries(operations) as [string, Operation][];
const filled = (path: string) => path.replace(/:\w+/g, 'nothing_here');

let served: Served;
/** What the engine is made to do in place of its work. */
let instead: (() => Promise<never>) | null = null;
let lastCall: { input: unknown; call: { requestId: string; idempotencyKey: string | null } } | null = null;
let lastIp: string | null = null;

/** Takes the place of a session: what is asked here is how a request is read, not who is signed in. */
const PERSON = `lk_person_${'p'.repeat(40)}`;
const standings = new Map<string, 'owner'>();
const person: Actor = {
  type: 'user',
  id: 'usr_1',
  permissions: [],
  member: { standings, projectId: null, expiresAt: null },
  session: { id: 'ses_1', csrfToken: 'none', expiresAt: Date.now() + 60_000 },
};
/** The credential that a row takes. */
const bearerOf = (row: Operation) => ({ authorization: `Bearer ${row.audience === 'person' ? PERSON : ROOT_KEY}` });

const wrap = (engine: Engine): Engine => ({
  ...engine,
  async authenticate(secret, ip) {
    lastIp = ip;
    if (secret === PERSON) return person;
    return engine.authenticate(secret, ip);
  },
  async run(name, input, call) {
    lastCall = { input, call };
    if (instead !== null) return instead();
    return engine.run(name, input, call);
  },
});

beforeAll(async () => {
  served = await serve({ wrap, trustedProxies: ['127.0.0.1'] });
  const { store } = served.latchkey.engine.services;
  const { id: organizationId } = (await served.call('POST', '/v1/organizations', { name: 'Somebody’s' })).body;
  await insertUser(store, { id: person.id, at: Date.now() });
  await store.memberships.put({ organizationId, userId: person.id, role: 'owner', createdAt: Date.now() });
  standings.set(organizationId, 'owner');
});
afterAll(() => served.close());

/** Every refusal has this shape, whoever refused. */
function expectProblem(
  reply: Reply | { status: number; headers: Record<string, string>; body: string },
  code: ErrorCode,
) {
  const headers = reply.headers instanceof Headers ? Object.fromEntries(reply.headers) : reply.headers;
  const body = typeof reply.body === 'string' ? JSON.parse(reply.body) : reply.body;
  expect({ status: reply.status, code: body?.code }).toEqual({ status: ERRORS[code].status, code });
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(body).toMatchObject({
    type: `${PUBLIC_URL}/docs/errors#${code}`,
    title: ERRORS[code].title,
    status: ERRORS[code].status,
    detail: expect.any(String),
    requestId: headers['x-request-id'],
  });
  expect(body.requestId).toMatch(/^req_/);
  expect(
    Object.keys(body).filter(
      (name) => !['type', 'title', 'status', 'detail', 'code', 'requestId', 'errors'].includes(name),
    ),
  ).toEqual([]);
  if (reply.status === 401) expect(headers['www-authenticate']).toMatch(/^Bearer/);
  if (reply.status === 429 || reply.status === 503) expect(headers['retry-after']).toMatch(/^[1-9][0-9]*$/);
  return body;
}

const raw = async (lines: string[], body = '') => {
  const [reply] = await sendRaw(served.url, `${lines.join('\r\n')}\r\n\r\n${body}`);
  if (reply === undefined) throw new Error('closed without an answer');
  return reply;
};
const AUTH = `Authorization: Bearer ${ROOT_KEY}`;

describe('a working key', () => {
  it('is made, verified and revoked, and its secret stands in one answer only', async () => {
    const organization = await served.call('POST', '/v1/organizations', { name: 'Acme' });
    expect(organization.status).toBe(201);
    const project = await served.call('POST', '/v1/projects', { organizationId: organization.body.id, name: 'Shop' });
    expect(project.status).toBe(201);
    const path = `/v1/projects/${project.body.id}/keys`;
    const made = await served.call('POST', path, { name: 'first' }, { 'idempotency-key': randomUUID() });
    expect(made.status).toBe(201);
    const { secret, key } = made.body;

    const verified = await served.call('POST', '/v1/keys/verify', { secret });
    expect(verified).toMatchObject({ status: 200, body: { valid: true, key: { id: key.id } } });
    expect(verified.body.requestId).toBe(verified.headers.get('x-request-id'));
    expect((await served.call('GET', `/v1/keys/${encodeURIComponent(key.id)}`)).body.id).toBe(key.id);

    expect((await served.call('POST', `/v1/keys/${key.id}/revoke`)).status).toBe(200);
    expect((await served.call('POST', '/v1/keys/verify', { secret })).body).toMatchObject({ valid: false });
    const gone = await served.call('DELETE', `/v1/keys/${key.id}`);
    expect(gone).toMatchObject({ status: 204, text: '' });
    expect(gone.headers.get('content-type')).toBeNull();

    expect(verified.text).not.toContain(secret);
    expect(served.log()).not.toContain(secret);
  });

  it('that belongs to somebody else looks like one that is not there', async () => {
    const organization = await served.call('POST', '/v1/organizations', { name: 'Acme' });
    const make = async () =>
      (await served.call('POST', '/v1/projects', { organizationId: organization.body.id, name: 'p' })).body
        .id as string;
    const [mine, theirs] = [await make(), await make()];
    const key = async (project: string, permissions: string[] | null) =>
      (await served.call('POST', `/v1/projects/${project}/keys`, { name: 'k', permissions })).body;
    const manager = await key(mine, ['keys.*']);
    const foreign = await key(theirs, null);
    const bearer = { authorization: `Bearer ${manager.secret}` };
    const without = (reply: Reply) => reply.text.replaceAll(reply.body.requestId, '');
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/revoke'],
      ['POST', '/rotate'],
      ['POST', '/disable'],
    ] as const) {
      const seen = await served.call(
        method,
        `/v1/keys/${foreign.key.id}${path}`,
        method === 'PATCH' ? {} : undefined,
        bearer,
      );
      const none = await served.call(
        method,
        `/v1/keys/key_nothing${path}`,
        method === 'PATCH' ? {} : undefined,
        bearer,
      );
      expectProblem(seen, 'not_found');
      expect(without(seen)).toBe(without(none));
    }
  });
});

describe('every operation of the table', () => {
  const asking = rows.filter(([, row]) => row.audience !== 'anybody');
  it.each(asking)('%s refuses who brings no credential, before it reads a body', async (_, row) => {
    const reply = await served.call(row.method, filled(row.path), row.body ? '{"broken' : undefined, {
      authorization: '',
    });
    expectProblem(reply, 'unauthenticated');
  });

  it.each(rows)('%s refuses query parameters it does not know, or twice', async (_, row) => {
    const body = row.body ? {} : undefined;
    for (const query of ['?surprise=1', '?limit=1&limit=2', '?__proto__=1', '?a=%ff', '?a=%zz', '?toString']) {
      const reply = await served.call(row.method, filled(row.path) + query, body, bearerOf(row));
      expectProblem(reply, 'invalid_request');
    }
  });

  it.each(rows.filter(([, row]) => row.body !== null))(
    '%s refuses bodies that are not what it takes',
    async (_, row) => {
      const path = filled(row.path);
      const send = (body: string | Buffer, headers = {}) =>
        served.call(row.method, path, body, { ...bearerOf(row), ...headers });
      for (const body of [
        '[]',
        'null',
        '5',
        '"text"',
        'true',
        '{"surprise":1}',
        '{"__proto__":{"a":1}}',
        `{"a":${'['.repeat(70)}${']'.repeat(70)}}`,
      ]) {
        expectProblem(await send(body), 'invalid_request');
      }
      for (const body of ['{', '{"a":1,"a":1}', Buffer.from([0x7b, 0xff, 0x7d]), `\ufeff{}`, '['.repeat(100)]) {
        const code = (await send(body)).body.code;
        expect(['invalid_json', 'invalid_request']).toContain(code);
      }
      expectProblem(await send(JSON.stringify({ name: 'x'.repeat(2_000_000) })), 'payload_too_large');
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/jsonp',
        'x',
      ]) {
        expectProblem(await send('{}', { 'content-type': type }), 'unsupported_media_type');
      }
    },
  );

  it.each(rows.filter(([, row]) => row.body === null))('%s takes no body', async (_, row) => {
    const [reply] = await sendRaw(
      served.url,
      `${row.method} ${filled(row.path)} HTTP/1.1\r\nHost: a\r\nAuthorization: ${bearerOf(row).authorization}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    );
    expectProblem(reply as never, 'invalid_request');
  });

  it.each(rows.filter(([, row]) => /:/.test(row.path)))('%s looks no id up that cannot be', async (_, row) => {
    const body = row.body ? {} : undefined;
    for (const id of ['..%2f..%2fetc', '%00', '%F0%9F%94%91', 'x'.repeat(200), "'%20or%201=1--", '__proto__']) {
      const reply = await served.call(row.method, row.path.replace(/:\w+/, id), body, bearerOf(row));
      expect([400, 404, 409]).toContain(reply.status);
    }
    const statusOf = async (id: string) =>
      (await served.call(row.method, row.path.replace(/:\w+/, id), body, bearerOf(row))).status;
    expect(await statusOf('x'.repeat(201))).toBe(400);
    expect(await statusOf('x'.repeat(5000))).toBe(404);
  });
});

describe('the credential of a call', () => {
  const path = 'GET /v1/organizations HTTP/1.1';
  it.each<[string, string[]]>([
    ['two lines', [AUTH, AUTH]],
    ['two lines in other cases', [AUTH, AUTH.replace('Authorization', 'AUTHORIZATION')]],
    ['a second kind beside it', [AUTH, `X-Api-Key: ${ROOT_KEY}`]],
    ['another header alone', [`X-Api-Key: ${ROOT_KEY}`]],
    ['another scheme', [`Authorization: Basic ${ROOT_KEY}`]],
    ['no scheme', [`Authorization: ${ROOT_KEY}`]],
    ['two spaces', [`Authorization: Bearer  ${ROOT_KEY}`]],
    ['a tab', [`Authorization: Bearer\t${ROOT_KEY}`]],
    ['a list', [`Authorization: Bearer ${ROOT_KEY}, Bearer ${ROOT_KEY}`]],
    ['quotes', [`Authorization: Bearer "${ROOT_KEY}"`]],
    ['more behind it', [`Authorization: Bearer ${ROOT_KEY} x`]],
    ['a byte beyond ASCII', [`Authorization: Bearer ${ROOT_KEY}\u00e9`]],
    ['nothing', ['Authorization: Bearer']],
    ['an unknown secret', [`Authorization: Bearer lk_root_${'q'.repeat(40)}`]],
  ])('is refused as %s', async (_, lines) => {
    expectProblem(await raw([path, 'Host: a', ...lines]), 'unauthenticated');
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('may name the scheme %s', async (scheme) => {
    expect((await raw([path, 'Host: a', `Authorization: ${scheme} ${ROOT_KEY}`])).status).toBe(200);
  });

  it.each<[string, string]>([
    ['a folded line', `Authorization: Bearer\r\n ${ROOT_KEY}`],
    ['NUL', `Authorization: Bearer ${ROOT_KEY}\0`],
    ['a space before the colon', `Authorization : Bearer ${ROOT_KEY}`],
    ['a bare CR', `Authorization: Bearer ${ROOT_KEY}\rX: y`],
  ])('is refused with %s as what is no HTTP', async (_, line) => {
    const reply = await raw([path, 'Host: a', line]);
    expect([400, 401]).toContain(reply.status);
    expect(reply.body).not.toContain(ROOT_KEY);
  });

  it('cannot hide behind thousands of other lines', async () => {
    const many = Array.from({ length: 3000 }, () => 'a:');
    expectProblem(await raw([path, 'Host: a', AUTH, ...many, AUTH]), 'header_fields_too_large');
    const hundreds = Array.from({ length: 300 }, () => 'a: b');
    expectProblem(await raw([path, 'Host: a', AUTH, ...hundreds]), 'header_fields_too_large');
  });

  it('is never taken from the URL', async () => {
    expectProblem(await raw([`GET /v1/organizations?access_token=${ROOT_KEY} HTTP/1.1`, 'Host: a']), 'unauthenticated');
    expect(served.log()).not.toContain(ROOT_KEY);
  });
});

describe('the address of the caller', () => {
  it('comes from X-Forwarded-For of a trusted proxy, all its lines together', async () => {
    await raw([
      'GET /v1/organizations HTTP/1.1',
      'Host: a',
      AUTH,
      'X-Forwarded-For: 203.0.113.1',
      'X-Forwarded-For: 198.51.100.7, 127.0.0.1',
    ]);
    expect(lastIp).toBe('198.51.100.7');
  });
});

describe('an Idempotency-Key', () => {
  const path = '/v1/projects/none/keys';
  it('is handed on where it counts, left out elsewhere, and refused twice', async () => {
    const key = randomUUID();
    await served.call('POST', path, { name: 'a' }, { 'idempotency-key': key });
    expect(lastCall?.call.idempotencyKey).toBe(key);
    await served.call('POST', '/v1/keys/verify', { secret: 'x' }, { 'idempotency-key': key });
    expect(lastCall?.call.idempotencyKey).toBeNull();
    const lines = [
      'Host: a',
      AUTH,
      'Content-Type: application/json',
      'Content-Length: 14',
      `Idempotency-Key: ${key}`,
      `idempotency-key: ${key}`,
    ];
    expectProblem(await raw([`POST ${path} HTTP/1.1`, ...lines], '{"secret":"x"}'), 'idempotency_key_invalid');
    expect((await raw(['POST /v1/keys/verify HTTP/1.1', ...lines], '{"secret":"x"}')).status).toBe(200);
  });
});

describe('what is not there', () => {
  it.each([
    '/nothing',
    '/v1',
    '/v1/',
    '/v1/organizations/',
    '/v1/keys/',
    '/v1/keys//',
    '//v1/keys/x',
    '/V1/organizations',
    '/docs/',
    '/v1/keys/a/b/c/d',
  ])('%s is 404', async (path) => {
    expectProblem(await served.call('GET', path), 'not_found');
    expectProblem(await served.call('POST', path, 'x', { 'content-type': 'text/plain' }), 'not_found');
  });

  it.each<[string, string, string]>([
    ['PUT', '/v1/organizations', 'POST, GET, HEAD'],
    ['OPTIONS', '/v1/keys/key_x', 'GET, HEAD, PATCH, DELETE'],
    ['DELETE', '/healthz', 'GET, HEAD'],
    ['TRACE', '/', 'GET, HEAD'],
    ['PROPFIND', '/v1/projects', 'POST, GET, HEAD'],
  ])('%s %s is 405 and says what is', async (method, path, allow) => {
    const reply = await raw([`${method} ${path} HTTP/1.1`, 'Host: a']);
    expectProblem(reply, 'method_not_allowed');
    expect(reply.headers.allow).toBe(allow);
  });

  it.each(['/%zz', '/v1/keys/%', '/v1/keys/%E0%A4%A'])('%s is no path', async (path) => {
    const reply = await raw([`GET ${path} HTTP/1.1`, 'Host: a', AUTH]);
    expect([400, 404]).toContain(reply.status);
    expectProblem(reply, reply.status === 400 ? 'invalid_request' : 'not_found');
  });

  it('answers HEAD where it answers GET, without a body', async () => {
    for (const path of [
      '/',
      '/healthz',
      '/readyz',
      '/metrics',
      '/openapi.json',
      '/docs',
      '/docs/errors',
      '/.well-known/jwks.json',
      '/v1/organizations',
    ]) {
      const reply = await served.call('HEAD', path);
      expect({ path, status: reply.status, text: reply.text }).toEqual({ path, status: 200, text: '' });
    }
  });
});

describe('what is no HTTP', () => {
  it.each<[string, string]>([
    ['noise', 'hello\r\n\r\n'],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['two lengths', 'POST /v1/keys/verify HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}'],
    [
      'length and chunks',
      'POST /v1/keys/verify HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['an unknown coding', 'POST /v1/keys/verify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    [
      'a broken chunk',
      `POST /v1/keys/verify HTTP/1.1\r\nHost: a\r\n${AUTH}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n`,
    ],
    ['a negative length', 'POST /v1/keys/verify HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'],
    ['a name with a space', 'GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ])('is refused as %s', async (_, bytes) => {
    const [reply] = await sendRaw(served.url, Buffer.from(bytes, 'latin1'));
    expectProblem(reply as never, 'invalid_request');
  });

  it('is refused when the headers are too large', async () => {
    expectProblem(await raw(['GET / HTTP/1.1', 'Host: a', `X-Big: ${'x'.repeat(20_000)}`]), 'header_fields_too_large');
    expectProblem(await raw([`GET /${'x'.repeat(20_000)} HTTP/1.1`, 'Host: a']), 'header_fields_too_large');
  });

  it('answers what Expect asks for by doing the work', async () => {
    expect((await raw(['GET /healthz HTTP/1.1', 'Host: a', 'Expect: miracles'])).status).toBe(200);
  });
});

describe('an answer', () => {
  it('has an id of its own making, which the log has too', async () => {
    const reply = await served.call('GET', '/v1/keys/none', undefined, { 'x-request-id': 'req_mine' });
    const { requestId } = expectProblem(reply, 'not_found');
    expect(requestId).not.toBe('req_mine');
    const lines = served
      .log()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const mine = lines.filter((line) => line.event === 'http_request' && line.requestId === requestId);
    expect(mine).toEqual([
      expect.objectContaining({
        method: 'GET',
        route: '/v1/keys/:keyId',
        status: 404,
        actor: expect.stringMatching(/^root_/),
      }),
    ]);
    expect(served.log()).not.toContain('/v1/keys/none');
  });

  it('that nobody waits for any more is counted off and logged', async () => {
    instead = () => new Promise(() => {});
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${ROOT_KEY}` };
    const waiting = fetch(`${served.url}/v1/root-keys`, { headers, signal: gone.signal }).catch(() => 'gone');
    await expect.poll(async () => (await served.call('GET', '/metrics')).text).toMatch(/in_flight\{[^}]*\} 2\n/);
    gone.abort();
    expect(await waiting).toBe('gone');
    instead = null;
    await expect.poll(async () => (await served.call('GET', '/metrics')).text).toMatch(/in_flight\{[^}]*\} 1\n/);
    expect(served.log()).toMatch(/"route":"\/v1\/root-keys","status":null/);
  });

  it('hides what was not foreseen; the log has it', async () => {
    instead = async () => {
      throw Object.assign(new Error(`cannot open /var/lib/x with sk_live_${'z'.repeat(32)}`), {
        statusCode: 418,
        code: 'EIO',
      });
    };
    const reply = await served.call('GET', '/v1/organizations');
    instead = null;
    expectProblem(reply, 'internal_error');
    expect(reply.text).not.toMatch(/var\/lib|EIO|at /);
    const line = served
      .log()
      .split('\n')
      .find((text) => text.includes(`"requestId":"${reply.body.requestId}"`) && text.includes('request_failed'));
    expect(line).toContain('cannot open /var/lib/x');
    expect(line).not.toContain('zzzz');
  });

  it.each<[LatchkeyError, ErrorCode, string]>([
    [new LatchkeyError('unavailable'), 'unavailable', '1'],
    [new LatchkeyError('too_many_failures', undefined, { retryAfterSeconds: 17.2 }), 'too_many_failures', '18'],
    [new LatchkeyError('idempotency_in_progress'), 'idempotency_in_progress', '1'],
  ])('says when to come back (%#)', async (error, code, wait) => {
    instead = async () => {
      throw error;
    };
    const reply = await served.call('GET', '/v1/organizations');
    instead = null;
    expectProblem(reply, code);
    expect(reply.headers.get('retry-after')).toBe(wait);
  });

  it('is the same for thrown things that are no errors', async () => {
    for (const thrown of [null, undefined, 'text', 5, { code: 'FST_ERR_CTP_BODY_TOO_LARGE_' }]) {
      instead = () => Promise.reject(thrown);
      expectProblem(await served.call('GET', '/v1/organizations'), 'internal_error');
    }
    instead = null;
  });

  it('pollutes no prototype, whatever was sent', async () => {
    for (const body of [
      '{"__proto__":{"x":1}}',
      '{"constructor":{"prototype":{"x":1}}}',
      '{"metadata":{"__proto__":{"x":1}},"name":"a"}',
    ]) {
      expectProblem(await served.call('POST', '/v1/organizations', body), 'invalid_request');
    }
    const kept = await served.call(
      'POST',
      '/v1/organizations',
      '{"name":"a","metadata":{"constructor":{"prototype":{"x":1}}}}',
    );
    expect(kept.body.metadata).toEqual({ constructor: { prototype: { x: 1 } } });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('the signs of life', () => {
  it('are answered without a credential', async () => {
    const bare = { authorization: '' };
    expect((await served.call('GET', '/healthz', undefined, bare)).body).toEqual({ status: 'ok' });
    expect((await served.call('GET', '/readyz', undefined, bare)).status).toBe(200);
    const metrics = await served.call('GET', '/metrics', undefined, bare);
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(metrics.text).toMatch(
      /latchkey_http_request_seconds_count\{surface="control_plane",route="\/v1\/keys\/:keyId",status="404"\}/,
    );
    expect(metrics.text).not.toMatch(/\bkey_|nothing_here/);
    const { keys } = (await served.call('GET', '/.well-known/jwks.json', undefined, bare)).body;
    expect(keys[0]).toMatchObject({ kty: 'OKP', crv: 'Ed25519' });
    expect(keys[0].d).toBeUndefined();
  });

  it('say not ready while a dependency is away, hung, or the server is stopping, yet alive', async () => {
    let ready: () => Promise<void> = async () => {};
    let finish = () => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const own = await serve({
      wrap: (engine) => ({
        ...engine,
        ready: () => ready(),
        run: async (name, input, call) => {
          await slow;
          return engine.run(name, input, call);
        },
      }),
    });
    ready = () => Promise.reject(new Error('SQLITE_IOERR at /secret/path'));
    const away = await own.call('GET', '/readyz');
    expectProblem(away, 'unavailable');
    expect(away.text).not.toContain('SQLITE');
    ready = () => new Promise(() => {});
    expectProblem(await own.call('GET', '/readyz'), 'unavailable');
    expect((await own.call('GET', '/healthz')).status).toBe(200);

    ready = async () => {};
    const running = own.call('GET', '/v1/organizations');
    // A request that has begun to arrive is let finish; here it asks whether the server is ready.
    const { hostname, port } = new URL(own.url);
    const late = connect({ host: hostname, port: Number(port) });
    let said = '';
    late.on('data', (chunk) => {
      said += chunk;
    });
    const ended = new Promise((resolve) => late.on('close', resolve));
    late.write('GET /readyz HTTP/1.1\r\nHost: a\r\n');
    await once(late, 'connect');
    // Turns of the loop in which the server reads what was sent.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    // So long that only an end that waits for nothing more is in time for this test.
    const closing = own.close(600_000);
    const asked = () => fetch(`${own.url}/healthz`).then(String, () => 'refused');
    await expect.poll(asked).toBe('refused');
    late.write('\r\n');
    await ended;
    expectProblem(readReplies(said)[0] as never, 'unavailable');
    expect(said.toLowerCase()).toContain('connection: close');
    finish();
    const answer = await running;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('connection')).toBe('close');
    await closing;
  });

  it('do not wait longer than the grace time for what hangs', async () => {
    let hangs = false;
    const run = () => {
      hangs = true;
      return new Promise<never>(() => {});
    };
    const own = await serve({ wrap: (engine) => ({ ...engine, run }) });
    const hung = own.call('GET', '/v1/organizations').catch((error: Error) => error);
    await expect.poll(() => hangs).toBe(true);
    // Would never end, were it waited for.
    await own.close();
    expect(await hung).toBeInstanceOf(Error);
  });
});

describe('the OpenAPI document', () => {
  // biome-ignore lint/suspicious/noExplicitAny: the document is looked at as plain JSON.
  let document: any;
  beforeAll(async () => {
    document = (await served.call('GET', '/openapi.json', undefined, { authorization: '' })).body;
  });

  it('resolves every reference', () => {
    const refs: string[] = [];
    JSON.stringify(document, (name, value) => {
      if (name === '$ref') refs.push(value);
      return value;
    });
    expect(refs.length).toBeGreaterThan(50);
    for (const ref of refs) {
      const found = ref
        .slice(2)
        .split('/')
        .reduce((at, step) => at?.[step.replaceAll('~1', '/')], document);
      expect(found, ref).toBeDefined();
    }
  });

  it('has every row, its inputs, its success and every error, and nothing else', () => {
    const described = Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => `${operation.operationId} ${method} ${path}`),
    );
    expect(described.sort()).toEqual(
      rows.map(([name, row]) => `${name} ${row.method.toLowerCase()} ${row.path.replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
    for (const [name, row] of rows) {
      const operation = document.paths[row.path.replace(/:(\w+)/g, '{$1}')][row.method.toLowerCase()];
      const parameters = (operation.parameters ?? []).map(
        (parameter: { in: string; name: string }) => `${parameter.in} ${parameter.name}`,
      );
      expect(parameters.sort(), name).toEqual(
        [
          ...Object.keys(row.params.shape).map((parameter) => `path ${parameter}`),
          ...Object.keys(row.query.shape).map((parameter) => `query ${parameter}`),
          ...(row.idempotent ? ['header Idempotency-Key'] : []),
        ].sort(),
      );
      expect(operation.requestBody === undefined, name).toBe(row.body === null);
      expect(operation.responses[row.status], name).toBeDefined();
      expect(operation.security).toEqual(row.audience === 'anybody' ? [] : [{ bearer: [] }, { session: [] }]);
      const examples = Object.values<{ content?: Record<string, { examples?: object }> }>(operation.responses).flatMap(
        (response) => Object.keys(response.content?.['application/problem+json']?.examples ?? {}),
      );
      expect(examples.sort(), name).toEqual(errorsOf(row).sort());
      for (const code of errorsOf(row))
        expect(operation.responses[ERRORS[code].status], `${name} ${code}`).toBeDefined();
    }
  });

  it('closes its request bodies: what is unknown is refused there too', () => {
    for (const [name, row] of rows) {
      if (row.body === null) continue;
      const { schema } =
        document.paths[row.path.replace(/:(\w+)/g, '{$1}')][row.method.toLowerCase()].requestBody.content[
          'application/json'
        ];
      const resolved = schema.$ref ? document.components.schemas[schema.$ref.split('/').pop()] : schema;
      expect(resolved.additionalProperties, name).toBe(false);
    }
  });

  it('is written for the address that callers use', () => {
    expect(createOpenApi('https://a.example', '1').servers).toEqual([{ url: 'https://a.example' }]);
    expect(document.servers).toEqual([{ url: PUBLIC_URL }]);
  });
});

describe('the pages for people', () => {
  it('load nothing from elsewhere and run no inline script', async () => {
    for (const path of ['/docs', '/docs/errors']) {
      const page = await served.call('GET', path, undefined, { authorization: '' });
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(page.headers.get('x-frame-options')).toBe('DENY');
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("connect-src 'self';");
      expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
      expect(page.text).not.toMatch(/https?:\/\//);
      expect(page.text).not.toMatch(/<script>/);
    }
    const script = await served.call('GET', '/docs/scalar.js');
    expect(script.text.length).toBeGreaterThan(1_000_000);
    expect(script.text).toContain('createApiReference');
    const start = await served.call('GET', '/docs/start.js');
    for (const off of [
      '"telemetry":false',
      '"withDefaultFonts":false',
      '"agent":{"disabled":true',
      '"mcp":{"disabled":true}',
      '"proxyUrl":""',
    ]) {
      expect(start.text).toContain(off);
    }
  });

  it('explain every code where its problem documents point', async () => {
    const page = await served.call('GET', '/docs/errors');
    for (const code of Object.keys(ERRORS)) expect(page.text).toContain(`id="${code}"`);
  });

  it('are named at the root, for people and for programs', async () => {
    const links = (await served.call('GET', '/')).body.links;
    for (const path of Object.values<string>(links)) expect((await served.call('GET', path)).status).toBe(200);
    const html = (await served.call('GET', '/', undefined, { accept: 'text/html' })).text;
    // Where the dashboard was built it stands there; it has its own tests.
    expect(html).toMatch(/href="\/docs"|<div id="root">/);
  });
});
