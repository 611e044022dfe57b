// The organization of somebody who signed up by themselves: made at their first sign-in, so that there is a place for their keys.

import type { UserRecord } from '@latchkey/core';
import { commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import type { Services } from '../services.js';
import { invitationState } from './views.js';

const PROJECT_NAME = 'Default';

/**
 * Nothing is made for the operator's users, for members of any organization, and for whoever came with an invitation that they
 * have not used yet.
 */
export async function makeFirstOrganization(
  services: Services,
  user: UserRecord,
  invitationId: string | null,
  call: Call,
): Promise<void> {
  const { profile, store, clock } = services;
  if (profile.policy.signUp !== 'open' || user.isOperator) return;
  if ((await store.memberships.ofUser(user.id)).length > 0) return;
  const invitation = invitationId === null ? null : await store.invitations.get(invitationId);
  if (invitation !== null && invitationState(invitation, clock()) === 'pending') return;
  await commitChange(services, call, async (view, now) => {
    // The account was deleted meanwhile: nobody owns what is made for it.
    if ((await view.users.get(user.id)) === null) return { value: undefined, audit: [] };
    // Somebody else may have been as quick: two sign-ins at once make one organization.
    if ((await view.memberships.ofUser(user.id)).length > 0) return { value: undefined, audit: [] };
    const made = { metadata: null, createdAt: now, suspendedAt: null };
    const organization = { id: services.newId('org'), name: user.name, rotation: null, ...made };
    const { keyModel } = profile.policy;
    const project = {
      ...{ id: services.newId('proj'), organizationId: organization.id, name: PROJECT_NAME, keyModel, tier: null },
      ...made,
    };
    await view.organizations.insert(organization);
    await view.projects.insert(project);
    await view.memberships.put({ organizationId: organization.id, userId: user.id, role: 'owner', createdAt: now });
    const organizationId = organization.id;
    return {
      value: undefined,
      audit: [
        {
          ...{ action: 'createOrganization', target: { type: 'organization' as const, id: organizationId } },
          ...{ organizationId, changes: { name: organization.name } },
        },
        {
          ...{ action: 'createProject', target: { type: 'project' as const, id: project.id } },
          ...{ organizationId, projectId: project.id, changes: { name: project.name, keyModel, tier: null } },
        },
        {
          ...{ action: 'addMember', target: { type: 'member' as const, id: user.id } },
          ...{ organizationId, changes: { role: 'owner' } },
        },
      ],
    };
  });
}
