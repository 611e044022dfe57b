// The closed list of reasons why a request is refused. Every profile answers every one of them.

import type { BudgetName } from '../limit/limits.js';

export const REASONS = [
  'missing_credential',
  'malformed_credential',
  'ambiguous_credential',
  'mistyped_key',
  'unknown_key',
  'revoked_key',
  'disabled_key',
  'rotated_key',
  'expired_key',
  'wrong_mode',
  'organization_disabled',
  'ip_not_allowed',
  'referrer_not_allowed',
  'endpoint_not_allowed',
  'insufficient_permission',
  'insufficient_scope',
  'tier_required',
  'batch_too_large',
  'rate_limited',
  'quota_exceeded',
  'concurrency_exceeded',
  'insufficient_credits',
  'idempotency_key_invalid',
  'idempotency_conflict',
  'idempotency_mismatch',
  'idempotency_unknown',
  'too_many_failures',
  'unavailable',
] as const;

export type Reason = (typeof REASONS)[number];

/** Whose question each refusal answers: 401 who you are, 403 what you may, 402 credits, 429 limits, 409/422 idempotency, 503 unable. */
export const REASON_STATUSES: Readonly<Record<Reason, readonly number[]>> = {
  missing_credential: [401],
  malformed_credential: [401],
  ambiguous_credential: [401],
  mistyped_key: [401],
  unknown_key: [401],
  revoked_key: [401],
  disabled_key: [401],
  rotated_key: [401],
  expired_key: [401],
  wrong_mode: [401],
  organization_disabled: [401, 403],
  ip_not_allowed: [403],
  referrer_not_allowed: [403],
  endpoint_not_allowed: [403],
  insufficient_permission: [403],
  insufficient_scope: [403],
  tier_required: [403],
  batch_too_large: [403],
  rate_limited: [429],
  quota_exceeded: [429],
  concurrency_exceeded: [429],
  insufficient_credits: [402],
  idempotency_key_invalid: [422],
  idempotency_conflict: [409],
  idempotency_mismatch: [422],
  idempotency_unknown: [409],
  too_many_failures: [429],
  unavailable: [503],
};

/** The reason that each limit refuses with. */
export const LIMIT_REASONS: Readonly<Record<BudgetName, Reason>> = {
  perMinute: 'rate_limited',
  perDay: 'quota_exceeded',
  concurrent: 'concurrency_exceeded',
};

/** Reasons that waiting a few seconds does not cure: SDKs that retry on 429 are told not to sleep for hours. */
export const EXHAUSTED: ReadonlySet<Reason> = new Set(['quota_exceeded', 'insufficient_credits']);
