// The way of one request through the gateway, step by step: identify, decide, answer here or send on.

import {
  isAmbiguousPath,
  MOST_IDEMPOTENT_BYTES,
  matchRoute,
  preflightHeaders,
  REHEARSAL_HEADER,
  type RouteMatch,
} from '@latchkey/core';
import type { VerifyRequest } from '../operations/engine.js';
import { countBatch } from './batch.js';
import { declaredLength, readBody } from './body.js';
import { type Caller, identify } from './caller.js';
import { isAllowedPreflight } from './cors.js';
import { decide } from './decide.js';
import { type Exchange, free, LOOK } from './exchange.js';
import { forward } from './forward.js';
import { idempotencyKeyLines, underIdempotencyKey } from './idempotent.js';
import type { Parts } from './parts.js';
import { over } from './relay.js';
import { hasBody, sendFault, sendReply, sendThrown } from './reply.js';
import { fieldsOf, queryOf, runRow } from './rows.js';

/** Bodies of this size are read before anybody asked whose they are; larger ones wait for a key. */
const READ_UNASKED_BYTES = 64 * 1024;

/** Never rejects: what goes wrong is answered. */
export async function walk(parts: Parts, exchange: Exchange): Promise<void> {
  try {
    await steps(parts, exchange);
  } catch (thrown) {
    exchange.abort?.();
    free(exchange);
    sendThrown(parts, exchange, thrown);
  }
}

async function steps(parts: Parts, exchange: Exchange): Promise<void> {
  const caller = identify(parts, exchange.req);
  if (typeof caller === 'string') {
    exchange.res.shouldKeepAlive = false;
    return sendFault(parts, exchange, { code: 'invalid_request', message: caller });
  }
  if ((declaredLength(exchange) ?? 0) > parts.maxBodyBytes)
    return sendFault(parts, exchange, { code: 'payload_too_large' });

  const { engine, rowsAsk } = parts;
  if (await isAllowedPreflight(parts, exchange)) {
    return sendReply(parts, exchange, { status: 204, headers: preflightHeaders(engine.profile), body: null });
  }
  const row = rowsAsk ? matchRoute(engine.profile, exchange.req.method ?? '', caller.path) : null;
  if (row !== null && isPublic(row, caller)) {
    exchange.route = row.route;
    return void forward(parts, exchange, caller, null);
  }

  const asked = questionOf(exchange, caller, row);
  const batch = row?.route.batch ?? null;
  const keyLines = row?.route.idempotent ? idempotencyKeyLines(exchange) : [];
  const underKey = keyLines.length > 0;
  const mostBytes = underKey ? Math.min(parts.maxBodyBytes, MOST_IDEMPOTENT_BYTES) : parts.maxBodyBytes;
  const body = batch !== null || underKey ? await readWhole(parts, exchange, asked, mostBytes) : null;
  if (!over(exchange) && batch !== null && body !== null) await countInto(asked, body, batch.pointer, parts, exchange);
  if (over(exchange)) return;
  if (underKey) return underIdempotencyKey(parts, exchange, caller, asked, keyLines, body);

  const verdict = await decide(parts, exchange, asked);
  if (verdict === null) return;
  const { snapshot, route } = verdict;
  if (route !== null && snapshot !== null && route.route.operation !== null) {
    return runRow(parts, exchange, route, snapshot, queryOf(caller.query));
  }
  if (route?.route.answer) {
    exchange.chargeable = true;
    return sendReply(parts, exchange, engine.reply(verdict, exchange.requestId, queryOf(caller.query)));
  }
  forward(parts, exchange, caller, body);
}

/** On a path that an upstream might read as another one a row's openness says nothing: a key is asked for. */
const isPublic = (row: RouteMatch, caller: Caller): boolean =>
  row.route.auth === 'none' && !isAmbiguousPath(caller.path);

function questionOf({ req, requestId }: Exchange, caller: Caller, row: RouteMatch | null): VerifyRequest {
  const parameter = row?.route.fieldsParam ?? null;
  const testReason = req.headers[REHEARSAL_HEADER];
  return {
    credential: { rawHeaders: req.rawHeaders },
    method: req.method ?? null,
    path: caller.path,
    ip: caller.ip,
    referrer: caller.referrer,
    mode: caller.mode,
    ...(parameter !== null && { fields: fieldsOf(caller.query, parameter) }),
    requestId,
    surface: 'gateway',
    // A repeated line reads as one of several words, which is none of the reasons.
    ...(testReason !== undefined && { testReason: String(testReason) }),
    holdSlot: true,
    lease: 'route',
  };
}

/**
 * Reads the whole body, for a key that may call when it is long; null when there is none, or the request was answered or left.
 * One that is over `mostBytes` is answered 413.
 */
async function readWhole(
  parts: Parts,
  exchange: Exchange,
  asked: VerifyRequest,
  mostBytes: number,
): Promise<Buffer | null> {
  if (!hasBody(exchange)) return null;
  const declared = declaredLength(exchange);
  if (declared === null || declared > READ_UNASKED_BYTES) {
    const first = await decide(parts, exchange, { ...asked, ...LOOK });
    if (first === null) return null;
  }
  if ((declared ?? 0) <= mostBytes) return readBody(parts, exchange, mostBytes);
  sendFault(parts, exchange, { code: 'payload_too_large' });
  return null;
}

/** Writes the size of a batch into the question; a body that cannot be counted is answered. */
async function countInto(
  asked: VerifyRequest,
  body: Buffer,
  pointer: string,
  parts: Parts,
  exchange: Exchange,
): Promise<void> {
  const counted = countBatch(body, pointer, exchange.req.headers['content-encoding']);
  if (typeof counted === 'number') asked.batchSize = counted;
  else if ((await decide(parts, exchange, { ...asked, ...LOOK })) !== null) sendFault(parts, exchange, counted);
}
