// Reminders that the mail server refused, in SQL. No address is here: who is written to is looked up when it is tried again.

import type { StoreView, UnsentReminder } from '@latchkey/core';
import type { Db } from './query.js';

export const reminders = (db: Db): StoreView['reminders'] => ({
  async keep({ id, organizationId, userId, keys, tries, retryAt }) {
    await db
      .insertInto('unsent_reminders')
      .values({
        ...{ id, organization_id: organizationId, user_id: userId },
        ...{ keys: JSON.stringify(keys), tries, retry_at: retryAt },
      })
      .execute();
  },
  async take(at, limit) {
    const due = db
      .selectFrom('unsent_reminders')
      .select('id')
      .where('retry_at', '<=', at)
      .orderBy('retry_at')
      .limit(limit);
    const rows = await db.deleteFrom('unsent_reminders').where('id', 'in', due).returningAll().execute();
    return rows.map((row) => ({
      id: row.id,
      organizationId: row.organization_id,
      userId: row.user_id,
      keys: JSON.parse(row.keys) as UnsentReminder['keys'],
      tries: row.tries,
      retryAt: row.retry_at,
    }));
  },
});
