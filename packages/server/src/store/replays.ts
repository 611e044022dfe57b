// Remembered answers of create and rotate in SQL: sealed, and findable by a digest only.

import type { ReplayRecord, StoreView } from '@latchkey/core';
import { atomically, type Db } from './query.js';
import type { ReplayRow } from './schema.js';

const replayRecord = (row: ReplayRow): ReplayRecord => ({
  id: row.id,
  fingerprint: row.fingerprint,
  keyId: row.key_id,
  answer: row.answer,
  createdAt: row.created_at,
});

export const replays = (db: Db): StoreView['replays'] => ({
  async get(id) {
    const row = await db.selectFrom('replays').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? null : replayRecord(row);
  },
  async insert(record) {
    await db
      .insertInto('replays')
      .values({
        id: record.id,
        fingerprint: record.fingerprint,
        key_id: record.keyId,
        answer: record.answer,
        created_at: record.createdAt,
      })
      .execute();
  },
  prune: (answersBefore, recordsBefore) =>
    atomically(db, async (trx) => {
      await trx
        .updateTable('replays')
        .set({ answer: '' })
        .where('created_at', '<', answersBefore)
        .where('answer', '!=', '')
        .execute();
      await trx.deleteFrom('replays').where('created_at', '<', recordsBefore).execute();
    }),
});
