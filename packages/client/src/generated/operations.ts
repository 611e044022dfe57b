// Generated from the operation table by `npm run docs`: do not edit. Routes, inputs, outputs and methods of every operation.

import type { ManagementCallOptions } from '../management-call.js';

export type AuditEvent = {
  id: string;
  organizationId: string | null;
  projectId: string | null;
  at: string;
  actor: {
    type: string;
    id: string;
  };
  action: string;
  target: {
    type: string;
    id: string;
  };
  changes: { [name: string]: unknown };
  requestId: string;
};

export type Budget = {
  name: "perMinute" | "perDay" | "concurrent";
  kind: "rate" | "quota" | "concurrency";
  limit: number;
  /** -1: not metered */
  remaining: number;
  resetAt: string | null;
};

export type Change = {
  /** JSON Pointer */
  path: string;
  before: unknown;
  after: unknown;
};

export type CreditEntry = {
  /** Counts the entries of a family from 1, without a gap */
  sequence: number;
  kind: "grant" | "set" | "refill" | "debit" | "reserve" | "settle" | "refund" | "expire";
  /** What it added to the balance; negative: what it took */
  amount: number;
  balanceAfter: number;
  at: string;
  /** The generation that spent; null: of the family as a whole */
  keyId: string | null;
  requestId: string | null;
  reservationId: string | null;
  /** Who did it; null: it came due by itself */
  actorId: string | null;
};

export type Denial = {
  at: string;
  reason: "missing_credential" | "malformed_credential" | "ambiguous_credential" | "mistyped_key" | "unknown_key" | "revoked_key" | "disabled_key" | "rotated_key" | "expired_key" | "wrong_mode" | "organization_disabled" | "ip_not_allowed" | "referrer_not_allowed" | "endpoint_not_allowed" | "insufficient_permission" | "insufficient_scope" | "tier_required" | "batch_too_large" | "rate_limited" | "quota_exceeded" | "concurrency_exceeded" | "insufficient_credits" | "idempotency_key_invalid" | "idempotency_conflict" | "idempotency_mismatch" | "idempotency_unknown" | "too_many_failures" | "unavailable";
  requestId: string | null;
  method: string | null;
  path: string | null;
  ip: string | null;
  /** Origin of `Origin` or `Referer` */
  origin: string | null;
  /** What would have sufficed */
  required: {
    tier?: string | undefined;
    permission?: string | undefined;
    field?: string | undefined;
    batchSize?: number | undefined;
  } | null;
  /** Where the request came in */
  surface: "gateway" | "verify";
  /** What failed and what would have been needed, in one sentence */
  explanation: string;
};

export type ExplainedCheck = {
  name: string;
  /** `not_applicable`: there is no such rule; `not_reached`: it cannot be judged without what failed before */
  outcome: "passed" | "failed" | "not_reached" | "not_applicable";
  /** What a request is refused with here */
  reason: "missing_credential" | "malformed_credential" | "ambiguous_credential" | "mistyped_key" | "unknown_key" | "revoked_key" | "disabled_key" | "rotated_key" | "expired_key" | "wrong_mode" | "organization_disabled" | "ip_not_allowed" | "referrer_not_allowed" | "endpoint_not_allowed" | "insufficient_permission" | "insufficient_scope" | "tier_required" | "batch_too_large" | "rate_limited" | "quota_exceeded" | "concurrency_exceeded" | "insufficient_credits" | "idempotency_key_invalid" | "idempotency_conflict" | "idempotency_mismatch" | "idempotency_unknown" | "too_many_failures" | "unavailable" | null;
  text: string;
  /** What is asked for */
  rule: { [name: string]: Json };
  /** What it was held against */
  fact: { [name: string]: Json };
  /** What would have sufficed */
  required: {
    tier?: string | undefined;
    permission?: string | undefined;
    field?: string | undefined;
    batchSize?: number | undefined;
  } | null;
};

export type Explanation = {
  valid: boolean;
  /** The reason of the first check that failed */
  reason: "missing_credential" | "malformed_credential" | "ambiguous_credential" | "mistyped_key" | "unknown_key" | "revoked_key" | "disabled_key" | "rotated_key" | "expired_key" | "wrong_mode" | "organization_disabled" | "ip_not_allowed" | "referrer_not_allowed" | "endpoint_not_allowed" | "insufficient_permission" | "insufficient_scope" | "tier_required" | "batch_too_large" | "rate_limited" | "quota_exceeded" | "concurrency_exceeded" | "insufficient_credits" | "idempotency_key_invalid" | "idempotency_conflict" | "idempotency_mismatch" | "idempotency_unknown" | "too_many_failures" | "unavailable" | null;
  at: string;
  key?: Key | undefined;
  project?: {
    id: string;
    name: string;
    keyModel: "legacy" | "v2";
  } | undefined;
  organization?: {
    id: string;
    name: string;
  } | undefined;
  /** The tier that was judged by */
  tier: string | null;
  /** The tier asked for in place of the key's; null: its own */
  viewedAs: string | null;
  permissions?: Array<string> | undefined;
  /** The row of the profile that the request falls under */
  route: {
    method: string;
    path: string;
    /** none: the gateway asks for no key here */
    auth: "key" | "none";
    permission: string | null;
    tier: string | null;
  } | null;
  cost: {
    requests: number;
    credits: number;
  };
  checks: Array<ExplainedCheck>;
  /** Response fields that the key may not see */
  gatedFields?: Array<string> | undefined;
  retryAfterSeconds?: number | undefined;
  requestId: string;
  /** The answer in the profile's dialect; for a valid key the headers to add, and a body where the profile answers itself */
  reply?: {
    status: number;
    headers: { [name: string]: string };
    body: string | null;
  } | undefined;
};

export type Invitation = {
  id: string;
  /** null: to the operator's own users */
  organizationId: string | null;
  /** null: whoever holds the link */
  email: string | null;
  role: "owner" | "admin" | "developer" | "viewer" | "billing" | "operator";
  state: "pending" | "accepted" | "revoked" | "expired";
  invitedBy: string;
  createdAt: string;
  expiresAt: string;
};

export type Json = string | number | boolean | null | Array<Json> | { [name: string]: Json };

export type Key = {
  id: string;
  projectId: string;
  name: string;
  prefix: string;
  /** The last four characters of the secret */
  hint: string;
  mode: "live" | "test";
  model: "legacy" | "v2";
  tier: string | null;
  /** null: full access to its project */
  permissions: Array<string> | null;
  restrictions: {
    ips?: Array<string> | undefined;
    referrers?: Array<string> | undefined;
    endpoints?: Array<string> | undefined;
  } | null;
  /** Figures set on this key, in place of the tier's */
  limits: {
    perMinute?: number | undefined;
    perDay?: number | undefined;
    concurrent?: number | undefined;
  } | null;
  /** Shared by all generations; null: not bounded by credits */
  credits: {
    balance: number;
    refill: {
      amount: number;
      every: "day" | "month";
      dayOfMonth?: number | undefined;
    } | null;
  } | null;
  environment: string | null;
  metadata: { [name: string]: unknown } | null;
  ownerId: string | null;
  familyId: string;
  generation: number;
  state: "active" | "disabled" | "grace" | "revoked" | "expired";
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  lastUsedIp: string | null;
  graceEndsAt: string | null;
  revokedAt: string | null;
  revokedReason: string | null;
  /** When this generation is to be rotated, by the policy of its organization; nothing is refused for it */
  rotateBy: string | null;
};

export type Lease = {
  id: string;
  keyId: string;
  projectId: string;
  organizationId: string;
  mode: "live" | "test";
  createdAt: string;
  /** When the slot is free again if nobody releases it */
  expiresAt: string;
};

export type LeaseVerification = {
  valid: boolean;
  reason: "missing_credential" | "malformed_credential" | "ambiguous_credential" | "mistyped_key" | "unknown_key" | "revoked_key" | "disabled_key" | "rotated_key" | "expired_key" | "wrong_mode" | "organization_disabled" | "ip_not_allowed" | "referrer_not_allowed" | "endpoint_not_allowed" | "insufficient_permission" | "insufficient_scope" | "tier_required" | "batch_too_large" | "rate_limited" | "quota_exceeded" | "concurrency_exceeded" | "insufficient_credits" | "idempotency_key_invalid" | "idempotency_conflict" | "idempotency_mismatch" | "idempotency_unknown" | "too_many_failures" | "unavailable" | null;
  key?: Key | undefined;
  project?: {
    id: string;
    name: string;
    keyModel: "legacy" | "v2";
  } | undefined;
  organization?: {
    id: string;
    name: string;
  } | undefined;
  tier?: string | null | undefined;
  mode?: "live" | "test" | undefined;
  permissions?: Array<string> | undefined;
  budgets: Array<Budget>;
  /** null: not bounded by credits, or a test key */
  credits?: {
    /** Credits left */
    balance: number;
    /** What was reserved on a route that settles later; null: nothing to settle */
    reservationId: string | null;
  } | null | undefined;
  /** Response fields that the key may not see */
  gatedFields?: Array<string> | undefined;
  retryAfterSeconds?: number | undefined;
  degraded: boolean;
  requestId: string;
  /** The answer in the profile's dialect; for a valid key the headers to add, and a body where the profile answers itself */
  reply?: {
    status: number;
    headers: { [name: string]: string };
    body: string | null;
  } | undefined;
  lease?: {
    id: string;
    keyId: string;
    /** When the slot is free again if nobody releases it */
    expiresAt: string;
  } | undefined;
};

export type Member = {
  userId: string;
  organizationId: string;
  email: string;
  name: string;
  role: "owner" | "admin" | "developer" | "viewer" | "billing";
  twoFactorEnabled: boolean;
  joinedAt: string;
};

export type Organization = {
  id: string;
  name: string;
  metadata: { [name: string]: unknown } | null;
  createdAt: string;
  suspendedAt: string | null;
  /** null: as the profile says */
  rotation: {
    /** Age at which a live key is to be rotated; null: none */
    days: number | null;
    /** Letters 14 days before, and on the day */
    reminders: boolean;
  } | null;
  rotationInForce: {
    /** Age at which a live key is to be rotated; null: none */
    days: number | null;
    /** Letters 14 days before, and on the day */
    reminders: boolean;
  };
};

export type Project = {
  id: string;
  name: string;
  metadata: { [name: string]: unknown } | null;
  createdAt: string;
  suspendedAt: string | null;
  organizationId: string;
  keyModel: "legacy" | "v2";
  tier: string | null;
};

export type Reservation = {
  id: string;
  keyId: string;
  requestId: string;
  /** What was put aside */
  reserved: number;
  /** What it counts for now: all of it while open, what it came to once settled, else 0 */
  credits: number;
  state: "open" | "settled" | "refunded" | "expired";
  createdAt: string;
  /** When it returns by itself unless it was ended */
  expiresAt: string;
  closedAt: string | null;
};

export type RootKey = {
  id: string;
  name: string;
  hint: string;
  permissions: Array<string>;
  source: "created" | "environment";
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
};

export type Session = {
  id: string;
  current: boolean;
  createdAt: string;
  expiresAt: string;
  ip: string | null;
  userAgent: string | null;
};

export type Tier = {
  id: string;
  /** What keys and projects call it; stays as it was made */
  name: string;
  title: string;
  /** Place in ascending order, from 1 */
  rank: number;
  limits: {
    perMinute: number | "custom" | null;
    perDay: {
      limit: number | "custom";
      metered: boolean;
    } | null;
    concurrent: number | null;
  };
  /** Most items in one batch request; null: no ceiling */
  batchSize: number | null;
  /** The only ones its keys may call; null: all */
  endpoints: Array<string> | null;
  /** Response fields that its keys do not see */
  gatedFields: Array<string>;
  /** The most its keys may carry; null: no bound */
  permissions: Array<string> | null;
  createdAt: string;
  updatedAt: string;
};

export type User = {
  id: string;
  email: string;
  name: string;
  emailVerified: boolean;
  isOperator: boolean;
  twoFactorEnabled: boolean;
  createdAt: string;
};

export type Verification = {
  valid: boolean;
  reason: "missing_credential" | "malformed_credential" | "ambiguous_credential" | "mistyped_key" | "unknown_key" | "revoked_key" | "disabled_key" | "rotated_key" | "expired_key" | "wrong_mode" | "organization_disabled" | "ip_not_allowed" | "referrer_not_allowed" | "endpoint_not_allowed" | "insufficient_permission" | "insufficient_scope" | "tier_required" | "batch_too_large" | "rate_limited" | "quota_exceeded" | "concurrency_exceeded" | "insufficient_credits" | "idempotency_key_invalid" | "idempotency_conflict" | "idempotency_mismatch" | "idempotency_unknown" | "too_many_failures" | "unavailable" | null;
  key?: Key | undefined;
  project?: {
    id: string;
    name: string;
    keyModel: "legacy" | "v2";
  } | undefined;
  organization?: {
    id: string;
    name: string;
  } | undefined;
  tier?: string | null | undefined;
  mode?: "live" | "test" | undefined;
  permissions?: Array<string> | undefined;
  budgets: Array<Budget>;
  /** null: not bounded by credits, or a test key */
  credits?: {
    /** Credits left */
    balance: number;
    /** What was reserved on a route that settles later; null: nothing to settle */
    reservationId: string | null;
  } | null | undefined;
  /** Response fields that the key may not see */
  gatedFields?: Array<string> | undefined;
  retryAfterSeconds?: number | undefined;
  degraded: boolean;
  requestId: string;
  /** The answer in the profile's dialect; for a valid key the headers to add, and a body where the profile answers itself */
  reply?: {
    status: number;
    headers: { [name: string]: string };
    body: string | null;
  } | undefined;
};

/** What each operation takes: members of path, query and body in one object. */
export interface OperationInputs {
  createOrganization: {
    name: string;
    metadata?: { [name: string]: unknown } | null | undefined;
  };
  listOrganizations: {
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
  };
  getOrganization: {
    organizationId: string;
  };
  updateOrganization: {
    organizationId: string;
    name?: string | undefined;
    metadata?: { [name: string]: unknown } | null | undefined;
    /** How old keys may become, and whether people are reminded; null: as the profile says */
    rotation?: {
      days: number | null;
      reminders: boolean;
    } | null | undefined;
  };
  deleteOrganization: {
    organizationId: string;
  };
  suspendOrganization: {
    organizationId: string;
  };
  resumeOrganization: {
    organizationId: string;
  };
  createProject: {
    organizationId: string;
    name: string;
    keyModel?: "legacy" | "v2" | undefined;
    tier?: string | null | undefined;
    metadata?: { [name: string]: unknown } | null | undefined;
  };
  listProjects: {
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
    organizationId?: string | undefined;
  };
  getProject: {
    projectId: string;
  };
  updateProject: {
    projectId: string;
    name?: string | undefined;
    tier?: string | null | undefined;
    metadata?: { [name: string]: unknown } | null | undefined;
  };
  deleteProject: {
    projectId: string;
  };
  suspendProject: {
    projectId: string;
  };
  resumeProject: {
    projectId: string;
  };
  createKey: {
    projectId: string;
    name: string;
    mode?: "live" | "test" | undefined;
    tier?: string | null | undefined;
    permissions?: Array<string> | null | undefined;
    restrictions?: {
      ips?: Array<string> | undefined;
      referrers?: Array<string> | undefined;
      endpoints?: Array<string> | undefined;
    } | null | undefined;
    limits?: {
      perMinute?: number | undefined;
      perDay?: number | undefined;
      concurrent?: number | undefined;
    } | null | undefined;
    credits?: number | {
      balance: number;
      refill?: {
        amount: number;
        every: "day" | "month";
        /** Default 1; the last day of shorter months */
        dayOfMonth?: number | undefined;
      } | null | undefined;
    } | null | undefined;
    expiresAt?: string | null | undefined;
    metadata?: { [name: string]: unknown } | null | undefined;
    ownerId?: string | null | undefined;
    environment?: string | null | undefined;
  };
  listKeys: {
    projectId: string;
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
    /** true: leave out revoked keys */
    notRevoked?: boolean | undefined;
    mode?: "live" | "test" | undefined;
    familyId?: string | undefined;
  };
  getKey: {
    keyId: string;
  };
  updateKey: {
    keyId: string;
    name?: string | undefined;
    tier?: string | null | undefined;
    permissions?: Array<string> | null | undefined;
    restrictions?: {
      ips?: Array<string> | undefined;
      referrers?: Array<string> | undefined;
      endpoints?: Array<string> | undefined;
    } | null | undefined;
    limits?: {
      perMinute?: number | undefined;
      perDay?: number | undefined;
      concurrent?: number | undefined;
    } | null | undefined;
    expiresAt?: string | null | undefined;
    metadata?: { [name: string]: unknown } | null | undefined;
    ownerId?: string | null | undefined;
    environment?: string | null | undefined;
  };
  deleteKey: {
    keyId: string;
  };
  rotateKey: {
    keyId: string;
    gracePeriodSeconds?: number | undefined;
  };
  revokeKey: {
    keyId: string;
    reason?: string | undefined;
    /** true: every generation of the key */
    family?: boolean | undefined;
    /** true: answer 404 for a key that was revoked before */
    onlyIfLive?: boolean | undefined;
  };
  disableKey: {
    keyId: string;
  };
  enableKey: {
    keyId: string;
  };
  listDenials: {
    keyId: string;
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
    /** The `X-Request-Id` of the refused request */
    requestId?: string | undefined;
  };
  importKeys: {
    projectId: string;
    keys: Array<{
      name: string;
      mode?: "live" | "test" | undefined;
      tier?: string | null | undefined;
      permissions?: Array<string> | null | undefined;
      restrictions?: {
        ips?: Array<string> | undefined;
        referrers?: Array<string> | undefined;
        endpoints?: Array<string> | undefined;
      } | null | undefined;
      limits?: {
        perMinute?: number | undefined;
        perDay?: number | undefined;
        concurrent?: number | undefined;
      } | null | undefined;
      credits?: number | {
        balance: number;
        refill?: {
          amount: number;
          every: "day" | "month";
          /** Default 1; the last day of shorter months */
          dayOfMonth?: number | undefined;
        } | null | undefined;
      } | null | undefined;
      expiresAt?: string | null | undefined;
      metadata?: { [name: string]: unknown } | null | undefined;
      ownerId?: string | null | undefined;
      environment?: string | null | undefined;
      /** The plaintext; digested at once and not kept */
      secret?: string | undefined;
      digest?: {
        algorithm: "sha256" | "hmac-sha256";
        encoding?: "hex" | "base64" | "base64url" | undefined;
        value: string;
        /** For hmac-sha256: the pepper in the ring it was made with */
        pepperId?: string | undefined;
      } | undefined;
      prefix?: string | undefined;
      hint?: string | undefined;
      createdAt?: string | undefined;
    }>;
  };
  verifyKey: {
    /** The presented secret; null or empty: none was presented */
    secret?: string | null | undefined;
    request?: {
      method?: string | undefined;
      path?: string | undefined;
      ip?: string | undefined;
      referrer?: string | undefined;
      /** The caller's headers, in place of `secret`: the credential is read as the profile says */
      headers?: { [name: string]: string | Array<string> } | undefined;
    } | undefined;
    /** All of these are needed */
    permissions?: Array<string> | undefined;
    cost?: {
      requests?: number | undefined;
      credits?: number | undefined;
    } | undefined;
    /** Names what is spent: a retry with the same id answers as the first did and is charged once */
    requestId?: string | undefined;
    batchSize?: number | undefined;
    fields?: Array<string> | undefined;
    /** Written to the log with the decision */
    tags?: Array<string> | undefined;
    /** For a test key: the refusal to rehearse, in place of the caller's header X-Latchkey-Test-Reason. Live keys are decided as ever */
    testReason?: "mistyped_key" | "unknown_key" | "revoked_key" | "disabled_key" | "rotated_key" | "expired_key" | "wrong_mode" | "organization_disabled" | "ip_not_allowed" | "referrer_not_allowed" | "endpoint_not_allowed" | "insufficient_permission" | "insufficient_scope" | "tier_required" | "batch_too_large" | "rate_limited" | "quota_exceeded" | "concurrency_exceeded" | "insufficient_credits" | "idempotency_key_invalid" | "idempotency_conflict" | "idempotency_mismatch" | "idempotency_unknown" | "too_many_failures" | "unavailable" | undefined;
    /** true: also answer the reply in the profile's dialect */
    render?: boolean | undefined;
  };
  verifyKeys: {
    keys: Array<{
      /** The presented secret; null or empty: none was presented */
      secret?: string | null | undefined;
      request?: {
        method?: string | undefined;
        path?: string | undefined;
        ip?: string | undefined;
        referrer?: string | undefined;
        /** The caller's headers, in place of `secret`: the credential is read as the profile says */
        headers?: { [name: string]: string | Array<string> } | undefined;
      } | undefined;
      /** All of these are needed */
      permissions?: Array<string> | undefined;
      cost?: {
        requests?: number | undefined;
        credits?: number | undefined;
      } | undefined;
      /** Names what is spent: a retry with the same id answers as the first did and is charged once */
      requestId?: string | undefined;
      batchSize?: number | undefined;
      fields?: Array<string> | undefined;
      /** Written to the log with the decision */
      tags?: Array<string> | undefined;
      /** For a test key: the refusal to rehearse, in place of the caller's header X-Latchkey-Test-Reason. Live keys are decided as ever */
      testReason?: "mistyped_key" | "unknown_key" | "revoked_key" | "disabled_key" | "rotated_key" | "expired_key" | "wrong_mode" | "organization_disabled" | "ip_not_allowed" | "referrer_not_allowed" | "endpoint_not_allowed" | "insufficient_permission" | "insufficient_scope" | "tier_required" | "batch_too_large" | "rate_limited" | "quota_exceeded" | "concurrency_exceeded" | "insufficient_credits" | "idempotency_key_invalid" | "idempotency_conflict" | "idempotency_mismatch" | "idempotency_unknown" | "too_many_failures" | "unavailable" | undefined;
      /** true: also answer the reply in the profile's dialect */
      render?: boolean | undefined;
    }>;
  };
  createLease: {
    /** The presented secret; null or empty: none was presented */
    secret?: string | null | undefined;
    request?: {
      method?: string | undefined;
      path?: string | undefined;
      ip?: string | undefined;
      referrer?: string | undefined;
      /** The caller's headers, in place of `secret`: the credential is read as the profile says */
      headers?: { [name: string]: string | Array<string> } | undefined;
    } | undefined;
    /** All of these are needed */
    permissions?: Array<string> | undefined;
    cost?: {
      requests?: number | undefined;
      credits?: number | undefined;
    } | undefined;
    batchSize?: number | undefined;
    fields?: Array<string> | undefined;
    /** Written to the log with the decision */
    tags?: Array<string> | undefined;
    /** For a test key: the refusal to rehearse, in place of the caller's header X-Latchkey-Test-Reason. Live keys are decided as ever */
    testReason?: "mistyped_key" | "unknown_key" | "revoked_key" | "disabled_key" | "rotated_key" | "expired_key" | "wrong_mode" | "organization_disabled" | "ip_not_allowed" | "referrer_not_allowed" | "endpoint_not_allowed" | "insufficient_permission" | "insufficient_scope" | "tier_required" | "batch_too_large" | "rate_limited" | "quota_exceeded" | "concurrency_exceeded" | "insufficient_credits" | "idempotency_key_invalid" | "idempotency_conflict" | "idempotency_mismatch" | "idempotency_unknown" | "too_many_failures" | "unavailable" | undefined;
    /** true: also answer the reply in the profile's dialect */
    render?: boolean | undefined;
    /** How long the slot is held when nobody releases it. Default: a job route's own, else 3600 */
    maxSeconds?: number | undefined;
  };
  listLeases: {
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
    keyId?: string | undefined;
  };
  releaseLease: {
    leaseId: string;
  };
  createTier: {
    name: string;
    title?: string | undefined;
    /** Place in ascending order, from 1; those from there on move up */
    rank?: number | undefined;
    /** null: no such limit; custom: set on each key; metered false: counted, never refused */
    limits: {
      perMinute: number | "custom" | null;
      perDay: {
        limit: number | "custom";
        metered: boolean;
      } | null;
      concurrent: number | null;
    };
    batchSize?: number | null | undefined;
    endpoints?: Array<string> | null | undefined;
    /** Response fields, dotted */
    gatedFields?: Array<string> | undefined;
    permissions?: Array<string> | null | undefined;
  };
  listTiers: Record<string, never>;
  getTier: {
    tierId: string;
  };
  updateTier: {
    tierId: string;
    title?: string | undefined;
    /** Place in ascending order, from 1; those from there on move up */
    rank?: number | undefined;
    limits?: {
      perMinute?: number | "custom" | null | undefined;
      perDay?: {
        limit: number | "custom";
        metered: boolean;
      } | null | undefined;
      concurrent?: number | null | undefined;
    } | undefined;
    batchSize?: number | null | undefined;
    endpoints?: Array<string> | null | undefined;
    gatedFields?: Array<string> | null | undefined;
    permissions?: Array<string> | null | undefined;
  };
  previewTier: {
    tierId: string;
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
    title?: string | undefined;
    /** Place in ascending order, from 1; those from there on move up */
    rank?: number | undefined;
    limits?: {
      perMinute?: number | "custom" | null | undefined;
      perDay?: {
        limit: number | "custom";
        metered: boolean;
      } | null | undefined;
      concurrent?: number | null | undefined;
    } | undefined;
    batchSize?: number | null | undefined;
    endpoints?: Array<string> | null | undefined;
    gatedFields?: Array<string> | null | undefined;
    permissions?: Array<string> | null | undefined;
  };
  deleteTier: {
    tierId: string;
  };
  getProfile: Record<string, never>;
  applyProfile: {
    /** A profile, as in profile.schema.json */
    profile: { [name: string]: unknown };
    /** true: only say what it would do */
    dryRun?: boolean | undefined;
  };
  explainKey: {
    /** The presented secret; null or empty: none was presented */
    secret?: string | null | undefined;
    request?: {
      method?: string | undefined;
      path?: string | undefined;
      ip?: string | undefined;
      referrer?: string | undefined;
      /** The caller's headers, in place of `secret`: the credential is read as the profile says */
      headers?: { [name: string]: string | Array<string> } | undefined;
    } | undefined;
    /** All of these are needed */
    permissions?: Array<string> | undefined;
    cost?: {
      requests?: number | undefined;
      credits?: number | undefined;
    } | undefined;
    batchSize?: number | undefined;
    fields?: Array<string> | undefined;
    /** true: also answer the reply in the profile's dialect */
    render?: boolean | undefined;
    /** The key, in place of its secret */
    keyId?: string | undefined;
    /** Judge as if the key had this tier */
    tier?: string | undefined;
  };
  adjustCredits: {
    keyId: string;
    add?: number | undefined;
    set?: number | null | undefined;
    /** null: refilled no more */
    refill?: {
      amount: number;
      every: "day" | "month";
      /** Default 1; the last day of shorter months */
      dayOfMonth?: number | undefined;
    } | null | undefined;
  };
  listCreditEntries: {
    keyId: string;
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
  };
  reserveCredits: {
    /** The presented secret, in place of `keyId` */
    secret?: string | null | undefined;
    /** A key that was verified before, in place of `secret` */
    keyId?: string | undefined;
    request?: {
      method?: string | undefined;
      path?: string | undefined;
      ip?: string | undefined;
      referrer?: string | undefined;
      /** The caller's headers, in place of `secret`: the credential is read as the profile says */
      headers?: { [name: string]: string | Array<string> } | undefined;
    } | undefined;
    credits: number;
    /** Names the request: sent again, it is the same one */
    requestId: string;
    expiresInSeconds?: number | undefined;
  };
  getReservation: {
    reservationId: string;
  };
  settleReservation: {
    reservationId: string;
    credits: number;
  };
  refundReservation: {
    reservationId: string;
  };
  createRootKey: {
    name: string;
    permissions: Array<string>;
    expiresAt?: string | null | undefined;
  };
  listRootKeys: {
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
  };
  revokeRootKey: {
    rootKeyId: string;
  };
  getUsage: {
    organizationId?: string | undefined;
    projectId?: string | undefined;
    keyId?: string | undefined;
    /** Default: 24 hours before `to` */
    from?: string | undefined;
    /** Default: now */
    to?: string | undefined;
    by?: "hour" | "day" | undefined;
  };
  listAuditEvents: {
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
    organizationId?: string | undefined;
    projectId?: string | undefined;
    action?: string | undefined;
    targetId?: string | undefined;
    actorId?: string | undefined;
    from?: string | undefined;
    to?: string | undefined;
  };
  getSelf: Record<string, never>;
  listMembers: {
    organizationId: string;
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
  };
  updateMember: {
    organizationId: string;
    userId: string;
    role: "owner" | "admin" | "developer" | "viewer" | "billing";
  };
  removeMember: {
    organizationId: string;
    userId: string;
  };
  leaveOrganization: {
    organizationId: string;
  };
  createInvitation: {
    organizationId: string;
    email: string;
    role: "owner" | "admin" | "developer" | "viewer" | "billing";
  };
  listInvitations: {
    organizationId: string;
    /** Rows on a page */
    limit?: number | undefined;
    /** The `nextCursor` of the page before */
    cursor?: string | undefined;
  };
  revokeInvitation: {
    organizationId: string;
    invitationId: string;
  };
  readInvitation: {
    /** From the link of the invitation */
    token: string;
  };
  acceptInvitation: {
    /** From the link of the invitation */
    token: string;
  };
  listOperators: Record<string, never>;
  inviteOperator: {
    email: string;
  };
  revokeOperatorInvitation: {
    invitationId: string;
  };
  removeOperator: {
    userId: string;
  };
  listSessions: Record<string, never>;
  endSession: {
    sessionId: string;
  };
  endOtherSessions: Record<string, never>;
  createPortalToken: {
    organizationId: string;
    /** The only project to be seen */
    projectId?: string | undefined;
    readOnly?: boolean | undefined;
    expiresInSeconds?: number | undefined;
  };
  getKeyBudgets: {
    keyId: string;
  };
  observeKey: {
    keyId: string;
  };
  listTopKeys: {
    organizationId?: string | undefined;
    projectId?: string | undefined;
    /** Default: 24 hours before `to` */
    from?: string | undefined;
    /** Default: now */
    to?: string | undefined;
    /** Rows */
    limit?: number | undefined;
  };
  getProviderPage: Record<string, never>;
}

/** What each operation answers. */
export interface OperationOutputs {
  createOrganization: Organization;
  listOrganizations: {
    data: Array<Organization>;
    nextCursor: string | null;
  };
  getOrganization: Organization;
  updateOrganization: Organization;
  deleteOrganization: undefined;
  suspendOrganization: Organization;
  resumeOrganization: Organization;
  createProject: Project;
  listProjects: {
    data: Array<Project>;
    nextCursor: string | null;
  };
  getProject: Project;
  updateProject: Project;
  deleteProject: undefined;
  suspendProject: Project;
  resumeProject: Project;
  createKey: {
    key: Key;
    /** Shown in this answer only */
    secret: string;
    webhookSecret?: string | undefined;
  };
  listKeys: {
    data: Array<Key>;
    nextCursor: string | null;
  };
  getKey: Key;
  updateKey: Key;
  deleteKey: undefined;
  rotateKey: {
    key: Key;
    /** Shown in this answer only */
    secret: string;
    webhookSecret?: string | undefined;
    previous: {
      id: string;
      graceEndsAt: string;
    };
  };
  revokeKey: {
    key: Key;
    propagated: {
      /** Nodes that have confirmed */
      nodes: number;
      of: number;
      ms: number;
    };
  };
  disableKey: Key;
  enableKey: Key;
  listDenials: {
    data: Array<Denial>;
    nextCursor: string | null;
  };
  importKeys: {
    data: Array<{
      index: number;
      key: Key;
    } | {
      index: number;
      error: {
        code: string;
        detail: string;
      };
    }>;
  };
  verifyKey: Verification;
  verifyKeys: {
    data: Array<Verification>;
  };
  createLease: LeaseVerification;
  listLeases: {
    data: Array<Lease>;
    nextCursor: string | null;
  };
  releaseLease: undefined;
  createTier: Tier;
  listTiers: {
    data: Array<Tier>;
    nextCursor: null;
  };
  getTier: {
    id: string;
    /** What keys and projects call it; stays as it was made */
    name: string;
    title: string;
    /** Place in ascending order, from 1 */
    rank: number;
    limits: {
      perMinute: number | "custom" | null;
      perDay: {
        limit: number | "custom";
        metered: boolean;
      } | null;
      concurrent: number | null;
    };
    /** Most items in one batch request; null: no ceiling */
    batchSize: number | null;
    /** The only ones its keys may call; null: all */
    endpoints: Array<string> | null;
    /** Response fields that its keys do not see */
    gatedFields: Array<string>;
    /** The most its keys may carry; null: no bound */
    permissions: Array<string> | null;
    createdAt: string;
    updatedAt: string;
    counts: {
      /** Keys on it that are neither revoked nor expired */
      keys: number;
      /** Those of them with limits of their own */
      keysWithOverrides: number;
      projects: number;
    };
  };
  updateTier: Tier;
  previewTier: {
    keys: {
      /** Keys that the change does something to */
      touched: number;
      /** Keys with a figure of their own in place of one that changes */
      overridden: number;
    };
    /** Requests of the touched keys in the last 24 hours and 7 days */
    requests: {
      lastDay: number;
      lastWeek: number;
    };
    /** Of the last 7 UTC days: on how many days of a key the new metered perDay would have refused, and how many requests that passed */
    refusals: {
      keyDays: number;
      requests: number;
    };
    changes: Array<Change>;
    /** Keys that are touched or overridden, newest first */
    data: Array<{
      id: string;
      name: string;
      projectId: string;
      tier: string | null;
      /** What changes for it; empty: nothing does */
      touchedBy: Array<"limits" | "batchSize" | "endpoints" | "gatedFields" | "permissions" | "routes">;
      limits: Array<{
        name: "perMinute" | "perDay" | "concurrent";
        before: number | {
          limit: number;
          metered: boolean;
        } | null;
        after: number | {
          limit: number;
          metered: boolean;
        } | null;
      }>;
      /** Limits that change on the tier while the key's own figure stands */
      overridden: Array<"perMinute" | "perDay" | "concurrent">;
    }>;
    nextCursor: string | null;
  };
  deleteTier: undefined;
  getProfile: {
    /** A profile, as in profile.schema.json */
    profile: { [name: string]: unknown };
    tiers: Array<Tier>;
  };
  applyProfile: {
    keys: {
      /** Keys that the change does something to */
      touched: number;
      /** Keys with a figure of their own in place of one that changes */
      overridden: number;
    };
    /** Requests of the touched keys in the last 24 hours and 7 days */
    requests: {
      lastDay: number;
      lastWeek: number;
    };
    /** Of the last 7 UTC days: on how many days of a key the new metered perDay would have refused, and how many requests that passed */
    refusals: {
      keyDays: number;
      requests: number;
    };
    dryRun: boolean;
    tiers: {
      created: Array<string>;
      changed: Array<{
        keys: {
          /** Keys that the change does something to */
          touched: number;
          /** Keys with a figure of their own in place of one that changes */
          overridden: number;
        };
        /** Requests of the touched keys in the last 24 hours and 7 days */
        requests: {
          lastDay: number;
          lastWeek: number;
        };
        /** Of the last 7 UTC days: on how many days of a key the new metered perDay would have refused, and how many requests that passed */
        refusals: {
          keyDays: number;
          requests: number;
        };
        name: string;
        changes: Array<{
          /** JSON Pointer */
          path: string;
          before: unknown;
          after: unknown;
          /** true: it was changed here since a profile was last applied */
          edited: boolean;
        }>;
      }>;
      /** Tiers here that the profile does not have; left alone */
      missing: Array<string>;
    };
    /** What differs besides tiers, and counts from the next start */
    restart: Array<Change>;
  };
  explainKey: Explanation;
  adjustCredits: Key;
  listCreditEntries: {
    data: Array<CreditEntry>;
    nextCursor: string | null;
  };
  reserveCredits: {
    valid: boolean;
    reason: "missing_credential" | "malformed_credential" | "ambiguous_credential" | "mistyped_key" | "unknown_key" | "revoked_key" | "disabled_key" | "rotated_key" | "expired_key" | "wrong_mode" | "organization_disabled" | "ip_not_allowed" | "referrer_not_allowed" | "endpoint_not_allowed" | "insufficient_permission" | "insufficient_scope" | "tier_required" | "batch_too_large" | "rate_limited" | "quota_exceeded" | "concurrency_exceeded" | "insufficient_credits" | "idempotency_key_invalid" | "idempotency_conflict" | "idempotency_mismatch" | "idempotency_unknown" | "too_many_failures" | "unavailable" | null;
    reservation: Reservation | null;
    /** Credits left; null: not bounded, or the key is refused */
    balance: number | null;
  };
  getReservation: Reservation;
  settleReservation: Reservation;
  refundReservation: Reservation;
  createRootKey: {
    rootKey: RootKey;
    secret: string;
  };
  listRootKeys: {
    data: Array<RootKey>;
    nextCursor: string | null;
  };
  revokeRootKey: RootKey;
  getUsage: {
    data: Array<{
      at: string;
      outcome: string;
      count: number;
    }>;
  };
  listAuditEvents: {
    data: Array<AuditEvent>;
    nextCursor: string | null;
  };
  getSelf: {
    /** null: a portal token */
    user: User | null;
    /** Goes with every change that the session makes, as X-CSRF-Token; null: none is needed */
    csrfToken: string | null;
    /** Those that the user is a member of, by name */
    organizations: Array<{
      id: string;
      name: string;
      role: "owner" | "admin" | "developer" | "viewer" | "billing" | "portal" | "portal_read_only";
      /** Names of the operations that may be called here */
      operations: Array<string>;
    }>;
    /** Names of the operations that may be called anywhere */
    operations: Array<string>;
    /** The only project that a portal token sees */
    projectId: string | null;
    /** When the session or token ends */
    expiresAt: string | null;
  };
  listMembers: {
    data: Array<Member>;
    nextCursor: string | null;
  };
  updateMember: Member;
  removeMember: {
    keysToRotate: Array<Key>;
  };
  leaveOrganization: undefined;
  createInvitation: {
    invitation: Invitation;
    /** To be handed over, where no mail server is set; null: it was sent by mail */
    link: string | null;
  };
  listInvitations: {
    data: Array<Invitation>;
    nextCursor: string | null;
  };
  revokeInvitation: Invitation;
  readInvitation: {
    /** null: to the operator's own users */
    organizationName: string | null;
    email: string | null;
    role: "owner" | "admin" | "developer" | "viewer" | "billing" | "operator";
    expiresAt: string;
  };
  acceptInvitation: {
    organizationId: string | null;
    role: "owner" | "admin" | "developer" | "viewer" | "billing" | "operator";
  };
  listOperators: {
    data: Array<User>;
    invitations: Array<Invitation>;
  };
  inviteOperator: {
    invitation: Invitation;
    /** To be handed over, where no mail server is set; null: it was sent by mail */
    link: string | null;
  };
  revokeOperatorInvitation: Invitation;
  removeOperator: {
    rootKeysToRevoke: Array<RootKey>;
  };
  listSessions: {
    data: Array<Session>;
  };
  endSession: undefined;
  endOtherSessions: {
    ended: number;
  };
  createPortalToken: {
    token: string;
    url: string;
    expiresAt: string;
  };
  getKeyBudgets: {
    budgets: Array<{
      name: "perMinute" | "perDay" | "concurrent";
      limit: number;
      /** -1: not metered */
      remaining: number;
      resetAt: string | null;
      /** Of a metered perDay: when it is used up at the pace of the last three hours; null: not today */
      reachesLimitAt: string | null;
    }>;
    /** null: requests are not charged */
    credits: {
      balance: number;
    } | null;
    /** true: this node answers alone, the shared counters are away */
    degraded: boolean;
  };
  observeKey: {
    observed: Array<{
      kind: "ip" | "referrer" | "endpoint";
      /** null: requests that named none, or none that a restriction can name */
      value: string | null;
      /** Since it was first seen */
      count: number;
      lastAt: string;
    }>;
    suggested: {
      ips?: Array<string> | undefined;
      referrers?: Array<string> | undefined;
      endpoints?: Array<string> | undefined;
    };
  };
  listTopKeys: {
    data: Array<{
      keyId: string;
      projectId: string;
      /** null: the key was deleted */
      name: string | null;
      /** How its secret begins; null: the key was deleted */
      prefix: string | null;
      /** How its secret ends; null: the key was deleted */
      hint: string | null;
      allowed: number;
      refused: number;
    }>;
  };
  getProviderPage: {
    title: string;
    markdown: string;
    html: string;
  };
}

/** Every operation as a method. */
export interface ManagementMethods {
  organizations: {
    /** Make an organization */
    create(input: OperationInputs['createOrganization'], options?: ManagementCallOptions): Promise<OperationOutputs['createOrganization']>;
    /** List organizations, newest first */
    list(input?: OperationInputs['listOrganizations'], options?: ManagementCallOptions): Promise<OperationOutputs['listOrganizations']>;
    /** Read an organization */
    get(input: OperationInputs['getOrganization'], options?: ManagementCallOptions): Promise<OperationOutputs['getOrganization']>;
    /** Change an organization. An absent member leaves, null clears. */
    update(input: OperationInputs['updateOrganization'], options?: ManagementCallOptions): Promise<OperationOutputs['updateOrganization']>;
    /** Delete an organization with its projects and keys. Its keys are refused as unknown from the answer on. The audit log stays. */
    delete(input: OperationInputs['deleteOrganization'], options?: ManagementCallOptions): Promise<OperationOutputs['deleteOrganization']>;
    /** Refuse all keys of an organization until it is resumed */
    suspend(input: OperationInputs['suspendOrganization'], options?: ManagementCallOptions): Promise<OperationOutputs['suspendOrganization']>;
    /** Let the keys of a suspended organization pass again */
    resume(input: OperationInputs['resumeOrganization'], options?: ManagementCallOptions): Promise<OperationOutputs['resumeOrganization']>;
  };
  projects: {
    /** Make a project in an organization */
    create(input: OperationInputs['createProject'], options?: ManagementCallOptions): Promise<OperationOutputs['createProject']>;
    /** List projects, newest first */
    list(input?: OperationInputs['listProjects'], options?: ManagementCallOptions): Promise<OperationOutputs['listProjects']>;
    /** Read a project */
    get(input: OperationInputs['getProject'], options?: ManagementCallOptions): Promise<OperationOutputs['getProject']>;
    /** Change a project. An absent member leaves, null clears. The key model stays as it was made. */
    update(input: OperationInputs['updateProject'], options?: ManagementCallOptions): Promise<OperationOutputs['updateProject']>;
    /** Delete a project with its keys */
    delete(input: OperationInputs['deleteProject'], options?: ManagementCallOptions): Promise<OperationOutputs['deleteProject']>;
    /** Refuse all keys of a project until it is resumed */
    suspend(input: OperationInputs['suspendProject'], options?: ManagementCallOptions): Promise<OperationOutputs['suspendProject']>;
    /** Let the keys of a suspended project pass again */
    resume(input: OperationInputs['resumeProject'], options?: ManagementCallOptions): Promise<OperationOutputs['resumeProject']>;
  };
  keys: {
    /** Make a key. The secret stands in this answer only. With an Idempotency-Key a retry within 10 minutes gets the same answer. */
    create(input: OperationInputs['createKey'], options?: ManagementCallOptions): Promise<OperationOutputs['createKey']>;
    /** List the keys of a project, newest first */
    list(input: OperationInputs['listKeys'], options?: ManagementCallOptions): Promise<OperationOutputs['listKeys']>;
    /** Read a key */
    get(input: OperationInputs['getKey'], options?: ManagementCallOptions): Promise<OperationOutputs['getKey']>;
    /** Change a key. An absent member leaves, null clears. The next request obeys. */
    update(input: OperationInputs['updateKey'], options?: ManagementCallOptions): Promise<OperationOutputs['updateKey']>;
    /** Delete a key and its record. It is refused as unknown from the answer on. To keep it in the lists, revoke it instead. */
    delete(input: OperationInputs['deleteKey'], options?: ManagementCallOptions): Promise<OperationOutputs['deleteKey']>;
    /** Make the next generation of a key. Old and new pass and share one budget until the grace period ends. With an Idempotency-Key a retry within 10 minutes gets the same answer. */
    rotate(input: OperationInputs['rotateKey'], options?: ManagementCallOptions): Promise<OperationOutputs['rotateKey']>;
    /** End a key for good. Final and at once: the next request is refused and running ones end. Revoking again answers 200 with the same revokedAt. */
    revoke(input: OperationInputs['revokeKey'], options?: ManagementCallOptions): Promise<OperationOutputs['revokeKey']>;
    /** Refuse a key until it is enabled again */
    disable(input: OperationInputs['disableKey'], options?: ManagementCallOptions): Promise<OperationOutputs['disableKey']>;
    /** Let a disabled key pass again */
    enable(input: OperationInputs['enableKey'], options?: ManagementCallOptions): Promise<OperationOutputs['enableKey']>;
    /** Bring keys that were made elsewhere. By plaintext or by digest; each row stands for itself. A key that came as a digest is moved to our own digest on first use. */
    import(input: OperationInputs['importKeys'], options?: ManagementCallOptions): Promise<OperationOutputs['importKeys']>;
    /** The last refused requests of a key, newest first. The newest 100 within 30 days, each with the reason and what would have been needed. Those of test keys are kept in memory only. Paths stand without query; what may be a secret is masked. */
    denials(input: OperationInputs['listDenials'], options?: ManagementCallOptions): Promise<OperationOutputs['listDenials']>;
    /** Decide on a presented key and spend its limits. Answers 200 whether the key is good or not; `valid` and `reason` say which. */
    verify(input?: OperationInputs['verifyKey'], options?: ManagementCallOptions): Promise<OperationOutputs['verifyKey']>;
    /** Decide on up to 100 presented keys, each on its own */
    verifyBatch(input: OperationInputs['verifyKeys'], options?: ManagementCallOptions): Promise<OperationOutputs['verifyKeys']>;
    /** Say how a request would be decided, check by check. Spends nothing, is no use of the key and rehearses nothing. Every check is judged, also behind the first that fails, which is the reason. The key is named by `keyId`, or by its secret as in verifyKey. */
    explain(input?: OperationInputs['explainKey'], options?: ManagementCallOptions): Promise<OperationOutputs['explainKey']>;
    /** What a key has left now. The same figures as the next request would meet; spends nothing. `reachesLimitAt` carries the last hours on. */
    budgets(input: OperationInputs['getKeyBudgets'], options?: ManagementCallOptions): Promise<OperationOutputs['getKeyBudgets']>;
    /** Where calls with a key come from, and restrictions that would fit them. Of requests that passed in the last 30 days, live keys only, of each kind the 50 seen last. Networks stand as the /24 (IPv4) or /48 (IPv6) that a caller usually stays in, pages as origins, endpoints as routes of the profile, or else with the first segment of the path alone. `suggested` lets all of that pass and nothing else; lists that the key has stay as they are, and a kind stays open when it has 50 values or requests that named none. */
    observed(input: OperationInputs['observeKey'], options?: ManagementCallOptions): Promise<OperationOutputs['observeKey']>;
  };
  leases: {
    /** Decide on a presented key and hold one of its concurrency slots. Answers 200 whether the key is good or not, as verifyKey does; `lease` is there when it is. Spends nothing but the slot unless `cost` says so. At the cap the reason is `concurrency_exceeded`. */
    create(input?: OperationInputs['createLease'], options?: ManagementCallOptions): Promise<OperationOutputs['createLease']>;
    /** Leases that are open, newest first */
    list(input?: OperationInputs['listLeases'], options?: ManagementCallOptions): Promise<OperationOutputs['listLeases']>;
    /** Free the slot of work that has finished. A lease that is over already, released or by its own time, is answered 404: there is nothing more to do. Safe to repeat. */
    release(input: OperationInputs['releaseLease'], options?: ManagementCallOptions): Promise<OperationOutputs['releaseLease']>;
  };
  tiers: {
    /** List all tiers in ascending order */
    list(input?: OperationInputs['listTiers'], options?: ManagementCallOptions): Promise<OperationOutputs['listTiers']>;
    /** Make a tier. Without a rank it becomes the highest. Without gatedFields it hides what the tier below it hides; the lowest hides all that any tier hides. */
    create(input: OperationInputs['createTier'], options?: ManagementCallOptions): Promise<OperationOutputs['createTier']>;
    /** Read a tier, and how many name it */
    get(input: OperationInputs['getTier'], options?: ManagementCallOptions): Promise<OperationOutputs['getTier']>;
    /** Change a tier. An absent member leaves, null clears; in `limits` too. The next request of each of its keys obeys, and running ones are judged anew. See the preview first. */
    update(input: OperationInputs['updateTier'], options?: ManagementCallOptions): Promise<OperationOutputs['updateTier']>;
    /** Delete a tier that nothing names any more */
    delete(input: OperationInputs['deleteTier'], options?: ManagementCallOptions): Promise<OperationOutputs['deleteTier']>;
    /** See which keys and requests a change would touch. Takes what the change takes, refuses what the change would refuse, and changes nothing. */
    preview(input: OperationInputs['previewTier'], options?: ManagementCallOptions): Promise<OperationOutputs['previewTier']>;
  };
  profiles: {
    /** Read the profile that is spoken, with the tiers as they stand. Its `policy.tiers` and `policy.gatedFields` are those of the database; `tiers` are the same in full, with what each hides. */
    get(input?: OperationInputs['getProfile'], options?: ManagementCallOptions): Promise<OperationOutputs['getProfile']>;
    /** Bring the tiers to what an edition of the profile says. Tiers are made and changed, never deleted. What else differs from the running profile is listed and counts from the next start with that file. */
    apply(input: OperationInputs['applyProfile'], options?: ManagementCallOptions): Promise<OperationOutputs['applyProfile']>;
    /** The provider's Authentication page, from what is in force */
    page(input?: OperationInputs['getProviderPage'], options?: ManagementCallOptions): Promise<OperationOutputs['getProviderPage']>;
  };
  credits: {
    /** Add to a key's credits, set them, or change their refill. Send `add` (negative takes) or `set`, and `refill` with or without one of them; `set: null` bounds the key no more. The very next request sees it. All generations of the key share one balance. With an Idempotency-Key a retry within 10 minutes changes nothing more and gets the same answer. */
    adjust(input: OperationInputs['adjustCredits'], options?: ManagementCallOptions): Promise<OperationOutputs['adjustCredits']>;
    /** Read the ledger of a key's credits, newest first. Every change of the balance is one entry; the sum of all amounts is the balance. */
    ledger(input: OperationInputs['listCreditEntries'], options?: ManagementCallOptions): Promise<OperationOutputs['listCreditEntries']>;
  };
  reservations: {
    /** Put credits aside until it is known what something costs. Takes no rate limit. Answers 200 whether the key may or not; `valid` and `reason` say which. `reservation` is null for a key that is not bounded by credits, and for test keys: there is nothing to settle. The same `requestId` again answers the same reservation. One that nobody ends returns when it expires, once. */
    create(input: OperationInputs['reserveCredits'], options?: ManagementCallOptions): Promise<OperationOutputs['reserveCredits']>;
    /** Read a reservation */
    get(input: OperationInputs['getReservation'], options?: ManagementCallOptions): Promise<OperationOutputs['getReservation']>;
    /** Say what a reservation came to; the rest returns. Again with the same figure: the same answer. One that was ended otherwise is 409, naming its state. */
    settle(input: OperationInputs['settleReservation'], options?: ManagementCallOptions): Promise<OperationOutputs['settleReservation']>;
    /** Give a reservation back. Again: the same answer. One that was ended otherwise is 409, naming its state. */
    refund(input: OperationInputs['refundReservation'], options?: ManagementCallOptions): Promise<OperationOutputs['refundReservation']>;
  };
  rootKeys: {
    /** Make a root key. The secret stands in this answer only. It can be given no permission that the calling key lacks. */
    create(input: OperationInputs['createRootKey'], options?: ManagementCallOptions): Promise<OperationOutputs['createRootKey']>;
    /** List root keys, newest first */
    list(input?: OperationInputs['listRootKeys'], options?: ManagementCallOptions): Promise<OperationOutputs['listRootKeys']>;
    /** End a root key for good. Invitations that were made with it and are still open are taken back. */
    revoke(input: OperationInputs['revokeRootKey'], options?: ManagementCallOptions): Promise<OperationOutputs['revokeRootKey']>;
  };
  usage: {
    /** Requests by hour or day and outcome. Live traffic only; a few seconds behind. */
    get(input?: OperationInputs['getUsage'], options?: ManagementCallOptions): Promise<OperationOutputs['getUsage']>;
    /** The keys with the most requests. Live traffic only; a few seconds behind. Of an organization, a project, or the installation. */
    topKeys(input?: OperationInputs['listTopKeys'], options?: ManagementCallOptions): Promise<OperationOutputs['listTopKeys']>;
  };
  auditEvents: {
    /** Who changed what, newest first */
    list(input?: OperationInputs['listAuditEvents'], options?: ManagementCallOptions): Promise<OperationOutputs['listAuditEvents']>;
  };
  self: {
    /** Who is signed in, and what they may do where. For a session or a portal token. */
    get(input?: OperationInputs['getSelf'], options?: ManagementCallOptions): Promise<OperationOutputs['getSelf']>;
  };
  members: {
    /** List the members of an organization, newest first */
    list(input: OperationInputs['listMembers'], options?: ManagementCallOptions): Promise<OperationOutputs['listMembers']>;
    /** Change a member's role. Nobody gives a role above their own; an organization keeps at least one owner. Open invitations that the new role may not make are taken back. */
    update(input: OperationInputs['updateMember'], options?: ManagementCallOptions): Promise<OperationOutputs['updateMember']>;
    /** Remove a member of an organization. Answers with the live keys whose secrets they saw, because they made or rotated them, or did so with such a key: rotate those. Their open invitations are taken back. */
    remove(input: OperationInputs['removeMember'], options?: ManagementCallOptions): Promise<OperationOutputs['removeMember']>;
    /** Leave an organization. An organization keeps at least one owner. The open invitations of whoever leaves are taken back. */
    leave(input: OperationInputs['leaveOrganization'], options?: ManagementCallOptions): Promise<OperationOutputs['leaveOrganization']>;
  };
  invitations: {
    /** Invite somebody into an organization. The link works once, for seven days. A second invitation of the same address takes the place of the first. A member sends at most fifty letters in a day. */
    create(input: OperationInputs['createInvitation'], options?: ManagementCallOptions): Promise<OperationOutputs['createInvitation']>;
    /** List the invitations of an organization, newest first */
    list(input: OperationInputs['listInvitations'], options?: ManagementCallOptions): Promise<OperationOutputs['listInvitations']>;
    /** Take an invitation back */
    revoke(input: OperationInputs['revokeInvitation'], options?: ManagementCallOptions): Promise<OperationOutputs['revokeInvitation']>;
    /** What an invitation is to. Asks for no sign-in: the token is the proof. */
    read(input: OperationInputs['readInvitation'], options?: ManagementCallOptions): Promise<OperationOutputs['readInvitation']>;
    /** Become what an invitation says. As the signed-in user, whose address must be the one that was invited. */
    accept(input: OperationInputs['acceptInvitation'], options?: ManagementCallOptions): Promise<OperationOutputs['acceptInvitation']>;
  };
  operators: {
    /** List the operator's own users, newest first */
    list(input?: OperationInputs['listOperators'], options?: ManagementCallOptions): Promise<OperationOutputs['listOperators']>;
    /** Invite somebody among the operator's own users */
    invite(input: OperationInputs['inviteOperator'], options?: ManagementCallOptions): Promise<OperationOutputs['inviteOperator']>;
    /** Take back an invitation among the operator's own users */
    revokeInvitation(input: OperationInputs['revokeOperatorInvitation'], options?: ManagementCallOptions): Promise<OperationOutputs['revokeOperatorInvitation']>;
    /** Make one of the operator's users an ordinary one. The last one stays. Their open invitations are taken back, wherever they are to. Answers with the root keys that they made, or that were made with such a key, and that still work: revoke those. */
    remove(input: OperationInputs['removeOperator'], options?: ManagementCallOptions): Promise<OperationOutputs['removeOperator']>;
  };
  sessions: {
    /** Where the signed-in user is signed in */
    list(input?: OperationInputs['listSessions'], options?: ManagementCallOptions): Promise<OperationOutputs['listSessions']>;
    /** End one of the signed-in user's sessions */
    end(input: OperationInputs['endSession'], options?: ManagementCallOptions): Promise<OperationOutputs['endSession']>;
    /** End all of the signed-in user's sessions but this one */
    endOthers(input?: OperationInputs['endOtherSessions'], options?: ManagementCallOptions): Promise<OperationOutputs['endOtherSessions']>;
  };
  portalTokens: {
    /** Let one customer into the key portal on the provider's own site. The page at `url` is the keys page of that customer alone, to be framed or opened. The token stands behind `#`, which no server is told. */
    create(input: OperationInputs['createPortalToken'], options?: ManagementCallOptions): Promise<OperationOutputs['createPortalToken']>;
  };
}

export type OperationName = keyof OperationInputs;

/** Where each operation goes; what is neither in the path nor in `query` is the body. */
export const ROUTES = {
  createOrganization: {"method":"POST","path":"/v1/organizations","query":[],"body":true,"answers":true,"idempotent":false},
  listOrganizations: {"method":"GET","path":"/v1/organizations","query":["limit","cursor"],"body":false,"answers":true,"idempotent":false},
  getOrganization: {"method":"GET","path":"/v1/organizations/:organizationId","query":[],"body":false,"answers":true,"idempotent":false},
  updateOrganization: {"method":"PATCH","path":"/v1/organizations/:organizationId","query":[],"body":true,"answers":true,"idempotent":false},
  deleteOrganization: {"method":"DELETE","path":"/v1/organizations/:organizationId","query":[],"body":false,"answers":false,"idempotent":false},
  suspendOrganization: {"method":"POST","path":"/v1/organizations/:organizationId/suspend","query":[],"body":true,"answers":true,"idempotent":false},
  resumeOrganization: {"method":"POST","path":"/v1/organizations/:organizationId/resume","query":[],"body":true,"answers":true,"idempotent":false},
  createProject: {"method":"POST","path":"/v1/projects","query":[],"body":true,"answers":true,"idempotent":false},
  listProjects: {"method":"GET","path":"/v1/projects","query":["limit","cursor","organizationId"],"body":false,"answers":true,"idempotent":false},
  getProject: {"method":"GET","path":"/v1/projects/:projectId","query":[],"body":false,"answers":true,"idempotent":false},
  updateProject: {"method":"PATCH","path":"/v1/projects/:projectId","query":[],"body":true,"answers":true,"idempotent":false},
  deleteProject: {"method":"DELETE","path":"/v1/projects/:projectId","query":[],"body":false,"answers":false,"idempotent":false},
  suspendProject: {"method":"POST","path":"/v1/projects/:projectId/suspend","query":[],"body":true,"answers":true,"idempotent":false},
  resumeProject: {"method":"POST","path":"/v1/projects/:projectId/resume","query":[],"body":true,"answers":true,"idempotent":false},
  createKey: {"method":"POST","path":"/v1/projects/:projectId/keys","query":[],"body":true,"answers":true,"idempotent":true},
  listKeys: {"method":"GET","path":"/v1/projects/:projectId/keys","query":["limit","cursor","notRevoked","mode","familyId"],"body":false,"answers":true,"idempotent":false},
  getKey: {"method":"GET","path":"/v1/keys/:keyId","query":[],"body":false,"answers":true,"idempotent":false},
  updateKey: {"method":"PATCH","path":"/v1/keys/:keyId","query":[],"body":true,"answers":true,"idempotent":false},
  deleteKey: {"method":"DELETE","path":"/v1/keys/:keyId","query":[],"body":false,"answers":false,"idempotent":false},
  rotateKey: {"method":"POST","path":"/v1/keys/:keyId/rotate","query":[],"body":true,"answers":true,"idempotent":true},
  revokeKey: {"method":"POST","path":"/v1/keys/:keyId/revoke","query":[],"body":true,"answers":true,"idempotent":false},
  disableKey: {"method":"POST","path":"/v1/keys/:keyId/disable","query":[],"body":true,"answers":true,"idempotent":false},
  enableKey: {"method":"POST","path":"/v1/keys/:keyId/enable","query":[],"body":true,"answers":true,"idempotent":false},
  listDenials: {"method":"GET","path":"/v1/keys/:keyId/denials","query":["limit","cursor","requestId"],"body":false,"answers":true,"idempotent":false},
  importKeys: {"method":"POST","path":"/v1/projects/:projectId/keys/import","query":[],"body":true,"answers":true,"idempotent":false},
  verifyKey: {"method":"POST","path":"/v1/keys/verify","query":[],"body":true,"answers":true,"idempotent":false},
  verifyKeys: {"method":"POST","path":"/v1/keys/verify/batch","query":[],"body":true,"answers":true,"idempotent":false},
  createLease: {"method":"POST","path":"/v1/leases","query":[],"body":true,"answers":true,"idempotent":false},
  listLeases: {"method":"GET","path":"/v1/leases","query":["limit","cursor","keyId"],"body":false,"answers":true,"idempotent":false},
  releaseLease: {"method":"DELETE","path":"/v1/leases/:leaseId","query":[],"body":false,"answers":false,"idempotent":false},
  createTier: {"method":"POST","path":"/v1/tiers","query":[],"body":true,"answers":true,"idempotent":false},
  listTiers: {"method":"GET","path":"/v1/tiers","query":[],"body":false,"answers":true,"idempotent":false},
  getTier: {"method":"GET","path":"/v1/tiers/:tierId","query":[],"body":false,"answers":true,"idempotent":false},
  updateTier: {"method":"PATCH","path":"/v1/tiers/:tierId","query":[],"body":true,"answers":true,"idempotent":false},
  previewTier: {"method":"POST","path":"/v1/tiers/:tierId/preview","query":["limit","cursor"],"body":true,"answers":true,"idempotent":false},
  deleteTier: {"method":"DELETE","path":"/v1/tiers/:tierId","query":[],"body":false,"answers":false,"idempotent":false},
  getProfile: {"method":"GET","path":"/v1/profile","query":[],"body":false,"answers":true,"idempotent":false},
  applyProfile: {"method":"POST","path":"/v1/profile/apply","query":[],"body":true,"answers":true,"idempotent":false},
  explainKey: {"method":"POST","path":"/v1/keys/explain","query":[],"body":true,"answers":true,"idempotent":false},
  adjustCredits: {"method":"POST","path":"/v1/keys/:keyId/credits","query":[],"body":true,"answers":true,"idempotent":true},
  listCreditEntries: {"method":"GET","path":"/v1/keys/:keyId/credits/ledger","query":["limit","cursor"],"body":false,"answers":true,"idempotent":false},
  reserveCredits: {"method":"POST","path":"/v1/reservations","query":[],"body":true,"answers":true,"idempotent":false},
  getReservation: {"method":"GET","path":"/v1/reservations/:reservationId","query":[],"body":false,"answers":true,"idempotent":false},
  settleReservation: {"method":"POST","path":"/v1/reservations/:reservationId/settle","query":[],"body":true,"answers":true,"idempotent":false},
  refundReservation: {"method":"POST","path":"/v1/reservations/:reservationId/refund","query":[],"body":true,"answers":true,"idempotent":false},
  createRootKey: {"method":"POST","path":"/v1/root-keys","query":[],"body":true,"answers":true,"idempotent":false},
  listRootKeys: {"method":"GET","path":"/v1/root-keys","query":["limit","cursor"],"body":false,"answers":true,"idempotent":false},
  revokeRootKey: {"method":"POST","path":"/v1/root-keys/:rootKeyId/revoke","query":[],"body":true,"answers":true,"idempotent":false},
  getUsage: {"method":"GET","path":"/v1/usage","query":["organizationId","projectId","keyId","from","to","by"],"body":false,"answers":true,"idempotent":false},
  listAuditEvents: {"method":"GET","path":"/v1/audit-events","query":["limit","cursor","organizationId","projectId","action","targetId","actorId","from","to"],"body":false,"answers":true,"idempotent":false},
  getSelf: {"method":"GET","path":"/v1/self","query":[],"body":false,"answers":true,"idempotent":false},
  listMembers: {"method":"GET","path":"/v1/organizations/:organizationId/members","query":["limit","cursor"],"body":false,"answers":true,"idempotent":false},
  updateMember: {"method":"PATCH","path":"/v1/organizations/:organizationId/members/:userId","query":[],"body":true,"answers":true,"idempotent":false},
  removeMember: {"method":"DELETE","path":"/v1/organizations/:organizationId/members/:userId","query":[],"body":false,"answers":true,"idempotent":false},
  leaveOrganization: {"method":"POST","path":"/v1/organizations/:organizationId/leave","query":[],"body":true,"answers":false,"idempotent":false},
  createInvitation: {"method":"POST","path":"/v1/organizations/:organizationId/invitations","query":[],"body":true,"answers":true,"idempotent":false},
  listInvitations: {"method":"GET","path":"/v1/organizations/:organizationId/invitations","query":["limit","cursor"],"body":false,"answers":true,"idempotent":false},
  revokeInvitation: {"method":"POST","path":"/v1/organizations/:organizationId/invitations/:invitationId/revoke","query":[],"body":true,"answers":true,"idempotent":false},
  readInvitation: {"method":"POST","path":"/v1/invitations/read","query":[],"body":true,"answers":true,"idempotent":false},
  acceptInvitation: {"method":"POST","path":"/v1/invitations/accept","query":[],"body":true,"answers":true,"idempotent":false},
  listOperators: {"method":"GET","path":"/v1/operators","query":[],"body":false,"answers":true,"idempotent":false},
  inviteOperator: {"method":"POST","path":"/v1/operators/invitations","query":[],"body":true,"answers":true,"idempotent":false},
  revokeOperatorInvitation: {"method":"POST","path":"/v1/operators/invitations/:invitationId/revoke","query":[],"body":true,"answers":true,"idempotent":false},
  removeOperator: {"method":"DELETE","path":"/v1/operators/:userId","query":[],"body":false,"answers":true,"idempotent":false},
  listSessions: {"method":"GET","path":"/v1/sessions","query":[],"body":false,"answers":true,"idempotent":false},
  endSession: {"method":"DELETE","path":"/v1/sessions/:sessionId","query":[],"body":false,"answers":false,"idempotent":false},
  endOtherSessions: {"method":"POST","path":"/v1/sessions/end-others","query":[],"body":true,"answers":true,"idempotent":false},
  createPortalToken: {"method":"POST","path":"/v1/portal-tokens","query":[],"body":true,"answers":true,"idempotent":false},
  getKeyBudgets: {"method":"GET","path":"/v1/keys/:keyId/budgets","query":[],"body":false,"answers":true,"idempotent":false},
  observeKey: {"method":"GET","path":"/v1/keys/:keyId/observed","query":[],"body":false,"answers":true,"idempotent":false},
  listTopKeys: {"method":"GET","path":"/v1/usage/keys","query":["organizationId","projectId","from","to","limit"],"body":false,"answers":true,"idempotent":false},
  getProviderPage: {"method":"GET","path":"/v1/provider-page","query":[],"body":false,"answers":true,"idempotent":false},
} as const;

/** Which operation each method calls. */
export const METHODS = {
  "organizations": {
    "create": "createOrganization",
    "list": "listOrganizations",
    "get": "getOrganization",
    "update": "updateOrganization",
    "delete": "deleteOrganization",
    "suspend": "suspendOrganization",
    "resume": "resumeOrganization"
  },
  "projects": {
    "create": "createProject",
    "list": "listProjects",
    "get": "getProject",
    "update": "updateProject",
    "delete": "deleteProject",
    "suspend": "suspendProject",
    "resume": "resumeProject"
  },
  "keys": {
    "create": "createKey",
    "list": "listKeys",
    "get": "getKey",
    "update": "updateKey",
    "delete": "deleteKey",
    "rotate": "rotateKey",
    "revoke": "revokeKey",
    "disable": "disableKey",
    "enable": "enableKey",
    "import": "importKeys",
    "denials": "listDenials",
    "verify": "verifyKey",
    "verifyBatch": "verifyKeys",
    "explain": "explainKey",
    "budgets": "getKeyBudgets",
    "observed": "observeKey"
  },
  "leases": {
    "create": "createLease",
    "list": "listLeases",
    "release": "releaseLease"
  },
  "tiers": {
    "list": "listTiers",
    "create": "createTier",
    "get": "getTier",
    "update": "updateTier",
    "delete": "deleteTier",
    "preview": "previewTier"
  },
  "profiles": {
    "get": "getProfile",
    "apply": "applyProfile",
    "page": "getProviderPage"
  },
  "credits": {
    "adjust": "adjustCredits",
    "ledger": "listCreditEntries"
  },
  "reservations": {
    "create": "reserveCredits",
    "get": "getReservation",
    "settle": "settleReservation",
    "refund": "refundReservation"
  },
  "rootKeys": {
    "create": "createRootKey",
    "list": "listRootKeys",
    "revoke": "revokeRootKey"
  },
  "usage": {
    "get": "getUsage",
    "topKeys": "listTopKeys"
  },
  "auditEvents": {
    "list": "listAuditEvents"
  },
  "self": {
    "get": "getSelf"
  },
  "members": {
    "list": "listMembers",
    "update": "updateMember",
    "remove": "removeMember",
    "leave": "leaveOrganization"
  },
  "invitations": {
    "create": "createInvitation",
    "list": "listInvitations",
    "revoke": "revokeInvitation",
    "read": "readInvitation",
    "accept": "acceptInvitation"
  },
  "operators": {
    "list": "listOperators",
    "invite": "inviteOperator",
    "revokeInvitation": "revokeOperatorInvitation",
    "remove": "removeOperator"
  },
  "sessions": {
    "list": "listSessions",
    "end": "endSession",
    "endOthers": "endOtherSessions"
  },
  "portalTokens": {
    "create": "createPortalToken"
  }
} as const satisfies Record<string, Record<string, OperationName>>;
