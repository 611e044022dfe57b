// Which roles somebody may hand on: none above their own. The server judges it; here it is only what is offered. Pure.

import type { Member } from '@latchkey/client';

export type Role = Member['role'];

/** From the most to the least. */
export const ROLES: readonly Role[] = ['owner', 'admin', 'developer', 'viewer', 'billing'];
const RANK: Readonly<Record<string, number>> = { operator: 3, owner: 3, admin: 2, developer: 1, viewer: 0, billing: 0 };

const rankOf = (role: string): number => RANK[role] ?? -1;

/** `own`: the reader's role here, `operator` for the installation's own users. */
export const rolesToGive = (own: string): Role[] => ROLES.filter((role) => rankOf(role) <= rankOf(own));
export const isWithin = (role: Role, own: string): boolean => rankOf(role) <= rankOf(own);
