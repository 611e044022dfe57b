// Where each key is used from, in SQL. What is told of a request, and what follows from it, is decided elsewhere.

import type { ObservationRecord, ObservedKind, StoreView } from '@latchkey/core';
import { atomically, chunksOf, type Db, inOrder } from './query.js';

/** In the column: what no restriction could name. A primary key has no nulls. */
const NONE = '';
const slotOf = ({ keyId, kind, value }: ObservationRecord): string => JSON.stringify([keyId, kind, value ?? NONE]);

export const observations = (db: Db): StoreView['observations'] => ({
  add: (rows, most) =>
    atomically(db, async (trx) => {
      const keyIds = [...new Set(rows.map(({ keyId }) => keyId))].sort();
      const there = new Set<string>();
      for (const ids of chunksOf(keyIds))
        for (const { id } of await trx.selectFrom('keys').select('id').where('id', 'in', ids).execute()) there.add(id);
      const kept = inOrder(
        rows.filter(({ keyId }) => there.has(keyId)),
        slotOf,
      );
      for (const chunk of chunksOf(kept)) {
        await trx
          .insertInto('key_observations')
          .values(
            chunk.map(({ keyId, kind, value, count, lastAt }) => ({
              ...{ key_id: keyId, kind, value: value ?? NONE },
              ...{ count, last_at: lastAt },
            })),
          )
          .onConflict((conflict) =>
            conflict.columns(['key_id', 'kind', 'value']).doUpdateSet((eb) => ({
              count: eb('key_observations.count', '+', eb.ref('excluded.count')),
              last_at: eb
                .case()
                .when('excluded.last_at', '>', eb.ref('key_observations.last_at'))
                .then(eb.ref('excluded.last_at'))
                .else(eb.ref('key_observations.last_at'))
                .end(),
            })),
          )
          .execute();
      }
      for (const ids of chunksOf([...there].sort())) await trim(trx, ids, most);
    }),
  async list(keyId, from) {
    const rows = await db
      .selectFrom('key_observations')
      .selectAll()
      .where('key_id', '=', keyId)
      .where('last_at', '>=', from)
      .orderBy('kind')
      .orderBy('count', 'desc')
      .orderBy('value')
      .execute();
    return rows.map((row) => ({
      keyId: row.key_id,
      kind: row.kind as ObservedKind,
      value: row.value === NONE ? null : row.value,
      count: row.count,
      lastAt: row.last_at,
    }));
  },
  async prune(before) {
    await db.deleteFrom('key_observations').where('last_at', '<', before).execute();
  },
});

/** Few keys are used from so many places that something has to go. */
async function trim(trx: Db, keyIds: readonly string[], most: number): Promise<void> {
  const crowded = await trx
    .selectFrom('key_observations')
    .select(['key_id', 'kind'])
    .where('key_id', 'in', keyIds)
    .groupBy(['key_id', 'kind'])
    .having((eb) => eb(eb.fn.countAll<number>(), '>', most))
    .orderBy('key_id')
    .orderBy('kind')
    .execute();
  for (const { key_id, kind } of crowded) {
    await trx
      .deleteFrom('key_observations')
      .where('key_id', '=', key_id)
      .where('kind', '=', kind)
      .where('value', 'not in', (eb) =>
        eb
          .selectFrom('key_observations')
          .select('value')
          .where('key_id', '=', key_id)
          .where('kind', '=', kind)
          .orderBy('last_at', 'desc')
          .orderBy('value')
          .limit(most),
      )
      .execute();
  }
}
