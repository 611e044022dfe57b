// Whether a change under a session cookie was sent by our own pages. Cookies come along with whatever site makes a browser call.

import { type Actor, LatchkeyError, type Vault } from '@latchkey/core';
import { headerLines } from './management-headers.js';
import { originsOf } from './public-origins.js';

const PURPOSE = 'latchkey/csrf/v1';

/** Belongs to one session, and is kept nowhere. */
export function csrfTokenOf(vault: Pick<Vault, 'mac'>, auditKey: string, sessionId: string): string {
  const key = Buffer.from(vault.mac(auditKey, PURPOSE), 'hex').toString('base64url');
  return Buffer.from(vault.mac(key, sessionId), 'hex').toString('base64url');
}

const refused = (detail: string): LatchkeyError => new LatchkeyError('csrf_refused', detail);

/**
 * What a browser says about where a request comes from. One that says nothing is no browser, or one too old to know.
 * @throws LatchkeyError `csrf_refused`
 */
export function judgeOrigin(rawHeaders: readonly string[], publicUrl: string): void {
  const own = originsOf(publicUrl);
  if (headerLines(rawHeaders, 'origin').some((origin) => !own.includes(origin)))
    throw refused(`The request comes from another origin than ${new URL(publicUrl).origin}.`);
  const sites = headerLines(rawHeaders, 'sec-fetch-site');
  if (sites.some((site) => site !== 'same-origin' && site !== 'none'))
    throw refused('The browser says that another site made this request.');
}

/** @throws LatchkeyError `csrf_refused` */
export function judgeCsrf(
  session: NonNullable<Actor['session']>,
  rawHeaders: readonly string[],
  publicUrl: string,
  equal: Vault['equal'],
): void {
  judgeOrigin(rawHeaders, publicUrl);
  const tokens = headerLines(rawHeaders, 'x-csrf-token');
  if (tokens.length !== 1 || !equal(tokens[0] as string, session.csrfToken))
    throw refused("Send the session's csrfToken of `GET /v1/self` once, as X-CSRF-Token.");
}
