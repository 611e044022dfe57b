// Small named values of the installation in SQL.

import type { StoreView } from '@latchkey/core';
import type { Db } from './query.js';

export const settings = (db: Db): StoreView['settings'] => ({
  async get(name) {
    const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
    return row?.value ?? null;
  },
  async set(name, value) {
    await db
      .insertInto('settings')
      .values({ name, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })))
      .execute();
  },
  list: () => db.selectFrom('settings').select(['name', 'value']).orderBy('name').execute(),
});
