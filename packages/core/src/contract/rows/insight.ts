// The rows that tell how keys are used: what is left, where calls come from, which keys call most; and the provider's own page.

import { z } from 'zod';
import * as v from '../values.js';
import { keyParams, none, row } from './row.js';

export const insightRows = {
  getKeyBudgets: row({
    tag: 'Keys',
    summary: 'What a key has left now',
    description:
      'The same figures as the next request would meet; spends nothing. `reachesLimitAt` carries the last hours on.',
    method: 'GET',
    path: '/v1/keys/:keyId/budgets',
    params: keyParams,
    query: none,
    body: null,
    output: z.object({
      budgets: z.array(
        z.object({
          name: z.enum(['perMinute', 'perDay', 'concurrent']),
          limit: z.int(),
          remaining: z.int().meta({ description: '-1: not metered' }),
          resetAt: v.time.nullable(),
          reachesLimitAt: v.time.nullable().meta({
            description: 'Of a metered perDay: when it is used up at the pace of the last three hours; null: not today',
          }),
        }),
      ),
      credits: z.object({ balance: z.int() }).nullable().meta({ description: 'null: requests are not charged' }),
      degraded: z.boolean().meta({ description: 'true: this node answers alone, the shared counters are away' }),
    }),
    status: 200,
    permission: 'keys.read',
    audience: 'manager',
    idempotent: false,
    errors: ['not_found'],
  }),
  observeKey: row({
    tag: 'Keys',
    summary: 'Where calls with a key come from, and restrictions that would fit them',
    description:
      'Of requests that passed in the last 30 days, live keys only, of each kind the 50 seen last. Networks stand as the /24 (IPv4) or /48 (IPv6) that a caller usually stays in, pages as origins, endpoints as routes of the profile, or else with the first segment of the path alone. `suggested` lets all of that pass and nothing else; lists that the key has stay as they are, and a kind stays open when it has 50 values or requests that named none.',
    method: 'GET',
    path: '/v1/keys/:keyId/observed',
    params: keyParams,
    query: none,
    body: null,
    output: z.object({
      observed: z.array(
        z.object({
          kind: z.enum(['ip', 'referrer', 'endpoint']),
          value: z
            .string()
            .nullable()
            .meta({ description: 'null: requests that named none, or none that a restriction can name' }),
          count: z.int().meta({ description: 'Since it was first seen' }),
          lastAt: v.time,
        }),
      ),
      suggested: z
        .object({ ips: z.array(z.string()), referrers: z.array(z.string()), endpoints: z.array(z.string()) })
        .partial(),
    }),
    status: 200,
    permission: 'keys.read',
    audience: 'manager',
    idempotent: false,
    errors: ['not_found'],
  }),
  listTopKeys: row({
    tag: 'Usage',
    summary: 'The keys with the most requests',
    description: 'Live traffic only; a few seconds behind. Of an organization, a project, or the installation.',
    method: 'GET',
    path: '/v1/usage/keys',
    params: none,
    query: z.strictObject({
      organizationId: v.id.optional(),
      projectId: v.id.optional(),
      from: v.instant.optional().meta({ description: 'Default: 24 hours before `to`' }),
      to: v.instant.optional().meta({ description: 'Default: now' }),
      limit: v.count(1, 100).default(10).meta({ description: 'Rows', type: 'integer', minimum: 1, maximum: 100 }),
    }),
    body: null,
    output: z.object({
      data: z.array(
        z.object({
          keyId: z.string(),
          projectId: z.string(),
          name: z.string().nullable().meta({ description: 'null: the key was deleted' }),
          prefix: z.string().nullable().meta({ description: 'How its secret begins; null: the key was deleted' }),
          hint: z.string().nullable().meta({ description: 'How its secret ends; null: the key was deleted' }),
          allowed: z.int(),
          refused: z.int(),
        }),
      ),
    }),
    status: 200,
    permission: 'usage.read',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  getProviderPage: row({
    tag: 'Profile',
    summary: "The provider's Authentication page, from what is in force",
    method: 'GET',
    path: '/v1/provider-page',
    params: none,
    query: none,
    body: null,
    output: z.object({ title: z.string(), markdown: z.string(), html: z.string() }),
    status: 200,
    permission: 'profile.read',
    audience: 'operator',
    idempotent: false,
    errors: [],
  }),
} as const;
