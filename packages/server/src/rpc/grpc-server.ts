// The gRPC listener: HTTP/2 without TLS, for callers on the machine or behind a proxy that ends TLS. The calls themselves are elsewhere.

import {
  constants,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Code } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { LatchkeyError, operations, type Telemetry } from '@latchkey/core';
import type { Call, Engine } from '../operations/engine.js';
import { authenticateHeaders, idempotencyKeyOf } from '../operations/management-headers.js';
import { trustedProxies } from '../operations/trusted-proxies.js';
import { createRpcs, type Given, type Rpc } from './create-rpc.js';
import { knownError } from './errors.js';
import { createHealth } from './health.js';

export interface GrpcServerParts {
  engine: Engine;
  telemetry: Telemetry;
  /** Addresses and CIDR ranges whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[];
}

export interface GrpcServer {
  /** Resolves with the URL that is listened on; port 0 picks a free one. */
  listen(address: { host: string; port: number }): Promise<string>;
  /** Tells clients to go elsewhere, lets running calls finish, and cuts those that outlast the grace time (default 10 s). */
  close(options?: { graceMs?: number }): Promise<void>;
}

const BODY_LIMIT = 1024 * 1024;
const BODY_WITHIN_MS = 30_000;
/** How long the rest of a refused request is taken and dropped. */
const UNREAD_MS = 1000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_STREAMS = 250;
/** A connection on which nothing happens for so long is closed. */
const IDLE_MS = 30 * 60_000;

/** Everything there is to send: a unary answer has one message, and its outcome comes last. */
interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  trailers: Record<string, string>;
}

const headersAlone = (status: number, headers: Record<string, string>): Answer => ({
  status,
  headers,
  body: Buffer.alloc(0),
  trailers: {},
});

/** gRPC's own way to say that a method is not there: an answer of headers alone. */
const UNKNOWN_METHOD = headersAlone(200, {
  'content-type': 'application/grpc',
  'grpc-status': String(Code.Unimplemented),
  'grpc-message': 'There is no such method.',
});

async function collected({ status, header, body, trailer }: UniversalServerResponse): Promise<Answer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body ?? []) pieces.push(piece);
  // After the body: the protocol writes the outcome last.
  const [headers, trailers] = [header, trailer].map((lines) => Object.fromEntries(lines ?? []));
  return { status, headers: headers ?? {}, body: Buffer.concat(pieces), trailers: trailers ?? {} };
}

/** In the words of gRPC: `ok`, `not_found`, …; the HTTP status where there is no outcome. */
function outcomeOf({ status, headers, trailers }: Answer): string {
  const code = trailers['grpc-status'] ?? headers['grpc-status'];
  if (code === undefined) return String(status);
  const name = code === '0' ? 'Ok' : (Code[Number(code)] ?? 'Unknown');
  return name.replace(/(?<=[a-z])[A-Z]/g, '_$&').toLowerCase();
}

/** @throws LatchkeyError `payload_too_large`, `request_timeout`, `invalid_request` */
async function bodyOf(request: Http2ServerRequest): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new LatchkeyError('request_timeout')), BODY_WITHIN_MS);
    request.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size <= BODY_LIMIT) pieces.push(piece);
      else reject(new LatchkeyError('payload_too_large', 'The message is larger than 1 MB.'));
    });
    request.once('end', () => resolve(Buffer.concat(pieces)));
    request.once('close', () => {
      clearTimeout(late);
      reject(new LatchkeyError('invalid_request', 'The request broke off.'));
    });
  });
}

/** A refusal may be out before its request is in. Cutting the stream at once would cut the refusal too. */
function leaveUnread(request: Http2ServerRequest, { stream }: Http2ServerResponse): void {
  request.resume();
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), UNREAD_MS);
  stream.once('close', () => clearTimeout(timer));
}

export function createGrpcServer(parts: GrpcServerParts): GrpcServer {
  const { engine, telemetry } = parts;
  const clientIp = trustedProxies(parts.trustedProxies).clientOf;
  const rpcs = new Map(
    createRpcs(engine, telemetry, { connect: false, grpcWeb: false, grpc: true }).map((rpc) => [rpc.path, rpc]),
  );
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;
  let inFlight = 0;
  const health = createHealth(engine, () => !draining);

  /** Who calls, before the body is read. */
  async function callOf(request: Http2ServerRequest, rpc: Rpc, requestId: string): Promise<Call> {
    const { rawHeaders, socket } = request;
    const forwarded = request.headers['x-forwarded-for'];
    const ip = clientIp(socket.remoteAddress, Array.isArray(forwarded) ? forwarded.join(',') : forwarded);
    const actor = await authenticateHeaders(engine, rawHeaders, ip);
    return {
      actor,
      requestId,
      idempotencyKey: operations[rpc.operation].idempotent ? idempotencyKeyOf(rawHeaders) : null,
    };
  }

  async function answerTo(request: Http2ServerRequest, requestId: string, seen: Seen): Promise<Answer> {
    const { headers, method, url } = request;
    if (method !== 'POST') return headersAlone(405, { allow: 'POST' });
    if (!/^application\/grpc(?:\+proto)?(?:;|$)/i.test(headers['content-type'] ?? '')) return headersAlone(415, {});
    const gone = new AbortController();
    request.once('close', () => gone.abort());
    const { signal } = gone;
    const rpc = rpcs.get(url);
    if (rpc === undefined && url !== health.requestPath) return UNKNOWN_METHOD;
    seen.route = url;
    if (rpc === undefined) {
      const header = new Headers({ 'content-type': 'application/grpc' });
      const asked = { httpVersion: '2', method, url: `http://localhost${url}`, header, body: request, signal };
      return collected(await health(asked));
    }
    const given: Given = await callOf(request, rpc, requestId)
      .then(async (call) => {
        seen.actor = call.actor.id;
        return { call, body: await bodyOf(request) };
      })
      .catch((error) => ({ refusal: knownError(error) }));
    return collected(await rpc.respond({ requestId, headers, given, signal }));
  }

  /** One line and one observation for each request, whatever becomes of it. */
  async function serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const started = performance.now();
    const requestId = engine.makeRequestId();
    const seen: Seen = { route: 'none', actor: null };
    count(1);
    let status = 'aborted';
    try {
      const answer = await answerTo(request, requestId, seen);
      if (response.stream.destroyed) return;
      response.writeHead(answer.status, { ...answer.headers, 'x-request-id': requestId });
      response.addTrailers(answer.trailers);
      response.end(answer.body);
      status = outcomeOf(answer);
      if (!request.complete) leaveUnread(request, response);
    } catch (error) {
      telemetry.log('error', 'request_failed', { requestId, code: 'internal_error', error });
      if (!response.stream.destroyed) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    } finally {
      count(-1);
      const ms = performance.now() - started;
      telemetry.observe('latchkey_http_request_seconds', ms / 1000, { surface: 'grpc', route: seen.route, status });
      const { route, actor } = seen;
      telemetry.log(route === health.requestPath ? 'debug' : 'info', 'grpc_request', {
        ...{ requestId, route, status, actor },
        ms: Math.round(ms * 1000) / 1000,
      });
    }
  }

  function count(change: 1 | -1): void {
    inFlight += change;
    telemetry.gauge('latchkey_in_flight', inFlight, { surface: 'grpc' });
  }

  const server = createServer(
    {
      maxHeaderListPairs: 200,
      settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES, enablePush: false },
    },
    (request, response) => void serve(request, response),
  );
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.setTimeout(IDLE_MS, () => session.close());
  });
  // What is no HTTP/2, or breaks off: the connection ends, the server does not.
  server.on('sessionError', () => {});

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const { address, family, port: listened } = server.address() as AddressInfo;
          resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${listened}`);
        });
      }),
    async close({ graceMs = 10_000 } = {}) {
      draining = true;
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      for (const session of sessions) session.close();
      const timer = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, graceMs);
      await closed.finally(() => clearTimeout(timer));
    },
  };
}

/** What is known of a request for its line in the log. */
interface Seen {
  route: string;
  actor: string | null;
}
