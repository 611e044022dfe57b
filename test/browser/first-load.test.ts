// What a first visit costs and where it asks: few bytes, few requests, nobody else's host.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../servers/chromium.js';
import { member } from './people.js';
import { openStage, type Stage } from './stage.js';
import { makeWorld, type World } from './world.js';

const MOST_BYTES = 400 * 1024;
const MOST_REQUESTS = 25;

describe.skipIf(findChromium() === null)('a first visit', () => {
  let stage: Stage;
  let world: World;
  beforeAll(async () => {
    stage = await openStage();
    world = await makeWorld(stage);
  });
  afterAll(() => stage?.close());
  afterEach(() => stage.leave());

  const PATHS = ['/sign-in', '/dashboard/api-keys', '/dashboard/usage', '/dashboard/audit-log', '/settings/account'];
  it.each(PATHS)('takes at most 400 KB and 25 requests, all of them to where the page came from: %s', async (path) => {
    // Somebody who was here before, in a browser that remembers nothing but who they are.
    const visitor = path === '/sign-in' ? await stage.visitor() : await member(stage, world.organization.id, 'owner');
    const { page, requests, idle } = visitor;
    await page.goto('about:blank');
    const devtools = await visitor.context.newCDPSession(page);
    await devtools.send('Network.clearBrowserCache');
    requests.length = 0;
    await page.goto(stage.url + path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await idle();
    const sizes = await Promise.all(requests.map((request) => request.sizes()));
    const bytes = sizes.reduce(
      (sum, { responseBodySize, responseHeadersSize }) => sum + responseBodySize + responseHeadersSize,
      0,
    );
    console.log(`${path}: ${requests.length} requests, ${Math.round(bytes / 1024)} KB`);
    expect(requests.length).toBeLessThanOrEqual(MOST_REQUESTS);
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
    expect(new Set(requests.map((request) => new URL(request.url()).origin))).toEqual(new Set([stage.url]));
  });
});
