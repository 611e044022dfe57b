// How many items a batch request asks for. It counts, and says when counting cannot be trusted; it limits nothing.

import type { Fault } from './reply.js';

/**
 * Counts the list at a JSON Pointer (RFC 6901). A body that readers might understand differently, or without that list, is
 * refused: its size would be the upstream's guess, and the tier's bound with it.
 */
export function countBatch(body: Buffer, pointer: string, contentEncoding: string | undefined): number | Fault {
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') {
    return { code: 'unsupported_media_type', message: 'Send the batch without a content encoding.' };
  }
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    json = JSON.parse(text);
  } catch {
    return { code: 'invalid_json' };
  }
  const list = valueAt(json, pointer);
  if (!Array.isArray(list)) {
    return { code: 'invalid_request', message: `The body needs a list at ${pointer}.` };
  }
  if (countStrings(json) !== countQuoted(text)) {
    return { code: 'invalid_request', message: 'The body names a member twice.' };
  }
  return list.length;
}

function valueAt(json: unknown, pointer: string): unknown {
  let value = json;
  for (const step of pointer.slice(1).split('/')) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Names and texts in a parsed value. A member that stood twice is there once, so the count differs from the text's. */
function countStrings(json: unknown): number {
  let count = 0;
  const open: unknown[] = [json];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') count++;
    else if (Array.isArray(value)) for (const entry of value) open.push(entry);
    else if (typeof value === 'object' && value !== null) {
      const entries = Object.values(value);
      count += entries.length;
      for (const entry of entries) open.push(entry);
    }
  }
  return count;
}

/** Quoted texts in JSON that is known to be valid. */
function countQuoted(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    count++;
    for (at++; text[at] !== '"'; at++) if (text[at] === '\\') at++;
  }
  return count;
}
