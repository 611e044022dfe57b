// What the five example APIs share: a router, body reading, lists, Server-Sent Events. Never a provider's own rules.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {'live' | 'sandbox' | 'test'} Mode `test` is another word for `sandbox` */
/** @typedef {(leaseId: string) => Promise<unknown>} EndLease says that the job under a lease is over */
/** @typedef {{ mode?: Mode | undefined, now?: () => number, endLease?: EndLease }} ExampleOptions `now` gives epoch milliseconds */
/** @typedef {{ status?: number, body: unknown, headers?: Record<string, string> }} Reply */
/** @typedef {{ path: string, message: string }} Fault */
/** @typedef {{ needs: string, test: (value: any) => boolean, optional?: boolean, fallback?: unknown }} Rule */
/**
 * @typedef {object} Call One request as a handler sees it.
 * @property {Request} req
 * @property {Response} res
 * @property {string} id the path's `:id`, empty when the route has none
 * @property {URLSearchParams} query
 * @property {string} project the caller's project as the gateway named it; `local` without a gateway
 * @property {(shape: Record<string, Rule>) => Promise<Record<string, any>>} body reads and checks the JSON body
 */
/** @typedef {(call: Call) => Reply | void | Promise<Reply | void>} Handler may write to `res` itself instead */

const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** A 4xx in the making; the provider's dialect gives it its final form. */
export class Refusal extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {Fault[]} [errors] */
  constructor(status, code, message, errors = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

/**
 * Makes a server, not yet listening, from a table of `'METHOD /path/:id'` to handler.
 *
 * @param {object} api
 * @param {string} api.name
 * @param {string | undefined} [api.mode]
 * @param {Record<string, Handler>} api.routes
 * @param {(refusal: Refusal) => Reply} api.dialect how this provider words an error
 * @param {(call: Call) => void} [api.guard] runs before every route of the API itself
 * @param {() => unknown} [api.effects] what has happened so far, shown at `/_example/effects`
 */
export function createApi({ name, mode = 'live', routes, dialect, guard = () => {}, effects = () => ({}) }) {
  const table = Object.entries(routes).map(([route, handler]) => {
    const [method, path] = splitOnce(route, ' ');
    return { method, pattern: new RegExp(`^${path.replace(':id', '(?<id>[^/]+)')}$`), handler };
  });

  /** @param {Request} req @param {Response} res @returns {Promise<Reply | void>} */
  async function answer(req, res) {
    const [path, search] = splitOnce(req.url ?? '/', '?');
    const method = req.method === 'HEAD' ? 'GET' : req.method;
    if (path === '/_example/echo' || path.startsWith('/_example/echo/')) return { body: await echo(req, path, search) };
    if (path === '/_example/health' && method === 'GET') return { body: { status: 'ok', example: name, mode } };
    if (path === '/_example/effects' && method === 'GET') return { body: effects() };

    const matches = table.filter(({ pattern }) => pattern.test(path));
    if (matches.length === 0) throw notFound('route');
    const route = matches.find((match) => match.method === method);
    if (!route) {
      res.setHeader('allow', matches.map((match) => match.method).join(', '));
      throw new Refusal(405, 'method_not_allowed', `${path} does not take ${req.method}`);
    }
    const call = {
      req,
      res,
      id: route.pattern.exec(path)?.groups?.id ?? '',
      query: new URLSearchParams(search),
      project: header(req, 'x-latchkey-project-id') || 'local',
      body: async (/** @type {Record<string, Rule>} */ shape) => check(await readJson(req), shape),
    };
    guard(call);
    return route.handler(call);
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, async (req, res) => {
    // A closing server lets go of each connection as its last reply ends, instead of keeping it for reuse.
    res.on('close', () => setImmediate(() => server.listening || server.closeIdleConnections()));
    try {
      const reply = await answer(req, res);
      if (reply) send(res, reply);
    } catch (error) {
      if (res.destroyed || res.headersSent) return void res.destroy();
      if (!(error instanceof Refusal)) console.error(error);
      send(res, dialect(error instanceof Refusal ? error : new Refusal(500, 'internal_error', 'This is our mistake')));
    }
  });
  return server;
}

/** @param {string} what */
export const notFound = (what) => new Refusal(404, 'not_found', `No such ${what}`);

/** @param {string} message @param {Fault[]} [errors] */
export const badRequest = (message, errors) => new Refusal(400, 'invalid_request', message, errors);

/** One header's value; empty when absent. @param {Request} req @param {string} name */
export const header = (req, name) => String(req.headers[name] ?? '');

/** A time the way the five providers write it: whole seconds and `Z`. @param {number} ms */
export const timestamp = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** @param {string} prefix */
export const newId = (prefix) => `${prefix}_${randomBytes(12).toString('hex')}`;

/** Draws that are the same for the same seed; after eight they repeat. @param {string} seed */
export function drawsFrom(seed) {
  const digest = createHash('sha256').update(seed).digest();
  let drawn = 0;
  const below = (/** @type {number} */ end) => digest.readUInt32BE((drawn++ % 8) * 4) % end;
  /** @template T @param {readonly T[]} list @returns {T} */
  const oneOf = (list) => /** @type {T} */ (list[below(list.length)]);
  return { below, oneOf };
}

/** The rules a body's field can be held to. */
export const a = {
  /** @param {number} min @param {number} max @returns {Rule} */
  text: (min, max) => ({
    needs: `a string of ${min} to ${max} characters`,
    test: (value) => typeof value === 'string' && value.length >= min && value.length <= max,
  }),
  /** @param {RegExp} pattern @param {string} needs @returns {Rule} */
  match: (pattern, needs) => ({ needs, test: (value) => typeof value === 'string' && pattern.test(value) }),
  /** @param {readonly string[]} values @returns {Rule} */
  choice: (values) => ({ needs: `one of ${values.join(', ')}`, test: (value) => values.includes(value) }),
  /** @param {number} min @param {number} max @returns {Rule} */
  number: (min, max) => ({
    needs: `a number from ${min} to ${max}`,
    test: (value) => typeof value === 'number' && value >= min && value <= max,
  }),
  /** @param {number} min @param {number} max @returns {Rule} */
  integer: (min, max) => ({
    needs: `a whole number from ${min} to ${max}`,
    test: (value) => Number.isInteger(value) && value >= min && value <= max,
  }),
  /** @returns {Rule} */
  flag: () => ({ needs: 'true or false', test: (value) => typeof value === 'boolean' }),
  /** @returns {Rule} */
  url: () => ({
    needs: 'an http or https URL of at most 2048 characters',
    test: (value) =>
      typeof value === 'string' && value.length <= 2048 && /^https?:\/\//i.test(value) && URL.canParse(value),
  }),
  /** @param {number} min @param {number} max @param {Rule} each @returns {Rule} */
  list: (min, max, each) => ({
    needs: `a list of ${min} to ${max} items, each ${each.needs}`,
    test: (value) => Array.isArray(value) && value.length >= min && value.length <= max && value.every(each.test),
  }),
};

/** A rule for a field that may be left out. @param {Rule} rule @param {unknown} [fallback] @returns {Rule} */
export const optional = (rule, fallback) => ({ ...rule, optional: true, fallback });

/**
 * Keeps the fields the shape names, or refuses with every fault at once.
 *
 * @param {any} body @param {Record<string, Rule>} shape
 */
function check(body, shape) {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('The body must be a JSON object');
  const rules = Object.entries(shape);
  const faults = rules
    .filter(([name, rule]) => (body[name] === undefined ? !rule.optional : !rule.test(body[name])))
    .map(([name, rule]) => ({ path: name, message: `${name} must be ${rule.needs}` }));
  if (faults.length > 0) throw badRequest(faults.map(({ message }) => message).join('; '), faults);
  return Object.fromEntries(rules.map(([name, rule]) => [name, body[name] === undefined ? rule.fallback : body[name]]));
}

/**
 * Things kept in memory, each project's apart; past `most` the oldest are forgotten, so that load cannot fill it up.
 * A deleted thing is kept as `null`: known, and known to be gone.
 *
 * @template T
 */
export function createShelf(most = 10_000) {
  /** @type {Map<string, { rank: number, project: string, thing: T | null }>} */
  const kept = new Map();
  let lastRank = 0;
  return {
    /** @param {string} project @param {string} id */
    get: (project, id) => kept.get(`${project}/${id}`)?.thing,
    /** @param {string} project @param {string} id @param {T | null} thing */
    set(project, id, thing) {
      const key = `${project}/${id}`;
      kept.set(key, { rank: kept.get(key)?.rank ?? ++lastRank, project, thing });
      if (kept.size > most) kept.delete(/** @type {string} */ (kept.keys().next().value));
    },
    /**
     * One page of a project's things, newest first; `next` is null on the last.
     *
     * @param {string} project @param {URLSearchParams} query
     */
    page(project, query) {
      const limit = query.get('limit') ?? '25';
      if (!/^([1-9]\d?|100)$/.test(limit)) throw badRequest('limit must be a whole number from 1 to 100');
      const cursor = query.get('cursor');
      const before =
        cursor === null
          ? Infinity
          : Number(
              Buffer.from(cursor, 'base64url')
                .toString()
                .match(/^\d{1,15}$/)?.[0],
            );
      if (Number.isNaN(before)) throw badRequest('cursor is not one that this list gave out');
      const rest = [...kept.values()]
        .filter((entry) => entry.project === project && entry.thing !== null && entry.rank < before)
        .reverse();
      const shown = rest.slice(0, Number(limit));
      const next = rest.length > shown.length ? Buffer.from(String(shown.at(-1)?.rank)).toString('base64url') : null;
      return { data: shown.map(({ thing }) => /** @type {T} */ (thing)), next };
    },
  };
}

/** A signal that fires when the caller hangs up before the reply is complete. @param {Response} res */
export function hangup(res) {
  const controller = new AbortController();
  if (res.destroyed) controller.abort();
  res.once('close', () => res.writableFinished || controller.abort());
  return controller.signal;
}

/**
 * Sends each item as one Server-Sent Event at the reader's pace; throws when the reader hangs up.
 *
 * @param {Response} res @param {AsyncIterable<unknown>} events @param {AbortSignal} signal
 */
export async function sendEvents(res, events, signal) {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for await (const event of events) {
    signal.throwIfAborted();
    const line = typeof event === 'string' ? event : JSON.stringify(event);
    if (!res.write(`data: ${line}\n\n`)) await once(res, 'drain', { signal });
  }
  res.end();
}

/**
 * Serves an example on 127.0.0.1 when its file is the one that node was started with; does nothing when it is imported.
 *
 * @param {string} moduleUrl @param {string} name
 * @param {(options: ExampleOptions) => import('node:http').Server} createExample
 */
export function serveWhenRun(moduleUrl, name, createExample) {
  const started = process.argv[1] ?? '';
  if (!existsSync(started) || realpathSync(started) !== realpathSync(fileURLToPath(moduleUrl))) return;
  const mode = /** @type {Mode} */ (process.env.MODE || 'live');
  const port = Number(process.env.PORT || 9000);
  const server = createExample({ mode, endLease: endLeaseOver(process.env) });
  server.once('error', (error) => {
    console.error(`${name} cannot listen on 127.0.0.1:${port}: ${error.message}`);
    process.exitCode = 1;
  });
  server.listen(port, '127.0.0.1', () => {
    const address = /** @type {import('node:net').AddressInfo} */ (server.address());
    console.log(`${name} example (${mode}) on http://127.0.0.1:${address.port}`);
  });
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      server.close();
      setTimeout(() => server.closeAllConnections(), 5_000).unref();
    });
  }
}

/**
 * Ends leases over Latchkey's management API, with a root key that may (`leases.delete` is enough). Without one nobody is
 * told, and a slot is free again when its lease has run out.
 *
 * @param {{ LATCHKEY_ROOT_KEY?: string | undefined, LATCHKEY_PUBLIC_URL?: string | undefined }} env @returns {EndLease}
 */
export function endLeaseOver({ LATCHKEY_ROOT_KEY, LATCHKEY_PUBLIC_URL = 'http://127.0.0.1:4000' }) {
  if (!LATCHKEY_ROOT_KEY) return async () => {};
  const headers = { authorization: `Bearer ${LATCHKEY_ROOT_KEY}` };
  return (leaseId) => fetch(`${LATCHKEY_PUBLIC_URL}/v1/leases/${leaseId}`, { method: 'DELETE', headers });
}

/** @param {Response} res @param {Reply} reply */
function send(res, { status = 200, body, headers = {} }) {
  const bytes = Buffer.from(JSON.stringify(body));
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers }).end(bytes);
}

/**
 * Says what arrived, whatever its size: the body is measured as it streams in.
 *
 * @param {Request} req @param {string} path @param {string} query
 */
async function echo(req, path, query) {
  const hash = createHash('sha256');
  let bodyLength = 0;
  for await (const chunk of req) {
    hash.update(chunk);
    bodyLength += chunk.length;
  }
  const { method, headers, rawHeaders } = req;
  return { method, path, query, headers, rawHeaders, bodyLength, sha256: hash.digest('hex') };
}

/** Reads up to 10 MB; a longer body is read and dropped, so that its sender hears the 413. @param {Request} req */
async function readJson(req) {
  const chunks = [];
  let length = 0;
  for await (const chunk of req) {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (length > MAX_BODY_BYTES) throw new Refusal(413, 'payload_too_large', 'The body is larger than 10 MB');
  if (!['', 'identity'].includes(header(req, 'content-encoding'))) {
    throw new Refusal(415, 'unsupported_media_type', 'Send the body without a content encoding');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw new Refusal(400, 'invalid_json', 'The body is not valid JSON');
  }
}

/** @param {string} text @param {string} separator @returns {[string, string]} */
function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
