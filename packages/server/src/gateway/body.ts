// The request's body on its way in: streamed on with its size watched, or read whole where a row has to look inside.

import { Readable } from 'node:stream';
import { type Exchange, free } from './exchange.js';
import type { Parts } from './parts.js';
import { sendFault } from './reply.js';

const UPLOAD_BUFFER_BYTES = 64 * 1024;

/** The size a caller declares, in bytes; null when it declares none. */
export function declaredLength({ req }: Exchange): number | null {
  const declared = req.headers['content-length'];
  return declared === undefined ? null : Number(declared);
}

/**
 * The body as a stream that the upstream reads at its own pace. Past the size limit the upstream is aborted and the caller
 * answered 413, or cut when its answer has begun.
 */
export function streamBody(parts: Parts, exchange: Exchange): Readable {
  const { req } = exchange;
  let seen = 0;
  const upload = new Readable({
    highWaterMark: UPLOAD_BUFFER_BYTES,
    read: () => void req.resume(),
    destroy(error, done) {
      // What the upstream did not want is read and dropped, so that the caller can read its answer.
      req.resume();
      done(error);
    },
  });
  upload.on('error', () => {});
  req.pause();
  req.on('data', (chunk: Buffer) => {
    seen += chunk.length;
    if (seen > parts.maxBodyBytes) refuse(parts, exchange);
    else if (!upload.destroyed && !upload.push(chunk)) req.pause();
  });
  req.on('end', () => upload.push(null));
  req.on('close', () => {
    if (!req.complete) upload.destroy(new Error('the caller left'));
  });
  req.on('error', () => {});
  admit(exchange);
  return upload;
}

/** The whole body; null when the caller left or was answered 413 for more than `mostBytes`. */
export function readBody(parts: Parts, exchange: Exchange, mostBytes: number): Promise<Buffer | null> {
  const { req } = exchange;
  const chunks: Buffer[] = [];
  let seen = 0;
  admit(exchange);
  return new Promise((resolve) => {
    req.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      if (seen <= mostBytes) return void chunks.push(chunk);
      chunks.length = 0;
      refuse(parts, exchange);
      resolve(null);
    });
    req.on('end', () => resolve(Buffer.concat(chunks)));
    req.on('close', () => resolve(null));
    req.on('error', () => {});
  });
}

/** Lets a caller go on that waits for `100 Continue`. */
function admit(exchange: Exchange): void {
  if (exchange.awaitsContinue) exchange.res.writeContinue();
  exchange.awaitsContinue = false;
}

function refuse(parts: Parts, exchange: Exchange): void {
  const { req, res } = exchange;
  if (exchange.answered) return;
  exchange.answered = true;
  exchange.abort?.();
  free(exchange);
  if (res.headersSent) req.socket.destroy();
  else sendFault(parts, exchange, { code: 'payload_too_large' });
}
