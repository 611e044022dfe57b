// A PostgreSQL for a bench: the one that the tests find (`LATCHKEY_TEST_POSTGRES_URL`, a binary, a package), started on loopback.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { Client } = createRequire(new URL('../packages/server/package.json', import.meta.url))('pg');

/** `settings`: more of the server's, by name. @returns {Promise<{ database(): Promise<string>, size(url: string): Promise<number>, dispose(): Promise<void> }>} */
export async function openPostgres(settings = {}) {
  const { createViteServer } = await import('vitest/node');
  // The finder is TypeScript, so it is loaded as the tests load it.
  const vite = await createViteServer({
    ...{ root, configFile: false, logLevel: 'error', appType: 'custom' },
    server: { middlewareMode: true, watch: null, hmr: false, ws: false },
    optimizeDeps: { noDiscovery: true, include: [] },
  });
  const { startPostgres } = await vite.ssrLoadModule('/test/servers/postgres.ts');
  const server = await startPostgres({ settings: { shared_buffers: '256MB', max_wal_size: '4GB', ...settings } });
  return {
    database: () => server.database(),
    async size(url) {
      const client = new Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query('select pg_database_size(current_database()) as bytes');
      await client.end();
      return Number(rows[0].bytes);
    },
    async dispose() {
      await server.dispose();
      await vite.close();
    },
  };
}
