// Guarantees of signing in at another provider, held against a real one: only for who it vouches for, and by the sign-up mode.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Browser,
  createWorld,
  PASSWORD,
  ROOT_KEY,
  SESSION,
  settled,
  someEmail,
  type World,
} from './world.suite.js';

const PUBLIC_URL = 'http://localhost:4000';
const CLIENT = { clientId: 'latchkey', clientSecret: 'a secret of the client of at least some length' };

interface Account {
  email: string;
  email_verified: boolean;
  name: string;
}

let server: Server;
let issuer: string;
const accounts = new Map<string, Account>();
/** The parameters of the last authorization that was asked for. */
let asked: URLSearchParams;

beforeAll(async () => {
  server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [`${PUBLIC_URL}/api/auth/callback/oidc`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: async (_context, id) => {
      const account = accounts.get(id);
      return account && { accountId: id, claims: async () => ({ sub: id, ...account }) };
    },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['some key'] },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const url = new URL(request.url ?? '/', issuer);
    if (url.pathname === '/auth') asked = url.searchParams;
    answer(request, response);
  });
});
afterAll(() => new Promise((done) => server.close(done)));

/** Goes to the provider, signs in there as somebody, agrees, and comes back with what it sends. */
async function visit(authorization: string, login: string): Promise<string> {
  const cookies = new Map<string, string>();
  const go = async (url: string, body?: URLSearchParams): Promise<Response> => {
    const reply = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(body && { method: 'POST', body }),
    });
    for (const line of reply.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return reply;
  };
  let reply = await go(authorization);
  for (let step = 0; step < 12; step++) {
    const location = reply.headers.get('location');
    if (location?.startsWith(PUBLIC_URL)) return location;
    if (location !== null) reply = await go(new URL(location, issuer).href);
    else {
      const page = await reply.text();
      const action = /action="([^"]+)"/.exec(page)?.[1];
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      if (action === undefined || prompt === undefined)
        throw new Error(`no form: ${reply.status} ${page.slice(0, 300)}`);
      reply = await go(new URL(action, issuer).href, new URLSearchParams({ prompt, login, password: 'any' }));
    }
  }
  throw new Error('the provider sends back nobody');
}

const oidc = () => ({ name: 'Example Login', issuer, ...CLIENT });
const start = (browser: Browser, more: object = {}) =>
  browser.auth('/sign-in/social', { provider: 'oidc', callbackURL: '/dashboard/api-keys', ...more });
const back = (browser: Browser, location: string) => browser.get(location.slice(PUBLIC_URL.length));

async function through(browser: Browser, login: string, more: object = {}) {
  const started = await start(browser, more);
  expect(started.status).toBe(200);
  return back(browser, await visit(started.body.url, login));
}

const account = (verified = true): [string, Account] => {
  const email = someEmail();
  const made = { email, email_verified: verified, name: 'Ada of Example' };
  accounts.set(email, made);
  return [email, made];
};

describe('another provider', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ oidc: oidc() });
  });
  afterAll(() => world.close());

  it('says who somebody is, by code with PKCE, state and nonce, and its tokens are not kept', async () => {
    const [email] = account();
    const browser = world.browser();
    const came = await through(browser, email);
    expect({ status: came.status, location: came.headers.get('location') }).toEqual({
      status: 302,
      location: '/dashboard/api-keys',
    });
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^.{20,}$/),
      nonce: expect.stringMatching(/^.{20,}$/),
    });
    expect((await browser.get('/v1/self')).body).toMatchObject({
      user: { email, name: 'Ada of Example', emailVerified: true },
      organizations: [{ name: 'Ada of Example', role: 'owner' }],
    });
    const kept = await world.served.latchkey.engine.services.store.signIn.find('user_accounts', []);
    for (const row of kept) expect([row.access_token, row.refresh_token, row.id_token]).toEqual([null, null, null]);
    const again = world.browser();
    await through(again, email);
    expect((await again.get('/v1/self')).body.organizations).toHaveLength(1);
  });

  it('counts for nobody whose address it does not vouch for', async () => {
    const [email] = account(false);
    const browser = world.browser();
    const came = await through(browser, email);
    expect(came.headers.get('location')).toMatch(/^(http:\/\/localhost:4000)?\/sign-in\?error=email_not_verified/);
    expect(browser.cookies.has(SESSION)).toBe(false);
    expect(await world.served.latchkey.engine.services.store.users.findByEmail(email)).toBeNull();
    // Nor does it open an account that somebody else has under that address.
    await world.person(email);
    const again = world.browser();
    await through(again, email);
    expect(again.cookies.has(SESSION)).toBe(false);
  });

  it('brings nobody back who did not leave from this browser, and nobody twice', async () => {
    const [email] = account();
    const victim = world.browser();
    const attacker = world.browser();
    const location = await visit((await start(attacker)).body.url, email);
    const planted = await back(victim, location);
    expect(planted.headers.get('location')).toMatch(/error=state_mismatch/);
    expect(victim.cookies.has(SESSION)).toBe(false);
    const first = world.browser();
    const own = await visit((await start(first)).body.url, email);
    await back(first, own);
    expect(first.cookies.has(SESSION)).toBe(true);
    const second = world.browser();
    await back(second, own);
    expect(second.cookies.has(SESSION)).toBe(false);
  });

  it('sends nobody on to another site', async () => {
    for (const callbackURL of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '/%0d%0ax',
    ])
      expect([400, 200]).toContain((await start(world.browser(), { callbackURL })).status);
    for (const callbackURL of ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])
      expect((await start(world.browser(), { callbackURL })).status).toBe(400);
  });
});

describe('another provider, where sign-up is by invitation', () => {
  it('makes an account for who was invited, and for nobody else', async () => {
    const world = await createWorld({ oidc: oidc(), signUp: 'invite' });
    const [stranger] = account();
    const refused = world.browser();
    const came = await through(refused, stranger);
    expect(came.headers.get('location')).toMatch(/error=sign_up_closed/);
    expect(refused.cookies.has(SESSION)).toBe(false);
    const organization = await world.served.latchkey.organizations.create({ name: 'Acme' });
    const [email] = account();
    const invitation = await world.browser().request(
      'POST',
      `/v1/organizations/${organization.id}/invitations`,
      { email, role: 'viewer' },
      {
        authorization: `Bearer ${ROOT_KEY}`,
      },
    );
    expect(invitation.status).toBe(201);
    const invitationToken = world.tokenFor(email);
    const other = world.browser();
    await through(other, stranger, { invitationToken });
    expect(other.cookies.has(SESSION)).toBe(false);
    const invited = world.browser();
    await through(invited, email, { invitationToken });
    expect((await invited.get('/v1/self')).body.organizations).toMatchObject([{ id: organization.id, role: 'viewer' }]);
    await world.close();
  });
});

describe('an account of another provider', () => {
  it('stays its owner’s when its address here is another, and is a new one after it was deleted', async () => {
    const world = await createWorld({ oidc: oidc() });
    const [email] = account();
    const browser = world.browser();
    await through(browser, email);
    const { user, organizations } = (await browser.get('/v1/self')).body;
    const next = someEmail();
    expect((await browser.auth('/change-email', { newEmail: next })).status).toBe(200);
    await settled();
    const token = world.tokenFor(next);
    expect((await browser.auth('/change-email/confirm', { token })).status).toBe(200);
    const again = world.browser();
    await through(again, email);
    expect((await again.get('/v1/self')).body.user).toMatchObject({ id: user.id, email: next });

    const [organizationId] = organizations.map(({ id }: { id: string }) => id);
    await world.browser().request('DELETE', `/v1/organizations/${organizationId}`, undefined, {
      authorization: `Bearer ${ROOT_KEY}`,
    });
    expect((await again.auth('/delete-account', {})).status).toBe(200);
    const anew = world.browser();
    await through(anew, email);
    const fresh = (await anew.get('/v1/self')).body;
    expect(fresh.user).toMatchObject({ email });
    expect(fresh.user.id).not.toBe(user.id);
    await world.close();
  });
});

describe('an invitation that somebody takes to another provider', () => {
  const operator = { authorization: `Bearer ${ROOT_KEY}` };
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ oidc: oidc() });
  });
  afterAll(() => world.close());

  async function invite(email: string, role = 'developer') {
    const { id } = await world.served.latchkey.organizations.create({ name: 'Acme' });
    const path = `/v1/organizations/${id}/invitations`;
    const made = await world.browser().request('POST', path, { email, role }, operator);
    return { id, path, invitationId: made.body.invitation.id as string, invitationToken: world.tokenFor(email) };
  }
  const rolesOf = async (browser: Browser) =>
    (await browser.get('/v1/self')).body.organizations.map(({ id, role }: { id: string; role: string }) => [id, role]);

  it('is accepted when they are back, who land in its organization; its token goes nowhere', async () => {
    const [email] = account();
    const { id, invitationToken } = await invite(email);
    const browser = world.browser();
    const started = await start(browser, { invitationToken, callbackURL: '/dashboard' });
    expect(started.body.url).not.toContain(invitationToken);
    const came = await back(browser, await visit(started.body.url, email));
    expect(came.headers.get('location')).toBe(`/dashboard?organization=${id}`);
    expect([...came.headers].flat().join(' ')).not.toContain(invitationToken);
    expect([...came.headers.keys()].filter((name) => name.startsWith('x-latchkey'))).toEqual([]);
    expect(await rolesOf(browser)).toEqual([[id, 'developer']]);
    const { data } = (await browser.get(`/v1/audit-events?organizationId=${id}&action=acceptInvitation`)).body;
    expect(data).toHaveLength(1);
    expect((await world.browser().request('POST', '/v1/invitations/read', { token: invitationToken })).status).toBe(
      410,
    );
    // The next sign-in knows nothing of it any more.
    const again = world.browser();
    expect((await through(again, email)).headers.get('location')).toBe('/dashboard/api-keys');
  });

  it('is nobody else’s: whoever comes back with another address hears it, and joins nothing', async () => {
    const [[email], [other]] = [account(), account()];
    const { id, invitationToken } = await invite(email, 'owner');
    const browser = world.browser();
    const came = await through(browser, other, { invitationToken });
    expect(came.headers.get('location')).toBe('/sign-in?error=invitation_not_yours');
    expect((await rolesOf(browser)).map(([, role]: string[]) => role)).toEqual(['owner']);
    expect(await rolesOf(browser)).not.toContainEqual([id, 'owner']);
    const rightful = world.browser();
    await through(rightful, email, { invitationToken });
    expect(await rolesOf(rightful)).toEqual([[id, 'owner']]);
  });

  it('is nothing when it was taken back on the way, or used by then, and once otherwise', async () => {
    const [email] = account();
    const { id, path, invitationId, invitationToken } = await invite(email);
    const late = world.browser();
    const authorization = (await start(late, { invitationToken })).body.url;
    await world.browser().request('POST', `${path}/${invitationId}/revoke`, {}, operator);
    const came = await back(late, await visit(authorization, email));
    expect(came.headers.get('location')).toBe('/dashboard/api-keys');
    expect(await rolesOf(late)).not.toContainEqual([id, 'developer']);

    const [twice] = account();
    const second = await invite(twice);
    const browsers = [world.browser(), world.browser()];
    const locations: string[] = [];
    for (const browser of browsers)
      locations.push(await visit((await start(browser, { invitationToken: second.invitationToken })).body.url, twice));
    // Both left with it; the second one finds it used by themselves, and is signed in all the same.
    for (const [at, browser] of browsers.entries()) await back(browser, locations[at] as string);
    for (const browser of browsers) expect(await rolesOf(browser)).toEqual([[second.id, 'developer']]);
    const entries = await browsers[0]?.get(`/v1/audit-events?organizationId=${second.id}&action=acceptInvitation`);
    expect(entries?.body.data).toHaveLength(1);
  });

  it('to the operators is taken the same way', async () => {
    const [email] = account();
    await world.browser().request('POST', '/v1/operators/invitations', { email }, operator);
    const browser = world.browser();
    const came = await through(browser, email, { invitationToken: world.tokenFor(email) });
    expect(came.headers.get('location')).toBe('/dashboard/api-keys');
    expect((await browser.get('/v1/self')).body).toMatchObject({ user: { isOperator: true }, organizations: [] });
  });
});

describe('another provider, where an account was made by a link that others hold too', () => {
  const operator = { authorization: `Bearer ${ROOT_KEY}` };

  it('does not open it: whoever made it need not be who the address belongs to', async () => {
    const world = await createWorld({ oidc: oidc(), mails: false });
    const { id } = await world.served.latchkey.organizations.create({ name: 'Acme' });
    const [email] = account();
    const path = `/v1/organizations/${id}/invitations`;
    const { link } = (await world.browser().request('POST', path, { email, role: 'viewer' }, operator)).body;
    const invitationToken = link.split('#')[1];
    const eve = world.browser();
    await eve.auth('/sign-up/email', { name: 'Eve', email, password: PASSWORD, invitationToken });
    expect((await eve.signIn(email)).status).toBe(200);
    const owner = world.browser();
    const came = await through(owner, email);
    expect(came.headers.get('location')).toMatch(/\/sign-in\?error=account_not_linked/);
    expect(owner.cookies.has(SESSION)).toBe(false);
    await world.close();
  });

  it('opens the one whose address a letter confirmed', async () => {
    const world = await createWorld({ oidc: oidc() });
    const { id } = await world.served.latchkey.organizations.create({ name: 'Acme' });
    const [confirmed] = account();
    const [invited] = account();
    await world.person(confirmed);
    const path = `/v1/organizations/${id}/invitations`;
    await world.browser().request('POST', path, { email: invited, role: 'viewer' }, operator);
    const invitationToken = world.tokenFor(invited);
    await world.browser().auth('/sign-up/email', { name: 'Ada', email: invited, password: PASSWORD, invitationToken });
    for (const email of [confirmed, invited]) {
      const browser = world.browser();
      await through(browser, email);
      expect((await browser.get('/v1/self')).body.user).toMatchObject({ email });
    }
    await world.close();
  });
});

describe('another provider that is away', () => {
  it('keeps nobody from signing in with a password, and is found when it is back', async () => {
    const gone = createServer();
    await new Promise<void>((done) => gone.listen(0, '127.0.0.1', done));
    const { port } = gone.address() as AddressInfo;
    await new Promise((done) => gone.close(done));
    const world = await createWorld({ oidc: { ...oidc(), issuer: `http://127.0.0.1:${port}` } });
    expect((await start(world.browser())).status).toBe(503);
    expect((await (await world.person(someEmail())).get('/v1/self')).status).toBe(200);
    const returned = createServer((request, response) => {
      if (request.url !== '/.well-known/openid-configuration') return response.writeHead(404).end();
      return fetch(`${issuer}${request.url}`).then(async (reply) => response.end(await reply.text()));
    });
    await new Promise<void>((done) => returned.listen(port, '127.0.0.1', done));
    expect((await start(world.browser())).status).toBe(200);
    returned.closeAllConnections();
    await new Promise((done) => returned.close(done));
    await world.close();
  });
});
