// Guarantees of standings: nobody is taken for the operator by omission, nothing is seen where somebody has no standing, no role is handed upwards.

import { describe, expect, it } from 'vitest';
import { roleTable } from '../contract/role-table.js';
import type { Actor, KeyRecord, MemberScope } from '../ports.js';
import { ROLES, STANDINGS, type Standing } from './roles.js';
import { accessAnywhere, accessAt, actsForOperator, isPerson, mayHandOn, standingsOf } from './standing.js';

const session = { id: 'ses_1', csrfToken: 'c', expiresAt: 9 };
const scope = (
  standings: Record<string, Exclude<Standing, 'operator' | 'signed_in'>>,
  projectId: string | null = null,
): MemberScope => ({ standings: new Map(Object.entries(standings)), projectId, expiresAt: null });
const actor = (more: Partial<Actor>): Actor => ({ type: 'user', id: 'usr_1', permissions: [], ...more });

const rootKey = actor({ type: 'root_key', permissions: ['*'] });
const customer = actor({ type: 'customer_key', key: { id: 'key_1' } as KeyRecord });
const operator = actor({ permissions: ['*'], session });
const stranger = actor({ member: scope({}), session });
const owner = actor({ member: scope({ org_1: 'owner', org_2: 'viewer' }), session });
const portal = actor({ type: 'portal', member: scope({ org_1: 'portal' }, 'proj_1') });

it('the operator is who came with neither a key nor a scope', () => {
  const all = { rootKey, customer, operator, stranger, owner, portal };
  const those = (test: (actor: Actor) => boolean) =>
    Object.entries(all).flatMap(([name, one]) => (test(one) ? [name] : []));
  expect(those(actsForOperator)).toEqual(['rootKey', 'operator']);
  expect(those(isPerson)).toEqual(['operator', 'stranger', 'owner', 'portal']);
});

it('a person has the standings of all organizations, and that of being signed in', () => {
  expect(standingsOf(operator)).toEqual(['operator', 'signed_in']);
  expect(standingsOf(stranger)).toEqual(['signed_in']);
  expect(standingsOf(owner)).toEqual(['owner', 'viewer', 'signed_in']);
  expect(standingsOf(portal)).toEqual(['portal']);
  expect(standingsOf(rootKey)).toEqual([]);
});

describe('what is asked about a place', () => {
  const at = (organizationId: string, projectId: string | null = null) => ({ organizationId, projectId });
  it.each<[string, Actor, { organizationId: string; projectId: string | null }, string]>([
    ['is allowed with the standing', owner, at('org_1', 'proj_1'), 'allowed'],
    ['is forbidden with another one', owner, at('org_2', 'proj_2'), 'forbidden'],
    ['is hidden without any', owner, at('org_3'), 'hidden'],
    ['is hidden from who belongs nowhere', stranger, at('org_1'), 'hidden'],
    ['is allowed in the one project', portal, at('org_1', 'proj_1'), 'allowed'],
    ['is hidden in another project', portal, at('org_1', 'proj_2'), 'hidden'],
  ])('%s', (_, { member }, place, expected) => {
    expect(accessAt(['owner', 'portal'], member as MemberScope, place)).toBe(expected);
  });

  it('is never allowed by being signed in, which is a standing nowhere', () => {
    expect(accessAt(STANDINGS, stranger.member as MemberScope, at('org_1'))).toBe('hidden');
  });

  it('that is no place is allowed by any standing', () => {
    expect(accessAnywhere(['viewer'], owner)).toBe('allowed');
    expect(accessAnywhere(['viewer'], stranger)).toBe('forbidden');
    expect(accessAnywhere(['signed_in'], stranger)).toBe('allowed');
    expect(accessAnywhere(['signed_in'], portal)).toBe('forbidden');
    expect(accessAnywhere(['operator'], owner)).toBe('forbidden');
  });
});

it('nobody hands on a role above their own, nor any where they have none', () => {
  const given = (own: Exclude<Standing, 'operator' | 'signed_in'>) =>
    ROLES.filter((role) => mayHandOn(actor({ member: scope({ org_1: own }), session }), 'org_1', role));
  expect(given('owner')).toEqual([...ROLES]);
  expect(given('admin')).toEqual(['admin', 'developer', 'viewer', 'billing']);
  expect(given('portal')).toEqual([]);
  expect(ROLES.filter((role) => mayHandOn(owner, 'org_9', role))).toEqual([]);
  expect(ROLES.filter((role) => mayHandOn(operator, 'org_9', role))).toEqual([...ROLES]);
});

it('every operation is somebody’s, and nobody but the operator makes or ends organizations', () => {
  for (const [name, standings] of Object.entries(roleTable)) expect([name, standings.length > 0]).toEqual([name, true]);
  expect(roleTable.createOrganization).toEqual(['operator']);
  expect(roleTable.deleteOrganization).toEqual(['operator']);
});
