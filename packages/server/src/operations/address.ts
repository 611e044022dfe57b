// Addresses and origins from text: parsed here once, compared in core.

import { isIP } from 'node:net';
import type { AddressRange } from '@latchkey/core';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';

/** An address as 4 or 16 bytes, v4-mapped v6 as v4; null when it is none. */
export function parseAddress(text: string | null): number[] | null {
  // ipaddr.js also takes `10`, `1.2.3` and octal, which proxies and people read differently.
  if (text === null || isIP(text) === 0) return null;
  return ipaddr.process(text).toByteArray();
}

/** A range as `address` or `address/bits`; a v4-mapped v6 range is the v4 range. */
export function parseRange(text: string): AddressRange | null {
  const [address, bits, ...rest] = text.split('/');
  if (address === undefined || isIP(address) === 0 || rest.length > 0) return null;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return null;
  const parsed = ipaddr.parse(address);
  const mapped = parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).isIPv4MappedAddress();
  const bytes = ipaddr.process(address).toByteArray();
  const given = bits === undefined ? bytes.length * 8 : Number(bits) - (mapped ? 96 : 0);
  return Number.isInteger(given) && given >= 0 && given <= bytes.length * 8 ? { bytes, bits: given } : null;
}

/** The network that failures are counted by: a v4 address, or the /64 a v6 customer usually has. */
export function networkOf(text: string): string {
  const bytes = parseAddress(text);
  if (bytes === null) return text;
  return (bytes.length === 4 ? bytes : bytes.slice(0, 8)).join('.');
}

/** The block of neighbours that a customer's machines usually share, as a range: /24 of v4, /48 of v6; null when it is no address. */
export function blockOf(text: string | null): string | null {
  const bytes = parseAddress(text);
  if (bytes === null) return null;
  const v4 = bytes.length === 4;
  const kept = v4 ? 3 : 6;
  const first = ipaddr.fromByteArray(bytes.map((byte, at) => (at < kept ? byte : 0)));
  return `${first.toString()}/${kept * 8}`;
}

/** Pages call again and again, and reading a URL takes longer than the rest of a decision about it. */
const REMEMBERED_ORIGINS = 2_000;
const LONGEST_REMEMBERED = 200;
const origins = new LRUCache<string, { origin: string | null }>({ max: REMEMBERED_ORIGINS });

/** `scheme://host[:port]` of a Referer or Origin, lower case without default port; null when it has none. */
export function originOf(referrer: string | null): string | null {
  if (referrer === null) return null;
  const known = origins.get(referrer);
  if (known !== undefined) return known.origin;
  const origin = readOrigin(referrer);
  if (referrer.length <= LONGEST_REMEMBERED) origins.set(referrer, { origin });
  return origin;
}

function readOrigin(referrer: string): string | null {
  if (!/^https?:/i.test(referrer)) return null;
  try {
    return new URL(referrer).origin;
  } catch {
    return null;
  }
}

/** Whether a text is an origin exactly as a browser serializes it; `null`, lists and other spellings are none (RFC 6454 §6.2). */
export const isOrigin = (text: string): boolean => !text.includes(',') && originOf(text) === text;

/**
 * The one of Origin and Referer that counts, from a flat list of names and values. A page cannot write its own Origin, so that comes first, and
 * one that is none hides no Referer. Of two lines nobody can tell which one is meant: then there is none.
 */
export function referrerOf(rawHeaders: readonly string[]): string | null {
  let origin: string | null = null;
  let referer: string | null = null;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] ?? '';
    if (name.length === 6 && name.toLowerCase() === 'origin') {
      if (origin !== null || !isOrigin(value)) return null;
      origin = value;
    } else if (name.length === 7 && name.toLowerCase() === 'referer') {
      if (referer !== null) return null;
      referer = value;
    }
  }
  return origin ?? referer;
}
