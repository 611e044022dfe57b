// What becomes of a whole answer whose reader may not see some fields. Pure: bytes in, bytes out, or the reason why it cannot be read.

import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { gateFields } from '@latchkey/core';

export const MOST_GATED_BYTES = 10 * 1024 * 1024;

export interface MediaType {
  /** Lower case, without parameters; empty when there is none. */
  name: string;
  /** null when none is named. */
  charset: string | null;
}

export function mediaType(contentType: string): MediaType {
  const [name = '', ...parameters] = contentType.toLowerCase().split(';');
  const charset = parameters.map((text) => text.match(/^\s*charset\s*=\s*"?([^\s"]*)"?\s*$/)?.[1]).find((set) => set);
  return { name: name.trim(), charset: charset ?? null };
}

export interface WholeAnswer {
  status: number;
  type: MediaType;
  /** As it came; empty: none. */
  encoding: string;
  bytes: Buffer;
}

export type GatedAnswer = { bytes: Buffer; omitted: readonly string[] } | { unreadable: string };

const JSON_TYPE = /^(?:application\/json|text\/json|[^/]+\/[^/]+\+json)$/;
/** Pages of errors and redirects: what proxies and frameworks say when there is no answer. */
const PROSE = new Set(['', 'text/html', 'text/plain']);
const UTF_8 = new Set([null, 'utf-8', 'utf8', 'us-ascii']);
/** Character sets in which a name of plain letters has the bytes it has in ASCII, and no others. */
const LIKE_ASCII = new Set([...UTF_8, 'iso-8859-1', 'windows-1252']);

/** Leaves the hidden fields out. A body of another type than JSON is gated like JSON when it is JSON all the same. */
export function gateAnswer(
  { status, type, encoding, bytes: coded }: WholeAnswer,
  hidden: readonly string[],
): GatedAnswer {
  if (coded.length === 0) return { bytes: coded, omitted: [] };
  const bytes = decoded(coded, encoding);
  if (bytes === null) return { unreadable: `a body with the content encoding ${encoding}` };

  const isJson = JSON_TYPE.test(type.name);
  if (isJson && !UTF_8.has(type.charset)) return { unreadable: `JSON in ${type.charset}` };
  if (isJson && isFramed(bytes) && isUtf8(bytes) && namesNone(bytes, hidden)) return { bytes, omitted: [] };
  if (isJson || isFramed(bytes)) {
    const gated = gatedJson(bytes, hidden);
    if (gated !== null) return gated;
  }
  const spoken = status >= 300 && (isJson || PROSE.has(type.name)) && LIKE_ASCII.has(type.charset);
  if (spoken && !opensLikeJson(bytes) && namesNone(bytes, hidden)) return { bytes, omitted: [] };
  return { unreadable: isJson ? 'a body that is no JSON' : `a body of the type ${type.name || 'that was not named'}` };
}

function decoded(bytes: Buffer, encoding: string): Buffer | null {
  const limit = { maxOutputLength: MOST_GATED_BYTES };
  try {
    switch (encoding.trim().toLowerCase()) {
      case '':
      case 'identity':
        return bytes;
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(bytes, limit);
      case 'br':
        return brotliDecompressSync(bytes, limit);
      case 'deflate':
        // Some senders leave out the zlib wrapper, whose first byte has 8 in its low half.
        return (bytes[0] ?? 0) % 16 === 8 ? inflateSync(bytes, limit) : inflateRawSync(bytes, limit);
      default:
        return null;
    }
  } catch {
    return null;
  }
}

const UTF8_TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BOM = '\ufeff';

/** The text in strict UTF-8, and a byte order mark in front of it apart; null when it is no such text. */
export function textOf(bytes: Uint8Array): { mark: string; text: string } | null {
  try {
    const text = UTF8_TEXT.decode(bytes);
    return text.startsWith(BOM) ? { mark: BOM, text: text.slice(1) } : { mark: '', text };
  } catch {
    return null;
  }
}

function gatedJson(bytes: Buffer, hidden: readonly string[]): { bytes: Buffer; omitted: readonly string[] } | null {
  const read = textOf(bytes);
  if (read === null) return null;
  try {
    const { text, omitted } = gateFields(read.text, hidden);
    return { bytes: omitted.length === 0 ? bytes : Buffer.from(read.mark + text), omitted };
  } catch {
    return null;
  }
}

const SPACE = /[\s\0\ufeff]/;

const firstOf = (bytes: Buffer): string => bytes.toString('utf8', 0, 256).trimStart().charAt(0);

const opensLikeJson = (bytes: Buffer): boolean => /[[{]/.test(firstOf(bytes));

/** true when the first and the last character are those of a JSON object or list. */
function isFramed(bytes: Buffer): boolean {
  let last = bytes.length - 1;
  while (last > 0 && SPACE.test(String.fromCharCode(bytes[last] as number))) last--;
  const ends = firstOf(bytes) + String.fromCharCode(bytes[last] as number);
  return ends === '{}' || ends === '[]';
}

/**
 * true when no member can have a hidden name, in whichever way the body is read: without a backslash nothing is escaped,
 * and without NUL it is no wider encoding, so a name of plain letters would stand there as it is.
 */
export function namesNone(bytes: Buffer, hidden: readonly string[]): boolean {
  if (bytes.includes(BACKSLASH) || bytes.includes(0)) return false;
  return hidden.every((path) => {
    const name = path.slice(path.lastIndexOf('.') + 1);
    return PLAIN_NAME.test(name) && !bytes.includes(name);
  });
}

const BACKSLASH = 0x5c;
const PLAIN_NAME = /^[\w$@-]+$/;
