// What the operator does: a tier is changed and its keys feel it with the next request; the audit log tells, and gives it away as a file.

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keepKey } from '../secrecy/test-root.js';
import { findChromium } from '../servers/chromium.js';
import { expectAccessible } from './accessibility.js';
import { chooseItem, tabTo } from './keyboard.js';
import { operator } from './people.js';
import { openStage, type Stage } from './stage.js';
import { ask } from './world.js';

describe.skipIf(findChromium() === null)('the operator', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ profile: 'swaypi' });
  });
  afterAll(() => stage?.close());
  afterEach(() => stage.leave());

  it('changes a tier after seeing what it touches; its keys feel it at once; the audit log says so and exports', async () => {
    const organizationId = (await stage.api.organizations.create({ name: 'Northwind Traders' })).id;
    const projectId = (await stage.api.projects.create({ organizationId, name: 'Main' })).id;
    const { secret, key } = await stage.api.keys.create({ projectId, name: 'On the free tier', tier: 'free' });
    keepKey(secret);
    const thrice = async (): Promise<number[]> => {
      const statuses: number[] = [];
      for (let asked = 0; asked < 3; asked++) statuses.push(await ask(stage, secret, '/v1/me'));
      return statuses;
    };
    expect(await thrice()).toEqual([200, 200, 200]);

    const { page, person } = await operator(stage);
    await page.goto(`${stage.url}/dashboard/tiers?organization=${organizationId}`);
    await page.getByRole('button', { name: 'Actions: Free' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    const editor = page.getByRole('dialog', { name: 'Edit Free' });
    await editor.getByRole('textbox', { name: 'Per minute: number' }).fill('2');
    await expectAccessible(page, 'the editor of a tier');
    await editor.getByRole('button', { name: 'See what this touches' }).click();
    await editor.getByText('Keys touched').waitFor();
    await expectAccessible(page, 'the preview of a change of a tier');
    expect(await thrice()).toEqual([200, 200, 200]);
    await editor.getByRole('button', { name: 'Save the change' }).click();
    await page.getByText('Free was changed.').waitFor();
    // Two of three at most, whenever the minute begins.
    expect(await thrice()).toContain(429);
    expect(await stage.api.keys.get({ keyId: key.id })).toMatchObject({ tier: 'free', state: 'active' });

    await page.getByRole('button', { name: 'Actions: Free' }).click();
    await page.getByRole('menuitem', { name: 'View as this tier' }).click();
    await page.getByRole('dialog', { name: 'As a key of Free' }).waitFor();
    await expectAccessible(page, 'a tier as its keys see it');
    await page.keyboard.press('Escape');

    await page.getByRole('link', { name: 'Audit log' }).click();
    await page.getByText('Installation', { exact: true }).first().click();
    const entry = page.getByRole('row').filter({ hasText: 'Changed a tier' }).first();
    await entry.waitFor();
    expect(await entry.innerText()).toContain(person.name);
    await entry.getByRole('button', { name: /^Details/ }).click();
    await page.getByRole('dialog').waitFor();
    await expectAccessible(page, 'an entry of the audit log');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });

    const save = async (format: RegExp): Promise<string> => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export' }).click();
      await page.getByRole('menuitem', { name: format }).click();
      return readFileSync(await (await download).path(), 'utf8');
    };
    const csv = await save(/^As CSV/);
    expect(csv.split(/\r?\n/)[0]).toContain('action');
    expect(csv).toContain('updateTier');
    const json = JSON.parse(await save(/^As JSON/)) as { action: string; changes: unknown }[];
    expect(json.map(({ action }) => action)).toContain('updateTier');
    for (const file of [csv, JSON.stringify(json)]) expect(file).not.toContain(secret);
  });

  it('changes a tier by keyboard alone', async () => {
    const { page } = await operator(stage);
    const { keyboard } = page;
    await page.goto(`${stage.url}/dashboard/tiers`);
    await page.getByRole('button', { name: 'Actions: Free' }).waitFor();
    await tabTo(page, 'Actions: Free');
    await keyboard.press('Enter');
    await chooseItem(page, 'Edit');
    await page.getByRole('dialog', { name: 'Edit Free' }).waitFor();
    await tabTo(page, 'Per minute: number');
    await keyboard.press('ControlOrMeta+A');
    await keyboard.type('7');
    await tabTo(page, 'See what this touches');
    await keyboard.press('Enter');
    await page.getByText('Keys touched').waitFor();
    await tabTo(page, 'Save the change');
    await keyboard.press('Enter');
    await page.getByText('Free was changed.').waitFor();
    const free = (await stage.api.tiers.list()).data.find(({ name }) => name === 'free');
    expect(free?.limits.perMinute).toBe(7);
  });

  it('takes an invitation among the operators back, and the notice makes one anew', async () => {
    const email = 'second.operator@example.com';
    const { invitation } = await stage.api.operators.invite({ email });
    const { page } = await operator(stage);
    await page.goto(`${stage.url}/settings/operators`);
    await page.getByRole('button', { name: `Take back the invitation to ${email}` }).click();
    await page.getByText('Nobody is invited at the moment.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('row', { name: email }).waitFor();
    const open = (await stage.api.operators.list()).invitations.filter(({ state }) => state === 'pending');
    // The link of the one before stays invalid.
    expect(open).toMatchObject([{ email }]);
    expect(open[0]?.id).not.toBe(invitation.id);
  });
});
