// Hourly counts and last use in SQL. What counts as what is decided by the callers.

import type { FamilyHour, LastUse, StoreView, UsageFilter, UsageRow } from '@latchkey/core';
import { type SelectQueryBuilder, sql } from 'kysely';
import { atomically, chunksOf, type Db, inOrder } from './query.js';
import type { Schema, UsageHourRow } from './schema.js';

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

function within<Row>(rows: SelectQueryBuilder<Schema, 'usage_hours', Row>, filter: UsageFilter) {
  let query = rows.where('usage_hours.hour', '>=', filter.from).where('usage_hours.hour', '<', filter.to);
  const { organizationId, projectId, keyId } = filter;
  if (organizationId !== undefined) query = query.where('usage_hours.organization_id', '=', organizationId);
  if (projectId !== undefined) query = query.where('usage_hours.project_id', '=', projectId);
  return keyId === undefined ? query : query.where('usage_hours.key_id', '=', keyId);
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
    const query = within(db.selectFrom('usage_hours'), filter).selectAll();
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
  async top(filter, limit) {
    const isAllowed = sql<number>`sum(case when usage_hours.outcome = 'allowed' then usage_hours.count else 0 end)`;
    const rows = await within(db.selectFrom('usage_hours'), filter)
      .leftJoin('keys', 'keys.id', 'usage_hours.key_id')
      .select(['usage_hours.key_id as keyId', 'usage_hours.project_id as projectId'])
      .select(['keys.name as name', 'keys.prefix as prefix', 'keys.hint as hint'])
      .select((eb) => [isAllowed.as('allowed'), eb.fn.sum<number>('usage_hours.count').as('all')])
      .groupBy(['usage_hours.key_id', 'usage_hours.project_id', 'keys.name', 'keys.prefix', 'keys.hint'])
      .orderBy('all', 'desc')
      .orderBy('keyId')
      .limit(limit)
      .execute();
    return rows.map(({ all, ...row }) => {
      const allowed = Number(row.allowed);
      return { ...row, allowed, refused: Number(all) - allowed };
    });
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
