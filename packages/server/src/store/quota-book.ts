// The day's use per key family in SQL, written ahead of spending. When to write how much is the limiter's business.

import type { QuotaBook } from '@latchkey/core';
import { groupCommit } from './group-commit.js';
import { chunksOf, type Db, inOrder, transact } from './query.js';
import type { QuotaDayRow } from './schema.js';

/** `raiseDay` calls of one tick are committed together: one fsync for all of them, and one outcome. */
export function createQuotaBook(db: Db): QuotaBook {
  const write = (rows: readonly QuotaDayRow[], onlyUp: boolean): Promise<void> =>
    transact(db, async (trx) => {
      for (const chunk of chunksOf(inOrder(rows, ({ family_id, day }) => `${family_id} ${day}`))) {
        await trx
          .insertInto('quota_days')
          .values(chunk)
          .onConflict((conflict) => {
            const raised = conflict
              .columns(['family_id', 'day'])
              .doUpdateSet((eb) => ({ used: eb.ref('excluded.used') }));
            return onlyUp ? raised.whereRef('quota_days.used', '<', 'excluded.used') : raised;
          })
          .execute();
      }
    });

  const raise = groupCommit<QuotaDayRow, void>(async (asked) => {
    const highest = new Map<string, QuotaDayRow>();
    for (const row of asked) {
      const key = `${row.day} ${row.family_id}`;
      if ((highest.get(key)?.used ?? -1) < row.used) highest.set(key, row);
    }
    await write([...highest.values()], true);
    return [];
  });

  return {
    async readDay(familyId, day) {
      const row = await db
        .selectFrom('quota_days')
        .select('used')
        .where('family_id', '=', familyId)
        .where('day', '=', day)
        .executeTakeFirst();
      return row?.used ?? 0;
    },
    raiseDay: (familyId, day, used) => raise({ family_id: familyId, day, used }),
    async setDays(rows) {
      const last = new Map(rows.map((row) => [`${row.day} ${row.familyId}`, row]));
      if (last.size > 0)
        await write(
          [...last.values()].map((row) => ({ family_id: row.familyId, day: row.day, used: row.used })),
          false,
        );
    },
    async pruneDays(day) {
      await db.deleteFrom('quota_days').where('day', '<', day).execute();
    },
  };
}
