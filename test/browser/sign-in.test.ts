// How people come in: the first operator, sign-up, an invitation, the second factor, a passkey, a lost password; and out again.

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { totp } from '../../packages/server/src/accounts/totp.suite.js';
import { keepSecret } from '../secrecy/test-root.js';
import { findChromium } from '../servers/chromium.js';
import { expectAccessible } from './accessibility.js';
import { plugInAuthenticator } from './authenticator.js';
import { tabTo } from './keyboard.js';
import { member, type Person, somebody } from './people.js';
import { openStage, type Stage } from './stage.js';

const START = '**/dashboard/api-keys**';

async function fillPassword(page: Page, { email, password }: Pick<Person, 'email' | 'password'>): Promise<void> {
  await page.getByRole('textbox', { name: 'E-mail' }).fill(email);
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function fillSignUp(page: Page, { name, email, password }: Person, isEmailGiven = false): Promise<void> {
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  if (!isEmailGiven) await page.getByRole('textbox', { name: 'E-mail' }).fill(email);
  await page.getByRole('textbox', { name: 'New password' }).fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Account and preferences' }).click();
  // A device that answers at once may sign in again as soon as the page is there.
  const isOut = page.waitForURL('**/sign-in**', { waitUntil: 'commit' });
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await isOut;
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const navigation = (page: Page) => page.getByRole('navigation', { name: 'Main navigation' });
const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

describe.skipIf(findChromium() === null)('people come in', () => {
  let stage: Stage;
  let organizationId: string;
  beforeAll(async () => {
    stage = await openStage();
    organizationId = (await stage.api.organizations.create({ name: 'Northwind Traders' })).id;
  });
  afterAll(() => stage?.close());
  afterEach(() => stage.leave());

  it('as the first operator, by the link of the first start, which works once', async () => {
    const { page } = await stage.visitor();
    await page.goto(stage.firstOperatorLink);
    await heading(page, 'You are invited').waitFor();
    await page.getByText('Become an operator of this installation').waitFor();
    await expectAccessible(page, 'the invitation of the first operator');
    await fillSignUp(page, somebody('First Operator'));
    await heading(page, 'Overview').waitFor();
    expect(new URL(page.url()).pathname).toBe('/dashboard');
    for (const name of ['Tiers', 'Organizations', 'Operators']) {
      await navigation(page).getByRole('link', { name, exact: true }).waitFor();
    }
    expect(page.url()).not.toContain('#');

    const { page: late } = await stage.visitor();
    await late.goto(stage.firstOperatorLink);
    await late.getByText(/was taken back, or was used already/).waitFor();
    await expect(late.getByRole('button', { name: 'Create account' }).count()).resolves.toBe(0);
  });

  it('by signing up, once the address is confirmed, into an organization of their own', async () => {
    const person = somebody('Ada Example');
    const { page } = await stage.visitor();
    await page.goto(`${stage.url}/sign-in`);
    await page.getByRole('link', { name: 'Sign up' }).click();
    await heading(page, 'Create an account').waitFor();
    await fillSignUp(page, person);
    await heading(page, 'Check your mail').waitFor();
    await expectAccessible(page, 'a letter is on its way');

    await page.getByRole('link', { name: 'Go to sign-in' }).click();
    await fillPassword(page, person);
    await page.getByText(/not confirmed yet/).waitFor();

    await page.goto(await stage.link(person.email, '/verify-email'));
    await heading(page, 'Confirm your address').waitFor();
    await expectAccessible(page, 'confirming an address');
    const field = page.getByRole('textbox', { name: 'Password', exact: true });
    const confirm = page.getByRole('button', { name: 'Confirm' });
    await confirm.click();
    await page.getByText('Enter your password.').waitFor();
    // Who has the letter alone does not get in, nor does whoever signed up.
    await field.fill('correct horse of somebody else');
    await confirm.click();
    await page.getByText('The password is wrong.').waitFor();
    const described = await field.evaluate((input) =>
      (input.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent),
    );
    expect(described).toContain('The password is wrong.');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await expectAccessible(page, 'an address that was not confirmed');
    await field.fill(person.password);
    await confirm.click();
    await page.waitForURL(START);
    await heading(page, 'API keys').waitFor();
    const { data } = await stage.api.organizations.list({ limit: 100 });
    expect(data.map(({ name }) => name)).toContain(person.name);
    await expect(navigation(page).getByRole('link', { name: 'Tiers' }).count()).resolves.toBe(0);
  });

  it('by an invitation, with the address and the role that it names', async () => {
    const person = somebody('Grace Example');
    await stage.api.invitations.create({ organizationId, email: person.email, role: 'developer' });
    const { page } = await stage.visitor();
    await page.goto(await stage.link(person.email, '/invitation'));
    await page.getByText('Join Northwind Traders as Developer.').waitFor();
    expect(await page.getByRole('textbox', { name: 'E-mail' }).inputValue()).toBe(person.email);
    await fillSignUp(page, person, true);
    await page.waitForURL(START);
    const { data } = await stage.api.members.list({ organizationId });
    expect(data.find(({ email }) => email === person.email)).toMatchObject({ role: 'developer', name: person.name });
  });

  it('with a code of their app, or with a backup code once', async () => {
    const { page, person } = await member(stage, organizationId, 'owner');
    await page.goto(`${stage.url}/settings/account`);
    await page.getByRole('button', { name: 'Set up', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Set up two-factor sign-in' });
    await dialog.getByRole('textbox', { name: 'Current password' }).fill(person.password);
    await expectAccessible(page, 'setting up two-factor sign-in: the password');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
    await expectAccessible(page, 'setting up two-factor sign-in: the app');
    await dialog.getByRole('button', { name: 'Copy: Set-up key' }).click();
    const key = await clipboard(page);
    keepSecret(key);
    await dialog.getByRole('textbox', { name: 'Code' }).fill(totp(key));
    await dialog.getByRole('button', { name: 'Switch on' }).click();
    await dialog.getByRole('button', { name: 'Copy: Backup codes' }).click();
    const [first = '', second = ''] = (await clipboard(page)).trim().split('\n');
    expect(first).toMatch(/^\S{8,}$/);
    await expectAccessible(page, 'setting up two-factor sign-in: backup codes');
    await dialog.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByRole('button', { name: 'Switch off' }).waitFor();

    const toSecondStep = async (): Promise<void> => {
      await signOut(page);
      await fillPassword(page, person);
      await heading(page, 'Confirm that it is you').waitFor();
    };
    const confirm = async (label: string, code: string): Promise<void> => {
      await page.getByRole('textbox', { name: label }).fill(code);
      await page.getByRole('button', { name: 'Confirm' }).click();
    };
    await toSecondStep();
    await expectAccessible(page, 'the second step of the sign-in');
    expect((await page.request.get(`${stage.url}/v1/self`)).status()).toBe(401);
    await confirm('Code', '000000');
    await page.getByText('The code is wrong or too old.').waitFor();
    // A code counts once: this is the app's next one.
    await confirm('Code', totp(key, Date.now() + 30_000));
    await page.waitForURL(START);

    for (const code of [first, second]) {
      await toSecondStep();
      await page.getByRole('button', { name: 'Use a backup code' }).click();
      await confirm('Backup code', code);
      await page.waitForURL(START);
    }
    await toSecondStep();
    await page.getByRole('button', { name: 'Use a backup code' }).click();
    await confirm('Backup code', first);
    await page.getByText('This is none of your backup codes, or it was used already.').waitFor();
    await expectAccessible(page, 'a backup code that was refused');
  });

  it('with a passkey, and without a password', async () => {
    const { page } = await member(stage, organizationId, 'developer');
    const device = await plugInAuthenticator(page);
    await page.goto(`${stage.url}/settings/account`);
    await page.getByText('You have no passkey yet.').waitFor();
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('button', { name: /^Remove: / }).waitFor();
    expect(await device.credentials()).toBe(1);
    await expectAccessible(page, 'an account with a passkey');

    // The device answers at once, here to the suggestions of the e-mail field.
    await signOut(page);
    await page.waitForURL(START);

    // Where a browser has no suggestions, there is the button.
    await page.addInitScript(() => {
      PublicKeyCredential.isConditionalMediationAvailable = async () => false;
    });
    await signOut(page);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL(START);

    await page.goto(`${stage.url}/settings/account`);
    await page.getByRole('button', { name: /^Remove: / }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('You have no passkey yet.').waitFor();
    await signOut(page);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText('This passkey is not known here.').waitFor();
  });

  it('with a new password by the letter, which ends every session and works once', async () => {
    const { page: before, person } = await member(stage, organizationId, 'viewer');
    const { page } = await stage.visitor();
    await page.goto(`${stage.url}/sign-in`);
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    // The page before has a field of the same name.
    await page.waitForURL('**/forgot-password');
    await page.getByRole('button', { name: 'Send the link' }).waitFor();
    await page.getByRole('textbox', { name: 'E-mail' }).fill(person.email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByText(/If there is an account with this address/).waitFor();

    const link = await stage.link(person.email, '/reset-password');
    const changed = { ...person, password: somebody('x').password };
    await page.goto(link);
    await page.getByRole('textbox', { name: 'New password' }).fill(changed.password);
    await page.getByRole('button', { name: 'Set password' }).click();
    await heading(page, 'Your new password is set').waitFor();
    await before.goto(`${stage.url}/settings/account`);
    await before.waitForURL('**/sign-in**');

    await page.getByRole('link', { name: 'Go to sign-in' }).click();
    await fillPassword(page, person);
    await page.getByText('E-mail or password is wrong.').waitFor();
    await expectAccessible(page, 'a sign-in that was refused');
    await fillPassword(page, changed);
    await page.waitForURL(START);

    const { page: again } = await stage.visitor();
    await again.goto(link);
    await again.getByRole('textbox', { name: 'New password' }).fill(person.password);
    await again.getByRole('button', { name: 'Set password' }).click();
    await again.getByText('This link is too old or was used already.').waitFor();
  });

  it('and says nothing about who has an account', async () => {
    const { page } = await stage.visitor();
    await page.goto(`${stage.url}/forgot-password`);
    await page.getByRole('textbox', { name: 'E-mail' }).fill('nobody.at.all@example.com');
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByText(/If there is an account with this address/).waitFor();
    await page.goto(`${stage.url}/sign-in`);
    await fillPassword(page, { email: 'nobody.at.all@example.com', password: 'correct horse battery' });
    await page.getByText('E-mail or password is wrong.').waitFor();
  });

  it('and go out: what was open is closed, also by the way back', async () => {
    const { page, context } = await member(stage, organizationId, 'developer');
    await page.goto(`${stage.url}/settings/account`);
    await heading(page, 'Account').waitFor();
    const session = (await context.cookies()).find(({ name }) => name === '__Host-latchkey_session');
    expect(session).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' });
    keepSecret(session?.value);
    // A hand that is quicker than the page: it goes back as soon as the address is that of the sign-in.
    await page.evaluate(() => {
      const timer = setInterval(() => {
        if (location.pathname !== '/sign-in') return;
        clearInterval(timer);
        history.back();
      });
    });
    await signOut(page);
    await heading(page, 'Sign in').waitFor();
    expect((await context.cookies()).map(({ name }) => name)).not.toContain('__Host-latchkey_session');
    await page.goBack();
    await page.waitForURL('**/sign-in**');
    const kept = await fetch(`${stage.url}/v1/self`, { headers: { cookie: `${session?.name}=${session?.value}` } });
    expect(kept.status).toBe(401);
  });

  it('by keyboard alone', async () => {
    const { person } = await member(stage, organizationId, 'developer');
    const { page } = await stage.visitor();
    await page.goto(`${stage.url}/settings/members`);
    await heading(page, 'Sign in').waitFor();
    await tabTo(page, 'E-mail');
    await page.keyboard.type(person.email);
    await tabTo(page, 'Password');
    await page.keyboard.type(person.password);
    await page.keyboard.press('Enter');
    // They get to where they wanted to go.
    await page.waitForURL('**/settings/members**');
    await heading(page, 'Members').waitFor();
  });
});
