// Builds every package into its dist/ and puts profiles/, examples/ and the dashboard beside the server's code. Node built-ins only.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildDashboard, dashboardStaleness } from './build-dashboard.mjs';
import { fingerprint, isMade, isTest, walk } from './fingerprint.mjs';
import { withLock } from './lock.mjs';
import { run } from './run.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folders an operator needs at run time, copied into packages/server/dist/. */
const SHIPPED = ['profiles', 'examples'];
const STAMP = join(root, 'packages/server/dist/.build-stamp');
/** Folders of the server's dist/ that no source of the server is compiled to. */
const NOT_COMPILED = [...SHIPPED, 'dashboard'];

/** Why a build is needed, as a clause for a sentence; undefined when dist/ matches the sources. */
export function staleness() {
  if (!existsSync(STAMP)) return 'there is no finished build yet';
  if (readFileSync(STAMP, 'utf8').trim() !== current()) return 'the sources changed since the last build';
  const lost = packages()
    .flatMap(sources)
    .find(({ output }) => !existsSync(output));
  if (lost) return `${relative(root, lost.output)} is missing`;
  if (SHIPPED.some((name) => existsSync(join(root, name)) && !existsSync(join(dirname(STAMP), name)))) {
    return 'the profiles or examples are missing from the build';
  }
  return dashboardStaleness();
}

/** Compiles, drops outputs whose source is gone, copies, and stamps. Sources that change meanwhile stay stale. */
export async function build() {
  const print = current();
  rmSync(STAMP, { force: true });
  for (const folder of packages()) {
    // tsc trusts its notes about what it wrote; with an output gone they are wrong.
    const gone = sources(folder).some(({ output }) => !existsSync(output));
    if (gone) rmSync(join(folder, 'dist/tsconfig.tsbuildinfo'), { force: true });
  }
  await compile();
  for (const folder of packages()) prune(folder);
  for (const name of SHIPPED) copy(name);
  await buildDashboard();
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, `${print}\n`);
}

/** The package folders that `tsc -b` compiles: the references of the root tsconfig. */
function packages() {
  const references = readFileSync(join(root, 'tsconfig.json'), 'utf8').matchAll(/"path":\s*"([^"]+)"/g);
  return [...references].map(([, path]) => join(root, path));
}

function sources(folder) {
  return walk(join(folder, 'src'))
    .filter((path) => /(?<!\.d)\.ts$/.test(path) && !isTest(path))
    .map((path) => ({
      path,
      output: join(folder, 'dist', relative(join(folder, 'src'), path).replace(/\.ts$/, '.js')),
    }));
}

const current = () =>
  fingerprint(root, [
    ...['tsconfig.json', 'tsconfig.base.json', 'package-lock.json'].map((name) => join(root, name)),
    ...packages().flatMap((folder) => [
      join(folder, 'package.json'),
      join(folder, 'tsconfig.json'),
      ...walk(join(folder, 'src')).filter((path) => !isTest(path)),
    ]),
    ...SHIPPED.flatMap((name) => walk(join(root, name))),
    fileURLToPath(import.meta.url),
  ]);

async function compile() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  if (!existsSync(tsc)) throw new Error('The TypeScript compiler is not installed. Fix: run `node scripts/boot.mjs`.');
  const code = await run(process.execPath, [tsc, '-b'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (code === 0) return;
  throw new Error(
    typeof code === 'string'
      ? `The build was interrupted (${code}). Fix: run it again.`
      : 'The build stopped at the type errors above. Fix: correct them in the named files, then run it again.',
  );
}

/** Removes what earlier sources left in dist/, so that a deleted file cannot be imported. */
function prune(folder) {
  const kept = new Set(sources(folder).map(({ output }) => output.replace(/\.js$/, '')));
  const dist = join(folder, 'dist');
  for (const path of walk(dist)) {
    if (NOT_COMPILED.includes(relative(dist, path).split(sep)[0] ?? '')) continue;
    const stem = path.replace(/(\.d\.ts|\.js)(\.map)?$/, '');
    if (stem !== path && !kept.has(stem)) rmSync(path);
  }
}

/** Swaps in a fresh copy by rename, so that a server reading the folder never meets half of it for long. */
function copy(name) {
  const target = join(dirname(STAMP), name);
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  if (existsSync(join(root, name))) {
    cpSync(join(root, name), fresh, {
      recursive: true,
      filter: (path) => !isMade(path) && !isTest(path),
    });
  }
  rmSync(target, { recursive: true, force: true });
  if (existsSync(fresh)) renameSync(fresh, target);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await withLock(root, console.error, build);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
