// Runs every test, streams what they print, and ends with one line: `N passed, N failed, N skipped`.
// `--soak` runs the long ones instead; other arguments go to vitest, such as a file or `-t name`.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const soak = args.includes('--soak');

const scratch = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
const countsFile = join(scratch, 'counts.json');

function vitest() {
  const cli = join(root, 'node_modules/vitest/vitest.mjs');
  if (!existsSync(cli)) throw new Error('vitest is not installed. Fix: run `node scripts/boot.mjs`, then try again.');
  const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts/count-reporter.mjs')}`];
  return run(process.execPath, [cli, 'run', ...reporters, ...args.filter((arg) => arg !== '--soak')], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, LATCHKEY_TEST_COUNTS: countsFile, ...(soak ? { LATCHKEY_SOAK: '1' } : {}) },
  });
}

const counts = { passed: 0, failed: 0, skipped: 0 };
let code = 1;
try {
  code = await vitest();
  if (existsSync(countsFile)) Object.assign(counts, JSON.parse(readFileSync(countsFile, 'utf8')));
} catch (error) {
  console.error(error.message);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

if (counts.passed + counts.failed === 0) {
  console.error('No test ran. Fix: check the file or name given, and what vitest says above.');
  code ||= 1;
} else if (code !== 0 && counts.failed === 0) {
  console.error('vitest failed outside any test; its reason is above.');
  counts.failed = 1;
}
process.exitCode = typeof code === 'string' ? 1 : code || (counts.failed ? 1 : 0);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
