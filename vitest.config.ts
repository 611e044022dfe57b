// How the tests run: straight from the sources, no build needed. The soak tests run alone, under LATCHKEY_SOAK=1.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const soak = process.env.LATCHKEY_SOAK === '1';
const source = (path: string) => fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@latchkey\/(core|client|server)$/, replacement: source('$1/src/index.ts') },
      { find: /^@latchkey\/client\/(.+)$/, replacement: source('client/src/$1.ts') },
    ],
  },
  test: {
    include: soak
      ? ['test/soak/**/*.test.ts']
      : ['packages/**/*.test.ts', 'test/**/*.test.ts', 'profiles/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/data/**', ...(soak ? [] : ['test/soak/**'])],
    // Processes, because the tests load a native SQLite and start servers; two, so that a small machine keeps its timings.
    pool: 'forks',
    maxWorkers: 2,
    // Gives tests that start servers a directory, and searches it for their secrets in the end.
    globalSetup: 'test/secrecy/whole-run.ts',
    // Enough for a machine that is several times slower than ours: what hangs shows all the same.
    testTimeout: soak ? 3_600_000 : 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
