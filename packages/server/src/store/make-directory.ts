// Making a directory with its parents, for its owner alone. It never touches one that is there.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * One level after the other: where nothing can be made, such as below /proc, Node's recursive way does not come back.
 * @throws the error of the level that cannot be made
 */
export function makeDirectory(dir: string): void {
  if (existsSync(dir)) return;
  const parent = dirname(dir);
  if (parent !== dir) makeDirectory(parent);
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    // Somebody else made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
