// What each role is offered: the places and actions that it may use, nothing that would be refused, and nothing less.

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../servers/chromium.js';
import { member, operator } from './people.js';
import { openStage, type Stage, type Visitor } from './stage.js';
import { settled } from './tour.js';
import { makeWorld, type World } from './world.js';

const PLACES = ['API keys', 'Docs', 'Usage', 'Audit log', 'API keys', 'Organization', 'Members', 'Projects', 'Account'];
const KEY_ACTIONS = ['Details', 'Rotate…', 'Disable', 'Revoke…'];

/** By hand, from what the roles are for; not from the table of roles, which it is held against. */
interface Offered {
  places: string[];
  createKey: boolean;
  keyActions: string[];
  /** On the page of members; `manages`: those whose role may be changed and who may be removed. */
  members: { invites: boolean; seesInvitations: boolean; manages: string[] };
}
const LOOKS_ONLY: Offered['members'] = { invites: false, seesInvitations: false, manages: [] };
const MANAGES_ALL: Offered['members'] = { invites: true, seesInvitations: true, manages: ['owner', 'viewer'] };

const OFFERED: Record<string, Offered> = {
  operator: {
    places: [...PLACES.slice(0, 4), 'Overview', 'Tiers', 'Organizations', 'Operators', ...PLACES.slice(4)],
    createKey: true,
    keyActions: [...KEY_ACTIONS, 'Delete…'],
    members: MANAGES_ALL,
  },
  owner: { places: PLACES, createKey: true, keyActions: [...KEY_ACTIONS, 'Delete…'], members: MANAGES_ALL },
  admin: {
    places: PLACES,
    createKey: true,
    keyActions: [...KEY_ACTIONS, 'Delete…'],
    members: { ...MANAGES_ALL, manages: ['viewer'] },
  },
  developer: { places: PLACES, createKey: true, keyActions: KEY_ACTIONS, members: LOOKS_ONLY },
  viewer: { places: PLACES, createKey: false, keyActions: [], members: LOOKS_ONLY },
  billing: {
    places: PLACES.filter((place) => place !== 'API keys' && place !== 'Audit log'),
    createKey: false,
    keyActions: [],
    members: LOOKS_ONLY,
  },
};

describe.skipIf(findChromium() === null)('what each role is offered', () => {
  let stage: Stage;
  let world: World;
  beforeAll(async () => {
    stage = await openStage();
    world = await makeWorld(stage);
    // Of whom the page of members tells.
    for (const role of ['owner', 'viewer'] as const) await member(stage, world.organization.id, role);
    await stage.leave();
  });
  afterAll(() => stage?.close());
  afterEach(() => stage.leave());

  const enter = (role: string): Promise<Visitor> =>
    role === 'operator' ? operator(stage) : member(stage, world.organization.id, role as 'owner');

  it.each(Object.keys(OFFERED))(
    '%s: the places and controls of the role, and no call that is refused',
    async (role) => {
      const expected = OFFERED[role] as (typeof OFFERED)[string];
      const visitor = await enter(role);
      const { page } = visitor;
      await page.goto(
        `${stage.url}/settings/account?organization=${world.organization.id}&project=${world.project.id}`,
      );
      const navigation = page.getByRole('navigation', { name: 'Main navigation' });
      await navigation.getByRole('link', { name: 'Account' }).waitFor();
      await settled(visitor);
      const places = await navigation.getByRole('link').allInnerTexts();
      expect(places.map((place) => place.trim())).toEqual(expected.places);

      const seen = { createKey: false, keyActions: [] as string[], members: LOOKS_ONLY };
      for (const place of new Set(expected.places)) {
        await navigation.getByRole('link', { name: place, exact: true }).first().click();
        await page
          .getByRole('heading', { level: 1, name: place === 'Docs' ? /./ : place })
          .first()
          .waitFor();
        await settled(visitor);
        if (place === 'Members') seen.members = await offeredOnMembers(page);
        if (place === 'API keys') {
          await page.getByRole('link', { name: 'Web application' }).waitFor();
          seen.createKey = await page.getByRole('button', { name: 'Create new API key' }).isVisible();
          seen.keyActions = await actionsOn(page, 'Web application');
        }
      }
      const { places: _, ...controls } = expected;
      expect(seen).toEqual(controls);
      // Where a start without a wish leads is offered too.
      await page.goto(stage.url);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await settled(visitor);
      expect(visitor.forbidden).toEqual([]);
    },
  );

  it.each(['viewer', 'billing'])('%s: a page that is not offered says so and asks for nothing', async (role) => {
    const visitor = await enter(role);
    const { page, forbidden } = visitor;
    await page.goto(`${stage.url}/dashboard/tiers`);
    await page.getByRole('heading').first().waitFor();
    await settled(visitor);
    expect(await page.getByRole('button', { name: 'Create tier' }).count()).toBe(0);
    expect(forbidden).toEqual([]);
  });
});

async function offeredOnMembers(page: Page): Promise<Offered['members']> {
  await page
    .getByRole('row', { name: /viewer person/ })
    .first()
    .waitFor();
  const manages = [];
  for (const role of ['owner', 'viewer']) {
    const canChange = await page.locator(`input[aria-label="Role of ${role} person"]`).first().isVisible();
    const canRemove = await page
      .getByRole('button', { name: `Actions: ${role} person` })
      .first()
      .isVisible();
    expect(canRemove, `${role}: changed and removed by the same people`).toBe(canChange);
    if (canChange) manages.push(role);
  }
  return {
    invites: await page.getByRole('button', { name: 'Invite somebody' }).isVisible(),
    seesInvitations: await page.getByRole('heading', { name: 'Open invitations' }).isVisible(),
    manages,
  };
}

/** What the menu of a key offers; nothing where there is none. */
async function actionsOn(page: Page, key: string): Promise<string[]> {
  const menu = page.getByRole('button', { name: `Actions for ${key}` }).first();
  if (!(await menu.isVisible())) return [];
  await menu.click();
  await page.getByRole('menuitem').first().waitFor();
  const items = await page.getByRole('menuitem').allInnerTexts();
  await page.keyboard.press('Escape');
  return items.map((item) => item.trim());
}
