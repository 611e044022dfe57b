// The operation table: every call of the management API, one row each, in the order of the reference pages.

import { z } from 'zod';
import { KEY_STATES } from '../key/state.js';
import { REASONS } from '../verify/reasons.js';
import type { Operation } from './operation.js';
import * as v from './values.js';

const none = z.strictObject({});
const page = z.strictObject({
  limit: v.count(1, 100).default(25).meta({ description: 'Rows on a page', type: 'integer', minimum: 1, maximum: 100 }),
  cursor: z.string().max(300).optional().meta({ description: 'The `nextCursor` of the page before' }),
});
const listOf = <Row extends z.ZodType>(row: Row) => z.object({ data: z.array(row), nextCursor: z.string().nullable() });

export const keyObject = z
  .object({
    id: z.string(),
    projectId: z.string(),
    name: z.string(),
    prefix: z.string(),
    hint: z.string().meta({ description: 'The last four characters of the secret' }),
    mode: z.enum(['live', 'test']),
    model: z.enum(['legacy', 'v2']),
    tier: z.string().nullable(),
    permissions: z.array(z.string()).nullable().meta({ description: 'null: full access to its project' }),
    restrictions: z
      .object({
        ips: z.array(z.string()).optional(),
        referrers: z.array(z.string()).optional(),
        endpoints: z.array(z.string()).optional(),
      })
      .nullable(),
    limits: z
      .object({ perMinute: z.int().optional(), perDay: z.int().optional(), concurrent: z.int().optional() })
      .nullable()
      .meta({ description: "Figures set on this key, in place of the tier's" }),
    credits: z.null().meta({ description: 'null: not bounded by credits' }),
    environment: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()).nullable(),
    ownerId: z.string().nullable(),
    familyId: z.string(),
    generation: z.int(),
    state: z.enum(KEY_STATES),
    createdAt: v.time,
    expiresAt: v.time.nullable(),
    lastUsedAt: v.time.nullable(),
    lastUsedIp: z.string().nullable(),
    graceEndsAt: v.time.nullable(),
    revokedAt: v.time.nullable(),
    revokedReason: z.string().nullable(),
  })
  .meta({ id: 'Key' });

const suspendable = z.object({
  id: z.string(),
  name: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  createdAt: v.time,
  suspendedAt: v.time.nullable(),
});

const organizationObject = suspendable.meta({ id: 'Organization' });

const projectObject = suspendable
  .extend({ organizationId: z.string(), keyModel: z.enum(['legacy', 'v2']), tier: z.string().nullable() })
  .meta({ id: 'Project' });

const rootKeyObject = z
  .object({
    id: z.string(),
    name: z.string(),
    hint: z.string(),
    permissions: z.array(z.string()),
    source: z.enum(['created', 'environment']),
    createdAt: v.time,
    expiresAt: v.time.nullable(),
    revokedAt: v.time.nullable(),
  })
  .meta({ id: 'RootKey' });

const budgetObject = z
  .object({
    name: z.enum(['perMinute', 'perDay', 'concurrent']),
    kind: z.enum(['rate', 'quota', 'concurrency']),
    limit: z.int(),
    remaining: z.int().meta({ description: '-1: not metered' }),
    resetAt: v.time.nullable(),
  })
  .meta({ id: 'Budget' });

const propagated = z.object({
  nodes: z.int().meta({ description: 'Nodes that have confirmed' }),
  of: z.int(),
  ms: z.number(),
});

const headerLines = z.record(
  z.string().max(200),
  z.union([z.string().max(16_384), z.array(z.string().max(16_384)).max(20)]),
);

/** What verifyKey is asked. Exactly one of `secret` and `request.headers` carries the credential. */
export const verifyBody = z.strictObject({
  secret: z
    .string()
    .max(4096)
    .nullable()
    .optional()
    .meta({ description: 'The presented secret; null or empty: none was presented' }),
  request: z
    .strictObject({
      method: z
        .string()
        .regex(/^[A-Za-z]{1,20}$/, 'must be an HTTP method')
        .optional(),
      path: z.string().startsWith('/').max(8192).optional(),
      ip: z.union([z.ipv4(), z.ipv6()], 'must be an IP address').optional(),
      referrer: z.string().max(8192).optional(),
      headers: headerLines.optional().meta({
        description: "The caller's headers, in place of `secret`: the credential is read as the profile says",
      }),
    })
    .optional(),
  permissions: v.permissions.optional().meta({ description: 'All of these are needed' }),
  cost: z
    .strictObject({
      requests: z.int().min(0).max(1_000_000).default(1),
      credits: z.int().min(0).max(1_000_000_000).default(0),
    })
    .optional(),
  batchSize: z.int().min(0).max(1_000_000_000).optional(),
  fields: z.array(z.string().min(1).max(200)).max(100).optional(),
  tags: z.array(v.line(100)).max(10).optional().meta({ description: 'Written to the log with the decision' }),
  render: z.boolean().optional().meta({ description: "true: also answer the reply in the profile's dialect" }),
});

export const verifyOutput = z
  .object({
    valid: z.boolean(),
    reason: z.enum(REASONS).nullable(),
    key: keyObject.optional(),
    project: z.object({ id: z.string(), name: z.string(), keyModel: z.enum(['legacy', 'v2']) }).optional(),
    organization: z.object({ id: z.string(), name: z.string() }).optional(),
    tier: z.string().nullable().optional(),
    mode: z.enum(['live', 'test']).optional(),
    permissions: z.array(z.string()).optional(),
    budgets: z.array(budgetObject),
    credits: z.null().optional(),
    gatedFields: z.array(z.string()).optional().meta({ description: 'Response fields that the key may not see' }),
    retryAfterSeconds: z.int().optional(),
    degraded: z.boolean(),
    requestId: z.string(),
    reply: z
      .object({ status: z.int(), headers: z.record(z.string(), z.string()), body: z.string().nullable() })
      .optional()
      .meta({
        description:
          "The answer in the profile's dialect; for a valid key the headers to add, and a body where the profile answers itself",
      }),
  })
  .meta({ id: 'Verification' });

const keyFields = {
  name: v.line(100),
  tier: z.string().max(100).nullable(),
  permissions: v.permissions.nullable(),
  restrictions: v.restrictions.nullable(),
  limits: v.limits.nullable(),
  expiresAt: v.instant.nullable(),
  metadata: v.metadata.nullable(),
  ownerId: v.line(200).nullable(),
  environment: v.line(100).nullable(),
};

const createKeyBody = z.strictObject({
  name: keyFields.name,
  mode: z.enum(['live', 'test']).optional(),
  tier: keyFields.tier.optional(),
  permissions: keyFields.permissions.optional(),
  restrictions: keyFields.restrictions.optional(),
  limits: keyFields.limits.optional(),
  expiresAt: keyFields.expiresAt.optional(),
  metadata: keyFields.metadata.optional(),
  ownerId: keyFields.ownerId.optional(),
  environment: keyFields.environment.optional(),
});

const importedKey = createKeyBody.extend({
  secret: z.string().max(512).optional().meta({ description: 'The plaintext; digested at once and not kept' }),
  digest: z
    .strictObject({
      algorithm: z.enum(['sha256', 'hmac-sha256']),
      encoding: z.enum(['hex', 'base64', 'base64url']).default('hex'),
      value: z.string().max(100),
      pepperId: z
        .string()
        .max(64)
        .optional()
        .meta({ description: 'For hmac-sha256: the pepper in the ring it was made with' }),
    })
    .optional(),
  prefix: z.string().max(40).optional(),
  hint: z.string().max(8).optional(),
  createdAt: v.instant.optional(),
});

const keyParams = z.strictObject({ keyId: v.id });
const projectParams = z.strictObject({ projectId: v.id });
const organizationParams = z.strictObject({ organizationId: v.id });

const secretAnswer = z.object({
  key: keyObject,
  secret: z.string().meta({ description: 'Shown in this answer only' }),
  webhookSecret: z.string().optional(),
});

const row = <
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodObject | null,
  Output extends z.ZodType | null,
>(
  operation: Operation<Params, Query, Body, Output>,
) => operation;

export const operations = {
  createOrganization: row({
    tag: 'Organizations',
    summary: 'Make an organization',
    method: 'POST',
    path: '/v1/organizations',
    params: none,
    query: none,
    body: z.strictObject({ name: v.line(100), metadata: v.metadata.nullable().optional() }),
    output: organizationObject,
    status: 201,
    permission: 'organizations.create',
    audience: 'operator',
    idempotent: false,
    errors: [],
  }),
  listOrganizations: row({
    tag: 'Organizations',
    summary: 'List organizations, newest first',
    method: 'GET',
    path: '/v1/organizations',
    params: none,
    query: page,
    body: null,
    output: listOf(organizationObject),
    status: 200,
    permission: 'organizations.read',
    audience: 'operator',
    idempotent: false,
    errors: ['invalid_cursor'],
  }),
  getOrganization: row({
    tag: 'Organizations',
    summary: 'Read an organization',
    method: 'GET',
    path: '/v1/organizations/:organizationId',
    params: organizationParams,
    query: none,
    body: null,
    output: organizationObject,
    status: 200,
    permission: 'organizations.read',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  updateOrganization: row({
    tag: 'Organizations',
    summary: 'Change an organization',
    description: 'An absent member leaves, null clears.',
    method: 'PATCH',
    path: '/v1/organizations/:organizationId',
    params: organizationParams,
    query: none,
    body: z.strictObject({ name: v.line(100).optional(), metadata: v.metadata.nullable().optional() }),
    output: organizationObject,
    status: 200,
    permission: 'organizations.update',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  deleteOrganization: row({
    tag: 'Organizations',
    summary: 'Delete an organization with its projects and keys',
    description: 'Its keys are refused as unknown from the answer on. The audit log stays.',
    method: 'DELETE',
    path: '/v1/organizations/:organizationId',
    params: organizationParams,
    query: none,
    body: null,
    output: null,
    status: 204,
    permission: 'organizations.delete',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  suspendOrganization: row({
    tag: 'Organizations',
    summary: 'Refuse all keys of an organization until it is resumed',
    method: 'POST',
    path: '/v1/organizations/:organizationId/suspend',
    params: organizationParams,
    query: none,
    body: none,
    output: organizationObject,
    status: 200,
    permission: 'organizations.suspend',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  resumeOrganization: row({
    tag: 'Organizations',
    summary: 'Let the keys of a suspended organization pass again',
    method: 'POST',
    path: '/v1/organizations/:organizationId/resume',
    params: organizationParams,
    query: none,
    body: none,
    output: organizationObject,
    status: 200,
    permission: 'organizations.suspend',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  createProject: row({
    tag: 'Projects',
    summary: 'Make a project in an organization',
    method: 'POST',
    path: '/v1/projects',
    params: none,
    query: none,
    body: z.strictObject({
      organizationId: v.id,
      name: v.line(100),
      keyModel: z.enum(['legacy', 'v2']).optional(),
      tier: z.string().max(100).nullable().optional(),
      metadata: v.metadata.nullable().optional(),
    }),
    output: projectObject,
    status: 201,
    permission: 'projects.create',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found', 'tier_unknown'],
  }),
  listProjects: row({
    tag: 'Projects',
    summary: 'List projects, newest first',
    method: 'GET',
    path: '/v1/projects',
    params: none,
    query: page.extend({ organizationId: v.id.optional() }),
    body: null,
    output: listOf(projectObject),
    status: 200,
    permission: 'projects.read',
    audience: 'operator',
    idempotent: false,
    errors: ['invalid_cursor'],
  }),
  getProject: row({
    tag: 'Projects',
    summary: 'Read a project',
    method: 'GET',
    path: '/v1/projects/:projectId',
    params: projectParams,
    query: none,
    body: null,
    output: projectObject,
    status: 200,
    permission: 'projects.read',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  updateProject: row({
    tag: 'Projects',
    summary: 'Change a project',
    description: 'An absent member leaves, null clears. The key model stays as it was made.',
    method: 'PATCH',
    path: '/v1/projects/:projectId',
    params: projectParams,
    query: none,
    body: z.strictObject({
      name: v.line(100).optional(),
      tier: z.string().max(100).nullable().optional(),
      metadata: v.metadata.nullable().optional(),
    }),
    output: projectObject,
    status: 200,
    permission: 'projects.update',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found', 'tier_unknown'],
  }),
  deleteProject: row({
    tag: 'Projects',
    summary: 'Delete a project with its keys',
    method: 'DELETE',
    path: '/v1/projects/:projectId',
    params: projectParams,
    query: none,
    body: null,
    output: null,
    status: 204,
    permission: 'projects.delete',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  suspendProject: row({
    tag: 'Projects',
    summary: 'Refuse all keys of a project until it is resumed',
    method: 'POST',
    path: '/v1/projects/:projectId/suspend',
    params: projectParams,
    query: none,
    body: none,
    output: projectObject,
    status: 200,
    permission: 'projects.suspend',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  resumeProject: row({
    tag: 'Projects',
    summary: 'Let the keys of a suspended project pass again',
    method: 'POST',
    path: '/v1/projects/:projectId/resume',
    params: projectParams,
    query: none,
    body: none,
    output: projectObject,
    status: 200,
    permission: 'projects.suspend',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  createKey: row({
    tag: 'Keys',
    summary: 'Make a key',
    description:
      'The secret stands in this answer only. With an Idempotency-Key a retry within 10 minutes gets the same answer.',
    method: 'POST',
    path: '/v1/projects/:projectId/keys',
    params: projectParams,
    query: none,
    body: createKeyBody,
    output: secretAnswer,
    status: 201,
    permission: 'keys.create',
    audience: 'manager',
    idempotent: true,
    errors: [
      'not_found',
      'operator_only',
      'exceeds_own_rights',
      'mode_not_offered',
      'tier_unknown',
      'permission_unknown',
      'limits_required',
      'limits_inconsistent',
      'expiry_in_past',
      'legacy_key_exists',
      'organization_suspended',
    ],
  }),
  listKeys: row({
    tag: 'Keys',
    summary: 'List the keys of a project, newest first',
    method: 'GET',
    path: '/v1/projects/:projectId/keys',
    params: projectParams,
    query: page.extend({
      notRevoked: v.flag.optional().meta({ description: 'true: leave out revoked keys', type: 'boolean' }),
      mode: z.enum(['live', 'test']).optional(),
      familyId: v.id.optional(),
    }),
    body: null,
    output: listOf(keyObject),
    status: 200,
    permission: 'keys.read',
    audience: 'manager',
    idempotent: false,
    errors: ['not_found', 'invalid_cursor'],
  }),
  getKey: row({
    tag: 'Keys',
    summary: 'Read a key',
    method: 'GET',
    path: '/v1/keys/:keyId',
    params: keyParams,
    query: none,
    body: null,
    output: keyObject,
    status: 200,
    permission: 'keys.read',
    audience: 'manager',
    idempotent: false,
    errors: ['not_found'],
  }),
  updateKey: row({
    tag: 'Keys',
    summary: 'Change a key',
    description: 'An absent member leaves, null clears. The next request obeys.',
    method: 'PATCH',
    path: '/v1/keys/:keyId',
    params: keyParams,
    query: none,
    body: z.strictObject({
      name: keyFields.name.optional(),
      tier: keyFields.tier.optional(),
      permissions: keyFields.permissions.optional(),
      restrictions: keyFields.restrictions.optional(),
      limits: keyFields.limits.optional(),
      expiresAt: keyFields.expiresAt.optional(),
      metadata: keyFields.metadata.optional(),
      ownerId: keyFields.ownerId.optional(),
      environment: keyFields.environment.optional(),
    }),
    output: keyObject,
    status: 200,
    permission: 'keys.update',
    audience: 'manager',
    idempotent: false,
    errors: [
      'not_found',
      'operator_only',
      'exceeds_own_rights',
      'key_not_live',
      'tier_unknown',
      'permission_unknown',
      'limits_required',
      'limits_inconsistent',
      'expiry_in_past',
    ],
  }),
  deleteKey: row({
    tag: 'Keys',
    summary: 'Delete a key and its record',
    description: 'It is refused as unknown from the answer on. To keep it in the lists, revoke it instead.',
    method: 'DELETE',
    path: '/v1/keys/:keyId',
    params: keyParams,
    query: none,
    body: null,
    output: null,
    status: 204,
    permission: 'keys.delete',
    audience: 'manager',
    idempotent: false,
    errors: ['not_found'],
  }),
  rotateKey: row({
    tag: 'Keys',
    summary: 'Make the next generation of a key',
    description:
      'Old and new pass and share one budget until the grace period ends. With an Idempotency-Key a retry within 10 minutes gets the same answer.',
    method: 'POST',
    path: '/v1/keys/:keyId/rotate',
    params: keyParams,
    query: none,
    body: z.strictObject({ gracePeriodSeconds: z.int().min(0).max(31_536_000).optional() }),
    output: secretAnswer.extend({ previous: z.object({ id: z.string(), graceEndsAt: v.time }) }),
    status: 200,
    permission: 'keys.rotate',
    audience: 'manager',
    idempotent: true,
    errors: [
      'not_found',
      'exceeds_own_rights',
      'key_not_rotatable',
      'grace_period_required',
      'grace_period_not_allowed',
    ],
  }),
  revokeKey: row({
    tag: 'Keys',
    summary: 'End a key for good',
    description:
      'Final and at once: the next request is refused and running ones end. Revoking again answers 200 with the same revokedAt.',
    method: 'POST',
    path: '/v1/keys/:keyId/revoke',
    params: keyParams,
    query: none,
    body: z.strictObject({
      reason: v.line(300).optional(),
      family: z.boolean().optional().meta({ description: 'true: every generation of the key' }),
      onlyIfLive: z.boolean().optional().meta({ description: 'true: answer 404 for a key that was revoked before' }),
    }),
    output: z.object({ key: keyObject, propagated }),
    status: 200,
    permission: 'keys.revoke',
    audience: 'manager',
    idempotent: false,
    errors: ['not_found'],
  }),
  disableKey: row({
    tag: 'Keys',
    summary: 'Refuse a key until it is enabled again',
    method: 'POST',
    path: '/v1/keys/:keyId/disable',
    params: keyParams,
    query: none,
    body: none,
    output: keyObject,
    status: 200,
    permission: 'keys.disable',
    audience: 'manager',
    idempotent: false,
    errors: ['not_found', 'key_not_live'],
  }),
  enableKey: row({
    tag: 'Keys',
    summary: 'Let a disabled key pass again',
    method: 'POST',
    path: '/v1/keys/:keyId/enable',
    params: keyParams,
    query: none,
    body: none,
    output: keyObject,
    status: 200,
    permission: 'keys.disable',
    audience: 'manager',
    idempotent: false,
    errors: ['not_found', 'exceeds_own_rights', 'key_not_live'],
  }),
  importKeys: row({
    tag: 'Keys',
    summary: 'Bring keys that were made elsewhere',
    description:
      'By plaintext or by digest; each row stands for itself. A key that came as a digest is moved to our own digest on first use.',
    method: 'POST',
    path: '/v1/projects/:projectId/keys/import',
    params: projectParams,
    query: none,
    body: z.strictObject({ keys: z.array(importedKey).min(1).max(500) }),
    output: z.object({
      data: z.array(
        z.union([
          z.object({ index: z.int(), key: keyObject }),
          z.object({ index: z.int(), error: z.object({ code: z.string(), detail: z.string() }) }),
        ]),
      ),
    }),
    status: 200,
    permission: 'keys.import',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  verifyKey: row({
    tag: 'Verification',
    summary: 'Decide on a presented key and spend its limits',
    description: 'Answers 200 whether the key is good or not; `valid` and `reason` say which.',
    method: 'POST',
    path: '/v1/keys/verify',
    params: none,
    query: none,
    body: verifyBody,
    output: verifyOutput,
    status: 200,
    permission: 'keys.verify',
    audience: 'operator',
    idempotent: false,
    errors: [],
  }),
  verifyKeys: row({
    tag: 'Verification',
    summary: 'Decide on up to 100 presented keys, each on its own',
    method: 'POST',
    path: '/v1/keys/verify/batch',
    params: none,
    query: none,
    body: z.strictObject({ keys: z.array(verifyBody).min(1).max(100) }),
    output: z.object({ data: z.array(verifyOutput) }),
    status: 200,
    permission: 'keys.verify',
    audience: 'operator',
    idempotent: false,
    errors: [],
  }),
  createRootKey: row({
    tag: 'Root keys',
    summary: 'Make a root key',
    description: 'The secret stands in this answer only. It can be given no permission that the calling key lacks.',
    method: 'POST',
    path: '/v1/root-keys',
    params: none,
    query: none,
    body: z.strictObject({
      name: v.line(100),
      permissions: v.permissions.min(1),
      expiresAt: v.instant.nullable().optional(),
    }),
    output: z.object({ rootKey: rootKeyObject, secret: z.string() }),
    status: 201,
    permission: 'root_keys.create',
    audience: 'operator',
    idempotent: false,
    errors: ['exceeds_own_rights', 'expiry_in_past'],
  }),
  listRootKeys: row({
    tag: 'Root keys',
    summary: 'List root keys, newest first',
    method: 'GET',
    path: '/v1/root-keys',
    params: none,
    query: page,
    body: null,
    output: listOf(rootKeyObject),
    status: 200,
    permission: 'root_keys.read',
    audience: 'operator',
    idempotent: false,
    errors: ['invalid_cursor'],
  }),
  revokeRootKey: row({
    tag: 'Root keys',
    summary: 'End a root key for good',
    method: 'POST',
    path: '/v1/root-keys/:rootKeyId/revoke',
    params: z.strictObject({ rootKeyId: v.id }),
    query: none,
    body: none,
    output: rootKeyObject,
    status: 200,
    permission: 'root_keys.revoke',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found', 'exceeds_own_rights', 'last_root_key'],
  }),
  getUsage: row({
    tag: 'Usage',
    summary: 'Requests by hour or day and outcome',
    description: 'Live traffic only; a few seconds behind.',
    method: 'GET',
    path: '/v1/usage',
    params: none,
    query: z.strictObject({
      organizationId: v.id.optional(),
      projectId: v.id.optional(),
      keyId: v.id.optional(),
      from: v.instant.optional().meta({ description: 'Default: 24 hours before `to`' }),
      to: v.instant.optional().meta({ description: 'Default: now' }),
      by: z.enum(['hour', 'day']).default('hour'),
    }),
    body: null,
    output: z.object({
      data: z.array(z.object({ at: v.time, outcome: z.string(), count: z.int() })),
    }),
    status: 200,
    permission: 'usage.read',
    audience: 'operator',
    idempotent: false,
    errors: [],
  }),
  listAuditEvents: row({
    tag: 'Audit',
    summary: 'Who changed what, newest first',
    method: 'GET',
    path: '/v1/audit-events',
    params: none,
    query: page.extend({
      organizationId: v.id.optional(),
      projectId: v.id.optional(),
      action: z.string().max(100).optional(),
      targetId: v.id.optional(),
      actorId: v.id.optional(),
      from: v.instant.optional(),
      to: v.instant.optional(),
    }),
    body: null,
    output: listOf(
      z
        .object({
          id: z.string(),
          organizationId: z.string().nullable(),
          projectId: z.string().nullable(),
          at: v.time,
          actor: z.object({ type: z.string(), id: z.string() }),
          action: z.string(),
          target: z.object({ type: z.string(), id: z.string() }),
          changes: z.record(z.string(), z.unknown()),
          requestId: z.string(),
        })
        .meta({ id: 'AuditEvent' }),
    ),
    status: 200,
    permission: 'audit.read',
    audience: 'operator',
    idempotent: false,
    errors: ['invalid_cursor'],
  }),
} as const;

export type Operations = typeof operations;
export type OperationName = keyof Operations;

/** Management permissions that a customer key may carry, from the rows that customer keys may call. */
export const MANAGEMENT_PERMISSIONS: readonly string[] = [
  'keys.*',
  ...new Set(
    Object.values(operations)
      .filter((operation) => operation.audience === 'manager')
      .map((operation) => operation.permission),
  ),
];
