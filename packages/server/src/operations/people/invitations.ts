// Invitations: links that make whoever holds them a member, or one of the operator's users. Only the hash of a token is kept.

import {
  actsForOperator,
  DAY_MS,
  type InvitationRecord,
  LatchkeyError,
  type OperationInput,
  type Operations,
  type Store,
  type StoreView,
  type Vault,
} from '@latchkey/core';
import { type AuditNote, type ChangeServices, commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import { notFound } from '../keys/record.js';
import { pageRequest, pageView } from '../paging.js';
import type { Services } from '../services.js';
import { invitationLetter } from './invitation-letter.js';
import { judgeRole } from './members.js';
import { invitationState, invitationView } from './views.js';

type Of<Name extends keyof Operations> = OperationInput<Operations[Name]>;

const VALID_DAYS = 7;
const FIRST_OPERATOR_MS = DAY_MS;
const TOKEN_BYTES = 32;
/** Letters that one member may have sent in a day. Anybody may be able to make an account: it is no way to write to strangers. */
const MOST_LETTERS = 50;

/** One answer for a token that was used, was taken back, has expired or never was. */
const over = (): LatchkeyError => new LatchkeyError('invitation_over');

const note = (
  action: string,
  { id, organizationId, email, role }: InvitationRecord,
  changes: AuditNote['changes'] = {},
): AuditNote => ({
  action,
  target: { type: 'invitation', id },
  organizationId,
  changes: { email, role, ...changes },
});

type MintServices = Pick<Services, 'random' | 'vault' | 'newId'>;
type Terms = Omit<InvitationRecord, 'id' | 'tokenHash' | 'acceptedAt' | 'revokedAt'>;

const makeToken = ({ random }: Pick<Services, 'random'>): string =>
  Buffer.from(random(TOKEN_BYTES)).toString('base64url');

/** The page that takes an invitation; its token stands behind `#`, which no server is told. */
export const linkOf = ({ publicUrl }: Pick<Services, 'publicUrl'>, token: string): string =>
  `${publicUrl}/invitation#${token}`;

/** Writes the invitation; those of the same place and address that are still open are taken back. */
async function replaceOpen(services: MintServices, view: StoreView, token: string, terms: Terms) {
  for (const open of await view.invitations.pending(terms.organizationId, terms.email)) {
    await view.invitations.update({ ...open, revokedAt: terms.createdAt });
  }
  const invitation: InvitationRecord = {
    ...terms,
    id: services.newId('inv'),
    tokenHash: services.vault.hash(token),
    acceptedAt: null,
    revokedAt: null,
  };
  await view.invitations.insert(invitation);
  return invitation;
}

/**
 * Sends the link, or hands it back where there is no way to send.
 * @throws LatchkeyError `unavailable` when the mail server did not take the letter
 */
async function deliver(services: Services, token: string, invitation: InvitationRecord, organization: string | null) {
  const link = linkOf(services, token);
  if (!services.mailer.sends || invitation.email === null) return link;
  const provider = services.profile.title;
  const letter = { to: invitation.email, organization, provider, role: invitation.role, link, days: VALID_DAYS };
  try {
    await services.mailer.send(invitationLetter(letter));
  } catch (cause) {
    throw new LatchkeyError(
      'unavailable',
      'The mail server did not take the letter. Invite the same address again: that takes the place of this invitation.',
      { cause },
    );
  }
  return null;
}

/** @throws LatchkeyError `too_many_attempts` */
async function countLetter({ store, vault, mailer, clock }: Services, { actor }: Call): Promise<void> {
  if (!mailer.sends || actsForOperator(actor)) return;
  const now = clock();
  const { count, endsAt } = await store.signIn.countAttempt(vault.hash(`invitations of ${actor.id}`), now, DAY_MS);
  if (count <= MOST_LETTERS) return;
  throw new LatchkeyError('too_many_attempts', `A member sends at most ${MOST_LETTERS} invitations in a day.`, {
    retryAfterSeconds: Math.ceil((endsAt - now) / 1000),
  });
}

const termsOf = ({ mailer }: Services, call: Call, now: number) => ({
  invitedBy: call.actor.id,
  createdAt: now,
  expiresAt: now + VALID_DAYS * DAY_MS,
  byLetter: mailer.sends,
});

export async function createInvitation(services: Services, input: Of<'createInvitation'>, call: Call) {
  const { organizationId, role } = input;
  const email = input.email.toLowerCase();
  await countLetter(services, call);
  const token = makeToken(services);
  const { value } = await commitChange(services, call, async (view, now) => {
    const organization = await view.organizations.get(organizationId);
    if (organization === null) throw notFound('organization');
    judgeRole(call, organizationId, role);
    const user = await view.users.findByEmail(email);
    if (user !== null && (await view.memberships.get(organizationId, user.id)) !== null) {
      throw new LatchkeyError('already_member');
    }
    const terms = { ...termsOf(services, call, now), organizationId, email, role };
    const invitation = await replaceOpen(services, view, token, terms);
    return { value: { invitation, name: organization.name }, audit: [note('createInvitation', invitation)] };
  });
  const link = await deliver(services, token, value.invitation, value.name);
  return { invitation: invitationView(value.invitation, services.clock()), link };
}

export async function inviteOperator(services: Services, input: Of<'inviteOperator'>, call: Call) {
  const email = input.email.toLowerCase();
  const token = makeToken(services);
  const { value } = await commitChange(services, call, async (view, now) => {
    if ((await view.users.findByEmail(email))?.isOperator) {
      throw new LatchkeyError('already_member', 'This user is an operator already.');
    }
    const terms = { ...termsOf(services, call, now), organizationId: null, email, role: 'operator' as const };
    const invitation = await replaceOpen(services, view, token, terms);
    return { value: invitation, audit: [note('inviteOperator', invitation)] };
  });
  const link = await deliver(services, token, value, null);
  return { invitation: invitationView(value, services.clock()), link };
}

export async function listInvitations({ store, clock }: Services, input: Of<'listInvitations'>) {
  const { organizationId } = input;
  if ((await store.organizations.get(organizationId)) === null) throw notFound('organization');
  const now = clock();
  return pageView(await store.invitations.list(organizationId, pageRequest(input)), (row) => invitationView(row, now));
}

async function revoke(services: Services, invitationId: string, organizationId: string | null, call: Call) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const invitation = await view.invitations.get(invitationId);
    if (invitation === null || invitation.organizationId !== organizationId) throw notFound('invitation');
    if (organizationId !== null && invitation.role !== 'operator') judgeRole(call, organizationId, invitation.role);
    if (invitationState(invitation, now) !== 'pending') throw over();
    const revoked = { ...invitation, revokedAt: now };
    await view.invitations.update(revoked);
    return { value: revoked, audit: [note('revokeInvitation', invitation)] };
  });
  return invitationView(value, services.clock());
}

export const revokeInvitation = (services: Services, input: Of<'revokeInvitation'>, call: Call) =>
  revoke(services, input.invitationId, input.organizationId, call);

export const revokeOperatorInvitation = (
  services: Services,
  { invitationId }: Of<'revokeOperatorInvitation'>,
  call: Call,
) => revoke(services, invitationId, null, call);

/** The invitation behind a token, while it is open; null: there is none, or none any more. */
async function openInvitation(view: Pick<StoreView, 'invitations'>, vault: Vault, token: string, now: number) {
  const invitation = await view.invitations.findByTokenHash(vault.hash(token));
  return invitation !== null && invitationState(invitation, now) === 'pending' ? invitation : null;
}

export async function readInvitation({ store, vault, clock }: Services, { token }: Of<'readInvitation'>) {
  const invitation = await openInvitation(store, vault, token, clock());
  if (invitation === null) throw over();
  const { organizationId, email, role, expiresAt } = invitationView(invitation, clock());
  const organization = organizationId === null ? null : await store.organizations.get(organizationId);
  if (organizationId !== null && organization === null) throw over();
  return { organizationName: organization?.name ?? null, email, role, expiresAt };
}

export const acceptInvitation = (services: Services, { token }: Of<'acceptInvitation'>, call: Call) =>
  accept(services, (view) => view.invitations.findByTokenHash(services.vault.hash(token)), call);

/** For somebody who showed its token before they left for another provider, and is back as themselves. */
export const acceptInvitationShown = (services: Services, invitationId: string, call: Call) =>
  accept(services, (view) => view.invitations.get(invitationId), call);

/** Once, whoever asks at the same time: what says so is written in the transaction that gives the role. */
async function accept(services: Services, find: (view: StoreView) => Promise<InvitationRecord | null>, call: Call) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const invitation = await find(view);
    if (invitation === null || invitationState(invitation, now) !== 'pending') throw over();
    const user = await view.users.get(call.actor.id);
    if (user === null) throw new LatchkeyError('unauthenticated');
    const isTheirs = invitation.email === null || (user.emailVerified && user.email === invitation.email);
    if (!isTheirs) throw new LatchkeyError('invitation_not_yours');
    await view.invitations.update({ ...invitation, acceptedAt: now });
    const { organizationId, role } = invitation;
    if (organizationId === null || role === 'operator') {
      await view.users.setOperator(user.id, true);
      // Links for a first operator open a door that nobody needs any more.
      for (const open of await view.invitations.pending(null, null)) {
        await view.invitations.update({ ...open, revokedAt: now });
      }
    } else {
      // Whoever is a member already keeps the role that they have been given since.
      const known = await view.memberships.get(organizationId, user.id);
      if (known === null) await view.memberships.put({ organizationId, userId: user.id, role, createdAt: now });
    }
    return {
      value: { organizationId, role },
      audit: [note('acceptInvitation', invitation, { userId: user.id })],
    };
  });
  return value;
}

/** What inviting the first operator needs; also there beside a running server. */
export type FirstOperatorServices = ChangeServices & MintServices;

/**
 * The token of a link for the first operator, where there is none yet; null: there is one. Earlier links of the kind end. Of
 * nodes that start together the last one's link is good.
 */
export async function createFirstOperatorInvitation(
  services: FirstOperatorServices,
  call: Call,
): Promise<string | null> {
  const token = makeToken(services);
  const { value } = await commitChange<string | null>(services, call, async (view, now) => {
    if ((await view.users.operators()).length > 0) return { value: null, audit: [] };
    const invitation = await replaceOpen(services, view, token, {
      organizationId: null,
      email: null,
      role: 'operator',
      invitedBy: call.actor.id,
      createdAt: now,
      expiresAt: now + FIRST_OPERATOR_MS,
      byLetter: false,
    });
    return { value: token, audit: [note('createFirstOperatorInvitation', invitation)] };
  });
  return value;
}

/**
 * The open invitation that lets somebody with this address make an account: it was sent to that address, or is for whoever holds
 * the link. null: the token permits nothing. Accepting it is another step.
 */
export async function invitationForSignUp(
  { store, vault, clock }: Pick<Services, 'vault' | 'clock'> & { store: Pick<Store, 'invitations'> },
  token: string,
  email: string,
): Promise<InvitationRecord | null> {
  const invitation = await openInvitation(store, vault, token, clock());
  if (invitation === null) return null;
  return invitation.email === null || invitation.email === email.toLowerCase() ? invitation : null;
}
