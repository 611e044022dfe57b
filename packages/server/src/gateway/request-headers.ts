// The head of the request that the upstream gets: what is dropped, and who the caller is. It reads no body and decides nothing.

import type { Snapshot } from '@latchkey/core';
import type { Caller } from './caller.js';
import type { Exchange } from './exchange.js';
import type { Parts, Upstream } from './parts.js';

/**
 * Dropped by name after every non-alphanumeric is mapped to `-`, since upstreams behind CGI-like interfaces cannot tell
 * `X_Api_Key` from `X-Api-Key`: credentials, what we set ourselves, and what belongs to one connection (RFC 9110 §7.6.1).
 */
const DROPPED = new Set([
  'authorization',
  'x-api-key',
  'host',
  'content-length',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  // Some frameworks route by them: the path that was decided on has to be the one that is served.
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
]);
/** What only a proxy that we trust may say. */
const FROM_TRUSTED_ONLY = new Set([
  'forwarded',
  'x-real-ip',
  'x-forwarded-port',
  'cf-connecting-ip',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'fastly-client-ip',
]);
/** What makes an answer other than whole and plain; any separator, as above. */
const PART_OR_CODED = /^(?:accept.encoding|range|if.range|a.im)$/i;
/** The same where a condition spares a body. On a write it guards against a lost update, and stays. */
const PART_OR_CODED_OR_CHANGED = /^(?:accept.encoding|range|if[^a-z0-9].*|a.im)$/i;
const MANAGED_PREFIX = 'x-latchkey-';

/** Nobody on the way may take it out: the upstream's own guard against repeats hangs on it. */
const ALWAYS = 'idempotency-key';

type Fate = 'pass' | 'always' | 'drop' | 'trusted';
/** Names repeat from request to request; made-up ones must not fill the memory. */
const MOST_FATES = 2000;
const fates = new Map<string, Fate>();

function fateOf(name: string): Fate {
  const known = fates.get(name);
  if (known !== undefined) return known;
  const mapped = name.toLowerCase().replace(/[^a-z0-9]/g, '-');
  const dropped = mapped.startsWith(MANAGED_PREFIX) || DROPPED.has(mapped);
  const fate = dropped ? 'drop' : FROM_TRUSTED_ONLY.has(mapped) ? 'trusted' : mapped === ALWAYS ? 'always' : 'pass';
  if (fates.size < MOST_FATES) fates.set(name, fate);
  return fate;
}

/**
 * Names and values for the upstream, flat. `length` is the body's, as the caller declared it; null: chunked or none.
 * `gated`: asks for the answer whole and plain, so that it can be read here.
 */
export function upstreamHeaders(
  parts: Parts,
  exchange: Exchange,
  caller: Caller,
  upstream: Upstream,
  length: string | null,
  gated: boolean,
): string[] {
  const { rawHeaders, headers, method } = exchange.req;
  const asksFor = method === 'GET' || method === 'HEAD' ? PART_OR_CODED_OR_CHANGED : PART_OR_CODED;
  const named = connectionNamed(headers.connection);
  const out: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const fate = fateOf(name);
    if (fate === 'drop' || (fate === 'trusted' && !caller.peerTrusted)) continue;
    if (named?.has(name.toLowerCase()) && fate !== 'always') continue;
    if (gated && asksFor.test(name)) continue;
    out.push(name, rawHeaders[at + 1] as string);
  }
  if (gated) out.push('Accept-Encoding', 'identity');
  if (length !== null) out.push('Content-Length', length);
  pushForwarded(out, exchange, caller);
  pushIdentity(parts, out, exchange, upstream);
  return out;
}

/** Names that a Connection header makes hop-by-hop; null when it only speaks of the connection itself. */
export function connectionNamed(connection: string | string[] | undefined): Set<string> | null {
  if (connection === undefined) return null;
  const tokens = String(connection)
    .toLowerCase()
    .split(',')
    .map((token) => token.trim());
  return tokens.every((token) => token === 'keep-alive' || token === 'close' || token === 'upgrade')
    ? null
    : new Set(tokens);
}

function pushForwarded(out: string[], { req }: Exchange, { host, peer, peerTrusted }: Caller): void {
  const said = (name: string): string | undefined =>
    peerTrusted ? (req.headers[name] as string | undefined) : undefined;
  const before = said('x-forwarded-for');
  const proto = said('x-forwarded-proto');
  out.push('X-Forwarded-For', before === undefined ? peer : `${before}, ${peer}`);
  out.push('X-Forwarded-Proto', proto === 'https' || proto === 'http' ? proto : 'http');
  out.push('X-Forwarded-Host', said('x-forwarded-host') ?? host);
}

/** All of them on every request: an upstream never has to tell "absent" from "not for this caller". */
function pushIdentity({ engine }: Parts, out: string[], { verdict, requestId }: Exchange, upstream: Upstream): void {
  const snapshot: Snapshot | null = verdict?.snapshot ?? null;
  out.push('X-Latchkey-Key-Id', snapshot?.key.id ?? '');
  out.push('X-Latchkey-Project-Id', snapshot?.project.id ?? '');
  out.push('X-Latchkey-Organization-Id', snapshot?.organization.id ?? '');
  out.push('X-Latchkey-Mode', snapshot?.key.mode ?? '');
  out.push('X-Latchkey-Tier', snapshot?.tier?.name ?? '');
  out.push('X-Latchkey-Permissions', snapshot === null ? '' : snapshot.permissions.join(','));
  out.push('X-Latchkey-Request-Id', requestId);
  out.push('X-Latchkey-Lease-Id', verdict?.lease?.id ?? '');
  out.push('X-Latchkey-Reservation-Id', verdict?.credits?.reservationId ?? '');
  out.push('X-Latchkey-Principal', snapshot === null ? '' : engine.principal(snapshot, upstream.origin));
}
