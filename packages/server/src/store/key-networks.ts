// Which networks each key was used from, in SQL. What that says about a key is decided elsewhere.

import type { StoreView } from '@latchkey/core';
import { atomically, chunksOf, type Db } from './query.js';

export const keyNetworks = (db: Db): StoreView['keyNetworks'] => ({
  async known(keyIds) {
    const known = new Map<string, string[]>();
    for (const ids of chunksOf(keyIds)) {
      const rows = await db
        .selectFrom('key_networks')
        .select(['key_id', 'network'])
        .where('key_id', 'in', ids)
        .orderBy('key_id')
        .orderBy('network')
        .execute();
      for (const { key_id, network } of rows) known.set(key_id, [...(known.get(key_id) ?? []), network]);
    }
    return known;
  },
  add: (uses, at) =>
    atomically(db, async (trx) => {
      for (const chunk of chunksOf(uses)) {
        const there = await trx
          .selectFrom('keys')
          .select('id')
          .where('id', 'in', [...new Set(chunk.map(({ keyId }) => keyId))])
          .execute();
        const ids = new Set(there.map(({ id }) => id));
        const rows = chunk
          .filter(({ keyId }) => ids.has(keyId))
          .map(({ keyId, network }) => ({ key_id: keyId, network, first_used_at: at }));
        if (rows.length === 0) continue;
        await trx
          .insertInto('key_networks')
          .values(rows)
          .onConflict((conflict) => conflict.columns(['key_id', 'network']).doNothing())
          .execute();
      }
    }),
});
