// The rows that only read what happened: usage and the audit log.

import { z } from 'zod';
import * as v from '../values.js';
import { listOf, none, page, row } from './row.js';

export const reportRows = {
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
