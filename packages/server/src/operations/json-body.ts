// Reading a JSON body strictly, so that what is judged is what was sent. It knows no operation.

import { isAscii, isUtf8 } from 'node:buffer';
import { LatchkeyError } from '@latchkey/core';

const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Where the text that begins at `start` ends, escaped quotes passed over. */
function endOfText(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** How deep the text nests and how many members its objects name, read off the bytes without a stack. */
function survey(bytes: Buffer): { depth: number; members: number } {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  const escapes = bytes.includes(BACKSLASH);
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE:
        at = escapes ? endOfText(bytes, at) : bytes.indexOf(QUOTE, at + 1);
        if (at < 0) return { depth: deepest, members };
        break;
      case COLON:
        members++;
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth++;
        if (depth > deepest) deepest = depth;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--;
        break;
    }
  }
  return { depth: deepest, members };
}

/** Members of all objects in the value. Depth is bounded before this runs. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
    return count;
  }
  for (const name of Object.keys(value)) {
    if (name === '__proto__') throw new LatchkeyError('invalid_request', 'No member may be named __proto__.');
    count += 1 + countMembers((value as Record<string, unknown>)[name]);
  }
  return count;
}

/**
 * The value of a body; undefined when it is empty. Beyond what JSON.parse refuses, these are refused: invalid UTF-8, a byte
 * order mark, nesting deeper than 64, a name that stands twice in one object, and the name `__proto__`.
 * @throws LatchkeyError `invalid_json`, `invalid_request`.
 */
export function readJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new LatchkeyError('invalid_json', 'The body is not UTF-8.');
  const { depth, members } = survey(bytes);
  if (depth > MAX_DEPTH) throw new LatchkeyError('invalid_request', `The body nests deeper than ${MAX_DEPTH}.`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'));
  } catch {
    // The parser's own message quotes the body, which may hold a secret.
    throw new LatchkeyError('invalid_json', 'The body is not well-formed JSON.');
  }
  // JSON.parse keeps the last of two equal names; then fewer members come out than went in.
  if (members !== countMembers(value)) {
    throw new LatchkeyError('invalid_json', 'A name stands twice in one object.');
  }
  return value;
}
