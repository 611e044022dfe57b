// A control plane with two organizations and a caller for every standing: people who were invited and signed in, and holders of portal tokens, each calling over HTTP.

import { type OperationName, operations, ROLES, type Role, type Standing, splitInput } from '@latchkey/core';
import {
  type Answer,
  type Browser,
  createWorld,
  PASSWORD,
  type World,
} from '../../packages/server/src/accounts/world.suite.js';
import type { Served } from '../../packages/server/src/http/serve.suite.js';
import { insertUser } from '../../packages/server/src/operations/people/people.suite.js';

export interface Place {
  organizationId: string;
  projectId: string;
}

export interface Caller {
  standing: Standing;
  /** null: the holder of a portal token. */
  userId: string | null;
  ask(name: OperationName, input: Readonly<Record<string, unknown>>): Promise<Answer>;
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
  /** The id of a user who is nothing yet. */
  newUser(): Promise<string>;
  close(): Promise<void>;
}

type Person = 'operator' | Role | 'signed_in';
const PEOPLE: readonly Person[] = ['operator', ...ROLES, 'signed_in'];

/** The call that a listener gets for an operation with that input. */
function requestOf(name: OperationName, input: Readonly<Record<string, unknown>>) {
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

export async function openStage(): Promise<Stage> {
  const world = await createWorld({ signUp: 'invite', inMemory: true });
  const { latchkey } = world.served;
  const { store } = latchkey.engine.services;
  const place = async (name: string): Promise<Place> => {
    const organization = await latchkey.organizations.create({ name });
    const project = await latchkey.projects.create({ organizationId: organization.id, name: 'Main' });
    return { organizationId: organization.id, projectId: project.id };
  };
  const own = await place('Own');
  const foreign = await place('Foreign');

  const callers: Caller[] = [];
  for (const standing of PEOPLE) callers.push(await personAs(world, standing, own));
  for (const readOnly of [false, true]) callers.push(await portalTo(world, own, readOnly));

  let users = 0;
  return {
    served: world.served,
    own,
    foreign,
    callers,
    async restore() {
      for (const { standing, userId } of callers) {
        if (userId === null) continue;
        await store.users.setOperator(userId, standing === 'operator');
        const role = ROLES.find((name) => name === standing);
        for (const { organizationId } of [own, foreign]) {
          if (role === undefined || organizationId !== own.organizationId)
            await store.memberships.remove(organizationId, userId);
          else await store.memberships.put({ organizationId, userId, role, createdAt: Date.now() });
        }
      }
    },
    async newUser() {
      const id = `usr_${++users}`;
      await insertUser(store, { id, at: Date.now() });
      return id;
    },
    close: () => world.close(),
  };
}

/** Invited, signed up, signed in, and become what the invitation says; `signed_in` leaves theirs alone. */
async function personAs(world: World, standing: Person, { organizationId }: Place): Promise<Caller> {
  const { latchkey } = world.served;
  const email = `${standing}@example.com`;
  if (standing === 'operator') await latchkey.operators.invite({ email });
  else
    await latchkey.invitations.create({ organizationId, email, role: standing === 'signed_in' ? 'viewer' : standing });
  const invitationToken = world.tokenFor(email);
  const browser = world.browser();
  good(await browser.auth('/sign-up/email', { name: standing, email, password: PASSWORD, invitationToken }));
  good(await browser.signIn(email));
  if (standing !== 'signed_in')
    good(await browser.change('POST', '/v1/invitations/accept', { token: invitationToken }));
  const { user, csrfToken } = good(await browser.get('/v1/self')).body;
  return { standing, userId: user.id, ask: askWith(browser, { 'x-csrf-token': csrfToken }) };
}

async function portalTo(world: World, { organizationId }: Place, readOnly: boolean): Promise<Caller> {
  const made = await world.served.latchkey.portalTokens.create({ organizationId, readOnly, expiresInSeconds: 3600 });
  return {
    standing: readOnly ? 'portal_read_only' : 'portal',
    userId: null,
    ask: askWith(world.browser(), { authorization: `Bearer ${made.token}` }),
  };
}

const askWith =
  (browser: Browser, headers: Record<string, string>): Caller['ask'] =>
  (name, input) => {
    const { method, path, body } = requestOf(name, input);
    return browser.request(method, path, body, method === 'GET' && !headers.authorization ? {} : headers);
  };

function good(answer: Answer): Answer {
  if (answer.status >= 400) throw new Error(`the stage cannot be set: ${answer.status} ${answer.text}`);
  return answer;
}
