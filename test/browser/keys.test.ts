// The life of a key in the hands of a person: created, copied, used through the gateway, rotated, revoked; and where its secret never is.

import type { Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keepKey } from '../secrecy/test-root.js';
import { findChromium } from '../servers/chromium.js';
import { expectAccessible } from './accessibility.js';
import { chooseItem, focused, tabTo } from './keyboard.js';
import { member, signIn } from './people.js';
import { openStage, type Stage } from './stage.js';
import { ask } from './world.js';

const LET_IN = 200;
const REFUSED = 401;

const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name });

/** From the page of a new key, which is shown once its secret is stored, back to the list. */
async function toList(page: Page, key: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: key }).waitFor();
  await page.getByRole('link', { name: 'All keys' }).click();
  await page.getByRole('link', { name: key }).first().waitFor();
}

/** Takes the secret that is on the page now, as a person does: by its button. */
async function copySecret(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Copy: API key' }).click();
  const secret = await clipboard(page);
  keepKey(secret);
  return secret;
}

describe.skipIf(findChromium() === null)('a key in the hands of a person', () => {
  let stage: Stage;
  let organizationId: string;
  const project = async (name: string): Promise<string> =>
    (await stage.api.projects.create({ organizationId, name })).id;
  const pageOf = (projectId: string) =>
    `${stage.url}/dashboard/api-keys?organization=${organizationId}&project=${projectId}`;

  beforeAll(async () => {
    stage = await openStage();
    organizationId = (await stage.api.organizations.create({ name: 'Northwind Traders' })).id;
  });
  afterAll(() => stage?.close());
  afterEach(() => stage.leave());

  it('is created, copied once, works; is rotated, both work; is revoked, and refused', async () => {
    const { page } = await member(stage, organizationId, 'developer');
    const projectId = await project('Journey');
    await page.goto(pageOf(projectId));
    await page.getByRole('button', { name: 'Create your first key' }).click();
    await dialog(page, 'New key in Journey').getByRole('textbox', { name: 'Name' }).fill('Order service');
    await expectAccessible(page, 'the form of a new key');
    await page.getByRole('button', { name: /^Permissions, restrictions/ }).click();
    await expectAccessible(page, 'the form of a new key, all of it');
    await dialog(page, 'New key in Journey').getByRole('button', { name: 'Create key' }).click();
    await dialog(page, /^Your key “Order service” is ready$/).waitFor();
    await expectAccessible(page, 'a secret that is shown once');
    const first = await copySecret(page);
    expect(first).toMatch(/^sk_live_/);
    expect(await ask(stage, first)).toBe(LET_IN);
    await page.getByRole('button', { name: 'I have stored it' }).click();
    await toList(page, 'Order service');
    expect(await page.content()).not.toContain(first);

    const act = async (item: RegExp | string): Promise<void> => {
      await page.getByRole('button', { name: 'Actions for Order service' }).first().click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await act(/^Rotate/);
    const rotation = dialog(page, 'Rotate “Order service”');
    await rotation.getByRole('radio', { name: '1 day' }).check();
    await expectAccessible(page, 'the form of a rotation');
    await rotation.getByRole('button', { name: 'Rotate' }).click();
    await dialog(page, /^The new key of/).waitFor();
    const second = await copySecret(page);
    expect(second).not.toBe(first);
    expect(await Promise.all([ask(stage, first), ask(stage, second)])).toEqual([LET_IN, LET_IN]);
    await page.getByRole('button', { name: 'I have stored it' }).click();

    // The panel tells that the old one is still used, and ends it when asked.
    const watching = dialog(page, 'Who still uses the old key');
    await watching.getByText('The old key is still in use').waitFor();
    await expectAccessible(page, 'a rotation under way');
    await watching.getByRole('button', { name: /Revoke now/ }).click();
    await dialog(page, /^Revoke/)
      .getByRole('button', { name: 'Revoke', exact: true })
      .click();
    await page.getByText('“Order service” is revoked').waitFor();
    expect(await Promise.all([ask(stage, first), ask(stage, second)])).toEqual([REFUSED, LET_IN]);
    await watching.getByRole('button', { name: 'Done' }).click();

    await act(/^Revoke/);
    const revocation = dialog(page, 'Revoke “Order service”?');
    await revocation.getByText(/^It is in use: \d+ requests? w/).waitFor();
    await expectAccessible(page, 'what a revocation will break');
    await revocation.getByRole('button', { name: 'Revoke', exact: true }).click();
    await revocation.waitFor({ state: 'hidden' });
    await page.getByText(`${second.slice(-4)} is refused from now on.`).waitFor();
    expect(await ask(stage, second)).toBe(REFUSED);

    // What refuses every key, whatever its own state says, is said above them.
    await stage.api.projects.suspend({ projectId });
    await page.goto(`${pageOf(projectId)}&state=revoked`);
    await page.getByText('This project is suspended').waitFor();
    await expectAccessible(page, 'the keys of a suspended project');
    // The filter of the address holds.
    await page.getByRole('combobox', { name: 'State' }).waitFor();
    expect(await page.getByRole('combobox', { name: 'State' }).inputValue()).toBe('Revoked');
  });

  it('keeps a new secret on the page when the session ended meanwhile, and asks the server no end of times', async () => {
    const { page, context, person } = await member(stage, organizationId, 'developer');
    await page.goto(pageOf(await project('Ended session')));
    await page.getByRole('button', { name: 'Create your first key' }).click();
    await dialog(page, /^New key/)
      .getByRole('textbox', { name: 'Name' })
      .fill('Night job');
    await dialog(page, /^New key/)
      .getByRole('button', { name: 'Create key' })
      .click();
    await copySecret(page);
    await page.getByRole('button', { name: 'I have stored it' }).click();
    // The search stays as it was while they are here.
    const search = page.getByRole('textbox', { name: 'Search keys' });
    await toList(page, 'Night job');
    await search.fill('Night');
    await page.getByRole('link', { name: 'Night job' }).first().click();
    await toList(page, 'Night job');
    expect(await search.inputValue()).toBe('Night');
    await page.getByRole('link', { name: 'Night job' }).first().click();
    // Nothing that was typed is lost on the way to somewhere else.
    await page.getByRole('tab', { name: 'Access' }).click();
    await page.getByRole('textbox', { name: 'Requests a minute' }).fill('7');
    await page.getByRole('tab', { name: 'Overview' }).click();
    await dialog(page, 'Leave without saving?').getByRole('button', { name: 'Stay here' }).click();
    expect(await page.getByRole('textbox', { name: 'Requests a minute' }).inputValue()).toBe('7');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/^Saved\./).waitFor();
    await page.getByRole('tab', { name: 'Overview' }).click();
    await page.getByRole('button', { name: 'Rotate', exact: true }).click();
    const rotation = dialog(page, 'Rotate “Night job”');
    await rotation.getByRole('radio', { name: '1 day' }).check();
    await rotation.getByRole('button', { name: 'Rotate' }).click();
    await dialog(page, /^The new key of/).waitFor();
    const secret = await copySecret(page);
    let asked = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/v1/self')) asked += 1;
    });
    await context.clearCookies();
    // The page looks at what is left every few seconds, and hears then that the session is over.
    const ended = dialog(page, 'Your session has ended');
    await ended.waitFor();
    await page.waitForTimeout(1000);
    expect(asked).toBeLessThan(3);
    expect(await page.getByText(secret, { exact: true }).count()).toBe(1);
    // Signed in again in another tab, the page goes on where it was.
    const otherTab = await context.newPage();
    await signIn(stage, { page: otherTab }, person);
    await otherTab.close();
    await page.evaluate(() => globalThis.dispatchEvent(new Event('visibilitychange')));
    await ended.waitFor({ state: 'hidden' });
    expect(await page.getByText(secret, { exact: true }).count()).toBe(1);
    await page.getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('button', { name: 'Done' }).click();
    await context.clearCookies();
    // Nothing is lost any more: away, and back to here after signing in.
    await page.waitForURL(/\/sign-in\?return=/);
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    // Whoever comes next finds nothing of theirs in the same document: a secret may have been pasted into the search.
    const { person: next } = await member(stage, organizationId, 'developer');
    await page.getByRole('textbox', { name: 'E-mail' }).fill(next.email);
    await page.getByRole('textbox', { name: 'Password' }).fill(next.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await toList(page, 'Night job');
    expect(await search.inputValue()).toBe('');
    // Nor does anybody leave for the sign-in, as if signed out, whose sign-out was refused on the way.
    await page.route('**/api/auth/sign-out', (route) => route.fulfill({ status: 429 }));
    await page.getByRole('button', { name: 'Account and preferences' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByText('This did not work').first().waitFor();
    expect(new URL(page.url()).pathname).not.toBe('/sign-in');
  });

  it('by keyboard alone: created, rotated and revoked', async () => {
    const { page } = await member(stage, organizationId, 'developer');
    const { keyboard } = page;
    await page.goto(pageOf(await project('Keyboard')));
    await page.getByRole('button', { name: 'Create your first key' }).waitFor();
    await tabTo(page, 'Create your first key');
    await keyboard.press('Enter');
    await dialog(page, 'New key in Keyboard').waitFor();
    await expect.poll(() => focused(page)).toBe('Name');
    await keyboard.type('By hand');
    await keyboard.press('Enter');
    await dialog(page, /is ready$/).waitFor();
    await tabTo(page, 'Copy: API key');
    await keyboard.press('Enter');
    const first = await clipboard(page);
    keepKey(first);
    expect(await ask(stage, first)).toBe(LET_IN);
    await tabTo(page, 'I have stored it');
    await keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'By hand' }).waitFor();
    await tabTo(page, /All keys$/);
    await keyboard.press('Enter');
    await page.getByRole('link', { name: 'By hand' }).waitFor();

    const choose = async (item: RegExp): Promise<void> => {
      await tabTo(page, 'Actions for By hand');
      await keyboard.press('Enter');
      await chooseItem(page, item);
    };
    await choose(/^Rotate/);
    await dialog(page, 'Rotate “By hand”').waitFor();
    await tabTo(page, 'Not at all');
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowDown');
    expect(await page.getByRole('radio', { name: '1 day' }).isChecked()).toBe(true);
    await tabTo(page, 'Rotate');
    await keyboard.press('Enter');
    await dialog(page, /^The new key of/).waitFor();
    await tabTo(page, 'Copy: API key');
    await keyboard.press('Enter');
    await expect.poll(() => clipboard(page)).not.toBe(first);
    const second = await clipboard(page);
    keepKey(second);
    expect(await Promise.all([ask(stage, first), ask(stage, second)])).toEqual([LET_IN, LET_IN]);
    await tabTo(page, 'I have stored it');
    await keyboard.press('Enter');
    await dialog(page, 'Who still uses the old key').waitFor();
    await tabTo(page, 'Done');
    await keyboard.press('Enter');
    await dialog(page, 'Who still uses the old key').waitFor({ state: 'hidden' });

    await choose(/^Revoke/);
    await dialog(page, 'Revoke “By hand”?').waitFor();
    await tabTo(page, /^Also revoke its other generation/);
    await keyboard.press('Space');
    await tabTo(page, 'Revoke');
    await keyboard.press('Enter');
    await page.getByText('“By hand” is revoked').waitFor();
    expect(await Promise.all([ask(stage, first), ask(stage, second)])).toEqual([REFUSED, REFUSED]);
  });

  it('leaves its secret in no request, no storage, no cache, no history and no cookie', async () => {
    const { page, context, requests } = await member(stage, organizationId, 'developer');
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    await page.goto(pageOf(await project('Secrecy')));
    await page.getByRole('button', { name: 'Create your first key' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Kept nowhere');
    const answer = page.waitForResponse(
      (response) => response.request().method() === 'POST' && /\/keys$/.test(response.url()),
    );
    await dialog(page, 'New key in Secrecy').getByRole('button', { name: 'Create key' }).click();
    expect((await answer).headers()['cache-control']).toBe('no-store');
    const secret = await copySecret(page);
    const whileShown = await traces(page);
    await page.getByRole('button', { name: 'I have stored it' }).click();
    // What goes on afterwards: other pages, the key's own, and the way back.
    await page.waitForURL('**/dashboard/api-keys/key_**');
    await toList(page, 'Kept nowhere');
    await page.getByRole('link', { name: 'Usage', exact: true }).click();
    await page.waitForURL('**/dashboard/usage**');
    await page.goBack();
    await page.getByRole('link', { name: 'Kept nowhere' }).first().waitFor();
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Kept nowhere' }).waitFor();

    const places = {
      whileShown,
      afterwards: await traces(page),
      page: await page.content(),
      console: said,
      cookies: await context.cookies(),
      requests: await Promise.all(requests.map(told)),
      log: stage.log(),
    };
    for (const [place, found] of Object.entries(places)) {
      const text = JSON.stringify(found);
      expect(text.length, place).toBeGreaterThan(1);
      expect(text.includes(secret), `the secret is in: ${place}`).toBe(false);
      expect(text.includes(encodeURIComponent(secret)), `the secret is in: ${place}`).toBe(false);
    }
    expect(places.requests.length).toBeGreaterThan(10);
  });
});

/** All that a request says. */
const told = async (request: Request) => [request.url(), await request.allHeaders(), request.postData()];

/** Whatever a page can keep, but for what is drawn. */
const traces = (page: Page) =>
  page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const stored = await Promise.all(
      databases.map(
        ({ name = '' }) =>
          new Promise<unknown>((resolve, reject) => {
            const opening = indexedDB.open(name);
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
              const stores = [...opening.result.objectStoreNames];
              if (stores.length === 0) return resolve([]);
              const reading = opening.result.transaction(stores);
              const all = stores.map((store) => reading.objectStore(store).getAll());
              reading.oncomplete = () => resolve(all.map(({ result }) => result));
            };
          }),
      ),
    );
    const caches_ = await Promise.all(
      (await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)),
    );
    return {
      url: location.href,
      history: [history.length, history.state],
      local: { ...localStorage },
      session: { ...sessionStorage },
      stored,
      caches: caches_,
      cookie: document.cookie,
      name: window.name,
      title: document.title,
      workers: (await navigator.serviceWorker?.getRegistrations())?.length ?? 0,
    };
  });
