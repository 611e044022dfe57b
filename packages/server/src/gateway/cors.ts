// What pages of other origins may do (Fetch Standard §3.2): preflights answered without a key, answers opened to allowed origins. Decides on no key.

import type { IncomingMessage } from 'node:http';
import { allowsOrigin, CREDENTIAL_HEADERS, matchesReferrer } from '@latchkey/core';
import { isOrigin } from '../operations/address.js';
import type { Verdict } from '../operations/engine.js';
import type { Exchange } from './exchange.js';
import type { Parts } from './parts.js';

/** The page behind a request, by its Origin. */
export interface Page {
  origin: string;
  /** true: it may read the answer. */
  isAllowed: boolean;
}

/** null: the request names no origin, or more than one, or `null`. */
export function pageOf({ engine }: Parts, { headers: { origin } }: IncomingMessage): Page | null {
  if (origin === undefined || !isOrigin(origin)) return null;
  return { origin, isAllowed: allowsOrigin(engine.profile, origin) };
}

/**
 * Whether the request is a preflight that is answered here: of an origin that the profile allows, or some key is restricted to. Such
 * an answer costs nothing and reaches neither a key nor the upstream.
 */
export async function isAllowedPreflight(parts: Parts, exchange: Exchange): Promise<boolean> {
  const { page } = exchange;
  if (page === null || !isPreflight(exchange)) return false;
  page.isAllowed ||= await parts.engine.opensOrigin(page.origin);
  return page.isAllowed;
}

/** Browsers send no credential with one: a call that has one is meant for the upstream. */
const isPreflight = ({ req: { method, headers }, upgrade }: Exchange): boolean =>
  method === 'OPTIONS' &&
  headers['access-control-request-method'] !== undefined &&
  upgrade === null &&
  CREDENTIAL_HEADERS.every((name) => headers[name] === undefined);

/**
 * Opens the answer to pages that the key is restricted to. Where no key is known, to those of any key, so that they can read why.
 */
export async function openToPages({ engine }: Parts, page: Page, { snapshot }: Verdict): Promise<void> {
  if (page.isAllowed) return;
  const referrers = snapshot?.restrictions?.source.referrers ?? [];
  page.isAllowed = snapshot === null ? await engine.opensOrigin(page.origin) : matchesReferrer(page.origin, referrers);
}

/** What an answer says about pages of other origins. */
export interface CorsFacts {
  /** Whose pages may read it; null: nobody's, as far as this side is asked. */
  origin: string | null;
  /** Names of headers that they may read. */
  exposed: readonly string[];
  /** true: what the upstream says about it is dropped. */
  replaces: boolean;
  /** true: another origin may get another answer. */
  varies: boolean;
}

export function corsFacts({ engine, exposed }: Parts, { page, verdict }: Exchange): CorsFacts {
  const origin = page?.isAllowed ? page.origin : null;
  const isStated = engine.profile.wire.cors !== null;
  return {
    origin,
    exposed,
    // On a public row the upstream speaks for itself, except to whom the profile opens it.
    replaces: origin !== null || (isStated && verdict !== null),
    varies: origin !== null || isStated,
  };
}

const TOKEN = /^[\w!#$%&'+.^`|~-]+$/;

/** The fields themselves; `told`: names that the upstream exposes, which stay readable. Never credentials, never `*`. */
export function corsFields({ origin, exposed }: CorsFacts, told = ''): Record<string, string> {
  if (origin === null) return {};
  const known = new Set(exposed.map((name) => name.toLowerCase()));
  const more = told.split(',').map((name) => name.trim());
  const all = [...exposed, ...more.filter((name) => TOKEN.test(name) && !known.has(name.toLowerCase()))];
  return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': all.join(', ') };
}

/** A Vary with further names in it (RFC 9110 §12.5.5). */
export function withVary(vary: string, wanted: readonly string[]): string {
  const names = vary.split(',').map((name) => name.trim());
  if (names.includes('*')) return '*';
  const missing = wanted.filter((name) => !names.some((each) => each.toLowerCase() === name.toLowerCase()));
  return [...names.filter((name) => name !== ''), ...missing].join(', ');
}
