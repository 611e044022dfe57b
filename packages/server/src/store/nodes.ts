// The nodes that serve this database in SQL: each counts a number up while it lives. Who counts as dead is decided by those who watch.

import type { StoreView } from '@latchkey/core';
import { chunksOf, type Db } from './query.js';

export const nodes = (db: Db): StoreView['nodes'] => ({
  async beat(id, ringKeys) {
    const ring_keys = ringKeys.join(' ');
    await db
      .insertInto('nodes')
      .values({ id, beat: 1, ring_keys })
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({ beat: eb('nodes.beat', '+', 1), ring_keys })),
      )
      .execute();
  },
  async list() {
    const rows = await db.selectFrom('nodes').selectAll().orderBy('id').execute();
    return rows.map(({ id, beat, ring_keys }) => ({ id, beat, ringKeys: ring_keys.split(' ').filter(Boolean) }));
  },
  async remove(ids) {
    for (const some of chunksOf(ids)) await db.deleteFrom('nodes').where('id', 'in', some).execute();
  },
});
