// Every page and state under axe, in the looks that are asked for: without a single violation, and without scrolling sideways.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../servers/chromium.js';
import { expectAccessible } from './accessibility.js';
import { openStage, type Stage } from './stage.js';
import { LOOKS, type Look, PROFILES, STOPS, setOut, visit } from './tour.js';

/** One look at each width and in each of light and dark. */
const isFirst = ({ size, scheme }: Look): boolean => (size === 'desktop') === (scheme === 'light');
const FIRST_LOOKS = LOOKS.filter(isFirst);

/** In the second look at a width nothing but the colours is another. */
const COLOURS = ['color-contrast'];

/**
 * `only`: every second stop, since two files run beside each other. `isThorough`: each page that stands by itself in all four
 * looks, its states in two; else the page in two, and its states in one or the other of them by turns.
 */
export function describePages({ isThorough = false, only }: { isThorough?: boolean; only?: 'even' | 'odd' }): void {
  const stops = STOPS.filter((_, at) => only === undefined || (at % 2 === 0) === (only === 'even'));
  describe.skipIf(findChromium() === null).each(PROFILES)('every page and state, of the profile %s', (profile) => {
    let stage: Stage;
    let party: Awaited<ReturnType<typeof setOut>>;
    beforeAll(async () => {
      stage = await openStage({ profile });
      party = await setOut(stage, profile);
    });
    afterAll(() => stage?.close());

    const here = stops.filter((stop) => (stop.profile ?? 'textgen') === profile);
    it.each(here.map((stop, at) => ({ ...stop, at })))('is accessible: $name', async ({ at, ...stop }) => {
      const isOfAnother = stop.state !== undefined || stop.isTranslated === true;
      const byTurns = FIRST_LOOKS.filter((_, turn) => stop.size !== undefined || turn === at % FIRST_LOOKS.length);
      const [quick, thorough] = isOfAnother ? [byTurns, FIRST_LOOKS] : [FIRST_LOOKS, LOOKS];
      const looks = isThorough ? thorough : quick;
      const see = async (page: Page, look: Look): Promise<void> => {
        const { size, scheme } = look;
        await expectAccessible(page, `${stop.name}, ${size}, ${scheme}`, isFirst(look) ? undefined : COLOURS);
        expect(await sticksOut(page), `${stop.name} scrolls sideways at ${size}`).toBe(0);
      };
      await visit(stage, stop, party, see, looks);
    });

    it('and none of them broke a rule of the house', () => stage.leave());
  });
}

/** By how many pixels the page is wider than its window. */
const sticksOut = (page: Page): Promise<number> =>
  page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));
