// The nodes that serve this database in SQL: each counts a number up while it lives. Who counts as dead is decided by those who watch.

import type { StoreView } from '@latchkey/core';
import { chunksOf, type Db } from './query.js';

export const nodes = (db: Db): StoreView['nodes'] => ({
  async beat(id) {
    await db
      .insertInto('nodes')
      .values({ id, beat: 1 })
      .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ beat: eb('nodes.beat', '+', 1) })))
      .execute();
  },
  list: () => db.selectFrom('nodes').select(['id', 'beat']).orderBy('id').execute(),
  async remove(ids) {
    for (const some of chunksOf(ids)) await db.deleteFrom('nodes').where('id', 'in', some).execute();
  },
});
