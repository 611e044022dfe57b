// Builds packages/dashboard into the server's dist/, each file beside its compressed forms. Left alone while its sources are the same.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { fingerprint, isTest, walk } from './fingerprint.mjs';
import { run } from './run.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCE = join(root, 'packages/dashboard');
const TARGET = join(root, 'packages/server/dist/dashboard');
const STAMP = join(root, 'packages/server/dist/.dashboard-stamp');
/** Not the HTML: it gets a nonce with each answer. */
const COMPRESSED = /\.(js|css|svg)$/;

const current = () =>
  fingerprint(root, [
    join(root, 'package-lock.json'),
    ...walk(SOURCE).filter((path) => !isTest(path)),
    ...walk(join(root, 'packages/client/src')).filter((path) => !isTest(path)),
    fileURLToPath(import.meta.url),
  ]);

/** Why the pages have to be built, as a clause for a sentence; undefined when they match their sources. */
export function dashboardStaleness() {
  if (!existsSync(STAMP) || !existsSync(join(TARGET, 'index.html'))) return 'the dashboard was not built yet';
  return readFileSync(STAMP, 'utf8').trim() === current() ? undefined : 'the sources of the dashboard changed';
}

/** Builds beside the old pages and swaps by rename, so that a running server has whole ones nearly always. */
export async function buildDashboard() {
  if (dashboardStaleness() === undefined) return;
  const print = current();
  const fresh = `${TARGET}.new`;
  rmSync(STAMP, { force: true });
  rmSync(fresh, { recursive: true, force: true });
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn'];
  const code = await run(process.execPath, args, { cwd: SOURCE, stdio: ['ignore', 'inherit', 'inherit'] });
  if (code !== 0) {
    throw new Error('The dashboard could not be built, see above. Fix: correct the named files, then run it again.');
  }
  for (const path of walk(fresh).filter((path) => COMPRESSED.test(path))) compress(path);
  rmSync(TARGET, { recursive: true, force: true });
  mkdirSync(dirname(TARGET), { recursive: true });
  renameSync(fresh, TARGET);
  writeFileSync(STAMP, `${print}\n`);
}

function compress(path) {
  const bytes = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
