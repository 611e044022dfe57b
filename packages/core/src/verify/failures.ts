// What was wrong, in one sentence for each reason: told in full by an explanation, and of a kept denial as far as it is known still.

import { isAmbiguousPath } from '../access/path.js';
import { MASKED } from '../key/mask.js';
import type { BudgetName } from '../limit/limits.js';
import type { DenialRecord, Mode } from '../ports.js';
import type { Denial } from './decide.js';
import type { Reason } from './reasons.js';

/** What is known of a refusal. What is absent is left out of its sentence; null is known to be none. */
export interface RefusalFacts {
  /** Of the key. */
  mode?: Mode;
  /** The only mode that host or route serve; null: none serves the key's. */
  wanted?: Mode | null;
  suspended?: 'project' | 'organization';
  /** Since when, as text. */
  since?: string | null;
  ip?: string | null;
  origin?: string | null;
  method?: string | null;
  path?: string | null;
  /** Whether the path has more than one reading. */
  isAmbiguous?: boolean;
  missing?: string;
  granted?: string;
  /** The key's tier; null: it has none. */
  tier?: string | null;
  required?: Denial['required'] | null;
  batchSize?: number | null;
  /** What was used of a limit, and what this request counts for. */
  used?: string;
  balance?: number | null;
  cost?: number;
}

const sinceWhen = (word: string, since: string | null | undefined): string =>
  since == null ? '' : ` ${word} ${since}`;

const keyOfTier = (tier: string | null | undefined): string =>
  tier === undefined ? "The key's tier" : tier === null ? 'A key without a tier' : `The tier ${tier}`;

const tierNeeded = (required: Denial['required'] | null | undefined): string =>
  required?.tier === undefined ? 'no tier does.' : `it takes ${required.tier}.`;

export const LIMIT_WORDS: Readonly<Record<BudgetName, string>> = {
  concurrent: 'at once',
  perDay: 'in this UTC day',
  perMinute: 'in this minute',
};

const usedUp = (name: BudgetName, { used }: RefusalFacts): string =>
  used === undefined ? `The limit on requests ${LIMIT_WORDS[name]} is used up.` : `${used}: it does not fit.`;

/** The closed list of reasons, each with its sentence. */
const SENTENCES: Readonly<Record<Reason, (facts: RefusalFacts) => string>> = {
  missing_credential: () => 'There is no credential in the place that the profile reads it from.',
  malformed_credential: () => 'The credential is not of the form that the profile reads.',
  ambiguous_credential: () => 'There is more than one credential, and nobody can tell which one is meant.',
  mistyped_key: () => 'The checksum does not fit: a character is missing or was changed.',
  unknown_key: () => 'No key has this secret: it was never made here, or its key was deleted.',
  wrong_mode({ mode, wanted }) {
    if (wanted === undefined) return `The host or route does not serve ${mode ? `${mode} keys` : 'keys of that mode'}.`;
    return wanted === null
      ? `No upstream serves ${mode} keys.`
      : `The host or route serves ${wanted} keys only; this is a ${mode} key.`;
  },
  revoked_key: ({ since }) => `The key was revoked${sinceWhen('at', since)}, for good.`,
  organization_disabled: ({ suspended, since }) =>
    `Its ${suspended ?? 'project or organization'} is suspended${sinceWhen('since', since)}.`,
  disabled_key: ({ since }) => `The key is disabled${sinceWhen('since', since)}, until it is enabled again.`,
  rotated_key: ({ since }) => `The key was rotated out: its grace period ended${sinceWhen('at', since)}.`,
  expired_key: ({ since }) => `The key expired${sinceWhen('at', since)}.`,
  ip_not_allowed: ({ ip }) =>
    ip
      ? `The address ${ip} is in none of the key's ranges.`
      : 'The key is restricted to addresses, and the request has none.',
  referrer_not_allowed: ({ origin }) =>
    origin
      ? `The origin ${origin} fits none of the key's patterns.`
      : 'The key is restricted to origins, and the request has neither Origin nor Referer.',
  endpoint_not_allowed({ method, path, isAmbiguous }) {
    if (isAmbiguous)
      return 'The path could be read as another one (an encoded slash, a dot segment or the like), and rules depend on it.';
    return path == null || method == null
      ? 'The key is restricted to endpoints, and the request names no method and path.'
      : `${method} ${path} fits none of the key's endpoints.`;
  },
  insufficient_permission: ({ missing, granted }) =>
    `The key lacks ${missing ?? 'a permission'}${granted === undefined ? '' : `; it has ${granted}`}.`,
  insufficient_scope: () => 'The credential lacks a scope that the request needs.',
  tier_required: ({ tier, required }) =>
    required?.field === undefined
      ? `${keyOfTier(tier)} does not open this request; ${tierNeeded(required)}`
      : `${keyOfTier(tier)} does not see the field ${required.field}; ${tierNeeded(required)}`,
  batch_too_large: ({ batchSize, tier, required }) =>
    `A batch${batchSize == null ? ' of that size' : ` of ${batchSize}`} is more than the ${required?.batchSize} of ${
      tier ? `the tier ${tier}` : "the key's tier"
    }${required?.tier === undefined ? '' : `; it takes ${required.tier}`}.`,
  rate_limited: (facts) => usedUp('perMinute', facts),
  quota_exceeded: (facts) => usedUp('perDay', facts),
  concurrency_exceeded: (facts) => usedUp('concurrent', facts),
  insufficient_credits: ({ balance, cost }) =>
    cost === undefined
      ? 'The balance does not cover the cost.'
      : `The balance of ${balance} does not cover the cost of ${cost}.`,
  idempotency_key_invalid: () => 'The Idempotency-Key is not one that can be kept: a UUID is.',
  idempotency_conflict: () => 'The first call with this Idempotency-Key was still running.',
  idempotency_mismatch: () => 'The Idempotency-Key stood for another request; a new request takes a new one.',
  idempotency_unknown: () => 'How the first call with this Idempotency-Key ended is not known; it is not run twice.',
  too_many_failures: () => 'The address kept presenting unknown keys.',
  unavailable: () => 'Something that the decision needs was away; the same call may pass later.',
};

export const refusalText = (reason: Reason, facts: RefusalFacts): string => SENTENCES[reason](facts);

/** What failed and what would have been needed, of a refusal that is over: its figures are gone, its facts were kept. */
export function denialText({ reason, required, ip, origin, method, path }: DenialRecord): string {
  // Of a path that was cut or masked nobody can tell any more.
  const isWhole = path !== null && !path.endsWith('…') && !path.includes(MASKED);
  return refusalText(reason, {
    ...{ ip, origin, method, path, required },
    isAmbiguous: isWhole && isAmbiguousPath(path),
    ...(required?.permission !== undefined && { missing: required.permission }),
  });
}
