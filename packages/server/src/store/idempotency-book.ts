// Requests under an Idempotency-Key in SQL. What a record means, and how long it counts, is decided elsewhere.

import type { IdempotencyBook, IdempotencyRecord } from '@latchkey/core';
import type { ExpressionBuilder } from 'kysely';
import { groupCommit } from './group-commit.js';
import { chunksOf, type Db, inOrder, transact } from './query.js';
import type { IdempotencyRow, Schema } from './schema.js';

const recordOf = (row: IdempotencyRow): IdempotencyRecord => ({
  id: row.id,
  fingerprint: row.fingerprint,
  answer: row.answer,
  nodeId: row.node_id,
  createdAt: row.created_at,
});

const sealedUnder = (answer: string | null): string | null => answer?.split('.')[1] ?? null;

const rowOf = (record: IdempotencyRecord): IdempotencyRow => ({
  id: record.id,
  fingerprint: record.fingerprint,
  answer: record.answer,
  sealed_under: sealedUnder(record.answer),
  created_at: record.createdAt,
  node_id: record.nodeId,
});

/** Writes `to` (null: nothing) in the place of `from` (null: of nothing), if that is what is there. */
interface Swap {
  id: string;
  from: IdempotencyRecord | null;
  to: IdempotencyRecord | null;
}

export function createIdempotencyBook(db: Db): IdempotencyBook {
  const swap = groupCommit<Swap, boolean>((swaps) =>
    transact(db, async (trx) => {
      const done = new Map<Swap, boolean>();
      for (const round of roundsOf(swaps)) {
        const went = new Set([...(await insertNew(trx, round)), ...(await replaceOld(trx, round))]);
        for (const one of round) done.set(one, went.has(one.id));
      }
      return swaps.map((one) => done.get(one) ?? false);
    }),
  );

  return {
    async find(id) {
      const row = await db.selectFrom('idempotency').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : recordOf(row);
    },
    put: (record, over) => swap({ id: record.id, from: over, to: record }),
    async remove(record) {
      await swap({ id: record.id, from: record, to: null });
    },
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

/** In the order of the calls, no record twice in a round; the rows of each round in everybody's order. */
function roundsOf(swaps: readonly Swap[]): Swap[][] {
  const rounds: Swap[][] = [];
  const turns = new Map<string, number>();
  for (const one of swaps) {
    const turn = turns.get(one.id) ?? 0;
    turns.set(one.id, turn + 1);
    const round = rounds[turn] ?? [];
    round.push(one);
    rounds[turn] = round;
  }
  return rounds.map((round) => inOrder(round, ({ id }) => id));
}

/** Answers may be large. */
const ROWS = 20;

async function insertNew(trx: Db, round: readonly Swap[]): Promise<string[]> {
  const ids: string[] = [];
  const rows = round.flatMap(({ from, to }) => (from === null && to !== null ? [rowOf(to)] : []));
  for (const chunk of chunksOf(rows, ROWS)) {
    const made = await trx
      .insertInto('idempotency')
      .values(chunk)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .execute();
    ids.push(...made.map(({ id }) => id));
  }
  return ids;
}

async function replaceOld(trx: Db, round: readonly Swap[]): Promise<string[]> {
  const ids: string[] = [];
  for (const { id, from, to } of round) {
    if (from === null) continue;
    const asFound = (eb: ExpressionBuilder<Schema, 'idempotency'>) =>
      eb.and([
        eb('id', '=', id),
        eb('fingerprint', '=', from.fingerprint),
        eb('created_at', '=', from.createdAt),
        from.nodeId === null ? eb('node_id', 'is', null) : eb('node_id', '=', from.nodeId),
        eb('answer', from.answer === null ? 'is' : 'is not', null),
      ]);
    const { went } =
      to === null
        ? await trx
            .deleteFrom('idempotency')
            .where(asFound)
            .executeTakeFirstOrThrow()
            .then(({ numDeletedRows }) => ({ went: numDeletedRows > 0n }))
        : await trx
            .updateTable('idempotency')
            .set(rowOf(to))
            .where(asFound)
            .executeTakeFirstOrThrow()
            .then(({ numUpdatedRows }) => ({ went: numUpdatedRows > 0n }));
    if (went) ids.push(id);
  }
  return ids;
}
