// The client against a real control plane, straight and through a proxy that fails on demand.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ROOT_KEY, type Served, serve } from '../../server/src/http/serve.suite.js';
import { type ClientOptions, createClient, LatchkeyClientError } from './index.js';

/** What the proxy does with the next request; nothing left: it passes it on. */
type Fault = (req: IncomingMessage, res: ServerResponse) => void;

let served: Served;
let proxy: Server;
let proxyUrl: string;
let faults: Fault[] = [];
/** When each request arrived at the proxy. */
let arrivals: { at: number; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
let projectId: string;

const status =
  (code: number, headers: Record<string, string> = {}, body = 'no'): Fault =>
  (_, res) =>
    void res.writeHead(code, headers).end(body);
const hangUp: Fault = (req) => void req.socket.destroy();
const hang: Fault = () => {};
const halfAnAnswer: Fault = (_, res) => void res.writeHead(200, { 'content-length': '1000' }).write('{"valid":tr');

beforeAll(async () => {
  served = await serve();
  proxy = createServer(async (req, res) => {
    const at = performance.now();
    let body = '';
    for await (const chunk of req) body += chunk;
    arrivals.push({ at, url: req.url ?? '', headers: req.headers, body });
    const fault = faults.shift();
    if (fault !== undefined) return fault(req, res);
    const answer = await fetch(served.url + req.url, {
      method: req.method ?? 'GET',
      headers: { authorization: req.headers.authorization ?? '', 'content-type': 'application/json' },
      body,
    });
    res.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const organization = await served.latchkey.organizations.create({ name: 'Acme' });
  const project = await served.latchkey.projects.create({ organizationId: organization.id, name: 'Shop' });
  projectId = project.id;
});
afterAll(async () => {
  proxy.closeAllConnections();
  await new Promise((closed) => proxy.close(closed));
  await served.close();
});
beforeEach(() => {
  faults = [];
  arrivals = [];
});

const client = (options: Partial<ClientOptions> = {}) => createClient({ url: proxyUrl, rootKey: ROOT_KEY, ...options });
const makeKey = (settings = {}) => served.latchkey.keys.create({ projectId, name: 'a key', ...settings });

const timeless = (answer: object) =>
  JSON.parse(JSON.stringify(answer), (name, value) => (/(At|requestId)$/.test(name) ? null : value));

async function rejection(work: Promise<unknown>): Promise<LatchkeyClientError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LatchkeyClientError);
  return error as LatchkeyClientError;
}

describe('verify', () => {
  it('answers a good key with whose it is and what is left', async () => {
    const { key, secret } = await makeKey({ limits: { perMinute: 5 }, permissions: ['payments.write'] });
    const answer = await client().verify({ secret, permissions: ['payments.write'] });
    expect(answer).toMatchObject({
      valid: true,
      reason: null,
      key: { id: key.id, hint: secret.slice(-4) },
      project: { id: projectId, name: 'Shop' },
      organization: { name: 'Acme' },
    });
    expect(answer.budgets.find(({ name }) => name === 'perMinute')).toMatchObject({ limit: 5, remaining: 4 });
    expect(JSON.stringify(answer)).not.toContain(secret);
  });

  it('resolves for refused keys and names the reason', async () => {
    const { key, secret } = await makeKey();
    await served.latchkey.keys.revoke({ keyId: key.id });
    expect(await client().verify({ secret })).toMatchObject({ valid: false, reason: 'revoked_key' });
    expect(await client().verify({ secret: null })).toMatchObject({ valid: false, reason: 'missing_credential' });
    expect(arrivals).toHaveLength(2);
  });

  it('answers the same as the engine in process, request id and times aside', async () => {
    const { secret } = await makeKey();
    const question = {
      request: { method: 'POST', path: '/v1/payments', ip: '192.0.2.7', headers: { 'x-api-key': secret } },
      cost: { requests: 0 },
      render: true,
    };
    const far = await client().verify(question);
    const near = await served.latchkey.keys.verify(question);
    expect(timeless(far)).toEqual(timeless(near));
    expect(far.reply).toMatchObject({ status: 200, body: null });
  });

  it('keeps a path in front of the API and never writes a secret into the URL', async () => {
    const { secret } = await makeKey();
    faults = [status(200, { 'content-type': 'application/json' }, '{"valid":true,"reason":null}')];
    await client({ url: `${proxyUrl}/latchkey/` }).verify({ secret });
    expect(arrivals[0]?.url).toBe('/latchkey/v1/keys/verify');
  });
});

it('verifyBatch answers each question on its own and in its order', async () => {
  const { secret } = await makeKey();
  const { data } = await client().verifyBatch({ keys: [{ secret }, { secret: 'unknown-000000000000' }, { secret }] });
  expect(data.map(({ reason }) => reason)).toEqual([null, 'unknown_key', null]);
});

describe('a failing way to the server', () => {
  it.each([
    ['429', status(429)],
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
    ['a connection that breaks', hangUp],
    [
      'an answer that breaks off',
      (_: IncomingMessage, res: ServerResponse) => {
        halfAnAnswer(_, res);
        setTimeout(() => res.destroy(), 20);
      },
    ],
  ] as [string, Fault][])('is tried again: %s', async (_, fault) => {
    const { secret } = await makeKey();
    faults = [fault, fault];
    expect(await client().verify({ secret })).toMatchObject({ valid: true });
    expect(arrivals).toHaveLength(3);
    expect(new Set(arrivals.map(({ body }) => body)).size).toBe(1);
  });

  it.each([400, 401, 403, 404, 409, 500])('is not tried again: %d', async (code) => {
    faults = [status(code)];
    expect(await rejection(client().verify({ secret: 'x' }))).toMatchObject({ code: 'http_error', status: code });
    expect(arrivals).toHaveLength(1);
  });

  it('ends after the given number of retries, with the last failure', async () => {
    faults = [status(502), status(503), status(504)];
    expect(await rejection(client({ retries: 1 }).verify({ secret: 'x' }))).toMatchObject({ status: 503 });
    faults = [status(502)];
    expect(await rejection(client().verify({ secret: 'x' }, { retries: 0 }))).toMatchObject({ status: 502 });
    expect(arrivals).toHaveLength(3);
  });

  it('waits as long as Retry-After says, and no longer than a request can bear', async () => {
    const { secret } = await makeKey();
    faults = [status(429, { 'retry-after': '1' })];
    await client().verify({ secret });
    const [first, second] = arrivals;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1000);

    faults = [status(503, { 'retry-after': '60' })];
    const error = await rejection(client().verify({ secret }));
    expect(error).toMatchObject({ status: 503, retryAfterSeconds: 60 });
    expect(arrivals).toHaveLength(3);

    faults = [status(503, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() })];
    const { retryAfterSeconds } = await rejection(client().verify({ secret }));
    expect(retryAfterSeconds).toBeGreaterThan(30);
    expect(retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  it('has a time limit for each attempt, the body included', async () => {
    const { secret } = await makeKey();
    faults = [hang, halfAnAnswer];
    expect(await client({ timeoutMs: 700 }).verify({ secret })).toMatchObject({ valid: true });
    expect(arrivals).toHaveLength(3);
    faults = [hang];
    const error = await rejection(client().verify({ secret }, { timeoutMs: 50, retries: 0 }));
    expect(error).toMatchObject({ code: 'timeout', status: null });
  });

  it('is left at once when the caller aborts, while sending and while waiting', async () => {
    const reason = new Error('the caller left');
    faults = [hang];
    const sending = new AbortController();
    const sent = client().verify({ secret: 'x' }, { signal: sending.signal });
    void expect
      .poll(() => arrivals.length)
      .toBe(1)
      .then(() => sending.abort(reason));
    await expect(sent).rejects.toBe(reason);

    faults = [status(503, { 'retry-after': '5' }), status(500)];
    const waiting = new AbortController();
    const refused = client().verify({ secret: 'x' }, { signal: waiting.signal });
    let leftAt = Infinity;
    const leave = (): void => {
      leftAt = performance.now();
      waiting.abort(reason);
    };
    // Long enough after its arrival for the answer to be read, and long before the five seconds are over.
    void expect
      .poll(() => arrivals.length)
      .toBe(2)
      .then(() => setTimeout(leave, 100));
    await expect(refused).rejects.toBe(reason);
    expect(performance.now() - leftAt).toBeLessThan(3_000);

    await expect(client().verify({ secret: 'x' }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(arrivals).toHaveLength(2);
  });

  it('says what kind of failure it was when nobody listens', async () => {
    const error = await rejection(client({ url: 'http://127.0.0.1:1', retries: 0 }).verify({ secret: 'x' }));
    expect(error).toMatchObject({ code: 'network_error', status: null, requestId: null });
  });
});

describe('an answer that is none', () => {
  it.each(['<html>', '', 'null', '{}', '{"valid":"true"}', '{"valid":true,"reason":"revoked_key"}', '[]'])(
    'is never taken for a yes: %s',
    async (body) => {
      faults = [status(200, { 'content-type': 'application/json' }, body)];
      expect(await rejection(client().verify({ secret: 'x' }))).toMatchObject({ code: 'unreadable_answer' });
      expect(arrivals).toHaveLength(1);
    },
  );

  it('nor is a batch with too few answers', async () => {
    faults = [status(200, {}, '{"data":[{"valid":true,"reason":null}]}')];
    const keys = [{ secret: 'a' }, { secret: 'b' }];
    expect(await rejection(client().verifyBatch({ keys }))).toMatchObject({ code: 'unreadable_answer' });
  });

  it('is not followed elsewhere: the root key goes nowhere but to the URL it was given with', async () => {
    faults = [status(307, { location: `${proxyUrl}/elsewhere` })];
    expect(await rejection(client().verify({ secret: 'x' }))).toMatchObject({ status: 307 });
    expect(arrivals).toHaveLength(1);
  });
});

describe('an error', () => {
  const secret = 'sk_live_plantedPlantedPlantedPlantedPlanted';
  const everything = (error: LatchkeyClientError) =>
    [error, String(error), error.stack, JSON.stringify(error), JSON.stringify(error.errors), error.cause]
      .map((part) =>
        typeof part === 'string'
          ? part
          : Object.values(part ?? {})
              .map(String)
              .join(),
      )
      .join('\n');

  it('of the server says code, status, detail, request id and each wrong place', async () => {
    const error = await rejection(client().verify({ secret, batchSize: -1 }));
    expect(error).toMatchObject({
      code: 'invalid_request',
      status: 400,
      requestId: expect.stringMatching(/^req_/),
      errors: [{ path: 'body.batchSize', fix: expect.any(String), message: expect.any(String) }],
    });
    expect(everything(error)).not.toContain(secret);
  });

  it('for a root key that is none is unauthenticated, and does not show it', async () => {
    const rootKey = 'lk_root_wrongwrongwrongwrongwrongwrong';
    const error = await rejection(client({ rootKey }).verify({ secret }));
    expect(error).toMatchObject({ code: 'unauthenticated', status: 401 });
    expect(everything(error)).not.toContain(rootKey);
  });

  it('never shows a secret, whatever stands between client and server says', async () => {
    const echo: Fault = (req, res) => {
      const told = `${req.headers.authorization} ${arrivals.at(-1)?.body}`;
      const problem = { code: told, detail: told, errors: [{ path: told, message: told, fix: told }] };
      res.writeHead(400, { 'x-request-id': encodeURIComponent(told) }).end(JSON.stringify(problem));
    };
    const telling: typeof fetch = async (_, init) => {
      throw Object.assign(new Error(`${JSON.stringify(init?.headers)} ${init?.body}`), {
        code: ROOT_KEY.toUpperCase(),
      });
    };
    for (const input of [{ secret }, { request: { headers: { Authorization: [`Bearer ${secret}`] } } }]) {
      faults = [echo];
      for (const error of [
        await rejection(client().verify(input)),
        await rejection(client({ fetch: telling, retries: 0 }).verify(input)),
      ]) {
        expect(everything(error)).not.toContain(secret);
        expect(everything(error)).not.toContain(ROOT_KEY);
      }
    }
  });
});

describe('options that cannot work', () => {
  it.each([
    ['a URL that is none', { url: 'localhost' }],
    ['another scheme', { url: 'ftp://localhost' }],
    ['a secret in the URL', { url: 'http://user:planted-secret@localhost' }],
    ['a query in the URL', { url: 'http://localhost?key=planted-secret' }],
    ['an empty root key', { rootKey: '' }],
    ['a root key with a line break', { rootKey: 'planted-secret\n' }],
    ['retries below zero', { retries: -1 }],
    ['a timeout of nothing', { timeoutMs: 0 }],
  ])('are refused at once: %s', (_, options) => {
    const make = () => client(options);
    expect(make).toThrow(TypeError);
    expect(make).not.toThrow(/planted-secret/);
  });
});
