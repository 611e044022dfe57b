// Reading the one credential of a request from the one place the profile names (RFC 9110 §11.4, RFC 6750 §2.1). Never from the URL.

import type { Reason } from './reasons.js';

/** Where a profile's credential stands: a scheme in `Authorization`, or a header of its own. */
export type CredentialPlace = { header: 'authorization'; scheme: string } | { header: 'x-api-key' };

export type CredentialReading = { secret: string } | { reason: Extract<Reason, `${string}_credential`> };

/** Header names that carry credentials; all of them are read to see whether there is exactly one, and none reaches an upstream. */
export const CREDENTIAL_HEADERS = ['authorization', 'x-api-key'] as const;

const TOKEN68 = /^[A-Za-z0-9._~+/-]+=*$/;
/** Longer than any secret made or imported here. */
const MAX_SECRET_LENGTH = 512;

/** True for a text that can be presented at all, as one token68 of bounded length. */
export const isPresentable = (secret: string): boolean => secret.length <= MAX_SECRET_LENGTH && TOKEN68.test(secret);

/**
 * Reads the credential from raw headers, a flat list of names and values as received, so that repeated lines stay visible.
 * Two credential lines are refused even when equal; the grammar is exactly `scheme SP token68`, the scheme in any case.
 */
export function readCredential(rawHeaders: readonly string[], place: CredentialPlace): CredentialReading {
  const lines: { name: string; value: string }[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    if ((CREDENTIAL_HEADERS as readonly string[]).includes(name))
      lines.push({ name, value: rawHeaders[at + 1] as string });
  }
  if (lines.length > 1) return { reason: 'ambiguous_credential' };
  const line = lines[0];
  if (line === undefined || line.name !== place.header || line.value === '') return { reason: 'missing_credential' };
  return 'scheme' in place ? readScheme(line.value, place.scheme) : readBare(line.value);
}

function readScheme(value: string, scheme: string): CredentialReading {
  const space = value.indexOf(' ');
  const given = space < 0 ? value : value.slice(0, space);
  if (given.toLowerCase() !== scheme.toLowerCase()) return { reason: 'malformed_credential' };
  // `Bearer` with nothing behind it is what an unset variable in a shell line sends.
  return space < 0 || value.length === space + 1 ? { reason: 'missing_credential' } : readBare(value.slice(space + 1));
}

const readBare = (value: string): CredentialReading =>
  isPresentable(value) ? { secret: value } : { reason: 'malformed_credential' };
