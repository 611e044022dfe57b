// The two surfaces that goldens run on: the verify operation, and the gateway in front of an upstream that a golden scripts.

import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Mode, makeSecret, matchRoute } from '@latchkey/core';
import { createGateway } from '../../packages/server/src/gateway/gateway.js';
import { bodyFaults, filled, type Golden, headerFaults, replyFaults } from './golden.js';
import type { World } from './world.js';

const CLIENT = '192.0.2.1';

/** The header lines that `present` stands for. */
function credentialLines({ given }: Golden, { made, caller }: World): [name: string, value: string][] {
  const { credential: place } = caller.wire;
  const scheme = 'scheme' in place ? `${place.scheme} ` : '';
  const line = (text: string): [string, string] => [place.header, scheme + text];
  const secretOf = (who: string): string => filled(`{${who}.secret}`, made);
  const secret = made['key.secret'] ?? '';
  switch (given.present) {
    case 'valid':
      return [line(secret)];
    case 'replacement':
      return [line(secretOf('replacement'))];
    case 'other':
      return [line(secretOf('others.0'))];
    case 'none':
      return [];
    case 'empty':
      return [[place.header, scheme.trim()]];
    case 'unknown':
      return [line(makeSecret(caller.policy.prefixes.live, 32, (length) => new Uint8Array(length).fill(7)))];
    case 'mistyped':
      return [line(secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0'))];
    case 'malformed':
      return [line(`${secret.slice(0, secret.length / 2)} ${secret.slice(secret.length / 2)}`)];
    case 'bare':
      return [[place.header, secret]];
    case 'other scheme':
      return [[place.header, `Basic ${secret}`]];
    case 'lower case':
      return [[place.header, scheme.toLowerCase() + secret]];
    case 'other header':
      return [place.header === 'authorization' ? ['x-api-key', secret] : ['authorization', `Bearer ${secret}`]];
    case 'twice':
      return [line(secret), line(secret)];
  }
}

function grouped(lines: readonly [name: string, value: string][]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of lines) headers[name] = [...(headers[name] ?? []), value];
  return headers;
}

/** What is wrong with the answer of the verify operation; empty when it is as the golden says. */
export async function onVerify(golden: Golden, world: World): Promise<string[]> {
  const { latchkey, made } = world;
  const ask = (template: Golden['request']) => {
    const { method, path: full, headers = {}, body, ip = CLIENT } = filled(template, made);
    const url = new URL(full, 'http://gateway');
    const path = full.split('?', 1)[0] as string;
    const row = matchRoute(latchkey.profile, method, path)?.route;
    const fields = row?.fieldsParam ? url.searchParams.get(row.fieldsParam)?.split(',') : undefined;
    const list = row?.batch ? (body as Record<string, unknown[]>)[row.batch.pointer.slice(1)] : undefined;
    const referrer = headers.origin ?? headers.referer;
    const credential = grouped(credentialLines(golden, world));
    return latchkey.keys.verify({
      request: { method, path, ip, headers: { ...headers, ...credential }, ...(referrer && { referrer }) },
      ...(fields && { fields }),
      ...(list && { batchSize: list.length }),
      render: true,
    });
  };
  for (const earlier of golden.given.earlier ?? []) await ask(earlier);
  const { reason, reply } = await ask(golden.request);
  const expected = golden.expect.reason ?? null;
  return [
    ...(reason === expected ? [] : [`reason is ${reason}, not ${expected}`]),
    ...(reply === undefined ? ['there is no reply'] : replyFaults(golden.expect, reply, made)),
  ];
}

interface Heard {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  cutShort: boolean;
}
interface Seen {
  mode: Mode;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What is wrong with what the gateway answers, and with what reached the upstream. */
export async function onGateway(golden: Golden, world: World): Promise<string[]> {
  const { latchkey, made } = world;
  const seen: Seen[] = [];
  const upstreams = {
    live: await openUpstream('live', golden, world, seen),
    test: await openUpstream('test', golden, world, seen),
  };
  const gateway = createGateway({
    engine: latchkey.engine,
    telemetry: { log() {}, count() {}, observe() {}, gauge() {} },
    upstream: urlOf(upstreams.live),
    sandboxUpstream: golden.given.sandbox === false ? null : urlOf(upstreams.test),
    trustedProxies: ['127.0.0.1'],
  });
  const base = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const credential = grouped(credentialLines(golden, world));
  try {
    for (const earlier of golden.given.earlier ?? []) await send(base, filled(earlier, made), credential);
    const heard = await send(base, filled(golden.request, made), credential);
    const cutShort = golden.expect.cutShort ?? false;
    return [
      ...replyFaults(golden.expect, heard, made),
      ...(heard.cutShort === cutShort ? [] : [`the reply is ${heard.cutShort ? '' : 'not '}cut short`]),
      ...upstreamFaults(golden.expect.upstream, seen, made),
    ];
  } finally {
    await gateway.close({ graceMs: 0 });
    for (const server of Object.values(upstreams)) {
      server.closeAllConnections();
      server.close();
    }
  }
}

function upstreamFaults(expected: Golden['expect']['upstream'], seen: readonly Seen[], made: World['made']): string[] {
  if (expected === undefined) return [];
  const last = seen.at(-1);
  const count =
    seen.length === expected.calls ? [] : [`${seen.length} requests reached the upstream, not ${expected.calls}`];
  if (last === undefined) return count;
  return [
    ...count,
    ...(expected.mode === undefined || expected.mode === last.mode ? [] : [`it reached the upstream for ${last.mode}`]),
    ...headerFaults(expected, last.headers, made).map((fault) => `at the upstream, ${fault}`),
    ...(expected.body === undefined ? [] : bodyFaults(expected.body, JSON.parse(last.body), made, 'upstream body')),
  ];
}

async function openUpstream(mode: Mode, { given }: Golden, { latchkey, made }: World, seen: Seen[]): Promise<Server> {
  const { status, headers, body } = given.upstream ?? { status: 200, body: { ok: true } };
  const revoke = () => latchkey.keys.revoke({ keyId: made['key.id'] ?? '' });
  const server = createServer(async (req, res) => {
    let text = '';
    for await (const chunk of req.setEncoding('utf8')) text += chunk;
    seen.push({ mode, headers: req.headers, body: text });
    if (given.during === 'revoked before the reply') {
      await revoke();
      // The gateway answers the caller by itself; what comes from here comes too late.
      await sleep(50);
    }
    const whole = JSON.stringify(body);
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    if (given.during === 'revoked during the reply') {
      res.write(whole.slice(0, 1));
      await sleep(30);
      // Turns of the loop in which the gateway, which may have stood still as well, passes the beginning on.
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      await revoke();
      await sleep(50);
      res.end(whole.slice(1));
    } else res.end(whole);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

const urlOf = (server: Server): URL => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

function send(
  base: string,
  { method, path, headers, body, ip = CLIENT }: Golden['request'],
  credential: Record<string, string[]>,
): Promise<Heard> {
  const text = body === undefined ? null : JSON.stringify(body);
  const length = text === null ? {} : { 'content-length': String(Buffer.byteLength(text)) };
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { ...headers, 'x-forwarded-for': ip, ...length, ...credential },
      agent: false,
    } as const;
    const asked = httpRequest(base + path, options, (res) => {
      let heard = '';
      res.setEncoding('utf8').on('data', (piece: string) => {
        heard += piece;
      });
      // An answer that breaks off is a result here, not an error.
      res.on('error', () => {});
      res.on('close', () => {
        const { statusCode = 0, headers, complete } = res;
        resolve({ status: statusCode, headers, body: heard, cutShort: !complete });
      });
    });
    asked.on('error', reject).end(text ?? undefined);
  });
}
