// Guarantees of what the members page offers: nobody is offered to make somebody more than they are. Held to core's own judgement.

import { expect, it } from 'vitest';
import { mayHandOn } from '../../../../core/src/access/standing.js';
import { isWithin, ROLES, type Role, rolesToGive } from './roles';

const isTaken = (own: Role, role: Role): boolean => {
  const member = { standings: new Map([['org_1', own]]), projectId: null, expiresAt: null };
  return mayHandOn({ type: 'user', id: 'user_1', permissions: [], member }, 'org_1', role);
};

it.each(ROLES)('%s is offered the roles that the server takes from them, and people who have those', (own) => {
  expect(rolesToGive(own)).toEqual(ROLES.filter((role) => isTaken(own, role)));
  for (const role of ROLES) expect(isWithin(role, own)).toBe(isTaken(own, role));
});

it('an operator is offered every role, and who has none is offered nothing', () => {
  expect(rolesToGive('operator')).toEqual(ROLES);
  expect(rolesToGive('')).toEqual([]);
});
