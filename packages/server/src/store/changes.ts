// The log of changes in SQL: what nodes tell each other, in the order of the commits. Who hears it is decided elsewhere.

import type { Change, StoreView } from '@latchkey/core';
import type { Db } from './query.js';

export const changes = (db: Db): StoreView['changes'] => {
  return {
    async append(made, at) {
      // The row stays locked until the commit: whoever raises it next commits later.
      const { position } = await db
        .insertInto('change_heads')
        .values({ id: 1, position: 1 })
        .onConflict((conflict) =>
          conflict.column('id').doUpdateSet((eb) => ({ position: eb('change_heads.position', '+', 1) })),
        )
        .returning('position')
        .executeTakeFirstOrThrow();
      await db
        .insertInto('changes')
        .values({ position, at, changes: JSON.stringify(made) })
        .execute();
      return position;
    },
    async after(position, limit) {
      // One statement, so that the head is as old as the rows.
      const rows = await db
        .selectFrom('change_heads')
        .leftJoin('changes', (join) => join.on('changes.position', '>', position))
        .select(['change_heads.position as latest', 'changes.position as position', 'changes.changes as changes'])
        .where('change_heads.id', '=', 1)
        .orderBy('changes.position')
        .limit(limit)
        .execute();
      return {
        latest: rows[0]?.latest ?? 0,
        rows: rows.flatMap((row) =>
          row.position === null || row.changes === null
            ? []
            : [{ position: row.position, changes: JSON.parse(row.changes) as Change[] }],
        ),
      };
    },
    async latest() {
      const head = await db.selectFrom('change_heads').select('position').where('id', '=', 1).executeTakeFirst();
      return head?.position ?? 0;
    },
    async prune(position) {
      await db.deleteFrom('changes').where('position', '<=', position).execute();
    },
  };
};
