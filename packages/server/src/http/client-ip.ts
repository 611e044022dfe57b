// Whose address a request comes from, behind proxies that the operator named. Nothing else about the request.

import { isIP } from 'node:net';
import { type AddressRange, inRange, LatchkeyError } from '@latchkey/core';
import { parseAddress, parseRange } from '../operations/address.js';

/** A v4-mapped v6 address as v4; null when it is no address. */
function plainAddress(text: string): string | null {
  const address = text.includes('%') ? text.slice(0, text.indexOf('%')) : text;
  if (isIP(address) === 0) return null;
  const bytes = parseAddress(address);
  return bytes?.length === 4 ? bytes.join('.') : address.toLowerCase();
}

/** One entry of X-Forwarded-For, which some proxies write with a port: `192.0.2.1:443`, `[2001:db8::1]:443`. */
const hopAddress = (hop: string) =>
  plainAddress(/^\[([^\]]*)\](?::\d{1,5})?$/.exec(hop)?.[1] ?? hop.replace(/^([\d.]+):\d{1,5}$/, '$1'));

/**
 * A function from the socket's peer and the X-Forwarded-For value to the client's address: the rightmost hop that is not a
 * trusted proxy. The header counts only when the peer is trusted; a hop that is no address ends the walk at the one before.
 * @throws LatchkeyError `configuration_invalid` for an entry that is neither an address nor a CIDR range.
 */
export function clientIpReader(
  trustedProxies: readonly string[],
): (peer: string | undefined, forwardedFor: string | undefined) => string | null {
  const ranges = trustedProxies.map((text): AddressRange => {
    const range = isIP(text.replace(/\/\d{1,3}$/, '')) === 0 ? null : parseRange(text);
    if (range === null) {
      throw new LatchkeyError(
        'configuration_invalid',
        `The trusted proxy ${JSON.stringify(text)} is neither an address nor a CIDR range.`,
      );
    }
    return range;
  });
  const trusted = (address: string) => {
    const bytes = parseAddress(address);
    return bytes !== null && ranges.some((range) => inRange(bytes, range));
  };

  return (peer, forwardedFor) => {
    let client = peer === undefined ? null : plainAddress(peer);
    if (client === null || forwardedFor === undefined || ranges.length === 0) return client;
    const hops = forwardedFor.split(',');
    for (let at = hops.length - 1; at >= 0 && trusted(client); at--) {
      const hop = hopAddress((hops[at] as string).trim());
      if (hop === null) break;
      client = hop;
    }
    return client;
  };
}
