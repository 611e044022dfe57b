// Hourly counts and last use in SQL. What counts as what is decided by the callers.

import type { FamilyHour, LastUse, StoreView, UsageRow } from '@latchkey/core';
import { sql } from 'kysely';
import { atomically, chunksOf, type Db, inOrder } from './query.js';
import type { UsageHourRow } from './schema.js';

/** One row per stored hour: a statement may not touch the same row twice. */
function merged(rows: readonly UsageRow[]): UsageHourRow[] {
  const byKey = new Map<string, UsageHourRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.organizationId, row.hour, row.projectId, row.keyId, row.outcome]);
    const before = byKey.get(key);
    if (before !== undefined) before.count += row.count;
    else
      byKey.set(key, {
        organization_id: row.organizationId,
        project_id: row.projectId,
        family_id: row.familyId,
        key_id: row.keyId,
        hour: row.hour,
        outcome: row.outcome,
        count: row.count,
      });
  }
  return inOrder([...byKey.entries()], ([key]) => key).map(([, row]) => row);
}

export const usage = (db: Db): StoreView['usage'] => ({
  add: (rows, uses = []) =>
    atomically(db, async (trx) => {
      await moveLastUses(trx, uses);
      for (const chunk of chunksOf(merged(rows))) {
        await trx
          .insertInto('usage_hours')
          .values(chunk)
          .onConflict((conflict) =>
            conflict
              .columns(['organization_id', 'hour', 'project_id', 'key_id', 'outcome'])
              .doUpdateSet((eb) => ({ count: eb('usage_hours.count', '+', eb.ref('excluded.count')) })),
          )
          .execute();
      }
    }),
  async list(filter) {
    let query = db.selectFrom('usage_hours').selectAll().where('hour', '>=', filter.from).where('hour', '<', filter.to);
    if (filter.organizationId !== undefined) query = query.where('organization_id', '=', filter.organizationId);
    if (filter.projectId !== undefined) query = query.where('project_id', '=', filter.projectId);
    if (filter.keyId !== undefined) query = query.where('key_id', '=', filter.keyId);
    const rows = await query.orderBy('hour').orderBy('key_id').orderBy('outcome').execute();
    return rows.map((row) => ({
      familyId: row.family_id,
      keyId: row.key_id,
      projectId: row.project_id,
      organizationId: row.organization_id,
      hour: row.hour,
      outcome: row.outcome,
      count: row.count,
    }));
  },
  async ofFamilies(familyIds, from, to) {
    const hours: FamilyHour[] = [];
    for (const chunk of chunksOf(familyIds)) {
      const rows = await db
        .selectFrom('usage_hours')
        .select(['family_id as familyId', 'hour'])
        .select((eb) => [
          eb.fn.sum<number>('count').as('count'),
          eb.fn.sum<number>(sql`case when outcome = 'allowed' then count else 0 end`).as('allowed'),
        ])
        .where('key_id', 'in', (eb) => eb.selectFrom('keys').select('id').where('family_id', 'in', chunk))
        .where('hour', '>=', from)
        .where('hour', '<', to)
        .groupBy(['family_id', 'hour'])
        .orderBy('family_id')
        .orderBy('hour')
        .execute();
      hours.push(...rows.map((row) => ({ ...row, count: Number(row.count), allowed: Number(row.allowed) })));
    }
    return hours;
  },
  recordUse: (uses) => atomically(db, (trx) => moveLastUses(trx, uses)),
});

async function moveLastUses(trx: Db, uses: readonly LastUse[]): Promise<void> {
  const latest = new Map<string, LastUse>();
  for (const use of uses) if ((latest.get(use.keyId)?.at ?? -1) < use.at) latest.set(use.keyId, use);
  for (const chunk of chunksOf(inOrder([...latest.values()], ({ keyId }) => keyId))) {
    const ids = chunk.map(({ keyId }) => keyId);
    await trx.selectFrom('keys').select('id').where('id', 'in', ids).orderBy('id').forNoKeyUpdate().execute();
    const rows = chunk.map(({ keyId, at, ip }) => sql`(${keyId}, cast(${at} as bigint), cast(${ip} as text))`);
    await sql`
      with used (key_id, at, ip) as (values ${sql.join(rows)})
      update keys set last_used_at = used.at, last_used_ip = used.ip
      from used where id = used.key_id and (last_used_at is null or last_used_at < used.at)`.execute(trx);
  }
}
