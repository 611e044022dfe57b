// The gateway's listener: accepts connections, hands each request to its walk, and closes in order. It decides nothing.

import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { exposedHeaders, type Telemetry } from '@latchkey/core';
import { Pool } from 'undici';
import type { Engine } from '../operations/engine.js';
import { trustedProxies } from '../operations/trusted-proxies.js';
import { hostName } from './caller.js';
import { type Exchange, openExchange, settle } from './exchange.js';
import {
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_TIMEOUTS,
  MAX_HEADER_BYTES,
  type Parts,
  type Timeouts,
  type Upstream,
} from './parts.js';
import { type Fault, sendBareFault } from './reply.js';
import { endRunning } from './revoke.js';
import { walk } from './walk.js';

export interface GatewayOptions {
  engine: Engine;
  telemetry: Telemetry;
  /** Where live keys' requests go; null: nowhere, they are answered 502. */
  upstream: URL | null;
  /** Where test keys' requests go, and nothing else. */
  sandboxUpstream: URL | null;
  /** Addresses or ranges whose X-Forwarded-* headers are believed. */
  trustedProxies: readonly string[];
  timeouts?: Partial<Timeouts>;
  maxBodyBytes?: number;
  /** Connections accepted at once; absent: no bound. */
  maxConnections?: number;
}

export interface Gateway {
  /** Resolves with the URL that is listened on; port 0 picks a free one. */
  listen(address: { host: string; port: number }): Promise<string>;
  /** Stops accepting, lets running requests finish for `graceMs`, then cuts them. */
  close(options: { graceMs: number }): Promise<void>;
  address(): AddressInfo | null;
  /** Requests being answered now, tunnels among them. */
  inFlight(): number;
}

export function createGateway(options: GatewayOptions): Gateway {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const { hosts, routes } = options.engine.profile;
  const parts: Parts = {
    engine: options.engine,
    telemetry: options.telemetry,
    upstreams: {
      live: openUpstream(options.upstream, timeouts),
      test: openUpstream(options.sandboxUpstream, timeouts),
    },
    modeOfHost: new Map([
      ...hosts.live.map((host) => [hostName(host), 'live'] as const),
      ...hosts.test.map((host) => [hostName(host), 'test'] as const),
    ]),
    rowsAsk: routes.some(
      ({ auth, batch, fieldsParam, idempotent }) =>
        auth === 'none' || batch !== null || fieldsParam !== null || idempotent,
    ),
    gatedHeader: options.engine.profile.wire.gatedFieldsHeader?.toLowerCase() ?? null,
    exposed: exposedHeaders(options.engine.profile),
    proxies: trustedProxies(options.trustedProxies),
    timeouts,
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    running: new Set(),
    closing: false,
  };
  const server = listener(parts, options.maxConnections);
  const unsubscribe = options.engine.onChange((change) => endRunning(parts, change));
  const address = (): AddressInfo | null => server.address() as AddressInfo | null;

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject).listen(port, host, () => {
          server.off('error', reject);
          resolve(urlOf(address() as AddressInfo));
        });
      }),
    async close({ graceMs }) {
      parts.closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.race([whenIdle(parts, graceMs), closed]);
      for (const exchange of parts.running) cut(parts, exchange);
      server.closeAllConnections();
      await closed;
      unsubscribe();
      await Promise.all(Object.values(parts.upstreams).map((upstream) => upstream?.pool.destroy()));
    },
    address,
    inFlight: () => parts.running.size,
  };
}

const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;

function openUpstream(url: URL | null, timeouts: Timeouts): Upstream | null {
  if (url === null) return null;
  const pool = new Pool(url.origin, {
    connect: { timeout: timeouts.upstreamHeadersMs },
    maxHeaderSize: 4 * MAX_HEADER_BYTES,
  });
  return { pool, origin: url.origin, prefix: url.pathname.replace(/\/$/, '') };
}

function listener(parts: Parts, maxConnections: number | undefined) {
  const { timeouts } = parts;
  // Read by newer Nodes alone; older ones emit 'upgrade' for every offer, and the way back is below.
  const declinesPlainUpgrade = { shouldUpgradeCallback: (req: IncomingMessage) => !isPlainUpgrade(req) };
  const server = createServer({
    ...declinesPlainUpgrade,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: timeouts.requestHeadMs,
    // An upload may take its time as long as it moves: the idle timeout below is its bound.
    requestTimeout: 0,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionsCheckingInterval: Math.min(1000, timeouts.requestHeadMs),
    noDelay: true,
    // Checked with the rest of the head, so that its refusal speaks the dialect.
    requireHostHeader: false,
  });
  server.timeout = timeouts.idleMs;
  // Headers beyond node's default of 2000 would be left out silently, a second credential among them.
  server.maxHeadersCount = 0;
  if (maxConnections !== undefined) server.maxConnections = maxConnections;

  const start = (req: IncomingMessage, res: ServerResponse, kind: Parameters<typeof openExchange>[3] = {}): void => {
    const exchange = openExchange(parts, req, res, kind);
    // A connection that answered its last request while closing is of no use any more.
    if (parts.closing) res.once('close', () => setImmediate(() => server.closeIdleConnections()));
    void walk(parts, exchange);
  };
  server.on('request', (req, res) => start(req, res));
  server.on('checkContinue', (req, res) => start(req, res, { awaitsContinue: true }));
  server.on('checkExpectation', (req, res) => start(req, res));
  server.on('upgrade', (req, socket: Duplex, head: Buffer) => {
    if (isPlainUpgrade(req)) return server.emit('connection', withoutUpgrade(req, socket, head));
    socket.on('error', ignore);
    start(req, answerOn(req), { upgrade: { socket, head } });
  });
  server.on('connect', (_, socket: Duplex) => {
    socket.on('error', ignore);
    sendBareFault(parts, socket, { code: 'method_not_allowed', message: 'CONNECT is not offered here.' });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => refuseUnread(parts, error, socket));
  return server;
}

/** Node lets go of a connection that wants to leave HTTP: without a listener its errors would end the process. */
const ignore = (): void => {};

/** An answer for a request whose connection node has let go of, so that it can be refused like any other. */
function answerOn(req: IncomingMessage): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(req.socket);
  res.on('finish', () => {
    res.detachSocket(req.socket);
    req.socket.end();
    res.emit('close');
  });
  return res;
}

/** Some clients offer HTTP/2 over cleartext on their first request; ignoring the offer is what makes it an ordinary one. */
const isPlainUpgrade = ({ headers }: IncomingMessage): boolean => /\bh2c\b/i.test(headers.upgrade ?? '');

/** Puts a request back into its socket without its offer to upgrade. */
function withoutUpgrade(
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Duplex {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] as string;
    if (/^(?:upgrade|http2-settings)$/i.test(name)) continue;
    lines.push(
      `${name}: ${/^connection$/i.test(name) ? value.replace(/\b(?:upgrade|http2-settings)\b/gi, 'keep-alive') : value}`,
    );
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  return socket;
}

const UNREADABLE: Readonly<Record<string, Fault>> = {
  HPE_HEADER_OVERFLOW: { code: 'header_fields_too_large' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request_timeout' },
};

/** Answers what is no HTTP request; a connection whose answer has begun is cut. */
function refuseUnread(parts: Parts, error: NodeJS.ErrnoException, socket: Duplex): void {
  const current = [...parts.running].find(({ req }) => req.socket === socket);
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  if (current?.res.headersSent) return void (current.answered ? current.req.socket.destroySoon() : socket.destroy());
  if (current !== undefined && current.onLeave !== null) current.onLeave();
  else if (current !== undefined) {
    current.answered = true;
    current.abort?.();
  }
  const fault = UNREADABLE[error.code ?? ''] ?? {
    code: 'invalid_request',
    message: 'This is no valid HTTP/1.1 request.',
  };
  sendBareFault(parts, socket, fault);
}

function cut(parts: Parts, exchange: Exchange): void {
  exchange.failure ??= 'unavailable';
  exchange.req.socket.destroy();
  settle(parts, exchange);
}

async function whenIdle(parts: Parts, graceMs: number): Promise<void> {
  const until = performance.now() + graceMs;
  while (parts.running.size > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
}
