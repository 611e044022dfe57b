// The five example APIs over real HTTP: what each one answers, and that bad input is always a clear 4xx.

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

type Name = 'accounts' | 'aifaceswap' | 'suward' | 'swaypi' | 'textgen';
type Options = {
  mode?: 'live' | 'sandbox' | 'test';
  now?: () => number;
  endLease?: (leaseId: string) => Promise<unknown>;
};

const NAMES: Name[] = ['accounts', 'aifaceswap', 'suward', 'swaypi', 'textgen'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const running: Server[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** Starts an example on a free port; the result sends a request and reads the JSON answer. */
async function start(name: Name, options?: Options) {
  const { createExample } = (await import(`./${name}/server.js`)) as { createExample: (options?: Options) => Server };
  const server = createExample(options);
  expect(server.listening).toBe(false);
  running.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  /** `route` is 'METHOD /path'; an object as body is sent as JSON. */
  async function call(route: string, body?: unknown, headers: Record<string, string> = {}) {
    const [method = 'GET', path = '/'] = route.split(' ');
    const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(url + path, { method, headers, ...(sent === undefined ? {} : { body: sent }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: text ? JSON.parse(text) : undefined };
  }
  return { call, port, server, url };
}

const inProject = (id: string) => ({ 'X-Latchkey-Project-Id': id });

/** Sends bytes as they are and returns the status line, for requests that no client would send. */
function sendRaw(port: number, head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${head}\r\nHost: example\r\nConnection: close\r\n\r\n`),
    );
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer.split('\r\n')[0] ?? ''));
    socket.on('error', reject);
  });
}

describe.each(NAMES)('every example: %s', (name) => {
  it('says that it is well', async () => {
    const { call } = await start(name, { mode: 'sandbox' });
    expect(await call('GET /_example/health')).toMatchObject({
      status: 200,
      body: { status: 'ok', example: name, mode: 'sandbox' },
    });
  });

  it('echoes what arrived, whatever the method, the path and the size', async () => {
    const { call } = await start(name);
    const body = randomBytes(6 * 1024 * 1024).toString('hex');
    const { body: heard } = await call('PUT /_example/echo/a%20b?x=1&x=2', body, { 'X-Latchkey-Tier': 'studio' });
    expect(heard).toMatchObject({ method: 'PUT', path: '/_example/echo/a%20b', query: 'x=1&x=2' });
    expect(heard.headers['x-latchkey-tier']).toBe('studio');
    expect(heard.rawHeaders).toContain('studio');
    expect(heard.bodyLength).toBe(body.length);
    expect(heard.sha256).toBe(createHash('sha256').update(body).digest('hex'));
    expect((await call('DELETE /_example/echo')).body).toMatchObject({ method: 'DELETE', bodyLength: 0 });
  });

  it('refuses unknown routes with 404 and other methods with 405', async () => {
    const { call } = await start(name);
    const list = {
      accounts: 'users',
      aifaceswap: 'swaps',
      suward: 'payments',
      swaypi: 'creators',
      textgen: 'webhooks',
    };
    expect((await call('GET /v1/nothing')).status).toBe(404);
    expect((await call('POST /v1/nothing', 'x'.repeat(100_000))).status).toBe(404);
    const refused = await call(`DELETE /v1/${list[name]}`);
    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toContain('GET');
  });

  it('answers nothing but 4xx to input that makes no sense', async () => {
    const { call, port } = await start(name);
    const routes = {
      accounts: ['POST /v1/users', 'PATCH /v1/users/usr_1'],
      aifaceswap: ['POST /v1/swaps'],
      suward: ['POST /v1/payments'],
      swaypi: ['POST /v1/creators/batch'],
      textgen: ['POST /v1/generate', 'POST /v1/resources', 'PUT /v1/resources/res_1', 'POST /v1/webhooks'],
    };
    const bodies = ['', '{', 'null', '[]', '1', '{}', '{"__proto__":{}}', '{"a":1}', '['.repeat(50_000), '\u0000'];
    for (const route of routes[name]) {
      for (const body of bodies) expect([route, body, (await call(route, body)).status]).toEqual([route, body, 400]);
      expect((await call(route, `"${'x'.repeat(10 * 1024 * 1024)}"`)).status).toBe(413);
      expect((await call(route, '{}', { 'Content-Encoding': 'gzip' })).status).toBe(415);
    }
    const heads = [
      'GET // HTTP/1.1',
      'GET http://x/v1/users HTTP/1.1',
      'OPTIONS * HTTP/1.1',
      'GET /%zz?%zz=%zz HTTP/1.1',
    ];
    for (const head of heads) expect(await sendRaw(port, head)).toBe('HTTP/1.1 404 Not Found');
  });

  it('survives a caller who hangs up in the middle of a body', async () => {
    const { call, port } = await start(name);
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /_example/echo HTTP/1.1\r\nHost: example\r\nContent-Length: 1000\r\n\r\nhalf');
    await sleep(50);
    socket.resetAndDestroy();
    await sleep(50);
    expect((await call('GET /_example/health')).status).toBe(200);
  });
});

it('an example that runs alone ends leases over the management API, with the root key it was given', async () => {
  const heard: (string | undefined)[] = [];
  const control = createServer((req, res) => {
    heard.push(req.method, req.url, req.headers.authorization);
    res.writeHead(204).end();
  });
  running.push(control);
  await new Promise<void>((ready) => control.listen(0, '127.0.0.1', ready));
  const kit = './kit.js';
  const { endLeaseOver } = await import(kit);
  const LATCHKEY_PUBLIC_URL = `http://127.0.0.1:${(control.address() as AddressInfo).port}`;
  await endLeaseOver({ LATCHKEY_PUBLIC_URL })('lease_0');
  await endLeaseOver({ LATCHKEY_PUBLIC_URL, LATCHKEY_ROOT_KEY: 'a root key' })('lease_1');
  expect(heard).toEqual(['DELETE', '/v1/leases/lease_1', 'Bearer a root key']);
});

describe('the shelf that holds their data', () => {
  it('forgets the oldest thing first, and keeps a changed thing in its place', async () => {
    const kit = './kit.js';
    const { createShelf } = await import(kit);
    const shelf = createShelf(3);
    for (const id of ['a', 'b', 'c', 'a', 'd']) shelf.set('proj_a', id, id);
    expect(shelf.page('proj_a', new URLSearchParams())).toEqual({ data: ['d', 'c', 'b'], next: null });
    expect(shelf.get('proj_a', 'a')).toBeUndefined();
    expect(shelf.get('proj_b', 'b')).toBeUndefined();
  });
});

describe('swaypi', () => {
  it('answers a seeded creator in full', async () => {
    const { call } = await start('swaypi');
    const { body } = await call('GET /v1/creators/cr_1001');
    expect(body).toMatchObject({ id: 'cr_1001', handle: 'pixelpantry', contact_email: 'pixelpantry@example.com' });
    expect(Object.keys(body)).toEqual(['id', 'handle', 'name', 'followers', 'contact_email', 'audience_geo']);
    expect(body.audience_geo.countries.length).toBeGreaterThan(0);
    expect(body.audience_geo.detail.cities.length).toBeGreaterThan(0);
  });

  it('gives any well-formed id a creator, the same one from every server', async () => {
    const [one, other] = [await start('swaypi'), await start('swaypi')];
    for (const id of [`cr_${randomUUID()}`, `cr_${randomBytes(8).toString('hex')}`, 'cr_1']) {
      const { status, body } = await one.call(`GET /v1/creators/${id}`);
      expect(status).toBe(200);
      expect(body.id).toBe(id);
      expect((await other.call(`GET /v1/creators/${id}`)).body).toEqual(body);
    }
  });

  it.each(['cr_', 'cr_a.b', 'cr_%00', 'CR_1', 'usr_1', 'batch', `cr_${'x'.repeat(65)}`])(
    'has no creator %s',
    async (id) => {
      const { call } = await start('swaypi');
      const { status, body } = await call(`GET /v1/creators/${id}`);
      expect(status).toBe(404);
      expect(body).toEqual({ detail: 'No such creator' });
    },
  );

  it('keeps only the fields that are asked for, through objects and lists', async () => {
    const { call } = await start('swaypi');
    const { body } = await call('GET /v1/creators/cr_1002?fields=handle,audience_geo.detail.cities.name');
    expect(Object.keys(body)).toEqual(['handle', 'audience_geo']);
    expect(Object.keys(body.audience_geo)).toEqual(['detail']);
    for (const city of body.audience_geo.detail.cities) expect(Object.keys(city)).toEqual(['name']);
    for (const fields of ['', 'nope', 'handle,', 'audience_geo.nope', 'handle.length', '__proto__', 'constructor']) {
      const refused = await call(`GET /v1/creators/cr_1002?fields=${fields}`);
      expect([fields, refused.status, Object.keys(refused.body)]).toEqual([fields, 400, ['detail']]);
    }
  });

  it('pages through its list without a gap or a repeat', async () => {
    const { call } = await start('swaypi');
    const all = (await call('GET /v1/creators')).body;
    expect(all.next_cursor).toBeNull();
    const walked: string[] = [];
    let cursor = '';
    do {
      const { body } = await call(`GET /v1/creators?fields=id&limit=4${cursor && `&cursor=${cursor}`}`);
      walked.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor;
    } while (cursor);
    expect(walked).toEqual(all.data.map(({ id }: { id: string }) => id));
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'limit=', 'cursor=', 'cursor=nope', 'cursor=%00']) {
      expect((await call(`GET /v1/creators?${query}`)).status).toBe(400);
    }
  });

  it('answers a batch in order and names what is missing', async () => {
    const { call } = await start('swaypi');
    const { status, body } = await call('POST /v1/creators/batch?fields=id', { ids: ['cr_9', 'bad', 'cr_1001', ''] });
    expect(status).toBe(400); // an empty id is no id
    expect(body.detail).toContain('ids');
    const good = await call('POST /v1/creators/batch?fields=id', { ids: ['cr_9', 'bad', 'cr_1001'] });
    expect(good.body).toEqual({ data: [{ id: 'cr_9' }, { id: 'cr_1001' }], missing: ['bad'] });
    const many = Array.from({ length: 501 }, (_, at) => `cr_${at}`);
    expect((await call('POST /v1/creators/batch', { ids: many })).status).toBe(400);
    expect((await call('POST /v1/creators/batch', { ids: many.slice(1) })).body.data).toHaveLength(500);
  });
});

describe('suward', () => {
  const payment = { amount: '25.00', asset: 'USDC' };

  it('makes a payment and finds it again', async () => {
    const { call } = await start('suward', { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) });
    const made = await call('POST /v1/payments', payment, inProject('proj_a'));
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^pay_[0-9a-f]{24}$/),
      ...payment,
      status: 'pending',
      project: 'proj_a',
      reference: null,
      createdAt: '2026-01-02T03:04:05Z',
    });
    expect((await call(`GET ${made.headers.get('location')}`, undefined, inProject('proj_a'))).body).toEqual(made.body);
  });

  it("hides a project's payments from every other project", async () => {
    const { call } = await start('suward');
    const { body } = await call('POST /v1/payments', payment, inProject('proj_a'));
    for (const headers of [inProject('proj_b'), {}]) {
      const hidden = await call(`GET /v1/payments/${body.id}`, undefined, headers);
      expect(hidden.status).toBe(404);
      expect(hidden.text).not.toContain('25.00');
      expect((await call('GET /v1/payments', undefined, headers)).body).toEqual({ data: [], nextCursor: null });
    }
  });

  it('lists the newest payment first', async () => {
    const { call } = await start('suward');
    for (const amount of ['1', '2', '3']) await call('POST /v1/payments', { ...payment, amount });
    const first = (await call('GET /v1/payments?limit=2')).body;
    expect(first.data.map((made: { amount: string }) => made.amount)).toEqual(['3', '2']);
    const second = (await call(`GET /v1/payments?limit=2&cursor=${first.nextCursor}`)).body;
    expect(second.data.map((made: { amount: string }) => made.amount)).toEqual(['1']);
    expect(second.nextCursor).toBeNull();
  });

  it.each([
    25,
    '0',
    '0.00',
    '-1',
    '+1',
    '1e3',
    '01',
    '1.',
    '.5',
    '1,00',
    ' 1',
    '1.1234567',
    '1234567890123',
    '٣',
    null,
  ])('refuses the amount %j', async (amount) => {
    const { call } = await start('suward');
    const refused = await call('POST /v1/payments', { amount, asset: 'USDC' });
    expect(refused.status).toBe(400);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.body).toMatchObject({ type: 'about:blank', title: 'Bad Request', status: 400 });
    expect(refused.body.errors).toEqual([{ path: 'amount', message: expect.stringContaining('decimal string') }]);
    expect((await call('GET /_example/effects')).body.payments).toBe(0);
  });

  it('names every fault at once', async () => {
    const { call } = await start('suward');
    const { body } = await call('POST /v1/payments', { asset: 'GOLD', reference: '' });
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual(['amount', 'asset', 'reference']);
  });

  it('counts each payment, in total and by its Idempotency-Key', async () => {
    const { call } = await start('suward');
    await call('POST /v1/payments', payment);
    for (const key of ['order_abc_1', 'order_abc_1', '__proto__']) {
      await call('POST /v1/payments', payment, { 'Idempotency-Key': key });
    }
    const { text } = await call('GET /_example/effects');
    expect(text).toBe('{"payments":4,"byIdempotencyKey":{"order_abc_1":2,"__proto__":1}}');
  });
});

describe('textgen', () => {
  const prompt = { prompt: 'Hello, world!', model: 'gpt-4' };

  it('completes a prompt, the same way every time', async () => {
    const { call } = await start('textgen');
    const { status, body } = await call('POST /v1/generate', { ...prompt, max_tokens: 5 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, data: { model: 'gpt-4', usage: { completion_tokens: 5 } } });
    expect(body.data.created_at).toMatch(TIME);
    const again = await call('POST /v1/generate', { ...prompt, max_tokens: 5 });
    expect(again.body.data.text).toBe(body.data.text);
  });

  it('streams event by event and ends with [DONE]', async () => {
    const { call, url } = await start('textgen');
    const startedAt = performance.now();
    const body = JSON.stringify({ ...prompt, stream: true, events: 4, delay_ms: 60 });
    const response = await fetch(`${url}/v1/generate`, { method: 'POST', body });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const arrivals: number[] = [];
    let text = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      arrivals.push(performance.now() - startedAt);
      text += new TextDecoder().decode(chunk);
    }
    const events = text.split('\n\n').slice(0, -1);
    expect(events).toHaveLength(5);
    expect(events.at(-1)).toBe('data: [DONE]');
    for (const [index, event] of events.slice(0, -1).entries()) {
      expect(JSON.parse(event.slice('data: '.length))).toMatchObject({ index });
    }
    expect(arrivals.length).toBeGreaterThan(1);
    expect(arrivals.at(-1)).toBeGreaterThan(150);
    const { streams } = (await call('GET /_example/effects')).body;
    expect(streams).toEqual({ open: 0, finished: 1, aborted: 0 });
  });

  it('sends a long stream whole', async () => {
    const { url } = await start('textgen');
    const body = JSON.stringify({ ...prompt, stream: true, events: 1000, delay_ms: 0 });
    const text = await (await fetch(`${url}/v1/generate`, { method: 'POST', body })).text();
    expect(text.match(/^data: /gm)).toHaveLength(1001);
  });

  it('stops a stream, or a held answer, when the caller hangs up', async () => {
    const { call, url } = await start('textgen');
    const hangup = new AbortController();
    const body = JSON.stringify({ ...prompt, stream: true, events: 1000, delay_ms: 2000 });
    const { signal } = hangup;
    const response = await fetch(`${url}/v1/generate`, { method: 'POST', body, signal });
    await response.body?.getReader().read();
    expect((await call('GET /_example/effects')).body.streams).toEqual({ open: 1, finished: 0, aborted: 0 });
    hangup.abort();
    await expect
      .poll(async () => (await call('GET /_example/effects')).body.streams)
      .toEqual({ open: 0, finished: 0, aborted: 1 });
  });

  it('finishes an open stream when the server closes, then lets the connection go', async () => {
    const { server, url } = await start('textgen');
    const body = JSON.stringify({ ...prompt, stream: true, events: 4, delay_ms: 50 });
    const response = await fetch(`${url}/v1/generate`, { method: 'POST', body });
    const startedAt = performance.now();
    const closed = new Promise((done) => server.close(done));
    expect(await response.text()).toContain('[DONE]');
    await closed;
    // A connection that is kept is cut after five seconds.
    expect(performance.now() - startedAt).toBeLessThan(4500);
  });

  it.each([
    { prompt: '' },
    { model: 7 },
    { stream: 'yes' },
    { delay_ms: 2001 },
    { delay_ms: 1.5 },
    { events: 0 },
    { events: 1001 },
    { max_tokens: -1 },
  ])('refuses %j', async (wrong) => {
    const { call } = await start('textgen');
    const { status, body } = await call('POST /v1/generate', { ...prompt, ...wrong });
    expect(status).toBe(400);
    expect(body).toMatchObject({ success: false, error: { code: 'INVALID_REQUEST' } });
    expect(body.error.details.errors[0].path).toBe(Object.keys(wrong)[0]);
  });

  it("keeps a project's resources and derives the others", async () => {
    const { call } = await start('textgen');
    const id = `res_${randomBytes(6).toString('hex')}`;
    const derived = (await call(`GET /v1/resources/${id}`)).body.data;
    expect(derived.id).toBe(id);
    const put = await call(`PUT /v1/resources/${id}`, { name: 'Mine', content: 'words' }, inProject('proj_a'));
    expect(put).toMatchObject({ status: 200, body: { data: { id, name: 'Mine', content: 'words' } } });
    expect((await call(`GET /v1/resources/${id}`, undefined, inProject('proj_a'))).body).toEqual(put.body);
    expect((await call(`GET /v1/resources/${id}`)).body.data).toEqual(derived);
    const made = await call('POST /v1/resources', { name: 'New' }, inProject('proj_a'));
    expect(made.status).toBe(201);
    expect((await call(`GET /v1/resources/${made.body.data.id}`)).status).toBe(404);
    expect((await call('GET /v1/resources/nope')).status).toBe(404);
    expect((await call('PUT /v1/resources/nope', { name: 'New' })).status).toBe(404);
  });

  it('keeps webhooks per project', async () => {
    const { call } = await start('textgen');
    const made = await call('POST /v1/webhooks', { url: 'https://example.com/hook' }, inProject('proj_a'));
    expect(made.status).toBe(201);
    expect((await call('GET /v1/webhooks', undefined, inProject('proj_a'))).body.data).toEqual([made.body.data]);
    expect((await call('GET /v1/webhooks')).body.data).toEqual([]);
    for (const url of ['ftp://example.com', 'https://', 'nope', `https://example.com/${'x'.repeat(2048)}`]) {
      expect((await call('POST /v1/webhooks', { url })).status).toBe(400);
    }
  });
});

describe('accounts', () => {
  const user = { email: 'mira@example.com', name: 'Mira' };

  it('gives any well-formed id a user, another one in the other environment', async () => {
    const [live, sandbox] = [await start('accounts'), await start('accounts', { mode: 'sandbox' })];
    for (const id of ['usr_123', `usr_${randomUUID()}`]) {
      const { status, body } = await live.call(`GET /v1/users/${id}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ success: true, data: { id, environment: 'live' } });
      expect(body.data.created_at).toMatch(TIME);
      expect((await live.call(`GET /v1/users/${id}`)).body).toEqual(body);
      expect((await sandbox.call(`GET /v1/users/${id}`)).body.data.environment).toBe('sandbox');
    }
    const missing = await live.call('GET /v1/users/nope');
    expect(missing.status).toBe(404);
    expect(missing.body).toEqual({ success: false, message: 'No such user', error: { code: 'not_found' } });
  });

  it('makes, changes and deletes a user', async () => {
    const { call } = await start('accounts');
    const made = await call('POST /v1/users', user);
    expect(made).toMatchObject({ status: 201, body: { success: true, data: user } });
    const path = `/v1/users/${made.body.data.id}`;
    const changed = await call(`PATCH ${path}`, { name: 'Mira B.' });
    expect(changed.body.data).toEqual({ ...made.body.data, name: 'Mira B.' });
    expect((await call('GET /v1/users')).body).toEqual({ success: true, data: [changed.body.data], next_cursor: null });
    expect((await call(`DELETE ${path}`)).body).toEqual({ success: true, message: 'User deleted successfully' });
    for (const method of ['GET', 'DELETE']) expect((await call(`${method} ${path}`)).status).toBe(404);
    expect((await call(`PATCH ${path}`, { name: 'Back' })).status).toBe(404);
    expect((await call('GET /v1/users')).body.data).toEqual([]);
  });

  it('remembers that a derived user was deleted, in that project alone', async () => {
    const { call } = await start('accounts');
    expect((await call('DELETE /v1/users/usr_7', undefined, inProject('proj_a'))).status).toBe(200);
    expect((await call('GET /v1/users/usr_7', undefined, inProject('proj_a'))).status).toBe(404);
    expect((await call('GET /v1/users/usr_7', undefined, inProject('proj_b'))).status).toBe(200);
  });

  it('hides a user from other projects and from the other environment', async () => {
    const [live, sandbox] = [await start('accounts'), await start('accounts', { mode: 'test' })];
    const { body } = await live.call('POST /v1/users', user, inProject('proj_a'));
    const path = `GET /v1/users/${body.data.id}`;
    expect((await live.call(path, undefined, inProject('proj_a'))).status).toBe(200);
    expect((await live.call(path, undefined, inProject('proj_b'))).status).toBe(404);
    expect((await sandbox.call(path, undefined, inProject('proj_a'))).status).toBe(404);
    expect((await sandbox.call('GET /v1/users', undefined, inProject('proj_a'))).body.data).toEqual([]);
  });

  it('refuses with 409 a request of the other mode', async () => {
    const [live, sandbox] = [await start('accounts'), await start('accounts', { mode: 'sandbox' })];
    const send = (to: typeof live, mode: string) => to.call('GET /v1/users', undefined, { 'X-Latchkey-Mode': mode });
    expect((await send(live, 'live')).status).toBe(200);
    expect((await send(sandbox, 'test')).status).toBe(200);
    for (const refused of [await send(live, 'test'), await send(sandbox, 'live'), await send(live, 'constructor')]) {
      expect(refused).toMatchObject({ status: 409, body: { success: false, error: { code: 'wrong_environment' } } });
    }
    await expect(start('accounts', { mode: 'staging' as 'live' })).rejects.toThrow(/staging/);
  });

  it.each([{ email: 'nope' }, { email: 'a@b' }, { email: 7 }, { name: '' }, { name: null }])(
    'refuses %j',
    async (wrong) => {
      const { call } = await start('accounts');
      for (const [route, body] of [
        ['POST /v1/users', { ...user, ...wrong }] as const,
        ['PATCH /v1/users/usr_1', wrong] as const,
      ]) {
        const refused = await call(route, body);
        expect(refused).toMatchObject({ status: 400, body: { success: false, error: { code: 'invalid_request' } } });
        expect(refused.body.message).toContain(Object.keys(wrong)[0]);
      }
    },
  );
});

describe('aifaceswap', () => {
  const swap = { source_url: 'https://example.com/a.jpg', target_url: 'https://example.com/b.jpg' };

  it('accepts a job and finishes it when its time has passed', async () => {
    let clock = Date.UTC(2026, 0, 1);
    const { call } = await start('aifaceswap', { now: () => clock });
    const { status, body } = await call('POST /v1/swaps', { ...swap, seconds: 30 }, inProject('proj_a'));
    expect(status).toBe(202);
    expect(body).toEqual({
      id: expect.stringMatching(/^swap_[0-9a-f]{24}$/),
      status: 'processing',
      ...swap,
      created_at: '2026-01-01T00:00:00Z',
    });
    const read = () => call(`GET /v1/swaps/${body.id}`, undefined, inProject('proj_a'));
    clock += 29_999;
    expect((await read()).body).toEqual(body);
    clock += 1;
    expect((await read()).body).toMatchObject({ status: 'completed', completed_at: '2026-01-01T00:00:30Z' });
    expect((await call('GET /v1/swaps', undefined, inProject('proj_a'))).body.data).toEqual([(await read()).body]);
  });

  it('keeps the request open until the job is done when asked to wait', async () => {
    let clock = Date.UTC(2026, 0, 1);
    const { call } = await start('aifaceswap', { now: () => clock });
    const effects = async () => (await call('GET /_example/effects')).body;
    const waiting = call('POST /v1/swaps', { ...swap, seconds: 10, wait: true });
    await expect.poll(async () => (await effects()).waiting).toBe(1);
    clock += 9_999;
    await sleep(100);
    expect((await effects()).waiting).toBe(1);
    clock += 1;
    const { status, body } = await waiting;
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'completed', result_url: expect.stringContaining(body.id) });
  });

  it('goes on with the job when the caller who waits hangs up', async () => {
    const { call, url } = await start('aifaceswap');
    const hangup = new AbortController();
    const body = JSON.stringify({ ...swap, seconds: 30, wait: true });
    const waiting = fetch(`${url}/v1/swaps`, { method: 'POST', body, signal: hangup.signal });
    await expect.poll(async () => (await call('GET /_example/effects')).body.waiting).toBe(1);
    hangup.abort();
    await expect(waiting).rejects.toThrow();
    await expect
      .poll(async () => (await call('GET /_example/effects')).body)
      .toEqual({ started: 1, waiting: 0, abandoned: 1 });
    expect((await call('GET /v1/swaps')).body.data).toMatchObject([{ status: 'processing' }]);
  });

  it('says once when a job is over whose slot a lease holds, in its answer or afterwards', async () => {
    const ended: string[] = [];
    const endLease = async (leaseId: string) => void ended.push(leaseId);
    const { call } = await start('aifaceswap', { endLease });
    const under = (leaseId: string) => ({ 'X-Latchkey-Lease-Id': leaseId });
    const waited = await call('POST /v1/swaps', { ...swap, seconds: 0, wait: true }, under('lease_a'));
    expect([waited.status, waited.headers.get('x-latchkey-lease')]).toEqual([200, 'released']);
    const left = await call('POST /v1/swaps', { ...swap, seconds: 1 }, under('lease_b'));
    expect([left.status, left.headers.get('x-latchkey-lease'), ended]).toEqual([202, null, []]);
    await call('POST /v1/swaps', { ...swap, seconds: 0 }, under(''));
    await expect.poll(() => ended).toEqual(['lease_b']);
  });

  it("hides a project's jobs from every other project", async () => {
    const { call } = await start('aifaceswap');
    const { body } = await call('POST /v1/swaps', swap, inProject('proj_a'));
    const hidden = await call(`GET /v1/swaps/${body.id}`, undefined, inProject('proj_b'));
    expect(hidden.status).toBe(404);
    expect(hidden.body).toEqual({ error: { code: 'not_found', message: 'No such swap' } });
    expect((await call('GET /v1/swaps')).body).toEqual({ data: [], next_cursor: null });
  });

  it.each([
    { source_url: 'nope' },
    { target_url: 'file:///etc/passwd' },
    { seconds: 31 },
    { seconds: -1 },
    { seconds: '2' },
    { wait: 1 },
  ])('refuses %j', async (wrong) => {
    const { call } = await start('aifaceswap');
    const refused = await call('POST /v1/swaps', { ...swap, ...wrong });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } });
    expect(refused.body.error.message).toContain(Object.keys(wrong)[0]);
    expect((await call('GET /_example/effects')).body.started).toBe(0);
  });
});
