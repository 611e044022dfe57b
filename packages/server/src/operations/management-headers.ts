// What the headers of a management call say, and those of its refusal. One reading for every listener that takes such calls.

import { type Actor, LatchkeyError, readCredential } from '@latchkey/core';
import type { Engine } from './engine.js';

/** The values of every line of one header, as received. `name` in lower case. */
export function headerLines(rawHeaders: readonly string[], name: string): string[] {
  const lines: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const line = rawHeaders[at] as string;
    if (line.length === name.length && line.toLowerCase() === name) lines.push(rawHeaders[at + 1] as string);
  }
  return lines;
}

/** @throws LatchkeyError `unauthenticated`, `too_many_failures`, `unavailable` */
export async function authenticateHeaders(
  engine: Engine,
  rawHeaders: readonly string[],
  ip: string | null,
): Promise<Actor> {
  const reading = readCredential(rawHeaders, { header: 'authorization', scheme: 'Bearer' });
  if ('reason' in reading && reading.reason !== 'missing_credential') {
    const ambiguous = reading.reason === 'ambiguous_credential';
    throw new LatchkeyError(
      'unauthenticated',
      ambiguous ? 'Send exactly one credential.' : 'Send `Authorization: Bearer …`.',
    );
  }
  return engine.authenticate('secret' in reading ? reading.secret : null, ip);
}

/** @throws LatchkeyError `idempotency_key_invalid` */
export function idempotencyKeyOf(rawHeaders: readonly string[]): string | null {
  const lines = headerLines(rawHeaders, 'idempotency-key');
  if (lines.length > 1) throw new LatchkeyError('idempotency_key_invalid', 'Send Idempotency-Key once.');
  return lines[0] ?? null;
}

/** Headers that belong to an error whatever its body looks like. */
export function errorHeaders(error: LatchkeyError): Record<string, string> {
  const headers: Record<string, string> = {};
  const wait = error.retryAfterSeconds ?? (error.status === 429 || error.status === 503 ? 1 : null);
  if (wait !== null) headers['retry-after'] = String(Math.max(1, Math.ceil(wait)));
  // RFC 9110 §11.6.1: every 401 names the way to authenticate.
  if (error.status === 401) headers['www-authenticate'] = 'Bearer realm="latchkey"';
  return headers;
}
