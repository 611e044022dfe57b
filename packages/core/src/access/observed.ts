// What is kept of where a key is used from, and the restrictions that would fit it. Pure; holds nothing that a caller may have meant to keep secret.

import { maskedWord } from '../key/mask.js';
import type { Route } from '../profile/schema.js';
import { isAmbiguousPath, matchesPath } from './path.js';
import { ENDPOINT_PATTERN, REFERRER_PATTERN, type Restrictions } from './restrictions.js';

export const OBSERVED_KINDS = ['ip', 'referrer', 'endpoint'] as const;
export type ObservedKind = (typeof OBSERVED_KINDS)[number];

/** `value` as a restriction would name it; null: requests that no restriction of this kind could let pass. */
export interface Observed {
  kind: ObservedKind;
  value: string | null;
}

/** Values kept of each kind and key: those that were seen last. */
export const MOST_OBSERVED = 50;
/** What restrictions take of one entry. */
const LONGEST = 300;
const METHOD = /^[A-Z]{1,16}$/;
/** A word such as `users`, `v1` or `api-docs`. Ids have digits, or are longer. */
const WORD = /^(?=.{1,24}$)(?:[A-Za-z]+[_-])*[A-Za-z]+\d?$/;

/**
 * The origin as a restriction would name it; null when there is none, when a label of it may be a secret, or when it holds a
 * `*`, which would stand for others.
 */
export function originSeen(origin: string | null, presented: string | null): string | null {
  if (origin === null || origin.length > LONGEST || origin.includes('*') || !REFERRER_PATTERN.test(origin)) return null;
  // Host names are lower case, whatever was written.
  const secret = presented?.toLowerCase() ?? null;
  const isPlain = [origin, ...origin.split(/[/:]+/)].every((part) => !secret || !part.includes(secret));
  return isPlain && origin.split(/[./:]+/).every((label) => maskedWord(label, secret) === label) ? origin : null;
}

/**
 * The endpoint as a restriction would name it: the method with the path of the profile's row, or with the first segment of the
 * path when that is a word. Nothing else of the path is kept. null: no pattern would let the request pass. `presented` is asked
 * only where a part of the path itself would stand in it.
 */
export function endpointSeen(
  method: string | null,
  path: string | null,
  route: Route | null,
  presented: () => string | null,
): string | null {
  if (method === null || path === null || !METHOD.test(method) || isAmbiguousPath(path)) return null;
  // A row binds spellings of a path (letter case, a slash at the end) that a restriction tells apart.
  if (route !== null && matchesPath(path, route.path) !== null) {
    const told = `${method} ${route.path}`;
    if (told.length <= LONGEST && ENDPOINT_PATTERN.test(told)) return told;
  }
  const first = path.split('/', 2)[1] ?? '';
  const isTold = WORD.test(first) && maskedWord(first, presented()) === first;
  return isTold ? `${method} /${first}/**` : `${method} /**`;
}

const LISTS = { ip: 'ips', referrer: 'referrers', endpoint: 'endpoints' } as const;

/**
 * Restrictions that let everything observed pass, and nothing that was not. Lists that the key has already stay as they are. A
 * kind is left open when some requests named nothing that could be listed, or when as many values were seen as are kept: there
 * may have been more.
 */
export function suggestedRestrictions(observed: readonly Observed[], standing: Restrictions | null): Restrictions {
  const suggested: Restrictions = { ...standing };
  for (const kind of OBSERVED_KINDS) {
    const values = observed.filter((each) => each.kind === kind).map(({ value }) => value);
    const isOpen = values.length === 0 || values.length >= MOST_OBSERVED || values.includes(null);
    if (suggested[LISTS[kind]] === undefined && !isOpen) suggested[LISTS[kind]] = (values as string[]).sort();
  }
  return suggested;
}
