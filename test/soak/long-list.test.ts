// A project of 10,000 keys in a real browser: loading all, scrolling through and filtering block the page for no longer than 200 ms at a time.
// LATCHKEY_LIST_KEYS makes it shorter. It measures, so it runs alone on its machine.

import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { member } from '../browser/people.js';
import { openStage, type Stage } from '../browser/stage.js';
import { settled } from '../browser/tour.js';
import { findChromium } from '../servers/chromium.js';

const KEYS = Number(process.env.LATCHKEY_LIST_KEYS ?? 10_000);
const LONGEST_MS = 200;

describe.skipIf(findChromium() === null)(`a list of ${KEYS} keys`, () => {
  let stage: Stage;
  let organizationId: string;
  let projectId: string;

  beforeAll(async () => {
    stage = await openStage();
    organizationId = (await stage.api.organizations.create({ name: 'Many' })).id;
    projectId = (await stage.api.projects.create({ organizationId, name: 'Keys' })).id;
    for (let made = 0; made < KEYS; made += 500) {
      const keys = Array.from({ length: Math.min(500, KEYS - made) }, (_, at) => ({
        name: `Key number ${made + at}`,
        digest: { algorithm: 'sha256' as const, value: createHash('sha256').update(randomBytes(32)).digest('hex') },
        prefix: 'sk_live_',
        hint: `${(made + at) % 10_000}`.padStart(4, '0'),
      }));
      await stage.api.keys.import({ projectId, keys });
    }
  });
  afterAll(() => stage?.close());

  it('scrolls and filters without a task of more than 200 ms', async () => {
    const visitor = await member(stage, organizationId, 'owner');
    const { page } = visitor;
    await page.addInitScript(() => {
      const seen: { from: string; ms: number }[] = [];
      Object.assign(globalThis, { longTasks: seen, doing: 'loading' });
      new PerformanceObserver((list) => {
        const { doing } = globalThis as unknown as { doing: string };
        for (const { duration } of list.getEntries()) seen.push({ from: doing, ms: Math.round(duration) });
      }).observe({ type: 'longtask', buffered: true });
    });
    const doing = (name: string) => page.evaluate((now) => Object.assign(globalThis, { doing: now }), name);
    await page.goto(`${stage.url}/dashboard/api-keys?organization=${organizationId}&project=${projectId}`);
    await page
      .getByText(`Key number ${KEYS - 1}`)
      .first()
      .waitFor();
    await settled(visitor);

    await doing('scrolling');
    await page.mouse.move(720, 600);
    for (let turn = 0; turn < 120; turn++) await page.mouse.wheel(0, 2_000);
    await page.waitForTimeout(500);
    for (let turn = 0; turn < 120; turn++) await page.mouse.wheel(0, -2_000);
    await page.waitForTimeout(500);

    await doing('filtering');
    const search = page
      .getByRole('searchbox')
      .or(page.getByRole('textbox', { name: /search/i }))
      .first();
    await search.pressSequentially('number 7799', { delay: 30 });
    await page.getByText('Key number 7799', { exact: true }).first().waitFor();
    await search.fill('');
    await page
      .getByText(`Key number ${KEYS - 1}`)
      .first()
      .waitFor();
    await page.waitForTimeout(1_000);

    const tasks = await page.evaluate(
      () => (globalThis as unknown as { longTasks: { from: string; ms: number }[] }).longTasks,
    );
    const longest = (from: string) => Math.max(0, ...tasks.filter((task) => task.from === from).map(({ ms }) => ms));
    console.log(
      `longest tasks with ${KEYS} keys: loading ${longest('loading')} ms, scrolling ${longest('scrolling')} ms, filtering ${longest('filtering')} ms`,
    );
    expect(Math.max(longest('scrolling'), longest('filtering'))).toBeLessThanOrEqual(LONGEST_MS);
    await stage.leave();
  });
});
