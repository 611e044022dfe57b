// A whole gateway for tests: the real engine in memory, a real upstream, and clients that can speak broken HTTP. Holds no test.

import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Profile, Telemetry } from '@latchkey/core';
import { afterEach } from 'vitest';
import { loadProfile } from '../config/load-profile.js';
import { createLatchkey, type Latchkey, type LatchkeySettings } from '../latchkey.js';
import { createGateway, type Gateway, type GatewayOptions } from './gateway.js';

/** How long a busy machine may take for what comes at once on an idle one. */
const PATIENCE_MS = 20_000;

/** The time, moved back to the beginning of its minute: no minute and no day ends in the midst of a test. */
const freshMinute = (): (() => number) => {
  const back = Date.now() % 60_000;
  return () => Date.now() - back;
};

export interface Rig {
  latchkey: Latchkey;
  gateway: Gateway;
  /** Where the gateway listens, e.g. `http://127.0.0.1:40123`. */
  url: string;
  port: number;
  upstream: Server;
  /** What reached the upstream, oldest first. */
  seen: IncomingMessage[];
  /** What was logged and counted. */
  logged: { event: string; fields: Readonly<Record<string, unknown>> }[];
  counted: { metric: string; labels: Readonly<Record<string, string>> }[];
  projectId: string;
  /** Makes a key and returns its secret and id. */
  key(
    options?: Omit<Parameters<Latchkey['keys']['create']>[0], 'projectId' | 'name'>,
  ): Promise<{ secret: string; id: string }>;
  close(): Promise<void>;
}

export interface RigOptions {
  profile?: string;
  /** Changes to the shipped profile. */
  adapt?: (profile: Profile) => Profile;
  /** Default: answers 200 with what it got, as JSON. */
  upstream?: RequestListener;
  sandbox?: RequestListener;
  gateway?: Partial<GatewayOptions>;
  settings?: Partial<LatchkeySettings>;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const adapt = options.adapt ?? ((profile: Profile) => profile);
  const logged: Rig['logged'] = [];
  const counted: Rig['counted'] = [];
  const telemetry: Telemetry = {
    log: (_, event, fields = {}) => void logged.push({ event, fields }),
    count: (metric, labels = {}) => void counted.push({ metric, labels }),
    observe() {},
    gauge() {},
  };
  const latchkey = await createLatchkey({
    profile: adapt(structuredClone(loadProfile(options.profile ?? 'accounts'))),
    pepper: Buffer.alloc(32, 1).toString('base64'),
    masterKey: Buffer.alloc(32, 2).toString('base64'),
    telemetry,
    flushMs: 0,
    clock: freshMinute(),
    ...options.settings,
  });
  const seen: IncomingMessage[] = [];
  const answer = options.upstream ?? echo;
  const upstream = await listening((req, res) => {
    seen.push(req);
    // A caller that leaves in the middle is none of the upstream's worries.
    Promise.resolve(answer(req, res) as unknown).catch(() => {});
  });
  const sandbox = options.sandbox ? await listening(options.sandbox) : null;
  const gateway = createGateway({
    engine: latchkey.engine,
    telemetry,
    upstream: urlOf(upstream),
    sandboxUpstream: sandbox && urlOf(sandbox),
    trustedProxies: [],
    ...options.gateway,
  });
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const organization = await latchkey.organizations.create({ name: 'Acme' });
  const project = await latchkey.projects.create({ organizationId: organization.id, name: 'Main' });
  return {
    latchkey,
    gateway,
    url,
    port: Number(new URL(url).port),
    upstream,
    seen,
    logged,
    counted,
    projectId: project.id,
    async key(more = {}) {
      const made = await latchkey.keys.create({ projectId: project.id, name: 'Test key', ...more });
      return { secret: made.secret, id: made.key.id };
    },
    async close() {
      await gateway.close({ graceMs: 0 });
      for (const server of [upstream, sandbox]) {
        server?.closeAllConnections();
        server?.close();
      }
      await latchkey.close();
    },
  };
}

/** A way to start rigs in the tests of a file; each is closed with the test that started it. */
export function rigsOfEachTest(): typeof startRig {
  const rigs: Rig[] = [];
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });
  return async (options) => {
    const rig = await startRig(options);
    rigs.push(rig);
    return rig;
  };
}

export const bearer = (secret: string): { authorization: string } => ({ authorization: `Bearer ${secret}` });

const echo: RequestListener = async (req, res) => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  res.writeHead(200, { 'content-type': 'application/json' });
  res.end(
    JSON.stringify({
      method: req.method,
      url: req.url,
      rawHeaders: req.rawHeaders,
      body: Buffer.concat(chunks).toString(),
    }),
  );
};

async function listening(listener: RequestListener): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return server;
}

const urlOf = (server: Server): URL => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

/** A connection that says exactly what it is told, and remembers what it heard. */
export interface Line {
  socket: Socket;
  heard(): string;
  /** Resolves with everything heard once it matches; rejects when the connection ends or `ms` pass first. */
  until(pattern: RegExp, ms?: number): Promise<string>;
  /** Resolves with everything heard once the other side has closed. */
  closed(ms?: number): Promise<string>;
}

export function openLine(port: number, text: string | Buffer): Line {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  let over = false;
  socket.on('data', (chunk) => chunks.push(chunk as Buffer));
  socket.on('close', () => {
    over = true;
  });
  socket.on('error', () => {});
  socket.write(text, 'latin1');
  const heard = (): string => Buffer.concat(chunks).toString('latin1');
  const wait = async (done: () => boolean, what: string, ms: number): Promise<string> => {
    const end = Date.now() + ms;
    while (!done()) {
      if (Date.now() > end) throw new Error(`no ${what} within ${ms} ms; heard: ${heard().slice(0, 2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return heard();
  };
  return {
    socket,
    heard,
    until: (pattern, ms = PATIENCE_MS) => wait(() => pattern.test(heard()), String(pattern), ms),
    closed: (ms = PATIENCE_MS) => wait(() => over, 'end', ms),
  };
}

/** Sends one raw request with `Connection: close` left to the text, and resolves with the whole answer. */
export async function say(port: number, text: string | Buffer): Promise<string> {
  const line = openLine(port, text);
  try {
    return await line.closed();
  } finally {
    line.socket.destroy();
  }
}

export const eventually = async (holds: () => boolean | Promise<boolean>, ms = PATIENCE_MS): Promise<void> => {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`still not so after ${ms} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** The profile with more rows in front of its own. */
export const withRoutes = (...rows: Partial<Profile['routes'][number]>[]): Pick<RigOptions, 'adapt'> => ({
  adapt: (profile) => ({ ...profile, routes: [...rows.map(fullRow), ...profile.routes] }),
});

const fullRow = (row: Partial<Profile['routes'][number]>): Profile['routes'][number] => ({
  method: '*',
  path: '/',
  auth: 'key',
  permission: null,
  tier: null,
  cost: { requests: 1, credits: 0, settle: 'now' },
  refundOn: ['unreachable', '5xx'],
  batch: null,
  fieldsParam: null,
  gates: true,
  concurrency: null,
  maxSeconds: 3600,
  idempotent: false,
  upstreamIdempotent: false,
  mode: null,
  shared: false,
  answer: null,
  operation: null,
  ...row,
});
