// What the rows share: how one is written, lists and pages, and the objects that more than one answer holds.

import { z } from 'zod';
import { KEY_STATES } from '../../key/state.js';
import type { Operation } from '../operation.js';
import * as v from '../values.js';

export const row = <
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodObject | null,
  Output extends z.ZodType | null,
>(
  operation: Operation<Params, Query, Body, Output>,
) => operation;

export const none = z.strictObject({});
export const page = z.strictObject({
  limit: v.count(1, 100).default(25).meta({ description: 'Rows on a page', type: 'integer', minimum: 1, maximum: 100 }),
  cursor: z.string().max(300).optional().meta({ description: 'The `nextCursor` of the page before' }),
});
export const listOf = <Row extends z.ZodType>(row: Row) =>
  z.object({ data: z.array(row), nextCursor: z.string().nullable() });

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
    credits: z
      .object({
        balance: z.int(),
        refill: z
          .object({ amount: z.int(), every: z.enum(['day', 'month']), dayOfMonth: z.int().optional() })
          .nullable(),
      })
      .nullable()
      .meta({ description: 'Shared by all generations; null: not bounded by credits' }),
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
    rotateBy: v.time.nullable().meta({
      description:
        'When this generation is to be rotated, by the policy of its organization; nothing is refused for it',
    }),
  })
  .meta({ id: 'Key' });

/** What a refused request would have needed. */
export const requiredObject = z.object({
  tier: z.string().optional(),
  permission: z.string().optional(),
  field: z.string().optional(),
  batchSize: z.int().optional(),
});

export const suspendable = z.object({
  id: z.string(),
  name: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  createdAt: v.time,
  suspendedAt: v.time.nullable(),
});

export const keyParams = z.strictObject({ keyId: v.id });
export const projectParams = z.strictObject({ projectId: v.id });
export const organizationParams = z.strictObject({ organizationId: v.id });
