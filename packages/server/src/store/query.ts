// What the repositories share: JSON columns, pages by keyset, several statements as one. No table is named here.

import { type Cursor, LatchkeyError, type Page, type PageRequest } from '@latchkey/core';
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Schema } from './schema.js';

export type Db = Kysely<Schema>;

export const toJson = (value: unknown): string | null => (value == null ? null : JSON.stringify(value));
export const fromJson = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

/** Runs `work` inside the transaction that `db` already is, or in one of its own. */
export const atomically = <T>(db: Db, work: (trx: Db) => Promise<T>): Promise<T> =>
  db.isTransaction ? work(db) : transact(db, work);

const MOST_ATTEMPTS = 5;

/**
 * Runs `work` in a transaction. Of two that stand in each other's way the database ends one and keeps nothing of it; that one
 * runs again, so `work` does nothing but ask the view it is given.
 */
export async function transact<T>(db: Db, work: (trx: Db) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

/** SQLSTATE: serialization_failure, deadlock_detected. */
const CONFLICTS = new Set<unknown>(['40001', '40P01']);
const isConflict = (error: unknown): boolean =>
  error instanceof LatchkeyError && CONFLICTS.has((error.cause as { code?: unknown } | undefined)?.code);

/** Cuts one page out of rows that were read with `limit + 1`. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  page: PageRequest,
  decode: (row: Row) => T,
  place: (row: Row) => Cursor,
): Page<T> {
  const kept = rows.slice(0, page.limit);
  const last = kept[kept.length - 1];
  return { rows: kept.map(decode), next: rows.length > kept.length && last !== undefined ? place(last) : null };
}

/** One page of rows that are made at `created_at`, newest first, those of one instant by their ids. */
export async function newestFirst<Table extends keyof Schema, Row extends { created_at: number; id: string }, T>(
  query: SelectQueryBuilder<Schema, Table, Row>,
  page: PageRequest,
  decode: (row: Row) => T,
): Promise<Page<T>> {
  const { after, limit } = page;
  const rest = after === null ? query : query.where(sql<boolean>`(created_at, id) < (${after.at}, ${after.id})`);
  const rows = (await rest
    .orderBy(sql`created_at`, 'desc')
    .orderBy(sql`id`, 'desc')
    .limit(limit + 1)
    .execute()) as Row[];
  return pageOf(rows, page, decode, (row) => ({ at: row.created_at, id: row.id }));
}

/** Of rows found by any of the digests the one whose digest stands first. */
export const firstByDigest = <Row extends { digest: string }>(
  rows: readonly Row[],
  values: readonly string[],
): Row | null =>
  rows.reduce<Row | null>(
    (first, row) => (first === null || values.indexOf(row.digest) < values.indexOf(first.digest) ? row : first),
    null,
  );

/** Rows in the order of their keys: who writes many rows locks them in the same order as everybody else, and nobody waits in a ring. */
export const inOrder = <T>(rows: readonly T[], keyOf: (row: T) => string): T[] =>
  rows
    .map((row) => ({ row, key: keyOf(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ row }) => row);

/** Splits a batch so that one statement stays below the databases' limits on parameters. */
export function* chunksOf<T>(items: readonly T[], size = 500): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
