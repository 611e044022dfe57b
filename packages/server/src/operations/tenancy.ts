// Which organizations a call is about, by the ids that its judged input names, and whether the person who calls may do that there.

import {
  type Actor,
  accessAnywhere,
  accessAt,
  LatchkeyError,
  type Operation,
  type OperationName,
  operations,
  type Place,
  roleTable,
} from '@latchkey/core';
import { notFound } from './keys/record.js';
import type { Services } from './services.js';

interface Kind {
  /** What it is called where it is not there. */
  noun: string;
  find(services: Services, id: string): Promise<Place | null>;
}

/**
 * Members of an input that name something of one organization. Whatever else an input may name is of nobody (tiers, root keys), of
 * the caller (sessions), or found only below one of these (members, invitations, families).
 */
const KINDS = {
  keyId: { noun: 'key', find: ({ store }, id) => store.keys.get(id) },
  projectId: {
    noun: 'project',
    async find({ store }, id) {
      const project = await store.projects.get(id);
      return project && { organizationId: project.organizationId, projectId: id };
    },
  },
  organizationId: {
    noun: 'organization',
    async find({ store }, id) {
      const organization = await store.organizations.get(id);
      return organization && { organizationId: id, projectId: null };
    },
  },
  // No role may ask for a lease; if one ever may, it finds none until it is said here whose they are.
  leaseId: { noun: 'lease', find: async () => null },
  reservationId: { noun: 'reservation', find: ({ store }, id) => store.credits.reservation(id) },
} satisfies Record<string, Kind>;

type TenantId = keyof typeof KINDS;
const TENANT_IDS = Object.keys(KINDS) as TenantId[];

const membersOf = ({ params, query, body }: Operation): string[] =>
  [params, query, body].flatMap((part) => (part === null ? [] : Object.keys(part.shape)));

const named = Object.fromEntries(
  Object.entries(operations).map(([name, row]) => {
    const members = membersOf(row);
    return [name, TENANT_IDS.filter((id) => members.includes(id))];
  }),
) as Record<OperationName, TenantId[]>;

/** The ids by which an operation may be told what it is about; none: it is about no organization. */
export const tenantIdsOf = (name: OperationName): readonly TenantId[] => named[name];

const forbidden = (name: OperationName): LatchkeyError =>
  new LatchkeyError('forbidden', `Your role does not allow ${name}; it takes ${roleTable[name].join(', ')}.`);

/**
 * Before anything is looked at: whether any standing of the person allows the operation at all.
 * @throws LatchkeyError `forbidden`
 */
export function judgeStanding(name: OperationName, actor: Actor): void {
  if (accessAnywhere(roleTable[name], actor) !== 'allowed') throw forbidden(name);
}

/**
 * Whether a member may do it to what the input names. Everything named is judged, and what they may not see is answered as what
 * is not there.
 * @throws LatchkeyError `not_found`, `forbidden`, `invalid_request`
 */
export async function judgeTenancy(
  services: Services,
  name: OperationName,
  input: Readonly<Record<string, unknown>>,
  { member }: Actor,
): Promise<void> {
  if (member === undefined) return;
  const ids = tenantIdsOf(name);
  if (ids.length === 0) return;
  const given = ids.filter((id) => input[id] !== undefined);
  if (given.length === 0) throw missing(name, ids);
  for (const id of given) {
    const { noun, find }: Kind = KINDS[id];
    const place = await find(services, input[id] as string);
    const access = place === null ? 'hidden' : accessAt(roleTable[name], member, place);
    if (access === 'hidden') throw notFound(noun);
    if (access === 'forbidden') throw forbidden(name);
  }
  // Else the answer would be about all projects of the organization.
  const isNarrow = given.some((id) => id !== 'organizationId');
  if (member.projectId !== null && ids.includes('projectId') && !isNarrow) throw missing(name, ['projectId']);
}

/** Whoever sees everything may ask about everything; everybody else says what they mean. */
function missing(name: OperationName, ids: readonly TenantId[]): LatchkeyError {
  const wanted = ids.includes('organizationId') ? 'organizationId' : (ids[0] as TenantId);
  const { query } = operations[name];
  const path = `${wanted in query.shape ? 'query' : 'body'}.${wanted}`;
  return new LatchkeyError('invalid_request', `${path}: is required of you`, {
    errors: [{ path, message: 'is required of you', fix: `Say which one: send ${ids.join(' or ')}.` }],
  });
}
