// The only SQLite-specific file: the driver under Kysely, pragmas, backup, integrity check. No table is named here.

import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LatchkeyError } from '@latchkey/core';
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  type SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { makeDirectory } from '../make-directory.js';
import { judgeStorable } from './storable.js';

const STATEMENTS_KEPT = 500;
/** How long queued transactions may run on before timers and sockets get their turn. */
const TURN_MS = 10;
/** Waiting inside SQLite stops the whole process, so it is short; the rest is waited for outside. */
const BUSY_INSIDE_MS = 50;
const BUSY_OUTSIDE_MS = 2_000;
const BUSY = 5;

/** SQLite's result code without what is added in its upper bits; 0 when the error is not SQLite's. */
function primaryCode(error: unknown): number {
  const errcode = (error as { errcode?: unknown } | null)?.errcode;
  return typeof errcode === 'number' ? errcode & 0xff : 0;
}

const UNIQUE_CODES = new Set([1555, 2067, 2579]);
const FOREIGN_KEY_CODES = new Set([787, 1811]);
/** SQLITE_MISUSE and the like are our own mistakes; these are the database's: busy, locked, io, full, corrupt, cantopen … */
const OUTSIDE_CODES = new Set([3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 22, 23, 26]);

/** What a failure of the driver means to a caller; the driver's own error stays as the cause. */
export function translateSqliteError(error: unknown): unknown {
  if (error instanceof LatchkeyError) return error;
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  if (typeof errcode === 'number') {
    if (UNIQUE_CODES.has(errcode)) return new LatchkeyError('duplicate_key', undefined, { cause: error });
    if (FOREIGN_KEY_CODES.has(errcode)) return new LatchkeyError('not_found', undefined, { cause: error });
    if (OUTSIDE_CODES.has(primaryCode(error))) return unavailable(error);
  } else if (code === 'ERR_INVALID_STATE') return unavailable(error);
  else if (error instanceof Error) {
    // Of a statement that returns rows the driver gives SQLite's words without its code.
    if (error.message.startsWith('UNIQUE constraint failed'))
      return new LatchkeyError('duplicate_key', undefined, { cause: error });
    if (error.message.startsWith('FOREIGN KEY constraint failed'))
      return new LatchkeyError('not_found', undefined, { cause: error });
  }
  return new LatchkeyError('internal_error', undefined, { cause: error });
}

const unavailable = (cause: unknown) => new LatchkeyError('unavailable', undefined, { cause });

/** Runs `work` and lets only translated errors out. */
export function translating<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translateSqliteError(error);
  }
}

export interface SqliteDatabase {
  dialect: Dialect;
  /** Copies what is committed, beside the work that goes on; a database in memory needs its connection `alone` for it. */
  backup(file: string, alone: (work: () => void) => Promise<void>): Promise<void>;
  integrity(): string[];
  close(): void;
}

/** Opens the database; a new file is readable by its owner only, and so are its -wal and -shm, which take over its mode. */
export function openSqlite(file: string): SqliteDatabase {
  return translating(() => {
    const inMemory = file === ':memory:';
    if (!inMemory) {
      try {
        makeDirectory(dirname(file));
        closeSync(openSync(file, 'a', 0o600));
      } catch (cause) {
        throw new LatchkeyError('configuration_invalid', `The database ${file} cannot be made or written.`, { cause });
      }
    }
    const raw = new DatabaseSync(file);
    raw.exec(`pragma busy_timeout = ${BUSY_INSIDE_MS}`);
    if (!inMemory) raw.exec('pragma journal_mode = wal');
    raw.exec('pragma synchronous = full');
    raw.exec('pragma foreign_keys = on');
    raw.exec('pragma trusted_schema = off');
    return {
      dialect: createDialect(raw),
      backup: (target, alone) =>
        intoNewFile(target, async () => {
          if (!raw.isOpen) throw unavailable(new Error('the database is closed'));
          if (inMemory) await alone(() => raw.prepare(VACUUM_INTO).run(target));
          else await vacuumBeside(file, target);
        }),
      integrity: () => translating(() => integrityProblems(raw)),
      close: () => {
        if (raw.isOpen) translating(() => raw.close());
      },
    };
  });
}

const VACUUM_INTO = 'vacuum into ?';

/** A thread with a connection of its own: a big copy takes seconds, in which requests are still answered. */
const VACUUM_THREAD = `
  const { workerData } = require('node:worker_threads');
  const { DatabaseSync } = require(workerData.driver);
  const raw = new DatabaseSync(workerData.from, { readOnly: true });
  raw.exec('pragma busy_timeout = ${BUSY_OUTSIDE_MS}');
  raw.prepare('${VACUUM_INTO}').run(workerData.to);
  raw.close();`;

function vacuumBeside(from: string, to: string): Promise<void> {
  const driver = createRequire(import.meta.url).resolve('@photostructure/sqlite');
  return new Promise((resolve, reject) => {
    const thread = new Worker(VACUUM_THREAD, { eval: true, workerData: { driver, from, to } });
    thread.once('error', (error) => reject(unavailable(error)));
    thread.once('exit', () => resolve());
  });
}

/** Lets `fill` write a file that was not there before; what is left in the end is durable, or gone. */
async function intoNewFile(file: string, fill: () => Promise<void>): Promise<void> {
  // `wx`: never over an existing file; the empty file made here keeps its mode when SQLite fills it.
  let created: number;
  try {
    created = openSync(file, 'wx', 0o600);
  } catch (error) {
    const exists = (error as { code?: unknown }).code === 'EEXIST';
    throw new LatchkeyError('invalid_request', exists ? `${file} is already there.` : `Cannot write ${file}.`, {
      cause: error,
    });
  }
  try {
    await fill();
    fsyncSync(created);
  } catch (error) {
    rmSync(file, { force: true });
    throw translateSqliteError(error);
  } finally {
    closeSync(created);
  }
  const directory = openSync(dirname(file), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function integrityProblems(raw: DatabaseSyncInstance): string[] {
  const problems = (raw.prepare('pragma integrity_check').all() as { integrity_check: string }[])
    .map((row) => row.integrity_check)
    .filter((line) => line !== 'ok');
  for (const row of raw.prepare('pragma foreign_key_check').all() as { table: string; parent: string }[])
    problems.push(`a row of ${row.table} points to a missing row of ${row.parent}`);
  return problems;
}

/** Leaves out `for update`: a transaction has the whole file to itself here. */
class Compiler extends SqliteQueryCompiler {
  protected override visitSelectQuery({ endModifiers, ...node }: SelectQueryNode): void {
    super.visitSelectQuery(node);
  }
}

function createDialect(raw: DatabaseSyncInstance): Dialect {
  return {
    createDriver: () => createDriver(raw),
    createQueryCompiler: () => new Compiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/**
 * One connection, handed out in the order it was asked for: a transaction keeps it from begin to commit, so nothing else
 * can slip in between.
 */
function createDriver(raw: DatabaseSyncInstance): Driver {
  const waiting: (() => void)[] = [];
  let taken = false;
  let expectsTransaction = false;
  let turnStarted = 0;

  const statements = new Map<string, { statement: StatementSyncInstance; reader: boolean }>();
  const prepare = (sql: string) => {
    let entry = statements.get(sql);
    if (entry === undefined) {
      const statement = raw.prepare(sql);
      entry = { statement, reader: statement.columns().length > 0 };
      statements.set(sql, entry);
      const oldest = statements.size > STATEMENTS_KEPT ? statements.keys().next().value : undefined;
      if (oldest !== undefined) statements.delete(oldest);
    }
    return entry;
  };

  const run = <R>(query: CompiledQuery): QueryResult<R> => {
    // A full disk makes SQLite roll back by itself; what follows must not be committed one by one.
    if (expectsTransaction && !raw.isTransaction) throw unavailable(new Error('the transaction is gone'));
    judgeStorable(query.parameters);
    const { statement, reader } = prepare(query.sql);
    if (reader) return { rows: statement.all(...query.parameters) as R[] };
    const { changes } = statement.run(...query.parameters);
    return { rows: [], numAffectedRows: BigInt(changes) };
  };

  /** Tries again while somebody else, such as an operator's shell, holds the file; never in the midst of a transaction. */
  const patiently = async <T>(work: () => T): Promise<T> => {
    for (const startedAt = performance.now(); ; ) {
      try {
        return work();
      } catch (error) {
        const busy = primaryCode(error) === BUSY;
        if (!busy || raw.isTransaction || performance.now() - startedAt > BUSY_OUTSIDE_MS)
          throw translateSqliteError(error);
      }
      await new Promise((resolve) => setTimeout(resolve, BUSY_INSIDE_MS));
    }
  };

  const connection: DatabaseConnection = {
    executeQuery: (query) => patiently(() => run(query)),
    streamQuery: () => {
      throw new Error('streaming is not used');
    },
  };

  return {
    init: async () => {},
    acquireConnection: async () => {
      if (taken) await new Promise<void>((resolve) => waiting.push(resolve));
      else turnStarted = performance.now();
      taken = true;
      return connection;
    },
    beginTransaction: async () => {
      await patiently(() => raw.exec('begin immediate'));
      expectsTransaction = true;
    },
    commitTransaction: async () => {
      await connection.executeQuery(CompiledQuery.raw('commit'));
      expectsTransaction = false;
    },
    rollbackTransaction: async () => {
      expectsTransaction = false;
      translating(() => {
        if (raw.isOpen && raw.isTransaction) raw.exec('rollback');
      });
    },
    releaseConnection: async () => {
      const next = waiting.shift();
      if (next === undefined) taken = false;
      else if (performance.now() - turnStarted < TURN_MS) next();
      else {
        setImmediate(() => {
          turnStarted = performance.now();
          next();
        });
      }
    },
    destroy: async () => raw.close(),
  };
}

/**
 * Holds `file` locked until the returned function is called or the process dies. Nothing else in this process may open
 * and close the file meanwhile: POSIX drops a process's locks with any of its descriptors.
 */
export function lockFile(file: string): () => void {
  return translating(() => {
    closeSync(openSync(file, 'a', 0o600));
    const raw = new DatabaseSync(file);
    try {
      raw.exec('pragma busy_timeout = 0');
      raw.exec('pragma journal_mode = memory');
      raw.exec('pragma locking_mode = exclusive');
      raw.exec('begin exclusive');
    } catch (error) {
      raw.close();
      throw error;
    }
    return () => {
      if (raw.isOpen) raw.close();
    };
  });
}
