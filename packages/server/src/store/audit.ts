// The audit trail in SQL: rows are added, never changed. The chain's MACs are made and checked elsewhere.

import type { ActorType, AuditRecord, JsonObject, StoreView } from '@latchkey/core';
import { atomically, type Db, pageOf } from './query.js';
import type { AuditRow } from './schema.js';

const auditRow = (record: AuditRecord): AuditRow => ({
  chain: record.chain,
  sequence: record.sequence,
  id: record.id,
  organization_id: record.organizationId,
  at: record.at,
  actor_type: record.actorType,
  actor_id: record.actorId,
  action: record.action,
  target_type: record.targetType,
  target_id: record.targetId,
  project_id: record.projectId,
  changes: JSON.stringify(record.changes),
  request_id: record.requestId,
  mac: record.mac,
});

const auditRecord = (row: AuditRow): AuditRecord => ({
  chain: row.chain,
  sequence: row.sequence,
  id: row.id,
  organizationId: row.organization_id,
  at: row.at,
  actorType: row.actor_type as ActorType,
  actorId: row.actor_id,
  action: row.action,
  targetType: row.target_type,
  targetId: row.target_id,
  projectId: row.project_id,
  changes: JSON.parse(row.changes) as JsonObject,
  requestId: row.request_id,
  mac: row.mac,
});

export const audit = (db: Db): StoreView['audit'] => ({
  async head(chain) {
    const row = await db.selectFrom('audit_heads').selectAll().where('chain', '=', chain).executeTakeFirst();
    return row ?? null;
  },
  heads: () => db.selectFrom('audit_heads').selectAll().orderBy('chain').execute(),
  append: (record, head) =>
    atomically(db, async (trx) => {
      await trx.insertInto('audit').values(auditRow(record)).execute();
      await trx
        .insertInto('audit_heads')
        .values({ chain: head.chain, sequence: head.sequence, mac: head.mac, seal: head.seal })
        .onConflict((conflict) =>
          conflict.column('chain').doUpdateSet((eb) => ({
            sequence: eb.ref('excluded.sequence'),
            mac: eb.ref('excluded.mac'),
            seal: eb.ref('excluded.seal'),
          })),
        )
        .execute();
    }),
  async list(filter, page) {
    const { after } = page;
    let query = db.selectFrom('audit').selectAll();
    if (filter.organizationId !== undefined) query = query.where('organization_id', '=', filter.organizationId);
    if (filter.projectId !== undefined) query = query.where('project_id', '=', filter.projectId);
    if (filter.action !== undefined) query = query.where('action', '=', filter.action);
    if (filter.targetId !== undefined) query = query.where('target_id', '=', filter.targetId);
    if (filter.actorId !== undefined) query = query.where('actor_id', '=', filter.actorId);
    if (filter.from !== undefined) query = query.where('at', '>=', filter.from);
    if (filter.to !== undefined) query = query.where('at', '<', filter.to);
    if (after !== null) query = query.where((eb) => eb(eb.refTuple('at', 'id'), '<', eb.tuple(after.at, after.id)));
    const rows = await query
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
    return pageOf(rows, page, auditRecord, (row) => ({ at: row.at, id: row.id }));
  },
  async chain(chain, fromSequence, limit) {
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('chain', '=', chain)
      .where('sequence', '>=', fromSequence)
      .orderBy('sequence')
      .limit(limit)
      .execute();
    return rows.map(auditRecord);
  },
});
