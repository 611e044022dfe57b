// Pictures of every page and state, in light and dark, wide and narrow. Run by scripts/screenshots.mjs.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openStage } from './stage.js';
import { PROFILES, STOPS, setOut, visit } from './tour.js';

/** Resolves to the files, in the order of the tour. `only`: stops whose name begins so. */
export async function takeScreenshots(directory: string, only = ''): Promise<string[]> {
  mkdirSync(directory, { recursive: true });
  const files: string[] = [];
  for (const profile of PROFILES) {
    const stops = STOPS.filter((stop) => stop.name.startsWith(only) && (stop.profile ?? 'textgen') === profile);
    if (stops.length === 0) continue;
    const stage = await openStage({ profile });
    try {
      const party = await setOut(stage, profile);
      for (const stop of stops) {
        await visit(stage, stop, party, async (page, { scheme, size }) => {
          const path = join(directory, `${stop.name}.${size}.${scheme}.png`);
          // A dialog lies over the window, not over all of the page.
          const fullPage = !(await page.getByRole('dialog').isVisible());
          await page.evaluate(() => scrollTo(0, 0));
          await page.screenshot({ path, fullPage, animations: 'disabled' });
          files.push(path);
        });
      }
      await stage.leave();
    } finally {
      await stage.close();
    }
  }
  return files;
}
