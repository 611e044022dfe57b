// The store on a real PostgreSQL: the same contract as SQLite, and what only a server can do: hang, vanish, come back.

import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { findPostgres, type PostgresServer, startPostgres } from '../../../../test/servers/postgres.js';
import { processScheduler } from '../scheduler.js';
import { openPostgresStore } from './open-postgres.js';
import { storeSuite } from './store.suite.js';

describe.skipIf(findPostgres() === null)('PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.database();
  });
  afterAll(() => server.dispose());

  storeSuite(
    'PostgreSQL',
    async () => {
      const open = () => openPostgresStore({ url, scheduler: processScheduler });
      let store = await open();
      return {
        store,
        async reopen() {
          await store.close();
          store = await open();
          return store;
        },
        async dispose() {
          await store.close();
          await emptied(url);
        },
      };
    },
    { durable: true },
  );
});

/** Leaves the tables, and nothing in them: faster than another database. */
async function emptied(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables where schemaname = 'public' and tablename <> 'migrations'`,
  );
  const deletions = rows.map(({ name }) => `delete from ${name};`).join('');
  await client.query(`set session_replication_role = replica; ${deletions}`);
  await client.end();
}
