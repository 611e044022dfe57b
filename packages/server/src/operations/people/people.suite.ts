// People for tests of the engine: users as signing up would have made them, and every operation as one of them.

import {
  type Actor,
  type OperationMethods,
  operationMethods,
  type Role,
  type Store,
  splitInput,
  type UserRecord,
} from '@latchkey/core';
import type { World } from '../world.suite.js';
import { actorOfUser } from './self.js';

export interface Person {
  id: string;
  email: string;
  /** As the person is now: roles are read with each call, as a listener does. */
  api: OperationMethods;
  actor(): Promise<Actor>;
}

interface SomeUser {
  id: string;
  at: number;
  email?: string;
  name?: string;
  verified?: boolean;
  operator?: boolean;
}

/** A user as signing up leaves one, without a way to sign in. */
export async function insertUser({ signIn }: Pick<Store, 'signIn'>, user: SomeUser): Promise<void> {
  const { id, at, email = `${id}@example.com`, name = id, verified = true, operator = false } = user;
  await signIn.insert('users', {
    ...{ id, email, name, image: null, two_factor_enabled: 0 },
    ...{ email_verified: verified ? 1 : 0, is_operator: operator ? 1 : 0 },
    ...{ created_at: at, updated_at: at },
  });
}

/** A user with these roles by organization. */
export async function person(
  { lk, time }: World,
  name: string,
  roles: Readonly<Record<string, Role>> = {},
  more: Pick<SomeUser, 'verified' | 'operator'> = {},
): Promise<Person> {
  const { store } = lk.engine.services;
  const id = `usr_${name}`;
  const email = `${name}@example.com`;
  await insertUser(store, { id, email, name, at: time.now, ...more });
  for (const [organizationId, role] of Object.entries(roles))
    await store.memberships.put({ organizationId, userId: id, role, createdAt: time.now });
  const actor = async (): Promise<Actor> =>
    actorOfUser(store, (await store.users.get(id)) as UserRecord, {
      id: `ses_${name}`,
      csrfToken: `csrf of ${name}`,
      expiresAt: time.now + 3_600_000,
    });
  const api = operationMethods(async (operation, input, options) =>
    lk.engine.run(operation, splitInput(operation, input), {
      actor: await actor(),
      requestId: lk.engine.makeRequestId(),
      idempotencyKey: options.idempotencyKey ?? null,
    }),
  );
  return { id, email, api, actor };
}

/** The token of the link that an invitation answered with. */
export const tokenOf = (link: string | null): string => (link ?? '').split('#')[1] ?? '';
