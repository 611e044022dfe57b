// What a profile lets pages of other origins do (Fetch Standard §3.2), as header names and values. Never credentials, never `*`.

import { patternsFor } from '../access/restrictions.js';
import type { Profile } from './schema.js';

/** Methods that a page may call with; the route decides on each. */
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const DEFAULT_MAX_AGE_SECONDS = 600;

/** Whether the profile itself opens answers to an origin, whatever the key. */
export function allowsOrigin({ wire: { cors } }: Profile, origin: string): boolean {
  const origins = cors?.origins ?? [];
  return origins.length > 0 && (origins.includes('*') || patternsFor(origin).some((fit) => origins.includes(fit)));
}

/** What a preflight is told beside the origin: methods, the headers that a call with a key needs, and for how long. */
export function preflightHeaders({ wire: { credential, cors } }: Profile): Record<string, string> {
  const carrier = credential.header === 'authorization' ? 'Authorization' : 'X-Api-Key';
  return {
    'Access-Control-Allow-Methods': METHODS,
    'Access-Control-Allow-Headers': [carrier, 'Content-Type', 'Idempotency-Key', ...(cors?.headers ?? [])].join(', '),
    'Access-Control-Max-Age': String(cors?.maxAgeSeconds ?? DEFAULT_MAX_AGE_SECONDS),
    Vary: 'Access-Control-Request-Method, Access-Control-Request-Headers',
  };
}

/** The headers set here that a page may read beside those that any page may. */
export function exposedHeaders({ wire: { limitHeaders, gatedFieldsHeader } }: Profile): string[] {
  return [
    ...(limitHeaders ? Object.values(limitHeaders) : []),
    'Retry-After',
    'X-Request-Id',
    'X-Should-Retry',
    'Idempotent-Replayed',
    ...(gatedFieldsHeader ? [gatedFieldsHeader] : []),
  ];
}
