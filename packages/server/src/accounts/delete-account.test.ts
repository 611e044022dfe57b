// Guarantees of deleting one's own account: it is really they, nothing is left that lets them in, nobody is left without an owner, and keys are told.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFirstOperatorInvitation } from '../operations/people/invitations.js';
import {
  type Browser,
  createWorld,
  PASSWORD,
  ROOT_KEY,
  SESSION,
  settled,
  someEmail,
  totp,
  type World,
} from './world.suite.js';

const root = { authorization: `Bearer ${ROOT_KEY}` };
const remove = (browser: Browser, password: string | undefined = PASSWORD) =>
  browser.auth('/delete-account', { ...(password !== '' && { password }) });
const selfOf = async (browser: Browser) => (await browser.get('/v1/self')).body;

describe('deleting one’s own account', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  const asRoot = (method: string, path: string, body?: unknown) => world.browser().request(method, path, body, root);
  const store = () => world.served.latchkey.engine.services.store;
  const join = (organizationId: string, userId: string, role: 'owner' | 'developer' = 'owner') =>
    store().memberships.put({ organizationId, userId, role, createdAt: 1 });
  /** Somebody in an organization that has another owner; their own is gone. */
  async function colleague(email = someEmail()) {
    const [boss, browser] = [await world.person(someEmail(), 'Boss'), await world.person(email)];
    const [{ organizations }, self] = [await selfOf(boss), await selfOf(browser)];
    const organizationId = organizations[0].id as string;
    await join(organizationId, self.user.id, 'developer');
    await asRoot('DELETE', `/v1/organizations/${self.organizations[0].id}`);
    return { boss, browser, email, userId: self.user.id as string, organizationId };
  }

  it('ends sessions, factors and memberships, takes invitations back, and names the keys that stay', async () => {
    const { boss, browser, email, userId, organizationId } = await colleague();
    const elsewhere = world.browser();
    await elsewhere.signIn(email);
    const { totpURI } = (await browser.auth('/two-factor/enable', { password: PASSWORD })).body;
    await browser.auth('/two-factor/verify-totp', { code: totp(totpURI) });
    const [project] = (await browser.get(`/v1/projects?organizationId=${organizationId}`)).body.data;
    const made = (await browser.change('POST', `/v1/projects/${project.id}/keys`, { name: 'web shop' })).body;
    const sent = await boss.change('POST', `/v1/organizations/${organizationId}/invitations`, { email, role: 'owner' });
    expect(sent.status).toBe(409);
    const other = (await asRoot('POST', '/v1/organizations', { name: 'Other' })).body;
    await asRoot('POST', `/v1/organizations/${other.id}/invitations`, { email, role: 'owner' });
    await asRoot('POST', '/v1/operators/invitations', { email });
    const token = world.tokenFor(email);

    const gone = await remove(browser);
    expect(gone).toMatchObject({
      status: 200,
      body: {
        keysToRotate: [{ id: made.key.id, name: 'web shop', organizationId, organizationName: 'Boss' }],
        rootKeysToRevoke: [],
      },
    });
    expect(gone.text).not.toContain(made.secret);
    expect(browser.cookies.has(SESSION)).toBe(false);
    for (const one of [browser, elsewhere]) expect((await one.get('/v1/self')).status).toBe(401);
    expect((await world.browser().signIn(email)).body).toMatchObject({ code: 'INVALID_EMAIL_OR_PASSWORD' });
    for (const table of ['sessions', 'user_accounts', 'two_factors', 'passkeys'] as const)
      expect(
        await store().signIn.count(table, [{ column: 'user_id', operator: '=', value: userId, either: false }]),
      ).toBe(0);
    expect(await store().memberships.ofUser(userId)).toEqual([]);
    expect((await world.browser().request('POST', '/v1/invitations/read', { token })).status).toBe(410);
    expect((await boss.get(`/v1/keys/${made.key.id}`)).body).toMatchObject({ revokedAt: null });
    await settled();
    expect(world.letters.findLast(({ to }) => to === email)?.subject).toMatch(/was deleted$/);

    // The organization hears by its log which keys they knew; the address is nobody's any more.
    const logged = (await boss.get(`/v1/audit-events?organizationId=${organizationId}&action=deleteAccount`)).body.data;
    expect(logged).toMatchObject([
      { actor: { id: userId }, target: { type: 'member', id: userId }, changes: { keysToRotate: [made.key.id] } },
    ]);
    const all = (await asRoot('GET', `/v1/audit-events?actorId=${userId}&limit=100`)).body.data;
    expect(all.map(({ action }: { action: string }) => action)).toContain('deleteAccount');
    expect(JSON.stringify(all)).not.toContain(email);
    const again = await world.person(email, 'Somebody else');
    const fresh = await selfOf(again);
    expect(fresh.user.id).not.toBe(userId);
    expect(fresh.organizations).toMatchObject([{ name: 'Somebody else' }]);
  });

  it('asks for the password, in our own pages, and not endlessly', async () => {
    const { browser } = await colleague();
    expect((await remove(world.browser())).status).toBe(401);
    expect((await remove(browser, 'not the password')).body).toMatchObject({ code: 'INVALID_PASSWORD' });
    expect((await remove(browser, '')).body).toMatchObject({ code: 'INVALID_PASSWORD' });
    for (const password of [5, null, [PASSWORD], { $ne: '' }, 'a'.repeat(129)])
      expect((await browser.auth('/delete-account', { password })).status).toBe(400);
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await browser.auth('/delete-account', { password: PASSWORD }, foreign)).body).toMatchObject({
      code: 'csrf_refused',
    });
    expect((await browser.auth('/delete-account')).status).toBe(404);
    // Twenty tries that are judged; those above were two of them.
    for (let count = 0; count < 18; count++) expect((await remove(browser, '')).status).toBe(400);
    expect((await remove(browser)).status).toBe(429);
    expect((await browser.get('/v1/self')).status).toBe(200);
  });

  it('takes a sign-in of this hour where there is no password', async () => {
    const { browser, userId } = await colleague();
    const ofUser = [{ column: 'user_id', operator: '=' as const, value: userId, either: false }];
    await store().signIn.update('user_accounts', ofUser, { password_hash: null });
    await store().signIn.update('sessions', ofUser, { created_at: Date.now() - 3_600_001 });
    expect((await remove(browser, '')).body).toMatchObject({ code: 'SESSION_NOT_FRESH' });
    await store().signIn.update('sessions', ofUser, { created_at: Date.now() - 60_000 });
    expect((await remove(browser, '')).status).toBe(200);
  });

  it('is refused to the last owner, by the names of the organizations, and to the last operator', async () => {
    const browser = await world.person(someEmail(), 'Ada');
    const refused = await remove(browser);
    expect(refused).toMatchObject({ status: 409, body: { code: 'last_owner' } });
    expect(refused.body.detail).toContain('last owner of Ada:');
    expect((await browser.get('/v1/self')).status).toBe(200);

    const { browser: operator, userId } = await colleague();
    const { services } = world.served.latchkey.engine;
    const call = {
      actor: { type: 'system' as const, id: 'test', permissions: [] },
      requestId: 'r',
      idempotencyKey: null,
    };
    const token = await createFirstOperatorInvitation(services, call);
    expect((await operator.change('POST', '/v1/invitations/accept', { token })).status).toBe(200);
    const { rootKey } = (await operator.change('POST', '/v1/root-keys', { name: 'script', permissions: ['*'] })).body;
    expect((await remove(operator)).body).toMatchObject({
      code: 'last_owner',
      detail: expect.stringContaining('last operator'),
    });
    const next = await colleague();
    await services.store.users.setOperator(next.userId, true);
    const gone = await remove(operator);
    expect(gone.body).toMatchObject({ rootKeysToRevoke: [{ id: rootKey.id, name: 'script' }] });
    const { data } = (await asRoot('GET', `/v1/audit-events?targetId=${userId}&action=deleteAccount`)).body;
    expect(data.map(({ changes }: { changes: object }) => changes)).toContainEqual({ rootKeysToRevoke: [rootKey.id] });
  });

  it('leaves one owner, whatever two owners do at once', async () => {
    for (const other of ['deletes', 'leaves', 'steps down'] as const) {
      const one = await colleague();
      await join(one.organizationId, one.userId);
      // The other one is nobody's last owner elsewhere: this organization is where they came from.
      const boss = one.boss;
      const bossId = (await selfOf(boss)).user.id;
      const second = () =>
        other === 'deletes'
          ? remove(boss)
          : other === 'leaves'
            ? boss.change('POST', `/v1/organizations/${one.organizationId}/leave`, {})
            : boss.change('PATCH', `/v1/organizations/${one.organizationId}/members/${bossId}`, { role: 'viewer' });
      const answers = await Promise.all([remove(one.browser), second()]);
      const refused = answers.filter(({ status }) => status === 409);
      expect(
        refused.map(({ body }) => body.code),
        other,
      ).toEqual(['last_owner']);
      expect(await store().memberships.count(one.organizationId, 'owner'), other).toBe(1);
    }
  });

  it('happens once, whatever else the account does in that moment', async () => {
    const { browser, userId, organizationId, email } = await colleague();
    const other = (await asRoot('POST', '/v1/organizations', { name: 'Other' })).body;
    await asRoot('POST', `/v1/organizations/${other.id}/invitations`, { email, role: 'owner' });
    const token = world.tokenFor(email);
    const [first, second, ...rest] = await Promise.all([
      remove(browser),
      remove(browser),
      browser.change('POST', '/v1/invitations/accept', { token }),
      browser.change('POST', `/v1/organizations/${organizationId}/leave`, {}),
      world.browser().signIn(email),
    ]);
    const deleted = [first, second].filter(({ status }) => status === 200);
    // The invitation may have made them the last owner elsewhere, which keeps the account: then it is whole.
    expect([0, 1]).toContain(deleted.length);
    for (const { status } of [first, second, ...rest]) expect(status).toBeLessThan(500);
    if (deleted.length === 1) {
      expect(await store().memberships.ofUser(userId)).toEqual([]);
      expect(await store().sessions.list(userId)).toEqual([]);
    } else expect((await browser.get('/v1/self')).status).toBe(200);
  });
});
