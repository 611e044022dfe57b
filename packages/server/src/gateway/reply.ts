// Answers that are made here, in the profile's dialect: refusals, errors, and what the profile answers itself.

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ERRORS, type ErrorCode, errorReply, LatchkeyError } from '@latchkey/core';
import type { DialectReply } from '../operations/engine.js';
import { corsFacts, corsFields, withVary } from './cors.js';
import type { Exchange } from './exchange.js';
import type { Parts } from './parts.js';

/** How long a caller may go on sending into an answer before its connection ends. */
const LINGER_MS = 1000;
const SHORT_BYTES = 64 * 1024;

export interface Fault {
  code: ErrorCode;
  /** Default: the catalogue's. */
  status?: number;
  message?: string;
  retryAfterSeconds?: number | null;
}

/** Sends an answer once; whatever else would be sent is dropped. */
export function sendReply(parts: Parts, exchange: Exchange, reply: DialectReply): void {
  const { req, res } = exchange;
  exchange.answered = true;
  if (res.headersSent || exchange.settled) return;
  const body = reply.body ?? '';
  // A short rest of the body is on its way already: node reads past it and keeps the connection.
  const unread = !req.complete && hasBody(exchange) && Number(req.headers['content-length'] ?? Infinity) > SHORT_BYTES;
  if (parts.closing || unread || exchange.awaitsContinue) res.shouldKeepAlive = false;
  const cors = corsFacts(parts, exchange);
  res.writeHead(reply.status, {
    ...reply.headers,
    ...(cors.varies && { Vary: withVary(reply.headers.Vary ?? '', ['Origin']) }),
    ...corsFields(cors),
    ...(reply.status !== 204 && { 'Content-Length': String(Buffer.byteLength(body)) }),
    'X-Request-Id': exchange.requestId,
  });
  if (unread && !exchange.awaitsContinue) endAfterLinger(exchange, body);
  else res.end(body);
}

/**
 * Closing over unread input resets the connection, and the answer may be lost with it (RFC 9112 §9.6): the rest is read
 * and dropped for a while first.
 */
function endAfterLinger({ req, res }: Exchange, body: string): void {
  const end = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  res.write(body);
  req.once('end', end).once('close', end).resume();
}

export function hasBody({ req, upgrade }: Exchange): boolean {
  if (upgrade !== null) return false;
  const { headers } = req;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

export function sendFault(parts: Parts, exchange: Exchange, fault: Fault): void {
  exchange.failure = fault.code;
  const budgets = exchange.verdict?.reason === null ? exchange.verdict.budgets : [];
  sendReply(
    parts,
    exchange,
    errorReply(parts.engine.profile, {
      code: fault.code,
      status: fault.status ?? ERRORS[fault.code].status,
      message: fault.message ?? ERRORS[fault.code].help,
      requestId: exchange.requestId,
      retryAfterSeconds: fault.retryAfterSeconds ?? null,
      budgets,
    }),
  );
}

/** What was thrown, as the caller may see it; unknown things become `internal_error`, their cause stays in the log. */
export function sendThrown(parts: Parts, exchange: Exchange, thrown: unknown): void {
  const { requestId } = exchange;
  const known = thrown instanceof LatchkeyError && ERRORS[thrown.code].status !== 500 ? thrown : null;
  if (known === null || known.status >= 500) {
    parts.telemetry.log('error', 'gateway_failed', { requestId, code: known?.code ?? 'internal_error', cause: thrown });
  }
  sendFault(
    parts,
    exchange,
    known === null
      ? { code: 'internal_error' }
      : { code: known.code, message: known.message, retryAfterSeconds: known.retryAfterSeconds },
  );
}

/** Answers on a bare socket, where HTTP could not be read: there is no request to hang the answer on. */
export function sendBareFault(parts: Parts, socket: Duplex, fault: Fault): void {
  const requestId = parts.engine.makeRequestId();
  const status = fault.status ?? ERRORS[fault.code].status;
  const message = fault.message ?? ERRORS[fault.code].help;
  const reply = errorReply(parts.engine.profile, { code: fault.code, status, message, requestId });
  parts.telemetry.log('info', 'gateway_request', { requestId, status, reason: fault.code });
  const lines = Object.entries({
    ...reply.headers,
    'X-Request-Id': requestId,
    'Content-Length': String(Buffer.byteLength(reply.body)),
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}`);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.on('close', () => clearTimeout(timer)).resume();
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${reply.body}`);
}
