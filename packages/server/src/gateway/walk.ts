// The way of one request through the gateway, step by step: identify, decide, answer here or send on.

import { isAmbiguousPath, matchRoute, type RouteMatch } from '@latchkey/core';
import type { Verdict, VerifyRequest } from '../operations/engine.js';
import { countBatch } from './batch.js';
import { declaredLength, readBody } from './body.js';
import { type Caller, identify } from './caller.js';
import { type Exchange, LOOK } from './exchange.js';
import { forward } from './forward.js';
import type { Parts } from './parts.js';
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
    exchange.verdict?.release();
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
  const row = rowsAsk ? matchRoute(engine.profile, exchange.req.method ?? '', caller.path) : null;
  if (row !== null && isPublic(row, caller)) {
    exchange.route = row.route;
    return forward(parts, exchange, caller, null);
  }

  const asked = questionOf(exchange, caller, row);
  const body = row?.route.batch ? await readBatch(parts, exchange, asked, row.route.batch.pointer) : null;
  if (exchange.answered || exchange.settled) return;

  const verdict = await decide(parts, exchange, asked);
  if (verdict === null) return;
  const { snapshot, route } = verdict;
  if (route !== null && snapshot !== null && route.route.operation !== null) {
    return runRow(parts, exchange, route, snapshot, queryOf(caller.query));
  }
  if (route?.route.answer) {
    return sendReply(parts, exchange, engine.reply(verdict, exchange.requestId, queryOf(caller.query)));
  }
  forward(parts, exchange, caller, body);
}

/** On a path that an upstream might read as another one a row's openness says nothing: a key is asked for. */
const isPublic = (row: RouteMatch, caller: Caller): boolean =>
  row.route.auth === 'none' && !isAmbiguousPath(caller.path);

function questionOf({ req, requestId }: Exchange, caller: Caller, row: RouteMatch | null): VerifyRequest {
  const parameter = row?.route.fieldsParam ?? null;
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
    holdSlot: true,
  };
}

/** Decides, and answers a refusal; null when the request ends here. */
async function decide(parts: Parts, exchange: Exchange, asked: VerifyRequest): Promise<Verdict | null> {
  const { engine, telemetry } = parts;
  const verdict = await engine.verify(asked);
  exchange.asked = asked;
  exchange.verdict = verdict;
  exchange.route = verdict.route?.route ?? null;
  if (verdict.reason !== null || asked.cost?.requests !== 0) {
    telemetry.count('latchkey_decisions_total', { reason: verdict.reason ?? 'allowed', surface: 'gateway' });
  }
  if (exchange.settled) {
    verdict.release();
    return null;
  }
  if (verdict.reason === null) return verdict;
  exchange.failure = verdict.reason;
  sendReply(parts, exchange, engine.reply(verdict, exchange.requestId));
  return null;
}

/** Reads the body of a batch and writes its size into the question; null when the request was answered or left. */
async function readBatch(
  parts: Parts,
  exchange: Exchange,
  asked: VerifyRequest,
  pointer: string,
): Promise<Buffer | null> {
  if (!hasBody(exchange)) return null;
  const declared = declaredLength(exchange);
  if (declared === null || declared > READ_UNASKED_BYTES) {
    const first = await decide(parts, exchange, { ...asked, ...LOOK });
    if (first === null) return null;
  }
  const body = await readBody(parts, exchange);
  if (body === null) return null;
  const counted = countBatch(body, pointer, exchange.req.headers['content-encoding']);
  if (typeof counted === 'number') asked.batchSize = counted;
  else if ((await decide(parts, exchange, { ...asked, ...LOOK })) !== null) sendFault(parts, exchange, counted);
  return body;
}
