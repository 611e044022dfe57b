// The upstream's answer to a request that runs under its Idempotency-Key: held until it is kept, then sent on. What keeping means is the run's.

import type { IncomingHttpHeaders } from 'node:http';
import { isFinal, MOST_IDEMPOTENT_BYTES } from '@latchkey/core';
import type { Dispatcher } from 'undici';
import type { IdempotentRun, UpstreamAnswer } from '../operations/idempotency.js';
import { refuse } from './decide.js';
import { type Exchange, settle } from './exchange.js';
import { mediaType } from './gated-body.js';
import { FORMATS } from './gating.js';
import type { Parts } from './parts.js';
import { over, type Relay } from './relay.js';

type Controller = Dispatcher.DispatchController;

export interface KeepingRelay extends Relay {
  /** The upstream's side has ended without a whole answer. `answer` is called if the caller still waits. */
  fail(answer: () => void): void;
}

/** Stands in for a connection whose answer is there already. */
const ENDED: Controller = {
  aborted: false,
  paused: false,
  reason: null,
  rawHeaders: [],
  rawTrailers: [],
  pause() {},
  resume() {},
  abort() {},
};

/** Sends a whole answer on, as if it came from the upstream. */
export function sendAnswer(relay: Relay, { status, headers, trailers, body }: UpstreamAnswer): void {
  relay.start(ENDED, status, headers as IncomingHttpHeaders);
  if (body.length > 0) relay.data(ENDED, body);
  relay.end(ENDED, trailers as IncomingHttpHeaders);
}

/** Sent on as it comes: whoever asked for it reads along. With a length, its reader would have all of it before the end. */
const isStream = (head: IncomingHttpHeaders): boolean =>
  head['content-length'] === undefined && FORMATS.has(mediaType(String(head['content-type'] ?? '')).name);

/**
 * Takes the answer to its end whether or not the caller stays, and lets the caller have the end of it only once it is kept. One that
 * is over the bound goes on as it comes and is not kept.
 */
export function keepingRelay(parts: Parts, exchange: Exchange, run: IdempotentRun, inner: Relay): KeepingRelay {
  let status = 0;
  let head: IncomingHttpHeaders = {};
  let chunks: Buffer[] = [];
  let seen = 0;
  /** true once the caller reads along. */
  let passing = false;
  let upstream: Controller | null = null;

  const tooLarge = (): boolean => seen > MOST_IDEMPOTENT_BYTES;
  const pass = (controller: Controller): void => {
    passing = true;
    if (!over(exchange)) inner.start(controller, status, head);
  };
  const giveUpUnheard = (): void => {
    if (exchange.left && tooLarge()) upstream?.abort(new Error('nobody reads on'));
  };
  const conclude = async (ending: Promise<void>): Promise<boolean> => {
    const kept = await ending.then(
      () => true,
      () => false,
    );
    exchange.onLeave = null;
    if (exchange.left) settle(parts, exchange);
    return kept;
  };

  exchange.onLeave = () => {
    exchange.left = true;
    upstream?.resume();
    giveUpUnheard();
  };

  return {
    start(controller, itsStatus, itsHead) {
      upstream = controller;
      if (itsStatus < 200) {
        if (!over(exchange)) inner.start(controller, itsStatus, itsHead);
        return;
      }
      status = itsStatus;
      head = itsHead;
      if (isStream(head)) pass(controller);
    },
    data(controller, chunk) {
      seen += chunk.length;
      if (!tooLarge()) chunks.push(chunk);
      if (passing) {
        if (!over(exchange)) inner.data(controller, chunk);
      } else if (tooLarge()) {
        pass(controller);
        if (!over(exchange)) inner.data(controller, Buffer.concat([...chunks, chunk]));
      } else if (!over(exchange)) {
        // The caller hears nothing meanwhile, though something moves.
        exchange.req.socket.setTimeout(parts.timeouts.idleMs);
      }
      if (tooLarge()) chunks = [];
      giveUpUnheard();
    },
    end(_, trailers) {
      const answer = { status, headers: head, trailers, body: Buffer.concat(chunks) };
      void conclude(run.finish(status, tooLarge() ? null : answer)).then((kept) => {
        if (over(exchange)) return;
        if (kept || !isFinal(status)) {
          if (passing) inner.end(ENDED, trailers);
          else sendAnswer(inner, answer);
        } else if (exchange.res.headersSent) exchange.res.destroy();
        else refuse(parts, exchange, 'idempotency_unknown');
      });
    },
    fail(answer) {
      const failed = status >= 200 && !isFinal(status);
      void conclude(failed ? run.finish(status, null) : run.abandon()).then(() => {
        if (!over(exchange)) answer();
      });
    },
  };
}
