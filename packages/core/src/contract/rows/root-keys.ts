// The rows of root keys.

import { z } from 'zod';
import * as v from '../values.js';
import { listOf, none, page, row } from './row.js';

export const rootKeyObject = z
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

export const rootKeyRows = {
  createRootKey: row({
    tag: 'Root keys',
    summary: 'Make a root key',
    description: 'The secret stands in this answer only. It can be given no permission that the calling key lacks.',
    method: 'POST',
    path: '/v1/root-keys',
    params: none,
    query: none,
    body: z.strictObject({
      name: v.label(100),
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
    description: 'Invitations that were made with it and are still open are taken back.',
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
} as const;
