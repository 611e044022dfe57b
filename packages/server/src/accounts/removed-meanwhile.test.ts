// Guarantees of the moment in which somebody is removed: what they asked for before and is written after makes nothing, and no key of theirs leaves a door.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Browser, createWorld, PASSWORD, ROOT_KEY, someEmail, type World } from './world.suite.js';

const root = { authorization: `Bearer ${ROOT_KEY}` };

describe('somebody who is removed', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ inMemory: true });
  });
  afterAll(() => world.close());

  const store = () => world.served.latchkey.engine.services.store;
  const asRoot = (method: string, path: string, body?: unknown) => world.browser().request(method, path, body, root);
  const selfOf = async (browser: Browser) => (await browser.get('/v1/self')).body;

  /** What `asked` is answered when `meanwhile` happens between judging who asks and the first change. */
  async function overtaken(asked: () => Promise<Answer>, meanwhile: () => Promise<Answer>): Promise<Answer> {
    const kept = store();
    const { transaction } = kept;
    let first: Answer | undefined;
    kept.transaction = async (work) => {
      kept.transaction = transaction;
      first = await meanwhile();
      return transaction(work);
    };
    const late = await asked().finally(() => {
      kept.transaction = transaction;
    });
    expect(first?.status, late.text).toBeLessThan(300);
    return late;
  }

  async function admin() {
    const [boss, browser] = [await world.person(someEmail(), 'Boss'), await world.person(someEmail())];
    const [{ organizations }, self] = [await selfOf(boss), await selfOf(browser)];
    const organizationId = organizations[0].id as string;
    const userId = self.user.id as string;
    await store().memberships.put({ organizationId, userId, role: 'admin', createdAt: 1 });
    await asRoot('DELETE', `/v1/organizations/${self.organizations[0].id}`);
    const [project] = (await boss.get(`/v1/projects?organizationId=${organizationId}`)).body.data;
    const { key } = (await boss.change('POST', `/v1/projects/${project.id}/keys`, { name: 'shop' })).body;
    const place = `/v1/organizations/${organizationId}`;
    const bossId = (await selfOf(boss)).user.id;
    /** Each of these would leave something of their making that no removal names. */
    const asks = {
      invitation: () => browser.change('POST', `${place}/invitations`, { email: someEmail(), role: 'admin' }),
      key: () => browser.change('POST', `/v1/projects/${project.id}/keys`, { name: 'late' }),
      rotation: () => browser.change('POST', `/v1/keys/${key.id}/rotate`, {}),
      promotion: () => browser.change('PATCH', `${place}/members/${bossId}`, { role: 'viewer' }),
    };
    return { boss, browser, place, userId, organizationId, asks };
  }

  it('makes nothing in an organization by what was on its way, whoever ended their part', async () => {
    const { boss, browser, place, userId, organizationId, asks } = await admin();
    const put = (role: 'admin') => store().memberships.put({ organizationId, userId, role, createdAt: 1 });
    const ends = {
      removed: () => boss.change('DELETE', `${place}/members/${userId}`),
      'stepped down': () => boss.change('PATCH', `${place}/members/${userId}`, { role: 'viewer' }),
    };
    for (const [how, end] of Object.entries(ends))
      for (const [what, ask] of Object.entries(asks)) {
        await put('admin');
        const late = await overtaken(ask, end);
        expect(late.body, `${what}, ${how}`).toMatchObject({ code: 'forbidden' });
      }
    await put('admin');
    const gone = await overtaken(asks.invitation, () => browser.auth('/delete-account', { password: PASSWORD }));
    expect(gone.body).toMatchObject({ code: 'unauthenticated' });
    const { data } = (await boss.get(`${place}/invitations`)).body;
    expect(data).toEqual([]);
  });

  it('makes no operator and no root key, and what a root key of theirs invited ends with it', async () => {
    const [one, two] = [await world.person(someEmail(), 'One'), await world.person(someEmail(), 'Two')];
    const ids = [(await selfOf(one)).user.id, (await selfOf(two)).user.id] as [string, string];
    const promote = () => store().users.setOperator(ids[1], true);
    const { id: organizationId } = (await asRoot('POST', '/v1/organizations', { name: 'Customer' })).body;
    await store().users.setOperator(ids[0], true);
    const remove = () => one.change('DELETE', `/v1/operators/${ids[1]}`);
    const asks = [
      () => two.change('POST', '/v1/operators/invitations', { email: someEmail() }),
      () => two.change('POST', '/v1/root-keys', { name: 'late', permissions: ['*'] }),
      () => two.change('POST', '/v1/portal-tokens', { organizationId }),
    ];
    for (const ask of asks) {
      await promote();
      expect((await overtaken(ask, remove)).body).toMatchObject({ code: 'forbidden' });
    }
    expect((await one.get('/v1/operators')).body).toMatchObject({ data: [{ id: ids[0] }], invitations: [] });

    await promote();
    const { secret } = (await two.change('POST', '/v1/root-keys', { name: 'script', permissions: ['*'] })).body;
    const alt = someEmail();
    const script = { authorization: `Bearer ${secret}` };
    expect((await world.browser().request('POST', '/v1/operators/invitations', { email: alt }, script)).status).toBe(
      201,
    );
    const token = world.tokenFor(alt);
    const { rootKeysToRevoke } = (await remove()).body;
    for (const { id } of rootKeysToRevoke) await one.change('POST', `/v1/root-keys/${id}/revoke`, {});
    expect((await world.browser().request('POST', '/v1/invitations/read', { token })).status).toBe(410);
    const signedUp = await world.person(alt);
    expect((await signedUp.change('POST', '/v1/invitations/accept', { token })).body).toMatchObject({
      code: 'invitation_over',
    });
  });

  it('makes nothing by a key that ends meanwhile, be it a root key or the customer’s own', async () => {
    const { body: made } = await asRoot('POST', '/v1/root-keys', { name: 'leaving', permissions: ['*'] });
    const { id: organizationId } = (await asRoot('POST', '/v1/organizations', { name: 'Customer' })).body;
    const { id: projectId } = (await asRoot('POST', '/v1/projects', { organizationId, name: 'Shop' })).body;
    const keys = `/v1/projects/${projectId}/keys`;
    const own = (await asRoot('POST', keys, { name: 'own' })).body;
    const by = (secret: string) => () =>
      world.browser().request('POST', keys, { name: 'late' }, { authorization: `Bearer ${secret}` });
    const ends = [
      [by(made.secret), `/v1/root-keys/${made.rootKey.id}/revoke`],
      [by(own.secret), `/v1/keys/${own.key.id}/revoke`],
    ] as const;
    for (const [ask, end] of ends) {
      expect((await ask()).status).toBe(201);
      const late = await overtaken(ask, () => asRoot('POST', end, {}));
      expect(late.body).toMatchObject({ code: 'unauthenticated' });
    }
    const names = (await asRoot('GET', keys)).body.data.map(({ name }: { name: string }) => name);
    expect(names.filter((name: string) => name === 'late')).toHaveLength(2);
  });
});
