// The management client against a real control plane, straight and through a proxy that fails on demand.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { operations } from '@latchkey/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ROOT_KEY, type Served, serve } from '../../server/src/http/serve.suite.js';
import { METHODS, ROUTES } from './generated/operations.js';
import { createManagementClient, LatchkeyClientError, type ManagementClientOptions, paginate } from './index.js';

type Fault = (req: IncomingMessage, res: ServerResponse, pass: () => Promise<void>) => void | Promise<void>;

let served: Served;
let proxy: Server;
let proxyUrl: string;
let faults: Fault[] = [];
let arrivals: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
let organizationId: string;
let projectId: string;

const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  (_, res) =>
    void res.writeHead(code, headers).end('no');
const hangUp: Fault = (req) => void req.socket.destroy();
/** The call is carried out, and its answer gets lost. */
const loseTheAnswer: Fault = async (req, _, pass) => {
  await pass();
  req.socket.destroy();
};

beforeAll(async () => {
  served = await serve();
  proxy = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    arrivals.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body });
    const names = ['authorization', 'content-type', 'idempotency-key', 'x-csrf-token'];
    const forward = async (): Promise<Response> =>
      fetch(served.url + req.url, {
        method: req.method ?? 'GET',
        headers: names.flatMap((name) => (req.headers[name] ? [[name, String(req.headers[name])]] : [])) as [
          string,
          string,
        ][],
        ...(body === '' ? {} : { body }),
      });
    const fault = faults.shift();
    if (fault !== undefined) return void fault(req, res, async () => void (await (await forward()).text()));
    const answer = await forward();
    const text = await answer.text();
    res.writeHead(answer.status, Object.fromEntries(answer.headers)).end(text);
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  organizationId = (await served.latchkey.organizations.create({ name: 'Acme' })).id;
  projectId = (await served.latchkey.projects.create({ organizationId, name: 'Shop' })).id;
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

const api = (options: Partial<ManagementClientOptions> = {}) =>
  createManagementClient({ url: proxyUrl, credential: { rootKey: ROOT_KEY }, ...options });
const uuid = (): string => globalThis.crypto.randomUUID();

async function rejection(work: Promise<unknown>): Promise<LatchkeyClientError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LatchkeyClientError);
  return error as LatchkeyClientError;
}

describe('every operation', () => {
  it('goes where the control plane has it', async () => {
    const input = { limit: 1 };
    for (const [space, methods] of Object.entries(METHODS)) {
      for (const [method, name] of Object.entries(methods)) {
        if (!Object.hasOwn(operations, name)) continue;
        const params = [...ROUTES[name].path.matchAll(/:(\w+)/g)].map(([, member]) => [member, 'nothing_here']);
        const spaces = api({ retries: 0 }) as unknown as Record<
          string,
          Record<string, (input: object) => Promise<unknown>>
        >;
        const error = await spaces[space]
          ?.[method]?.({ ...input, ...Object.fromEntries(params) })
          .catch((thrown) => thrown);
        // Whatever the answer is, it is this operation's: a path or method that is not there would say so.
        if (error instanceof Error) expect(error, name).toBeInstanceOf(LatchkeyClientError);
        expect((error as LatchkeyClientError | undefined)?.detail ?? '', name).not.toMatch(
          /nothing at this path|This path takes/,
        );
        expect(arrivals.at(-1)?.url.split('?')[0], name).toBe(ROUTES[name].path.replace(/:\w+/g, 'nothing_here'));
      }
    }
  });

  it('answers as it does in process', async () => {
    const made = await api().keys.create({ projectId, name: 'one', permissions: ['payments.write'] });
    const { key } = made;
    expect(made.secret).toMatch(/^.{20,}$/);
    expect(await api().keys.get({ keyId: key.id })).toEqual(await served.latchkey.keys.get({ keyId: key.id }));
    expect(await api().keys.update({ keyId: key.id, name: 'two' })).toMatchObject({ name: 'two' });
    expect((await api().keys.list({ projectId, notRevoked: true, limit: 5 })).data[0]).toMatchObject({ name: 'two' });
    expect(await api().keys.revoke({ keyId: key.id })).toMatchObject({ key: { state: 'revoked' } });
    expect((await api().keys.list({ projectId, notRevoked: true })).data).toEqual([]);
    expect(await api().keys.delete({ keyId: key.id })).toBeUndefined();
    expect(await rejection(api().keys.get({ keyId: key.id }))).toMatchObject({ code: 'not_found', status: 404 });
    expect(await api().tiers.list()).toMatchObject({ data: expect.any(Array) });
  });

  it('sends no body with a read, and none with a delete', async () => {
    await api().organizations.list();
    await rejection(api().keys.delete({ keyId: 'nothing_here' }));
    for (const { body, headers } of arrivals) {
      expect(body).toBe('');
      expect(headers['content-type']).toBeUndefined();
    }
  });

  it('names every wrong place', async () => {
    const error = await rejection(api().keys.create({ projectId, name: 7 as unknown as string }));
    expect(error).toMatchObject({
      code: 'invalid_request',
      status: 400,
      requestId: expect.stringMatching(/^req_/),
      errors: [{ path: 'body.name', message: expect.any(String), fix: expect.any(String) }],
    });
  });

  it.each(['', '.', '..', 7])('is not sent to another path by an id that is none: %s', async (keyId) => {
    await expect(api().keys.get({ keyId: keyId as string })).rejects.toThrow('keyId must be an id.');
    expect(arrivals).toHaveLength(0);
  });

  it('writes an id into the path as one step', async () => {
    await rejection(api().keys.get({ keyId: '../organizations?x=1#y' }));
    expect(arrivals[0]?.url).toBe(`/v1/keys/${encodeURIComponent('../organizations?x=1#y')}`);
  });
});

describe('paginate', () => {
  it('reads every row of a list once, page by page', async () => {
    const project = await api().projects.create({ organizationId, name: 'Many' });
    for (let made = 0; made < 7; made++) await api().keys.create({ projectId: project.id, name: `key ${made}` });
    arrivals = [];
    const names: string[] = [];
    for await (const key of paginate(api().keys.list, { projectId: project.id, limit: 3 })) names.push(key.name);
    expect(names).toEqual([6, 5, 4, 3, 2, 1, 0].map((made) => `key ${made}`));
    expect(arrivals).toHaveLength(3);
  });

  it('reads no further than it is asked to', async () => {
    for await (const _ of paginate(api().keys.list, { projectId, limit: 1 })) break;
    expect(arrivals).toHaveLength(1);
  });
});

describe('a credential', () => {
  it('is a root key, a portal token, or nothing', async () => {
    await api().organizations.list();
    await rejection(api({ credential: { portalToken: 'lk_portal_wrongwrongwrong' } }).organizations.list());
    await rejection(api({ credential: undefined }).organizations.list());
    expect(arrivals.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${ROOT_KEY}`,
      'Bearer lk_portal_wrongwrongwrong',
      undefined,
    ]);
  });

  it('of a session is the cookie, and the token of the moment with every change', async () => {
    const sent: { method: string | undefined; credentials: string | undefined; csrf: string | null }[] = [];
    let token: string | null = null;
    const session = createManagementClient({
      url: 'https://keys.example.com',
      credential: { session: { csrfToken: () => token } },
      fetch: async (_, init = {}) => {
        const csrf = new Headers(init.headers).get('x-csrf-token');
        sent.push({ method: init.method, credentials: init.credentials, csrf });
        return Response.json({ data: [], nextCursor: null });
      },
    });
    await session.organizations.list();
    await session.organizations.create({ name: 'A' });
    token = 'token-of-the-session';
    await session.organizations.list();
    await session.organizations.create({ name: 'B' });
    const credentials = 'same-origin';
    expect(sent).toEqual([
      { method: 'GET', credentials, csrf: null },
      { method: 'POST', credentials, csrf: null },
      { method: 'GET', credentials, csrf: null },
      { method: 'POST', credentials, csrf: 'token-of-the-session' },
    ]);
  });

  it('of another kind goes without cookies', async () => {
    let credentials: string | undefined;
    const spy: typeof fetch = async (_, init) => {
      credentials = init?.credentials;
      return Response.json({ data: [], nextCursor: null });
    };
    await api({ fetch: spy, credential: { portalToken: 'lk_portal_x' } }).projects.list();
    expect(credentials).toBe('omit');
  });

  it.each([{ rootKey: 'planted-secret\n' }, { portalToken: '' }, { portalToken: 'planted secret' }])(
    'that cannot be sent is refused at once, and not shown',
    (credential) => {
      expect(() => api({ credential })).toThrow(TypeError);
      expect(() => api({ credential })).not.toThrow(/planted/);
    },
  );
});

describe('a failing way to the server', () => {
  const count = async (): Promise<number> => (await served.latchkey.organizations.list({ limit: 100 })).data.length;

  it.each([
    ['429', status(429)],
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
    ['a connection that breaks', hangUp],
  ] as [string, Fault][])('is tried again for a read: %s', async (_, fault) => {
    faults = [fault, fault];
    await api().organizations.list();
    expect(arrivals).toHaveLength(3);
  });

  it.each([
    ['429', status(429)],
    ['503 with Retry-After', status(503, { 'retry-after': '0' })],
  ] as [string, Fault][])('is tried again for a change that was surely not taken on: %s', async (_, fault) => {
    const before = await count();
    faults = [fault];
    await api().organizations.create({ name: 'Again' });
    expect(await count()).toBe(before + 1);
    expect(arrivals).toHaveLength(2);
  });

  it.each([
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
    ['an answer that gets lost', loseTheAnswer],
  ] as [string, Fault][])('never does a change twice: %s', async (_, fault) => {
    faults = [fault];
    const before = await count();
    await rejection(api().organizations.create({ name: 'Once' }));
    expect(arrivals).toHaveLength(1);
    expect(await count()).toBeLessThanOrEqual(before + 1);
  });

  it('of a change with an idempotency key is tried again, and gives the one answer', async () => {
    const project = await api().projects.create({ organizationId, name: 'Lossy' });
    faults = [loseTheAnswer, status(502)];
    const { key, secret } = await api().keys.create({ projectId: project.id, name: 'k' }, { idempotencyKey: uuid() });
    const { data } = await served.latchkey.keys.list({ projectId: project.id });
    expect(data.map(({ id }) => id)).toEqual([key.id]);
    expect(await served.latchkey.keys.verify({ secret })).toMatchObject({ valid: true });
  });

  it('waits for the first attempt when that still runs', async () => {
    const problem = { code: 'idempotency_in_progress', detail: 'Still running.' };
    faults = [(_, res) => void res.writeHead(409).end(JSON.stringify(problem))];
    await api().keys.create({ projectId, name: 'k' }, { idempotencyKey: uuid() });
    expect(arrivals).toHaveLength(2);
  });

  it('is not tried again by an idempotency key where the operation takes none', async () => {
    faults = [status(502)];
    await rejection(api().organizations.create({ name: 'No key taken' }, { idempotencyKey: uuid() }));
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]?.headers['idempotency-key']).toBeUndefined();
  });

  it('is tried again for a change when nobody listened yet', async () => {
    const nobody = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => nobody.once('listening', listening));
    const { port } = nobody.address() as AddressInfo;
    await new Promise((closed) => nobody.close(closed));
    let attempts = 0;
    const late: typeof fetch = (url, init) =>
      fetch(++attempts === 1 ? `http://127.0.0.1:${port}` : (url as string), init);
    await api({ fetch: late }).organizations.create({ name: 'Late' });
    expect(attempts).toBe(2);
  });
});

describe('an error', () => {
  it('never shows a credential or a secret, whatever stands between says', async () => {
    const planted = 'sk_live_plantedPlantedPlantedPlantedPlanted';
    const echo: Fault = (req, res) => {
      const told = `${JSON.stringify(req.headers)} ${arrivals.at(-1)?.body}`;
      res
        .writeHead(400)
        .end(JSON.stringify({ code: told, detail: told, errors: [{ path: told, message: told, fix: told }] }));
    };
    const idempotencyKey = uuid();
    const calls = [
      () => api().keys.import({ projectId, keys: [{ name: 'x', secret: planted }] }),
      () => api().invitations.read({ token: planted }),
      () => api().keys.verify({ request: { headers: { authorization: `Bearer ${planted}` } } }),
      () => api({ credential: { portalToken: planted } }).projects.list(),
      () => api().keys.create({ projectId, name: 'x' }, { idempotencyKey }),
      () => api({ credential: { session: { csrfToken: () => planted } } }).organizations.create({ name: 'x' }),
    ];
    for (const call of calls) {
      faults = [echo];
      const error = await rejection(call());
      const told = `${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.errors)} ${error.cause}`;
      for (const secret of [planted, ROOT_KEY, idempotencyKey]) expect(told).not.toContain(secret);
    }
  });

  it('says that an answer is none', async () => {
    faults = [(_, res) => void res.writeHead(200).end('"yes"'), (_, res) => void res.writeHead(200).end('<html>')];
    expect(await rejection(api().organizations.list())).toMatchObject({ code: 'unreadable_answer' });
    expect(await rejection(api().organizations.list())).toMatchObject({ code: 'unreadable_answer' });
  });

  it('of a caller who leaves is the reason they gave', async () => {
    const reason = new Error('gone');
    await expect(api().organizations.list({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
