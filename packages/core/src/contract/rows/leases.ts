// The rows that hold a concurrency slot for work that outlives its request.

import { z } from 'zod';
import * as v from '../values.js';
import { listOf, none, page, row } from './row.js';
import { verifyBody, verifyOutput } from './verification.js';

const leaseObject = z
  .object({
    id: z.string(),
    keyId: z.string(),
    projectId: z.string(),
    organizationId: z.string(),
    mode: z.enum(['live', 'test']),
    createdAt: v.time,
    expiresAt: v.time.meta({ description: 'When the slot is free again if nobody releases it' }),
  })
  .meta({ id: 'Lease' });

export const leaseRows = {
  createLease: row({
    tag: 'Leases',
    summary: 'Decide on a presented key and hold one of its concurrency slots',
    description:
      'Answers 200 whether the key is good or not, as verifyKey does; `lease` is there when it is. Spends nothing but the slot unless `cost` says so. At the cap the reason is `concurrency_exceeded`.',
    method: 'POST',
    path: '/v1/leases',
    params: none,
    query: none,
    body: verifyBody.omit({ requestId: true }).extend({
      cost: z
        .strictObject({
          requests: z.int().min(0).max(1_000_000).default(0),
          credits: z.int().min(0).max(1_000_000_000).default(0),
        })
        .optional(),
      maxSeconds: z.int().min(1).max(604_800).optional().meta({
        description: "How long the slot is held when nobody releases it. Default: a job route's own, else 3600",
      }),
    }),
    output: verifyOutput
      .extend({ lease: leaseObject.pick({ id: true, keyId: true, expiresAt: true }).optional() })
      .meta({ id: 'LeaseVerification' }),
    status: 200,
    permission: 'leases.create',
    audience: 'operator',
    idempotent: false,
    errors: [],
  }),
  listLeases: row({
    tag: 'Leases',
    summary: 'Leases that are open, newest first',
    method: 'GET',
    path: '/v1/leases',
    params: none,
    query: page.extend({ keyId: v.id.optional() }),
    body: null,
    output: listOf(leaseObject),
    status: 200,
    permission: 'leases.read',
    audience: 'operator',
    idempotent: false,
    errors: ['invalid_cursor'],
  }),
  releaseLease: row({
    tag: 'Leases',
    summary: 'Free the slot of work that has finished',
    description:
      'A lease that is over already, released or by its own time, is answered 404: there is nothing more to do. Safe to repeat.',
    method: 'DELETE',
    path: '/v1/leases/:leaseId',
    params: z.strictObject({ leaseId: v.id }),
    query: none,
    body: null,
    output: null,
    status: 204,
    permission: 'leases.delete',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
} as const;
