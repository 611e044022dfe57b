// What an attacker sends: forged identity, hidden second requests, broken HTTP. Nothing passes for something it is not.

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, openLine, type Rig, say, startRig } from './rig.suite.js';

let rig: Rig;
let secret: string;
beforeAll(async () => {
  rig = await startRig({ adapt: (profile) => ({ ...profile, routes: [] }) });
  secret = (await rig.key({ limits: { perMinute: 1_000_000, perDay: 10_000_000 } })).secret;
});
afterAll(() => rig.close());

const ask = (lines: string[], rest = '', target = '/v1/users/1', method = 'GET'): Promise<string> =>
  say(
    rig.port,
    `${method} ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\n${lines.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n${rest}`,
  );

const MANAGED = [
  'Key-Id',
  'Project-Id',
  'Organization-Id',
  'Mode',
  'Tier',
  'Permissions',
  'Request-Id',
  'Lease-Id',
  'Reservation-Id',
  'Principal',
];

/** Header names as CGI-like upstreams see them. */
const mapped = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '-');

function upstreamSaw(): Map<string, string[]> {
  const raw = rig.seen.at(-1)?.rawHeaders ?? [];
  const seen = new Map<string, string[]>();
  for (let at = 0; at < raw.length; at += 2) {
    const name = mapped(raw[at] as string);
    seen.set(name, [...(seen.get(name) ?? []), raw[at + 1] as string]);
  }
  return seen;
}

describe('forged identity', () => {
  it('is dropped whatever separator and case its name has, however often it stands there', async () => {
    const cases = [(text: string) => text, (text: string) => text.toLowerCase(), (text: string) => text.toUpperCase()];
    for (const separator of "-_.!#$%&'*+^`|~") {
      for (const change of cases) {
        const forged = MANAGED.map((name) => change(`X-Latchkey-${name}`.replaceAll('-', separator)));
        const lines = [...forged, ...forged].map((name) => `${name}: forged`);
        const before = rig.seen.length;
        expect(await ask(lines), separator).toMatch(/^HTTP\/1\.1 200/);
        expect(rig.seen).toHaveLength(before + 1);
        const seen = upstreamSaw();
        for (const name of MANAGED) expect(seen.get(mapped(`X-Latchkey-${name}`)), name).toHaveLength(1);
        expect(JSON.stringify([...seen])).not.toContain('forged');
      }
    }
  });

  it('cannot make ours go by naming it in Connection', async () => {
    const named = MANAGED.map((name) => `X-Latchkey-${name}`).join(', ');
    await ask([`Connection: ${named}, X-Forwarded-For, X-Own`, 'X-Own: 1', 'X-Kept: 1']);
    const seen = upstreamSaw();
    for (const name of MANAGED) expect(seen.get(mapped(`X-Latchkey-${name}`)), name).toHaveLength(1);
    expect(seen.get('x-latchkey-mode')).toEqual(['live']);
    expect(seen.get('x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(seen.has('x-own')).toBe(false);
    expect(seen.get('x-kept')).toEqual(['1']);
  });

  it('holds for credentials too: no alias of one passes', async () => {
    const names = ['X_Api_Key', 'X.Api.Key', 'x-API_key', 'x~api~key', 'X|Api|Key'];
    expect(await ask(names.map((name) => `${name}: ${secret}`))).toMatch(/^HTTP\/1\.1 200/);
    const seen = upstreamSaw();
    expect(seen.has('x-api-key')).toBe(false);
    expect(seen.has('authorization')).toBe(false);
    expect(JSON.stringify([...seen])).not.toContain(secret);
  });

  it('keeps what belongs to one connection from the other', async () => {
    await ask([
      'Keep-Alive: timeout=9',
      'TE: trailers',
      'Proxy-Authorization: Basic eDp4',
      'Proxy-Connection: x',
      'Trailer: X-A',
    ]);
    const seen = upstreamSaw();
    for (const name of ['keep-alive', 'te', 'proxy-authorization', 'proxy-connection', 'trailer'])
      expect(seen.has(name)).toBe(false);
    expect(seen.get('connection')).toEqual(['keep-alive']);
  });
});

describe('exactly one credential', () => {
  it.each([
    ['twice the same', (it: string) => [`Authorization: Bearer ${it}`]],
    ['two places', (it: string) => [`X-Api-Key: ${it}`]],
    ['another case', (it: string) => [`AUTHORIZATION: Bearer ${it}`]],
  ])('refuses %s', async (_, extra) => {
    expect(await ask(extra(secret))).toMatch(/^HTTP\/1\.1 401/);
  });

  it.each([`Bearer  ${'x'}`, 'Bearer\tx', 'Bearer x y', 'Bearer x,y', 'Basic x', 'Bearer', 'Bearer x\xe9', ''])(
    'refuses %j',
    async (value) => {
      const answer = await say(
        rig.port,
        `GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: ${value}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 401/);
    },
  );

  it('sees a second credential behind thousands of headers', async () => {
    const filler = Array.from({ length: 2500 }, () => 'a:');
    expect(await ask([...filler, `X-Api-Key: ${secret}`])).toMatch(/^HTTP\/1\.1 401/);
  });
});

describe('hidden second requests', () => {
  const body = '0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n';
  it.each([
    ['both framings', ['Content-Length: 6', 'Transfer-Encoding: chunked']],
    ['both framings the other way round', ['Transfer-Encoding: chunked', 'Content-Length: 6']],
    ['two lengths', ['Content-Length: 6', 'Content-Length: 7']],
    ['a list of lengths', ['Content-Length: 6, 6']],
    ['a signed length', ['Content-Length: +6']],
    ['a hex length', ['Content-Length: 0x6']],
    ['chunked that is not last', ['Transfer-Encoding: chunked, identity']],
    ['a coding in front of chunked', ['Transfer-Encoding: gzip, chunked']],
    ['chunked misspelt', ['Transfer-Encoding: xchunked']],
    ['chunked behind a tab', ['Transfer-Encoding:\tchunked', 'Content-Length: 6']],
    ['a space before the colon', ['Transfer-Encoding : chunked']],
    ['a folded line', ['Transfer-Encoding:', ' chunked', 'Content-Length: 6']],
    ['a bare CR', ['X: a\rTransfer-Encoding: chunked']],
    ['NUL in a value', ['X: a\0b']],
    ['a name that is none', ['X(y): 1']],
    ['two hosts', ['Host: y']],
  ])('are refused: %s', async (_, lines) => {
    const before = rig.seen.length;
    const answer = await ask(lines as string[], body, '/v1/users', 'POST');
    expect(answer).toMatch(/^HTTP\/1\.1 (400|413)/);
    expect(answer).toMatch(/content-type: application\/json/i);
    expect(answer).toMatch(/"success":false/);
    expect(rig.seen.slice(before).filter(({ url }) => url?.includes('hidden'))).toEqual([]);
    expect(rig.seen).toHaveLength(before);
  });

  it('do not come out of a bad chunk either', async () => {
    const answer = await ask(
      ['Transfer-Encoding: chunked'],
      '5\r\nhello\r\nZZ\r\nGET /hidden HTTP/1.1\r\n\r\n',
      '/v1/users',
      'POST',
    );
    expect(answer).not.toMatch(/^HTTP\/1\.1 [25]/);
    expect(rig.seen.some(({ url }) => url?.includes('hidden'))).toBe(false);
  });

  it('are refused on HTTP/1.0 with a chunked body', async () => {
    const answer = await say(
      rig.port,
      `POST /v1/users HTTP/1.0\r\nAuthorization: Bearer ${secret}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
  });

  it('are refused as HTTP/2.0 in the form of HTTP/1', async () => {
    const answer = await say(rig.port, `GET /v1/users HTTP/2.0\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\n\r\n`);
    expect(answer).not.toMatch(/^HTTP\/1\.1 2/);
  });
});

describe('a key that is restricted by referrer', () => {
  const good = 'Referer: https://good.example/page';
  it.each([
    ['one good line', [good], 200],
    ['a good line in front of another', [good, 'Referer: https://evil.example/'], 403],
    ['a good line behind another', ['Referer: https://evil.example/', good], 403],
    ['none', [], 403],
  ])('with %s is answered as it should', async (_, lines, status) => {
    const restricted = await rig.key({ restrictions: { referrers: ['https://good.example'] } });
    const head = ['GET /v1/users HTTP/1.1', 'Host: x', `Authorization: Bearer ${restricted.secret}`, ...lines];
    expect(await say(rig.port, `${head.join('\r\n')}\r\nConnection: close\r\n\r\n`)).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status}`),
    );
  });
});

describe('what is no HTTP', () => {
  it.each([
    ['nonsense', 'hello\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/3.1', 'GET / HTTP/3.1\r\nHost: x\r\n\r\n'],
    ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['another scheme', 'GET ftp://x/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['a fragment', 'GET /a#b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['a made-up method', 'HACK / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('is answered 4xx in the dialect: %s', async (_, text) => {
    const answer = await say(rig.port, text);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
    expect(answer).toMatch(/"success":false/);
    expect(answer).toMatch(/x-request-id: req_/i);
  });

  it('is answered 431 when the head is larger than 16 KB', async () => {
    const answer = await ask([`X-Big: ${'a'.repeat(17_000)}`]);
    expect(answer).toMatch(/^HTTP\/1\.1 431[\s\S]*header_fields_too_large/);
  });

  it('is cut when the head comes too slowly', async () => {
    const impatient = await startRig({ gateway: { timeouts: { requestHeadMs: 300 } } });
    const line = openLine(impatient.port, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    expect(await line.closed()).toMatch(/^HTTP\/1\.1 408/);
    await impatient.close();
  });

  it('cannot hold a refused connection open', async () => {
    for (const text of ['CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', 'nonsense\r\n\r\n']) {
      const socket = connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => {}).resume();
      socket.write(text);
      await once(socket, 'end');
      const feeding = setInterval(() => socket.write('more'), 50);
      await new Promise((resolve) => socket.on('close', resolve));
      clearInterval(feeding);
    }
  });

  it('survives callers who reset their connection at any moment', async () => {
    const heads = [
      'GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n',
      'nonsense\r\n\r\n',
      `POST /a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Length: 9\r\n\r\n123`,
      `GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\n\r\n`,
    ];
    for (let turn = 0; turn < 10; turn++) {
      for (const head of heads) {
        const { socket } = openLine(rig.port, head);
        await once(socket, 'connect');
        await new Promise((resolve) => setTimeout(resolve, turn));
        socket.resetAndDestroy();
      }
    }
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it('leaves the gateway serving, with nothing in flight', async () => {
    expect(await ask([])).toMatch(/^HTTP\/1\.1 200/);
    expect(rig.gateway.inFlight()).toBe(0);
    expect(rig.logged.filter(({ event }) => event === 'gateway_failed')).toEqual([]);
  });
});
