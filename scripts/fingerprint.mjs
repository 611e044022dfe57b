// What files a folder holds and one hash over them, to see whether something was built from what is there now. Node built-ins only.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

const MADE = new Set(['node_modules', 'dist', 'data', 'coverage']);
/** Folders that are made, not written; `src/data` only shares a name with them. */
export const isMade = (path) => MADE.has(basename(path)) && basename(dirname(path)) !== 'src';
export const isTest = (path) => /\.(test|suite)\.[cm]?tsx?$/.test(path);

/** Every file below a folder, in an order that is the same everywhere; none when there is no folder. */
export function walk(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return isMade(path) ? [] : walk(path);
      return entry.isFile() ? [path] : [];
    });
}

/** Of names and contents; files that are not there count as such. */
export function fingerprint(root, files) {
  const hash = createHash('sha256');
  for (const path of files.filter((file) => existsSync(file))) {
    hash
      .update(`${relative(root, path).split(sep).join('/')}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}
