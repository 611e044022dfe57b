// People for tests of the engine: users as signing up would have made them, and every operation as one of them.

import {
  type Actor,
  type OperationMethods,
  operationMethods,
  type Role,
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

/** A user with these roles by organization. */
export async function person(
  { lk, time }: World,
  name: string,
  roles: Readonly<Record<string, Role>> = {},
  { verified = true, operator = false }: { verified?: boolean; operator?: boolean } = {},
): Promise<Person> {
  const { store } = lk.engine.services;
  const id = `usr_${name}`;
  const email = `${name}@example.com`;
  await store.signIn.insert('users', {
    ...{ id, email, name, image: null, two_factor_enabled: 0 },
    ...{ email_verified: verified ? 1 : 0, is_operator: operator ? 1 : 0 },
    ...{ created_at: time.now, updated_at: time.now },
  });
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
