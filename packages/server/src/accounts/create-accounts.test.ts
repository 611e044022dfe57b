// Guarantees of sign-in: nobody is somebody else, nothing that signs in is readable at rest, and nothing tells who has an account.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, PASSWORD, settled, type World } from './world.suite.js';

const SESSION = '__Host-latchkey_session';

describe('signing up and in', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  it('takes a confirmed address, and then makes an organization of one project, once', async () => {
    const browser = world.browser();
    const email = 'Ada@Example.com';
    const made = await browser.auth('/sign-up/email', { name: 'Ada', email, password: PASSWORD });
    expect(made.status).toBe(200);
    expect(browser.cookies.size).toBe(0);
    expect((await browser.signIn(email)).body).toMatchObject({ code: 'EMAIL_NOT_VERIFIED' });
    await settled();
    const token = world.tokenFor('ada@example.com');
    expect((await browser.auth('/verify-email', { token: `${token}x` })).status).toBe(401);
    expect((await browser.auth('/verify-email', { token })).status).toBe(200);
    const signedIn = await browser.signIn(email);
    expect(signedIn.status).toBe(200);
    expect(signedIn.body).toMatchObject({ user: { email: 'ada@example.com' } });
    expect(signedIn.body).not.toHaveProperty('token');
    expect(signedIn.headers.get('cache-control')).toBe('no-store');
    const [line] = signedIn.headers.getSetCookie().filter((cookie) => cookie.startsWith(`${SESSION}=`));
    for (const attribute of ['Secure', 'HttpOnly', 'Path=/', 'SameSite=Lax', 'Max-Age=604800'])
      expect(line).toMatch(new RegExp(`; ${attribute}(;|$)`, 'i'));
    expect(line).not.toMatch(/domain/i);

    const self = (await browser.get('/v1/self')).body;
    expect(self.user).toMatchObject({ email: 'ada@example.com', isOperator: false });
    expect(self.organizations).toMatchObject([{ name: 'Ada', role: 'owner' }]);
    const projects = (await browser.get(`/v1/projects?organizationId=${self.organizations[0].id}`)).body;
    expect(projects.data).toMatchObject([{ name: 'Default' }]);
    await browser.auth('/sign-out', {});
    expect(browser.cookies.has(SESSION)).toBe(false);
    await browser.signIn(email);
    expect((await browser.get('/v1/self')).body.organizations).toHaveLength(1);
  });
});
