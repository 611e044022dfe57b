// Pictures of every page and state, in light and dark, wide and narrow. Run by scripts/screenshots.mjs.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openStage } from './stage.js';
import { STOPS, setOut, visit } from './tour.js';

/** Resolves to the files, in the order of the tour. `only`: stops whose name begins so. */
export async function takeScreenshots(directory: string, only = ''): Promise<string[]> {
  mkdirSync(directory, { recursive: true });
  const stage = await openStage();
  const files: string[] = [];
  try {
    const party = await setOut(stage);
    for (const stop of STOPS.filter(({ name }) => name.startsWith(only))) {
      await visit(stage, stop, party, async (page, { scheme, size }) => {
        const path = join(directory, `${stop.name}.${size}.${scheme}.png`);
        await page.screenshot({ path, fullPage: true, animations: 'disabled' });
        files.push(path);
      });
    }
    await stage.leave();
  } finally {
    await stage.close();
  }
  return files;
}
