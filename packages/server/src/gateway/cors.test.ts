// Pages of other origins: who may call is the profile's and the keys' to say, nothing is opened to anybody else, and without a word of it nothing changes.

import type { RequestListener } from 'node:http';
import type { Profile } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { bearer, type Rig, type RigOptions, rigsOfEachTest, say, withRoutes } from './rig.suite.js';

const start = rigsOfEachTest();

const APP = 'https://app.example';
const withCors =
  (cors: Partial<NonNullable<Profile['wire']['cors']>>) =>
  (profile: Profile): Profile => ({
    ...profile,
    wire: { ...profile.wire, cors: { origins: [APP], headers: [], maxAgeSeconds: 600, ...cors } },
  });

interface Answer {
  status: number;
  /** Lower-case names; every line by itself. */
  lines: [string, string][];
  header(name: string): string | undefined;
  body: string;
}

/** One request, line by line, so that no client tidies it. */
async function ask(rig: Rig, method: string, path: string, lines: readonly string[]): Promise<Answer> {
  const heard = await say(
    rig.port,
    `${[`${method} ${path} HTTP/1.1`, 'Host: x', ...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`,
  );
  const [head = '', body = ''] = heard.split('\r\n\r\n');
  const [status = '', ...fields] = head.split('\r\n');
  const parsed = fields.map((field) => {
    const [name = '', value = ''] = field.split(/: ?(.*)/s);
    return [name.toLowerCase(), value] as [string, string];
  });
  const header = (name: string): string | undefined => {
    const found = parsed.filter(([each]) => each === name);
    expect(found.length, name).toBeLessThanOrEqual(1);
    return found[0]?.[1];
  };
  return { status: Number(status.split(' ')[1]), lines: parsed, header, body };
}

const PREFLIGHT = ['Access-Control-Request-Method: GET', 'Access-Control-Request-Headers: authorization'];
const preflight = (rig: Rig, origin: string | null, path = '/v1/users/1'): Promise<Answer> =>
  ask(rig, 'OPTIONS', path, [...(origin === null ? [] : [`Origin: ${origin}`]), ...PREFLIGHT]);
const opened = ({ lines }: Answer): string[] =>
  lines.filter(([name]) => name.startsWith('access-control-')).map(([name]) => name);

/** Nobody's: neither spelled otherwise, nor a look-alike, nor several, nor none. */
const NOT_APP = [
  'null',
  '*',
  '',
  'http://app.example',
  'https://app.example.evil.example',
  'https://evilapp.example',
  'https://app.example:8443',
  'https://app.example/',
  'https://APP.example',
  'https://app.example.',
  'https://user@app.example',
  'https://app.example, https://evil.example',
  'https://app.example https://evil.example',
  'https://evil.example#https://app.example',
  'https://app.example%00.evil.example',
  'file://',
  'app.example',
];

describe('a preflight', () => {
  it('of an origin of the profile is answered without key, limits, use or upstream', async () => {
    const rig = await start({ adapt: withCors({ headers: ['X-Client-Version'], maxAgeSeconds: 7 }) });
    const { id } = await rig.key({ limits: { perMinute: 1 } });
    for (let at = 0; at < 20; at++) {
      const answer = await preflight(rig, APP);
      expect(answer.status).toBe(204);
      expect(answer.body).toBe('');
      expect(answer.header('access-control-allow-origin')).toBe(APP);
      expect(answer.header('access-control-allow-methods')).toBe('GET, HEAD, POST, PUT, PATCH, DELETE');
      expect(answer.header('access-control-allow-headers')).toBe(
        'Authorization, Content-Type, Idempotency-Key, X-Client-Version',
      );
      expect(answer.header('access-control-max-age')).toBe('7');
      expect(answer.header('vary')).toBe('Access-Control-Request-Method, Access-Control-Request-Headers, Origin');
      expect(answer.header('access-control-allow-credentials')).toBeUndefined();
      expect(answer.header('x-request-id')).toMatch(/^req_/);
    }
    expect(rig.seen).toEqual([]);
    expect(rig.counted.filter(({ metric }) => metric === 'latchkey_decisions_total')).toEqual([]);
    expect((await rig.latchkey.keys.get({ keyId: id })).lastUsedAt).toBeNull();
  });

  it('names the header that the profile reads keys from', async () => {
    const rig = await start({ profile: 'suward', adapt: withCors({}) });
    const answer = await preflight(rig, APP);
    expect(answer.header('access-control-allow-headers')).toBe('X-Api-Key, Content-Type, Idempotency-Key');
  });

  it.each(NOT_APP)('of %j is refused as any request without a key', async (origin) => {
    const rig = await start({ adapt: withCors({}) });
    await rig.key({ restrictions: { referrers: [APP] } });
    const answer = await preflight(rig, origin);
    expect(answer.status).toBe(401);
    expect(opened(answer)).toEqual([]);
    expect(rig.seen).toEqual([]);
  });

  it('with two Origin lines, or none, is refused', async () => {
    const rig = await start({ adapt: withCors({}) });
    for (const lines of [
      [`Origin: ${APP}`, `Origin: ${APP}`],
      [`Origin: ${APP}`, 'Origin: https://evil.example'],
      [],
    ]) {
      const answer = await ask(rig, 'OPTIONS', '/v1/users/1', [...lines, ...PREFLIGHT]);
      expect(answer.status).toBe(401);
      expect(opened(answer)).toEqual([]);
    }
  });

  it('fits wildcards by whole labels, and any origin under *, which is never answered as such', async () => {
    const rig = await start({ adapt: withCors({ origins: ['https://*.example.com'] }) });
    for (const origin of ['https://a.example.com', 'https://a.b.example.com'])
      expect((await preflight(rig, origin)).header('access-control-allow-origin')).toBe(origin);
    for (const origin of [
      ...['https://example.com', 'https://evilexample.com', 'https://a.example.com.evil'],
      ...['https://evil/.example.com', 'https://evil#.example.com', 'https://evil?.example.com'],
      ...['https://evil\\.example.com', 'https://evil:1@.example.com', 'https://evil, https://a.example.com'],
    ])
      expect((await preflight(rig, origin)).status, origin).toBe(401);
    const any = await start({ adapt: withCors({ origins: ['*'] }) });
    expect((await preflight(any, 'https://who.ever')).header('access-control-allow-origin')).toBe('https://who.ever');
    expect((await preflight(any, 'null')).status).toBe(401);
  });

  it('with a credential is a call like any other, and so is OPTIONS that is no preflight', async () => {
    const rig = await start({ adapt: withCors({}) });
    const { secret } = await rig.key();
    const keyed = await ask(rig, 'OPTIONS', '/v1/x', [
      `Origin: ${APP}`,
      ...PREFLIGHT,
      `Authorization: Bearer ${secret}`,
    ]);
    expect([keyed.status, rig.seen.length]).toEqual([200, 1]);
    expect((await ask(rig, 'OPTIONS', '/v1/x', [`Origin: ${APP}`])).status).toBe(401);
    expect((await ask(rig, 'GET', '/v1/x', [`Origin: ${APP}`, ...PREFLIGHT])).status).toBe(401);
  });
});

describe('without a word of CORS in the profile', () => {
  it('a preflight is 401 and says nothing of CORS; the upstream speaks for itself', async () => {
    const upstream: RequestListener = (_, res) =>
      res
        .writeHead(200, {
          'access-control-allow-origin': '*',
          'access-control-allow-credentials': 'true',
          vary: 'Accept',
        })
        .end('x');
    const rig = await start({ upstream });
    const { secret } = await rig.key();
    const refused = await preflight(rig, APP);
    expect(refused.status).toBe(401);
    expect(opened(refused)).toEqual([]);
    expect(refused.header('vary')).toBe('Authorization, X-Api-Key');
    const passed = await ask(rig, 'GET', '/v1/users/1', [`Origin: ${APP}`, `Authorization: Bearer ${secret}`]);
    expect(passed.header('access-control-allow-origin')).toBe('*');
    expect(passed.header('access-control-allow-credentials')).toBe('true');
    expect(passed.header('vary')).toBe('Accept, Authorization, X-Api-Key');
  });

  it('the pages of a restricted key may call with it, from the moment it is there to the moment it is gone', async () => {
    const rig = await start();
    const status = async (origin: string): Promise<number> => (await preflight(rig, origin)).status;
    expect(await status(APP)).toBe(401);
    const { id, secret } = await rig.key({ restrictions: { referrers: [APP, 'https://*.shop.example'] } });
    const other = await rig.key({ restrictions: { referrers: [APP] } });
    expect(await status(APP)).toBe(204);
    expect(await status('https://a.shop.example')).toBe(204);
    expect(await status('https://shop.example')).toBe(401);
    await rig.latchkey.keys.update({ keyId: id, restrictions: { referrers: ['https://new.example'] } });
    expect(await status('https://a.shop.example')).toBe(401);
    expect(await status('https://new.example')).toBe(204);
    expect(await status(APP)).toBe(204);
    await rig.latchkey.keys.disable({ keyId: other.id });
    expect(await status(APP)).toBe(401);
    await rig.latchkey.keys.enable({ keyId: other.id });
    expect(await status(APP)).toBe(204);
    await rig.latchkey.keys.delete({ keyId: other.id });
    expect(await status(APP)).toBe(401);
    const rotated = await rig.latchkey.keys.rotate({ keyId: id, gracePeriodSeconds: 0 });
    expect(await status('https://new.example')).toBe(204);
    await rig.latchkey.keys.revoke({ keyId: rotated.key.id });
    expect(await status('https://new.example')).toBe(401);
    const imported = { name: 'old', secret: 'an-old-style-secret', restrictions: { referrers: [APP] } };
    await rig.latchkey.keys.import({ projectId: rig.projectId, keys: [imported] });
    expect(await status(APP)).toBe(204);
    await rig.latchkey.projects.delete({ projectId: rig.projectId });
    expect(await status(APP)).toBe(401);
    expect(secret).toBeTypeOf('string');
  });

  it('answers are open to the pages of the key that was presented, and to no page of another', async () => {
    const rig = await start();
    const shop = await rig.key({ restrictions: { referrers: ['https://shop.example'] } });
    const restricted = await rig.key({ restrictions: { referrers: [APP] }, permissions: ['users.read'] });
    const open = await rig.key();
    const call = (secret: string, origin: string, method = 'GET') =>
      ask(rig, method, '/v1/users/1', [`Origin: ${origin}`, `Authorization: Bearer ${secret}`]);
    const allowed = async (answer: Promise<Answer>) => {
      const { status, header } = await answer;
      return [status, header('access-control-allow-origin')];
    };
    expect(await allowed(call(restricted.secret, APP))).toEqual([200, APP]);
    expect(await allowed(call(restricted.secret, APP, 'DELETE'))).toEqual([403, APP]);
    expect(await allowed(call(restricted.secret, 'https://shop.example'))).toEqual([403, undefined]);
    expect(await allowed(call(open.secret, APP))).toEqual([200, undefined]);
    await rig.latchkey.keys.revoke({ keyId: restricted.id });
    expect(await allowed(call(restricted.secret, APP))).toEqual([401, APP]);
    // Nobody knows this key: a page of any key may read that.
    expect(await allowed(call('unknown', 'https://shop.example'))).toEqual([401, 'https://shop.example']);
    expect(await allowed(call('unknown', 'https://evil.example'))).toEqual([401, undefined]);
    expect(shop.id).toMatch(/^key_/);
  });
});

describe('an answer to an allowed origin', () => {
  const chatty: RequestListener = (_, res) =>
    res
      .writeHead(200, {
        'content-type': 'application/json',
        'access-control-allow-origin': '*',
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'X-Total, retry-after, *, bad name',
        'access-control-max-age': '1',
        vary: 'Accept, origin',
      })
      .end('{}');

  it("carries that origin once, exposes our headers and the upstream's, and never credentials", async () => {
    const rig = await start({ profile: 'swaypi', adapt: withCors({}), upstream: chatty });
    const { secret } = await rig.key({ tier: 'free' });
    const lines = [`Origin: ${APP}`, `Authorization: Bearer ${secret}`];
    for (const path of ['/v1/creators/1', '/v1/me']) {
      const answer = await ask(rig, 'GET', path, lines);
      expect(answer.status).toBe(200);
      expect(answer.header('access-control-allow-origin')).toBe(APP);
      expect(answer.header('access-control-allow-credentials')).toBeUndefined();
      expect(answer.header('access-control-max-age')).toBeUndefined();
      expect(answer.header('access-control-expose-headers')).toBe(
        `X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id, X-Should-Retry, Idempotent-Replayed, X-Swaypi-Tier-Gated${path === '/v1/me' ? '' : ', X-Total'}`,
      );
      expect(
        answer
          .header('vary')
          ?.toLowerCase()
          .match(/origin/g),
      ).toEqual(['origin']);
    }
  });

  it('is open whatever the answer: refused, malformed, not there, from the upstream', async () => {
    const rig = await start({
      adapt: withCors({}),
      upstream: (req, res) => (req.url?.endsWith('cut') ? req.socket.destroy() : res.writeHead(500).end('x')),
    });
    const { secret } = await rig.key({ limits: { perMinute: 2 } });
    const key = `Authorization: Bearer ${secret}`;
    const origin = `Origin: ${APP}`;
    const answers = [
      await ask(rig, 'GET', '/v1/users/1', [origin]),
      await ask(rig, 'GET', '/v1/users/1', [origin, key, key]),
      await ask(rig, 'GET', '/v1/users/1', [origin, key]),
      await ask(rig, 'POST', '/v1/cut', [origin, key]),
      await ask(rig, 'GET', '/v1/users/1', [origin, key]),
      await ask(rig, 'POST', '/v1/users/1', [origin, key, 'Content-Length: 99999999999']),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 500, 502, 429, 413]);
    for (const answer of answers) expect(answer.header('access-control-allow-origin')).toBe(APP);
  });

  it.each(NOT_APP)('is not open to %j, whatever the upstream says of it', async (origin) => {
    const rig = await start({ adapt: withCors({}), upstream: chatty });
    const { secret } = await rig.key();
    const answer = await ask(rig, 'GET', '/v1/users/1', [`Origin: ${origin}`, `Authorization: Bearer ${secret}`]);
    expect(answer.status).toBe(200);
    expect(opened(answer)).toEqual([]);
    expect(answer.header('vary')).toContain('Authorization');
  });

  it('on a public row is the upstream’s own word, except for the origins of the profile', async () => {
    const rows = withRoutes({ method: 'GET', path: '/public', auth: 'none' }).adapt as NonNullable<RigOptions['adapt']>;
    const rig = await start({ adapt: (profile) => rows(withCors({})(profile)), upstream: chatty });
    const mine = await ask(rig, 'GET', '/public', [`Origin: ${APP}`]);
    expect(mine.header('access-control-allow-origin')).toBe(APP);
    expect(mine.header('access-control-allow-credentials')).toBeUndefined();
    const theirs = await ask(rig, 'GET', '/public', ['Origin: https://else.example']);
    expect(theirs.header('access-control-allow-origin')).toBe('*');
    expect(theirs.header('vary')).toBe('Accept, origin');
  });
});

describe('calls without an Origin', () => {
  it('are answered byte for byte as without CORS, but for the Vary of a profile that states it', async () => {
    const plain = await start();
    const stated = await start({ adapt: withCors({}) });
    const answers: string[] = [];
    for (const rig of [plain, stated]) {
      const { secret } = await rig.key();
      const { lines, status } = await ask(rig, 'GET', '/v1/users/1', [`Authorization: Bearer ${secret}`]);
      const kept = lines.filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name));
      answers.push(JSON.stringify([status, kept]));
      expect((await fetch(`${rig.url}/v1/users/1`, { headers: bearer(secret) })).status).toBe(200);
    }
    expect(answers[1]).toBe(answers[0]?.replace('X-Api-Key', 'X-Api-Key, Origin'));
  });
});
