// The key portal in a frame of a provider's own site: what a token opens there, and who else may frame it.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keepKey, keepSecret } from '../secrecy/test-root.js';
import { findChromium } from '../servers/chromium.js';
import { expectAccessible } from './accessibility.js';
import { type FrameHost, openFrameHost } from './frame-host.js';
import { openStage, type Stage } from './stage.js';
import { ask, makeWorld, type World } from './world.js';

describe.skipIf(findChromium() === null)('the key portal in a frame', () => {
  let allowed: FrameHost;
  let stranger: FrameHost;
  let stage: Stage;
  let world: World;
  beforeAll(async () => {
    allowed = await openFrameHost();
    stranger = await openFrameHost();
    stage = await openStage({ env: { LATCHKEY_PORTAL_ORIGINS: allowed.origin } });
    world = await makeWorld(stage);
  });
  afterAll(async () => {
    await stage?.close();
    await allowed?.close();
    await stranger?.close();
  });
  afterEach(() => stage.leave());

  const token = async (given: { readOnly?: boolean } = {}): Promise<string> => {
    const made = await stage.api.portalTokens.create({
      organizationId: world.organization.id,
      projectId: world.project.id,
      ...given,
    });
    keepSecret(made.token);
    return made.url;
  };
  const framed = async (host: FrameHost, src: string) => {
    host.show(src);
    const visitor = await stage.visitor({ alsoHosts: [new URL(host.origin).host] });
    await visitor.page.clock.install();
    await visitor.page.goto(host.origin);
    return { ...visitor, frame: visitor.page.frameLocator('iframe[title="Keys"]') };
  };

  it('shows the keys of one customer, and makes one that works', async () => {
    const other = await makeWorld(stage, 'Somebody Else');
    const { page, frame, context, forbidden } = await framed(allowed, await token());
    await frame.getByRole('heading', { level: 1, name: 'API keys' }).waitFor();
    await frame.getByRole('link', { name: 'Web application' }).waitFor();
    await expectAccessible(page, 'the portal in a frame');
    await frame.getByRole('button', { name: 'Create new API key' }).click();
    await frame.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('Made in the frame');
    await frame.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
    const shown = frame
      .getByRole('dialog')
      .getByText(/^sk_live_[^\s…]+$/)
      .first();
    const secret = (await shown.innerText()).trim();
    keepKey(secret);
    expect(await ask(stage, secret)).toBe(200);
    await frame.getByRole('button', { name: 'I have stored it' }).click();
    await frame.getByRole('heading', { level: 1, name: 'Made in the frame' }).waitFor();

    // No way from there to anything of the dashboard, or to anybody else.
    expect(await frame.getByRole('navigation', { name: 'Main navigation' }).count()).toBe(0);
    expect(await frame.locator('body').innerText()).not.toContain(other.organization.name);
    expect((await context.cookies()).filter(({ name }) => name.includes('latchkey'))).toEqual([]);
    expect(forbidden).toEqual([]);

    // The token runs out while the next secret is on show: it stays until it was stored.
    await frame.getByRole('button', { name: 'Rotate', exact: true }).click();
    await frame.getByRole('dialog').getByRole('radio', { name: '1 day' }).check();
    await frame.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    const stored = frame.getByRole('button', { name: 'I have stored it' });
    await stored.waitFor();
    const next = (await shown.innerText()).trim();
    keepKey(next);
    await page.clock.fastForward('24:00:00');
    await frame.getByText(/^This page ends (yesterday|.* ago)/).waitFor({ state: 'attached' });
    expect((await shown.innerText()).trim()).toBe(next);
    await stored.click();
    await page.clock.fastForward('01:00');
    await frame.getByRole('heading', { level: 1, name: 'This page has expired' }).waitFor();
  });

  it('with a token for reading offers nothing that changes a key', async () => {
    const { frame, forbidden } = await framed(allowed, await token({ readOnly: true }));
    await frame.getByRole('link', { name: 'Web application' }).waitFor();
    expect(await frame.getByRole('button', { name: 'Create key' }).count()).toBe(0);
    expect(await frame.getByRole('button', { name: /^Actions for/ }).count()).toBe(0);
    expect(forbidden).toEqual([]);
  });

  it('does not open in a page of another origin, nor do the other pages anywhere', async () => {
    for (const [host, src] of [
      [stranger, await token()],
      [allowed, `${stage.url}/sign-in`],
      [allowed, `${stage.url}/dashboard/api-keys`],
    ] as const) {
      host.show(src);
      // Chromium tells its console why it shows nothing: that is what is waited for, and no fault here.
      const context = await stage.browser.newContext();
      const page = await context.newPage();
      const refused = page.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
      await page.goto(host.origin);
      await refused;
      expect(await page.frameLocator('iframe[title="Keys"]').getByRole('heading').count()).toBe(0);
      await context.close();
    }
  });
});
