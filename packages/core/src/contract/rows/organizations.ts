// The rows of organizations.

import { z } from 'zod';
import * as v from '../values.js';
import { listOf, none, organizationParams, page, row, suspendable } from './row.js';

const rotationPolicy = z.object({
  days: z.int().nullable().meta({ description: 'Age at which a live key is to be rotated; null: none' }),
  reminders: z.boolean().meta({ description: 'Letters 14 days before, and on the day' }),
});

const organizationObject = suspendable
  .extend({
    rotation: rotationPolicy.nullable().meta({ description: 'null: as the profile says' }),
    rotationInForce: rotationPolicy,
  })
  .meta({ id: 'Organization' });

export const organizationRows = {
  createOrganization: row({
    tag: 'Organizations',
    summary: 'Make an organization',
    method: 'POST',
    path: '/v1/organizations',
    params: none,
    query: none,
    body: z.strictObject({ name: v.label(100), metadata: v.metadata.nullable().optional() }),
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
    body: z.strictObject({
      name: v.label(100).optional(),
      metadata: v.metadata.nullable().optional(),
      rotation: z
        .strictObject({ days: z.int().min(1).max(3650).nullable(), reminders: z.boolean() })
        .nullable()
        .optional()
        .meta({ description: 'How old keys may become, and whether people are reminded; null: as the profile says' }),
    }),
    output: organizationObject,
    status: 200,
    permission: 'organizations.update',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found', 'operator_only'],
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
} as const;
