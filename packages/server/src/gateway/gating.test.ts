// Guarantees of field gating: a tier never gets what it may not see, in whatever shape the upstream answers; the rest comes byte for byte.

import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
// @ts-expect-error the example is plain JavaScript
import { createExample } from '../../../../examples/swaypi/server.js';
import { gatedStream } from './gated-stream.js';
import { bearer, eventually, openLine, type Rig, type RigOptions, rigsOfEachTest, withRoutes } from './rig.suite.js';

const LIST = 'x-swaypi-tier-gated';
const HIDDEN = ['contact_email', 'audience_geo.detail'];
const SECRET = 'ada@example.com';
const MEGABYTE = 1024 * 1024;

const startRigHere = rigsOfEachTest();
const start = (options: RigOptions = {}): Promise<Rig> => startRigHere({ profile: 'swaypi', ...options });

type Head = Record<string, string | string[]>;
interface Scripted {
  status?: number;
  head?: Head;
  body?: string | Buffer | readonly (string | Buffer)[];
}

/** Answers every request with the same; a list of bodies is sent chunk by chunk. */
const scripted =
  ({ status = 200, head = { 'content-type': 'application/json' }, body = '' }: Scripted): RequestListener =>
  async (_, res) => {
    const chunks = typeof body === 'string' || Buffer.isBuffer(body) ? [body] : body;
    res.writeHead(status, head);
    for (const chunk of chunks) {
      if (!res.write(chunk)) await once(res, 'drain');
      if (chunks.length > 1) await new Promise((resolve) => setImmediate(resolve));
    }
    res.end();
  };

interface Heard {
  status: number;
  headers: Headers;
  text: string;
}

const ask = async (rig: Rig, tier: string, init: RequestInit & { path?: string } = {}): Promise<Heard> => {
  const { secret } = await rig.key({ tier });
  const headers = { ...(init.headers as Record<string, string>), ...bearer(secret) };
  const answer = await fetch(`${rig.url}${init.path ?? '/v1/creators/cr_1001'}`, { ...init, headers });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};

/** What a free key hears of a scripted answer. */
const heard = async (script: Scripted, tier = 'free'): Promise<Heard> =>
  ask(await start({ upstream: scripted(script) }), tier);

/** Refused, and nothing of the upstream's answer in it. */
const unreadable = ({ status, text, headers }: Heard): void => {
  expect({ status, text: text.slice(0, 500) }).toEqual({
    status: 502,
    text: '{"detail":"Fields that the tier does not include could not be left out of the answer, so none of it is passed on."}',
  });
  expect(headers.get(LIST)).toBeNull();
};

describe('the example API', () => {
  const example = createExample({}) as { listeners(event: 'request'): RequestListener[] };
  const upstream: RequestListener = (req, res) => example.listeners('request')[0]?.call(example, req, res);

  it.each([
    ['free', ['id', 'handle', 'name', 'followers', 'audience_geo'], ['countries'], HIDDEN.join(',')],
    ['builder', ['id', 'handle', 'name', 'followers', 'contact_email', 'audience_geo'], ['countries'], HIDDEN[1]],
    ['studio', ['id', 'handle', 'name', 'followers', 'contact_email', 'audience_geo'], ['countries', 'detail'], null],
  ])('shows a %s key its fields and no others, one by one, listed and in a batch', async (tier, fields, geo, list) => {
    const rig = await start({ upstream });
    const one = await ask(rig, tier);
    const many = await ask(rig, tier, { path: '/v1/creators?limit=3' });
    const batch = await ask(rig, tier, {
      path: '/v1/creators/batch',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"ids":["cr_1001","cr_x"]}',
    });
    for (const { status, headers } of [one, many, batch]) {
      expect([status, headers.get(LIST)]).toEqual([200, list]);
    }
    const creators = [JSON.parse(one.text), ...JSON.parse(many.text).data, ...JSON.parse(batch.text).data];
    expect(creators).toHaveLength(6);
    for (const creator of creators) {
      expect(Object.keys(creator)).toEqual(fields);
      expect(Object.keys(creator.audience_geo)).toEqual(geo);
    }
  });

  it('never mixes tiers that ask at once', async () => {
    const rig = await start({ upstream });
    const keys = await Promise.all(['free', 'builder', 'studio'].map((tier) => rig.key({ tier })));
    const lists = [HIDDEN.join(','), HIDDEN[1], null];
    await Promise.all(
      Array.from({ length: 150 }, async (_, turn) => {
        const answer = await fetch(`${rig.url}/v1/creators/cr_${turn}`, {
          headers: bearer(keys[turn % 3]?.secret ?? ''),
        });
        const text = await answer.text();
        if (answer.status === 429) return;
        expect(answer.headers.get(LIST)).toBe(lists[turn % 3]);
        expect([text.includes('contact_email'), text.includes('"detail"')]).toEqual([turn % 3 > 0, turn % 3 > 1]);
      }),
    );
  });
});

describe('JSON', () => {
  it('keeps every byte that is not left out', async () => {
    const kept = ' "big" : 12345678901234567890,\n"one":1.0,"huge":1e400,"é":"\\u00e9\\/" ';
    const { text, headers } = await heard({ body: `{"contact_email":"${SECRET}",${kept}}` });
    expect(text).toBe(`{${kept.trimStart()}}`);
    expect(headers.get(LIST)).toBe('contact_email');
    expect(headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
  });

  it('without a hidden field passes as it came, and nothing is listed', async () => {
    for (const body of [
      '{"id":1.0}',
      ' [ ]\n',
      '{"a":"\\u0041"}',
      'true',
      '"contact_email"',
      '{"a":"contact_email"}',
    ]) {
      const { text, headers } = await heard({ body });
      expect([text, headers.get(LIST)]).toEqual([body, null]);
    }
  });

  it.each([
    ['escaped', '{"contact_\\u0065mail":"ada@example.com","a":1}', '{"a":1}'],
    ['twice', '{"contact_email":"ada@example.com","a":1,"contact_email":"ada@example.com"}', '{"a":1}'],
    ['in lists of lists', '[[{"contact_email":"ada@example.com"}]]', '[[{}]]'],
    ['behind a byte order mark', '\ufeff{"contact_email":"ada@example.com"}', '\ufeff{}'],
    ['in an error', '{"contact_email":"ada@example.com"}', '{}', 404],
    ['in a failure', '{"contact_email":"ada@example.com"}', '{}', 500],
  ])('loses a hidden field: %s', async (_, body, left, status = 200) => {
    const answer = await heard({ status, body });
    expect(answer.status).toBe(status);
    expect(answer.headers.get(LIST)).toBe('contact_email');
    // Not text(), which leaves the mark out.
    expect(answer.text).toBe(left.replace('\ufeff', ''));
    expect(answer.headers.get('content-length')).toBe(String(Buffer.byteLength(left)));
  });

  it('is gated at any depth', async () => {
    const depth = 100_000;
    const { text } = await heard({ body: `${'[{"a":'.repeat(depth)}{"contact_email":1}${'}]'.repeat(depth)}` });
    expect(text === `${'[{"a":'.repeat(depth)}{}${'}]'.repeat(depth)}`).toBe(true);
  });

  it('is gated however it is cut into chunks', async () => {
    const body = Buffer.from(`{"é":"€","contact_email":"${SECRET}","a":"\\"","audience_geo":{"detail":1}}`);
    const cuts = fc.sample(fc.array(fc.integer({ min: 1, max: body.length }), { maxLength: 20 }), {
      numRuns: 20,
      seed: 7,
    });
    for (const at of [...cuts, Array.from(body.keys())]) {
      const ends = [...new Set([...at, body.length])].sort((a, b) => a - b).filter((end) => end > 0);
      const chunks = ends.map((end, index) => body.subarray(ends[index - 1] ?? 0, end));
      expect((await heard({ body: chunks })).text).toBe('{"é":"€","a":"\\"","audience_geo":{}}');
    }
  });

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
  ])('that is coded all the same is decoded: %s', async (coding, encode) => {
    const body = encode(Buffer.from(`{"contact_email":"${SECRET}","a":1}`));
    const { text, headers } = await heard({
      head: { 'content-type': 'application/json', 'content-encoding': coding },
      body,
    });
    expect([text, headers.get('content-encoding'), headers.get(LIST)]).toEqual(['{"a":1}', null, 'contact_email']);
  });

  it('of exactly 10 MB is read, and one byte more is refused, declared or not', async () => {
    const frame = `{"contact_email":"${SECRET}","a":""}`;
    const body = frame.replace('""', `"${'x'.repeat(10 * MEGABYTE - frame.length)}"`);
    expect((await heard({ body })).text.length).toBe(10 * MEGABYTE - `"contact_email":"${SECRET}",`.length);
    const more = `${body} `;
    unreadable(await heard({ body: more }));
    unreadable(
      await heard({ head: { 'content-type': 'application/json', 'content-length': String(more.length) }, body: more }),
    );
    // Nothing to hide in it, but that shows only to who reads it.
    unreadable(await heard({ body: JSON.stringify('x'.repeat(10 * MEGABYTE)) }));
  });
});

describe('what cannot be read is never passed on', () => {
  const json = `{"contact_email":"${SECRET}"}`;
  const type = (contentType: string): Head => ({ 'content-type': contentType });
  it.each<[string, Scripted]>([
    ['broken JSON', { body: `{"contact_email":"${SECRET}"` }],
    ['broken JSON without a field', { body: '{"id":"cr_1001"' }],
    ['a broken error', { status: 500, body: '{"id":"cr_1001"' }],
    ['text under the type of JSON', { body: `email: ${SECRET}` }],
    ['two documents', { body: `{"a":1}${json}` }],
    ['JSON5', { body: `{contact_email:'${SECRET}'}` }],
    ['a name escaped as no JSON is', { body: `{'contact_\\x65mail':'${SECRET}'}` }],
    ['UTF-16', { body: Buffer.from(json, 'utf16le') }],
    ['UTF-16 that says so', { head: type('application/json; charset=utf-16'), body: Buffer.from(json, 'utf16le') }],
    ['UTF-7', { head: type('application/json; charset=utf-7'), body: '{"contact+AF8-email":"x"}' }],
    ['no UTF-8', { body: Buffer.from('{"a":"é"}', 'latin1') }],
    ['an overlong letter', { body: Buffer.from('{"\xc1\xa3ontact_email":"x"}', 'latin1') }],
    ['gzip that is none', { head: { ...type('application/json'), 'content-encoding': 'gzip' }, body: json }],
    [
      'gzip cut short',
      { head: { ...type('application/json'), 'content-encoding': 'gzip' }, body: gzipSync(json).subarray(0, 20) },
    ],
    ['an unknown coding', { head: { ...type('application/json'), 'content-encoding': 'zstd' }, body: json }],
    [
      'two codings',
      {
        head: { ...type('application/json'), 'content-encoding': 'gzip, br' },
        body: brotliCompressSync(gzipSync(json)),
      },
    ],
    [
      'a bomb',
      {
        head: { ...type('application/json'), 'content-encoding': 'gzip' },
        body: gzipSync(`{"a":"${' '.repeat(11 * MEGABYTE)}"}`),
      },
    ],
    ['CSV', { head: type('text/csv'), body: `id,contact_email\n1,${SECRET}\n` }],
    ['CSV without a head', { head: type('text/csv'), body: `1,${SECRET}\n` }],
    ['XML', { head: type('application/xml'), body: `<contact_email>${SECRET}</contact_email>` }],
    ['SVG', { head: type('image/svg+xml'), body: `<svg>${SECRET}</svg>` }],
    ['YAML', { head: type('application/yaml'), body: `contact_email: ${SECRET}` }],
    ['text', { head: type('text/plain'), body: `contact_email: ${SECRET}` }],
    ['a page', { head: type('text/html'), body: `<p>${SECRET}</p>` }],
    ['a script that calls back', { head: type('text/javascript'), body: `callback(${json})` }],
    ['bytes', { head: type('application/octet-stream'), body: Buffer.from([1, 2, 3]) }],
    ['a type that was not named', { head: {}, body: `contact_email: ${SECRET}` }],
    ['JSON as a picture', { head: type('image/png'), body: json }],
    ['JSON as a picture, behind space', { head: type('image/png'), body: ['\ufeff', ' \n', json] }],
    ['a coded picture', { head: { ...type('image/png'), 'content-encoding': 'gzip' }, body: gzipSync(json) }],
    [
      'a part nobody asked for',
      { status: 206, head: { ...type('application/json'), 'content-range': 'bytes 0-7/8' }, body: json },
    ],
    [
      'a coded stream',
      { head: { ...type('text/event-stream'), 'content-encoding': 'gzip' }, body: gzipSync(`data: ${json}\n\n`) },
    ],
    ['an error page with a field', { status: 404, head: type('text/html'), body: `<b>contact_email</b> ${SECRET}` }],
    [
      'an error page with escapes',
      { status: 404, head: type('text/plain'), body: `x {"contact_\\u0065mail":"${SECRET}"}` },
    ],
    ['an error in XML', { status: 404, head: type('application/xml'), body: `<email>${SECRET}</email>` }],
  ])('%s', async (_, script) => {
    const answer = await heard(script);
    unreadable(answer);
    expect(answer.text).not.toContain(SECRET);
  });

  it('is counted, and logged without a word of it', async () => {
    const rig = await start({ upstream: scripted({ head: type('text/csv'), body: SECRET }) });
    unreadable(await ask(rig, 'free'));
    expect(rig.counted).toContainEqual({ metric: 'latchkey_upstream_errors_total', labels: { kind: 'unreadable' } });
    await eventually(() => rig.logged.some(({ fields }) => fields.reason === 'upstream_unreadable'));
    expect(rig.logged.find(({ event }) => event === 'upstream_unreadable')?.fields.cause).toBe(
      'a body of the type text/csv',
    );
    expect(JSON.stringify(rig.logged)).not.toContain(SECRET);
  });

  it('is no answer cut off in the middle, and the upstream is asked once', async () => {
    const rig = await start({
      upstream: (_, res) => {
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        res.write(`{"contact_email":"${SECRET}"`);
        setTimeout(() => res.destroy(), 20);
      },
    });
    const { status, text } = await ask(rig, 'free');
    expect(status).toBe(502);
    expect(text).not.toContain(SECRET);
    expect(rig.seen).toHaveLength(1);
  });

  it('is no tunnel', async () => {
    const rig = await start();
    rig.upstream.on('upgrade', (_, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    const { secret } = await rig.key({ tier: 'free' });
    const line = openLine(
      rig.port,
      `GET /v1/creators/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    expect(await line.closed()).toMatch(/^HTTP\/1\.1 502 /);
    expect(rig.seen).toEqual([]);
  });
});

describe('what holds no field passes', () => {
  it.each<[string, Scripted]>([
    ['a picture', { head: { 'content-type': 'image/png' }, body: Buffer.from([0x89, 0x50, 0x4e, 0x47]) }],
    [
      'a photo in odd chunks',
      { head: { 'content-type': 'image/jpeg' }, body: [Buffer.from([0xff]), Buffer.from([0xd8, 0xff])] },
    ],
    ['nothing, of any type', { head: { 'content-type': 'text/csv', 'content-length': '0' } }],
    [
      'a plain error page',
      { status: 404, head: { 'content-type': 'text/html; charset=iso-8859-1' }, body: '<h1>Not Found</h1>' },
    ],
    ['a plain error text', { status: 503, head: { 'content-type': 'text/plain' }, body: 'busy' }],
    ['an error text under the type of JSON', { status: 502, body: 'Bad Gateway' }],
    [
      'a redirect',
      { status: 302, head: { location: '/v1/creators/cr_2', 'content-type': 'text/plain' }, body: 'Found' },
    ],
  ])('%s', async (_, script) => {
    const rig = await start({ upstream: scripted(script) });
    const { secret } = await rig.key({ tier: 'free' });
    const answer = await fetch(`${rig.url}/v1/creators/a`, { headers: bearer(secret), redirect: 'manual' });
    expect(answer.status).toBe(script.status ?? 200);
    const sent = Buffer.concat([script.body ?? ''].flat().map((part) => Buffer.from(part as string)));
    expect(Buffer.from(await answer.arrayBuffer()).equals(sent)).toBe(true);
    expect(answer.headers.get(LIST)).toBeNull();
  });

  it('JSON under another name is gated like JSON', async () => {
    for (const name of ['text/plain', 'text/html', 'application/octet-stream', 'application/vnd.api+json', '']) {
      const head: Head = name === '' ? {} : { 'content-type': name };
      expect((await heard({ head, body: `{"contact_email":"${SECRET}"}` })).text).toBe('{}');
    }
  });

  it('204 and 304 have no body, and HEAD tells no length', async () => {
    const whole: Head = { 'content-type': 'application/json', 'content-length': '99', etag: '"1"', [LIST]: 'x' };
    for (const status of [204, 304]) {
      const answer = await heard({ status, head: { etag: '"1"' } });
      expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([status, '', null]);
    }
    const rig = await start({ upstream: (_, res) => void res.writeHead(200, whole).end() });
    const { status, headers } = await ask(rig, 'free', { method: 'HEAD' });
    expect(status).toBe(200);
    for (const name of ['content-length', 'etag', LIST, 'content-encoding']) expect(headers.get(name)).toBeNull();
    expect((await ask(rig, 'studio', { method: 'HEAD' })).headers.get('content-length')).toBe('99');
  });
});

describe('the head', () => {
  it('loses what measures the whole answer, with and without something left out', async () => {
    const gone = {
      etag: '"1"',
      'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
      'content-md5': 'x',
      digest: 'x',
      'content-digest': 'x',
      'repr-digest': 'x',
      'accept-ranges': 'bytes',
    };
    for (const body of ['{"contact_email":1}', '{"a":1}']) {
      const { headers } = await heard({ head: { ...gone, 'content-type': 'application/json', 'x-else': '1' }, body });
      for (const name in gone) expect(headers.get(name)).toBeNull();
      expect(headers.get('x-else')).toBe('1');
      const studio = await heard({ head: { ...gone, 'content-type': 'application/json' }, body }, 'studio');
      for (const [name, value] of Object.entries(gone)) expect(studio.headers.get(name)).toBe(value);
    }
  });

  it("never has the upstream's own list", async () => {
    const head: Head = { 'content-type': 'application/json', 'X-Swaypi-Tier-Gated': 'invented' };
    expect((await heard({ head, body: '{"a":1}' })).headers.get(LIST)).toBeNull();
    expect((await heard({ head, body: '{"contact_email":1}' })).headers.get(LIST)).toBe('contact_email');
    expect((await heard({ head, body: '{"contact_email":1}' }, 'studio')).headers.get(LIST)).toBeNull();
  });

  it('has no trailers behind it', async () => {
    const rig = await start({
      upstream: (_, res) => {
        res.writeHead(200, { 'content-type': 'application/json', trailer: 'x-sum' });
        res.write('{"contact_email":1}');
        res.addTrailers({ 'x-sum': '1' });
        res.end();
      },
    });
    const { secret } = await rig.key({ tier: 'free' });
    const line = openLine(
      rig.port,
      `GET /v1/creators/a HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: close\r\nAuthorization: Bearer ${secret}\r\n\r\n`,
    );
    const text = await line.closed();
    expect(text).toMatch(/\r\n\r\n\{\}$/);
    expect(text).not.toMatch(/x-sum/i);
  });
});

describe('the request', () => {
  const asked = {
    'accept-encoding': 'gzip, br',
    range: 'bytes=0-10',
    'if-range': '"1"',
    'if-none-match': '"1"',
    'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT',
    'if-match': '"1"',
    if_none_match: '"1"',
    'a-im': 'feed',
  };

  it('asks for the whole answer, plain, where fields are hidden, and as the caller did where not', async () => {
    const rig = await start();
    await ask(rig, 'free', { headers: asked });
    expect(rig.seen[0]?.rawHeaders.filter((name) => /^(?:range|if[-_]|a-im|accept-encoding)/i.test(name))).toHaveLength(
      1,
    );
    expect(rig.seen[0]?.headers['accept-encoding']).toBe('identity');
    await ask(rig, 'studio', { headers: asked });
    const { 'accept-encoding': codings, ...rest } = asked;
    expect(rig.seen[1]?.headers).toMatchObject(rest);
    expect(rig.seen[1]?.headers['accept-encoding']).toContain(codings);
  });

  it('keeps the conditions of a write', async () => {
    const rig = await start();
    await ask(rig, 'free', { method: 'PUT', headers: asked, body: '{}' });
    const headers: Record<string, unknown> = { ...rig.seen[0]?.headers };
    expect(headers).toMatchObject({ 'if-match': '"1"', 'if-none-match': '"1"', 'accept-encoding': 'identity' });
    for (const name of ['range', 'if-range', 'a-im']) expect(headers[name]).toBeUndefined();
  });
});

describe('a route with gates: false', () => {
  it('passes unread, and only this one', async () => {
    const rig = await start({
      ...withRoutes({ path: '/v1/exports/**', gates: false }),
      upstream: scripted({ head: { 'content-type': 'text/csv', etag: '"1"' }, body: 'id,handle' }),
    });
    const answer = await ask(rig, 'free', { path: '/v1/exports/1' });
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([200, 'id,handle', '"1"']);
    unreadable(await ask(rig, 'free', { path: '/v1/exports' + '2' }));
  });
});

describe('a stream', () => {
  const EVENTS: Head = { 'content-type': 'text/event-stream; charset=utf-8' };
  const LINES: Head = { 'content-type': 'application/x-ndjson' };
  const sse = [
    ': hello\n\n',
    `event: creator\r\nid: 7\r\ndata: {"id":1.0,"contact_email":"${SECRET}"}\r\n\r\n`,
    `data: {"a":"é€",\ndata:"contact_\\u0065mail":"${SECRET}"\ndata: }\n\n`,
    'data: {"id":  2}\r\rdata: "text"\n\ndata\n\ndata: [DONE]\n\n',
  ].join('');
  const gatedSse = [
    ': hello\n\n',
    'event: creator\r\nid: 7\r\ndata: {"id":1.0}\r\n\r\n',
    'data: {"a":"é€"\ndata: }\n\n',
    'data: {"id":  2}\r\rdata: "text"\n\ndata\n\ndata: [DONE]\n\n',
  ].join('');
  const ndjson = `{"contact_email":"${SECRET}","a":1}\r\n\n[{"audience_geo":{"detail":"€"}}]\n{"b":2.0}`;
  const gatedNdjson = '{"a":1}\r\n\n[{"audience_geo":{}}]\n{"b":2.0}';

  it.each([
    ['events', sse, gatedSse],
    ['lines', ndjson, gatedNdjson],
  ] as const)('of %s is gated wherever it is cut', (format, text, left) => {
    const bytes = Buffer.from(text);
    const through = (...chunks: Buffer[]): string => {
      const stream = gatedStream(format, HIDDEN);
      const passed = [...chunks.map((chunk) => stream.push(chunk)), stream.end()];
      expect(passed.every(({ readable }) => readable)).toBe(true);
      return Buffer.concat(passed.map((out) => out.bytes)).toString();
    };
    expect(through(bytes)).toBe(left);
    expect(through(...Array.from(bytes, (byte) => Buffer.from([byte])))).toBe(left);
    for (let at = 1; at < bytes.length; at++) expect(through(bytes.subarray(0, at), bytes.subarray(at))).toBe(left);
  });

  it.each([
    ['events', EVENTS, sse, gatedSse],
    ['lines', LINES, ndjson, gatedNdjson],
  ])('of %s lists all that the tier may not see', async (_, head, body, left) => {
    const answer = await heard({ head: { ...head, etag: '"1"' }, body: body.match(/[\s\S]{1,9}/g) ?? [] });
    expect(answer.text).toBe(left);
    expect(answer.headers.get(LIST)).toBe(HIDDEN.join(','));
    expect(answer.headers.get('etag')).toBeNull();
    expect((await heard({ head, body }, 'studio')).text).toBe(body);
  });

  it.each([
    ['events', ['data: {"a":1}\n\n', 'data: {"a":1}\n\n'] as const],
    ['lines', ['{"a":1}\n', '{"a":1}\n'] as const],
  ] as const)('of %s hands on each as soon as it is whole', (format, [first, second]) => {
    const stream = gatedStream(format, HIDDEN);
    expect(stream.push(Buffer.from(first + second.slice(0, 5))).bytes.toString()).toBe(first);
    expect(stream.push(Buffer.from(second.slice(5))).bytes.toString()).toBe(second);
    expect(stream.end().bytes.toString()).toBe('');
  });

  it('does not hold back the second half of a line end', () => {
    const stream = gatedStream('events', HIDDEN);
    const pushed = (text: string): string => stream.push(Buffer.from(text)).bytes.toString();
    expect(pushed('data: 1\r\n\r\n')).toBe('data: 1\r\n\r\n');
    expect(pushed('data: 1\r\n\r')).toBe('data: 1\r\n\r');
    expect(pushed('\n')).toBe('\n');
  });

  it.each([
    ['an event that is no JSON', EVENTS, `data: contact_email=${SECRET}\n\n`],
    ['text', EVENTS, 'data: hello\n\n'],
    ['a field in a comment', EVENTS, `: {"contact_email":"${SECRET}"}\n\n`],
    ['a field in an id', EVENTS, `id: {"contact_email":"${SECRET}"}\ndata: 1\n\n`],
    ['an escaped field in an unknown line', EVENTS, `else: {"contact_\\u0065mail":"${SECRET}"}\n\n`],
    ['an event cut short', EVENTS, `data: {"contact_email":"${SECRET}`],
    ['almost the end', EVENTS, 'data: [DONE] \n\n'],
    ['no UTF-8', EVENTS, Buffer.from('data: "é"\n\n', 'latin1')],
    ['a line that is no JSON', LINES, `contact_email=${SECRET}\n`],
    ['JSON over several lines', LINES, `{\n"contact_email":"${SECRET}"}\n`],
    ['the end of events in lines', LINES, '[DONE]\n'],
    ['an endless line', LINES, Buffer.alloc(10 * MEGABYTE + 1, 0x20)],
  ])('is cut at %s, and what came before has passed', async (_, head, bad) => {
    const good = head === LINES ? '{"a":1}\n' : 'data: {"a":1}\n\n';
    const rig = await start({ upstream: scripted({ head, body: [good, bad, good] }) });
    const { secret } = await rig.key({ tier: 'free' });
    const line = openLine(
      rig.port,
      `GET /v1/creators/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\n\r\n`,
    );
    const text = await line.closed();
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text.split('\r\n\r\n').slice(1).join('')).toContain(good.trim());
    expect(text).not.toContain(SECRET);
    expect(text.match(/\{"a":1\}/g)).toHaveLength(1);
    // Chunked, and without its last chunk.
    expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
    await eventually(() => rig.logged.some(({ fields }) => fields.reason === 'upstream_unreadable'));
  });

  it('shows its head at once, and each event before the next was made', async () => {
    let push = (_: string | null): void => {};
    const rig = await start({
      upstream: (_, res) => {
        res.writeHead(200, EVENTS).flushHeaders();
        push = (text) => (text === null ? res.end() : res.write(text));
      },
    });
    const { secret } = await rig.key({ tier: 'free' });
    const answer = await fetch(`${rig.url}/v1/creators/a`, { headers: bearer(secret) });
    const reader = answer.body?.getReader();
    const read = async (): Promise<string> => Buffer.from((await reader?.read())?.value ?? []).toString();
    push('data: {"contact_email":1,"a":1}\n\n');
    expect(await read()).toBe('data: {"a":1}\n\n');
    push('data: 2\n\n');
    expect(await read()).toBe('data: 2\n\n');
    push(null);
    expect(await read()).toBe('');
  });

  it('waits for a slow reader instead of piling up', async () => {
    const total = 40 * MEGABYTE;
    const event = Buffer.from(`data: "${'x'.repeat(64 * 1024)}"\n\n`);
    let sent = 0;
    const rig = await start({
      upstream: async (_, res) => {
        res.writeHead(200, EVENTS);
        for (; sent < total; sent += event.length) if (!res.write(event)) await once(res, 'drain');
        res.end();
      },
    });
    const { secret } = await rig.key({ tier: 'free' });
    const answer = await fetch(`${rig.url}/v1/creators/a`, { headers: bearer(secret) });
    await sleep(400);
    expect(sent).toBeLessThan(total / 2);
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThanOrEqual(total);
  });
});

describe('a key that ends', () => {
  it('gets its refusal while its answer is being read, and the upstream is let go', async () => {
    let left = false;
    const rig = await start({
      upstream: (_, res) => {
        res.writeHead(200, { 'content-type': 'application/json' }).write(`{"contact_email":"${SECRET}"`);
        res.on('close', () => {
          left = true;
        });
      },
    });
    const { secret, id } = await rig.key({ tier: 'free' });
    const running = fetch(`${rig.url}/v1/creators/a`, { headers: bearer(secret) });
    await eventually(() => rig.seen.length === 1);
    await sleep(50);
    await rig.latchkey.keys.revoke({ keyId: id });
    const answer = await running;
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain(SECRET);
    await eventually(() => left);
  });

  it('cuts a stream', async () => {
    const rig = await start({
      upstream: (_, res) => void res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n'),
    });
    const { secret, id } = await rig.key({ tier: 'free' });
    const answer = await fetch(`${rig.url}/v1/creators/a`, { headers: bearer(secret) });
    const body = answer.text();
    body.catch(() => {});
    await rig.latchkey.keys.revoke({ keyId: id });
    await expect(body).rejects.toThrow();
  });
});

it('a caller that leaves while its answer is read frees its slot and the upstream', async () => {
  let left = 0;
  let quick = false;
  const rig = await start({
    ...withRoutes({ path: '/v1/slow', concurrency: 'request' }),
    upstream: (_, res) => {
      res.writeHead(200, { 'content-type': 'application/json' }).write('{"contact_email":1');
      res.on('close', () => left++);
      if (quick) res.end('}');
    },
  });
  const { secret } = await rig.key({ tier: 'free', limits: { concurrent: 1 } });
  const gone = new AbortController();
  const running = fetch(`${rig.url}/v1/slow`, { headers: bearer(secret), signal: gone.signal });
  await eventually(() => rig.seen.length === 1);
  gone.abort();
  await expect(running).rejects.toThrow();
  await eventually(() => left === 1 && rig.gateway.inFlight() === 0);
  quick = true;
  for (let turn = 0; turn < 3; turn++) {
    expect((await fetch(`${rig.url}/v1/slow`, { headers: bearer(secret) })).status).toBe(200);
  }
});

it('an answer that comes slowly but moves is not cut for being silent', async () => {
  const atPace = async (pauseMs: number): Promise<string> => {
    const rig = await start({
      gateway: { timeouts: { idleMs: 2.5 * pauseMs } },
      upstream: async (_, res) => {
        res.writeHead(200, { 'content-type': 'application/json' });
        for (const part of ['{"contact_email"', ':', '1', ',"a"', ':', '2', '}']) {
          res.write(part);
          await sleep(pauseMs);
        }
        res.end();
      },
    });
    return (await ask(rig, 'free').catch(() => ({ text: 'cut' }))).text;
  };
  // A machine that stands still for a moment makes a pause longer; it has time for slower ones.
  const texts = [await atPace(120)];
  if (texts[0] !== '{"a":2}') texts.push(await atPace(1_000));
  expect(texts.at(-1)).toBe('{"a":2}');
});
