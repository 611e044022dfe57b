// Idempotency-Key at the gateway: one run for equal requests, the same answer for all of them, and nothing run twice that may have taken effect.

import { randomInt } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { testDir } from '../../../../test/secrecy/test-root.js';
import { freshRing } from '../operations/world.suite.js';
import { eventually, openLine, type Rig, type RigOptions, rigsOfEachTest, say, withRoutes } from './rig.suite.js';

const start = rigsOfEachTest();
const BODY = '{"amount":"25.00","asset":"USDC"}';
const PAYMENTS = '/v1/payments';

/** An upstream whose every answer is another one, so that a replay shows. */
const counting = (more: (res: ServerResponse, call: number, req: IncomingMessage) => void = () => {}) => {
  let calls = 0;
  const upstream: RequestListener = (req, res) => {
    const call = ++calls;
    req.resume().on('end', () => {
      more(res, call, req);
      if (!res.writableEnded && !res.destroyed && !res.headersSent)
        res.writeHead(201, { 'content-type': 'application/json' }).end(`{"call":${call}}`);
    });
  };
  return { upstream, calls: () => calls };
};

/** An upstream that answers when it is told to. */
const waiting = () => {
  const held: ServerResponse[] = [];
  const upstream: RequestListener = (req, res) => void req.resume().on('end', () => held.push(res));
  return { upstream, held };
};

interface Asked {
  key?: string | null;
  method?: string;
  path?: string;
  body?: BodyInit | null;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

const pay = (
  rig: Rig,
  secret: string,
  { key = 'order_1', method = 'POST', path = PAYMENTS, body = BODY, headers, signal }: Asked = {},
) =>
  fetch(`${rig.url}${path}`, {
    method,
    body: method === 'GET' ? null : body,
    headers: { 'x-api-key': secret, ...(key !== null && { 'idempotency-key': key }), ...headers },
    ...(signal && { signal }),
  });

const heard = async (answer: Promise<Response>) => {
  const { status, headers, ...rest } = await answer;
  const text = await (await answer).text();
  void rest;
  return { status, text, replayed: headers.get('idempotent-replayed'), code: codeIn(text), headers };
};
const codeIn = (text: string): string | undefined => {
  try {
    return (JSON.parse(text) as { code?: string }).code;
  } catch {
    return undefined;
  }
};

/** The suward profile; what is asked for is idempotent, with these members. */
const suward = (options: RigOptions = {}) => start({ profile: 'suward', ...options });
const row = (more: Parameters<typeof withRoutes>[0] = {}) =>
  withRoutes({ method: 'POST', path: PAYMENTS, idempotent: true, ...more });

const dayLeft = async (rig: Rig, secret: string): Promise<number | undefined> => {
  const { budgets } = await rig.latchkey.keys.verify({ secret, cost: { requests: 0 } });
  return budgets.find(({ name }) => name === 'perDay')?.remaining;
};

describe('equal requests', () => {
  it('at once make one call: the others are told that it runs, and afterwards hear its answer', async () => {
    const far = waiting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const all = Array.from({ length: 50 }, () => heard(pay(rig, secret)));
    await eventually(() => far.held.length === 1);
    const refused: Awaited<(typeof all)[number]>[] = [];
    for (const answer of all) void answer.then((one) => one.status === 409 && refused.push(one));
    await eventually(() => refused.length === 49);
    for (const { code, headers } of refused) {
      expect(code).toBe('idempotency_conflict');
      expect(headers.get('retry-after')).toBe('1');
    }
    far.held[0]?.writeHead(201, { 'content-type': 'application/json' }).end('{"id":"pay_1"}');
    const first = (await Promise.all(all)).filter(({ status }) => status === 201);
    expect(first).toMatchObject([{ replayed: null, text: '{"id":"pay_1"}' }]);

    const later = await Promise.all(Array.from({ length: 50 }, () => heard(pay(rig, secret))));
    for (const one of later) expect(one).toMatchObject({ status: 201, replayed: 'true', text: '{"id":"pay_1"}' });
    expect(rig.seen).toHaveLength(1);
  });

  it('hear the status, headers and bytes of the first answer; cookies, request id and limits are not handed on', async () => {
    const bytes = gzipSync(Buffer.from([0, 1, 2, 255, 254, 10, 13]));
    const far = counting((res, call) => {
      res.writeHead(299, {
        'content-type': 'application/octet-stream',
        'content-encoding': 'gzip',
        'content-length': bytes.length,
        etag: '"v1"',
        'cache-control': 'public, max-age=60',
        'set-cookie': ['sid=1'],
        'x-two': ['a', 'b'],
        'x-request-id': 'theirs',
        connection: 'X-Hop, close',
        'x-hop': `${call}`,
      });
      res.end(bytes);
    });
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const raw = (extra = ''): Promise<string> =>
      say(
        rig.port,
        `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${secret}\r\nIdempotency-Key: order_1\r\n${extra}Connection: close\r\nContent-Length: 2\r\n\r\n{}`,
      );
    const parts = (text: string) => {
      const [head = '', body = ''] = text.split('\r\n\r\n');
      const lines = head.split('\r\n').filter((line) => !/^(?:x-request-id|date):/i.test(line));
      return { lines: lines.map((line) => line.toLowerCase()).sort(), body, id: /x-request-id: (.*)/i.exec(head)?.[1] };
    };
    const first = parts(await raw());
    const second = parts(await raw('If-None-Match: "v1"\r\nRange: bytes=0-1\r\n'));
    expect(first.body).toBe(bytes.toString('latin1'));
    expect(second.body).toBe(first.body);
    expect(first.lines).toContain('set-cookie: sid=1');
    expect(second.lines).toEqual(
      [...first.lines.filter((line) => !line.startsWith('set-cookie')), 'idempotent-replayed: true'].sort(),
    );
    expect(second.lines).toContain('cache-control: private, max-age=60');
    expect(second.lines.some((line) => line.startsWith('x-hop'))).toBe(false);
    expect(first.id).toMatch(/^req_/);
    expect(second.id).toMatch(/^req_/);
    expect(second.id).not.toBe(first.id);
    expect(far.calls()).toBe(1);
  });

  it('may come by another key of the project, such as the next generation, and not by one of another project', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret, id } = await rig.key();
    await pay(rig, secret);
    const next = await rig.latchkey.keys.rotate({ keyId: id, gracePeriodSeconds: 0 });
    expect(await heard(pay(rig, next.secret))).toMatchObject({ status: 201, replayed: 'true', text: '{"call":1}' });
    expect((await heard(pay(rig, secret))).status).toBe(401);

    const organization = await rig.latchkey.organizations.create({ name: 'Other' });
    const project = await rig.latchkey.projects.create({ organizationId: organization.id, name: 'Other' });
    const other = await rig.latchkey.keys.create({ projectId: project.id, name: 'k' });
    expect(await heard(pay(rig, other.secret))).toMatchObject({ status: 201, replayed: null, text: '{"call":2}' });
  });

  it('on one connection, one behind the other, are one run', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const one = (last: boolean): string =>
      `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${secret}\r\nIdempotency-Key: k\r\n${last ? 'Connection: close\r\n' : ''}Content-Length: 2\r\n\r\n{}`;
    const text = await say(rig.port, one(false) + one(false) + one(true));
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 201',
      expect.stringMatching(/201|409/),
      expect.stringMatching(/201|409/),
    ]);
    expect(far.calls()).toBe(1);
  });

  it('stay one for a day', async () => {
    const far = counting();
    let now = Date.now();
    const rig = await suward({ upstream: far.upstream, settings: { clock: () => now } });
    const { secret } = await rig.key();
    await pay(rig, secret);
    now += 24 * 3_600_000 - 1;
    expect((await heard(pay(rig, secret))).replayed).toBe('true');
    now += 1;
    expect(await heard(pay(rig, secret))).toMatchObject({ replayed: null, text: '{"call":2}' });
    expect(await heard(pay(rig, secret))).toMatchObject({ replayed: 'true', text: '{"call":2}' });
  });
});

describe('another request', () => {
  it('is one of another method, path or Idempotency-Key; it runs', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream, ...row({ method: '*', path: '/v1/payments/**' }) });
    const { secret } = await rig.key();
    const asked: Asked[] = [{}, { method: 'PUT' }, { path: `${PAYMENTS}/1` }, { key: 'order_2' }, { key: 'ORDER_1' }];
    for (const [at, one] of asked.entries())
      expect(await heard(pay(rig, secret, one))).toMatchObject({ text: `{"call":${at + 1}}`, replayed: null });
    for (const [at, one] of asked.entries())
      expect(await heard(pay(rig, secret, one))).toMatchObject({ text: `{"call":${at + 1}}`, replayed: 'true' });
  });

  it.each<[string, Asked]>([
    ['another body', { body: '{"amount":"26.00","asset":"USDC"}' }],
    ['the same JSON in other bytes', { body: '{"amount": "25.00","asset":"USDC"}' }],
    ['its members in another order', { body: '{"asset":"USDC","amount":"25.00"}' }],
    ['no body', { body: null }],
    ['another query', { path: `${PAYMENTS}?a=1` }],
  ])('under the same Idempotency-Key, with %s, is refused, while the first runs and afterwards', async (_, asked) => {
    const far = waiting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const first = pay(rig, secret);
    await eventually(() => far.held.length === 1);
    const mismatch = { status: 422, code: 'idempotency_mismatch', replayed: null };
    expect(await heard(pay(rig, secret, asked))).toMatchObject(mismatch);
    far.held[0]?.writeHead(200).end('{}');
    await first;
    expect(await heard(pay(rig, secret, asked))).toMatchObject(mismatch);
    expect(rig.seen).toHaveLength(1);
  });

  it('may be a form, or any bytes', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const bodies: Asked['body'][] = [
      new URLSearchParams({ a: '1' }),
      new Uint8Array([0, 255, 1]),
      new Uint8Array([0, 255, 2]),
    ];
    for (const [at, body] of bodies.entries()) {
      const key = `k${at}`;
      expect((await heard(pay(rig, secret, { key, body: body ?? null }))).status).toBe(201);
      expect((await heard(pay(rig, secret, { key, body: body ?? null }))).replayed).toBe('true');
    }
    expect((await heard(pay(rig, secret, { key: 'k1', body: bodies[2] ?? null }))).status).toBe(422);
  });
});

describe('the header', () => {
  it('goes on to the upstream as it came, even where Connection names it; without it nothing is held or remembered', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    await pay(rig, secret, { key: '"order_1"' });
    expect(rig.seen[0]?.headers['idempotency-key']).toBe('"order_1"');
    await say(
      rig.port,
      `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${secret}\r\nIdempotency-Key: k2\r\nConnection: close, Idempotency-Key\r\nContent-Length: 2\r\n\r\n{}`,
    );
    expect(rig.seen[1]?.headers['idempotency-key']).toBe('k2');
    const plain = { key: null };
    expect((await heard(pay(rig, secret, plain))).text).toBe('{"call":3}');
    expect((await heard(pay(rig, secret, plain))).text).toBe('{"call":4}');
    expect((await heard(pay(rig, secret, { path: `${PAYMENTS}/elsewhere` }))).text).toBe('{"call":5}');
    expect((await heard(pay(rig, secret, { path: `${PAYMENTS}/elsewhere` }))).text).toBe('{"call":6}');
  });

  it.each([
    'Idempotency-Key: a\r\nIdempotency-Key: a',
    'Idempotency-Key: a\r\nidempotency-key: b',
    'Idempotency-Key: a, a',
    'Idempotency-Key: a b',
    'Idempotency-Key:',
    'Idempotency-Key: ""',
    `Idempotency-Key: ${'x'.repeat(256)}`,
    'Idempotency-Key: \xe4',
  ])('that cannot be used is refused and costs nothing: %j', async (lines) => {
    const rig = await suward({ upstream: counting().upstream });
    const { secret } = await rig.key();
    const before = await dayLeft(rig, secret);
    const ask = (credential: string): Promise<string> =>
      say(
        rig.port,
        `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${credential}\r\n${lines}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
      );
    const text = await ask(secret);
    expect(text).toMatch(/^HTTP\/1\.1 422 /);
    expect(text).toContain('"code":"idempotency_key_invalid"');
    expect(await ask('sk_live_nonsense')).toMatch(/^HTTP\/1\.1 401 /);
    expect(rig.seen).toHaveLength(0);
    expect(await dayLeft(rig, secret)).toBe(before);
  });

  it('with an offer to leave HTTP is refused', async () => {
    const rig = await suward({ upstream: counting().upstream });
    const { secret } = await rig.key();
    const text = await say(
      rig.port,
      `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${secret}\r\nIdempotency-Key: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(rig.seen).toHaveLength(0);
  });
});

describe('whether a key may call', () => {
  it('is judged before anything is replayed', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret, id } = await rig.key();
    const reader = await rig.key({ permissions: ['payments.read'] });
    await pay(rig, secret);
    expect(await heard(pay(rig, reader.secret))).toMatchObject({ status: 403, code: 'insufficient_permissions' });
    await rig.latchkey.keys.revoke({ keyId: id });
    expect(await heard(pay(rig, secret))).toMatchObject({ status: 401, replayed: null });
    expect(far.calls()).toBe(1);
  });

  it('is judged anew when the key ends while the answer is looked up', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret, id } = await rig.key();
    await pay(rig, secret);
    const book = rig.latchkey.engine.services.store.idempotency;
    const find = book.find.bind(book);
    book.find = async (record) => {
      await rig.latchkey.keys.revoke({ keyId: id });
      return find(record);
    };
    expect(await heard(pay(rig, secret))).toMatchObject({ status: 401, replayed: null, code: 'invalid_api_key' });
    expect(await heard(pay(rig, secret, { body: 'another' }))).toMatchObject({ status: 401 });
  });

  it('counts for nothing where a replay is concerned: no limit, no slot, and it passes when both are used up', async () => {
    const far = waiting();
    const rig = await suward({ upstream: far.upstream, ...row({ concurrency: 'request' }) });
    const { secret } = await rig.key({ limits: { perMinute: 3, perDay: 3, concurrent: 1 } });
    const first = heard(pay(rig, secret));
    await eventually(() => far.held.length === 1);
    far.held[0]?.writeHead(200).end('one');
    await first;
    for (let at = 0; at < 5; at++) expect((await heard(pay(rig, secret))).text).toBe('one');
    expect(await dayLeft(rig, secret)).toBe(2);

    const second = heard(pay(rig, secret, { key: 'order_2' }));
    await eventually(() => far.held.length === 2);
    expect((await heard(pay(rig, secret))).replayed).toBe('true');
    expect((await heard(pay(rig, secret, { key: 'order_3' }))).code).toBe('rate_limited_concurrent');
    far.held[1]?.writeHead(200).end('two');
    await second;

    const third = heard(pay(rig, secret, { key: 'order_3' }));
    await eventually(() => far.held.length === 3);
    far.held[2]?.writeHead(200).end('three');
    expect(await third).toMatchObject({ status: 200, replayed: null });
    expect((await heard(pay(rig, secret, { key: 'order_4' }))).status).toBe(429);
    expect((await heard(pay(rig, secret))).replayed).toBe('true');
    expect(rig.latchkey.engine.services.limiter.held('')).toBe(0);
  });

  it('a refusal by limits leaves nothing behind: the retry runs', async () => {
    const far = counting();
    let now = Date.now();
    const rig = await suward({ upstream: far.upstream, settings: { clock: () => now } });
    const { secret } = await rig.key({ limits: { perMinute: 1 } });
    await pay(rig, secret);
    expect((await heard(pay(rig, secret, { key: 'order_2' }))).status).toBe(429);
    now += 60_000;
    expect(await heard(pay(rig, secret, { key: 'order_2' }))).toMatchObject({ status: 201, replayed: null });
  });
});

describe('an answer', () => {
  it.each([200, 204, 301, 304, 400, 403, 404, 409, 422, 499])('of %i is kept', async (status) => {
    const far = counting((res, call) => res.writeHead(status, { 'x-call': `${call}` }).end());
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const ask = async () => {
      const answer = await pay(rig, secret, { headers: {} }).catch(() => null);
      return answer === null ? null : [answer.status, answer.headers.get('x-call')];
    };
    if (status === 301) return void expect(await heardRaw(rig, secret)).toEqual(await heardRaw(rig, secret));
    expect(await ask()).toEqual([status, '1']);
    expect(await ask()).toEqual([status, '1']);
    expect(far.calls()).toBe(1);
  });

  const heardRaw = async (rig: Rig, secret: string): Promise<string | undefined> =>
    (
      await say(
        rig.port,
        `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${secret}\r\nIdempotency-Key: k\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      )
    ).match(/x-call: \d+/)?.[0];

  it.each([401, 402, 429, 500, 502, 503])('of %i is not: the retry runs again, at once', async (status) => {
    const far = counting((res, call) => {
      if (call <= 2) res.writeHead(status).end(`${call}`);
    });
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    expect(await heard(pay(rig, secret))).toMatchObject({ status, text: '1' });
    expect(await heard(pay(rig, secret))).toMatchObject({ status, text: '2', replayed: null });
    expect(await heard(pay(rig, secret, { body: 'another' }))).toMatchObject({ status: 201, text: '{"call":3}' });
  });

  it('is on disk, sealed, before its last byte is heard', async () => {
    const far = counting((res) => res.writeHead(201).end('paid-with-secret-reference'));
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const book = rig.latchkey.engine.services.store.idempotency;
    const put = book.put.bind(book);
    const written: (string | null)[] = [];
    let release = (): void => {};
    book.put = async (record, over) => {
      if (record.answer !== null) {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      written.push(record.answer);
      return put(record, over);
    };
    let answered = false;
    const pending = heard(pay(rig, secret)).then((one) => {
      answered = true;
      return one;
    });
    await eventually(() => far.calls() === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    release();
    expect((await pending).text).toBe('paid-with-secret-reference');
    expect(written).toEqual([null, expect.stringMatching(/^v1\./)]);
    expect(JSON.stringify(written)).not.toContain(Buffer.from('paid-with-secret').toString('base64').slice(0, 16));
  });

  it('over the bound goes on as it comes and is not kept: equal requests are told so', async () => {
    const far = counting((res) => {
      res.writeHead(200, { 'content-type': 'application/octet-stream' });
      for (let at = 0; at < 40; at++) res.write(Buffer.alloc(64 * 1024, at));
      res.end();
    });
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const answer = await pay(rig, secret);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.equals(Buffer.concat(Array.from({ length: 40 }, (_, at) => Buffer.alloc(64 * 1024, at))))).toBe(true);
    expect(await heard(pay(rig, secret))).toMatchObject({ status: 409, code: 'idempotency_unknown' });
    expect(far.calls()).toBe(1);
  });

  it('of events is read along, and replayed whole', async () => {
    const far = waiting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const pending = pay(rig, secret);
    await eventually(() => far.held.length === 1);
    far.held[0]?.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    const reader = (await pending).body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 1\n\n');
    expect((await heard(pay(rig, secret))).code).toBe('idempotency_conflict');
    far.held[0]?.end('data: 2\n\n');
    while (!(await reader?.read())?.done);
    expect(await heard(pay(rig, secret))).toMatchObject({ text: 'data: 1\n\ndata: 2\n\n', replayed: 'true' });
  });

  it('with hints in front of it, or trailers behind it, is kept', async () => {
    const far = counting((res, call) => {
      res.writeEarlyHints({ link: '</a>; rel=preload' });
      res.writeHead(200, { trailer: 'X-Sum', 'x-call': `${call}` });
      res.write('body');
      res.addTrailers({ 'X-Sum': '7' });
      res.end();
    });
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const ask = (): Promise<string> =>
      say(
        rig.port,
        `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${secret}\r\nIdempotency-Key: k\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
    expect(await ask()).toMatch(/^HTTP\/1\.1 103 [\s\S]*HTTP\/1\.1 200 [\s\S]*4\r\nbody\r\n0\r\nX-Sum: 7\r\n\r\n$/i);
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 [\s\S]*x-call: 1[\s\S]*4\r\nbody\r\n0\r\nX-Sum: 7\r\n\r\n$/i);
  });

  it('longer than it declares is as long as it declares', async () => {
    const far = counting((res) => void res.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234567890'));
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const [first, second] = [await heard(pay(rig, secret)), await heard(pay(rig, secret))];
    expect(first).toMatchObject({ status: 200, text: '12345' });
    expect(second).toMatchObject({ status: 200, text: '12345', replayed: 'true' });
    expect(far.calls()).toBe(1);
  });
});

describe('an outcome that nobody knows', () => {
  const unknown = { status: 409, code: 'idempotency_unknown', replayed: null };

  it.each<[string, RequestListener]>([
    ['cut before it', (req) => void req.resume().on('end', () => req.socket.destroy())],
    [
      'cut in its midst',
      (req, res) =>
        void req.resume().on('end', () => {
          res.writeHead(201, { 'content-length': 100 }).write('half');
          setTimeout(() => res.destroy(), 20);
        }),
    ],
    ['that does not come', (req) => void req.resume()],
  ])('for want of an answer %s, stays so, and is not run again', async (_, upstream) => {
    const rig = await suward({ upstream, gateway: { timeouts: { upstreamHeadersMs: 200, idleMs: 2_000 } } });
    const { secret } = await rig.key();
    expect((await heard(pay(rig, secret))).status).toBeGreaterThanOrEqual(502);
    expect(await heard(pay(rig, secret))).toMatchObject(unknown);
    expect(await heard(pay(rig, secret, { body: 'another' }))).toMatchObject({ code: 'idempotency_mismatch' });
    expect(rig.seen).toHaveLength(1);
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it('is run again where the upstream honours the key itself', async () => {
    const far = counting((res, call) => {
      if (call === 1) res.destroy();
    });
    const rig = await suward({ upstream: far.upstream, ...row({ upstreamIdempotent: true }) });
    const { secret } = await rig.key();
    expect((await heard(pay(rig, secret))).status).toBe(502);
    expect(await heard(pay(rig, secret))).toMatchObject({ status: 201, text: '{"call":2}', replayed: null });
    expect(await heard(pay(rig, secret))).toMatchObject({ status: 201, text: '{"call":2}', replayed: 'true' });
    expect(rig.seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['order_1', 'order_1']);
  });

  it('is none where no connection was made: the retry runs', async () => {
    // Below the ports that systems hand out, so that nobody else comes to listen there meanwhile.
    const port = randomInt(20_000, 30_000);
    const rig = await suward({ gateway: { upstream: new URL(`http://127.0.0.1:${port}`) } });
    const { secret } = await rig.key();
    expect((await heard(pay(rig, secret))).status).toBe(502);
    const far = counting();
    const back = createServer(far.upstream).listen(port, '127.0.0.1');
    await new Promise((resolve) => back.once('listening', resolve));
    expect(await heard(pay(rig, secret))).toMatchObject({ status: 201, replayed: null });
    back.closeAllConnections();
    back.close();
  });

  it('is what a crash leaves behind, and what was answered outlives it', async () => {
    const settings = { dataDir: testDir('idempotent'), pepper: freshRing(), masterKey: freshRing() };
    const far = counting();
    const first = await suward({ upstream: far.upstream, settings });
    const { secret, id } = await first.key();
    await pay(first, secret);
    const { services } = first.latchkey.engine;
    const lost = await services.idempotency.turn({
      ...{ projectId: first.projectId, mode: 'live', method: 'POST', path: PAYMENTS, query: '' },
      ...{ idempotencyKey: 'order_2', body: BODY, upstreamIdempotent: false },
    });
    if (lost.act !== 'run') throw new Error(lost.act);
    await lost.run.begin();
    lost.run.sent();
    await first.close();

    const second = await suward({ upstream: far.upstream, settings });
    expect(await heard(pay(second, secret))).toMatchObject({ text: '{"call":1}', replayed: 'true' });
    expect(await heard(pay(second, secret, { key: '"order_1"' }))).toMatchObject({ replayed: 'true' });
    expect(await heard(pay(second, secret, { key: 'order_2' }))).toMatchObject(unknown);
    expect((await second.latchkey.keys.get({ keyId: id })).state).toBe('active');
    expect(far.calls()).toBe(1);
  });

  it('follows when the answer cannot be written; nobody hears a 2xx that is not kept', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const book = rig.latchkey.engine.services.store.idempotency;
    const put = book.put.bind(book);
    book.put = (record, over) => (record.answer === null ? put(record, over) : Promise.reject(new Error('disk full')));
    expect(await heard(pay(rig, secret))).toMatchObject(unknown);
    book.put = put;
    expect(await heard(pay(rig, secret))).toMatchObject(unknown);
    expect(far.calls()).toBe(1);
  });

  it('is none when its beginning cannot be written: nothing is sent, nothing is spent, and the retry runs', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const before = await dayLeft(rig, secret);
    const book = rig.latchkey.engine.services.store.idempotency;
    const put = book.put.bind(book);
    book.put = () => Promise.reject(new Error('disk full'));
    const refused = await heard(pay(rig, secret));
    expect(refused).toMatchObject({ status: 503, code: 'unavailable' });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(far.calls()).toBe(0);
    expect(await dayLeft(rig, secret)).toBe(before);
    book.put = put;
    book.find = (
      (find) => (id: string) =>
        far.calls() === 0 ? Promise.reject(new Error('gone')) : find(id)
    )(book.find.bind(book));
    expect(await heard(pay(rig, secret))).toMatchObject({ status: 503, code: 'unavailable' });
    delete (book as Partial<typeof book>).find;
  });
});

describe('a caller who leaves', () => {
  it('hears the answer on the retry: the upstream is not let go', async () => {
    const far = waiting();
    const rig = await suward({ upstream: far.upstream, ...row({ concurrency: 'request' }) });
    const { secret } = await rig.key({ limits: { concurrent: 1 } });
    const leaving = new AbortController();
    const first = pay(rig, secret, { signal: leaving.signal }).catch(() => 'left');
    await eventually(() => far.held.length === 1);
    leaving.abort();
    expect(await first).toBe('left');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await heard(pay(rig, secret))).code).toBe('idempotency_conflict');
    expect((await heard(pay(rig, secret, { key: 'order_2' }))).code).toBe('rate_limited_concurrent');
    expect(far.held[0]?.destroyed).toBe(false);
    far.held[0]?.writeHead(201).end('paid');
    await eventually(async () => (await heard(pay(rig, secret))).status === 201);
    expect(await heard(pay(rig, secret))).toMatchObject({ text: 'paid', replayed: 'true' });
    expect(rig.seen).toHaveLength(1);
    await eventually(() => rig.gateway.inFlight() === 0);
    expect(rig.logged.filter(({ event, fields }) => event === 'gateway_request' && fields.status === 499)).toHaveLength(
      1,
    );
    const again = heard(pay(rig, secret, { key: 'order_2' }));
    await eventually(() => far.held.length === 2);
    far.held[1]?.end();
    expect((await again).status).toBe(200);
  });

  it('once a job was started leaves the job its slot; a replay starts and holds none', async () => {
    const far = waiting();
    const rig = await suward({ upstream: far.upstream, ...row({ concurrency: 'job' }) });
    const { secret } = await rig.key({ limits: { concurrent: 5 } });
    const held = () => rig.latchkey.engine.services.limiter.held();
    const leaving = new AbortController();
    const first = pay(rig, secret, { signal: leaving.signal }).catch(() => null);
    await eventually(() => far.held.length === 1);
    leaving.abort();
    await first;
    far.held[0]?.writeHead(202).end('job_1');
    await eventually(async () => (await heard(pay(rig, secret))).status === 202);
    for (let at = 0; at < 3; at++) expect((await heard(pay(rig, secret))).text).toBe('job_1');
    expect(held()).toBe(1);
    await eventually(() => rig.gateway.inFlight() === 0);
    expect(held()).toBe(1);
  });

  it('in the midst of events leaves them to be read to their end', async () => {
    const far = waiting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const leaving = new AbortController();
    const answer = pay(rig, secret, { signal: leaving.signal });
    await eventually(() => far.held.length === 1);
    far.held[0]?.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    await answer;
    leaving.abort();
    await new Promise((resolve) => setTimeout(resolve, 50));
    far.held[0]?.end('data: 2\n\n');
    await eventually(async () => (await heard(pay(rig, secret))).text === 'data: 1\n\ndata: 2\n\n');
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it('behind another request on the same connection leaves its run to go on', async () => {
    const far = waiting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const one = (key: string): string =>
      `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${secret}\r\nIdempotency-Key: ${key}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
    const line = openLine(rig.port, one('a') + one('b'));
    await eventually(() => far.held.length === 2);
    line.socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const [at, res] of far.held.entries()) res.writeHead(201).end(`paid ${at}`);
    await eventually(async () => (await heard(pay(rig, secret, { key: 'b' }))).status === 201);
    const texts = [await heard(pay(rig, secret, { key: 'a' })), await heard(pay(rig, secret, { key: 'b' }))];
    expect(texts.map(({ text }) => text).sort()).toEqual(['paid 0', 'paid 1']);
    expect(rig.seen).toHaveLength(2);
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it('with an endless answer is not waited for', async () => {
    const far = waiting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const leaving = new AbortController();
    const first = pay(rig, secret, { signal: leaving.signal }).catch(() => null);
    await eventually(() => far.held.length === 1);
    leaving.abort();
    await first;
    far.held[0]?.writeHead(200);
    const feed = setInterval(() => far.held[0]?.write(Buffer.alloc(256 * 1024)), 5);
    await eventually(() => far.held[0]?.destroyed === true);
    clearInterval(feed);
    await eventually(() => rig.gateway.inFlight() === 0);
    expect((await heard(pay(rig, secret))).code).toBe('idempotency_unknown');
  });

  it('before anything was sent has asked for nothing', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const book = rig.latchkey.engine.services.store.idempotency;
    const put = book.put.bind(book);
    let begins = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begins = resolve;
    });
    let write = (): void => {};
    book.put = async (record, over) => {
      begins();
      await new Promise<void>((resolve) => {
        write = resolve;
      });
      return put(record, over);
    };
    const before = await dayLeft(rig, secret);
    const line = openLine(
      rig.port,
      `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${secret}\r\nIdempotency-Key: order_1\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
    );
    await begun;
    line.socket.destroy();
    await eventually(() => rig.gateway.inFlight() === 0);
    write();
    book.put = put;
    await eventually(async () => (await dayLeft(rig, secret)) === before);
    expect(far.calls()).toBe(0);
    expect(await heard(pay(rig, secret))).toMatchObject({ status: 201, replayed: null });
  });

  it('by revocation is answered 401, and the outcome counts as unknown to the project’s other keys', async () => {
    const far = waiting();
    const rig = await suward({ upstream: far.upstream });
    const [first, other] = [await rig.key(), await rig.key()];
    const pending = heard(pay(rig, first.secret));
    await eventually(() => far.held.length === 1);
    await rig.latchkey.keys.revoke({ keyId: first.id });
    expect((await pending).status).toBe(401);
    await eventually(() => far.held[0]?.destroyed === true);
    await eventually(async () => (await heard(pay(rig, other.secret))).code === 'idempotency_unknown');
    await eventually(() => rig.gateway.inFlight() === 0);
  });
});

describe('a body', () => {
  const MB = 1024 * 1024;

  it('of 1 MB is taken, one byte more is 413, declared or not; a dead key hears 401', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    expect((await heard(pay(rig, secret, { body: 'x'.repeat(MB) }))).status).toBe(201);
    expect((await heard(pay(rig, secret, { body: 'x'.repeat(MB) }))).replayed).toBe('true');
    const tooLarge = { status: 413, code: 'payload_too_large' };
    expect(await heard(pay(rig, secret, { body: 'x'.repeat(MB + 1) }))).toMatchObject(tooLarge);
    expect(await heard(pay(rig, 'sk_live_nonsense', { body: 'x'.repeat(MB + 1) }))).toMatchObject({ status: 401 });
    expect((await heard(pay(rig, secret, { key: null, body: 'x'.repeat(MB + 1) }))).status).toBe(201);

    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const line = openLine(
      rig.port,
      `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${secret}\r\nIdempotency-Key: c\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}`,
    );
    expect(await line.until(/HTTP\/1\.1 413 /)).toContain('payload_too_large');
    line.socket.destroy();
    const chunked = (end: string): Promise<string> =>
      say(
        rig.port,
        `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${secret}\r\nIdempotency-Key: d\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunk.repeat(2)}${end}0\r\n\r\n`,
      );
    expect(await chunked('')).toMatch(/^HTTP\/1\.1 201 /);
    // However it is cut into chunks, it is the same body.
    expect(await chunked('')).toMatch(/idempotent-replayed: true/i);
    expect(await chunked('1\r\nx\r\n')).toMatch(/^HTTP\/1\.1 422 /);
    expect(far.calls()).toBe(3);
  });

  it('that waits to be asked for is asked for, unless the key is dead', async () => {
    const far = counting();
    const rig = await suward({ upstream: far.upstream });
    const { secret } = await rig.key();
    const ask = (credential: string, length: number): ReturnType<typeof openLine> =>
      openLine(
        rig.port,
        `POST ${PAYMENTS} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${credential}\r\nIdempotency-Key: c\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`,
      );
    for (const replayed of [false, true]) {
      const line = ask(secret, 70_000);
      await line.until(/HTTP\/1\.1 100 Continue/);
      line.socket.write('x'.repeat(70_000));
      const text = await line.closed();
      expect(text).toMatch(/HTTP\/1\.1 201 /);
      expect(/idempotent-replayed: true/i.test(text)).toBe(replayed);
    }
    expect(await ask('sk_live_nonsense', 70_000).closed()).toMatch(/^HTTP\/1\.1 401 /);
    expect(await ask(secret, MB + 1).closed()).toMatch(/^HTTP\/1\.1 413 /);
    expect(far.calls()).toBe(1);
  });
});

describe('what the caller may not see', () => {
  const tiered = (upstream: RequestListener) =>
    start({ profile: 'swaypi', upstream, ...withRoutes({ method: 'POST', path: '/v1/export', idempotent: true }) });
  const ask = async (rig: Rig, secret: string) => {
    const answer = await fetch(`${rig.url}/v1/export`, {
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${secret}`, 'idempotency-key': 'k' },
    });
    return {
      body: await answer.json(),
      gated: answer.headers.get('x-swaypi-tier-gated'),
      etag: answer.headers.get('etag'),
      replayed: answer.headers.get('idempotent-replayed'),
      limit: answer.headers.get('x-ratelimit-limit'),
    };
  };
  const whole = { id: 1, contact_email: 'a@b.c' };
  const upstream = counting((res) =>
    res.writeHead(200, { 'content-type': 'application/json', etag: '"1"' }).end(JSON.stringify(whole)),
  ).upstream;

  it.each([
    ['low', 'high'],
    ['high', 'low'],
  ])('is left out by the tier of who hears it: first %s, then %s', async (...order) => {
    const rig = await tiered(upstream);
    const tiers = rig.latchkey.profile.policy.tiers.map(({ name }) => name);
    const keys = {
      low: await rig.key({ tier: tiers[0] as string }),
      high: await rig.key({ tier: tiers.at(-1) as string, limits: { perMinute: 7 } }),
    };
    for (const [at, which] of order.entries()) {
      const seen = await ask(rig, keys[which as 'low' | 'high'].secret);
      expect(seen).toMatchObject(
        which === 'low'
          ? { body: { id: 1 }, gated: 'contact_email', etag: null }
          : { body: whole, gated: null, etag: '"1"' },
      );
      if (which === 'low') expect(seen.body).not.toHaveProperty('contact_email');
      expect(seen.replayed).toBe(at === 0 ? null : 'true');
    }
    expect(rig.seen).toHaveLength(1);
  });
});

it('a live and a test request under the same key run side by side', async () => {
  const [far, sandbox] = [waiting(), waiting()];
  const rig = await start({
    ...{ upstream: far.upstream, sandbox: sandbox.upstream },
    ...withRoutes({ method: 'POST', path: '/v1/pay', idempotent: true }),
  });
  const [live, test] = [await rig.key(), await rig.key({ mode: 'test' })];
  const asked = [live, test].map(({ secret }) =>
    heard(
      fetch(`${rig.url}/v1/pay`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'idempotency-key': 'k' },
      }),
    ),
  );
  await eventually(() => far.held.length === 1 && sandbox.held.length === 1);
  far.held[0]?.end('live');
  sandbox.held[0]?.end('test');
  expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(['live', 'test']);
});

it('test keys are remembered in memory alone, apart from live ones', async () => {
  const far = counting();
  const sandbox = counting();
  const rig = await start({
    upstream: far.upstream,
    sandbox: sandbox.upstream,
    ...withRoutes({ method: 'POST', path: '/v1/pay', idempotent: true }),
  });
  const [live, test] = [await rig.key(), await rig.key({ mode: 'test' })];
  const ask = (secret: string) =>
    heard(
      fetch(`${rig.url}/v1/pay`, {
        method: 'POST',
        body: '{}',
        headers: { authorization: `Bearer ${secret}`, 'idempotency-key': 'k' },
      }),
    );
  const { store, vault, idempotency } = rig.latchkey.engine.services;
  const onDisk = async () => (await store.idempotency.countByMasterKey()).reduce((sum, { count }) => sum + count, 0);
  expect((await ask(test.secret)).replayed).toBe(null);
  expect((await ask(test.secret)).replayed).toBe('true');
  expect(await onDisk()).toBe(0);
  expect((await ask(live.secret)).replayed).toBe(null);
  expect(await onDisk()).toBe(1);
  expect([far.calls(), sandbox.calls()]).toEqual([1, 1]);
  expect(await store.idempotency.countByMasterKey()).toEqual([{ masterKeyId: vault.currentMasterKeyId(), count: 1 }]);
  await idempotency.prune(Date.now() + 25 * 3_600_000);
  expect(await onDisk()).toBe(0);
  expect((await ask(test.secret)).replayed).toBe(null);
});
