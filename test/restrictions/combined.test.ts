// Guarantees of restrictions together: every list that is given has to match, in any combination, and a change bites at once, on answers that run too.

import { describe, expect, it } from 'vitest';
import { openLine, rigsOfEachTest } from '../../packages/server/src/gateway/rig.suite.js';
import { randomOf, seeds } from '../e2e/random.js';
import { sendAll } from './attack.js';

const start = rigsOfEachTest();
const [SEED = 1] = seeds(1);

const IPS = ['192.0.2.1', '192.0.2.2', '2001:db8::1'];
const ORIGINS = ['https://a.example', 'https://b.example', 'https://a.example:8443'];
const PATHS = ['/v2/a', '/v2/a/1', '/v2/b', '/V2/a', '/v2/a/'];
const METHODS = ['GET', 'HEAD', 'POST', 'DELETE'];
const PATTERNS: [text: string, method: string | null, path: RegExp][] = [
  ['/v2/a', null, /^\/v2\/a$/],
  ['GET /v2/a', 'GET', /^\/v2\/a$/],
  ['POST /v2/*', 'POST', /^\/v2\/[^/]+$/],
  ['/v2/a/**', null, /^\/v2\/a(\/.*)?$/],
  ['DELETE /**', 'DELETE', /^\//],
];

it(`seed ${SEED}: 3,000 requests meet every list that is given, or are refused for the first that they miss`, async () => {
  const draw = randomOf(SEED, 'combined restrictions');
  const rig = await start();
  const some = <T>(list: readonly T[]): T[] | null => {
    const chosen = list.filter(() => draw.int(1, 2) === 1);
    return chosen.length === 0 ? null : chosen;
  };
  const outcomes: Record<string, number> = {};
  for (let key = 0; key < 100; key++) {
    const [ips, referrers, patterns] = [some(IPS), some(ORIGINS), some(PATTERNS)];
    const endpoints = patterns?.map(([text]) => text) ?? null;
    const restrictions = { ...(ips && { ips }), ...(referrers && { referrers }), ...(endpoints && { endpoints }) };
    const limits = { perMinute: 1_000_000, perDay: 1_000_000 };
    const { secret } = await rig.key({ limits, ...(draw.int(1, 8) > 1 && { restrictions }) });
    const isRestricted = (await rig.latchkey.verify({ secret })).key?.restrictions !== null;
    for (let turn = 0; turn < 30; turn++) {
      const [ip, origin, path, method] = [
        draw.oneOf([...IPS, '198.51.100.1', null]),
        draw.oneOf([...ORIGINS, null]),
        draw.oneOf(PATHS),
        draw.oneOf(METHODS),
      ];
      const missed = !isRestricted
        ? null
        : ips !== null && (ip === null || !ips.includes(ip))
          ? 'ip_not_allowed'
          : referrers !== null && (origin === null || !referrers.includes(origin))
            ? 'referrer_not_allowed'
            : patterns !== null &&
                !patterns.some(([, wanted, fits]) => (wanted === null || wanted === method) && fits.test(path))
              ? 'endpoint_not_allowed'
              : null;
      const headers = {
        authorization: `Bearer ${secret}`,
        ...(origin && (draw.int(1, 2) === 1 ? { origin } : { referer: `${origin}/page` })),
      };
      const { reason } = await rig.latchkey.verify({ request: { headers, method, path, ...(ip !== null && { ip }) } });
      expect(reason, JSON.stringify({ restrictions, ip, origin, path, method })).toBe(missed);
      outcomes[reason ?? 'allowed'] = (outcomes[reason ?? 'allowed'] ?? 0) + 1;
    }
  }
  console.log(`restrictions: LATCHKEY_SEED=${SEED}`, JSON.stringify(outcomes));
  expect(Object.keys(outcomes)).toHaveLength(4);
});

describe('a change of', () => {
  it.each([
    ['addresses', { ips: ['127.0.0.1'] }, { ips: ['192.0.2.1'] }],
    ['referrers', { referrers: ['https://good.example'] }, { referrers: ['https://other.example'] }],
    ['endpoints', { endpoints: ['GET /v2/stream'] }, { endpoints: ['POST /v2/stream', '/v2/other'] }],
  ])(
    '%s cuts the answer that runs and refuses the next request, and taking it back lets it pass',
    async (_, before, after) => {
      const rig = await start({
        upstream: (_, res) => void res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n'),
      });
      const { secret, id } = await rig.key({ restrictions: before });
      const text = `GET /v2/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nOrigin: https://good.example\r\n\r\n`;
      const running = openLine(rig.port, text);
      await running.until(/data: 1/);
      await rig.latchkey.keys.update({ keyId: id, restrictions: after });
      // Chunked, and without its last chunk.
      expect(await running.closed(1000)).not.toMatch(/\r\n0\r\n\r\n$/);
      const [refused] = await sendAll(rig.port, [text.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')]);
      expect(refused).toMatch(/^HTTP\/1\.1 403 /);
      expect(rig.seen).toHaveLength(1);
      await rig.latchkey.keys.update({ keyId: id, restrictions: before });
      await openLine(rig.port, text).until(/data: 1/);
    },
  );
});
