// Members of an organization: listed, given another role, removed, and leaving by themselves.

import {
  type InvitationRecord,
  isRoleWithin,
  LatchkeyError,
  type MembershipRecord,
  mayHandOn,
  type OperationInput,
  type Operations,
  type Role,
  roleTable,
  type StoreView,
} from '@latchkey/core';
import { type AuditNote, commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import { notFound, viewsOf } from '../keys/record.js';
import { pageRequest, pageView } from '../paging.js';
import type { Services } from '../services.js';
import { takeBackInvitations } from './take-back-invitations.js';
import { memberView } from './views.js';

type Of<Name extends keyof Operations> = OperationInput<Operations[Name]>;

const note = (
  action: string,
  { organizationId, userId }: MembershipRecord,
  changes: NonNullable<AuditNote['changes']>,
): AuditNote => ({ action, target: { type: 'member', id: userId }, organizationId, changes });

export async function listMembers({ store }: Services, input: Of<'listMembers'>) {
  const { organizationId } = input;
  if ((await store.organizations.get(organizationId)) === null) throw notFound('organization');
  const page = await store.memberships.list(organizationId, pageRequest(input));
  const users = await store.users.list(page.rows.map(({ userId }) => userId));
  const known = new Map(users.map((user) => [user.id, user]));
  return pageView(page, (membership) => memberView(membership, known.get(membership.userId) ?? GONE));
}

/** An account that is gone has no name to show; its membership is there until somebody removes it. */
const GONE = { email: '', name: '', twoFactorEnabled: false };

async function findMember(view: StoreView, organizationId: string, userId: string): Promise<MembershipRecord> {
  if ((await view.organizations.get(organizationId)) === null) throw notFound('organization');
  const membership = await view.memberships.get(organizationId, userId);
  if (membership === null) throw notFound('member');
  return membership;
}

/** @throws LatchkeyError `exceeds_own_rights` */
export function judgeRole({ actor }: Call, organizationId: string, role: Role): void {
  if (!mayHandOn(actor, organizationId, role)) {
    throw new LatchkeyError('exceeds_own_rights', `The role ${role} is above your own.`);
  }
}

/** @throws LatchkeyError `last_owner`, where the organization would have none when this one is gone */
async function judgeOwners(view: StoreView, { organizationId, role }: MembershipRecord): Promise<void> {
  if (role === 'owner' && (await view.memberships.count(organizationId, 'owner')) <= 1) {
    throw new LatchkeyError('last_owner', 'This is the last owner: make somebody else an owner first.');
  }
}

export async function updateMember(services: Services, input: Of<'updateMember'>, call: Call) {
  const { organizationId, userId, role } = input;
  const { value } = await commitChange(services, call, async (view, now) => {
    const membership = await findMember(view, organizationId, userId);
    const user = await view.users.get(userId);
    if (user === null) throw notFound('member');
    judgeRole(call, organizationId, membership.role);
    judgeRole(call, organizationId, role);
    if (membership.role === role) return { value: { membership, user }, audit: [] };
    await judgeOwners(view, membership);
    const next = { ...membership, role };
    await view.memberships.put(next);
    const mayInvite = roleTable.createInvitation.includes(role);
    const stays = (invitation: InvitationRecord): boolean =>
      mayInvite && invitation.role !== 'operator' && isRoleWithin(invitation.role, role);
    const taken = await takeBackInvitations(view, now, userId, organizationId, stays);
    return {
      value: { membership: next, user },
      audit: [note('updateMember', membership, { role: [membership.role, role] }), ...taken],
    };
  });
  return memberView(value.membership, value.user);
}

/** Ends the membership and the invitations they made: keys stay as they are, and those whose secrets they saw are told. */
export async function removeMember(services: Services, { organizationId, userId }: Of<'removeMember'>, call: Call) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const membership = await findMember(view, organizationId, userId);
    judgeRole(call, organizationId, membership.role);
    await judgeOwners(view, membership);
    await view.memberships.remove(organizationId, userId);
    return {
      value: await view.keys.madeBy(organizationId, userId, now),
      audit: [
        note('removeMember', membership, { role: membership.role }),
        ...(await takeBackInvitations(view, now, userId, organizationId)),
      ],
    };
  });
  return { keysToRotate: await viewsOf(services, value) };
}

export async function leaveOrganization(
  services: Services,
  { organizationId }: Of<'leaveOrganization'>,
  call: Call,
): Promise<undefined> {
  await commitChange(services, call, async (view, now) => {
    const membership = await findMember(view, organizationId, call.actor.id);
    await judgeOwners(view, membership);
    await view.memberships.remove(organizationId, call.actor.id);
    const taken = await takeBackInvitations(view, now, call.actor.id, organizationId);
    return { value: undefined, audit: [note('leaveOrganization', membership, { role: membership.role }), ...taken] };
  });
  return undefined;
}
