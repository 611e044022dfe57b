// Every page and state under axe: wide and narrow, light and dark, without a single violation.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../servers/chromium.js';
import { expectAccessible } from './accessibility.js';
import { openStage, type Stage } from './stage.js';
import { STOPS, setOut, visit } from './tour.js';

/** In the second look at a width nothing but the colours is another. */
const COLOURS = ['color-contrast'];

describe.skipIf(findChromium() === null)('every page and state', () => {
  let stage: Stage;
  let party: Awaited<ReturnType<typeof setOut>>;
  beforeAll(async () => {
    stage = await openStage();
    party = await setOut(stage);
  });
  afterAll(() => stage?.close());

  it.each(STOPS)('is accessible: $name', async (stop) => {
    await visit(stage, stop, party, async (page, { size, scheme }) => {
      const isFirst = (size === 'desktop') === (scheme === 'light');
      await expectAccessible(page, `${stop.name}, ${size}, ${scheme}`, isFirst ? undefined : COLOURS);
      expect(await sticksOut(page), `${stop.name} scrolls sideways at ${size}`).toBe(0);
    });
  });

  it('and none of them broke a rule of the house', () => stage.leave());
});

/** By how many pixels the page is wider than its window. */
const sticksOut = (page: { evaluate<T>(run: () => T): Promise<T> }): Promise<number> =>
  page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));
