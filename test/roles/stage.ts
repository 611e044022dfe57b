// A control plane with two organizations and a caller for every standing, each calling over HTTP with their own credential.

import { type OperationName, operations, type Role, type Standing, splitInput } from '@latchkey/core';
import { type Reply, type Served, serve } from '../../packages/server/src/http/serve.suite.js';
import type { EngineWithServices } from '../../packages/server/src/operations/create-engine.js';
import type { Engine } from '../../packages/server/src/operations/engine.js';
import { actorOfUser } from '../../packages/server/src/operations/people/self.js';

export interface Place {
  organizationId: string;
  projectId: string;
}

export interface Caller {
  standing: Standing;
  /** null: the holder of a portal token. */
  userId: string | null;
  ask(name: OperationName, input: Readonly<Record<string, unknown>>): Promise<Reply>;
}

export interface Stage {
  served: Served;
  /** Where the callers have their standings. */
  own: Place;
  /** Where none of them but the operator has any. */
  foreign: Place;
  callers: readonly Caller[];
  /** Makes sure that callers are what they were, whatever was just asked as one of them. */
  restore(): Promise<void>;
  /** A user who signed up and is nothing yet, ready to be made something. */
  newUser(): Promise<string>;
  close(): Promise<void>;
}

const MEMBERS = ['owner', 'admin', 'developer', 'viewer', 'billing'] as const satisfies Role[];

/** The call that a listener would get for an operation with that input. */
export function requestOf(name: OperationName, input: Readonly<Record<string, unknown>>) {
  const row = operations[name];
  const { params, query, body } = splitInput(name, input);
  const path = row.path.replace(/:(\w+)/g, (_, id: string) => encodeURIComponent(String(params[id])));
  const search = new URLSearchParams(Object.entries(query).map(([member, value]) => [member, String(value)]));
  return {
    method: row.method,
    path: search.size === 0 ? path : `${path}?${search}`,
    body: row.body === null ? undefined : body,
  };
}

type Headers = Record<string, string>;

const SESSION = 'lk_session_of_';

/** Takes the place of signing in. */
const withSessions = (engine: Engine): Engine => {
  const { services } = engine as EngineWithServices;
  return {
    ...engine,
    async authenticate(secret, ip) {
      if (!secret?.startsWith(SESSION)) return engine.authenticate(secret, ip);
      const user = await services.store.users.get(secret.slice(SESSION.length));
      if (user === null) throw new Error('no such user');
      return actorOfUser(services.store, user, {
        id: `ses_${user.id}`,
        csrfToken: 'x',
        expiresAt: Date.now() + 60_000,
      });
    },
  };
};

const sessionOf = async (_served: Served, userId: string): Promise<Headers> => ({
  authorization: `Bearer ${SESSION}${userId}`,
});

/** Opens it: organizations and portal tokens as the operator would make them, people as they come in. */
export async function openStage(): Promise<Stage> {
  const served = await serve({ settings: { profile: 'swaypi' }, wrap: withSessions });
  const { latchkey } = served;
  const { store } = latchkey.engine.services;
  const place = async (name: string): Promise<Place> => {
    const organization = await latchkey.organizations.create({ name });
    const project = await latchkey.projects.create({ organizationId: organization.id, name: 'Main' });
    return { organizationId: organization.id, projectId: project.id };
  };
  const own = await place('Own');
  const foreign = await place('Foreign');
  let users = 0;
  const newUser = async (): Promise<string> => {
    const id = `usr_${++users}`;
    const at = Date.now();
    await store.signIn.insert('users', {
      ...{ id, email: `${id}@example.com`, name: id, image: null, email_verified: 1 },
      ...{ two_factor_enabled: 0, is_operator: 0, created_at: at, updated_at: at },
    });
    return id;
  };

  const ids = new Map<Standing, string>();
  for (const standing of ['operator', ...MEMBERS, 'signed_in'] as const) ids.set(standing, await newUser());
  async function restore(): Promise<void> {
    await store.users.setOperator(ids.get('operator') as string, true);
    for (const role of MEMBERS) {
      const userId = ids.get(role) as string;
      await store.memberships.put({ organizationId: own.organizationId, userId, role, createdAt: Date.now() });
    }
    const signedIn = ids.get('signed_in') as string;
    for (const { organizationId } of [own, foreign]) await store.memberships.remove(organizationId, signedIn);
  }
  await restore();

  const caller = (standing: Standing, userId: string | null, headers: Headers): Caller => ({
    standing,
    userId,
    ask(name, input) {
      const { method, path, body } = requestOf(name, input);
      return served.call(method, path, body, headers);
    },
  });
  const portal = async (readOnly: boolean): Promise<Headers> => {
    const { organizationId } = own;
    const { token } = await latchkey.portalTokens.create({ organizationId, readOnly, expiresInSeconds: 3600 });
    return { authorization: `Bearer ${token}` };
  };
  const callers: Caller[] = [];
  for (const [standing, userId] of ids) callers.push(caller(standing, userId, await sessionOf(served, userId)));
  callers.push(caller('portal', null, await portal(false)));
  callers.push(caller('portal_read_only', null, await portal(true)));
  return { served, own, foreign, callers, restore, newUser, close: () => served.close() };
}
