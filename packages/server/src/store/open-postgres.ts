// Opens the store of several nodes: a PostgreSQL database behind the Store port. Tables and queries live beside it.

import { setTimeout } from 'node:timers/promises';
import { LatchkeyError, type Scheduler, type Store, type Telemetry } from '@latchkey/core';
import { Kysely, sql } from 'kysely';
import pg from 'pg';
import { createPostgresDialect, sessionSettings, UNSOUND } from './dialect/postgres.js';
import { unavailable } from './dialect/postgres-errors.js';
import { createPool, type Pool } from './dialect/postgres-pool.js';
import { inTurn } from './in-turn.js';
import { MIGRATIONS, migrate } from './migrations/migrate.js';
import { type Db, transact } from './query.js';
import type { Schema } from './schema.js';
import { booksOf, viewOf } from './view.js';

export interface PostgresSettings {
  /** `postgres://user:password@host:port/database?sslmode=…`. Never logged. */
  url: string;
  scheduler: Scheduler;
  telemetry?: Telemetry;
  /** Connections of this process at most, for reads and for writes. */
  connections?: { read: number; write: number };
}

/** Ours among the advisory locks of the database: first the application, then what is locked. */
const CHANGES = sql`select pg_advisory_xact_lock(1279349835, 1)`;
const MIGRATING = sql`select pg_advisory_xact_lock(1279349835, 2)`;

const CONNECTIONS = { read: 4, write: 4 };
const LONG_MS = 30_000;
const LOCK_MS = 900;
const MIGRATION_MS = 15 * 60_000;
/** A server that starts together with this process, or is busy, is waited for that long. */
const START_MS = 5_000;
const TRY_AGAIN_MS = 250;

const silent: Telemetry = { log() {}, count() {}, observe() {}, gauge() {} };

/**
 * Connects, and brings the tables up to date; of several nodes that start at once one does it and the others wait. While the
 * server is away every call is refused within a second, and later at once; it is back by itself when the server is.
 * Work inside `transaction` is alone among the transactions of all nodes, and may run again when it met a conflict.
 * A server that does not answer yet is waited for five seconds.
 * @throws LatchkeyError `unavailable` when the server cannot be reached, `configuration_invalid` when it will never do
 */
export async function openPostgresStore(settings: PostgresSettings): Promise<Store> {
  const { scheduler, telemetry = silent } = settings;
  const config = clientConfig(settings.url);
  const poolOf = (sizes: { read: number; write: number }, longMs: number, lockMs: number): Pool =>
    createPool({ config, sizes, scheduler, telemetry, longMs, prepare: sessionSettings(longMs, lockMs) });

  await patiently(scheduler, () => bringUpToDate(poolOf({ read: 1, write: 1 }, MIGRATION_MS, MIGRATION_MS)));
  const pool = poolOf(settings.connections ?? CONNECTIONS, LONG_MS, LOCK_MS);
  const db: Db = new Kysely<Schema>({ dialect: createPostgresDialect(pool) });
  const turn = inTurn();
  return {
    ...viewOf(db),
    ...booksOf(db),
    // One at a time already here, so that those of one node do not hold connections while they wait for each other.
    transaction: (work) =>
      turn(() =>
        transact(db, async (trx) => {
          await CHANGES.execute(trx);
          return work(viewOf(trx));
        }),
      ),
    async ping() {
      await sql`select 1`.execute(db);
    },
    async time() {
      const { rows } = await sql<{ now: number }>`
        select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now`.execute(db);
      return (rows[0] as { now: number }).now;
    },
    async backup() {
      throw new LatchkeyError(
        'invalid_request',
        `A database on PostgreSQL is copied with its own tools: pg_dump --format=custom --file=latchkey.dump "${withoutPassword(settings.url)}", and pg_restore to put it back.`,
      );
    },
    async integrity() {
      const { rows } = await db.executeQuery<{ problem: string }>(UNSOUND);
      return rows.map(({ problem }) => problem);
    },
    close: () => pool.close(),
  };
}

/** The address as it may be shown. */
export function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'postgres://…';
  const shown = new URL(url);
  shown.password = '';
  shown.searchParams.delete('password');
  return shown.href;
}

/** @throws LatchkeyError `configuration_invalid`, which never quotes the address */
export function clientConfig(url: string): pg.ClientConfig {
  const bad = (cause?: unknown) =>
    new LatchkeyError(
      'configuration_invalid',
      'DATABASE_URL is no address of a PostgreSQL database: write postgres://user:password@host:5432/database.',
      // What the parser says may quote the address, and with it the password.
      { cause: cause === undefined ? undefined : new Error('the address cannot be read') },
    );
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) throw bad();
  const config: pg.ClientConfig = { connectionString: url };
  try {
    // Reads the address, and the files that it names, once for a clear word at the start.
    new pg.Client(config);
  } catch (cause) {
    throw bad(cause);
  }
  return config;
}

/** Credentials, the database's name, rights: waiting does not heal these. */
const WRONG = /^(28\w{3}|3D000|3F000|42501)$/;

async function patiently(scheduler: Scheduler, start: () => Promise<void>): Promise<void> {
  for (const startedAt = scheduler.now(); ; ) {
    try {
      return await start();
    } catch (error) {
      const mayHeal = error instanceof LatchkeyError && error.code === 'unavailable';
      if (!mayHeal || scheduler.now() - startedAt > START_MS) throw error;
    }
    // A timer that keeps the process alive: it may have nothing else to live for yet.
    await setTimeout(TRY_AGAIN_MS);
  }
}

async function bringUpToDate(pool: Pool): Promise<void> {
  const db: Db = new Kysely<Schema>({ dialect: createPostgresDialect(pool) });
  try {
    const { rows } = await sql<{ server_encoding: string }>`show server_encoding`.execute(db);
    if (rows[0]?.server_encoding !== 'UTF8') {
      throw new LatchkeyError(
        'configuration_invalid',
        `The database has the encoding ${rows[0]?.server_encoding}: make one with encoding UTF8.`,
      );
    }
    await migrate(db, MIGRATIONS, async (trx) => void (await MIGRATING.execute(trx)));
  } catch (error) {
    const cause = error instanceof LatchkeyError ? error.cause : error;
    if (WRONG.test(String((cause as { code?: unknown } | undefined)?.code))) {
      throw new LatchkeyError(
        'configuration_invalid',
        `PostgreSQL refuses DATABASE_URL: ${(cause as Error).message}.`,
        { cause },
      );
    }
    throw error instanceof LatchkeyError ? error : unavailable(error);
  } finally {
    await pool.close();
  }
}
