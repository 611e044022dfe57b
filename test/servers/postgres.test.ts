// The server that tests run on does what its handle says: it stops, dies, hangs and comes back with its data.

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPostgres, type PostgresServer, startPostgres } from './postgres.js';

const found = findPostgres();

describe.skipIf(found === null || 'url' in found)('a PostgreSQL of its own', () => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.database();
  });
  afterAll(() => server.dispose());

  const ask = async (sql: string, patienceMs = 15_000): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: patienceMs });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query(sql)).rows;
    } finally {
      client.end().catch(() => {});
    }
  };

  it('keeps what was committed through a stop and a SIGKILL, on the same port', async () => {
    await ask('create table t (n int)');
    await ask('insert into t values (1)');
    await server.kill();
    expect(server.pid).toBeNull();
    await expect(ask('select 1')).rejects.toThrow();
    await server.start();
    await ask('insert into t values (2)');
    await server.stop();
    await server.start();
    expect(await ask('select n from t order by n')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('hangs while paused, open connections included, and answers them once resumed', async () => {
    const open = new pg.Client({ connectionString: url });
    await open.connect();
    server.pause();
    let answered = false;
    const answer = open.query('select 1 as one').then(({ rows }) => {
      answered = true;
      return rows;
    });
    await expect(ask('select 1', 200)).rejects.toThrow();
    expect(answered).toBe(false);
    server.resume();
    expect(await answer).toEqual([{ one: 1 }]);
    await open.end();
  });
});
