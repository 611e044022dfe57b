// Invitations of somebody who may invite no more: taken back with their right, so that none brings them in again under another address.

import type { InvitationRecord, StoreView } from '@latchkey/core';
import type { AuditNote } from '../commit-change.js';

/** Of one organization; undefined: of all places. `stays` says which they may still make. */
export async function takeBackInvitations(
  view: StoreView,
  now: number,
  invitedBy: string,
  organizationId: string | undefined,
  stays: (invitation: InvitationRecord) => boolean = () => false,
): Promise<AuditNote[]> {
  const open = (await view.invitations.pendingBy(invitedBy, organizationId)).filter((one) => !stays(one));
  for (const invitation of open) await view.invitations.update({ ...invitation, revokedAt: now });
  return open.map(({ id, organizationId: of, email, role }) => ({
    action: 'revokeInvitation',
    target: { type: 'invitation' as const, id },
    organizationId: of,
    changes: { email, role },
  }));
}
