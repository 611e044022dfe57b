// Opens the store of one node: a SQLite file behind the Store port. Tables and queries live beside it.

import { LatchkeyError, type Store } from '@latchkey/core';
import { Kysely, sql } from 'kysely';
import { openSqlite } from './dialect/sqlite.js';
import { migrate } from './migrations/migrate.js';
import { transact } from './query.js';
import type { Schema } from './schema.js';
import { booksOf, viewOf } from './view.js';

/**
 * Opens the database, made when missing (directory 0700, file 0600), and brings its tables up to date.
 * Work inside `transaction` must use the view it is given: the store itself waits until the transaction has ended.
 * @throws LatchkeyError `unavailable` when it cannot be opened, `configuration_invalid` when a newer version wrote it.
 */
export async function openSqliteStore(options: { file: string }): Promise<Store> {
  const database = openSqlite(options.file);
  const db = new Kysely<Schema>({ dialect: database.dialect });
  try {
    await migrate(db);
  } catch (error) {
    database.close();
    throw error;
  }
  /** Between two transactions, never inside one. */
  const alone = <T>(work: () => T): Promise<T> => db.connection().execute(async () => work());
  let closed: Promise<void> | null = null;

  return {
    ...viewOf(db),
    ...booksOf(db),
    transaction: (work) => transact(db, (trx) => work(viewOf(trx))),
    async ping() {
      await sql`select 1`.execute(db);
    },
    // In this process, so its clock is the process's.
    time: async () => Date.now(),
    backup: (file) => database.backup(file, alone),
    integrity: () => alone(() => database.integrity()),
    close() {
      closed ??= alone(() => database.close());
      return closed;
    },
  };
}

/**
 * As `openSqliteStore`, at a start: a database that cannot be opened will not heal by waiting.
 * @throws LatchkeyError `configuration_invalid` naming the file, with what SQLite says of it
 */
export async function openDatabase(file: string): Promise<Store> {
  try {
    return await openSqliteStore({ file });
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code === 'configuration_invalid') throw error;
    const { cause } = error;
    throw new LatchkeyError(
      'configuration_invalid',
      `The database ${file} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}. If it is damaged, put a backup in its place with \`latchkey restore\`.`,
      { cause: error },
    );
  }
}
