// The rows that decide on a presented key.

import { z } from 'zod';
import { REASONS } from '../../verify/reasons.js';
import { REHEARSABLE } from '../../verify/rehearse.js';
import * as v from '../values.js';
import { keyObject, none, row } from './row.js';

const budgetObject = z
  .object({
    name: z.enum(['perMinute', 'perDay', 'concurrent']),
    kind: z.enum(['rate', 'quota', 'concurrency']),
    limit: z.int(),
    remaining: z.int().meta({ description: '-1: not metered' }),
    resetAt: v.time.nullable(),
  })
  .meta({ id: 'Budget' });

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
  requestId: v.requestId.optional().meta({
    description: 'Names what is spent: a retry with the same id answers as the first did and is charged once',
  }),
  batchSize: z.int().min(0).max(1_000_000_000).optional(),
  fields: z.array(z.string().min(1).max(200)).max(100).optional(),
  tags: z.array(v.line(100)).max(10).optional().meta({ description: 'Written to the log with the decision' }),
  testReason: z.enum(REHEARSABLE).optional().meta({
    description:
      "For a test key: the refusal to rehearse, in place of the caller's header X-Latchkey-Test-Reason. Live keys are decided as ever",
  }),
  render: z.boolean().optional().meta({ description: "true: also answer the reply in the profile's dialect" }),
});

export const renderedReply = z
  .object({ status: z.int(), headers: z.record(z.string(), z.string()), body: z.string().nullable() })
  .meta({
    description:
      "The answer in the profile's dialect; for a valid key the headers to add, and a body where the profile answers itself",
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
    credits: z
      .object({
        balance: z.int().meta({ description: 'Credits left' }),
        reservationId: z
          .string()
          .nullable()
          .meta({ description: 'What was reserved on a route that settles later; null: nothing to settle' }),
      })
      .nullable()
      .optional()
      .meta({ description: 'null: not bounded by credits, or a test key' }),
    gatedFields: z.array(z.string()).optional().meta({ description: 'Response fields that the key may not see' }),
    retryAfterSeconds: z.int().optional(),
    degraded: z.boolean(),
    requestId: z.string(),
    reply: renderedReply.optional(),
  })
  .meta({ id: 'Verification' });

export const verificationRows = {
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
} as const;
