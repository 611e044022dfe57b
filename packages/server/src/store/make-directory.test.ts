// The guarantee: a directory is made with its parents, its owner's alone, and one that cannot be made is an error, not silence.

import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeDirectory } from './make-directory.js';

const root = mkdtempSync(join(tmpdir(), 'latchkey-directory-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('is made with its parents, for its owner alone, and may be there already', () => {
  const dir = join(root, 'a', 'b', 'c');
  makeDirectory(dir);
  makeDirectory(dir);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
});

it.runIf(existsSync('/proc/self'))('that no file system takes is refused at once', () => {
  expect(() => makeDirectory('/proc/latchkey/data')).toThrow(/ENOENT/);
});
