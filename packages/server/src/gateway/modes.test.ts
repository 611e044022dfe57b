// Live and test keys through the gateway: neither reaches the other's upstream, whatever is sent; magic values answer test keys alone.

import type { IncomingMessage, RequestListener } from 'node:http';
import { REHEARSABLE } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { bearer, type Rig, type RigOptions, rigsOfEachTest, say, withRoutes } from './rig.suite.js';

const start = rigsOfEachTest();

interface Pair {
  rig: Rig;
  /** What reached the sandbox upstream. */
  sandboxed: IncomingMessage[];
  live: string;
  test: string;
}

const ok: RequestListener = (req, res) => {
  req.resume();
  res.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
};

async function pair(options: RigOptions = {}): Promise<Pair> {
  const sandboxed: IncomingMessage[] = [];
  const rig = await start({
    upstream: ok,
    sandbox: (req, res) => {
      sandboxed.push(req);
      ok(req, res);
    },
    ...options,
  });
  const limits = { perMinute: 1_000_000, perDay: 1_000_000 };
  const { secret: live } = await rig.key({ mode: 'live', limits });
  const { secret: test } = await rig.key({ mode: 'test', limits });
  return { rig, sandboxed, live, test };
}

const HOSTS = [
  'api.example.com',
  'sandbox.example.com',
  'SANDBOX.example.com:8080',
  'api.example.com.',
  'evil.example',
  '',
];
const HEADERS: Record<string, string>[] = [
  {},
  { 'X-Latchkey-Mode': 'live', X_Latchkey_Mode: 'live', 'X.Latchkey.Mode': 'live' },
  { 'X-Latchkey-Mode': 'test' },
  { 'X-Forwarded-Host': 'api.example.com', Forwarded: 'host=api.example.com', 'X-Forwarded-Proto': 'https' },
  { 'X-Original-URL': '/v1/live', 'X-HTTP-Method-Override': 'PUT', 'X-Rewrite-URL': '/v1/live' },
  { 'X-Latchkey-Test-Reason': 'nonsense' },
];
const PATHS = [
  '/v1/users/usr_1',
  '/v1/users/usr_1?mode=live',
  '/v1/live/x',
  '/v1/test/x',
  '/V1/LIVE/x',
  '/v1/test/../live/x',
  '/v1/%6cive/x',
  '//v1/live/x',
  'http://api.example.com/v1/users/usr_1',
  'http://sandbox.example.com/v1/users/usr_1',
  '/v1/public/x',
  '/',
];
const METHODS = ['GET', 'POST', 'DELETE', 'OPTIONS', 'HEAD'];

describe('the upstream of the other mode', () => {
  it('is out of reach by host, header, path, method, and by the mode of a row', async () => {
    const rows = withRoutes(
      { path: '/v1/live/**', mode: 'live' },
      { path: '/v1/test/**', mode: 'test' },
      { path: '/v1/jobs', concurrency: 'job' },
    );
    const { rig, sandboxed, live, test } = await pair({
      // Hosts that serve one mode each, as a profile may say.
      adapt: (profile) => ({
        ...(rows.adapt?.(profile) ?? profile),
        hosts: { live: ['api.example.com'], test: ['sandbox.example.com'] },
      }),
    });
    let sent = 0;
    for (const [secret, own, other] of [
      [test, sandboxed, rig.seen],
      [live, rig.seen, sandboxed],
    ] as const) {
      const texts = METHODS.flatMap((method) =>
        PATHS.flatMap((path) =>
          HOSTS.map((host) => {
            const more = HEADERS[sent++ % HEADERS.length] as Record<string, string>;
            const headers = { Host: host, Authorization: `Bearer ${secret}`, ...more, Connection: 'close' };
            const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
            return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
          }),
        ),
      );
      const answers: string[] = [];
      while (texts.length > 0) {
        answers.push(...(await Promise.all(texts.splice(0, 20).map((text) => say(rig.port, text)))));
      }
      expect(own.length).toBeGreaterThan(50);
      expect(answers.filter((answer) => answer.includes('wrong_environment')).length).toBeGreaterThan(50);
      expect(other.map(({ method, url }) => `${method} ${url}`)).toEqual([]);
      own.length = 0;
    }
  });

  it('is out of reach for upgrades, uploads, batches and keys that are swapped within one connection', async () => {
    const { rig, sandboxed, live, test } = await pair(
      withRoutes({ method: 'POST', path: '/v1/batch', batch: { pointer: '/ids' } }),
    );
    const body = '{"ids":["a","b"]}';
    const ask = (secret: string, close = false) =>
      `POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Length: ${body.length}\r\n${close ? 'Connection: close\r\n' : ''}\r\n${body}`;
    const heard = await say(rig.port, ask(test) + ask(live) + ask(test) + ask(live) + ask(test, true));
    expect(heard.match(/HTTP\/1\.1 200/g)).toHaveLength(5);
    expect([sandboxed.length, rig.seen.length]).toEqual([3, 2]);
    expect(sandboxed.every(({ headers }) => headers['x-latchkey-mode'] === 'test')).toBe(true);
    expect(rig.seen.every(({ headers }) => headers['x-latchkey-mode'] === 'live')).toBe(true);
  });

  it('is not taken instead when the own one is away', async () => {
    const none = await start({ upstream: ok });
    const { secret } = await none.key({ mode: 'test' });
    const answer = await fetch(`${none.url}/v1/users/usr_1`, { headers: bearer(secret) });
    expect([answer.status, none.seen.length]).toEqual([502, 0]);

    const unserved = await start({ upstream: ok, settings: { servedModes: ['live'] } });
    const made = await unserved.key({ mode: 'test' });
    const refused = await fetch(`${unserved.url}/v1/users/usr_1`, { headers: bearer(made.secret) });
    expect([refused.status, unserved.seen.length]).toEqual([401, 0]);
    expect(await refused.json()).toMatchObject({ error: { code: 'wrong_environment' } });
  });
});

describe('X-Latchkey-Test-Reason', () => {
  const rehearse = (rig: Rig, secret: string, reason: string, path = '/v1/users/usr_1') =>
    fetch(`${rig.url}${path}`, { headers: { ...bearer(secret), 'X-Latchkey-Test-Reason': reason } });

  it('answers a test key with that refusal, before any upstream, and counts it apart', async () => {
    const { rig, sandboxed, test } = await pair();
    const { reasons } = rig.latchkey.profile.wire;
    for (const reason of REHEARSABLE) {
      const answer = await rehearse(rig, test, reason);
      expect([reason, answer.status]).toEqual([reason, reasons[reason].status]);
      expect(await answer.json()).toMatchObject({ success: false, error: { code: reasons[reason].code } });
      const wait = answer.headers.get('retry-after');
      const waits = answer.status === 429 || answer.status === 503 || reason === 'idempotency_conflict';
      expect(wait !== null && Number(wait) >= 1).toBe(waits);
      expect(answer.headers.has('www-authenticate')).toBe(answer.status === 401 || reason === 'insufficient_scope');
    }
    expect([rig.seen.length, sandboxed.length]).toEqual([0, 0]);
    const counted = rig.counted.filter(({ metric }) => metric === 'latchkey_decisions_total');
    expect(new Set(counted.map(({ labels }) => labels.reason))).toEqual(new Set(['rehearsed']));
    // What needs no upstream either: rows that are answered here.
    expect((await rehearse(rig, test, 'quota_exceeded', '/v1/api-keys')).status).toBe(429);
  });

  it('is not seen on a live key, and reaches no upstream', async () => {
    const { rig, live } = await pair();
    for (const reason of ['rate_limited', 'nonsense']) expect((await rehearse(rig, live, reason)).status).toBe(200);
    expect(rig.seen.flatMap(({ rawHeaders }) => rawHeaders).filter((name) => /test.reason/i.test(name))).toEqual([]);
  });

  it('tells a test key all the words when it sends another one, none, or two', async () => {
    const { rig, sandboxed, test } = await pair();
    const bad = [
      'X-Latchkey-Test-Reason: nonsense\r\n',
      'X-Latchkey-Test-Reason:\r\n',
      'X-Latchkey-Test-Reason: rate_limited\r\nX-Latchkey-Test-Reason: rate_limited\r\n',
    ];
    for (const lines of bad) {
      const heard = await say(
        rig.port,
        `GET /v1/users/usr_1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${test}\r\n${lines}Connection: close\r\n\r\n`,
      );
      expect(heard).toMatch(/^HTTP\/1\.1 400 /);
      expect(heard).toContain('"code":"invalid_request"');
      for (const reason of REHEARSABLE) expect(heard).toContain(reason);
      expect(heard).not.toContain('nonsense');
    }
    expect(sandboxed).toEqual([]);
  });

  it('does nothing for who has no key', async () => {
    const { rig } = await pair();
    expect((await rehearse(rig, 'sk_test_no_such_key', 'rate_limited')).status).toBe(401);
    const open = await start({ upstream: ok, ...withRoutes({ path: '/v1/public', auth: 'none' }) });
    const answer = await fetch(`${open.url}/v1/public`, { headers: { 'X-Latchkey-Test-Reason': 'rate_limited' } });
    expect(answer.status).toBe(200);
  });
});
