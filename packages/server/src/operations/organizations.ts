// Organizations, the operator's customers: made, read, changed, suspended, resumed, deleted.

import {
  makeId,
  type OperationInput,
  type Operations,
  type OrganizationRecord,
  organizationView,
} from '@latchkey/core';
import { commitChange } from './commit-change.js';
import type { Call } from './engine.js';
import { differences, notFound } from './keys/record.js';
import { pageRequest, pageView } from './paging.js';
import type { Services } from './services.js';

export async function createOrganization(
  services: Services,
  input: OperationInput<Operations['createOrganization']>,
  call: Call,
) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const organization: OrganizationRecord = {
      id: makeId('org', services.random),
      name: input.name,
      metadata: input.metadata ?? null,
      createdAt: now,
      suspendedAt: null,
    };
    await view.organizations.insert(organization);
    return { value: organization, audit: [note('createOrganization', organization, { name: organization.name })] };
  });
  return organizationView(value);
}

export const listOrganizations = async (services: Services, input: OperationInput<Operations['listOrganizations']>) =>
  pageView(await services.store.organizations.list(pageRequest(input)), organizationView);

export async function getOrganization(services: Services, { organizationId }: { organizationId: string }) {
  const organization = await services.store.organizations.get(organizationId);
  if (organization === null) throw notFound('organization');
  return organizationView(organization);
}

/** Writes what `change` makes of the organization, unless nothing differs. */
async function change(
  services: Services,
  id: string,
  call: Call,
  action: string,
  next: (organization: OrganizationRecord, now: number) => OrganizationRecord,
) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const organization = await view.organizations.get(id);
    if (organization === null) throw notFound('organization');
    const changed = next(organization, now);
    const changes = differences(organizationView(organization), organizationView(changed));
    if (Object.keys(changes).length === 0) return { value: organization, audit: [] };
    await view.organizations.update(changed);
    const kind = changed.suspendedAt !== null ? ('ended' as const) : ('changed' as const);
    return {
      value: changed,
      audit: [note(action, organization, changes)],
      changes: [{ subject: 'organization' as const, id, kind }],
    };
  });
  return organizationView(value);
}

export const updateOrganization = (
  services: Services,
  input: OperationInput<Operations['updateOrganization']>,
  call: Call,
) =>
  change(services, input.organizationId, call, 'updateOrganization', (organization) => ({
    ...organization,
    ...(input.name !== undefined && { name: input.name }),
    ...(input.metadata !== undefined && { metadata: input.metadata }),
  }));

/** From the answer on every key of the organization is refused; running requests end. */
export const suspendOrganization = (services: Services, { organizationId }: { organizationId: string }, call: Call) =>
  change(services, organizationId, call, 'suspendOrganization', (organization, now) => ({
    ...organization,
    suspendedAt: organization.suspendedAt ?? now,
  }));

export const resumeOrganization = (services: Services, { organizationId }: { organizationId: string }, call: Call) =>
  change(services, organizationId, call, 'resumeOrganization', (organization) => ({
    ...organization,
    suspendedAt: null,
  }));

export async function deleteOrganization(
  services: Services,
  { organizationId }: { organizationId: string },
  call: Call,
): Promise<undefined> {
  await commitChange(services, call, async (view, now) => {
    const organization = await view.organizations.get(organizationId);
    if (organization === null) throw notFound('organization');
    await view.organizations.delete(organizationId, now);
    return {
      value: undefined,
      audit: [note('deleteOrganization', organization, { name: organization.name })],
      changes: [{ subject: 'organization' as const, id: organizationId, kind: 'ended' as const }],
    };
  });
  return undefined;
}

const note = (action: string, { id }: OrganizationRecord, changes: ReturnType<typeof differences> = {}) => ({
  action,
  target: { type: 'organization' as const, id },
  organizationId: id,
  changes,
});
