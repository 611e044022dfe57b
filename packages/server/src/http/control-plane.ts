// The control plane's HTTP server: the operation table as routes, and what surrounds them. It decides nothing itself.

import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import {
  type Actor,
  LatchkeyError,
  type Operation,
  type OperationName,
  operations,
  type Telemetry,
} from '@latchkey/core';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ANONYMOUS } from '../operations/authenticate.js';
import { judgeCsrf, judgeOrigin } from '../operations/csrf.js';
import type { Call, Engine } from '../operations/engine.js';
import { readJson } from '../operations/json-body.js';
import { authenticateHeaders, errorHeaders, headerLines, idempotencyKeyOf } from '../operations/management-headers.js';
import { SIGN_IN_PATH, type SignIn } from '../operations/sign-in.js';
import { trustedProxies } from '../operations/trusted-proxies.js';
import { createDashboard, DASHBOARD_PATHS, wantsPage } from './dashboard.js';
import { servePages } from './docs.js';
import { createOpenApi } from './openapi.js';
import { knownError, PROBLEM_TYPE, problemBody } from './problem.js';
import { readQuery } from './query.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes a management call; null before it is known and on routes that ask nobody. */
    actor: Actor | null;
    /** When that became known, by `performance.now`. */
    knownAt: number;
  }
}

/**
 * A call that another room reads and words. The control plane does for it what it does for its own calls: it names, counts
 * and logs the request, learns who calls, and bounds the body.
 */
export interface GuestCall {
  /** Taken with POST alone. */
  path: string;
  operation: OperationName;
  /** Whether it reads this content type; only then it can word a refusal. */
  reads(contentType: string | undefined): boolean;
  answer(request: GuestRequest): Promise<{ status: number; headers: Headers; body: Uint8Array }>;
}

export interface GuestRequest {
  requestId: string;
  headers: IncomingHttpHeaders;
  /** What is to be done, or why nothing is: then the answer says that. */
  given: { call: Call; body: Buffer } | { refusal: LatchkeyError };
  /** Aborts when the caller is gone. */
  signal: AbortSignal;
}

export interface ControlPlaneParts {
  engine: Engine;
  telemetry: Telemetry;
  /** How the server is reached from outside, without a slash at the end. */
  publicUrl: string;
  /** Addresses and CIDR ranges whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[];
  version: string;
  /** The figures in Prometheus' text format. */
  metricsText(): Promise<string>;
  guests?: readonly GuestCall[];
  /** Who signs people in; absent: nobody, and only keys make calls. */
  signIn?: SignIn;
  /** Origins whose pages may frame the key portal; default: none. */
  portalOrigins?: readonly string[] | undefined;
  /** Where the built dashboard lies; default: beside the server's code. */
  dashboardFolder?: string | undefined;
}

export interface ControlPlane {
  /** Resolves with the URL that is listened on; port 0 picks a free one. */
  listen(address: { host: string; port: number }): Promise<string>;
  /** Stops accepting, lets running requests finish, and cuts those that outlast the grace time (default 10 s). */
  close(options?: { graceMs?: number }): Promise<void>;
  readonly app: FastifyInstance;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const BODY_LIMIT = 1024 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADER_LINES = 200;
const READY_WITHIN_MS = 1000;
/** A body that came so much later than its head was held back, or had far to go. */
const LATE_MS = 100;

/** On every answer. The pages for people replace the policy by their own. */
const ALWAYS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
/** Asked by machines every few seconds: logged at debug only. */
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

const LINKS = {
  reference: '/docs',
  openapi: '/openapi.json',
  errors: '/docs/errors',
  health: '/healthz',
  ready: '/readyz',
  metrics: '/metrics',
  keys: '/.well-known/jwks.json',
};

const rows = Object.entries(operations) as [OperationName, Operation][];

const carriesBody = ({ headers }: FastifyRequest) =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** The methods that have a route at a path. Asked only when a request found none. */
function methodsAt(path: string, guests: readonly GuestCall[]): string[] {
  const patterns = rows.map(([, row]) => ({ method: row.method as string, path: row.path }));
  const fixed = ['/', ...Object.values(LINKS), ...DASHBOARD_PATHS].map((at) => ({ method: 'GET', path: at }));
  const invited = guests.map((guest) => ({ method: 'POST', path: guest.path }));
  const found = [...patterns, ...fixed, ...invited].filter((route) =>
    new RegExp(`^${route.path.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+')}$`).test(path),
  );
  return [...new Set(found.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))];
}

const wrongBody = (message: string, fix: string) =>
  new LatchkeyError('invalid_request', `body: ${message}`, { errors: [{ path: 'body', message, fix }] });

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LatchkeyError('unavailable', 'A dependency does not answer.')), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

export function createControlPlane(parts: ControlPlaneParts): ControlPlane {
  const { engine, telemetry, version, guests = [], signIn } = parts;
  const publicUrl = parts.publicUrl.replace(/\/+$/, '');
  const clientIp = trustedProxies(parts.trustedProxies).clientOf;
  const dashboard = createDashboard({
    portalOrigins: parts.portalOrigins,
    folder: parts.dashboardFolder,
    links: LINKS,
  });
  let draining = false;
  let inFlight = 0;

  function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const known = knownError(error);
    if (known.status >= 500) {
      telemetry.log('error', 'request_failed', {
        requestId: request.id,
        code: known.code,
        error: known.cause ?? known,
      });
    }
    return reply
      .code(known.status)
      .headers(errorHeaders(known))
      .type(PROBLEM_TYPE)
      .send(problemBody(known, request.id, publicUrl));
  }

  /** One line and one observation per request. The path itself may hold what should not be kept; its pattern does not. */
  function report(request: FastifyRequest, reply: FastifyReply, milliseconds: number): void {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const aborted = !reply.raw.writableFinished;
    telemetry.observe('latchkey_http_request_seconds', milliseconds / 1000, {
      surface: 'control_plane',
      route,
      status: aborted ? 'aborted' : String(reply.statusCode),
    });
    telemetry.log(PROBES.has(route) ? 'debug' : 'info', 'http_request', {
      requestId: request.id,
      method: request.method,
      route,
      status: aborted ? null : reply.statusCode,
      ms: Math.round(milliseconds * 1000) / 1000,
      actor: request.actor?.id ?? null,
    });
  }

  /** What every request begins with: it is counted until its answer is out or its caller is gone. */
  function begin(request: FastifyRequest, reply: FastifyReply): void {
    const started = performance.now();
    inFlight++;
    // Fastify's onResponse stays silent when the caller goes away.
    reply.raw.once('close', () => {
      inFlight--;
      report(request, reply, performance.now() - started);
    });
    reply.headers(ALWAYS).header('x-request-id', request.id);
  }

  /** What Node could not read as HTTP has no request: the answer is written straight to the socket. */
  function refuseGarbage(error: Error & { code?: string }, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const requestId = engine.makeRequestId();
    const named = knownError(error);
    const known =
      named.code === 'internal_error' ? new LatchkeyError('invalid_request', 'This is not well-formed HTTP.') : named;
    telemetry.log('info', 'http_malformed', { requestId, status: known.status, kind: error.code });
    const body = problemBody(known, requestId, publicUrl);
    const headers = {
      ...ALWAYS,
      'content-type': PROBLEM_TYPE,
      'content-length': Buffer.byteLength(body),
      'x-request-id': requestId,
    };
    const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${known.status} ${STATUS_CODES[known.status]}\r\n${lines.join('')}\r\n${body}`);
  }

  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestIdHeader: false,
    genReqId: () => engine.makeRequestId(),
    // A drain finishes what arrives on open connections; every answer then says `Connection: close`.
    return503OnClosing: false,
    keepAliveTimeout: 72_000,
    requestTimeout: 30_000,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 10_000,
      connectionsCheckingInterval: 2_000,
      // Judged below, so that the refusal is a problem document too.
      requireHostHeader: false,
    },
    routerOptions: {
      // Encoded, an id of 200 characters may take 2,400.
      maxParamLength: 4096,
      // Read by the routes that take parameters: what is wrong with it is then an ordinary refusal.
      querystringParser: (text) => ({ text }),
    },
    // A path that cannot be decoded: no hook runs for it.
    frameworkErrors: (error, request, reply) => {
      begin(request as FastifyRequest, reply as FastifyReply);
      refuse(error, request as FastifyRequest, reply as FastifyReply);
    },
    clientErrorHandler: refuseGarbage,
  });
  // `Expect` of anything but 100-continue is not obeyed, and not a reason to answer without a body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));

  app.decorateRequest('actor', null);
  app.decorateRequest('knownAt', 0);
  app.removeAllContentTypeParsers();
  // Read as JSON by the handler: a refusal here would cost the caller its connection.
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, bytes, done) => done(null, bytes));
  app.setErrorHandler(refuse);

  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply);
    const { rawHeaders, httpVersion } = request.raw;
    if (rawHeaders.length > 2 * MAX_HEADER_LINES) {
      return done(new LatchkeyError('header_fields_too_large', `More than ${MAX_HEADER_LINES} header lines.`));
    }
    const hosts = headerLines(rawHeaders, 'host').length;
    if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
      return done(new LatchkeyError('invalid_request', 'There must be exactly one Host header.'));
    }
    const path = request.url.split('?', 1)[0] as string;
    if (!request.is404 && (path.length === 1 || !path.endsWith('/'))) return done();
    // Refused before a body is read.
    const methods = methodsAt(path, guests);
    if (methods.length === 0 || methods.includes(request.method)) {
      if (wantsPage(request)) {
        dashboard.sendPage(request, reply, 404).then(undefined, done);
        return;
      }
      return done(new LatchkeyError('not_found', 'There is nothing at this path.'));
    }
    reply.header('allow', methods.join(', '));
    done(new LatchkeyError('method_not_allowed', `This path takes ${methods.join(', ')}.`));
  });

  app.addHook('onSend', (_request, reply, payload, done) => {
    // What began before the drain would otherwise keep its connection open.
    if (draining) reply.header('connection', 'close');
    done(null, payload);
  });

  function addressOf(request: FastifyRequest): string | null {
    const forwarded = request.headers['x-forwarded-for'];
    return clientIp(request.raw.socket.remoteAddress, Array.isArray(forwarded) ? forwarded.join(',') : forwarded);
  }

  /** Exactly one credential counts: a session's cookie only where no Authorization was sent. */
  async function authenticate(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { rawHeaders } = request.raw;
    request.knownAt = performance.now();
    const byCookie =
      signIn?.claims(request.headers) === true && headerLines(rawHeaders, 'authorization').length === 0
        ? signIn
        : undefined;
    if (byCookie === undefined) {
      request.actor = await authenticateHeaders(engine, rawHeaders, addressOf(request));
      return;
    }
    const found = await byCookie.identify(request.headers);
    if (found === null) throw new LatchkeyError('unauthenticated', 'The session is over: sign in again.');
    const { session } = found.actor;
    if (session !== undefined && request.method !== 'GET' && request.method !== 'HEAD')
      judgeCsrf(session, rawHeaders, publicUrl, engine.equal);
    request.actor = found.actor;
    for (const cookie of found.cookies) reply.header('set-cookie', cookie);
  }

  /** Who waits with a body until they were removed, or their session or key ended, gets no further than anybody else. */
  async function authenticateLate(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (performance.now() - request.knownAt > LATE_MS) await authenticate(request, reply);
  }

  /** Of a call that needs no credential none is read. */
  async function nobody(request: FastifyRequest): Promise<void> {
    request.actor = ANONYMOUS;
  }

  const callOf = (request: FastifyRequest, { idempotent }: Operation): Call => ({
    actor: request.actor as Actor,
    requestId: request.id,
    idempotencyKey: idempotent ? idempotencyKeyOf(request.raw.rawHeaders) : null,
  });

  function bodyOf(row: Operation, request: FastifyRequest): unknown {
    const bytes = request.body as Buffer | undefined;
    if (row.body !== null) {
      const body = bytes === undefined ? undefined : readJson(bytes);
      if (body === null) throw wrongBody('must be an object', 'Send a JSON object.');
      return body === undefined ? {} : body;
    }
    // Fastify reads no body of a GET.
    if (row.method === 'GET' ? !carriesBody(request) : bytes === undefined || bytes.length === 0) return undefined;
    throw wrongBody('this call has no body', 'Send none.');
  }

  for (const [name, row] of rows) {
    app.route({
      method: row.method,
      url: row.path,
      // Before the body is read.
      onRequest: row.audience === 'anybody' ? nobody : authenticate,
      ...(row.audience !== 'anybody' && { preHandler: authenticateLate }),
      handler: async (request, reply) => {
        const input = {
          params: request.params,
          query: readQuery((request.query as { text: string }).text),
          body: bodyOf(row, request),
        };
        const output = await engine.run(name, input, callOf(request, row));
        reply.code(row.status);
        return row.output === null ? reply.send() : reply.type(JSON_TYPE).send(JSON.stringify(output));
      },
    });
  }

  function inviteGuest(scope: FastifyInstance, guest: GuestCall): void {
    const answer = async (request: FastifyRequest, reply: FastifyReply, given: GuestRequest['given']) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const { id: requestId, headers } = request;
      const answered = await guest.answer({ requestId, headers, given, signal: gone.signal });
      return reply.code(answered.status).headers(Object.fromEntries(answered.headers)).send(Buffer.from(answered.body));
    };
    const judgeMediaType = async ({ headers }: FastifyRequest): Promise<void> => {
      if (guest.reads(headers['content-type'])) return;
      throw new LatchkeyError(
        'unsupported_media_type',
        'Send application/json, application/proto or application/grpc-web.',
      );
    };
    scope.route({
      method: 'POST',
      url: guest.path,
      onRequest: [authenticate, judgeMediaType],
      preHandler: authenticateLate,
      errorHandler: (error, request, reply) =>
        guest.reads(request.headers['content-type'])
          ? answer(request, reply, { refusal: knownError(error) })
          : refuse(error, request, reply),
      handler: (request, reply) => {
        const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
        return answer(request, reply, { call: callOf(request, operations[guest.operation]), body });
      },
    });
  }
  app.register(async (scope) => {
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_, bytes, done) => done(null, bytes));
    for (const guest of guests) inviteGuest(scope, guest);
  });

  /** A browser sends its cookies with whatever page makes it call, so that changes are judged by where they come from. */
  async function ownPages({ method, raw }: FastifyRequest): Promise<void> {
    if (method === 'POST') judgeOrigin(raw.rawHeaders, publicUrl);
  }
  if (signIn !== undefined) {
    app.route({
      method: ['GET', 'POST'],
      url: `${SIGN_IN_PATH}/*`,
      onRequest: ownPages,
      handler: async (request, reply) => {
        const { id: requestId, method, url, headers } = request;
        const bytes = request.body as Buffer | undefined;
        const body = method === 'POST' && bytes !== undefined ? readJson(bytes) : undefined;
        if (method === 'GET' && carriesBody(request)) throw wrongBody('this call has no body', 'Send none.');
        const answered = await signIn.answer({ requestId, method, url, headers, body, ip: addressOf(request) });
        reply.code(answered.status);
        for (const [name, value] of answered.headers) reply.header(name, value);
        return answered.body === null ? reply.send() : reply.type(JSON_TYPE).send(answered.body);
      },
    });
  }

  let openapi: string | undefined;
  app.get('/openapi.json', (_, reply) => {
    openapi ??= JSON.stringify(createOpenApi(publicUrl, version));
    return reply.type(JSON_TYPE).send(openapi);
  });
  app.get('/.well-known/jwks.json', (_, reply) => reply.type(JSON_TYPE).send(JSON.stringify(engine.jwks())));
  app.get('/healthz', (_, reply) => reply.type(JSON_TYPE).send('{"status":"ok"}'));
  app.get('/readyz', async (_, reply) => {
    if (draining) throw new LatchkeyError('unavailable', 'The server is stopping.');
    try {
      await within(READY_WITHIN_MS, engine.ready());
    } catch (error) {
      throw error instanceof LatchkeyError && error.status === 503
        ? error
        : new LatchkeyError('unavailable', 'A dependency is not able to work.', { cause: error });
    }
    return reply.type(JSON_TYPE).send('{"status":"ready"}');
  });
  app.get('/metrics', async (_, reply) => {
    telemetry.gauge('latchkey_in_flight', inFlight, { surface: 'control_plane' });
    engine.reportGauges();
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await parts.metricsText());
  });
  app.get('/', (request, reply) => {
    if (!request.headers.accept?.includes('text/html')) {
      return reply.type(JSON_TYPE).send(JSON.stringify({ name: 'latchkey', version, links: LINKS }));
    }
    return dashboard.sendPage(request, reply);
  });
  app.register(dashboard.register);
  app.register(servePages);

  return {
    app,
    listen: (address) => app.listen(address),
    async close({ graceMs = 10_000 } = {}) {
      draining = true;
      const timer = setTimeout(() => app.server.closeAllConnections(), graceMs);
      try {
        await app.close();
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
