// The gateway by the front door: what allowed, refused and failing requests look like on both sides.

import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  bearer,
  eventually,
  openLine,
  type Rig,
  type RigOptions,
  rigsOfEachTest,
  say,
  withRoutes,
} from './rig.suite.js';

const start = rigsOfEachTest();

const headerOf = (rawHeaders: readonly string[], name: string): string[] =>
  rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);

const seenHeaders = (rig: Rig): string[] => rig.seen.at(-1)?.rawHeaders ?? [];
const get = (rig: Rig, path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${rig.url}${path}`, { headers, ...init });

describe('an allowed request', () => {
  it('reaches the upstream without its credential and with its identity, the principal signed for that upstream', async () => {
    const rig = await start();
    const { secret, id } = await rig.key({ permissions: ['users.read'] });
    const answer = await get(rig, '/v1/users/usr_1', bearer(secret));
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(text).not.toContain(secret);
    const { rawHeaders } = JSON.parse(text) as { rawHeaders: string[] };
    const identity = Object.fromEntries(
      rawHeaders.flatMap((name, at) =>
        /^x-latchkey-/i.test(name) && at % 2 === 0 ? [[name, rawHeaders[at + 1]]] : [],
      ),
    );
    expect(headerOf(rawHeaders, 'authorization')).toEqual([]);
    expect(identity).toEqual({
      'X-Latchkey-Key-Id': id,
      'X-Latchkey-Project-Id': rig.projectId,
      'X-Latchkey-Organization-Id': expect.stringMatching(/^org_/),
      'X-Latchkey-Mode': 'live',
      'X-Latchkey-Tier': '',
      'X-Latchkey-Permissions': 'users.read',
      'X-Latchkey-Request-Id': answer.headers.get('x-request-id'),
      'X-Latchkey-Lease-Id': '',
      'X-Latchkey-Reservation-Id': '',
      'X-Latchkey-Principal': expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    });
    const claims = JSON.parse(
      Buffer.from(identity['X-Latchkey-Principal']?.split('.')[1] ?? '', 'base64url').toString(),
    );
    expect(claims.aud).toBe(`http://127.0.0.1:${(rig.upstream.address() as AddressInfo).port}`);
  });

  it('says where it came from, whatever the caller says about that', async () => {
    const rig = await start();
    const { secret } = await rig.key();
    await get(rig, '/v1/users/1', {
      ...bearer(secret),
      'X-Forwarded-For': '203.0.113.9',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.example',
      X_Forwarded_For: '203.0.113.9',
      Forwarded: 'for=203.0.113.9',
      'X-Real-Ip': '203.0.113.9',
    });
    const raw = seenHeaders(rig);
    expect(headerOf(raw, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(headerOf(raw, 'x-forwarded-proto')).toEqual(['http']);
    expect(headerOf(raw, 'x-forwarded-host')).toEqual([`127.0.0.1:${rig.port}`]);
    expect(raw.join('\n')).not.toMatch(/203\.0\.113|evil/);
  });

  it('carries path and query to the upstream byte for byte', async () => {
    const rig = await start({ adapt: (profile) => ({ ...profile, routes: [] }) });
    const { secret } = await rig.key();
    const targets = [
      '/a//b/../c',
      '/%2e%2e/%2F;x=1',
      '/a%zz',
      '/q?a=%20+&&b[]=1|2\'"<>',
      '/?',
      '//',
      '/\xc3\xa9',
      '/a\\b',
      '/x?y?z/..',
    ];
    for (const target of targets) {
      const answer = await say(
        rig.port,
        `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nConnection: close\r\n\r\n`,
      );
      if (answer.startsWith('HTTP/1.1 400')) continue;
      expect(Buffer.from(rig.seen.at(-1)?.url ?? '', 'latin1')).toEqual(Buffer.from(target, 'latin1'));
    }
    expect(rig.seen.length).toBeGreaterThanOrEqual(targets.length - 1);
  });

  it('takes an absolute target as the path in it', async () => {
    const rig = await start();
    const { secret } = await rig.key();
    const answer = await say(
      rig.port,
      `GET http://api.example:81/v1/users/1?x=%2e HTTP/1.1\r\nHost: y\r\nAuthorization: Bearer ${secret}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(rig.seen.at(-1)?.url).toBe('/v1/users/1?x=%2e');
    expect(headerOf(seenHeaders(rig), 'x-forwarded-host')).toEqual(['api.example:81']);
  });

  it('gets the limit headers of its key in place of the upstream', async () => {
    const rig = await start({
      profile: 'aifaceswap',
      upstream: (_, res) =>
        void res.writeHead(418, { 'X-RateLimit-Limit': '9', 'X-RateLimit-Remaining': '9' }).end('teapot'),
    });
    const { secret } = await rig.key();
    const answer = await get(rig, '/v1/anything', bearer(secret));
    expect(answer.status).toBe(418);
    expect(await answer.text()).toBe('teapot');
    expect(answer.headers.get('x-ratelimit-limit')).toBe('60');
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('59');
  });

  it('answers HEAD, 204, 304 and HTTP/1.0 without a body that is not there', async () => {
    const rig = await start({
      upstream: (req, res) =>
        void res
          .writeHead(Number(req.url?.slice(-3)), { etag: '"1"', 'content-type': 'text/plain' })
          .end(req.method === 'HEAD' ? '' : 'body'),
    });
    const { secret } = await rig.key();
    const lines = (method: string, path: string, version = '1.1') =>
      say(
        rig.port,
        `${method} ${path} HTTP/${version}\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nConnection: close\r\n\r\n`,
      );
    for (const [method, path] of [
      ['HEAD', '/v1/users/200'],
      ['GET', '/v1/users/204'],
      ['GET', '/v1/users/304'],
    ] as const) {
      const answer = await lines(method, path);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${path.slice(-3)}`));
      expect(answer).toMatch(/\r\n\r\n$/);
      expect(answer).toContain('etag: "1"');
    }
    const old = await lines('GET', '/v1/users/200', '1.0');
    expect(old).toMatch(/\r\n\r\nbody$/);
    expect(old).not.toMatch(/transfer-encoding/i);
  });

  it('carries trailers behind a chunked body', async () => {
    const rig = await start({
      upstream: (_, res) => {
        res.writeHead(200, { trailer: 'X-Sum' });
        res.write('data');
        res.addTrailers({ 'X-Sum': '42', 'Set-Cookie': 'a=b' });
        res.end();
      },
    });
    const { secret } = await rig.key();
    const answer = await say(
      rig.port,
      `GET /v1/users/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/\r\n0\r\nx-sum: 42\r\n\r\n$/);
    expect(answer).not.toContain('a=b');
  });

  it('goes by the mode of its key: test keys only ever to the sandbox', async () => {
    const rig = await start({ sandbox: (_, res) => void res.end('sandbox') });
    const live = await rig.key();
    const test = await rig.key({ mode: 'test' });
    expect(await (await get(rig, '/v1/users/1', bearer(test.secret))).text()).toBe('sandbox');
    expect(rig.seen).toHaveLength(0);
    await get(rig, '/v1/users/1', bearer(live.secret));
    expect(rig.seen).toHaveLength(1);
  });
});

describe('a refused request', () => {
  it('is answered in the dialect and never reaches the upstream', async () => {
    const rig = await start();
    const { secret } = await rig.key({ permissions: ['users.read'] });
    const missing = await get(rig, '/v1/users/1');
    expect(missing.status).toBe(401);
    expect(missing.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(missing.headers.get('x-request-id')).toMatch(/^req_/);
    expect(await missing.json()).toMatchObject({ success: false, error: { code: 'missing_api_key' } });
    expect((await get(rig, '/v1/users/1', {}, { method: 'OPTIONS' })).status).toBe(401);
    expect((await get(rig, `/v1/users/1?api_key=${secret}&authorization=Bearer%20${secret}`)).status).toBe(401);
    expect((await get(rig, '/v1/users/1', bearer(secret), { method: 'DELETE' })).status).toBe(403);
    expect((await get(rig, '/v1/users/1', { ...bearer(secret), 'x-api-key': secret })).status).toBe(401);
    expect(rig.seen).toHaveLength(0);
  });

  it('keeps its connection when its body was small', async () => {
    const rig = await start();
    const line = openLine(rig.port, 'POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi');
    await line.until(/missing_api_key/);
    line.socket.write('GET /v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect((await line.closed()).match(/HTTP\/1\.1 401/g)).toHaveLength(2);
  });

  it('is refused on ambiguous paths where rows depend on the path, a public one among them', async () => {
    const rig = await start(withRoutes({ method: 'GET', path: '/public/**', auth: 'none' }));
    const { secret } = await rig.key();
    for (const path of [
      '/v1/users/%2e%2e/x',
      '/v1//users',
      '/v1/users;x',
      '/v1/users/..',
      '/v1/users/%2fx',
      '/v1/users/%5cx',
      '/v1/users/%zz',
      '/v1/users/%c0%ae',
    ]) {
      const answer = await say(
        rig.port,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer, path).toMatch(/^HTTP\/1\.1 403/);
      expect(answer).toContain('endpoint_not_allowed');
    }
    const open = await say(rig.port, 'GET /public/../v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(open).toMatch(/^HTTP\/1\.1 401/);
    expect(rig.seen).toHaveLength(0);
  });

  it('is limited with Retry-After, and spends nothing of a slot', async () => {
    const rig = await start({ profile: 'aifaceswap' });
    const { secret } = await rig.key({ limits: { perMinute: 1 } });
    expect((await get(rig, '/v1/x', bearer(secret))).status).toBe(200);
    const limited = await get(rig, '/v1/x', bearer(secret));
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('rows of the profile', () => {
  it('answers from the decision alone', async () => {
    const rig = await start({ profile: 'swaypi' });
    const { secret } = await rig.key({ tier: 'builder' });
    const answer = await get(rig, '/v1/me', bearer(secret));
    expect(await answer.text()).toBe('{"tier":"builder","requests_remaining":-1,"rate_limit_per_minute":600}');
    expect(answer.headers.get('x-ratelimit-limit')).toBe('600');
    expect(rig.seen).toHaveLength(0);
  });

  it('runs operations as the calling key', async () => {
    const rig = await start();
    const manager = await rig.key();
    await new Promise((resolve) => setTimeout(resolve, 2));
    const other = await rig.key({ permissions: ['users.read'] });
    const list = await get(rig, '/v1/api-keys', bearer(manager.secret));
    const { data } = (await list.json()) as { data: Record<string, unknown>[] };
    expect(data.map(({ id }) => id)).toEqual([other.id, manager.id]);
    expect(data[0]).toEqual({
      id: other.id,
      name: 'Test key',
      prefix: 'sk_live_',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      last_used: null,
    });
    const revoke = (id: string) => get(rig, `/v1/api-keys/${id}`, bearer(manager.secret), { method: 'DELETE' });
    const revoked = await revoke(other.id);
    expect(await revoked.json()).toEqual({ success: true, message: 'API key revoked successfully' });
    const again = await revoke(other.id);
    expect(again.status).toBe(404);
    expect(await again.json()).toMatchObject({ success: false, error: { code: 'not_found' } });
    expect((await get(rig, '/v1/api-keys', bearer(other.secret))).status).toBe(401);
  });

  it('lets a key revoke itself and hear of it', async () => {
    const rig = await start();
    const { secret, id } = await rig.key();
    const answer = await get(rig, `/v1/api-keys/${id}`, bearer(secret), { method: 'DELETE' });
    expect(answer.status).toBe(200);
    expect((await get(rig, '/v1/users/1', bearer(secret))).status).toBe(401);
  });

  it('lets a public row pass without key, credential stripped, no identity set', async () => {
    const rig = await start(withRoutes({ method: 'GET', path: '/public/**', auth: 'none' }));
    const answer = await get(rig, '/public/page', { authorization: 'Bearer whatever', 'X-Latchkey-Key-Id': 'key_1' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBeNull();
    expect(headerOf(seenHeaders(rig), 'authorization')).toEqual([]);
    expect(headerOf(seenHeaders(rig), 'x-latchkey-key-id')).toEqual(['']);
    expect(headerOf(seenHeaders(rig), 'x-latchkey-principal')).toEqual(['']);
  });

  it('counts a batch before it passes, and passes the bytes that were sent', async () => {
    const rig = await start({ profile: 'swaypi' });
    const { secret } = await rig.key({ tier: 'free' });
    const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
      get(
        rig,
        '/v1/creators/batch',
        { ...bearer(secret), 'content-type': 'application/json', ...headers },
        { method: 'POST', body: body as string },
      );
    const ids = (count: number) => Array.from({ length: count }, (_, at) => `c${at}`);
    const sent = `{ "ids": ${JSON.stringify(ids(10))} , "x":"\\u0022\\\\" }`;
    const passed = await post(sent);
    expect(((await passed.json()) as { body: string }).body).toBe(sent);
    const large = await post(JSON.stringify({ ids: ids(11) }));
    expect(large.status).toBe(403);
    expect(await large.text()).toMatch(/builder/i);
    expect((await post(`{"ids":[1],"ids":${JSON.stringify(ids(11))}}`)).status).toBe(400);
    expect((await post('{"ids":[1],')).status).toBe(400);
    expect((await post('{"list":[1]}')).status).toBe(400);
    expect((await post('"ids"')).status).toBe(400);
    expect((await post(Uint8Array.of(31, 139, 8), { 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await get(rig, '/v1/creators/batch', {}, { method: 'POST', body: '{"ids":' })).status).toBe(401);
    expect(rig.seen).toHaveLength(1);
  });

  it('refuses fields above the tier, however the query writes them', async () => {
    const rig = await start({ profile: 'swaypi' });
    const { secret } = await rig.key({ tier: 'free' });
    for (const query of [
      'fields=name,contact_email',
      'fields=name&fields=contact_email',
      'fields=contact%5Femail',
      'fields=%20contact_email+',
      'fields[]=contact_email',
      '%66ields=contact_email',
    ]) {
      expect((await get(rig, `/v1/creators/1?${query}`, bearer(secret))).status, query).toBe(403);
    }
    expect((await get(rig, '/v1/creators/1?fields=name', bearer(secret))).status).toBe(200);
  });
});

describe('shared caches', () => {
  const answerWith = (headers: Record<string, string>): RigOptions => ({
    upstream: (_, res) => void res.writeHead(200, headers).end('x'),
  });

  it.each([
    [undefined, 'no-store'],
    ['public, max-age=60', 'private, max-age=60'],
    ['s-maxage=60, max-age=5', 'private, max-age=5'],
    ['max-age=5, Public="x", S-MaxAge="9"', 'private, max-age=5, Public="x"'],
    ['private, max-age=5', 'private, max-age=5'],
    ['no-cache', 'no-cache'],
  ])('turns %s into %s', async (given, expected) => {
    const rig = await start(answerWith(given === undefined ? {} : { 'Cache-Control': given }));
    const { secret } = await rig.key();
    const answer = await get(rig, '/v1/users/1', bearer(secret));
    expect(answer.headers.get('cache-control')).toBe(expected);
    expect(answer.headers.get('vary')).toBe('Authorization, X-Api-Key');
  });

  it('leaves a shared row as the upstream wrote it and merges Vary', async () => {
    const upstream = answerWith({
      'Cache-Control': 'public, max-age=60',
      Vary: 'Accept, authorization',
      'CDN-Cache-Control': 'max-age=60',
    });
    const rig = await start({ ...upstream, ...withRoutes({ method: 'GET', path: '/shared', shared: true }) });
    const { secret } = await rig.key();
    const shared = await get(rig, '/shared', bearer(secret));
    expect(shared.headers.get('cache-control')).toBe('public, max-age=60');
    expect(shared.headers.get('cdn-cache-control')).toBe('max-age=60');
    expect(shared.headers.get('vary')).toBe('Accept, authorization, X-Api-Key');
    const own = await get(rig, '/v1/users/1', bearer(secret));
    expect(own.headers.get('cdn-cache-control')).toBeNull();
  });
});

describe('an upstream that fails', () => {
  it('answers 502 in the dialect when it is away, and frees the slot', async () => {
    const rig = await start({ profile: 'aifaceswap' });
    const { secret } = await rig.key({ limits: { concurrent: 1 } });
    rig.upstream.close();
    rig.upstream.closeAllConnections();
    for (const _ of [1, 2]) {
      const answer = await get(rig, '/v1/swaps', bearer(secret), { method: 'POST', body: '{}' });
      expect(answer.status).toBe(502);
      expect(await answer.json()).toMatchObject({ error: { code: 'upstream_unreachable' } });
    }
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it('answers 502 when none is configured', async () => {
    const rig = await start({ gateway: { upstream: null } });
    const { secret } = await rig.key();
    expect((await get(rig, '/v1/users/1', bearer(secret))).status).toBe(502);
  });

  it('answers 504 when it does not begin in time', async () => {
    const rig = await start({ upstream: () => {}, gateway: { timeouts: { upstreamHeadersMs: 100 } } });
    const { secret } = await rig.key();
    const answer = await get(rig, '/v1/users/1', bearer(secret));
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream_timeout' } });
    expect(rig.counted).toContainEqual({ metric: 'latchkey_upstream_errors_total', labels: { kind: 'timeout' } });
  });

  it('answers 502 when it speaks no HTTP or leaves before a word', async () => {
    const broken = createServer();
    broken.on('connection', (socket) => socket.end('220 smtp ready\r\n'));
    broken.listen(0, '127.0.0.1');
    await once(broken, 'listening');
    const rig = await start({
      gateway: { upstream: new URL(`http://127.0.0.1:${(broken.address() as AddressInfo).port}`) },
    });
    const { secret } = await rig.key();
    expect((await get(rig, '/v1/users/1', bearer(secret))).status).toBe(502);
    broken.close();
  });

  it('cuts the answer that stops halfway, so that nobody takes it for whole', async () => {
    const rig = await start({
      upstream: (_, res) => {
        res.writeHead(200);
        res.write('half');
        setTimeout(() => res.destroy(), 20);
      },
    });
    const { secret } = await rig.key();
    const answer = await get(rig, '/v1/users/1', bearer(secret));
    await expect(answer.text()).rejects.toThrow();
  });

  it('cuts the answer that stays silent', async () => {
    const rig = await start({
      upstream: (_, res) => void res.writeHead(200).write('half'),
      gateway: { timeouts: { idleMs: 150 } },
    });
    const { secret } = await rig.key();
    // On a busy machine even before its head was passed on.
    const answer = get(rig, '/v1/users/1', bearer(secret)).then((response) => response.text());
    await expect(answer).rejects.toThrow();
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it('tries once more when a kept connection was closed meanwhile', async () => {
    let hits = 0;
    const rig = await start({
      upstream: (req, res) => {
        if (++hits === 2) req.socket.destroy();
        else res.end('ok');
      },
    });
    const { secret } = await rig.key();
    await (await get(rig, '/v1/users/1', bearer(secret))).text();
    expect((await get(rig, '/v1/users/1', bearer(secret))).status).toBe(200);
    expect(hits).toBe(3);
  });
});

describe('a mistake of our own', () => {
  it('is answered 500 in the dialect, logged, and holds nothing', async () => {
    const logged: string[] = [];
    const rig = await start({
      profile: 'aifaceswap',
      gateway: {
        telemetry: {
          log: (_, event) => void logged.push(event),
          count() {
            throw new Error('planted sk_live_inside');
          },
          observe() {},
          gauge() {},
        },
      },
    });
    const { secret } = await rig.key({ limits: { concurrent: 1 } });
    for (const _ of [1, 2]) {
      const answer = await get(rig, '/v1/swaps', bearer(secret), { method: 'POST', body: '{}' });
      const text = await answer.text();
      expect(answer.status).toBe(500);
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'internal_error' } });
      expect(text).not.toContain('planted');
    }
    expect(logged).toContain('gateway_failed');
  });
});

describe('the log', () => {
  it('names the row, never the path, the query or the secret', async () => {
    const rig = await start();
    const { secret, id } = await rig.key();
    await get(rig, `/v1/users/usr_secret?token=${secret}`, bearer(secret));
    await get(rig, `/elsewhere/${secret}`);
    await eventually(() => rig.logged.filter(({ event }) => event === 'gateway_request').length === 2);
    const [passed, refused] = rig.logged.filter(({ event }) => event === 'gateway_request');
    expect(passed?.fields).toMatchObject({
      method: 'GET',
      route: '/v1/users/**',
      status: 200,
      keyId: id,
      reason: null,
    });
    expect(refused?.fields).toMatchObject({
      route: 'unlisted',
      status: 401,
      keyId: null,
      reason: 'missing_credential',
    });
    expect(JSON.stringify(rig.logged)).not.toMatch(new RegExp(`usr_secret|${secret}`));
    expect(rig.counted).toContainEqual({
      metric: 'latchkey_decisions_total',
      labels: { reason: 'allowed', surface: 'gateway' },
    });
  });
});

describe('a trusted proxy in front', () => {
  it('names the caller by the rightmost hop that is not trusted', async () => {
    const rig = await start({ gateway: { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] } });
    const { secret } = await rig.key({ restrictions: { ips: ['198.51.100.7'] } });
    const ask = async (forwardedFor: string) =>
      (
        await get(rig, '/v1/users/1', {
          ...bearer(secret),
          'X-Forwarded-For': forwardedFor,
          'X-Forwarded-Proto': 'https',
        })
      ).status;
    expect(await ask('6.6.6.6, 198.51.100.7, 10.1.2.3')).toBe(200);
    expect(headerOf(seenHeaders(rig), 'x-forwarded-for')).toEqual(['6.6.6.6, 198.51.100.7, 10.1.2.3, 127.0.0.1']);
    expect(headerOf(seenHeaders(rig), 'x-forwarded-proto')).toEqual(['https']);
    expect(await ask('::ffff:198.51.100.7')).toBe(200);
    expect(await ask('198.51.100.7:4711')).toBe(200);
    expect(await ask('198.51.100.7, 6.6.6.6')).toBe(403);
    expect(await ask('198.51.100.7, garbage')).toBe(403);
  });
});

describe('closing', () => {
  it('finishes what runs, then ends', async () => {
    const rig = await start({
      upstream: (_, res) => {
        res.writeHead(200);
        res.write('first,');
        setTimeout(() => res.end('last'), 150);
      },
    });
    const { secret } = await rig.key();
    const answer = await get(rig, '/v1/users/1', bearer(secret));
    const closed = rig.gateway.close({ graceMs: 20_000 });
    expect(await answer.text()).toBe('first,last');
    await closed;
    await expect(get(rig, '/v1/users/1', bearer(secret))).rejects.toThrow();
  });

  it('cuts what outlasts the grace time', async () => {
    const rig = await start({ upstream: (_, res) => void res.writeHead(200).write('x') });
    const { secret } = await rig.key();
    const answer = await get(rig, '/v1/users/1', bearer(secret));
    // Without the cut this would not end.
    await rig.gateway.close({ graceMs: 50 });
    await expect(answer.text()).rejects.toThrow();
  });

  it('says Connection: close to a caller who keeps asking', async () => {
    let release = (): void => {};
    const rig = await start({
      upstream: (_, res) => {
        release = () => res.end('done');
      },
    });
    const { secret } = await rig.key();
    const asked = request(`${rig.url}/v1/users/1`, { headers: bearer(secret) }).end();
    const answered = once(asked, 'response');
    await eventually(() => rig.seen.length === 1);
    const closed = rig.gateway.close({ graceMs: 20_000 });
    release();
    const [answer] = await answered;
    expect(answer.headers.connection).toBe('close');
    answer.resume();
    await closed;
  });
});
