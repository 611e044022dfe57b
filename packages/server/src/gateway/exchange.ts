// One request on its way through the gateway, from its head to its one end. It knows no rule and no upstream.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Route } from '@latchkey/core';
import type { Verdict, VerifyRequest } from '../operations/engine.js';
import { type Page, pageOf } from './cors.js';
import type { Parts } from './parts.js';

export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  readonly startedAt: number;
  /** Set when the caller asked to leave HTTP: its socket and what it sent behind the head. */
  readonly upgrade: { socket: Duplex; head: Buffer } | null;
  /** true while the caller waits for `100 Continue` before it sends its body. */
  awaitsContinue: boolean;
  /** The page that calls from a browser; null: none that is named. */
  page: Page | null;
  route: Route | null;
  /** What the engine was asked, and what it said. */
  asked: VerifyRequest | null;
  verdict: Verdict | null;
  /** Why it failed here, for the log: a reason or an error's code. */
  failure: string | null;
  /** Ends the upstream's side; null while there is none. */
  abort: (() => void) | null;
  /** What happens when the caller leaves, where the upstream's work goes on all the same; null: the exchange ends. */
  onLeave: (() => void) | null;
  /** true once the caller has left an exchange that goes on. */
  left: boolean;
  /** true once this side has answered by itself or given up: what the upstream still says is dropped. */
  answered: boolean;
  /** true once the upstream took on a job that outlives this request: its slot stays held, under its lease. */
  jobGoesOn: boolean;
  /** true once the upstream may have begun to work, or it was answered here: from then on leaving costs the credits. */
  chargeable: boolean;
  /** true once both ends are joined and HTTP is over. */
  tunnelled: boolean;
  settled: boolean;
  /** Wakes when the key's own time is over; null: it has no end. */
  endTimer: NodeJS.Timeout | null;
}

/** Turns a question into one that neither spends nor holds anything. */
export const LOOK = { cost: { requests: 0, credits: 0 }, holdSlot: false } as const;

/** The status that stands in the log for a caller who left before an answer began (nginx's 499). */
const CALLER_LEFT = 499;

export function openExchange(
  parts: Parts,
  req: IncomingMessage,
  res: ServerResponse,
  kind: { upgrade?: Exchange['upgrade']; awaitsContinue?: boolean } = {},
): Exchange {
  const exchange: Exchange = {
    req,
    res,
    requestId: parts.engine.makeRequestId(),
    startedAt: performance.now(),
    upgrade: kind.upgrade ?? null,
    awaitsContinue: kind.awaitsContinue ?? false,
    page: pageOf(parts, req),
    route: null,
    asked: null,
    verdict: null,
    failure: null,
    abort: null,
    onLeave: null,
    left: false,
    answered: false,
    jobGoesOn: false,
    chargeable: false,
    tunnelled: false,
    settled: false,
    endTimer: null,
  };
  const end = (): void => {
    if (exchange.onLeave === null || exchange.answered) settle(parts, exchange);
    else exchange.onLeave();
  };
  res.on('error', ignore);
  res.on('close', end);
  if (res.socket === null) {
    // Pipelined behind another request: until its turn comes, only the socket hears that the caller left.
    const { socket } = req;
    socket.setMaxListeners(0).on('close', end);
    res.on('close', () => socket.off('close', end));
  }
  parts.running.add(exchange);
  parts.telemetry.gauge('latchkey_in_flight', parts.running.size, SURFACE);
  return exchange;
}

/** Frees what the exchange holds and writes it down; whatever ends it comes through here, and only the first counts. */
export function settle(parts: Parts, exchange: Exchange): void {
  if (exchange.settled) return;
  exchange.settled = true;
  if (exchange.endTimer !== null) clearTimeout(exchange.endTimer);
  parts.running.delete(exchange);
  exchange.abort?.();
  free(exchange);
  if (!exchange.chargeable) exchange.verdict?.refund();
  report(parts, exchange);
}

/** Frees the slot that the request holds; one that is a job's by now is not its to free. */
export function free({ verdict, jobGoesOn }: Exchange): void {
  if (!jobGoesOn) verdict?.release();
}

const SURFACE = { surface: 'gateway' } as const;
const ignore = (): void => {};

function report({ telemetry, running }: Parts, exchange: Exchange): void {
  const { req, res, verdict } = exchange;
  const status = exchange.tunnelled ? 101 : res.headersSent ? res.statusCode : CALLER_LEFT;
  const route = exchange.route?.path ?? 'unlisted';
  const ms = performance.now() - exchange.startedAt;
  telemetry.gauge('latchkey_in_flight', running.size, SURFACE);
  telemetry.observe('latchkey_http_request_seconds', ms / 1000, {
    surface: 'gateway',
    route,
    status: `${Math.floor(status / 100)}xx`,
  });
  telemetry.log('info', 'gateway_request', {
    requestId: exchange.requestId,
    method: req.method,
    route,
    status,
    ms: Math.round(ms * 10) / 10,
    keyId: verdict?.snapshot?.key.id ?? null,
    reason: exchange.failure,
  });
}
