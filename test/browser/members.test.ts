// The people of an organization: invited, let in, given another role, removed; and the keys to rotate after they left.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keepKey } from '../secrecy/test-root.js';
import { findChromium } from '../servers/chromium.js';
import { expectAccessible } from './accessibility.js';
import { focused, tabTo } from './keyboard.js';
import { member, somebody } from './people.js';
import { openStage, type Stage } from './stage.js';

describe.skipIf(findChromium() === null)('the members of an organization', () => {
  let stage: Stage;
  let organizationId: string;
  beforeAll(async () => {
    stage = await openStage();
    organizationId = (await stage.api.organizations.create({ name: 'Northwind Traders' })).id;
    await stage.api.projects.create({ organizationId, name: 'Main' });
  });
  afterAll(() => stage?.close());
  afterEach(() => stage.leave());

  it('invited, accepted, made a developer, removed: access ends at once, and the keys they made are named', async () => {
    const { page } = await member(stage, organizationId, 'owner');
    const person = somebody('Robin Example');
    await page.goto(`${stage.url}/settings/members?organization=${organizationId}`);
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    const form = page.getByRole('dialog', { name: 'Invite somebody' });
    await form.getByRole('textbox', { name: 'E-mail' }).fill(person.email);
    await form.getByRole('radio', { name: 'Viewer' }).check();
    await form.getByRole('button', { name: 'Invite', exact: true }).click();
    await page.getByRole('row', { name: person.email }).getByText('Viewer').waitFor();

    const newcomer = await stage.visitor();
    await newcomer.page.goto(await stage.link(person.email, '/invitation'));
    await newcomer.page.getByRole('textbox', { name: 'Name' }).fill(person.name);
    await newcomer.page.getByRole('textbox', { name: 'New password' }).fill(person.password);
    await newcomer.page.getByRole('button', { name: 'Create account' }).click();
    await newcomer.page.getByRole('heading', { level: 1, name: 'API keys' }).waitFor();
    expect(await newcomer.page.getByRole('button', { name: 'Create your first key' }).count()).toBe(0);

    await page.reload();
    const row = page.getByRole('row', { name: person.name });
    await row.waitFor();
    expect(await page.getByRole('button', { name: `Take back the invitation to ${person.email}` }).count()).toBe(0);
    await page.locator(`input[aria-label="Role of ${person.name}"]`).click();
    await page.getByRole('option', { name: 'Developer' }).click();
    await page.getByText(`${person.name} is now Developer.`).waitFor();

    await newcomer.page.reload();
    await newcomer.page.getByRole('button', { name: 'Create your first key' }).click();
    await newcomer.page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('Made by Robin');
    await newcomer.page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
    await newcomer.page.getByRole('button', { name: 'Copy: API key' }).click();
    keepKey(await newcomer.page.evaluate(() => navigator.clipboard.readText()));

    await page.getByRole('button', { name: `Actions: ${person.name}` }).click();
    await page.getByRole('menuitem', { name: 'Remove from the organization' }).click();
    const question = page.getByRole('dialog', { name: `Remove ${person.name}?` });
    await question.getByRole('button', { name: 'Remove', exact: true }).click();
    const toRotate = page.getByRole('dialog', { name: 'Rotate these keys' });
    const key = toRotate.getByRole('link', { name: 'Made by Robin' });
    await key.waitFor();
    await expectAccessible(page, 'the keys to rotate after a member left');
    expect(await key.getAttribute('href')).toMatch(/^\/dashboard\/api-keys\/key_/);
    await toRotate.getByRole('button', { name: 'Done' }).click();
    await row.waitFor({ state: 'detached' });

    const members = await stage.api.members.list({ organizationId });
    expect(members.data.map(({ email }) => email)).not.toContain(person.email);
    // The organization is to them as one that never was.
    const [left, never] = await newcomer.page.evaluate(
      (ids) =>
        Promise.all(
          ids.map(async (id) => {
            const answer = await fetch(`/v1/organizations/${id}/members`);
            return [answer.status, ((await answer.json()) as { code: string }).code];
          }),
        ),
      [organizationId, 'org_that_never_was_here'],
    );
    expect(left?.[0]).toBeGreaterThanOrEqual(403);
    expect(left).toEqual(never);
  });

  it('are invited by keyboard alone', async () => {
    const { page } = await member(stage, organizationId, 'admin');
    const { keyboard } = page;
    await page.goto(`${stage.url}/settings/members?organization=${organizationId}`);
    await page.getByRole('button', { name: 'Invite somebody' }).waitFor();
    await tabTo(page, 'Invite somebody');
    await keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Invite somebody' }).waitFor();
    await expect.poll(() => focused(page)).toBe('E-mail');
    await keyboard.type('by.hand@example.com');
    await tabTo(page, 'Developer');
    await keyboard.press('ArrowDown');
    expect(await page.getByRole('radio', { name: 'Viewer' }).isChecked()).toBe(true);
    await tabTo(page, 'Invite');
    await keyboard.press('Enter');
    await page.getByRole('row', { name: 'by.hand@example.com' }).getByText('Viewer').waitFor();
    expect(await stage.link('by.hand@example.com', '/invitation')).toContain(`${stage.url}/invitation#`);
  });
});
