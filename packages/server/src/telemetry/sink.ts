// Where log lines go: a file or a pipe, written in batches beside the requests. What a line says is decided elsewhere.

import { close, existsSync, mkdirSync, openSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { LatchkeyError } from '@latchkey/core';

export interface Sink {
  /** Never blocks and never throws; what cannot be kept is counted and said later. */
  write(line: string): void;
  /** Resolves once what was written so far is out, or cannot be within a second. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const GATHER_MS = 20;
const FLUSH_WITHIN_MS = 1000;
const RETRY_MS = 50;
/** Lines that wait for a slow disk; more are dropped. */
const MAX_WAITING = 8 * 1024 * 1024;

/** Opened before anything is logged, so that a log file that cannot be written stops the start. */
export function openLogFile(file: string): number {
  try {
    // One level only: below /proc Node's recursive way does not come back.
    if (!existsSync(dirname(file))) mkdirSync(dirname(file));
    return openSync(file, 'a', 0o600);
  } catch (cause) {
    const detail = `The log file ${file} cannot be written: check its directory.`;
    throw new LatchkeyError('configuration_invalid', detail, { cause });
  }
}

/**
 * Writes to an open descriptor, one write at a time and in order. A full disk loses lines, never a request: each batch is
 * tried once, and again only while a pipe says it is full. What still waits when the process exits is written then.
 */
export function bufferedSink(descriptor: number, noteDropped: (lines: number) => string): Sink {
  let waiting: string[] = [];
  let size = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> | null = null;
  let closed = false;

  function takeBatch(): Buffer {
    if (dropped > 0) waiting.unshift(noteDropped(dropped));
    const batch = Buffer.from(waiting.join(''), 'utf8');
    waiting = [];
    size = 0;
    dropped = 0;
    return batch;
  }

  const writeBatch = (batch: Buffer, lines: number) =>
    new Promise<void>((resolve) => {
      const from = (at: number) => {
        write(descriptor, batch, at, batch.length - at, null, (error, written) => {
          if (error?.code === 'EAGAIN') {
            setTimeout(from, RETRY_MS, at);
          } else if (error !== null) {
            dropped += lines;
            resolve();
          } else if (at + written < batch.length) {
            from(at + written);
          } else {
            resolve();
          }
        });
      };
      from(0);
    });

  function start(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (writing !== null || waiting.length === 0) return;
    const lines = waiting.length;
    writing = writeBatch(takeBatch(), lines).then(() => {
      writing = null;
      start();
    });
  }

  const flush = async () => {
    start();
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      limit = setTimeout(resolve, FLUSH_WITHIN_MS, true);
    });
    // Each round is one batch; lines that come meanwhile start the next.
    while (writing !== null && !(await Promise.race([writing.then(() => false), late])));
    clearTimeout(limit);
  };

  const onExit = () => {
    if (waiting.length === 0) return;
    try {
      writeSync(descriptor, takeBatch());
    } catch {
      // Nothing is left to tell it to.
    }
  };
  process.once('exit', onExit);

  return {
    write(line) {
      if (closed || size > MAX_WAITING) {
        dropped++;
        return;
      }
      waiting.push(line);
      size += line.length;
      // Unreferenced: a process that has nothing else to do ends, and `onExit` writes the rest.
      if (writing === null) timer ??= setTimeout(start, GATHER_MS).unref();
    },
    flush,
    async close() {
      if (closed) return;
      closed = true;
      await flush();
      process.off('exit', onExit);
      if (descriptor > 2) await new Promise<void>((resolve) => close(descriptor, () => resolve()));
    },
  };
}

/** A stream that somebody else opened and closes. */
export const streamSink = (stream: { write(line: string): unknown }): Sink => ({
  write: (line) => void stream.write(line),
  flush: async () => {},
  close: async () => {},
});
