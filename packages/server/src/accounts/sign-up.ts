// Who may make an account: by the profile's mode, and by the invitation that somebody comes with.

import { type InvitationRecord, LatchkeyError } from '@latchkey/core';
import { invitationForSignUp } from '../operations/people/invitations.js';
import { invitationState } from '../operations/people/views.js';
import type { Services } from '../operations/services.js';

export interface SignUpGate {
  /**
   * The invitation that somebody signs up with; null: none is needed.
   * @throws LatchkeyError `sign_up_closed`, `invitation_over`
   */
  judge(email: string, token: string | undefined): Promise<InvitationRecord | null>;
  /** The same for somebody who comes back from another provider with what was judged when they left. */
  admits(email: string, invitationId: string | null): Promise<boolean>;
  /** The id of an open invitation, for whoever it is; null: the token permits nothing. */
  invitationOf(token: string): Promise<string | null>;
}

export function createSignUpGate({ store, vault, clock, profile }: Services): SignUpGate {
  const { signUp } = profile.policy;

  /** Where sign-up is closed, a member's invitation lets in nobody new: the operator's does. */
  async function counts({ organizationId, invitedBy }: InvitationRecord): Promise<boolean> {
    if (signUp !== 'closed' || organizationId === null) return true;
    const inviter = await store.users.get(invitedBy);
    return inviter === null || inviter.isOperator;
  }
  const closed = () =>
    new LatchkeyError(
      'sign_up_closed',
      signUp === 'closed' ? 'Nobody makes an account here by themselves.' : undefined,
    );

  return {
    async judge(email, token) {
      if (token === undefined) {
        if (signUp === 'open') return null;
        throw closed();
      }
      const invitation = await invitationForSignUp({ store, vault, clock }, token, email);
      if (invitation === null) {
        const isOpen = (await this.invitationOf(token)) !== null;
        throw new LatchkeyError(isOpen ? 'invitation_not_yours' : 'invitation_over');
      }
      if (!(await counts(invitation))) throw closed();
      return invitation;
    },
    async admits(email, invitationId) {
      if (signUp === 'open') return true;
      const invitation = invitationId === null ? null : await store.invitations.get(invitationId);
      if (invitation === null || invitationState(invitation, clock()) !== 'pending') return false;
      if (invitation.email !== null && invitation.email !== email.toLowerCase()) return false;
      return counts(invitation);
    },
    async invitationOf(token) {
      const invitation = await store.invitations.findByTokenHash(vault.hash(token));
      return invitation !== null && invitationState(invitation, clock()) === 'pending' ? invitation.id : null;
    },
  };
}
