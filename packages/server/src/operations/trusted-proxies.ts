// Whose address a request comes from, behind proxies that the operator named. Nothing else about the request.

import { isIP } from 'node:net';
import { inRange, LatchkeyError } from '@latchkey/core';
import { parseAddress, parseRange } from './address.js';

export interface TrustedProxies {
  /** A socket's peer in plain form: v4-mapped v6 as v4, without zone. null when it has none. */
  plain(peer: string | undefined): string | null;
  trusts(address: string | null): boolean;
  /**
   * The rightmost hop that is not a trusted proxy; the leftmost when all are. The header counts only when the peer is trusted.
   * null when a trusted proxy named something that is no address: then nobody knows.
   */
  clientOf(peer: string | undefined, forwardedFor: string | undefined): string | null;
}

function plainAddress(text: string): string | null {
  const address = text.includes('%') ? text.slice(0, text.indexOf('%')) : text;
  if (isIP(address) === 0) return null;
  if (isIP(address) === 4) return address;
  const bytes = parseAddress(address);
  return bytes?.length === 4 ? bytes.join('.') : address.toLowerCase();
}

/** One entry of X-Forwarded-For, which some proxies write with a port: `192.0.2.1:443`, `[2001:db8::1]:443`. */
const hopAddress = (hop: string): string | null =>
  plainAddress(/^\[([^\]]*)\](?::\d{1,5})?$/.exec(hop)?.[1] ?? hop.replace(/^([\d.]+):\d{1,5}$/, '$1'));

/** @throws LatchkeyError `configuration_invalid` for an entry that is neither an address nor a CIDR range. */
export function trustedProxies(named: readonly string[]): TrustedProxies {
  const ranges = named.map((text) => {
    const range = parseRange(text);
    if (range !== null) return range;
    throw new LatchkeyError(
      'configuration_invalid',
      `The trusted proxy ${JSON.stringify(text)} is neither an address nor a CIDR range.`,
    );
  });
  const trusts = (address: string | null): boolean => {
    if (ranges.length === 0 || address === null) return false;
    const bytes = parseAddress(address);
    return bytes !== null && ranges.some((range) => inRange(bytes, range));
  };
  const plain = (peer: string | undefined): string | null => (peer === undefined ? null : plainAddress(peer));

  return {
    plain,
    trusts,
    clientOf(peer, forwardedFor) {
      let client = plain(peer);
      if (forwardedFor === undefined || !trusts(client)) return client;
      for (const hop of forwardedFor.split(',').reverse()) {
        client = hopAddress(hop.trim());
        if (!trusts(client)) return client;
      }
      return client;
    },
  };
}
