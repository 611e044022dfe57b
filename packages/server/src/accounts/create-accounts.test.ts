// Guarantees of sign-in: nobody is somebody else, nothing tells who has an account, and a session serves our own pages alone.

import { request } from 'node:http';
import { LatchkeyError } from '@latchkey/core';
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

const bearer = { authorization: `Bearer ${ROOT_KEY}` };
/** What is in the audit log about an action, newest first, as the operator reads it. */
const audited = async (world: World, action: string) =>
  (await world.browser().get(`/v1/audit-events?action=${action}&limit=100`, bearer)).body.data;

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
    expect((await browser.auth('/verify-email', { token: `${token}x`, password: PASSWORD })).status).toBe(401);
    const signedIn = await browser.auth('/verify-email', { token, password: PASSWORD });
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

  it('answers an unknown address and a wrong password alike, and tells nothing when a known address signs up', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    const wrong = await world.browser().signIn(email, 'not the password');
    const unknown = await world.browser().signIn(someEmail(), 'not the password');
    expect({ status: wrong.status, body: wrong.body }).toEqual({ status: unknown.status, body: unknown.body });
    expect(wrong.status).toBe(401);

    const signUp = (address: string) =>
      world.browser().auth('/sign-up/email', { name: 'Eve', email: address, password: 'a password of Eve' });
    const known = await signUp(email);
    const fresh = await signUp(someEmail());
    expect({ status: known.status, text: known.text }).toEqual({ status: fresh.status, text: fresh.text });
    await settled();
    expect(world.letters.findLast(({ to }) => to === email)?.subject).toMatch(/You have an account/);
    expect((await browser.get('/v1/self')).body.user.name).toBe('Ada');
    expect((await world.browser().signIn(email, 'a password of Eve')).status).toBe(401);
    const forgotten = await Promise.all(
      [email, someEmail()].map((address) => world.browser().auth('/request-password-reset', { email: address })),
    );
    expect(forgotten[0]?.text).toBe(forgotten[1]?.text);
  });

  it('confirms an address for who has the letter and the password, not for one who signed up with it alone', async () => {
    const [email, stolen] = [someEmail(), 'a password of Eve'];
    const eve = world.browser();
    await eve.auth('/sign-up/email', { name: 'Eve', email, password: stolen });
    await settled();
    const token = world.tokenFor(email);
    // The owner of the mailbox opens the letter, without a password, with their own, and as often as one may be wrong.
    const owner = world.browser();
    const confirm = (given: object) => owner.auth('/verify-email', { token, ...given });
    const without = await confirm({});
    expect(without).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(without.text).toContain('body.password');
    const wrong = await confirm({ password: PASSWORD });
    const atSignIn = await world.browser().signIn(someEmail(), 'not the password');
    expect({ status: wrong.status, body: wrong.body }).toEqual({ status: atSignIn.status, body: atSignIn.body });
    expect((await eve.signIn(email, stolen)).body).toMatchObject({ code: 'EMAIL_NOT_VERIFIED' });
    expect((await world.served.latchkey.engine.services.store.users.findByEmail(email))?.emailVerified).toBe(false);
    for (let count = 0; count < 7; count++) expect((await confirm({ password: PASSWORD })).status).toBe(401);
    expect((await confirm({ password: PASSWORD })).status).toBe(429);
    expect((await eve.signIn(email, stolen)).status).toBe(429);

    // A new password by letter shows that the mailbox is theirs: it confirms the address, and Eve knows nothing of it.
    await owner.auth('/request-password-reset', { email });
    await settled();
    const reset = { token: world.tokenFor(email), newPassword: PASSWORD };
    expect((await owner.auth('/reset-password', reset)).status).toBe(200);
    expect((await owner.signIn(email)).status).toBe(200);
    expect((await owner.get('/v1/self')).body.user.emailVerified).toBe(true);
    expect((await eve.auth('/verify-email', { token, password: stolen })).status).not.toBe(200);
  });

  it('takes no name that cannot be stored, which only a new address would tell', async () => {
    const known = someEmail();
    await world.person(known);
    for (const email of [known, someEmail()]) {
      const body = `{"name":"\\ud800","email":"${email}","password":"${PASSWORD}"}`;
      const refused = await world.browser().auth('/sign-up/email', body);
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
  });

  it('answers alike when the same address signs up several times at once', async () => {
    const known = someEmail();
    await world.person(known);
    const signUp = (email: string) =>
      Promise.all(
        [1, 2, 3].map(() => world.browser().auth('/sign-up/email', { name: 'Ada', email, password: PASSWORD })),
      );
    const told = (answers: { status: number; text: string }[]) => answers.map(({ status, text }) => [status, text]);
    expect(told(await signUp(someEmail()))).toEqual(told(await signUp(known)));
  });

  it('takes about as long for an unknown address as for a wrong password', async () => {
    const email = someEmail();
    await world.person(email);
    const timed = async (address: string) => {
      const times: number[] = [];
      for (let attempt = 0; attempt < 5; attempt++) {
        const started = performance.now();
        await world.browser().signIn(address, 'not the password');
        times.push(performance.now() - started);
      }
      return times.sort((a, b) => a - b)[2] as number;
    };
    const [wrong, unknown] = [await timed(email), await timed(someEmail())];
    // Without the work of a hash an unknown address would be answered in a tenth of the time.
    expect(unknown).toBeGreaterThan(wrong / 3);
    expect(wrong).toBeGreaterThan(unknown / 3);
  });

  it('makes a session anew at each sign-in, and ends the one before: nobody can bring their own', async () => {
    const email = someEmail();
    const attacker = await world.person(email);
    const planted = attacker.cookies.get(SESSION) as string;
    const victim = world.browser();
    victim.cookies.set(SESSION, planted);
    const other = someEmail();
    await world.person(other);
    await victim.signIn(other);
    expect(victim.cookies.get(SESSION)).not.toBe(planted);
    expect((await victim.get('/v1/self')).body.user.email).toBe(other);
    expect((await attacker.get('/v1/self')).status).toBe(401);

    const invented = world.browser();
    invented.cookies.set(SESSION, 'chosen-by-somebody.c2lnbmF0dXJl');
    expect((await invented.get('/v1/self')).status).toBe(401);
    await invented.signIn(other);
    expect(invented.cookies.get(SESSION)).not.toMatch(/^chosen/);
  });

  it('prolongs a session in use once a day, and takes none that is over', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    const { signIn } = world.served.latchkey.engine.services.store;
    const session = (await browser.get('/v1/sessions')).body.data[0];
    const endsAt = (at: number) =>
      signIn.update('sessions', [{ column: 'id', operator: '=', value: session.id, either: false }], {
        expires_at: at,
      });
    expect((await browser.get('/v1/self')).headers.getSetCookie()).toEqual([]);
    const DAY_MS = 86_400_000;
    await endsAt(Date.now() + 5 * DAY_MS);
    const renewed = await browser.get('/v1/self');
    expect(renewed.headers.getSetCookie()[0]).toMatch(/^__Host-latchkey_session=.*Max-Age=604800/);
    const { expiresAt } = (await browser.get('/v1/self')).body;
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 6.9 * DAY_MS);
    await endsAt(Date.now() - 1);
    expect((await browser.get('/v1/self')).status).toBe(401);
  });

  it('sets a new password with the link of a letter, once, and ends every session', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    await world.browser().auth('/request-password-reset', { email });
    await settled();
    const token = world.tokenFor(email);
    const reset = { token, newPassword: 'another horse battery' };
    expect((await world.browser().auth('/reset-password', { ...reset, newPassword: 'short' })).status).toBe(400);
    expect((await world.browser().auth('/reset-password', reset)).status).toBe(200);
    expect((await browser.get('/v1/self')).status).toBe(401);
    expect((await world.browser().signIn(email)).status).toBe(401);
    expect((await world.browser().auth('/reset-password', reset)).status).toBe(400);
    expect((await browser.signIn(email, reset.newPassword)).status).toBe(200);
  });

  it('changes a password for who knows the old one, and ends all other sessions', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    const elsewhere = world.browser();
    await elsewhere.signIn(email);
    const change = { currentPassword: 'not the password', newPassword: 'another horse battery' };
    expect((await browser.auth('/change-password', change)).status).toBe(400);
    expect((await elsewhere.get('/v1/self')).status).toBe(200);
    expect((await browser.auth('/change-password', { ...change, currentPassword: PASSWORD })).status).toBe(200);
    expect((await elsewhere.get('/v1/self')).status).toBe(401);
    expect((await browser.get('/v1/self')).status).toBe(200);
    expect((await world.browser().signIn(email, change.newPassword)).status).toBe(200);
  });

  it('lets nobody give themselves what is not asked for', async () => {
    const email = someEmail();
    const more = { isOperator: true, is_operator: 1, emailVerified: true, twoFactorEnabled: true, id: 'user_mine' };
    await world.browser().auth('/sign-up/email', { name: 'Eve', email, password: PASSWORD, ...more });
    const { store } = world.served.latchkey.engine.services;
    const made = await store.users.findByEmail(email);
    expect(made).toMatchObject({ isOperator: false, emailVerified: false, twoFactorEnabled: false });
    expect(made?.id).not.toBe('user_mine');
    const browser = await world.person(someEmail());
    await browser.auth('/update-user', { name: 'Eve', ...more, image: 'https://elsewhere.example/x.png' });
    expect((await browser.get('/v1/self')).body.user).toMatchObject({ name: 'Eve', isOperator: false });
  });

  it('answers whatever is sent without failing, and never with what it runs on', async () => {
    const browser = await world.person(someEmail());
    const bodies = [
      '',
      '[]',
      'null',
      '{',
      '"text"',
      '{"email":5}',
      '{"email":["a"],"password":{}}',
      '{"__proto__":{"a":1}}',
      '{"email":"a\\u0000@example.com","password":"aaaaaaaaaaaa","name":"a\\u0000"}',
      '{"token":"a.b.c"}',
      '{"code":"000000"}',
      '{"response":{"id":"x"}}',
      '{"response":{"id":"x","response":{}}}',
      `{"password":"${'a'.repeat(500)}"}`,
      '{"email":"x@example.com","password":"\\ud800aaaaaaaaaa","name":"\\ud800"}',
      '{"provider":"oidc","callbackURL":"//evil.example"}',
      '{"id":"nobody","name":"x"}',
      '{"name":"\\ud800"}',
      '{"token":"x","newPassword":"long enough password"}',
    ];
    const paths = [
      '/sign-up/email',
      '/sign-in/email',
      '/send-verification-email',
      '/verify-email',
      '/request-password-reset',
      '/reset-password',
      '/change-password',
      '/update-user',
      '/two-factor/enable',
      '/two-factor/verify-totp',
      '/two-factor/verify-backup-code',
      '/two-factor/disable',
      '/passkey/verify-registration',
      '/passkey/verify-authentication',
      '/passkey/delete-passkey',
      '/passkey/update-passkey',
      '/sign-in/social',
      '/nothing',
      '/list-sessions',
      '/revoke-session',
      '/delete-user',
      '/change-email',
      '/change-email/confirm',
      '/delete-account',
      '/ok',
    ];
    const bad: string[] = [];
    for (const path of paths) {
      for (const body of bodies) {
        for (const who of [browser, world.browser()]) {
          const answer = await who.auth(path, body);
          if (answer.status >= 500 || /node_modules|at async|better-auth|SQLITE/i.test(answer.text))
            bad.push(`${path} ${body.slice(0, 60)}: ${answer.status} ${answer.text.slice(0, 200)}`);
        }
      }
    }
    for (const query of ['', '?state=x', '?code=1&state=2', '?error=access_denied&state=%00']) {
      const answer = await browser.auth(`/callback/oidc${query}`);
      if (answer.status >= 500) bad.push(`callback ${query}: ${answer.status}`);
    }
    expect(bad).toEqual([]);
    for (const path of ['/list-sessions', '/revoke-sessions', '/delete-user', '/update-session', '/error', '/ok'])
      for (const sent of [undefined, {}]) expect((await browser.auth(path, sent)).status).toBe(404);
  });

  it('writes into the audit log who came and went, and whose account was tried', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    const { id } = (await browser.get('/v1/self')).body.user;
    await world.browser().signIn(email, 'not the password');
    await browser.auth('/sign-out', {});
    const [entered] = (await audited(world, 'signIn')).filter(
      (entry: { actor: { id: string } }) => entry.actor.id === id,
    );
    expect(entered).toMatchObject({
      actor: { type: 'user', id },
      organizationId: null,
      changes: { method: 'password' },
    });
    expect((await audited(world, 'signOut'))[0]).toMatchObject({ actor: { id } });
    expect((await audited(world, 'signInFailed'))[0]).toMatchObject({
      actor: { type: 'anonymous' },
      target: { type: 'user', id },
      changes: { method: 'password', reason: 'invalid_email_or_password' },
    });
    expect((await audited(world, 'signUp')).length).toBeGreaterThan(0);
  });
});

describe('attempts', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ trustedProxies: ['127.0.0.1'] });
  });
  afterAll(() => world.close());

  const from = (address: string) => ({ 'x-forwarded-for': address });
  const attempt = (email: string, address: string, password = 'not the password') =>
    world.browser().auth('/sign-in/email', { email, password }, from(address));

  it('on one account end for a while, wherever they come from, and other accounts go on', async () => {
    const [email, other] = [someEmail(), someEmail()];
    await world.person(email);
    await world.person(other);
    const statuses: number[] = [];
    for (let count = 0; count < 11; count++) statuses.push((await attempt(email, `192.0.2.${count}`)).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
    const right = await attempt(email, '192.0.2.200', PASSWORD);
    expect(right).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } });
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(60);
    expect((await attempt(other, '192.0.2.1', PASSWORD)).status).toBe(200);
    // The same for an address that nobody has.
    const nobody = someEmail();
    for (let count = 0; count < 10; count++) expect((await attempt(nobody, `198.51.100.${count}`)).status).toBe(401);
    expect((await attempt(nobody, '198.51.100.77')).status).toBe(429);
  });

  it('of others keep nobody out of their account, in a browser that they signed in with or set a new password with', async () => {
    const [email, other] = [someEmail(), someEmail()];
    const known = await world.person(email);
    const someoneElse = await world.person(other);
    const lockOut = async () => {
      for (let count = 0; count < 11; count++) await attempt(email, `192.0.2.${count}`);
    };
    const signIn = async (browser: Browser) =>
      (await browser.auth('/sign-in/email', { email, password: PASSWORD }, from('198.51.100.9'))).status;
    await known.auth('/sign-out', {});
    await lockOut();
    expect(await signIn(known)).toBe(200);
    // Being known with one account helps nobody with another, and neither does a cookie that was changed.
    expect(await signIn(someoneElse)).toBe(429);
    const device = known.cookies.get('__Host-latchkey.device') as string;
    const forger = world.browser();
    forger.cookies.set('__Host-latchkey.device', `x${device}`);
    expect(await signIn(forger)).toBe(429);

    // The letters of the one who is kept out still come, whatever others ask for.
    for (let count = 0; count < 6; count++)
      await world.browser().auth('/send-verification-email', { email }, from('192.0.2.1'));
    const fresh = world.browser();
    expect(await signIn(fresh)).toBe(429);
    expect((await fresh.auth('/request-password-reset', { email })).status).toBe(200);
    await settled();
    const token = world.tokenFor(email);
    expect((await fresh.auth('/reset-password', { token, newPassword: PASSWORD })).status).toBe(200);
    expect(await signIn(fresh)).toBe(200);

    // A known browser has its own tries, and no more of them.
    const guesses: number[] = [];
    for (let count = 0; count < 11; count++)
      guesses.push((await known.auth('/sign-in/email', { email, password: 'not it' }, from('192.0.2.1'))).status);
    expect(guesses).toEqual([...Array(10).fill(401), 429]);
  });

  it('that succeed are not held against the account', async () => {
    const email = someEmail();
    await world.person(email);
    for (let count = 0; count < 12; count++) expect((await attempt(email, '203.0.113.9', PASSWORD)).status).toBe(200);
  });

  it('from one network end for a while, whatever accounts they are on', async () => {
    const confirm = (address: string) => world.browser().auth('/verify-email', { token: 'x' }, from(address));
    const statuses: number[] = [];
    for (let count = 0; count < 104; count++) statuses.push((await confirm(`203.0.113.50`)).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
    expect((await confirm('203.0.113.51')).status).not.toBe(429);
    // What a caller writes into the header counts for nothing when it does not come from a trusted proxy.
    const direct = await createWorld();
    const lied: number[] = [];
    for (let count = 0; count < 102; count++)
      lied.push((await direct.browser().auth('/verify-email', { token: 'x' }, from(`192.0.2.${count}`))).status);
    expect(lied.filter((status) => status === 429)).toHaveLength(2);
    await direct.close();
  });
});

describe('who may sign up', () => {
  const signUp = (browser: Browser, email: string, invitationToken?: string) =>
    browser.auth('/sign-up/email', {
      name: 'Ben',
      email,
      password: PASSWORD,
      ...(invitationToken && { invitationToken }),
    });
  const call = (world: World) => ({
    actor: { type: 'operator' as const, id: 'operator', permissions: ['*'] },
    requestId: world.served.engine.makeRequestId(),
    idempotencyKey: null,
  });

  it('by invitation: with its token, for its address, which is confirmed by it, and into no other organization', async () => {
    const world = await createWorld({ signUp: 'invite' });
    expect(await signUp(world.browser(), someEmail())).toMatchObject({ status: 403, body: { code: 'sign_up_closed' } });
    const organization = await world.served.latchkey.organizations.create({ name: 'Acme' });
    const email = someEmail();
    const invited = world.browser();
    const path = `/v1/organizations/${organization.id}/invitations`;
    await invited.request('POST', path, { email, role: 'developer' }, bearer);
    const token = world.tokenFor(email);
    expect(token).not.toBe('');
    expect((await signUp(world.browser(), someEmail(), token)).body).toMatchObject({ code: 'invitation_not_yours' });
    expect((await signUp(world.browser(), email, `${token}x`)).body).toMatchObject({ code: 'invitation_over' });
    expect((await signUp(invited, email, token)).status).toBe(200);
    expect((await invited.signIn(email)).status).toBe(200);
    expect((await invited.get('/v1/self')).body.organizations).toEqual([]);
    expect((await invited.change('POST', '/v1/invitations/accept', { token })).status).toBe(200);
    expect((await invited.get('/v1/self')).body.organizations).toMatchObject([{ name: 'Acme', role: 'developer' }]);
    await world.close();
  });

  it('where it is open, somebody with an invitation gets no organization of their own beside it', async () => {
    const world = await createWorld({ signUp: 'open' });
    const organization = await world.served.latchkey.organizations.create({ name: 'Acme' });
    const email = someEmail();
    const path = `/v1/organizations/${organization.id}/invitations`;
    await world.browser().request('POST', path, { email, role: 'viewer' }, bearer);
    const token = world.tokenFor(email);
    const invited = world.browser();
    await signUp(invited, email, token);
    await invited.signIn(email);
    expect((await invited.get('/v1/self')).body.organizations).toEqual([]);
    await invited.change('POST', '/v1/invitations/accept', { token });
    await invited.signIn(email);
    expect((await invited.get('/v1/self')).body.organizations).toMatchObject([{ name: 'Acme' }]);
    await world.close();
  });

  it('where it is closed, the first operator does, by the link of the start, and it works once', async () => {
    const world = await createWorld({ signUp: 'closed', mails: false });
    expect((await signUp(world.browser(), someEmail())).status).toBe(403);
    const { services } = world.served.latchkey.engine;
    const earlier = (await createFirstOperatorInvitation(services, call(world))) as string;
    const token = (await createFirstOperatorInvitation(services, call(world))) as string;
    const email = someEmail();
    expect((await signUp(world.browser(), email, earlier)).body).toMatchObject({ code: 'invitation_over' });
    const browser = world.browser();
    expect((await signUp(browser, email, token)).status).toBe(200);
    expect((await browser.signIn(email)).status).toBe(200);
    expect((await browser.change('POST', '/v1/invitations/accept', { token })).status).toBe(200);
    expect((await browser.get('/v1/self')).body.user).toMatchObject({ email, isOperator: true });
    expect((await browser.get('/v1/organizations')).status).toBe(200);
    expect(await createFirstOperatorInvitation(services, call(world))).toBeNull();
    expect((await signUp(world.browser(), someEmail(), token)).body).toMatchObject({ code: 'invitation_over' });
    // Nobody can be written to, and the answer says so, whoever it is about.
    for (const path of ['/request-password-reset', '/send-verification-email'])
      for (const address of [email, someEmail()])
        expect((await world.browser().auth(path, { email: address })).status).toBe(503);
    await world.close();
  });

  it("the first operator's second factor stays when a letter sets a new password: a mailbox alone is no way in", async () => {
    const world = await createWorld({ signUp: 'closed' });
    const token = (await createFirstOperatorInvitation(world.served.latchkey.engine.services, call(world))) as string;
    const email = someEmail();
    const browser = world.browser();
    await signUp(browser, email, token);
    await browser.signIn(email);
    const { totpURI } = (await browser.auth('/two-factor/enable', { password: PASSWORD })).body;
    expect((await browser.auth('/two-factor/verify-totp', { code: totp(totpURI) })).status).toBe(200);
    await world.browser().auth('/request-password-reset', { email });
    await settled();
    const newPassword = 'a password by letter';
    expect((await world.browser().auth('/reset-password', { token: world.tokenFor(email), newPassword })).status).toBe(
      200,
    );
    expect((await world.browser().signIn(email, newPassword)).body).toMatchObject({ twoFactorRedirect: true });
    await world.close();
  });
});

describe('a second factor', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  it('is asked for at every sign-in once it was shown, and a backup code stands in for it once', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    expect((await browser.auth('/two-factor/enable', { password: 'not the password' })).status).toBe(400);
    const enabled = (await browser.auth('/two-factor/enable', { password: PASSWORD })).body;
    expect(enabled.backupCodes).toHaveLength(10);
    // Nothing is asked for before the app has shown that it has the secret.
    expect((await world.browser().signIn(email)).body.twoFactorRedirect).toBeUndefined();
    expect((await browser.auth('/two-factor/verify-totp', { code: '000000' })).status).toBe(401);
    const before = browser.cookies.get(SESSION);
    expect((await browser.auth('/two-factor/verify-totp', { code: totp(enabled.totpURI) })).status).toBe(200);
    expect(browser.cookies.get(SESSION)).not.toBe(before);
    expect((await browser.get('/v1/self')).body.user.twoFactorEnabled).toBe(true);

    const again = world.browser();
    const half = await again.signIn(email);
    expect(half.body).toMatchObject({ twoFactorRedirect: true });
    expect(again.cookies.has(SESSION)).toBe(false);
    expect((await again.get('/v1/self')).status).toBe(401);
    expect((await again.auth('/two-factor/verify-totp', { code: '000000' })).status).toBe(401);
    // A code counts once, also that of the app's first showing.
    const [shown, next] = [totp(enabled.totpURI), totp(enabled.totpURI, Date.now() + 30_000)];
    expect((await again.auth('/two-factor/verify-totp', { code: shown })).body).toMatchObject({ code: 'INVALID_CODE' });
    const watching = world.browser();
    await watching.signIn(email);
    const both = await Promise.all([again, watching].map((one) => one.auth('/two-factor/verify-totp', { code: next })));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    const [inside, outside] = both[0]?.status === 200 ? [again, watching] : [watching, again];
    expect((await outside.get('/v1/self')).status).toBe(401);
    expect((await inside.get('/v1/self')).body.user.email).toBe(email);

    const [code] = enabled.backupCodes;
    const lost = world.browser();
    await lost.signIn(email);
    expect((await lost.auth('/two-factor/verify-backup-code', { code })).status).toBe(200);
    const twice = world.browser();
    await twice.signIn(email);
    expect((await twice.auth('/two-factor/verify-backup-code', { code })).status).toBe(401);
    expect((await twice.get('/v1/self')).status).toBe(401);

    const { id } = (await inside.get('/v1/self')).body.user;
    expect((await audited(world, 'addFactor'))[0]).toMatchObject({ actor: { id }, changes: { factor: 'totp' } });
    expect((await audited(world, 'signInFailed'))[0]).toMatchObject({
      target: { id },
      changes: { method: 'second_factor' },
    });
    expect((await inside.auth('/two-factor/disable', { password: PASSWORD })).status).toBe(200);
    expect((await world.browser().signIn(email)).body.twoFactorRedirect).toBeUndefined();
    expect((await audited(world, 'removeFactor'))[0]).toMatchObject({ actor: { id } });
  });

  it('is not passed by trying: a challenge ends after a few codes, and the account waits after ten', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    const { totpURI } = (await browser.auth('/two-factor/enable', { password: PASSWORD })).body;
    await browser.auth('/two-factor/verify-totp', { code: totp(totpURI) });
    for (let challenge = 0; challenge < 4; challenge++) {
      const guesser = world.browser();
      await guesser.signIn(email);
      for (let guess = 0; guess < 6; guess++)
        expect((await guesser.auth('/two-factor/verify-totp', { code: '000000' })).status).toBeGreaterThanOrEqual(400);
    }
    const owner = world.browser();
    await owner.signIn(email);
    const next = totp(totpURI, Date.now() + 30_000);
    const waiting = await owner.auth('/two-factor/verify-totp', { code: next });
    expect(waiting.status).toBe(429);
    expect(waiting.headers.get('retry-after')).toMatch(/^\d+$/);
  });
});

describe('a session', () => {
  let world: World;
  let browser: Browser;
  let csrfToken: string;
  beforeAll(async () => {
    world = await createWorld();
    browser = await world.person(someEmail());
    csrfToken = (await browser.get('/v1/self')).body.csrfToken;
  });
  afterAll(() => world.close());

  const rename = (headers: Record<string, string>, body: unknown = { name: 'Renamed' }) =>
    change(browser, headers, body);
  const change = async (by: Browser, headers: Record<string, string>, body: unknown) => {
    const id = (await by.get('/v1/self')).body.organizations[0].id;
    return by.request('PATCH', `/v1/organizations/${id}`, body, headers);
  };

  it('changes nothing unless our own page asks', async () => {
    const other = await world.person(someEmail());
    const others = (await other.get('/v1/self')).body.csrfToken;
    const token = { 'x-csrf-token': csrfToken };
    const attacks: Record<string, Record<string, string>> = {
      'no token': {},
      "another session's token": { 'x-csrf-token': others },
      'a foreign origin': { ...token, origin: 'https://evil.example' },
      'the null origin': { ...token, origin: 'null' },
      'an origin that only begins like ours': { ...token, origin: 'http://localhost:4000.evil.example' },
      'another port of this machine': { ...token, origin: 'http://localhost:4001' },
      'another site by the word of the browser': { ...token, 'sec-fetch-site': 'cross-site' },
      'the same site, another origin': { ...token, 'sec-fetch-site': 'same-site' },
      'the token twice': { 'x-csrf-token': `${csrfToken}, ${csrfToken}` },
    };
    for (const [name, headers] of Object.entries(attacks)) {
      const answer = await rename(headers);
      expect({ name, status: answer.status, code: answer.body?.code }).toEqual({
        name,
        status: 403,
        code: 'csrf_refused',
      });
    }
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'])
      expect((await rename({ ...token, 'content-type': type }, '{"name":"Renamed"}')).status).toBe(415);
    expect((await browser.get('/v1/self')).body.organizations[0].name).toBe('Ada');
    expect((await rename(token)).status).toBe(200);
    for (const name of ['127.0.0.1', '[::1]'])
      expect((await rename({ ...token, origin: `http://${name}:4000` })).status).toBe(200);
  });

  it('is neither begun nor ended, nor changed in what proves it, from elsewhere', async () => {
    const email = someEmail();
    await world.person(email);
    const attacks: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    const calls: [string, unknown][] = [
      ['/sign-in/email', { email, password: PASSWORD }],
      ['/sign-up/email', { name: 'Eve', email: someEmail(), password: PASSWORD }],
      ['/sign-out', {}],
      ['/change-password', { currentPassword: PASSWORD, newPassword: 'another horse battery' }],
      ['/two-factor/enable', { password: PASSWORD }],
    ];
    for (const [path, body] of calls) {
      for (const headers of attacks)
        expect((await browser.auth(path, body, headers)).body).toMatchObject({ code: 'csrf_refused' });
      for (const type of ['application/x-www-form-urlencoded', 'text/plain'])
        expect((await browser.auth(path, JSON.stringify(body), { 'content-type': type })).status).toBe(415);
    }
    expect((await browser.get('/v1/self')).status).toBe(200);
  });

  it('does not count beside an Authorization header, and gives a key nothing', async () => {
    expect((await browser.get('/v1/root-keys')).status).toBe(403);
    expect((await browser.get('/v1/root-keys', bearer)).status).toBe(200);
    expect((await browser.get('/v1/self', { authorization: 'Bearer lk_root_wrong' })).status).toBe(401);
    // A key needs no token: no browser sends it by itself.
    const id = (await browser.get('/v1/self')).body.organizations[0].id;
    const patched = await browser.request('PATCH', `/v1/organizations/${id}`, { name: 'By key' }, bearer);
    expect(patched.status).toBe(200);
  });

  it('of somebody who was removed from an organization sees nothing of it any more', async () => {
    const person = await world.person(someEmail());
    const self = (await person.get('/v1/self')).body;
    const id = self.organizations[0].id;
    expect((await person.get(`/v1/organizations/${id}`)).status).toBe(200);
    await world.served.latchkey.engine.services.store.memberships.remove(id, self.user.id);
    const gone = await person.get(`/v1/organizations/${id}`);
    const missing = await person.get('/v1/organizations/org_nothing');
    expect(gone.status).toBeGreaterThanOrEqual(403);
    expect({ ...gone.body, requestId: '' }).toEqual({ ...missing.body, requestId: '' });
  });

  it('that ended while a body was held back does nothing more', async () => {
    const browser = await world.person(someEmail());
    const self = (await browser.get('/v1/self')).body;
    const [project] = (await browser.get(`/v1/projects?organizationId=${self.organizations[0].id}`)).body.data;
    const body = '{"name":"late"}';
    const cookie = `${SESSION}=${browser.cookies.get(SESSION)}`;
    const answered = new Promise<string>((resolve) => {
      const sent = request(
        `${world.served.url}/v1/projects/${project.id}/keys`,
        {
          method: 'POST',
          headers: {
            ...{ cookie, 'x-csrf-token': self.csrfToken, 'content-type': 'application/json' },
            'content-length': body.length,
          },
        },
        (reply) => resolve(`${reply.resume().statusCode}`),
      );
      sent.write(body.slice(0, 5));
      setTimeout(async () => {
        await browser.auth('/sign-out', {});
        sent.end(body.slice(5));
      }, 300);
    });
    expect(await answered).toBe('401');
  });

  it('outlives a database that is away: the answer is to wait, not to sign in again', async () => {
    const person = await world.person(someEmail());
    const tables = world.served.latchkey.engine.services.store.signIn;
    const { find } = tables;
    tables.find = () => Promise.reject(new LatchkeyError('unavailable'));
    for (const answer of [
      await person.get('/v1/self'),
      await person.auth('/get-session'),
      await person.signIn(someEmail()),
    ])
      expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    tables.find = find;
    expect((await person.get('/v1/self')).status).toBe(200);
  });

  it('from a browser that was not seen before is told to its owner', async () => {
    const email = someEmail();
    await world.person(email);
    await world.browser('Browser/1').signIn(email);
    await settled();
    expect(world.letters.some(({ to, subject }) => to === email && /New sign-in/.test(subject))).toBe(false);
    await world.browser('Another/2').signIn(email);
    await settled();
    expect(world.letters.findLast(({ to }) => to === email)?.subject).toMatch(/New sign-in/);
  });
});
