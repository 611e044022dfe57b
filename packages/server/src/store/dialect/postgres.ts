// What only PostgreSQL knows: types and locks in SQL, transactions over borrowed connections, what is to be seen of its health.

import { LatchkeyError } from '@latchkey/core';
import {
  CompiledQuery,
  type DatabaseConnection,
  type DataTypeNode,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { wasTerminated } from './postgres-errors.js';
import type { Connection, Pool } from './postgres-pool.js';
import { judgeStorable } from './storable.js';

/** Text is compared by its bytes, as everywhere else, whatever the database's own order is. */
class Compiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    if (node.dataType === 'text') this.append(' collate "C"');
  }
}

export const createPostgresDialect = (pool: Pool): Dialect => ({
  createDriver: () => createDriver(pool),
  createQueryCompiler: () => new Compiler(),
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db) => new PostgresIntrospector(db),
});

interface Session extends DatabaseConnection {
  begin(): Promise<void>;
  end(command: 'commit' | 'rollback'): Promise<void>;
  release(): void;
}

/** Whatever the database's default is: what is read after a lock was waited for has to be what is there then. */
const BEGIN = 'begin isolation level read committed';

/** A statement alone borrows a connection when it runs, by what it is; a transaction keeps one from begin to end. */
function createSession(pool: Pool): Session {
  let held: Connection | null = null;
  /** The answer to `begin` while nothing else was asked. */
  let begun: Promise<unknown> | null = null;
  let over = false;

  async function alone(query: CompiledQuery): Promise<QueryResult<never>> {
    const reads = query.query.kind === 'SelectQueryNode';
    for (let attempt = 1; ; attempt++) {
      const connection = await pool.take(reads ? 'read' : 'write');
      try {
        return await run(connection, query);
      } catch (error) {
        // A connection that broke says nothing of the server. A read may be asked again; of a write mostly nobody knows what became.
        const harmless = reads || wasTerminated(error);
        if (!harmless || attempt > 1 || connection.state() !== 'lost') throw error;
      } finally {
        connection.release();
      }
    }
  }
  /** The first statement of a transaction, on the way together with its begin. */
  async function first(connection: Connection, query: CompiledQuery): Promise<QueryResult<never>> {
    const beginning = begun;
    begun = null;
    try {
      const [, result] = await Promise.all([beginning, run<never>(connection, query)]);
      return result;
    } catch (error) {
      // Nothing was done yet: a connection that broke at rest is no reason to fail.
      if (connection.state() !== 'lost') throw error;
      connection.release(false);
      held = await pool.take('write');
      await held.query(BEGIN);
      return run(held, query);
    }
  }

  return {
    async executeQuery(query) {
      if (over) throw new LatchkeyError('internal_error', 'A transaction was used after its end.');
      judgeStorable(query.parameters);
      if (held === null) return alone(query);
      if (begun !== null) return first(held, query);
      return run(held, query);
    },
    streamQuery() {
      throw new Error('streaming is not used');
    },
    async begin() {
      held = await pool.take('write');
      begun = held.query(BEGIN);
      // Heard with the first statement, which is sent without waiting for it.
      begun.catch(() => {});
    },
    async end(command) {
      begun = null;
      if (held?.state() === 'usable') await held.query(command);
      else if (command === 'commit') throw new LatchkeyError('unavailable', 'The connection broke before the commit.');
      held?.release();
      held = null;
    },
    release() {
      over = true;
      // Whatever was not ended in good order ends with its connection.
      held?.release(false);
      held = null;
    },
  };
}

async function run<R>(connection: Connection, query: CompiledQuery): Promise<QueryResult<R>> {
  const { rows, rowCount } = await connection.query(query.sql, query.parameters);
  return { rows: rows as R[], numAffectedRows: BigInt(rowCount ?? 0) };
}

function createDriver(pool: Pool): Driver {
  const session = (connection: DatabaseConnection): Session => connection as Session;
  return {
    init: async () => {},
    acquireConnection: async () => createSession(pool),
    beginTransaction: (connection) => session(connection).begin(),
    commitTransaction: (connection) => session(connection).end('commit'),
    rollbackTransaction: (connection) => session(connection).end('rollback'),
    releaseConnection: async (connection) => session(connection).release(),
    destroy: () => pool.close(),
  };
}

/**
 * What each connection asks of the server: bounds (milliseconds) that it keeps by itself, so that nobody's hanging process holds
 * up the others, and commits that are durable when they are told.
 */
export const sessionSettings = (longMs: number, lockMs: number): string => `
  set statement_timeout = ${longMs};
  set lock_timeout = ${lockMs};
  set idle_in_transaction_session_timeout = 3000;
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`;

/** Constraints and indexes that the server does not vouch for. */
export const UNSOUND = CompiledQuery.raw(`
  select 'the constraint ' || conname || ' of ' || conrelid::regclass || ' was never validated' as problem
    from pg_constraint where not convalidated and connamespace = current_schema()::regnamespace
  union all
  select 'the index ' || indexrelid::regclass || ' of ' || indrelid::regclass || ' is not valid'
    from pg_index join pg_class on pg_class.oid = indrelid
    where not indisvalid and relnamespace = current_schema()::regnamespace`);
