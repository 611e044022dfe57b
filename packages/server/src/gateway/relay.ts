// The upstream's answer on its way to the caller: as it comes, at the caller's pace. It neither calls the upstream nor retries.

import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { corsFacts } from './cors.js';
import { type Exchange, free } from './exchange.js';
import type { Parts } from './parts.js';
import { responseHeaders, trailersOf } from './response-headers.js';

type Controller = Dispatcher.DispatchController;

export interface Relay {
  start(controller: Controller, status: number, head: IncomingHttpHeaders): void;
  data(controller: Controller, chunk: Buffer): void;
  end(controller: Controller, trailers: IncomingHttpHeaders): void;
}

/** `added`: headers set in place of the upstream's. */
export function relay(parts: Parts, exchange: Exchange, added: Readonly<Record<string, string>>): Relay {
  const { res } = exchange;
  let silent = true;
  let listens = false;
  /** A body that comes along takes the head with it; one that is still to come must not hold it up. */
  const showHead = (): void => {
    if (silent && !over(exchange)) res.flushHeaders();
  };
  return {
    start(_, status, head) {
      if (over(exchange)) return;
      if (status < 200) {
        passHints(exchange, status, head);
        return;
      }
      begin(parts, exchange, status, head, added);
      process.nextTick(showHead);
    },
    data(controller, chunk) {
      silent = false;
      if (over(exchange) || res.write(chunk)) return;
      controller.pause();
      if (!listens) res.on('drain', () => controller.resume());
      listens = true;
    },
    end(_, trailers) {
      silent = false;
      if (over(exchange)) return;
      free(exchange);
      exchange.abort = null;
      const kept = trailersOf(trailers);
      if (kept !== null) res.addTrailers(kept);
      res.end();
    },
  };
}

/** true when the caller has been answered otherwise, or has left. */
export const over = ({ answered, settled, left }: Exchange): boolean => answered || settled || left;

/** Sends the head of the answer. */
export function begin(
  parts: Parts,
  exchange: Exchange,
  status: number,
  head: IncomingHttpHeaders,
  added: Readonly<Record<string, string>>,
): void {
  const { req, res, verdict, route, requestId } = exchange;
  const bodiless = req.method === 'HEAD' || status === 204 || status === 304;
  if (parts.closing) res.shouldKeepAlive = false;
  res.writeHead(
    status,
    responseHeaders(head, {
      status,
      authenticated: verdict !== null,
      shared: route?.shared ?? false,
      requestId,
      reserved: parts.gatedHeader,
      added,
      trailers: req.httpVersionMinor > 0 && !bodiless && head['content-length'] === undefined,
      cors: corsFacts(parts, exchange),
    }),
  );
}

/** Passes 103 on (RFC 8297); other interim answers say nothing that the caller needs. */
export function passHints({ req, res }: Exchange, status: number, { link }: IncomingHttpHeaders): void {
  if (status !== 103 || link === undefined || req.httpVersionMinor === 0) return;
  try {
    res.writeEarlyHints({ link });
  } catch {
    // A Link that node cannot write is a hint less.
  }
}
