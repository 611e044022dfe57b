// The row that tells a decision check by check, for the operator.

import { z } from 'zod';
import { REASONS } from '../../verify/reasons.js';
import * as v from '../values.js';
import { keyObject, none, requiredObject, row } from './row.js';
import { renderedReply, verifyBody } from './verification.js';

const data = z.record(z.string(), z.json());

const checkObject = z
  .object({
    name: z.string(),
    outcome: z.enum(['passed', 'failed', 'not_reached', 'not_applicable']).meta({
      description:
        '`not_applicable`: there is no such rule; `not_reached`: it cannot be judged without what failed before',
    }),
    reason: z.enum(REASONS).nullable().meta({ description: 'What a request is refused with here' }),
    text: z.string(),
    rule: data.meta({ description: 'What is asked for' }),
    fact: data.meta({ description: 'What it was held against' }),
    required: requiredObject.nullable().meta({ description: 'What would have sufficed' }),
  })
  .meta({ id: 'ExplainedCheck' });

export const explainRows = {
  explainKey: row({
    tag: 'Verification',
    summary: 'Say how a request would be decided, check by check',
    description:
      'Spends nothing, is no use of the key and rehearses nothing. Every check is judged, also behind the first that fails, which is the reason. The key is named by `keyId`, or by its secret as in verifyKey.',
    method: 'POST',
    path: '/v1/keys/explain',
    params: none,
    query: none,
    body: verifyBody.omit({ tags: true, requestId: true, testReason: true }).extend({
      keyId: v.id.optional().meta({ description: 'The key, in place of its secret' }),
      tier: z.string().max(100).optional().meta({ description: 'Judge as if the key had this tier' }),
    }),
    output: z
      .object({
        valid: z.boolean(),
        reason: z.enum(REASONS).nullable().meta({ description: 'The reason of the first check that failed' }),
        at: v.time,
        key: keyObject.optional(),
        project: z.object({ id: z.string(), name: z.string(), keyModel: z.enum(['legacy', 'v2']) }).optional(),
        organization: z.object({ id: z.string(), name: z.string() }).optional(),
        tier: z.string().nullable().meta({ description: 'The tier that was judged by' }),
        viewedAs: z
          .string()
          .nullable()
          .meta({ description: "The tier asked for in place of the key's; null: its own" }),
        permissions: z.array(z.string()).optional(),
        route: z
          .object({
            method: z.string(),
            path: z.string(),
            auth: z.enum(['key', 'none']).meta({ description: 'none: the gateway asks for no key here' }),
            permission: z.string().nullable(),
            tier: z.string().nullable(),
          })
          .nullable()
          .meta({ description: 'The row of the profile that the request falls under' }),
        cost: z.object({ requests: z.int(), credits: z.int() }),
        checks: z.array(checkObject),
        gatedFields: z.array(z.string()).optional().meta({ description: 'Response fields that the key may not see' }),
        retryAfterSeconds: z.int().optional(),
        requestId: z.string(),
        reply: renderedReply.optional(),
      })
      .meta({ id: 'Explanation' }),
    status: 200,
    permission: 'keys.explain',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found', 'tier_unknown'],
  }),
} as const;
