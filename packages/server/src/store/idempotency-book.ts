// Requests under an Idempotency-Key in SQL. What a record means, and how long it counts, is decided elsewhere.

import type { IdempotencyBook, IdempotencyRecord } from '@latchkey/core';
import { groupCommit } from './group-commit.js';
import { chunksOf, type Db, inOrder, transact } from './query.js';
import type { IdempotencyRow } from './schema.js';

const recordOf = (row: IdempotencyRow): IdempotencyRecord => ({
  id: row.id,
  fingerprint: row.fingerprint,
  answer: row.answer,
  createdAt: row.created_at,
});

const sealedUnder = (answer: string | null): string | null => answer?.split('.')[1] ?? null;

const rowOf = (record: IdempotencyRecord): IdempotencyRow => ({
  id: record.id,
  fingerprint: record.fingerprint,
  answer: record.answer,
  sealed_under: sealedUnder(record.answer),
  created_at: record.createdAt,
});

export function createIdempotencyBook(db: Db): IdempotencyBook {
  const write = groupCommit<{ id: string; record: IdempotencyRecord | null }>((changes) => {
    // Of two changes to one record the later counts.
    const last = new Map(changes.map(({ id, record }) => [id, record]));
    const gone = [...last].flatMap(([id, record]) => (record === null ? [id] : []));
    const rows = [...last.values()].flatMap((record) => (record === null ? [] : [rowOf(record)]));
    return transact(db, async (trx) => {
      for (const ids of chunksOf(gone)) await trx.deleteFrom('idempotency').where('id', 'in', ids).execute();
      for (const chunk of chunksOf(inOrder(rows, ({ id }) => id))) {
        await trx
          .insertInto('idempotency')
          .values(chunk)
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet((eb) => ({
              fingerprint: eb.ref('excluded.fingerprint'),
              answer: eb.ref('excluded.answer'),
              sealed_under: eb.ref('excluded.sealed_under'),
              created_at: eb.ref('excluded.created_at'),
            })),
          )
          .execute();
      }
    });
  });

  return {
    async find(id) {
      const row = await db.selectFrom('idempotency').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : recordOf(row);
    },
    put: (record) => write({ id: record.id, record }),
    remove: (id) => write({ id, record: null }),
    async prune(before) {
      await db.deleteFrom('idempotency').where('created_at', '<', before).execute();
    },
    async countByMasterKey() {
      const rows = await db
        .selectFrom('idempotency')
        .select((eb) => ['sealed_under as masterKeyId', eb.fn.countAll<number>().as('count')])
        .where('sealed_under', 'is not', null)
        .groupBy('sealed_under')
        .execute();
      return rows.map(({ masterKeyId, count }) => ({ masterKeyId: masterKeyId as string, count: Number(count) }));
    },
    async sealedUnderOther(masterKeyId, after, limit) {
      const rows = await db
        .selectFrom('idempotency')
        .selectAll()
        .where('id', '>', after)
        .where('sealed_under', '!=', masterKeyId)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(recordOf);
    },
    async reseal(id, from, to) {
      await db
        .updateTable('idempotency')
        .set({ answer: to, sealed_under: sealedUnder(to) })
        .where('id', '=', id)
        .where('answer', '=', from)
        .execute();
    },
  };
}
