// The last denials of each key in SQL. What is said in them, and what is masked, is decided by the callers.

import type { Denial, DenialRecord, Reason, StoreView, Surface } from '@latchkey/core';
import { sql } from 'kysely';
import { atomically, chunksOf, type Db, fromJson, inOrder, newestFirst, toJson } from './query.js';
import type { DenialRow } from './schema.js';

const denialRow = (record: DenialRecord): DenialRow => ({
  id: record.id,
  key_id: record.keyId,
  created_at: record.at,
  reason: record.reason,
  request_id: record.requestId,
  method: record.method,
  path: record.path,
  ip: record.ip,
  origin: record.origin,
  required: toJson(record.required),
  surface: record.surface,
});

const denialRecord = (row: DenialRow): DenialRecord => ({
  id: row.id,
  keyId: row.key_id,
  at: row.created_at,
  reason: row.reason as Reason,
  requestId: row.request_id,
  method: row.method,
  path: row.path,
  ip: row.ip,
  origin: row.origin,
  required: fromJson<NonNullable<Denial['required']>>(row.required),
  surface: row.surface as Surface,
});

export const denials = (db: Db): StoreView['denials'] => ({
  add: (rows, most) =>
    atomically(db, async (trx) => {
      const named = [...new Set(rows.map(({ keyId }) => keyId))].sort();
      const there = new Set<string>();
      for (const ids of chunksOf(named)) {
        for (const { id } of await trx.selectFrom('keys').select('id').where('id', 'in', ids).execute()) there.add(id);
      }
      for (const chunk of chunksOf(
        inOrder(
          rows.filter(({ keyId }) => there.has(keyId)),
          ({ id }) => id,
        ),
        200,
      )) {
        await trx
          .insertInto('denials')
          .values(chunk.map(denialRow))
          .onConflict((conflict) => conflict.column('id').doNothing())
          .execute();
      }
      for (const keyId of named.filter((id) => there.has(id))) {
        await trx
          .deleteFrom('denials')
          .where('key_id', '=', keyId)
          .where(
            sql<boolean>`(created_at, id) <= (select created_at, id from denials where key_id = ${keyId} order by created_at desc, id desc limit 1 offset ${most})`,
          )
          .execute();
      }
    }),
  list({ keyId, requestId }, page) {
    const query = db.selectFrom('denials').selectAll().where('key_id', '=', keyId);
    return newestFirst(requestId === undefined ? query : query.where('request_id', '=', requestId), page, denialRecord);
  },
  async prune(before) {
    await db.deleteFrom('denials').where('created_at', '<', before).execute();
  },
});
