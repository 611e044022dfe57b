// Deleting one's own account: what goes with it, what stays and is told, and whose accounts have to stay. That it is really they is judged before.

import { type KeyRecord, LatchkeyError, rfc3339, type StoreView, type UserRecord } from '@latchkey/core';
import { type AuditNote, commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import type { Services } from '../services.js';
import { takeBackInvitations } from './take-back-invitations.js';

/** @throws LatchkeyError `last_owner`, where nobody would be left to look after what they look after */
async function judgeLast(view: StoreView, { id, isOperator }: UserRecord): Promise<void> {
  if (isOperator && (await view.users.operators()).length === 1)
    throw new LatchkeyError('last_owner', 'You are the last operator: invite another first.');
  const alone: string[] = [];
  for (const { organizationId, role } of await view.memberships.ofUser(id)) {
    if (role !== 'owner' || (await view.memberships.count(organizationId, 'owner')) > 1) continue;
    alone.push((await view.organizations.get(organizationId))?.name ?? organizationId);
  }
  if (alone.length === 0) return;
  throw new LatchkeyError(
    'last_owner',
    `You are the last owner of ${alone.join(', ')}: make somebody else an owner first, or ask the operator to delete it.`,
  );
}

/** Links that were sent to them, so that no other account with the address uses one. The log does not say the address again. */
async function takeBackSentTo(view: StoreView, now: number, email: string): Promise<AuditNote[]> {
  const open = await view.invitations.pendingTo(email);
  for (const invitation of open) await view.invitations.update({ ...invitation, revokedAt: now });
  return open.map(({ id, organizationId, role }) => ({
    action: 'revokeInvitation',
    target: { type: 'invitation' as const, id },
    organizationId,
    changes: { role },
  }));
}

/**
 * Everything in one transaction, so that of two last owners who go at once one stays. Keys are their organization's and stay; those
 * whose secrets they saw are told to them, and to each organization by its audit log, since they are gone then.
 */
export async function deleteAccount(services: Services, userId: string, sessionId: string, call: Call) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const user = await view.users.get(userId);
    if (user === null || (await view.sessions.get(sessionId)) === null) throw new LatchkeyError('unauthenticated');
    await judgeLast(view, user);
    const rootKeys = user.isOperator ? await view.rootKeys.madeBy(userId, now) : [];
    const target = { type: 'user' as const, id: userId };
    const changes = rootKeys.length === 0 ? {} : { rootKeysToRevoke: rootKeys.map(({ id }) => id) };
    const audit: AuditNote[] = [{ action: 'deleteAccount', target, organizationId: null, changes }];
    const seen: KeyRecord[] = [];
    for (const { organizationId, role } of await view.memberships.ofUser(userId)) {
      const keys = await view.keys.madeBy(organizationId, userId, now);
      seen.push(...keys);
      await view.memberships.remove(organizationId, userId);
      const changes = { role, keysToRotate: keys.map(({ id }) => id) };
      audit.push({ action: 'deleteAccount', target: { type: 'member', id: userId }, organizationId, changes });
    }
    audit.push(...(await takeBackInvitations(view, now, userId, undefined)));
    audit.push(...(await takeBackSentTo(view, now, user.email)));
    const names = new Map<string, string>();
    for (const { organizationId } of seen)
      names.set(organizationId, (await view.organizations.get(organizationId))?.name ?? organizationId);
    await view.users.remove(userId);
    return { value: { email: user.email, seen, names, rootKeys }, audit };
  });
  const { email, seen, names, rootKeys } = value;
  return {
    email,
    // No more of them than tells which they are: whoever hears it is nobody's member any more.
    keysToRotate: seen.map(({ id, name, hint, projectId, organizationId, createdAt }) => ({
      ...{ id, name, hint, projectId, organizationId, createdAt: rfc3339(createdAt) },
      organizationName: names.get(organizationId) as string,
    })),
    rootKeysToRevoke: rootKeys.map(({ id, name, hint, createdAt }) => ({
      ...{ id, name, hint, createdAt: rfc3339(createdAt) },
    })),
  };
}
