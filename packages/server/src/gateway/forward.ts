// The one call to the upstream: streams both ways at the slower side's pace, and ends when either side or the key does.

import type { Readable } from 'node:stream';
import { isFinal } from '@latchkey/core';
import type { Dispatcher } from 'undici';
import type { IdempotentRun } from '../operations/idempotency.js';
import { streamBody } from './body.js';
import type { Caller } from './caller.js';
import { type Exchange, free } from './exchange.js';
import { gatedRelay, hiddenFrom } from './gating.js';
import { keepingRelay } from './kept-answer.js';
import type { Parts, Upstream } from './parts.js';
import { refundFor } from './refund.js';
import { relay } from './relay.js';
import { hasBody, sendFault } from './reply.js';
import { upstreamHeaders } from './request-headers.js';
import { endEarly, judgeAgain, watchEnd } from './revoke.js';
import { tunnel } from './tunnel.js';

/** Safe to send again when a kept connection turns out to be closed (RFC 9110 §9.2.2). */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS']);
const ENDED = new Error('the request has ended');
const CONNECTION_LOST = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Sends the request on; `read`: its body where it was read before; `run`: what keeps its answer. false: it was answered here instead. */
export function forward(
  parts: Parts,
  exchange: Exchange,
  caller: Caller,
  read: Buffer | null,
  run: IdempotentRun | null = null,
): boolean {
  const { engine } = parts;
  const { verdict } = exchange;
  const upstream = parts.upstreams[verdict?.snapshot?.key.mode ?? caller.mode ?? exchange.route?.mode ?? 'live'];
  if (upstream === null) {
    parts.telemetry.count('latchkey_upstream_errors_total', { kind: 'not_configured' });
    sendFault(parts, exchange, { code: 'upstream_unreachable' });
    return false;
  }
  // A key that ended since the decision is found now; one that ends from here on finds this request by its `abort`.
  if (verdict !== null && !engine.stillGood(verdict)) {
    endEarly(parts, exchange);
    return false;
  }

  const hidden = hiddenFrom(exchange);
  if (hidden !== null && exchange.upgrade !== null) {
    // What goes through a tunnel is never read.
    sendFault(parts, exchange, { code: 'upstream_unreadable' });
    return false;
  }
  const body = read ?? (hasBody(exchange) ? streamBody(parts, exchange) : null);
  const options = dispatchOptions(parts, exchange, caller, upstream, body, hidden !== null);
  const added = verdict === null ? {} : engine.reply(verdict, exchange.requestId).headers;
  const plain = hidden === null ? relay(parts, exchange, added) : gatedRelay(parts, exchange, added, hidden);
  const keeping = run === null ? null : keepingRelay(parts, exchange, run, plain);
  const answer = keeping ?? plain;
  let mayRepeat = body === null && REPEATABLE.has(options.method);
  let controller: Dispatcher.DispatchController | null = null;
  let aborted = false;
  exchange.abort = () => {
    aborted = true;
    controller?.abort(ENDED);
  };
  if (verdict?.snapshot) watchEnd(parts, exchange, verdict.snapshot);
  // So is what changed since; the answer is held to what holds now.
  if (verdict !== null && !engine.unchanged(verdict)) void judgeAgain(parts, exchange);
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      if (aborted) return started.abort(ENDED);
      exchange.chargeable = true;
      run?.sent();
    },
    onResponseStart(started, status, head) {
      if (status >= 200) {
        mayRepeat = false;
        refundFor(exchange, status, run !== null && !isFinal(status));
        handOver(exchange, status, head['x-latchkey-lease']);
      }
      answer.start(started, status, head);
    },
    onResponseData: answer.data,
    onResponseEnd: answer.end,
    onRequestUpgrade(_, status, head, socket) {
      tunnel(parts, exchange, { status, head, socket, added });
    },
    onResponseError(_, error) {
      const ended = exchange.answered || exchange.settled;
      if (!ended && mayRepeat && !exchange.res.headersSent && CONNECTION_LOST.has(codeOf(error))) {
        mayRepeat = false;
        upstream.pool.dispatch(options, handler);
        return;
      }
      if (error !== ENDED && (!ended || exchange.left)) judgeFailure(exchange, error);
      if (keeping !== null) keeping.fail(() => failed(parts, exchange, error));
      else if (!ended) failed(parts, exchange, error);
    },
  };
  parts.telemetry.observe('latchkey_gateway_overhead_seconds', (performance.now() - exchange.startedAt) / 1000);
  upstream.pool.dispatch(options, handler);
  return true;
}

function dispatchOptions(
  parts: Parts,
  exchange: Exchange,
  caller: Caller,
  upstream: Upstream,
  body: Buffer | Readable | null,
  gated: boolean,
): Dispatcher.DispatchOptions {
  const { req, upgrade } = exchange;
  const length = body === null || Buffer.isBuffer(body) ? null : (req.headers['content-length'] ?? null);
  return {
    // Bytes as received: nothing here parses or builds a URL.
    path: upstream.prefix + caller.target,
    method: req.method as Dispatcher.HttpMethod,
    headers: upstreamHeaders(parts, exchange, caller, upstream, length, gated),
    body,
    upgrade: upgrade === null ? null : (req.headers.upgrade ?? null),
    headersTimeout: parts.timeouts.upstreamHeadersMs,
    bodyTimeout: parts.timeouts.idleMs,
  };
}

/**
 * An upstream that answers 2xx or 3xx has taken the job on: from here on its lease holds the slot. Otherwise, or when it says
 * that the job is over already, the slot is free.
 */
function handOver(exchange: Exchange, status: number, said: string | string[] | undefined): void {
  // A caller who has left a run that goes on has started the job all the same.
  if (exchange.verdict?.lease == null || exchange.answered || exchange.settled) return;
  if (status < 400 && said !== 'released') exchange.jobGoesOn = true;
  else exchange.verdict.release();
}

const codeOf = (error: Error): string => String((error as { code?: unknown }).code ?? '');

/** What never got onto the wire is nobody's failure: `settle` gives it back. */
function judgeFailure(exchange: Exchange, error: Error): void {
  const code = codeOf(error);
  if (code === 'UND_ERR_INVALID_ARG' || exchange.res.headersSent) return;
  refundFor(exchange, isTimeout(code) ? 'timeout' : 'unreachable');
}

const isTimeout = (code: string): boolean => code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT';

function failed(parts: Parts, exchange: Exchange, error: Error): void {
  const { res } = exchange;
  const code = codeOf(error);
  free(exchange);
  if (code === 'UND_ERR_INVALID_ARG') {
    sendFault(parts, exchange, { code: 'invalid_request', message: 'The request cannot be sent on as it is.' });
    return;
  }
  const timedOut = isTimeout(code);
  const kind = res.headersSent
    ? code === 'UND_ERR_BODY_TIMEOUT'
      ? 'idle'
      : 'cut'
    : timedOut
      ? 'timeout'
      : 'unreachable';
  parts.telemetry.count('latchkey_upstream_errors_total', { kind });
  parts.telemetry.log('warn', 'upstream_failed', { requestId: exchange.requestId, kind, cause: error });
  if (res.headersSent) {
    exchange.answered = true;
    exchange.failure = `upstream_${kind}`;
    res.destroy();
    return;
  }
  sendFault(parts, exchange, { code: timedOut ? 'upstream_timeout' : 'upstream_unreachable' });
}
