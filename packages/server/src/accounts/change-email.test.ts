// Guarantees of another e-mail address for one's account: it takes the password, the new mailbox and the account itself, and tells nobody who else has one.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, createWorld, PASSWORD, ROOT_KEY, settled, someEmail, totp, type World } from './world.suite.js';

const ask = (browser: Browser, newEmail: string, password: string | undefined = PASSWORD) =>
  browser.auth('/change-email', { newEmail, ...(password !== '' && { password }) });
const confirm = (browser: Browser, token: string) => browser.auth('/change-email/confirm', { token });
const emailOf = async (browser: Browser): Promise<string> => (await browser.get('/v1/self')).body.user?.email;
const told = ({ status, text }: { status: number; text: string }) => ({ status, text });

describe('another e-mail address', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  const letterTo = (email: string) => world.letters.findLast(({ to }) => to === email);
  const linkFor = async (browser: Browser, next: string): Promise<string> => {
    expect(await ask(browser, next)).toMatchObject({ status: 200 });
    await settled();
    return world.tokenFor(next);
  };

  it('is the account’s once the letter to it was opened, signed in to the account; all other sessions end', async () => {
    const [before, after] = [someEmail(), someEmail()];
    const browser = await world.person(before);
    const elsewhere = world.browser();
    await elsewhere.signIn(before);
    expect(await ask(browser, after.toUpperCase())).toMatchObject({ status: 200, text: '{"status":true}' });
    await settled();
    expect(await emailOf(browser)).toBe(before);
    expect(letterTo(before)).toMatchObject({ subject: expect.stringMatching(/^Another e-mail address was asked/) });
    expect(letterTo(before)?.text).not.toContain(after);
    expect(letterTo(before)?.text).not.toContain('#');

    const token = world.tokenFor(after);
    expect(letterTo(after)?.text).toContain(`${world.publicUrl}/change-email#${token}`);
    // Whoever only has the letter has nothing: a mailbox of somebody else by a slip of the pen, or a machine that opens links.
    expect(await confirm(world.browser(), token)).toMatchObject({ status: 401 });
    expect((await browser.auth(`/change-email/confirm?token=${token}`)).status).toBe(404);
    expect((await browser.get('/change-email')).text).not.toContain(token);
    const other = await world.person(someEmail());
    expect((await confirm(other, token)).body).toMatchObject({ code: 'INVALID_TOKEN' });
    expect(await emailOf(elsewhere)).toBe(before);

    expect(await confirm(browser, token)).toMatchObject({ status: 200 });
    expect(await emailOf(browser)).toBe(after);
    expect((await elsewhere.get('/v1/self')).status).toBe(401);
    await settled();
    expect(letterTo(before)).toMatchObject({ subject: expect.stringMatching(/was changed$/) });
    expect((await world.browser().signIn(before)).status).toBe(401);
    expect((await world.browser().signIn(after)).status).toBe(200);
    // The address is free, and its links open nothing of the account any more.
    expect(await emailOf(await world.person(before, 'Another'))).toBe(before);
    expect((await confirm(browser, token)).body).toMatchObject({ code: 'INVALID_TOKEN' });

    const { id } = (await browser.get('/v1/self')).body.user;
    for (const action of ['askEmailChange', 'changeEmail']) {
      const { data } = (
        await world.browser().get(`/v1/audit-events?action=${action}&targetId=${id}`, {
          authorization: `Bearer ${ROOT_KEY}`,
        })
      ).body;
      expect(data).toMatchObject([{ actor: { type: 'user', id }, target: { type: 'user', id } }]);
      expect(JSON.stringify(data)).not.toContain('@');
    }
  });

  it('answers alike, and writes to the old address alike, whoever has the new one', async () => {
    const [taken, free] = [someEmail(), someEmail()];
    const owner = await world.person(taken);
    const asked = async (next: string) => {
      const email = someEmail();
      const browser = await world.person(email);
      const from = world.letters.length;
      const answer = told(await ask(browser, next));
      await settled();
      const old = world.letters.slice(from).filter(({ to }) => to === email);
      return { answer, old: old.map(({ subject, text }) => ({ subject, text: text.replace(/ \S…@/, ' …@') })) };
    };
    expect(await asked(taken)).toEqual(await asked(free));
    expect(letterTo(taken)?.subject).toMatch(/^You have an account/);
    expect(letterTo(taken)?.text).not.toContain('#');
    expect(await emailOf(owner)).toBe(taken);
  });

  it('is asked for with the password of the account, and not more often than letters are sent', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    const from = world.letters.length;
    expect((await ask(world.browser(), someEmail())).status).toBe(401);
    expect((await ask(browser, someEmail(), 'not the password')).body).toMatchObject({ code: 'INVALID_PASSWORD' });
    expect((await ask(browser, someEmail(), '')).body).toMatchObject({ code: 'INVALID_PASSWORD' });
    expect((await ask(browser, email)).body).toMatchObject({ code: 'EMAIL_IS_THE_SAME' });
    for (const newEmail of ['nobody', 5, ['a@example.com'], null, { $ne: '' }, `${'a'.repeat(260)}@example.com`])
      expect((await browser.auth('/change-email', { newEmail, password: PASSWORD })).status).toBe(400);
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const body = { newEmail: someEmail(), password: PASSWORD };
    expect((await browser.auth('/change-email', body, foreign)).body).toMatchObject({ code: 'csrf_refused' });
    expect((await browser.auth('/change-email/confirm', { token: 'x' }, foreign)).status).toBe(403);
    expect(world.letters).toHaveLength(from);
    for (let count = 0; count < 5; count++) expect((await ask(browser, someEmail())).status).toBe(200);
    expect((await ask(browser, someEmail())).status).toBe(429);
    // Nor do several accounts write to one mailbox.
    const victim = someEmail();
    const others = [await world.person(someEmail()), await world.person(someEmail())] as const;
    for (const one of [others[0], others[0], others[0], others[1], others[1]])
      expect((await ask(one, victim)).status).toBe(200);
    for (const one of others) expect((await ask(one, victim)).status).toBe(429);
  });

  it('goes by the link that was asked for last, while its hour lasts, and once', async () => {
    const browser = await world.person(someEmail());
    const [one, two] = [someEmail(), someEmail()];
    const first = await linkFor(browser, one);
    const second = await linkFor(browser, two);
    for (const token of [first, '', 'x'.repeat(43)]) expect((await confirm(browser, token)).status, token).toBe(400);
    for (const token of [5, null, [second], {}])
      expect((await browser.auth('/change-email/confirm', { token })).status).toBe(400);
    const answers = await Promise.all([1, 2, 3, 4].map(() => confirm(browser, second)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
    expect(await emailOf(browser)).toBe(two);

    const third = await linkFor(browser, one);
    const { store } = world.served.latchkey.engine.services;
    await store.signIn.update('verifications', [{ column: 'expires_at', operator: '>', value: 0, either: false }], {
      expires_at: Date.now() - 1,
    });
    expect((await confirm(browser, third)).body).toMatchObject({ code: 'INVALID_TOKEN' });
    expect(await emailOf(browser)).toBe(two);
  });

  it('does not take an address that somebody has by then', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    const next = someEmail();
    const token = await linkFor(browser, next);
    await world.person(next, 'Quicker');
    const refused = await confirm(browser, token);
    expect(refused).toMatchObject({ status: 409, body: { code: 'USER_ALREADY_EXISTS' } });
    expect(await emailOf(browser)).toBe(email);
    // Of two accounts that are to have one address, one gets it.
    const two = [await world.person(someEmail()), await world.person(someEmail())];
    const shared = someEmail();
    const tokens: string[] = [];
    for (const one of two) tokens.push(await linkFor(one, shared));
    const came = await Promise.all(two.map((one, at) => confirm(one, tokens[at] as string)));
    expect(came.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('is kept from nobody by whoever signed up with it and never confirmed it', async () => {
    const squatted = someEmail();
    const eve = world.browser();
    await eve.auth('/sign-up/email', { name: 'Eve', email: squatted, password: 'a password of Eve' });
    await settled();
    const planted = world.tokenFor(squatted);
    const browser = await world.person(someEmail());
    const { id } = (await browser.get('/v1/self')).body.user;
    const token = await linkFor(browser, squatted);
    expect(token).not.toBe(planted);
    expect((await confirm(browser, token)).status).toBe(200);
    expect((await browser.get('/v1/self')).body.user).toMatchObject({ id, email: squatted });
    expect((await eve.auth('/verify-email', { token: planted, password: 'a password of Eve' })).status).toBe(401);
    expect((await eve.signIn(squatted, 'a password of Eve')).status).toBe(401);
    expect((await world.browser().signIn(squatted)).status).toBe(200);
  });

  it('is stopped by a new password, and stops the links that went to the old address', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    const token = await linkFor(browser, someEmail());
    const newPassword = 'another horse battery';
    await browser.auth('/change-password', { currentPassword: PASSWORD, newPassword });
    expect((await confirm(browser, token)).body).toMatchObject({ code: 'INVALID_TOKEN' });

    await world.browser().auth('/request-password-reset', { email });
    await settled();
    const reset = world.tokenFor(email);
    const next = someEmail();
    expect((await ask(browser, next, newPassword)).status).toBe(200);
    await settled();
    expect((await confirm(browser, world.tokenFor(next))).status).toBe(200);
    const taken = await world.browser().auth('/reset-password', { token: reset, newPassword: 'of the old mailbox' });
    expect(taken).toMatchObject({ status: 400, body: { code: 'INVALID_TOKEN' } });
    await world.browser().auth('/request-password-reset', { email: next });
    await settled();
    const again = { token: world.tokenFor(next), newPassword: 'of the new mailbox' };
    for (const cut of [again.token.split('.')[0], `${again.token}x`, `${again.token.slice(0, -1)}`])
      expect((await world.browser().auth('/reset-password', { ...again, token: cut })).status).toBe(400);
    expect((await world.browser().auth('/reset-password', again)).status).toBe(200);
    expect((await world.browser().signIn(next, again.newPassword)).status).toBe(200);
  });

  it('takes a sign-in of this hour where the account has no password, which no setting makes younger', async () => {
    const email = someEmail();
    const browser = await world.person(email);
    const { id } = (await browser.get('/v1/self')).body.user;
    const { signIn } = world.served.latchkey.engine.services.store;
    await signIn.update('user_accounts', [{ column: 'user_id', operator: '=', value: id, either: false }], {
      password_hash: null,
    });
    expect((await ask(browser, someEmail(), '')).status).toBe(200);
    await signIn.update('sessions', [{ column: 'user_id', operator: '=', value: id, either: false }], {
      created_at: Date.now() - 3_600_001,
    });
    expect((await ask(browser, someEmail(), '')).body).toMatchObject({ code: 'SESSION_NOT_FRESH' });
    const { totpURI } = (await browser.auth('/two-factor/enable', {})).body;
    expect((await browser.auth('/two-factor/verify-totp', { code: totp(totpURI) })).status).toBe(200);
    expect((await browser.get('/v1/self')).body.user.twoFactorEnabled).toBe(true);
    expect((await ask(browser, someEmail(), '')).body).toMatchObject({ code: 'SESSION_NOT_FRESH' });
  });
});

it('says what is missing where no letter can be sent', async () => {
  const world = await createWorld({ mails: false });
  const refused = await world.browser().auth('/change-email', { newEmail: someEmail(), password: PASSWORD });
  expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(refused.text).toContain('LATCHKEY_SMTP_URL');
  await world.close();
});
