// Reading a query string strictly: every parameter once, well-formed. Which parameters there are, the operation says.

import { LatchkeyError } from '@latchkey/core';

const refuse = (message: string, fix: string) =>
  new LatchkeyError('invalid_request', `query: ${message}`, { errors: [{ path: 'query', message, fix }] });

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw refuse('is not percent-encoded UTF-8', 'Encode each value with encodeURIComponent.');
  }
}

/** @throws LatchkeyError `invalid_request` */
export function readQuery(text: string): Record<string, string> {
  // Without a prototype, so that a parameter named `__proto__` is a name like any other.
  const values: Record<string, string> = Object.create(null);
  if (text === '') return values;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (name in values) throw refuse('a parameter stands twice', 'Send each parameter once.');
    values[name] = equals < 0 ? '' : decode(pair.slice(equals + 1));
  }
  return values;
}
