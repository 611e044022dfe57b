// Finds a Chromium for tests and launches it: one that is named, the machine's, one that a package ships, or Debian's. Judges no page.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { inCache, installWithApt, onPath } from './server-process.js';

/** A program to start, and where its libraries lie when they came with it. */
export interface ChromiumProgram {
  file: string;
  libraries: string | null;
}

export const HOW_TO_GET_CHROMIUM =
  'No Chromium was found: set LATCHKEY_TEST_CHROMIUM to the file of one, or put chromium or google-chrome on the PATH (Debian: apt-get install chromium; macOS: brew install --cask chromium).';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const PACKAGE = '@sparticuz/chromium';

let found: ChromiumProgram | null | undefined;

/** Looks once per process; what it unpacks or installs stays for the next time. Says loudly when there is none. */
export function findChromium(): ChromiumProgram | null {
  if (found === undefined) {
    const named = process.env.LATCHKEY_TEST_CHROMIUM;
    found = named
      ? { file: named, libraries: null }
      : (onMachine() ?? shipped() ?? (installWithApt('chromium') ? onMachine() : null));
    if (found === null) console.error(`\n  SKIPPED: ${HOW_TO_GET_CHROMIUM}\n`);
  }
  return found;
}

const environment = ({ libraries }: ChromiumProgram): Record<string, string> | undefined =>
  libraries === null ? undefined : ({ ...process.env, LD_LIBRARY_PATH: libraries } as Record<string, string>);

const sandbox = (): string[] => (process.getuid?.() === 0 ? ['--no-sandbox'] : []);

const runs = (program: ChromiumProgram): boolean =>
  spawnSync(program.file, ['--version', ...sandbox()], {
    stdio: 'ignore',
    timeout: 30_000,
    env: environment(program) ?? process.env,
  }).status === 0;

function onMachine(): ChromiumProgram | null {
  for (const name of NAMES) {
    const directory = onPath(name);
    const program = directory && { file: join(directory, name), libraries: null };
    if (program && runs(program)) return program;
  }
  return null;
}

/** The one that is packed into a dev dependency, for Linux on x64; with its own libraries where the machine has them not. */
function shipped(): ChromiumProgram | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const home = inCache('chromium', (directory) => {
    const unpack = `import chromium from '${PACKAGE}'; await chromium.executablePath();`;
    const options = {
      cwd: import.meta.dirname,
      stdio: 'ignore',
      timeout: 300_000,
      // It unpacks below the directory for temporary files; where it takes the machine for a bare one, its libraries too.
      env: { ...process.env, TMPDIR: directory, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' },
    } as const;
    return spawnSync(process.execPath, ['--input-type=module', '-e', unpack], options).status === 0;
  });
  const file = home && join(home, 'chromium');
  if (!file || !existsSync(file)) return null;
  const libraries = [null, join(home, 'al2023', 'lib')];
  return libraries.map((place) => ({ file, libraries: place })).find(runs) ?? null;
}

/** @throws Error when there is no program: ask `findChromium` first. */
export async function launchChromium(): Promise<Browser> {
  const program = findChromium();
  if (program === null) throw new Error(HOW_TO_GET_CHROMIUM);
  const env = environment(program);
  return chromium.launch({
    executablePath: program.file,
    headless: true,
    args: [...sandbox(), '--disable-dev-shm-usage', '--disable-gpu'],
    ...(env && { env }),
  });
}
