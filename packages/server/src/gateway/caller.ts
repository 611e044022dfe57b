// Who calls and what for, read from a request's head: address, host, target. It trusts only what a trusted proxy says.

import type { IncomingMessage } from 'node:http';
import type { Mode } from '@latchkey/core';
import { referrerOf } from '../operations/address.js';
import type { Parts } from './parts.js';

export interface Caller {
  /** Path and query exactly as received, in origin form. */
  target: string;
  /** The part of `target` before the query. */
  path: string;
  /** The part behind `?`; empty when there is none. */
  query: string;
  host: string;
  /** null: a trusted proxy named something that is no address. */
  ip: string | null;
  /** The address at the other end of the connection. */
  peer: string;
  peerTrusted: boolean;
  referrer: string | null;
  /** The mode that the host serves; null: either. */
  mode: Mode | null;
}

/** Reads the head; a text says why it cannot be served (400). */
export function identify(parts: Parts, req: IncomingMessage): Caller | string {
  const { headers } = req;
  const given = req.url ?? '';
  const absolute = given.startsWith('/') ? null : /^https?:\/\/([^/?#@]+)([\s\S]*)$/i.exec(given);
  if (!given.startsWith('/') && absolute === null) return 'The request target is not a path.';
  if (given.includes('#')) return 'The request target has a fragment.';
  if (headers.host === undefined && req.httpVersionMinor > 0) return 'The Host header is missing.';
  if (repeats(req.rawHeaders, 'host')) return 'The Host header is repeated.';
  if (req.httpVersionMajor !== 1) return 'This is HTTP/1.1.';
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && req.httpVersionMinor === 0) return 'HTTP/1.0 has no Transfer-Encoding.';
  // Another coding would go on to the upstream without its name.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'Only chunked is taken as Transfer-Encoding.';
  if (namesOtherMethod(req)) return 'A header names another method than the request line: send that one as the method.';

  // RFC 9112 §3.2.2: the authority of an absolute target stands in place of Host.
  const host = absolute?.[1] ?? headers.host ?? '';
  const rest = absolute?.[2] ?? given;
  const target = rest.startsWith('/') ? rest : `/${rest}`;
  const mark = target.indexOf('?');
  const { remoteAddress } = req.socket;
  const peer = parts.proxies.plain(remoteAddress);
  return {
    target,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    host,
    ip: parts.proxies.clientOf(remoteAddress, headers['x-forwarded-for'] as string | undefined),
    peer: peer ?? '',
    peerTrusted: parts.proxies.trusts(peer),
    referrer: referrerOf(req.rawHeaders),
    mode: parts.modeOfHost.size === 0 ? null : (parts.modeOfHost.get(hostName(host)) ?? null),
  };
}

/** A host without port, in lower case. */
export const hostName = (host: string): string => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');

const METHOD_HEADERS = /^x[^a-z0-9](?:http[^a-z0-9]method|(?:http[^a-z0-9])?method[^a-z0-9]override)$/i;

/** Many upstreams run the method of such a header, and rules are decided on the one that the request line has. */
function namesOtherMethod({ method, rawHeaders }: IncomingMessage): boolean {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const isLong = name.length === 13 || name.length === 17 || name.length === 22;
    if (isLong && METHOD_HEADERS.test(name) && rawHeaders[at + 1]?.toUpperCase() !== method) return true;
  }
  return false;
}

function repeats(rawHeaders: readonly string[], wanted: string): boolean {
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === wanted.length && name.toLowerCase() === wanted) seen++;
  }
  return seen > 1;
}
