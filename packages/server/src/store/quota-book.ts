// The day's use per key family in SQL, written ahead of spending. When to write how much is the limiter's business.

import type { QuotaBook } from '@latchkey/core';
import { chunksOf, type Db } from './query.js';
import type { QuotaDayRow } from './schema.js';

interface Batch {
  rows: Map<string, QuotaDayRow>;
  done: Promise<void>;
}

/** `raiseDay` calls of one tick are committed together: one fsync for all of them, and one outcome. */
export function createQuotaBook(db: Db): QuotaBook {
  let open: Batch | null = null;

  const write = (rows: readonly QuotaDayRow[], onlyUp: boolean): Promise<void> =>
    db.transaction().execute(async (trx) => {
      for (const chunk of chunksOf(rows)) {
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

  const openBatch = (): Batch => {
    const rows = new Map<string, QuotaDayRow>();
    const done = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        open = null;
        write([...rows.values()], true).then(resolve, reject);
      });
    });
    return { rows, done };
  };

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
    raiseDay(familyId, day, used) {
      open ??= openBatch();
      const key = `${day} ${familyId}`;
      const row = open.rows.get(key);
      if (row === undefined) open.rows.set(key, { family_id: familyId, day, used });
      else row.used = Math.max(row.used, used);
      return open.done;
    },
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
