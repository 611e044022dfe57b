// The rows of tiers: what keys of one name are allowed, kept in the database and changed while serving.

import { z } from 'zod';
import * as v from '../values.js';
import { none, page, row } from './row.js';

const figure = z.union([z.int(), z.literal('custom')]);

export const tierObject = z
  .object({
    id: z.string(),
    name: z.string().meta({ description: 'What keys and projects call it; stays as it was made' }),
    title: z.string(),
    rank: z.int().meta({ description: 'Place in ascending order, from 1' }),
    limits: z.object({
      perMinute: figure.nullable(),
      perDay: z.object({ limit: figure, metered: z.boolean() }).nullable(),
      concurrent: z.int().nullable(),
    }),
    batchSize: z.int().nullable().meta({ description: 'Most items in one batch request; null: no ceiling' }),
    endpoints: z.array(z.string()).nullable().meta({ description: 'The only ones its keys may call; null: all' }),
    gatedFields: z.array(z.string()).meta({ description: 'Response fields that its keys do not see' }),
    permissions: z.array(z.string()).nullable().meta({ description: 'The most its keys may carry; null: no bound' }),
    createdAt: v.time,
    updatedAt: v.time,
  })
  .meta({ id: 'Tier' });

export const changeObject = z
  .object({
    path: z.string().meta({ description: 'JSON Pointer' }),
    before: z.unknown(),
    after: z.unknown(),
  })
  .meta({ id: 'Change' });

/** What a change of tiers would mean, in numbers. */
export const touchObject = z
  .object({
    keys: z.object({
      touched: z.int().meta({ description: 'Keys that the change does something to' }),
      overridden: z.int().meta({ description: 'Keys with a figure of their own in place of one that changes' }),
    }),
    requests: z
      .object({ lastDay: z.int(), lastWeek: z.int() })
      .meta({ description: 'Requests of the touched keys in the last 24 hours and 7 days' }),
    refusals: z.object({ keyDays: z.int(), requests: z.int() }).meta({
      description:
        'Of the last 7 UTC days: on how many days of a key the new metered perDay would have refused, and how many requests that passed',
    }),
  })
  .meta({ id: 'Touch' });

const limitInForce = z.union([z.int(), z.object({ limit: z.int(), metered: z.boolean() })]).nullable();

const touchedKey = z.object({
  id: z.string(),
  name: z.string(),
  projectId: z.string(),
  tier: z.string().nullable(),
  touchedBy: z
    .array(z.enum(['limits', 'batchSize', 'endpoints', 'gatedFields', 'permissions', 'routes']))
    .meta({ description: 'What changes for it; empty: nothing does' }),
  limits: z.array(
    z.object({ name: z.enum(['perMinute', 'perDay', 'concurrent']), before: limitInForce, after: limitInForce }),
  ),
  overridden: z
    .array(z.enum(['perMinute', 'perDay', 'concurrent']))
    .meta({ description: "Limits that change on the tier while the key's own figure stands" }),
});

const settings = {
  title: v.line(100),
  rank: z.int().min(1).max(1000).meta({ description: 'Place in ascending order, from 1; those from there on move up' }),
  limits: v.tierLimits,
  batchSize: z.int().min(1).max(1_000_000_000).nullable(),
  endpoints: v.endpoints.nullable(),
  gatedFields: v.fieldPaths,
  permissions: v.permissions.nullable(),
};

const patch = z.strictObject({
  title: settings.title.optional(),
  rank: settings.rank.optional(),
  limits: settings.limits.partial().optional(),
  batchSize: settings.batchSize.optional(),
  endpoints: settings.endpoints.optional(),
  gatedFields: settings.gatedFields.nullable().optional(),
  permissions: settings.permissions.optional(),
});

const params = z.strictObject({ tierId: v.id });

export const tierRows = {
  createTier: row({
    tag: 'Tiers',
    summary: 'Make a tier',
    description:
      'Without a rank it becomes the highest. Without gatedFields it hides what the tier below it hides; the lowest hides all that any tier hides.',
    method: 'POST',
    path: '/v1/tiers',
    params: none,
    query: none,
    body: z.strictObject({
      name: v.tierName,
      title: settings.title.optional(),
      rank: settings.rank.optional(),
      limits: settings.limits,
      batchSize: settings.batchSize.optional(),
      endpoints: settings.endpoints.optional(),
      gatedFields: settings.gatedFields.optional(),
      permissions: settings.permissions.optional(),
    }),
    output: tierObject,
    status: 201,
    permission: 'tiers.create',
    audience: 'operator',
    idempotent: false,
    errors: ['tier_exists', 'permission_unknown', 'limits_inconsistent'],
  }),
  listTiers: row({
    tag: 'Tiers',
    summary: 'List all tiers in ascending order',
    method: 'GET',
    path: '/v1/tiers',
    params: none,
    query: none,
    body: null,
    output: z.object({ data: z.array(tierObject), nextCursor: z.null() }),
    status: 200,
    permission: 'tiers.read',
    audience: 'operator',
    idempotent: false,
    errors: [],
  }),
  getTier: row({
    tag: 'Tiers',
    summary: 'Read a tier, and how many name it',
    method: 'GET',
    path: '/v1/tiers/:tierId',
    params,
    query: none,
    body: null,
    output: tierObject.extend({
      counts: z.object({
        keys: z.int().meta({ description: 'Keys on it that are neither revoked nor expired' }),
        keysWithOverrides: z.int().meta({ description: 'Those of them with limits of their own' }),
        projects: z.int(),
      }),
    }),
    status: 200,
    permission: 'tiers.read',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  updateTier: row({
    tag: 'Tiers',
    summary: 'Change a tier',
    description:
      'An absent member leaves, null clears; in `limits` too. The next request of each of its keys obeys, and running ones are judged anew. See the preview first.',
    method: 'PATCH',
    path: '/v1/tiers/:tierId',
    params,
    query: none,
    body: patch,
    output: tierObject,
    status: 200,
    permission: 'tiers.update',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found', 'permission_unknown', 'limits_required', 'limits_inconsistent'],
  }),
  previewTier: row({
    tag: 'Tiers',
    summary: 'See which keys and requests a change would touch',
    description: 'Takes what the change takes, refuses what the change would refuse, and changes nothing.',
    method: 'POST',
    path: '/v1/tiers/:tierId/preview',
    params,
    query: page,
    body: patch,
    output: touchObject.extend({
      changes: z.array(changeObject),
      data: z.array(touchedKey).meta({ description: 'Keys that are touched or overridden, newest first' }),
      nextCursor: z.string().nullable(),
    }),
    status: 200,
    permission: 'tiers.read',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found', 'permission_unknown', 'limits_required', 'limits_inconsistent', 'invalid_cursor'],
  }),
  deleteTier: row({
    tag: 'Tiers',
    summary: 'Delete a tier that nothing names any more',
    method: 'DELETE',
    path: '/v1/tiers/:tierId',
    params,
    query: none,
    body: null,
    output: null,
    status: 204,
    permission: 'tiers.delete',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found', 'tier_in_use'],
  }),
} as const;
