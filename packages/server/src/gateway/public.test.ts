// Public rows: open to everybody, and no way around them. Nothing of a key is read, spent or told, and only the path as it is written is open.

import { describe, expect, it } from 'vitest';
import { type Rig, rigsOfEachTest, say, withRoutes } from './rig.suite.js';

const start = rigsOfEachTest();
const ROW = withRoutes(
  { method: 'GET', path: '/public/:page', auth: 'none' },
  { method: 'GET', path: '/docs/**', auth: 'none' },
);

const ask = (rig: Rig, line: string, lines: readonly string[] = []): Promise<string> =>
  say(rig.port, `${[`${line} HTTP/1.1`, 'Host: x', ...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
const statusOf = async (answer: Promise<string>): Promise<number> => Number((await answer).split(' ')[1]);

/** What the upstream got under a name, in any spelling. */
const got = (rig: Rig, name: string): string[] =>
  (rig.seen.at(-1)?.rawHeaders ?? []).filter(
    (_, at, all) => at % 2 === 1 && all[at - 1]?.toLowerCase().replace(/[^a-z0-9]/g, '-') === name,
  );

describe('a public row', () => {
  it('reads no key: none, a dead one, two, or nonsense pass alike, and none reaches the upstream', async () => {
    const rig = await start(ROW);
    const dead = await rig.key();
    await rig.latchkey.keys.revoke({ keyId: dead.id });
    const cases = [
      [],
      [`Authorization: Bearer ${dead.secret}`],
      [`Authorization: Bearer ${dead.secret}`, `Authorization: Bearer ${dead.secret}`],
      ['Authorization: nonsense', 'X-Api-Key: x', 'X_Api_Key: y', 'x.api.key: z', 'Proxy-Authorization: Basic eDp5'],
    ];
    for (const lines of cases) {
      expect(await statusOf(ask(rig, 'GET /public/page', lines))).toBe(200);
      for (const name of ['authorization', 'x-api-key', 'proxy-authorization']) expect(got(rig, name)).toEqual([]);
    }
    expect(rig.seen).toHaveLength(cases.length);
    expect((await rig.latchkey.keys.denials({ keyId: dead.id })).data).toEqual([]);
    expect(rig.counted.filter(({ metric }) => metric === 'latchkey_decisions_total')).toEqual([]);
  });

  it('carries every identity header once and empty, whatever the caller claims', async () => {
    const rig = await start(ROW);
    const { secret, id } = await rig.key();
    const names = ['key-id', 'project-id', 'organization-id', 'mode', 'tier', 'permissions', 'principal'];
    const claims = [...names, 'lease-id', 'reservation-id', 'request-id'].flatMap((name) => [
      `X-Latchkey-${name}: ${id}`,
      `x_latchkey_${name.replace('-', '_')}: ${id}`,
      `X.Latchkey.${name}: ${id}`,
    ]);
    await ask(rig, 'GET /public/page', [`Authorization: Bearer ${secret}`, ...claims]);
    for (const name of [...names, 'lease-id', 'reservation-id']) expect(got(rig, `x-latchkey-${name}`)).toEqual(['']);
    expect(got(rig, 'x-latchkey-request-id')).toEqual([expect.stringMatching(/^req_/)]);
  });

  it('counts for nothing: no limit, no use, no limit headers', async () => {
    const rig = await start({ ...ROW, profile: 'swaypi' });
    const { secret, id } = await rig.key({ tier: 'free', limits: { perMinute: 1, perDay: 1 } });
    for (let at = 0; at < 20; at++) {
      const answer = await ask(rig, 'GET /public/page', [`Authorization: Bearer ${secret}`]);
      expect(answer).toMatch(/^HTTP\/1\.1 200/);
      expect(answer).not.toMatch(/x-ratelimit|no-store|vary/i);
    }
    expect((await rig.latchkey.keys.get({ keyId: id })).lastUsedAt).toBeNull();
    expect((await rig.latchkey.usage.get({ keyId: id })).data).toEqual([]);
    expect(await statusOf(ask(rig, 'GET /v1/creators/1', [`Authorization: Bearer ${secret}`]))).toBe(200);
  });

  it.each([
    'GET /public',
    'GET /public/',
    'GET /public/a/b',
    'GET /PUBLIC/page',
    'GET /Public/page',
    'GET //public/page',
    'GET /public//page',
    'GET /public/page/',
    'GET /public/..',
    'GET /public/../v1/users/1',
    'GET /docs/../v1/users/1',
    'GET /docs/%2e%2e/v1/users/1',
    'GET /docs/..%2fv1/users/1',
    'GET /docs/%2e%2e%2fv1%2fusers',
    'GET /docs/%252e%252e/v1/users/1',
    'GET /docs/..\\v1\\users',
    'GET /docs/%5c..%5cv1',
    'GET /docs/..;/v1/users/1',
    'GET /docs/.;/x',
    'GET /docs/%00',
    'GET /docs/%c0%ae%c0%ae/v1',
    'GET /docs/%zz',
    'GET /docs/./x',
    'GET /v1/users/1?x=/public/page',
    'GET /v1/users/1;/public/page',
    'POST /public/page',
    'DELETE /docs/x',
    'OPTIONS /docs/x',
    'TRACE /docs/x',
    'PROPFIND /docs/x',
    'get /docs/x',
    'GET http://x/v1/users/1',
  ])('does not open %s', async (line) => {
    const rig = await start(ROW);
    expect([400, 401, 404, 405]).toContain(await statusOf(ask(rig, line)));
    expect(rig.seen).toEqual([]);
  });

  it('opens what it says, in the bytes that were sent', async () => {
    const rig = await start(ROW);
    const open = ['GET /public/a', 'HEAD /public/a', 'GET /public/a?b=/../c', 'GET /docs/a/b/c', 'GET /docs/a%20b'];
    for (const line of open) expect(await statusOf(ask(rig, line)), line).toBe(200);
    expect(rig.seen.map(({ method, url }) => `${method} ${url}`)).toEqual(open);
  });

  it.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X_Method_Override', 'X-Original-URL', 'X-Rewrite-URL'])(
    'is not led elsewhere by %s',
    async (name) => {
      const rig = await start(ROW);
      const answer = await statusOf(
        ask(rig, 'GET /docs/x', [`${name}: ${/url/i.test(name) ? '/v1/users' : 'DELETE'}`]),
      );
      if (answer === 200) expect(got(rig, name.toLowerCase().replaceAll('_', '-'))).toEqual([]);
      else expect([answer, rig.seen.length]).toEqual([400, 0]);
    },
  );
});
