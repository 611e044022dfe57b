// Accounts: users, each project's apart. One server is either live or the sandbox and never answers for the other.

import {
  a,
  badRequest,
  createApi,
  createShelf,
  drawsFrom,
  header,
  newId,
  notFound,
  optional,
  Refusal,
  serveWhenRun,
  timestamp,
} from '../kit.js';

/** @typedef {{ id: string, email: string, name: string, environment: 'live' | 'sandbox', created_at: string }} User */

const ID = /^usr_[A-Za-z0-9_-]{1,64}$/;
/** Ids that this API gave out itself. Unlike any other, an unknown one of these is not made up on the spot. */
const GIVEN_ID = /^usr_new_/;
const NAMES = 'Alma Bastian Carmen Dimitri Esther Farid Greta Hideo Irina Jonas Katya Luis'.split(' ');
const EMAIL = a.match(/^[^\s@]{1,64}@[^\s@]{1,180}\.[^\s@.]{2,60}$/, 'an email address');
const NAME = a.text(1, 200);

/** @param {import('../kit.js').Refusal} refusal @returns {import('../kit.js').Reply} */
const envelope = ({ status, code, message }) => ({ status, body: { success: false, message, error: { code } } });

/** @param {import('../kit.js').ExampleOptions} [options] throws when `mode` is none of the three */
export function createExample({ mode = 'live', now = Date.now } = {}) {
  if (!['live', 'sandbox', 'test'].includes(mode)) throw new TypeError(`mode must be live or sandbox, not '${mode}'`);
  const environment = mode === 'live' ? 'live' : 'sandbox';
  const welcome = environment === 'live' ? ['', 'live'] : ['', 'test', 'sandbox'];
  /** @type {ReturnType<typeof createShelf<User>>} */
  const users = createShelf();

  /** Draws a user from an id; the other environment draws another one. @param {string} id @returns {User} */
  function derive(id) {
    const draw = drawsFrom(`${environment}/${id}`);
    const name = draw.oneOf(NAMES);
    const email = `${name.toLowerCase()}.${draw.below(1_000_000)}@example.com`;
    return { id, email, name, environment, created_at: timestamp(Date.UTC(2025, 0, 1 + draw.below(365), 9)) };
  }

  /** @param {string} project @param {string} id @returns {User} */
  function find(project, id) {
    const kept = users.get(project, id);
    if (kept) return kept;
    if (kept === null || !ID.test(id) || GIVEN_ID.test(id)) throw notFound('user');
    return derive(id);
  }

  return createApi({
    name: 'accounts',
    mode: environment,
    dialect: envelope,
    guard({ req }) {
      if (welcome.includes(header(req, 'x-latchkey-mode'))) return;
      throw new Refusal(409, 'wrong_environment', `This is the ${environment} environment`);
    },
    routes: {
      'GET /v1/users': ({ project, query }) => {
        const { data, next } = users.page(project, query);
        return { body: { success: true, data, next_cursor: next } };
      },
      'POST /v1/users': async ({ project, body }) => {
        const { email, name } = await body({ email: EMAIL, name: NAME });
        /** @type {User} */
        const user = { id: newId('usr_new'), email, name, environment, created_at: timestamp(now()) };
        users.set(project, user.id, user);
        return { status: 201, body: { success: true, data: user }, headers: { location: `/v1/users/${user.id}` } };
      },
      'GET /v1/users/:id': ({ id, project }) => ({ body: { success: true, data: find(project, id) } }),
      'PATCH /v1/users/:id': async ({ id, project, body }) => {
        const { email, name } = await body({ email: optional(EMAIL), name: optional(NAME) });
        if (email === undefined && name === undefined) throw badRequest('Give an email or a name to change');
        const user = find(project, id);
        const changed = { ...user, email: email ?? user.email, name: name ?? user.name };
        users.set(project, id, changed);
        return { body: { success: true, data: changed } };
      },
      'DELETE /v1/users/:id': ({ id, project }) => {
        users.set(project, find(project, id).id, null);
        return { body: { success: true, message: 'User deleted successfully' } };
      },
    },
  });
}

serveWhenRun(import.meta.url, 'accounts', createExample);
