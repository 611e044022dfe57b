// Organizations, the operator's customers.

import { type OperationInput, type Operations, type OrganizationRecord, organizationView } from '@latchkey/core';
import { commitChange } from './commit-change.js';
import type { Call } from './engine.js';
import { judgeOperatorFields } from './keys/record.js';
import { lifecycleOf } from './lifecycle.js';
import { pageRequest, pageView } from './paging.js';
import type { Services } from './services.js';

type ById = { organizationId: string };

const lifecycle = lifecycleOf({
  subject: 'organization',
  rows: (view) => view.organizations,
  view: (row: OrganizationRecord, { profile }) => organizationView(row, profile.policy),
  scope: ({ id }: OrganizationRecord) => ({ organizationId: id }),
});

export async function createOrganization(
  services: Services,
  input: OperationInput<Operations['createOrganization']>,
  call: Call,
) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const organization: OrganizationRecord = {
      id: services.newId('org'),
      name: input.name,
      metadata: input.metadata ?? null,
      rotation: null,
      createdAt: now,
      suspendedAt: null,
    };
    await view.organizations.insert(organization);
    const { name } = organization;
    return { value: organization, audit: [lifecycle.note('createOrganization', organization, { name })] };
  });
  return organizationView(value, services.profile.policy);
}

export const listOrganizations = async (services: Services, input: OperationInput<Operations['listOrganizations']>) =>
  pageView(await services.store.organizations.list(pageRequest(input)), (row) =>
    organizationView(row, services.profile.policy),
  );

export const getOrganization = (services: Services, { organizationId }: ById) =>
  lifecycle.get(services, organizationId);

export async function updateOrganization(
  services: Services,
  { organizationId, name, metadata, rotation }: OperationInput<Operations['updateOrganization']>,
  call: Call,
) {
  judgeOperatorFields(call.actor, { metadata });
  return lifecycle.change(services, organizationId, call, 'updateOrganization', (organization) => ({
    ...organization,
    ...(name !== undefined && { name }),
    ...(metadata !== undefined && { metadata }),
    ...(rotation !== undefined && { rotation }),
  }));
}

export const suspendOrganization = (services: Services, { organizationId }: ById, call: Call) =>
  lifecycle.suspend(services, organizationId, call, 'suspendOrganization');

export const resumeOrganization = (services: Services, { organizationId }: ById, call: Call) =>
  lifecycle.resume(services, organizationId, call, 'resumeOrganization');

export const deleteOrganization = (services: Services, { organizationId }: ById, call: Call) =>
  lifecycle.delete(services, organizationId, call, 'deleteOrganization');
