// The rows of keys: making, reading, changing, rotating, ending.

import { z } from 'zod';
import { REASONS } from '../../verify/reasons.js';
import * as v from '../values.js';
import { keyObject, keyParams, listOf, none, page, projectParams, requiredObject, row } from './row.js';

const propagated = z.object({
  nodes: z.int().meta({ description: 'Nodes that have confirmed' }),
  of: z.int(),
  ms: z.number(),
});

const keyFields = {
  name: v.label(100),
  tier: z.string().max(100).nullable(),
  permissions: v.permissions.nullable(),
  restrictions: v.restrictions.nullable(),
  limits: v.limits.nullable(),
  credits: v.credits.nullable(),
  expiresAt: v.instant.nullable(),
  metadata: v.metadata.nullable(),
  ownerId: v.label(200).nullable(),
  environment: v.label(100).nullable(),
};

const createKeyBody = z.strictObject({
  name: keyFields.name,
  mode: z.enum(['live', 'test']).optional(),
  tier: keyFields.tier.optional(),
  permissions: keyFields.permissions.optional(),
  restrictions: keyFields.restrictions.optional(),
  limits: keyFields.limits.optional(),
  credits: keyFields.credits.optional(),
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

const secretAnswer = z.object({
  key: keyObject,
  secret: z.string().meta({ description: 'Shown in this answer only' }),
  webhookSecret: z.string().optional(),
});

const denialObject = z
  .object({
    at: v.time,
    reason: z.enum(REASONS),
    requestId: z.string().nullable(),
    method: z.string().nullable(),
    path: z.string().nullable(),
    ip: z.string().nullable(),
    origin: z.string().nullable().meta({ description: 'Origin of `Origin` or `Referer`' }),
    required: requiredObject.nullable().meta({ description: 'What would have sufficed' }),
    surface: z.enum(['gateway', 'verify']).meta({ description: 'Where the request came in' }),
    explanation: z.string().meta({ description: 'What failed and what would have been needed, in one sentence' }),
  })
  .meta({ id: 'Denial' });

export const keyRows = {
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
  listDenials: row({
    tag: 'Keys',
    summary: 'The last refused requests of a key, newest first',
    description:
      'The newest 100 within 30 days, each with the reason and what would have been needed. Those of test keys are kept in memory only. Paths stand without query; what may be a secret is masked.',
    method: 'GET',
    path: '/v1/keys/:keyId/denials',
    params: keyParams,
    query: page.extend({
      requestId: v.id.optional().meta({ description: 'The `X-Request-Id` of the refused request' }),
    }),
    body: null,
    output: listOf(denialObject),
    status: 200,
    permission: 'keys.read',
    audience: 'manager',
    idempotent: false,
    errors: ['not_found', 'invalid_cursor'],
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
} as const;
