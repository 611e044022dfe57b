// The operator's own users: listed, and made ordinary ones again. How they are invited is in invitations.ts.

import { LatchkeyError, type OperationInput, type Operations, rootKeyView } from '@latchkey/core';
import { commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import { notFound } from '../keys/record.js';
import type { Services } from '../services.js';
import { takeBackInvitations } from './take-back-invitations.js';
import { invitationState, invitationView, userView } from './views.js';

const MOST_INVITATIONS = 100;

export async function listOperators({ store, clock }: Services) {
  const now = clock();
  const { rows } = await store.invitations.list(null, { limit: MOST_INVITATIONS, after: null });
  const open = rows.filter((invitation) => invitationState(invitation, now) === 'pending');
  return {
    data: (await store.users.operators()).map(userView),
    invitations: open.map((invitation) => invitationView(invitation, now)),
  };
}

/** Ends what they may do as a person. Root keys that they made stay, since machines run on them, and are told. */
export async function removeOperator(
  services: Services,
  { userId }: OperationInput<Operations['removeOperator']>,
  call: Call,
) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const operators = await view.users.operators();
    if (!operators.some(({ id }) => id === userId)) throw notFound('operator');
    if (operators.length === 1)
      throw new LatchkeyError('last_owner', 'This is the last operator: invite another first.');
    await view.users.setOperator(userId, false);
    return {
      value: await view.rootKeys.madeBy(userId, now),
      audit: [
        { action: 'removeOperator', target: { type: 'operator' as const, id: userId }, organizationId: null },
        ...(await takeBackInvitations(view, now, userId, undefined)),
      ],
    };
  });
  return { rootKeysToRevoke: value.map(rootKeyView) };
}
