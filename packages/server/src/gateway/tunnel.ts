// A connection that left HTTP, such as a WebSocket: both ends joined until one closes, nothing moves for long, or the key ends.

import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CorsFacts } from './cors.js';
import { type Exchange, free, settle } from './exchange.js';
import type { Parts } from './parts.js';
import { responseHeaders } from './response-headers.js';

export interface UpstreamEnd {
  status: number;
  head: IncomingHttpHeaders;
  socket: Duplex;
  added: Readonly<Record<string, string>>;
}

export function tunnel(parts: Parts, exchange: Exchange, { status, head, socket: far, added }: UpstreamEnd): void {
  const { req, res, upgrade } = exchange;
  if (upgrade === null || exchange.settled || exchange.answered) return void far.destroy();
  const near = req.socket;
  exchange.tunnelled = true;
  exchange.abort = () => {
    near.destroy();
    far.destroy();
  };
  near.setTimeout(parts.timeouts.idleMs, exchange.abort);
  near.on('error', ignore).on('close', () => settle(parts, exchange));
  far.on('error', ignore).on('close', () => {
    free(exchange);
    near.end();
  });

  res.detachSocket(near);
  near.write(switchingHead(exchange, status, head, added), 'latin1');
  far.write(upgrade.head);
  near.pipe(far);
  far.pipe(near);
}

const ignore = (): void => {};

/** A socket is no answer that a page reads: CORS does not apply to it. */
const NO_PAGE: CorsFacts = { origin: null, exposed: [], replaces: false, varies: false };

function switchingHead(
  exchange: Exchange,
  status: number,
  head: IncomingHttpHeaders,
  added: Readonly<Record<string, string>>,
): string {
  const { requestId } = exchange;
  const facts = {
    status,
    authenticated: false,
    shared: false,
    requestId,
    reserved: null,
    added,
    trailers: false,
    cors: NO_PAGE,
  };
  const lines = Object.entries(responseHeaders(head, facts)).flatMap(([name, value]) =>
    [value].flat().map((line) => `${name}: ${line}\r\n`),
  );
  const protocol = head.upgrade ?? exchange.req.headers.upgrade ?? '';
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n${lines.join('')}\r\n`;
}
