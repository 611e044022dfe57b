// Every page and state that there is to be looked at, in the order of the navigation. What is looked for, the caller says.

import type { Page, Route } from 'playwright-core';
import { member, operator } from './people.js';
import { atRest, DESKTOP, PHONE, type Stage, type Visitor } from './stage.js';
import { makeWorld, type World } from './world.js';

export type Who = 'nobody' | 'owner' | 'operator';

export interface Scene {
  world: World;
  /** Of an invitation that nobody has used. */
  invitationToken: string;
  portalUrl: string;
  /** The same for looking alone. */
  readOnlyUrl: string;
}

/** Those whose forms differ: permissions in one, live and test keys in the other, which has tiers too. */
export const PROFILES = ['textgen', 'accounts'] as const;
export type Profile = (typeof PROFILES)[number];

export interface Stop {
  /** Also the name of its picture. */
  name: string;
  who: Who;
  /** Of what kind of installation; textgen unless it says so. */
  profile?: Profile;
  /** A page that stands here in English too. */
  isTranslated?: true;
  /** There is nothing to see of it at another size. */
  size?: Look['size'];
  path(scene: Scene): string;
  /** Brings the page into a state of its own; it shows something else first. */
  state?(page: Page, scene: Scene): Promise<void>;
  /** What the server answers to some calls in place of the truth. */
  instead?: { url: RegExp; with: 'nothing yet' | 'an error' };
}

export interface Look {
  scheme: 'light' | 'dark';
  size: 'desktop' | 'phone';
}

/** Each stop is looked at in all of them, in this order. */
export const LOOKS: readonly Look[] = [
  { scheme: 'light', size: 'desktop' },
  { scheme: 'dark', size: 'desktop' },
  { scheme: 'dark', size: 'phone' },
  { scheme: 'light', size: 'phone' },
];

const LIST_OF_KEYS = /\/v1\/projects\/[^/]+\/keys\b/;

const inProject =
  (path: string) =>
  ({ world }: Scene) =>
    `${path}?organization=${world.organization.id}&project=${world.project.id}`;

type State = NonNullable<Stop['state']>;

/** Presses one button after another, and waits for the dialog that comes of it. */
const dialogOf =
  (...buttons: (string | RegExp)[]): State =>
  async (page) => {
    for (const name of buttons) await page.getByRole('button', { name }).first().click();
    await page.getByRole('dialog').waitFor();
  };

/** The same through the menu of a row. */
const dialogFrom =
  (menu: string | RegExp, item: string | RegExp): State =>
  async (page) => {
    await page.getByRole('button', { name: menu }).first().click();
    await page.getByRole('menuitem', { name: item }).click();
    await page.getByRole('dialog').waitFor();
  };

/** A new key with everything that can be said about it. */
const newKey = dialogOf('Create new API key', /^Permissions, restrictions/);

const keyPath = (key: keyof World['keys'], tab: string) => (scene: Scene) =>
  `${inProject(`/dashboard/api-keys/${scene.world.keys[key].id}`)(scene)}&tab=${tab}`;

export const STOPS: readonly Stop[] = [
  { name: 'sign-in', who: 'nobody', path: () => '/sign-in' },
  { name: 'sign-up', who: 'nobody', path: () => '/sign-up' },
  { name: 'forgot-password', who: 'nobody', path: () => '/forgot-password' },
  { name: 'reset-password', who: 'nobody', path: () => '/reset-password#no-such-token-in-this-installation' },
  { name: 'verify-email', who: 'nobody', path: () => '/verify-email#no-such-token-in-this-installation' },
  { name: 'change-email', who: 'owner', path: () => '/change-email#no-such-token-in-this-installation' },
  { name: 'invitation', who: 'nobody', path: ({ invitationToken }) => `/invitation#${invitationToken}` },
  { name: 'invitation-over', who: 'nobody', path: () => '/invitation#no-such-token-in-this-installation' },
  { name: 'portal', who: 'nobody', path: ({ portalUrl }) => portalUrl },
  {
    name: 'portal-key',
    who: 'nobody',
    path: ({ portalUrl }) => portalUrl,
    state: async (page) => {
      await page.getByRole('link', { name: 'Web application' }).click();
      await page.getByRole('heading', { level: 1, name: 'Web application' }).waitFor();
    },
  },
  { name: 'portal-read-only', who: 'nobody', path: ({ readOnlyUrl }) => readOnlyUrl },
  { name: 'portal-over', who: 'nobody', path: () => '/portal#lk_portal_no-such-token' },
  { name: 'nothing-here', who: 'owner', path: () => '/nothing/here' },
  { name: 'api-keys', who: 'owner', path: inProject('/dashboard/api-keys') },
  {
    name: 'api-keys-empty',
    who: 'owner',
    path: ({ world }) => `/dashboard/api-keys?organization=${world.organization.id}&project=${world.emptyProject.id}`,
  },
  {
    name: 'api-keys-loading',
    who: 'owner',
    path: inProject('/dashboard/api-keys'),
    instead: { url: LIST_OF_KEYS, with: 'nothing yet' },
  },
  {
    name: 'api-keys-error',
    who: 'owner',
    path: inProject('/dashboard/api-keys'),
    instead: { url: LIST_OF_KEYS, with: 'an error' },
  },
  ...(['used', 'rotated', 'revoked', 'disabled', 'expiring'] as const).map((key) => ({
    name: `api-key-${key}`,
    who: 'owner' as const,
    path: (scene: Scene) => inProject(`/dashboard/api-keys/${scene.world.keys[key].id}`)(scene),
  })),
  { name: 'api-key-tab-refused', who: 'owner', path: keyPath('revoked', 'denials') },
  { name: 'api-key-tab-access', who: 'owner', path: keyPath('used', 'access') },
  { name: 'api-key-tab-history', who: 'owner', path: keyPath('rotated', 'history') },
  { name: 'lock-down', who: 'owner', path: keyPath('used', 'access'), state: dialogOf(/^Lock down/) },
  { name: 'create-key', who: 'owner', path: inProject('/dashboard/api-keys'), state: newKey },
  {
    name: 'rotate-key',
    who: 'owner',
    path: inProject('/dashboard/api-keys'),
    state: dialogFrom('Actions for Web application', /^Rotate/),
  },
  {
    name: 'revoke-key',
    who: 'owner',
    path: inProject('/dashboard/api-keys'),
    state: dialogFrom('Actions for Web application', /^Revoke/),
  },
  {
    name: 'legacy-api-key',
    who: 'owner',
    path: ({ world }) => `/dashboard/api-keys?organization=${world.organization.id}&project=${world.legacyProject.id}`,
  },
  { name: 'api-key-unknown', who: 'owner', path: inProject('/dashboard/api-keys/key_nothing_here') },
  { name: 'docs', who: 'owner', path: inProject('/dashboard/docs') },
  { name: 'usage', who: 'owner', path: inProject('/dashboard/usage') },
  {
    name: 'usage-error',
    who: 'owner',
    path: inProject('/dashboard/usage'),
    instead: { url: /\/v1\/usage/, with: 'an error' },
  },
  { name: 'audit-log', who: 'owner', path: inProject('/dashboard/audit-log') },
  {
    name: 'audit-log-loading',
    who: 'owner',
    path: inProject('/dashboard/audit-log'),
    instead: { url: /\/v1\/audit-events/, with: 'nothing yet' },
  },
  { name: 'organization', who: 'owner', path: inProject('/settings/organization') },
  { name: 'members', who: 'owner', path: inProject('/settings/members') },
  { name: 'projects', who: 'owner', path: inProject('/settings/projects') },
  { name: 'account', who: 'owner', path: inProject('/settings/account') },
  {
    name: 'organization-leave',
    who: 'owner',
    path: inProject('/settings/organization'),
    state: dialogOf('Leave'),
  },
  { name: 'members-invite', who: 'owner', path: inProject('/settings/members'), state: dialogOf('Invite somebody') },
  {
    name: 'members-remove',
    who: 'owner',
    path: inProject('/settings/members'),
    state: dialogFrom('Actions: viewer person', /^Remove/),
  },
  { name: 'projects-create', who: 'owner', path: inProject('/settings/projects'), state: dialogOf('Create project') },
  {
    name: 'projects-delete',
    who: 'owner',
    path: inProject('/settings/projects'),
    state: dialogFrom('Actions: Staging', 'Delete'),
  },
  { name: 'account-two-factor', who: 'owner', path: inProject('/settings/account'), state: dialogOf('Set up') },
  { name: 'account-email', who: 'owner', path: inProject('/settings/account'), state: dialogOf('Change address') },
  { name: 'account-delete', who: 'owner', path: inProject('/settings/account'), state: dialogOf('Delete account') },
  {
    name: 'account-menu',
    who: 'owner',
    path: inProject('/settings/account'),
    state: async (page) => {
      await page.getByRole('button', { name: 'Account and preferences' }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    },
  },
  {
    name: 'navigation',
    who: 'owner',
    size: 'phone',
    path: inProject('/dashboard/usage'),
    state: async (page) => {
      await page.getByRole('button', { name: 'Menu', exact: true }).click();
      await page.getByRole('link', { name: 'Audit log' }).waitFor();
    },
  },
  ...(
    [
      ['api-keys', '/dashboard/api-keys'],
      ['usage', '/dashboard/usage'],
      ['audit-log', '/dashboard/audit-log'],
      ['organization', '/settings/organization'],
      ['members', '/settings/members'],
      ['account', '/settings/account'],
    ] as const
  ).map(([name, path]) => ({
    name: `german-${name}`,
    isTranslated: true as const,
    who: 'owner' as const,
    path: (scene: Scene) => `${inProject(path)(scene)}&lang=de`,
  })),
  { name: 'overview', who: 'operator', path: () => '/dashboard' },
  { name: 'operator-organization', who: 'operator', path: inProject('/settings/organization') },
  {
    name: 'operator-create-key',
    who: 'operator',
    path: inProject('/dashboard/api-keys'),
    state: newKey,
  },
  {
    name: 'operator-projects-edit',
    who: 'operator',
    path: inProject('/settings/projects'),
    state: dialogFrom('Actions: Staging', 'Edit'),
  },
  { name: 'operator-api-keys', who: 'operator', path: inProject('/dashboard/api-keys') },
  { name: 'operator-usage', who: 'operator', path: () => '/dashboard/usage' },
  { name: 'operator-audit-log', who: 'operator', path: () => '/dashboard/audit-log' },
  { name: 'tiers', who: 'operator', path: () => '/dashboard/tiers' },
  { name: 'organizations', who: 'operator', path: () => '/dashboard/organizations' },
  {
    name: 'organizations-create',
    who: 'operator',
    path: () => '/dashboard/organizations',
    state: dialogOf('Create organization'),
  },
  { name: 'operators', who: 'operator', path: () => '/settings/operators' },
  {
    name: 'operators-invite',
    who: 'operator',
    path: () => '/settings/operators',
    state: dialogOf('Invite an operator'),
  },
  {
    name: 'operators-remove',
    who: 'operator',
    path: () => '/settings/operators',
    state: dialogFrom('Actions: Operator Person', 'Remove'),
  },
  { name: 'accounts-api-keys', profile: 'accounts', who: 'owner', path: inProject('/dashboard/api-keys') },
  {
    name: 'accounts-create-key',
    profile: 'accounts',
    who: 'operator',
    path: inProject('/dashboard/api-keys'),
    state: newKey,
  },
  { name: 'accounts-tiers', profile: 'accounts', who: 'operator', path: () => '/dashboard/tiers' },
  {
    name: 'accounts-tier-change',
    profile: 'accounts',
    who: 'operator',
    path: () => '/dashboard/tiers',
    state: dialogFrom('Actions: Team', 'Edit'),
  },
];

/** An installation with something in it, and somebody of each kind in front of it. */
export async function setOut(
  stage: Stage,
  profile: Profile = 'textgen',
): Promise<{ scene: Scene; visitors: Record<Who, Visitor> }> {
  if (profile === 'accounts') {
    const limits = { perMinute: 200, perDay: { limit: 50_000, metered: false }, concurrent: null };
    await stage.api.tiers.create({ name: 'solo', title: 'Solo', limits });
    await stage.api.tiers.create({ name: 'team', title: 'Team', limits });
  }
  const world = await makeWorld(stage);
  const organizationId = world.organization.id;
  const visitors = {
    nobody: await stage.visitor(),
    owner: await member(stage, organizationId, 'owner'),
    operator: await operator(stage),
  };
  await member(stage, organizationId, 'viewer');
  await stage.api.invitations.create({ organizationId, email: 'new.colleague@example.com', role: 'developer' });
  const invitation = new URL(await stage.link('new.colleague@example.com', '/invitation'));
  const portal = (readOnly: boolean) =>
    stage.api.portalTokens.create({ organizationId, projectId: world.project.id, readOnly });
  const [{ url: portalUrl }, { url: readOnlyUrl }] = [await portal(false), await portal(true)];
  return { scene: { world, invitationToken: invitation.hash.slice(1), portalUrl, readOnlyUrl }, visitors };
}

/** Goes to a stop and has it looked at in each of the looks. */
export async function visit(
  stage: Stage,
  stop: Stop,
  { scene, visitors }: { scene: Scene; visitors: Record<Who, Visitor> },
  see: (page: Page, look: Look) => Promise<void>,
  wanted: readonly Look[] = LOOKS,
): Promise<void> {
  const looks = wanted.filter(({ size }) => stop.size === undefined || stop.size === size);
  const visitor = visitors[stop.who];
  const { page } = visitor;
  const { instead } = stop;
  const answer = (route: Route) => (instead?.with === 'an error' ? route.fulfill(REFUSAL) : undefined);
  if (instead) await page.route(instead.url, answer);
  try {
    const first = looks[0] as Look;
    await dress(page, first);
    // Away first: another fragment of the same address is no new visit.
    await page.goto('about:blank');
    await page.goto(new URL(stop.path(scene), stage.url).href);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    if (instead?.with !== 'nothing yet') await settled(visitor);
    await stop.state?.(page, scene);
    if (stop.state) await settled(visitor);
    for (const look of looks) {
      await dress(page, look);
      await see(page, look);
    }
  } finally {
    if (instead) await page.unrouteAll({ behavior: 'ignoreErrors' });
  }
}

/** An answer that asking again would not change, so that nothing is waited for. */
const REFUSAL = {
  status: 403,
  contentType: 'application/problem+json',
  body: JSON.stringify({
    code: 'forbidden',
    detail: 'This is what a refusal looks like.',
    status: 403,
    requestId: 'req_of_the_tour',
  }),
};

async function dress(page: Page, { scheme, size }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await page.setViewportSize(size === 'desktop' ? DESKTOP : PHONE);
  await atRest(page);
}

/** Nothing is on its way, as far as the page says. */
export async function settled({ page, idle }: Pick<Visitor, 'page' | 'idle'>): Promise<void> {
  await idle();
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
}
