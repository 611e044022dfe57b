// The head of the answer that the caller gets: the upstream's, without what is the connection's, made safe for shared caches.

import type { OutgoingHttpHeaders } from 'node:http';
import { type CorsFacts, corsFields, withVary } from './cors.js';
import { connectionNamed } from './request-headers.js';

export interface ResponseFacts {
  status: number;
  /** true when a key was presented: then no shared cache may hand the answer to somebody else. */
  authenticated: boolean;
  /** true: the route leaves the upstream's caching as it is. */
  shared: boolean;
  requestId: string;
  /** Lower-case name that only this side may set; null: none. */
  reserved: string | null;
  /** Set here in place of the upstream's of the same name. */
  added: Readonly<Record<string, string>>;
  /** true when the answer can end in trailers. */
  trailers: boolean;
  cors: CorsFacts;
}

/** What upstreams say to the gateway, and what they were told of the caller: neither is the caller's. */
const OURS = 'x-latchkey-';

type Head = Readonly<Record<string, string | string[] | undefined>>;

/** `head` has lower-case names. */
export function responseHeaders(head: Head, facts: ResponseFacts): OutgoingHttpHeaders {
  const named = connectionNamed(head.connection);
  const out: OutgoingHttpHeaders = {};
  for (const name in head) {
    switch (name) {
      case 'connection':
      case 'keep-alive':
      case 'proxy-connection':
      case 'proxy-authenticate':
      case 'te':
      case 'transfer-encoding':
      case 'upgrade':
      case 'x-request-id':
      case '__proto__':
        continue;
      case 'trailer':
        if (!facts.trailers) continue;
        break;
      case 'content-length':
        if (facts.status === 204) continue;
        break;
      // Caches that obey one of these look at it before Cache-Control (RFC 9213 §2.2).
      case 'surrogate-control':
      case 'cdn-cache-control':
        if (facts.authenticated && !facts.shared) continue;
        break;
    }
    if (name === facts.reserved || named?.has(name) || name.startsWith(OURS)) continue;
    if (facts.cors.replaces && name.startsWith('access-control-')) continue;
    out[name] = head[name] as string | string[];
  }
  if (facts.authenticated) {
    const caching = joined(head['cache-control']);
    if (caching === '') out['cache-control'] = 'no-store';
    else if (!facts.shared) out['cache-control'] = privately(caching);
    out.vary = withVary(joined(head.vary), CREDENTIALS);
  }
  if (facts.cors.varies) out.vary = withVary(String(out.vary ?? ''), ['Origin']);
  Object.assign(out, corsFields(facts.cors, joined(head['access-control-expose-headers'])));
  for (const name in facts.added) {
    const lower = name.toLowerCase();
    if (lower !== name && lower in out) delete out[lower];
    out[name] = facts.added[name];
  }
  out['x-request-id'] = facts.requestId;
  return out;
}

const joined = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(', ') : (value ?? '');

const PUBLIC = /(?:^|[\s,])(?:public|s-maxage)\b/i;

/** `public` and `s-maxage` become `private`; everything else stays as the upstream wrote it. */
function privately(caching: string): string {
  if (!PUBLIC.test(caching)) return caching;
  const kept = caching
    .split(',')
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '' && !/^(?:public|s-maxage(?:\s*=.*)?|private)$/i.test(directive));
  return ['private', ...kept].join(', ');
}

const CREDENTIALS = ['Authorization', 'X-Api-Key'];

/** What may stand behind a body; the rest would be read as a part of its head (RFC 9110 §6.5.1). */
const NO_TRAILER =
  /^(?:connection|keep-alive|transfer-encoding|content-.*|trailer|te|upgrade|host|set-cookie|cache-control|vary|authorization|x-api-key|x-latchkey-.*|__proto__)$/;

export function trailersOf(trailers: Head): Record<string, string> | null {
  let kept: Record<string, string> | null = null;
  for (const name in trailers) {
    if (NO_TRAILER.test(name)) continue;
    kept ??= {};
    kept[name] = joined(trailers[name]);
  }
  return kept;
}
