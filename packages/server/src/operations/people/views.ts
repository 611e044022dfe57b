// How people, members, invitations and sessions look from outside. Of a token there is nothing to see.

import { type Instant, type InvitationRecord, type MembershipRecord, rfc3339, type UserRecord } from '@latchkey/core';

export const userView = ({ createdAt, ...user }: UserRecord) => ({ ...user, createdAt: rfc3339(createdAt) });

export const memberView = (
  { organizationId, userId, role, createdAt }: MembershipRecord,
  user: Pick<UserRecord, 'email' | 'name' | 'twoFactorEnabled'>,
) => ({
  userId,
  organizationId,
  email: user.email,
  name: user.name,
  role,
  twoFactorEnabled: user.twoFactorEnabled,
  joinedAt: rfc3339(createdAt),
});

export function invitationState(invitation: InvitationRecord, now: Instant) {
  if (invitation.acceptedAt !== null) return 'accepted' as const;
  if (invitation.revokedAt !== null) return 'revoked' as const;
  return invitation.expiresAt <= now ? ('expired' as const) : ('pending' as const);
}

export const invitationView = (invitation: InvitationRecord, now: Instant) => ({
  id: invitation.id,
  organizationId: invitation.organizationId,
  email: invitation.email,
  role: invitation.role,
  state: invitationState(invitation, now),
  invitedBy: invitation.invitedBy,
  createdAt: rfc3339(invitation.createdAt),
  expiresAt: rfc3339(invitation.expiresAt),
});
