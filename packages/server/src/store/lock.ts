// One process per data directory: a lock that the operating system releases when the process dies. No data lives in it.

import { join } from 'node:path';
import { LatchkeyError } from '@latchkey/core';
import { lockFile } from './dialect/sqlite.js';
import { makeDirectory } from './make-directory.js';

/**
 * Locks the directory, made if it is missing, until the returned function is called.
 * @throws LatchkeyError `data_dir_in_use` while somebody else holds it.
 */
export async function lockDataDir(dir: string): Promise<() => void> {
  try {
    makeDirectory(dir);
    return lockFile(join(dir, 'latchkey.lock'));
  } catch (error) {
    const cause = error instanceof LatchkeyError ? error.cause : error;
    const errcode = (cause as { errcode?: unknown } | undefined)?.errcode;
    if (errcode === 5 || errcode === 6)
      throw new LatchkeyError('data_dir_in_use', `Another process serves ${dir}: stop it, or name another directory.`, {
        cause,
      });
    throw new LatchkeyError('configuration_invalid', `The data directory ${dir} cannot be written to.`, { cause });
  }
}
