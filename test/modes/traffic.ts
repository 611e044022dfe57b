// Traffic of a test key over every kind of route and operation, and what of it is on disk afterwards.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Profile, REHEARSABLE } from '@latchkey/core';
import { DatabaseSync } from '@photostructure/sqlite';
import { Pool } from 'undici';
import { loadProfile } from '../../packages/server/src/config/load-profile.js';
import { databaseFile } from '../../packages/server/src/database.js';
import { createGateway } from '../../packages/server/src/gateway/gateway.js';
import { createLatchkey, type Latchkey } from '../../packages/server/src/latchkey.js';

export interface Outcome {
  /** Requests through the gateway and calls of the management API, by what they were. */
  sent: Record<string, number>;
  /** Answers by status, `call` for those of the management API. */
  answers: Record<string, number>;
  /** Tables whose rows differ between before and after. */
  changed: string[];
  tables: string[];
  /** Requests that reached the live upstream. */
  live: number;
}

/** `accounts` with a row of every kind beside its own. */
function profileOfAllKinds(): Profile {
  const profile = structuredClone(loadProfile('accounts'));
  const [row] = profile.routes;
  if (row === undefined) throw new Error('the profile has no row to start from');
  const plain = { ...row, method: 'POST', permission: null, operation: null, answer: null };
  profile.routes.unshift(
    { ...plain, path: '/v1/charged', cost: { requests: 1, credits: 3, settle: 'now' } },
    { ...plain, path: '/v1/reserved', cost: { requests: 1, credits: 3, settle: 'later' } },
    { ...plain, path: '/v1/batch', batch: { pointer: '/ids' } },
    { ...plain, path: '/v1/jobs', concurrency: 'job' },
    { ...plain, path: '/v1/requests', concurrency: 'request' },
    { ...plain, path: '/v1/payments', idempotent: true },
  );
  return profile;
}

const WIDTH = 24;

export async function testTraffic(requests: number): Promise<Outcome> {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-modes-'));
  let live = 0;
  const upstream = await listening((_, res) => {
    live++;
    res.end();
  });
  const sandbox = await listening((req, res) => {
    req.resume();
    const status = req.url === '/v1/jobs' ? 202 : req.url?.endsWith('?fails') ? 500 : 200;
    res.writeHead(status, { 'content-type': 'application/json', 'set-cookie': 'a=b' }).end('{"ok":true}');
  });
  const latchkey = await createLatchkey({
    profile: profileOfAllKinds(),
    dataDir,
    pepper: Buffer.alloc(32, 1).toString('base64'),
    masterKey: Buffer.alloc(32, 2).toString('base64'),
    flushMs: 50,
  });
  const gateway = createGateway({
    engine: latchkey.engine,
    telemetry: { log() {}, count() {}, observe() {}, gauge() {} },
    upstream: upstream.url,
    sandboxUpstream: sandbox.url,
    trustedProxies: [],
  });
  const pool = new Pool(await gateway.listen({ host: '127.0.0.1', port: 0 }), { connections: WIDTH });
  const secret = await testKey(latchkey);
  await settle(latchkey);
  const before = dump(dataDir);

  const sent: Record<string, number> = {};
  const answers: Record<string, number> = {};
  const count = (counts: Record<string, number>, what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const turns = turnsOf(latchkey, secret);
  let turn = 0;
  const worker = async (): Promise<void> => {
    while (turn < requests) {
      const at = turn++;
      const { what, path, method = 'POST', headers = {}, body = '{}', call } = turns(at);
      count(sent, what);
      if (call !== undefined) {
        await call();
        count(answers, 'call');
        continue;
      }
      const answer = await pool.request({
        method,
        path: path ?? '/',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers },
        body: method === 'GET' ? null : body,
      });
      await answer.body.dump();
      count(answers, String(answer.statusCode));
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  await pool.close();
  await gateway.close({ graceMs: 1000 });
  await settle(latchkey);
  await latchkey.close();
  const after = dump(dataDir);
  upstream.close();
  sandbox.close();
  rmSync(dataDir, { recursive: true, force: true });
  const tables = [...after.keys()];
  return { sent, answers, changed: tables.filter((table) => before.get(table) !== after.get(table)), tables, live };
}

interface Turn {
  what: string;
  path?: string;
  method?: 'GET' | 'POST' | 'DELETE';
  headers?: Record<string, string>;
  body?: string;
  call?: () => Promise<unknown>;
}

/** What is sent in each turn: one kind after the other, refused ones and broken ones among them. */
function turnsOf(latchkey: Latchkey, secret: string): (at: number) => Turn {
  const request = { method: 'POST', path: '/v1/jobs' };
  const kinds: ((at: number) => Turn)[] = [
    () => ({ what: 'read', method: 'GET', path: '/v1/users/usr_1' }),
    () => ({ what: 'written', path: '/v1/users' }),
    () => ({ what: 'own rows', method: 'GET', path: '/v1/api-keys' }),
    () => ({ what: 'charged', path: '/v1/charged' }),
    () => ({ what: 'charged, fails', path: '/v1/charged?fails' }),
    () => ({ what: 'reserved', path: '/v1/reserved' }),
    () => ({ what: 'batch', path: '/v1/batch', body: '{"ids":["a","b"]}' }),
    () => ({ what: 'broken batch', path: '/v1/batch', body: '{"ids":' }),
    () => ({ what: 'job', path: '/v1/jobs' }),
    () => ({ what: 'request', path: '/v1/requests' }),
    (at) => ({ what: 'idempotent', path: '/v1/payments', headers: { 'idempotency-key': `order_${at % 500}` } }),
    (at) => ({
      what: 'mismatch',
      path: '/v1/payments',
      headers: { 'idempotency-key': 'order_0' },
      body: `{"a":${at}}`,
    }),
    (at) => ({
      what: 'rehearsed',
      path: '/v1/users',
      headers: { 'x-latchkey-test-reason': REHEARSABLE[at % REHEARSABLE.length] as string },
    }),
    () => ({ what: 'restricted', method: 'DELETE', path: '/v1/users//usr_1' }),
    () => ({ what: 'verify', call: () => latchkey.verify({ secret, cost: { requests: 1, credits: 2 } }) }),
    () => ({ what: 'verifyBatch', call: () => latchkey.keys.verifyBatch({ keys: [{ secret }, { secret }] }) }),
    () => ({
      what: 'lease',
      async call() {
        const { lease } = await latchkey.leases.create({ secret, request, maxSeconds: 60, cost: { credits: 1 } });
        if (lease !== undefined && lease.id < 'lease_Z') await latchkey.leases.release({ leaseId: lease.id });
      },
    }),
    () => ({
      what: 'hold',
      async call() {
        (await latchkey.hold({ secret, request })).release();
      },
    }),
  ];
  return (at) => (kinds[at % kinds.length] as (typeof kinds)[number])(at);
}

async function testKey(latchkey: Latchkey): Promise<string> {
  const { id: organizationId } = await latchkey.organizations.create({ name: 'Modes' });
  const { id: projectId } = await latchkey.projects.create({ organizationId, name: 'Modes' });
  const { secret } = await latchkey.keys.create({
    projectId,
    name: 'test',
    mode: 'test',
    credits: 1_000_000,
    // Enough for most of the traffic; the rest is refused, which must leave as little behind.
    limits: { perMinute: 1_000_000, perDay: 1_000_000, concurrent: 1_000 },
  });
  // The first use moves the key's record to whatever form it keeps; from then on nothing of the traffic is written.
  await latchkey.verify({ secret });
  return secret;
}

/** Everything that is buffered is written. */
async function settle({ engine: { services } }: Latchkey): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 200));
  await services.usage.flush();
  await services.denials.flush();
  await services.observations.flush();
  await services.leases.flush();
}

/** Every row of every table, as text. */
function dump(dataDir: string): Map<string, string> {
  const file = new DatabaseSync(databaseFile(dataDir));
  try {
    const tables = file.prepare("select name from sqlite_master where type = 'table' order by name").all() as {
      name: string;
    }[];
    return new Map(tables.map(({ name }) => [name, JSON.stringify(file.prepare(`select * from "${name}"`).all())]));
  } finally {
    file.close();
  }
}

async function listening(listener: RequestListener): Promise<{ url: URL; close(): void }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
