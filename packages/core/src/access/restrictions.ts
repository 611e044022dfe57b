// Where a key may be used from: addresses, referrers and endpoints. Matching only; addresses and origins arrive already parsed.

import { matchesPath } from './path.js';

/** As stored and shown. Each list that is present must match; an absent list allows all. */
export interface Restrictions {
  /** Addresses or CIDR ranges, v4 or v6. */
  ips?: string[] | undefined;
  /** Origins `https://host[:port]`; a leading `*.` in the host stands for one or more labels. */
  referrers?: string[] | undefined;
  /** `[METHOD ]/path`, where `*` is one segment and a final `**` any rest. */
  endpoints?: string[] | undefined;
}

/** An address range: `bytes` of the network (4 or 16), of which the first `bits` count. */
export interface AddressRange {
  bytes: readonly number[];
  bits: number;
}

/** True when `address` lies in `range`; different families never match (v4-mapped v6 is v4 by the time it comes here). */
export function inRange(address: readonly number[], range: AddressRange): boolean {
  if (address.length !== range.bytes.length) return false;
  const whole = range.bits >> 3;
  for (let at = 0; at < whole; at++) if (address[at] !== range.bytes[at]) return false;
  const rest = range.bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((address[whole] ?? 0) & mask) === ((range.bytes[whole] ?? 0) & mask);
}

/** The grammar of a referrer pattern: an origin without its default port, which no browser sends; nothing behind it. */
export const REFERRER_PATTERN =
  /^(?!https:.*:443$|http:.*:80$)https?:\/\/(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?$/;

/**
 * True when an origin (`scheme://host[:port]`, lower case, default port left out) fits one of the patterns. Whole labels
 * are compared, so `https://good.example.evil` is never `good.example`.
 */
export function matchesReferrer(origin: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const wildcard = pattern.indexOf('://*.');
    if (wildcard < 0) return origin === pattern;
    const scheme = pattern.slice(0, wildcard + 3);
    const suffix = pattern.slice(wildcard + 4);
    return origin.startsWith(scheme) && origin.endsWith(suffix) && origin.length > scheme.length + suffix.length;
  });
}

/** Every referrer pattern that an origin fits: the other way round to `matchesReferrer`, so that many patterns take no search. */
export function patternsFor(origin: string): string[] {
  const start = origin.indexOf('://') + 3;
  const patterns = [origin];
  for (let dot = origin.indexOf('.', start); dot > 0; dot = origin.indexOf('.', dot + 1)) {
    // Something has to stand in front of the dot.
    if (dot > start) patterns.push(`${origin.slice(0, start)}*${origin.slice(dot)}`);
  }
  return patterns;
}

/** The grammar of an endpoint pattern. */
export const ENDPOINT_PATTERN = /^([A-Z]+ )?\/[A-Za-z0-9._~!$&'()*+,=:@/-]*$/;

/** True when method and path fit one of the endpoint patterns. */
export function matchesEndpoint(method: string, path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const space = pattern.indexOf(' ');
    if (space > 0 && pattern.slice(0, space) !== method) return false;
    return matchesPath(path, pattern.slice(space + 1)) !== null;
  });
}

/** True when `inner` allows nothing that `outer` does not: every list of `outer` is there and only names what it names. */
export function isWithin(inner: Restrictions | null, outer: Restrictions | null): boolean {
  for (const name of ['ips', 'referrers', 'endpoints'] as const) {
    const allowed = outer?.[name];
    if (allowed && !inner?.[name]?.every((entry) => allowed.includes(entry))) return false;
  }
  return true;
}
