// Before all tests: a directory for their data. After them: it is searched for every secret that they used. A find fails the run.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchDirectory } from './encodings.js';
import { ROOT_VARIABLE, SECRET_FILES, SECRETS_VARIABLE, secretsIn } from './test-root.js';

const SHOWN = 20;

/** @throws Error naming the places, never the secrets */
export function judgeRun(root: string, secretsFile: string): string {
  const { files, bytes, secrets, hits } = searchDirectory(root, secretsIn(secretsFile), SECRET_FILES);
  const searched = `${secrets} secrets in every encoding, in ${files} files (${bytes} bytes)`;
  if (hits.length === 0) return `Secrecy: searched for ${searched}: none found.`;
  const more = hits.length > SHOWN ? [`… and ${hits.length - SHOWN} more`] : [];
  throw new Error([`Secrecy: ${hits.length} found of ${searched}:`, ...hits.slice(0, SHOWN), ...more].join('\n  '));
}

/** For vitest: what it returns runs once all tests are over. */
export default function setup(): () => void {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-run-'));
  const root = join(home, 'data');
  const secretsFile = join(home, 'secrets');
  mkdirSync(root, { mode: 0o700 });
  writeFileSync(secretsFile, '', { mode: 0o600 });
  process.env[ROOT_VARIABLE] = root;
  process.env[SECRETS_VARIABLE] = secretsFile;
  return () => {
    try {
      console.log(judgeRun(root, secretsFile));
    } catch (error) {
      // Thrown from here, vitest would print it and still end with 0.
      console.error((error as Error).message);
      process.exitCode = 1;
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  };
}
