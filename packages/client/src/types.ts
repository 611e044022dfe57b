// What verify asks and answers, written by hand from the operation table; `contract.test.ts` holds them to it.

import type { Budget, Key } from './generated/operations.js';

/** Why a request is refused. The list is closed; a new one is a new version of the contract. */
export type Reason =
  | 'missing_credential'
  | 'malformed_credential'
  | 'ambiguous_credential'
  | 'mistyped_key'
  | 'unknown_key'
  | 'revoked_key'
  | 'disabled_key'
  | 'rotated_key'
  | 'expired_key'
  | 'wrong_mode'
  | 'organization_disabled'
  | 'ip_not_allowed'
  | 'referrer_not_allowed'
  | 'endpoint_not_allowed'
  | 'insufficient_permission'
  | 'insufficient_scope'
  | 'tier_required'
  | 'batch_too_large'
  | 'rate_limited'
  | 'quota_exceeded'
  | 'concurrency_exceeded'
  | 'insufficient_credits'
  | 'idempotency_key_invalid'
  | 'idempotency_conflict'
  | 'idempotency_mismatch'
  | 'idempotency_unknown'
  | 'too_many_failures'
  | 'unavailable';

/** Header names and their values as received; a header that stood on several lines is a list. */
export type HeaderLines = Record<string, string | string[]>;

/** Exactly one of `secret` and `request.headers` carries the credential. */
export interface VerifyInput {
  /** The presented secret; null or empty: none was presented. */
  secret?: string | null | undefined;
  request?:
    | {
        method?: string | undefined;
        /** The path as the API will see it. */
        path?: string | undefined;
        /** The caller's address. */
        ip?: string | undefined;
        referrer?: string | undefined;
        /** The caller's headers, in place of `secret`: the credential is read as the profile says. */
        headers?: HeaderLines | undefined;
      }
    | undefined;
  /** All of these are needed. */
  permissions?: string[] | undefined;
  /** What a yes spends; default: one request. */
  cost?: { requests?: number | undefined; credits?: number | undefined } | undefined;
  /** Names what is spent: a retry with the same id answers as the first did and is charged once. */
  requestId?: string | undefined;
  batchSize?: number | undefined;
  /** Response fields that were asked for by name. */
  fields?: string[] | undefined;
  tags?: string[] | undefined;
  /** For a test key: the refusal to rehearse, in place of the caller's header `X-Latchkey-Test-Reason`. */
  testReason?: Exclude<Reason, 'missing_credential' | 'malformed_credential' | 'ambiguous_credential'> | undefined;
  /** true: also answer the reply in the profile's dialect. */
  render?: boolean | undefined;
}

/** For a valid key: the headers to add, and a body where the profile answers itself. Else the whole refusal. */
export interface RenderedReply {
  status: number;
  headers: Record<string, string>;
  body: string | null;
}

export interface Verification {
  valid: boolean;
  /** null exactly when `valid`. */
  reason: Reason | null;
  /** Present whenever the key is known, also for refusals. */
  key?: Key | undefined;
  project?: { id: string; name: string; keyModel: 'legacy' | 'v2' } | undefined;
  organization?: { id: string; name: string } | undefined;
  tier?: string | null | undefined;
  mode?: 'live' | 'test' | undefined;
  permissions?: string[] | undefined;
  budgets: Budget[];
  /** Credits left; null: not bounded, or a test key. `reservationId`: of a route that settles later. */
  credits?: { balance: number; reservationId: string | null } | null | undefined;
  /** Response fields that the key may not see. */
  gatedFields?: string[] | undefined;
  retryAfterSeconds?: number | undefined;
  degraded: boolean;
  requestId: string;
  /** Present when `render` was asked for. */
  reply?: RenderedReply | undefined;
}

export interface VerifyBatchInput {
  /** Up to 100. */
  keys: VerifyInput[];
}

export interface VerifyBatchAnswer {
  /** One for each question, in its order. */
  data: Verification[];
}
