// What the RPCs make of what no client should send: wrong types, names, sizes, frames and bytes. Never the server's fault, never a secret in the answer.

import { randomBytes } from 'node:crypto';
import { type ClientHttp2Session, constants, connect as dial, type IncomingHttpHeaders } from 'node:http2';
import { connect as openSocket } from 'node:net';
import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT_KEY } from '../http/serve.suite.js';
import { Health, HealthCheckResponse_ServingStatus as Status } from './generated/grpc/health/v1/health_pb.js';
import { APIKeyService, CreateAPIKeyRequestSchema } from './generated/latchkey/v1/api_key_service_pb.js';
import { PROTOCOLS, type RpcWorld, refused, rpcWorld } from './rpc.suite.js';

const METHODS = APIKeyService.methods.map(({ name }) => name);
const SECRET = `sk_live_${'S3cr3tS3cr3t'.repeat(4)}`;

let world: RpcWorld;
let wire: ClientHttp2Session;
beforeAll(async () => {
  world = await rpcWorld();
  wire = dial(world.grpcUrl);
});
afterAll(async () => {
  wire.close();
  await world.close();
});

interface Problem {
  code: string;
  message: string;
  details: { debug: { code: string; requestId: string; errors?: { path: string; message: string; fix: string }[] } }[];
}

/** A refusal over Connect, as whoever uses curl reads it. */
async function problem(reply: Response): Promise<{ status: number; code: string } & Problem['details'][0]['debug']> {
  const text = await reply.text();
  expect(text).not.toContain('S3cr3t');
  const { code, details } = JSON.parse(text) as Problem;
  const detail = (details[0] as Problem['details'][0]).debug;
  expect(detail.requestId).toBe(reply.headers.get('x-request-id'));
  return { status: reply.status, ...detail, code };
}

/** A request over the gRPC listener, down to its frames. */
function ask(
  path: string,
  body: Uint8Array | null,
  headers: Record<string, string> = {},
): Promise<{ headers: IncomingHttpHeaders; trailers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve) => {
    const stream = wire.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${ROOT_KEY}`,
      ...headers,
    });
    const heard = { headers: {}, trailers: {}, body: Buffer.alloc(0) };
    stream.on('response', (received) => Object.assign(heard.headers, received));
    stream.on('trailers', (received) => Object.assign(heard.trailers, received));
    stream.on('data', (piece: Buffer) => {
      heard.body = Buffer.concat([heard.body, piece]);
    });
    stream.on('error', () => {});
    stream.on('close', () => resolve(heard));
    if (body === null) stream.end();
    else stream.end(body);
  });
}

const framed = (message: Uint8Array, flag = 0): Buffer => {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

const grpcPath = (method: string): string => `/latchkey.v1.APIKeyService/${method}`;

describe('JSON over Connect', () => {
  it('is what curl sends, with members in camel case or as the .proto names them', async () => {
    const projectId = await world.project();
    for (const name of ['projectId', 'project_id']) {
      const reply = await world.post('CreateAPIKey', JSON.stringify({ [name]: projectId, name: 'curl' }));
      expect(reply.status).toBe(200);
      expect(reply.headers.get('content-type')).toBe('application/json');
      expect(reply.headers.get('cache-control')).toBe('no-store');
      expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
      const { key, secret } = (await reply.json()) as { key: { mode: string; state: string }; secret: string };
      expect(secret).toMatch(/^sk_live_/);
      expect(key).toMatchObject({ mode: 'MODE_LIVE', state: 'KEY_STATE_ACTIVE' });
    }
  });

  it.each([
    ['an unknown member', { nmae: 'x' }, '', 'Remove nmae.'],
    ['an unknown member whose name is a secret', { [SECRET]: 1 }, '', 'Remove (a name not repeated here).'],
    ['an unknown member further in', { limits: { perHour: 5 } }, 'limits', 'Remove perHour.'],
    ['a number for a text', { name: 5 }, 'name', 'Send a text.'],
    ['a text for a number', { limits: { perMinute: SECRET } }, 'limits.perMinute', 'Send a whole number.'],
    ['a fraction', { limits: { perMinute: 1.5 } }, 'limits.perMinute', 'Send a whole number.'],
    ['a number past 32 bits', { limits: { perDay: 2 ** 31 } }, 'limits.perDay', 'Send a whole number.'],
    ['an unknown mode', { mode: SECRET }, 'mode', 'Send one of MODE_UNSPECIFIED, MODE_LIVE, MODE_TEST.'],
    ['no time', { expiresAt: SECRET }, 'expiresAt', 'Send a time such as 2030-01-01T00:00:00Z.'],
    ['a list for an object', { metadata: [SECRET] }, 'metadata', 'Send a JSON object.'],
    ['a text for a list', { restrictions: { ips: SECRET } }, 'restrictions.ips', 'Send a list of texts.'],
    ['a list for a message', { limits: [SECRET] }, 'limits', 'Send a JSON object.'],
    [
      'a member under both its names',
      { projectId: 'a', project_id: 'b' },
      '',
      'Send each member once, under one of its names.',
    ],
  ])('is refused by its place: %s', async (_, body, path, fix) => {
    const answer = await problem(await world.post('CreateAPIKey', JSON.stringify(body)));
    expect(answer).toMatchObject({ status: 400, code: 'invalid_argument' });
    expect(answer.errors?.map((each) => ({ path: each.path ?? '', fix: each.fix }))).toEqual([{ path, fix }]);
  });

  it.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['half an object', '{"name":'],
    ['a name twice', '{"name":"a","name":"b"}'],
    ['__proto__', '{"__proto__":{"name":"x"}}'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['a hundred thousand brackets', '['.repeat(100_000)],
  ])('is refused whole: %s', async (_, body) => {
    const answer = await problem(await world.post('CreateAPIKey', body));
    expect(answer).toMatchObject({ status: 400, code: 'invalid_argument' });
  });

  it('metadata comes back exactly as it was sent, or is refused', async () => {
    const projectId = await world.project();
    const send = async (metadata: string) =>
      world.post('CreateAPIKey', `{"projectId":"${projectId}","name":"m","metadata":${metadata}}`);
    const kept = { list: [1, -2.5, null, true, 'ü', { deep: {} }], '': 'empty name', constructor: 1, seconds: '1' };
    const reply = await send(JSON.stringify(kept));
    expect(((await reply.json()) as { key: { metadata: unknown } }).key.metadata).toEqual(kept);
    for (const metadata of ['{"n":9007199254740993}', `{"a":${'{"a":'.repeat(20)}1${'}'.repeat(21)}`]) {
      expect(await problem(await send(metadata))).toMatchObject({ status: 400, code: 'invalid_argument' });
    }
  });
});

describe('the control plane', () => {
  it.each(METHODS)('takes nothing but POST at %s', async (method) => {
    for (const verb of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const path = `/latchkey.v1.APIKeyService/${method}?encoding=json&message=%7B%7D`;
      const { status, headers, body } = await world.call(verb, path);
      expect({ status, allow: headers.get('allow'), code: body.code }).toEqual({
        status: 405,
        allow: 'POST',
        code: 'method_not_allowed',
      });
    }
  });

  it.each([
    '/latchkey.v1.APIKeyService/DeleteAPIKey',
    '/latchkey.v2.APIKeyService/CreateAPIKey',
    '/latchkey.v1.APIKeyService',
  ])('has nothing at %s', async (path) => {
    const { status, body } = await world.call('POST', path, {});
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'not_found' });
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/grpc',
    'application/grpc+proto',
    'application/grpc+json',
    'application/grpc-web+json',
    'application/grpc-web-text',
    'application/connect+json',
    'application/json-patch+json',
  ])('reads no %s', async (type) => {
    const { status, body } = await world.call('POST', grpcPath('RevokeAPIKey'), 'x', { 'content-type': type });
    expect({ status, code: body.code }).toEqual({ status: 415, code: 'unsupported_media_type' });
  });

  it('learns who calls before it looks at a body', async () => {
    const reply = await world.post('CreateAPIKey', 'x'.repeat(2 * 1024 * 1024), { authorization: 'Bearer nobody' });
    expect(await problem(reply)).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('takes no body above 1 MB, and words that in the protocol', async () => {
    const big = 'x'.repeat(1024 * 1024 + 1);
    expect(await problem(await world.post('CreateAPIKey', big))).toMatchObject({ code: 'resource_exhausted' });
    for (const protocol of PROTOCOLS) {
      const answer = await refused(world.client(protocol).createAPIKey({ projectId: 'proj_x', name: big }));
      expect(answer, protocol).toMatchObject({ code: 'ResourceExhausted', problem: { code: 'payload_too_large' } });
    }
  });

  it('takes no compressed message: a few bytes could become many', async () => {
    const reply = await world.post('RevokeAPIKey', '{}', { 'content-encoding': 'gzip' });
    expect(reply.status).toBe(501);
    expect(((await reply.json()) as { code: string }).code).toBe('unimplemented');
  });

  it.each(['abc', '-5', '99999999999'])('refuses the deadline %s', async (deadline) => {
    const reply = await world.post('RevokeAPIKey', '{"keyId":"key_x"}', { 'connect-timeout-ms': deadline });
    expect(reply.status).toBe(400);
  });

  it('counts and logs the calls like its own, without what they held', async () => {
    await world.post('GetProjectByAPIKey', JSON.stringify({ secret: SECRET }));
    const { text } = await world.call('GET', '/metrics');
    expect(text).toMatch(
      /latchkey_http_request_seconds_count\{[^}]*route="\/latchkey\.v1\.APIKeyService\/GetProjectByAPIKey"/,
    );
    expect(world.log()).toContain('"route":"/latchkey.v1.APIKeyService/GetProjectByAPIKey"');
    expect(world.log()).not.toContain('S3cr3t');
  });
});

describe('the gRPC listener', () => {
  const revoke = grpcPath('RevokeAPIKey');

  it('answers a method that is not there as gRPC does', async () => {
    for (const path of [grpcPath('DeleteAPIKey'), '/x', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo']) {
      const { headers } = await ask(path, framed(new Uint8Array()));
      expect(headers).toMatchObject({ ':status': 200, 'grpc-status': '12' });
    }
  });

  it('takes nothing but POST, and nothing but gRPC', async () => {
    expect((await ask(revoke, null, { ':method': 'GET' })).headers[':status']).toBe(405);
    for (const type of ['application/json', 'application/grpc-web', 'application/grpc+json', 'text/plain']) {
      expect((await ask(revoke, new Uint8Array(), { 'content-type': type })).headers[':status'], type).toBe(415);
    }
  });

  it.each([
    ['no frame', Buffer.alloc(0)],
    ['half a head', Buffer.from([0, 0])],
    ['less than was said', framed(Buffer.alloc(10)).subarray(0, 9)],
    ['more than was said', Buffer.concat([framed(Buffer.alloc(2)), Buffer.alloc(3)])],
    ['two messages', Buffer.concat([framed(Buffer.alloc(0)), framed(Buffer.alloc(0))])],
    ['a compressed one', framed(randomBytes(10), 1)],
    ['an end of stream', framed(Buffer.alloc(0), 2)],
    ['no protobuf', framed(Buffer.from([0xff, 0xff, 0xff]))],
    ['text that is no UTF-8', framed(Buffer.from([0x0a, 0x02, 0xc3, 0x28]))],
    ['groups without an end', framed(Buffer.alloc(100_000, 0x0b))],
  ])('refuses %s', async (_, body) => {
    const { trailers } = await ask(revoke, body);
    expect(trailers['grpc-status']).toBe('3');
  });

  it('two credentials are none', async () => {
    const { trailers } = await ask(revoke, framed(new Uint8Array()), { 'x-api-key': ROOT_KEY });
    expect(trailers).toMatchObject({
      'grpc-status': '16',
      'grpc-message': encodeURIComponent('Send exactly one credential.'),
    });
  });

  it('outlives what is no HTTP/2, and connections that break off', async () => {
    const port = Number(new URL(world.grpcUrl).port);
    for (const said of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff', '']) {
      await new Promise<void>((resolve) => {
        const socket = openSocket(port, '127.0.0.1', () => socket.write(said, 'latin1'));
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        setTimeout(() => socket.destroy(), 50);
      });
    }
    const session = dial(world.grpcUrl);
    const stream = session.request({ ':method': 'POST', ':path': revoke, 'content-type': 'application/grpc' });
    stream.on('error', () => {});
    stream.write(Buffer.from([0, 0, 0]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    stream.close(constants.NGHTTP2_CANCEL);
    session.destroy();
    expect((await refused(world.client('gRPC').revokeAPIKey({ keyId: 'key_x' }))).code).toBe('NotFound');
  });

  it('says that it is healthy, to anybody', async () => {
    const health = createClient(Health, createGrpcTransport({ baseUrl: world.grpcUrl }));
    for (const service of ['', 'latchkey.v1.APIKeyService']) {
      expect((await health.check({ service })).status).toBe(Status.SERVING);
    }
    await expect(health.check({ service: 'other' })).rejects.toMatchObject({ rawMessage: 'There is no such service.' });
  });

  it('says that it is not, while a part of it is away', async () => {
    const { ready } = world.engine;
    world.engine.ready = () => Promise.reject(new Error('away'));
    const health = createClient(Health, createGrpcTransport({ baseUrl: world.grpcUrl }));
    const { status } = await health.check({}).finally(() => {
      world.engine.ready = ready;
    });
    expect(status).toBe(Status.NOT_SERVING);
  });

  it('counts and logs its calls by their outcome', async () => {
    await world
      .client('gRPC')
      .revokeAPIKey({ keyId: 'key_x' })
      .catch(() => {});
    const { text } = await world.call('GET', '/metrics');
    expect(text).toMatch(/latchkey_http_request_seconds_count\{[^}]*surface="grpc"[^}]*status="not_found"/);
    expect(world.log()).toMatch(/"route":"\/latchkey\.v1\.APIKeyService\/RevokeAPIKey","status":"not_found"/);
  });
});

it.each(PROTOCOLS)(
  'a restriction and the count of failures bind the address that is believed: %s',
  async (protocol) => {
    const behindProxy = await rpcWorld({ trustedProxies: ['127.0.0.1'] });
    try {
      const projectId = await behindProxy.project();
      const restrictions = { ips: ['203.0.113.7'] };
      const { secret } = await behindProxy.latchkey.keys.create({ projectId, name: 'x', restrictions });
      const call = (from: string, credential = secret) =>
        refused(behindProxy.client(protocol, credential, { 'x-forwarded-for': from }).revokeAPIKey({ keyId: 'key_x' }));
      expect((await call('203.0.113.7')).code).toBe('NotFound');
      expect((await call('203.0.113.8')).code).toBe('Unauthenticated');
      expect((await call('203.0.113.7, 203.0.113.8')).code).toBe('Unauthenticated');
      // Twice as many as a minute takes: a new one may begin meanwhile.
      let last = await call('198.51.100.1', `lk_root_${'0'.repeat(40)}`);
      for (let turn = 0; turn < 202 && last.code === 'Unauthenticated'; turn++) {
        last = await call('198.51.100.1', `lk_root_${'0'.repeat(40)}${turn}`);
      }
      expect(last).toMatchObject({ code: 'ResourceExhausted', problem: { code: 'too_many_failures' } });
      expect(last.problem.retryAfterSeconds).toBeGreaterThan(0);
      expect((await call('198.51.100.1', ROOT_KEY)).code).toBe('NotFound');
    } finally {
      await behindProxy.close();
    }
  },
);

it('1,000 random bodies: not one is answered as a fault of the server', async () => {
  const projectId = await world.project();
  const whole = create(CreateAPIKeyRequestSchema, {
    projectId,
    name: 'x',
    mode: 1,
    permissions: { names: ['payments.write'] },
    restrictions: { ips: ['10.0.0.0/8'] },
    limits: { perMinute: 5 },
    expiresAt: { seconds: 4_000_000_000n, nanos: 1 },
    metadata: { a: [1, { b: 'c' }], n: null },
  });
  const binary = Buffer.from(toBinary(CreateAPIKeyRequestSchema, whole));
  const json = Buffer.from(toJsonString(CreateAPIKeyRequestSchema, whole));
  const any = (below: number): number => randomBytes(4).readUInt32BE() % below;
  /** A good body with a few bytes changed, cut or put in; or noise. */
  const spoiled = (good: Buffer): Buffer => {
    if (any(10) === 0) return randomBytes(any(300));
    const bytes = Buffer.from(good);
    for (let change = any(4); change >= 0; change--) bytes[any(bytes.length)] = any(256);
    const at = any(bytes.length);
    const way = any(4);
    if (way === 0) return bytes.subarray(0, at);
    if (way === 1) return Buffer.concat([bytes.subarray(0, at), randomBytes(any(8)), bytes.subarray(at)]);
    return bytes;
  };
  const faults: string[] = [];
  const seen = new Set<number>();
  const judge = (status: number, what: string, body: Buffer): void => {
    seen.add(status);
    if (status >= 500) faults.push(`${status} for ${what} ${body.toString('base64')}`);
  };
  for (let round = 0; round < 250; round++) {
    const method = METHODS[any(METHODS.length)] as string;
    const [asJson, asProto, asWeb, asGrpc] = [
      spoiled(json),
      spoiled(binary),
      spoiled(framed(binary)),
      spoiled(framed(binary)),
    ];
    judge((await world.post(method, asJson as BodyInit)).status, 'JSON', asJson);
    judge(
      (await world.post(method, asProto as BodyInit, { 'content-type': 'application/proto' })).status,
      'protobuf',
      asProto,
    );
    const web = await world.post(method, asWeb as BodyInit, { 'content-type': 'application/grpc-web+proto' });
    judge(web.status, 'gRPC-Web', asWeb);
    const outcome = web.headers.get('grpc-status') ?? /grpc-status: ?(\d+)/.exec(await web.text())?.[1];
    if (!['0', '3', '5', '9'].includes(outcome ?? ''))
      faults.push(`gRPC-Web ${outcome} for ${asWeb.toString('base64')}`);
    const { headers, trailers } = await ask(grpcPath(method), asGrpc);
    const status = trailers['grpc-status'] ?? headers['grpc-status'];
    if (!['0', '3', '5', '9'].includes(String(status))) faults.push(`gRPC ${status} for ${asGrpc.toString('base64')}`);
  }
  expect(faults).toEqual([]);
  expect(seen.has(200) && seen.has(400)).toBe(true);
  expect(world.log()).not.toContain('internal_error');
});

it('a stop lets a running call finish, tells health probes, and takes no new ones', async () => {
  const closing = await rpcWorld();
  try {
    const projectId = await closing.project();
    const { run } = closing.engine;
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begun = new Promise<void>((resolve) => {
      closing.engine.run = (async (...args: Parameters<typeof run>) => {
        resolve();
        await released;
        return run(...args);
      }) as typeof run;
    });
    const running = closing.client('gRPC').createAPIKey({ projectId, name: 'last' });
    await begun;
    const closed = closing.grpc.close({ graceMs: 5000 });
    await expect(createClient(Health, createGrpcTransport({ baseUrl: closing.grpcUrl })).check({})).rejects.toThrow();
    release();
    expect((await running).key?.name).toBe('last');
    await closed;
  } finally {
    await closing.close();
  }
});

it('a stop cuts what outlasts the grace time', async () => {
  const closing = await rpcWorld();
  let ended = Promise.resolve('');
  await new Promise<void>((begun) => {
    closing.engine.run = (() => {
      begun();
      return new Promise(() => {});
    }) as typeof closing.engine.run;
    ended = closing
      .client('gRPC')
      .revokeAPIKey({ keyId: 'key_x' })
      .then(
        () => 'answered',
        () => 'cut',
      );
  });
  // Would never end, were it waited for.
  await closing.grpc.close({ graceMs: 200 });
  expect(await ended).toBe('cut');
  await closing.close();
});
