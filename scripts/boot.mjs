// Makes a clone ready to run: the right Node, the locked dependencies, a current build. Quiet when there is nothing to do.
// Node built-ins only, because it runs before anything is installed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const NODE_AT_LEAST = [20, 19];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const LOCK_FILE = join(root, 'package-lock.json');
const MODULES = join(root, 'node_modules');
const HASH_FILE = join(MODULES, '.latchkey-lock-hash');

/** To stderr, so that a command that prints JSON keeps its stdout clean. */
const say = (line) => console.error(line);

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor, needMinor] = NODE_AT_LEAST;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new Error(
    `Node ${process.versions.node} is too old: Latchkey needs ${NODE_AT_LEAST.join('.')} or newer. ` +
      'Fix: install Node 22 or 24 (with nvm: `nvm install 22`), then run this again.',
  );
}

const lockHash = () => createHash('sha256').update(readFileSync(LOCK_FILE)).digest('hex');

/** Why an install is needed, as a clause for a sentence; undefined when node_modules matches the lock. */
function installReason() {
  if (!existsSync(LOCK_FILE)) {
    throw new Error(
      'package-lock.json is missing, so nothing can be installed. Fix: `git checkout package-lock.json`.',
    );
  }
  if (!existsSync(MODULES)) return 'nothing is installed yet';
  if (!existsSync(HASH_FILE)) return 'the last install did not finish or was not made from here';
  return readFileSync(HASH_FILE, 'utf8').trim() === lockHash() ? undefined : 'package-lock.json changed';
}

async function install() {
  const hash = lockHash();
  const code = await npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code !== 0) {
    throw new Error(
      `The dependencies could not be installed: \`npm ci\` ended with ${code}, its reason is above. ` +
        'Fix: check the network and the npm registry setting (`npm config get registry`), then run this again.',
    );
  }
  recordInstall(hash);
}

function recordInstall(hash) {
  if (existsSync(MODULES)) writeFileSync(HASH_FILE, `${hash}\n`);
}

async function npm(args) {
  // Inside `npm start` npm says where it lives; that is the only form that needs no shell on Windows.
  const cli = process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : undefined;
  const [command, first] = cli ? [process.execPath, [cli]] : ['npm', []];
  // The outer npm's choice of workspace or prefix must not narrow this install.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_config_(workspaces?|prefix|local_prefix|global)$/i.test(name),
    ),
  );
  try {
    return await run(command, [...first, ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 2, 2],
      shell: !cli && process.platform === 'win32',
    });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('npm was not found, so nothing can be installed. Fix: install Node with npm, then run this again.');
  }
}

async function boot() {
  checkNode();
  // Loaded only now, so that an old Node meets the sentence above and not a missing export.
  const { build, staleness } = await import('./build.mjs');
  const { withLock } = await import('./lock.mjs');
  if (!installReason() && !staleness()) return;
  await withLock(root, say, async () => {
    // Asked again inside: the run that held the lock before may have done all of it.
    const missing = installReason();
    if (missing) {
      say(`Installing the dependencies with npm ci, because ${missing}.`);
      await install();
    }
    const stale = staleness();
    if (stale) {
      say(`Building Latchkey, because ${stale}.`);
      await build();
    }
  });
}

try {
  // npm's postinstall calls with --installed: whoever ran it, what is installed now is what the lock says.
  if (process.argv.includes('--installed')) recordInstall(lockHash());
  else await boot();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
