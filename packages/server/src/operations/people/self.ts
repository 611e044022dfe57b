// getSelf: who calls, and what they may do where. And how a signed-in user becomes an actor.

import {
  type Actor,
  accessAnywhere,
  LatchkeyError,
  type MemberScope,
  type OperationName,
  type OperationOutput,
  type Operations,
  operations,
  type Role,
  rfc3339,
  roleTable,
  type Store,
  standingsOf,
  type UserRecord,
} from '@latchkey/core';
import type { Call } from '../engine.js';
import type { Services } from '../services.js';
import { tenantIdsOf } from '../tenancy.js';
import { userView } from './views.js';

/** The roles that are a user's now, by organization. */
async function rolesOf({ memberships }: Pick<Store, 'memberships'>, userId: string): Promise<Map<string, Role>> {
  const joined = await memberships.ofUser(userId);
  return new Map(joined.map(({ organizationId, role }) => [organizationId, role]));
}

/** A user in a session as an actor: one of the operator's, or a member with the roles that are theirs now. */
export async function actorOfUser(
  store: Pick<Store, 'memberships'>,
  user: UserRecord,
  session: NonNullable<Actor['session']>,
): Promise<Actor> {
  const { id } = user;
  if (user.isOperator) return { type: 'user', id, permissions: ['*'], session };
  const member = { standings: await rolesOf(store, id), projectId: null, expiresAt: null };
  return { type: 'user', id, permissions: [], member, session };
}

const ALL_NAMES = Object.keys(operations) as OperationName[];

export async function getSelf(
  { store }: Services,
  _input: unknown,
  { actor }: Call,
): Promise<OperationOutput<Operations['getSelf']>> {
  const { member, session } = actor;
  const user = session === undefined ? null : await store.users.get(actor.id);
  // The account went away while its session was in use.
  if (session !== undefined && user === null) throw new LatchkeyError('unauthenticated');
  const roles: MemberScope['standings'] = member?.standings ?? (await rolesOf(store, actor.id));
  const found = [];
  for (const [id, role] of roles) {
    const organization = await store.organizations.get(id);
    if (organization === null) continue;
    const names = ALL_NAMES.filter(
      (name) => roleTable[name].includes(role) || (member === undefined && roleTable[name].includes('operator')),
    );
    found.push({ id, name: organization.name, role, operations: names });
  }
  const ends = session?.expiresAt ?? member?.expiresAt ?? null;
  return {
    user: user && userView(user),
    csrfToken: session?.csrfToken ?? null,
    organizations: found.sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1)),
    operations: ALL_NAMES.filter((name) => isAllowedAnywhere(name, actor)),
    projectId: member?.projectId ?? null,
    expiresAt: ends === null ? null : rfc3339(ends),
  };
}

/** What is about an organization may be called anywhere by the operator alone. */
const isAllowedAnywhere = (name: OperationName, actor: Actor): boolean =>
  accessAnywhere(roleTable[name], actor) === 'allowed' &&
  (tenantIdsOf(name).length === 0 || (standingsOf(actor).includes('operator') && roleTable[name].includes('operator')));
