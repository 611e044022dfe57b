// What operations are asked about: fresh objects of a place for every call, and the rest of an input that would work.

import { randomUUID } from 'node:crypto';
import { type Operation, type OperationName, operations } from '@latchkey/core';
import { loadProfile } from '../../packages/server/src/config/load-profile.js';
import type { Caller, Place, Stage } from './stage.js';

/** Members of inputs that name something by its id. */
export type IdName =
  | 'organizationId'
  | 'projectId'
  | 'keyId'
  | 'familyId'
  | 'userId'
  | 'invitationId'
  | 'sessionId'
  | 'leaseId'
  | 'reservationId'
  | 'tierId'
  | 'rootKeyId'
  | 'targetId'
  | 'actorId';

/** Words of the caller that end like an id and name nothing that is kept under it. */
const NO_IDS = ['ownerId', 'requestId'];

const membersOf = ({ params, query, body }: Operation): string[] =>
  [params, query, body].flatMap((part) => (part === null ? [] : Object.keys(part.shape)));

/** The ids that an operation may be given. A new kind of id is refused here until it is said above what it is. */
export const idsOf = (name: OperationName): IdName[] =>
  membersOf(operations[name]).filter((member) => /Id$/.test(member) && !NO_IDS.includes(member)) as IdName[];

/** An id of the right look under which there is nothing. */
export const missing = (id: IdName): string => `${id.slice(0, 3).toLowerCase()}_0nothing0nothing0here`;

/** A fresh object of each kind at a place, by its id. */
export function makersAt({ served, own, newUser }: Stage, place: Place, caller: Caller) {
  const { latchkey } = served;
  const { store } = latchkey.engine.services;
  const { organizationId, projectId } = place;
  const key = (more: object = {}) => latchkey.keys.create({ projectId, name: 'target', ...more });
  const mail = () => `${randomUUID()}@example.com`;
  return {
    organizationId: async () => organizationId,
    projectId: async () => (await latchkey.projects.create({ organizationId, name: 'target' })).id,
    keyId: async () => (await key()).key.id,
    familyId: async () => (await key()).key.familyId,
    async userId() {
      const userId = await newUser();
      await store.memberships.put({ organizationId, userId, role: 'viewer', createdAt: Date.now() });
      return userId;
    },
    invitationId: async () =>
      (await latchkey.invitations.create({ organizationId, email: mail(), role: 'viewer' })).invitation.id,
    async sessionId() {
      const id = `ses_${randomUUID()}`;
      const at = Date.now();
      const userId = place === own ? caller.userId : null;
      await store.signIn.insert('sessions', {
        ...{ id, user_id: userId ?? (await newUser()), token_hash: id, expires_at: at + 3_600_000 },
        ...{ ip: null, user_agent: null, created_at: at, updated_at: at },
      });
      return id;
    },
    leaseId: async () => (await latchkey.leases.create({ secret: (await key()).secret })).lease?.id as string,
    async reservationId() {
      const { key: made } = await key({ credits: 10 });
      const input = { keyId: made.id, credits: 1, requestId: randomUUID() };
      return (await latchkey.reservations.create(input)).reservation?.id as string;
    },
    tierId: async () => (await latchkey.tiers.create({ name: `t-${randomUUID().slice(0, 8)}`, limits: LIMITS })).id,
    rootKeyId: async () => (await latchkey.rootKeys.create({ name: 'target', permissions: ['keys.read'] })).rootKey.id,
    targetId: async () => (await key()).key.id,
    actorId: async () => newUser(),
  } satisfies Record<IdName, () => Promise<string>>;
}

const LIMITS = { perMinute: 1, perDay: null, concurrent: null };

/** What an operation needs beside ids. */
const REST: Partial<Record<OperationName, () => object>> = {
  createOrganization: () => ({ name: 'made' }),
  updateOrganization: () => ({ name: 'Own' }),
  createProject: () => ({ name: 'made' }),
  updateProject: () => ({ name: 'changed' }),
  createKey: () => ({ name: 'made' }),
  updateKey: () => ({ name: 'changed' }),
  rotateKey: () => ({ gracePeriodSeconds: 60 }),
  importKeys: () => ({ keys: [{ name: 'imported', secret: randomUUID() }] }),
  verifyKey: () => ({ secret: 'swp_live_nothing' }),
  verifyKeys: () => ({ keys: [{ secret: 'swp_live_nothing' }] }),
  createLease: () => ({ secret: 'swp_live_nothing' }),
  createTier: () => ({ name: `t-${randomUUID().slice(0, 8)}`, limits: LIMITS }),
  updateTier: () => ({ title: 'changed' }),
  previewTier: () => ({ title: 'changed' }),
  applyProfile: () => ({ profile: loadProfile('swaypi'), dryRun: true }),
  adjustCredits: () => ({ set: 5 }),
  reserveCredits: () => ({ credits: 1, requestId: randomUUID() }),
  settleReservation: () => ({ credits: 1 }),
  createRootKey: () => ({ name: 'made', permissions: ['keys.read'] }),
  updateMember: () => ({ role: 'developer' }),
  createInvitation: () => ({ email: `${randomUUID()}@example.com`, role: 'viewer' }),
  // A token of no invitation: whoever may ask hears that it is over.
  readInvitation: () => ({ token: 'x'.repeat(43) }),
  acceptInvitation: () => ({ token: 'x'.repeat(43) }),
  inviteOperator: () => ({ email: `${randomUUID()}@example.com` }),
};

/** Ids that an operation is given where it works without: those that narrow to what is somebody's own. */
const NARROWING: readonly string[] = ['organizationId', 'projectId', 'keyId'];

/** The ids with which an operation works for whoever has to say what they mean. */
function neededIds(name: OperationName): IdName[] {
  const { params } = operations[name];
  const inPath = idsOf(name).filter((id) => id in params.shape);
  const others = idsOf(name).filter((id) => !(id in params.shape) && NARROWING.includes(id));
  return [...inPath, ...others];
}

/** An input that works, about objects made for it. `over`: ids to be given in place of those. */
export async function inputFor(
  stage: Stage,
  name: OperationName,
  place: Place,
  caller: Caller,
  over: Partial<Record<IdName, string>> = {},
): Promise<Record<string, unknown>> {
  const makers = makersAt(stage, place, caller);
  const input: Record<string, unknown> = { ...REST[name]?.(), ...over };
  for (const id of neededIds(name)) input[id] ??= await makers[id]();
  const { latchkey } = stage.served;
  // Whoever may do it would end the stage itself.
  if (ENDS_ORGANIZATION.includes(name) && caller.standing === 'operator' && over.organizationId === undefined)
    input.organizationId = (await latchkey.organizations.create({ name: 'target' })).id;
  if (name === 'revokeOperatorInvitation' && over.invitationId === undefined)
    input.invitationId = (await latchkey.operators.invite({ email: `${randomUUID()}@example.com` })).invitation.id;
  if (name === 'removeOperator' && over.userId === undefined)
    await latchkey.engine.services.store.users.setOperator(input.userId as string, true);
  return input;
}

const ENDS_ORGANIZATION: readonly OperationName[] = ['deleteOrganization', 'suspendOrganization'];
