// Server-sent events and lines of JSON whose reader may not see some fields: each is held until it is whole, then gated. Pure.

import { gateFields } from '@latchkey/core';
import { MOST_GATED_BYTES, namesNone, textOf } from './gated-body.js';

export interface Passed {
  /** What may go on now. */
  bytes: Buffer;
  /** false: what follows cannot be read, and nothing more may pass. */
  readable: boolean;
}

export interface GatedStream {
  push(chunk: Buffer): Passed;
  /** What is left when the stream ends in the middle of a piece. */
  end(): Passed;
}

/** How a stream falls into pieces. */
export type Format = 'events' | 'lines';

const LF = 0x0a;
const CR = 0x0d;

export function gatedStream(format: Format, hidden: readonly string[]): GatedStream {
  const isEvents = format === 'events';
  let held: Buffer[] = [];
  let heldBytes = 0;
  let readable = true;
  let isFirst = true;
  /** Of events: where the reader of bytes stands. */
  let atLineStart = true;
  let afterCr = false;

  const take = (): Buffer | null => {
    const bytes = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held);
    held = [];
    heldBytes = 0;
    const gated = isEvents ? gateEvent(bytes, hidden, isFirst) : gateLine(bytes, hidden, isFirst);
    isFirst = false;
    return gated;
  };

  /** The end of the piece that begins before `from`, if it is in the chunk; else -1. */
  const endOfPiece = (chunk: Buffer, from: number): number => {
    if (!isEvents) return chunk.indexOf(LF, from) + 1 || -1;
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at];
      const secondHalf = byte === LF && afterCr;
      const blank = atLineStart && (byte === CR || (byte === LF && !secondHalf));
      afterCr = byte === CR;
      atLineStart = byte === CR || byte === LF;
      // The second half of a line end belongs to what it ends, which is gone if nothing is held.
      if (blank || (secondHalf && at === from && heldBytes === 0)) return at + 1;
    }
    return -1;
  };

  return {
    push(chunk) {
      const out: Buffer[] = [];
      for (let from = 0; from < chunk.length && readable; ) {
        const end = endOfPiece(chunk, from);
        const part = chunk.subarray(from, end < 0 ? chunk.length : end);
        from += part.length;
        held.push(part);
        heldBytes += part.length;
        const piece = heldBytes > MOST_GATED_BYTES ? null : end < 0 ? NOTHING : take();
        if (piece === null) readable = false;
        else out.push(piece);
      }
      if (!readable) held = [];
      return { bytes: Buffer.concat(out), readable };
    },
    end() {
      const rest = readable && heldBytes > 0 ? take() : NOTHING;
      return { bytes: rest ?? NOTHING, readable: readable && rest !== null };
    },
  };
}

const NOTHING = Buffer.alloc(0);

/** A line with its end; null: it cannot be read. */
function gateLine(bytes: Buffer, hidden: readonly string[], isFirst: boolean): Buffer | null {
  const read = textOf(bytes);
  if (read === null || (read.mark !== '' && !isFirst)) return null;
  if (/^[ \t\r\n]*$/.test(read.text)) return bytes;
  const gated = gatedText(read.text, hidden);
  return gated === null ? null : gated === read.text ? bytes : Buffer.from(read.mark + gated);
}

/** Ends the data of many streams, and is no JSON. */
const DONE = '[DONE]';

/** An event by the grammar of the HTML standard §9.2.6, with its line ends; null: it cannot be read. */
function gateEvent(bytes: Buffer, hidden: readonly string[], isFirst: boolean): Buffer | null {
  const read = textOf(bytes);
  if (read === null || (read.mark !== '' && !isFirst)) return null;
  const lines = read.text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
  const isData = (line: string): boolean => /^data(?::|[\r\n]|$)/.test(line);
  const rest = lines.filter((line) => !isData(line));
  if (!namesNone(Buffer.from(rest.join('')), hidden)) return null;

  const data = lines.filter(isData).map((line) => line.replace(/^data:? ?/, '').replace(/[\r\n]+$/, ''));
  const payload = data.join('\n');
  if (payload.trim() === '' || payload === DONE) return bytes;
  const gated = gatedText(payload, hidden);
  if (gated === null) return null;
  if (gated === payload) return bytes;

  const first = lines.findIndex(isData);
  const lineEnd = lines[first]?.match(/[\r\n]+$/)?.[0] ?? '\n';
  const rewritten = gated.split('\n').map((line) => `data: ${line}${lineEnd}`);
  const out = lines.flatMap((line, at) => (at === first ? rewritten : isData(line) ? [] : [line]));
  return Buffer.from(read.mark + out.join(''));
}

function gatedText(text: string, hidden: readonly string[]): string | null {
  try {
    return gateFields(text, hidden).text;
  } catch {
    return null;
  }
}
