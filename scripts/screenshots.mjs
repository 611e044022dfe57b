// Takes pictures of every page of the dashboard: `node scripts/screenshots.mjs <directory> [name]`. Prints the list of files.
import { join } from 'node:path';
import { createServer } from 'vite';
import { build, root, staleness } from './build.mjs';
import { withLock } from './lock.mjs';

const [directory, only] = process.argv.slice(2);
if (directory === undefined) {
  console.error('Name a directory: node scripts/screenshots.mjs <directory> [the beginning of a page’s name]');
  process.exit(1);
}
if (staleness()) await withLock(root, console.error, build);

const source = (path) => join(root, 'packages', path);
// The stage of the browser tests is TypeScript; vite, which builds the pages, can run it as it is.
const vite = await createServer({
  configFile: false,
  root,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
  resolve: {
    alias: [{ find: /^@latchkey\/(core|client|server)$/, replacement: source('$1/src/index.ts') }],
  },
});
try {
  const { takeScreenshots } = await vite.ssrLoadModule(join(root, 'test/browser/screenshots.ts'));
  for (const file of await takeScreenshots(directory, only)) console.log(file);
} finally {
  await vite.close();
}
