// What a standing on the dashboard lets somebody do: allowed, forbidden, or as if what they ask about were not there.

import type { Actor, MemberScope } from '../ports.js';
import type { Role, Standing } from './roles.js';

export type Access = 'allowed' | 'forbidden' | 'hidden';

/** Where something belongs; `projectId` null: to its organization as a whole. */
export interface Place {
  organizationId: string;
  projectId: string | null;
}

/**
 * One that came with neither a customer key nor a member's scope acts for the operator. Whoever is asked "is this the
 * operator?" asks here, so that no new kind of actor is taken for one by leaving something out.
 */
export const actsForOperator = ({ key, member }: Actor): boolean => key === undefined && member === undefined;

/** A signed-in person or the holder of a portal token, not a key and not the process itself. */
export const isPerson = ({ session, member }: Actor): boolean => session !== undefined || member !== undefined;

/**
 * What a member may do with something at a place. Without a standing there, or outside the one project they are bound to, it
 * is hidden from them.
 */
export function accessAt(allowed: readonly Standing[], member: MemberScope, place: Place): Access {
  const standing = member.standings.get(place.organizationId);
  if (standing === undefined) return 'hidden';
  const isOutside = member.projectId !== null && place.projectId !== null && place.projectId !== member.projectId;
  if (isOutside) return 'hidden';
  return allowed.includes(standing) ? 'allowed' : 'forbidden';
}

/** What a person may do that is about no organization: any of their standings counts. */
export function accessAnywhere(allowed: readonly Standing[], actor: Actor): Access {
  return standingsOf(actor).some((standing) => allowed.includes(standing)) ? 'allowed' : 'forbidden';
}

/** Every standing that a person has somewhere. */
export function standingsOf({ session, member }: Actor): Standing[] {
  return [
    ...(session !== undefined && member === undefined ? (['operator'] as const) : []),
    ...new Set(member?.standings.values()),
    ...(session !== undefined ? (['signed_in'] as const) : []),
  ];
}

const RANK: Readonly<Record<Role, number>> = { owner: 3, admin: 2, developer: 1, viewer: 0, billing: 0 };

/** Nobody makes somebody more than they are themselves. */
export const isRoleWithin = (role: Role, own: Role): boolean => RANK[role] <= RANK[own];

/** Whether somebody may give or touch a role in an organization; whoever acts for the operator may give any. */
export function mayHandOn(actor: Actor, organizationId: string, role: Role): boolean {
  if (actsForOperator(actor)) return true;
  const own = actor.member?.standings.get(organizationId);
  if (own === undefined || own === 'portal' || own === 'portal_read_only') return false;
  return isRoleWithin(role, own);
}
