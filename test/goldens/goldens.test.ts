// The goldens of every profile, run against the verify operation and against a gateway in front of a real upstream.

import { createServer, type IncomingHttpHeaders, request as openRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { matchRoute, type Telemetry } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { createGateway } from '../../packages/server/src/gateway/gateway.js';
import {
  bodyFaults,
  type Capability,
  type FiledGolden,
  filled,
  type Golden,
  headerFaults,
  readGoldens,
  replyFaults,
  runnable,
  type Surface,
} from './golden.js';
import { makeWorld, type World } from './world.js';

/** What the engine and the gateway can do beyond deciding, limiting and answering. */
const CAN: readonly Capability[] = ['concurrency', 'in-flight-revocation', 'key-routes', 'sandbox'];

type Request = Golden['request'];
const goldens = readGoldens();

/** One test per golden; those that wait for a capability are skipped by name, and the title says how many. */
function runAll(surface: Surface, run: (filed: FiledGolden) => Promise<void>): void {
  const { now, pending } = runnable(goldens, surface, CAN);
  describe(`${surface}: ${now.length} goldens run, ${pending.length} pending`, () => {
    for (const filed of now) it(`${filed.profile}: ${filed.golden.name}`, () => run(filed));
    for (const { profile, golden } of pending) it.skip(`${profile}: ${golden.name} (needs ${golden.needs})`, () => {});
  });
}

runAll('verify', async ({ profile, golden }) => {
  const world = await makeWorld(profile, golden);
  try {
    for (const earlier of golden.given.earlier ?? []) await verify(world, earlier);
    const { valid, reason, reply } = await verify(world, golden.request);
    expect({ valid, reason }).toStrictEqual({ valid: golden.expect.reason === null, reason: golden.expect.reason });
    expect(reply && replyFaults(golden.expect, reply, world.made)).toStrictEqual([]);
  } finally {
    await world.latchkey.close();
  }
});

/** Asks as a middleware would: with the caller's headers, and the fields and batch size that the profile's row finds. */
function verify({ latchkey, made, credential }: World, template: Request) {
  const request = filled(template, made);
  const [path = '', query = ''] = request.path.split('?');
  const row = matchRoute(latchkey.profile, request.method, path)?.route;
  const { origin, referer, ...headers } = request.headers ?? {};
  const asked = row?.fieldsParam ? new URLSearchParams(query).get(row.fieldsParam) : null;
  const list = row?.batch ? (request.body as Record<string, unknown>)[row.batch.pointer.slice(1)] : undefined;
  return latchkey.keys.verify({
    request: {
      method: request.method,
      path,
      ip: request.ip ?? '192.0.2.1',
      referrer: origin ?? referer,
      headers: { ...headers, ...credential },
    },
    fields: asked?.split(','),
    batchSize: Array.isArray(list) ? list.length : undefined,
    render: true,
  });
}

runAll('gateway', async ({ profile, golden }) => {
  const world = await makeWorld(profile, golden);
  const seen: Arrival[] = [];
  const upstreams = {
    live: await openUpstream(world, golden, 'live', seen),
    test: await openUpstream(world, golden, 'test', seen),
  };
  const gateway = createGateway({
    engine: world.latchkey.engine,
    telemetry: silent,
    upstream: urlOf(upstreams.live),
    sandboxUpstream: golden.given.sandbox === false ? null : urlOf(upstreams.test),
    trustedProxies: ['127.0.0.1'],
  });
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 });
  try {
    for (const earlier of golden.given.earlier ?? []) await send(url, world, earlier);
    const reply = await send(url, world, golden.request);
    expect(replyFaults(golden.expect, reply, world.made)).toStrictEqual([]);
    expect(reply.cutShort).toBe(golden.expect.cutShort ?? false);
    expect(arrivalFaults(golden, seen, world)).toStrictEqual([]);
  } finally {
    await gateway.close({ graceMs: 0 });
    for (const server of Object.values(upstreams)) server.close().closeAllConnections();
    await world.latchkey.close();
  }
});

interface Arrival {
  mode: 'live' | 'test';
  headers: IncomingHttpHeaders;
  body: string;
}

const silent: Telemetry = { log() {}, count() {}, observe() {}, gauge() {} };
const urlOf = (server: Server): URL => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

async function openUpstream(world: World, golden: Golden, mode: Arrival['mode'], seen: Arrival[]): Promise<Server> {
  const { during } = golden.given;
  const upstream = golden.given.upstream ?? { status: 200, headers: {}, body: { ok: true } };
  const revoke = () => world.latchkey.keys.revoke({ keyId: world.made['key.id'] as string });
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    seen.push({ mode, headers: req.headers, body: Buffer.concat(chunks).toString() });
    if (during === 'revoked before the reply') await revoke();
    res.on('error', () => {}).writeHead(upstream.status, { 'content-type': 'application/json', ...upstream.headers });
    const body = JSON.stringify(upstream.body);
    if (during === 'revoked during the reply') {
      res.write(body.slice(0, 3));
      await sleep(50);
      await revoke();
      // Long enough that an end of this reply cannot be taken for the cut.
      await sleep(2000, undefined, { ref: false });
      res.end(body.slice(3));
    } else {
      res.end(body);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return server;
}

interface Received {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  cutShort: boolean;
}

function send(url: string, { made, credential }: World, template: Request): Promise<Received> {
  const request = filled(template, made);
  const body = request.body === undefined ? '' : JSON.stringify(request.body);
  const headers = {
    ...request.headers,
    ...credential,
    'x-forwarded-for': request.ip ?? '192.0.2.1',
    ...(body !== '' && { 'content-length': String(Buffer.byteLength(body)) }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = openRequest(`${url}${request.path}`, { method: request.method, headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => {});
      res.on('close', () =>
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          body: Buffer.concat(chunks).toString(),
          cutShort: !res.complete,
        }),
      );
    });
    outgoing.on('error', reject).end(body);
  });
}

/** Where what reached the upstream differs from what the golden says of it. */
function arrivalFaults(golden: Golden, seen: readonly Arrival[], { made }: World): string[] {
  const expected = golden.expect.upstream;
  if (expected === undefined) return [];
  const count = seen.length === expected.calls ? [] : [`${seen.length} requests arrived, not ${expected.calls}`];
  const last = seen.at(-1);
  if (last === undefined) return count;
  return [
    ...count,
    ...(expected.mode === undefined || expected.mode === last.mode
      ? []
      : [`arrived at ${last.mode}, not ${expected.mode}`]),
    ...headerFaults(expected, last.headers, made),
    ...(expected.body === undefined ? [] : bodyFaults(expected.body, JSON.parse(last.body), made, 'arrived body')),
  ];
}
