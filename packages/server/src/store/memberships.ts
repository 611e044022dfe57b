// Who belongs to which organization, in SQL. What a role lets somebody do is decided elsewhere.

import type { MembershipRecord, Role, StoreView } from '@latchkey/core';
import { sql } from 'kysely';
import { type Db, pageOf } from './query.js';
import type { MembershipRow } from './schema.js';

const membershipRow = (record: MembershipRecord): MembershipRow => ({
  organization_id: record.organizationId,
  user_id: record.userId,
  role: record.role,
  created_at: record.createdAt,
});

const membershipRecord = (row: MembershipRow): MembershipRecord => ({
  organizationId: row.organization_id,
  userId: row.user_id,
  role: row.role as Role,
  createdAt: row.created_at,
});

export const memberships = (db: Db): StoreView['memberships'] => ({
  async get(organizationId, userId) {
    const row = await db
      .selectFrom('memberships')
      .selectAll()
      .where('organization_id', '=', organizationId)
      .where('user_id', '=', userId)
      .executeTakeFirst();
    return row === undefined ? null : membershipRecord(row);
  },
  async ofUser(userId) {
    const rows = await db
      .selectFrom('memberships')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('organization_id')
      .execute();
    return rows.map(membershipRecord);
  },
  async list(organizationId, page) {
    let query = db.selectFrom('memberships').selectAll().where('organization_id', '=', organizationId);
    const { after, limit } = page;
    if (after !== null) query = query.where(sql<boolean>`(created_at, user_id) < (${after.at}, ${after.id})`);
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('user_id', 'desc')
      .limit(limit + 1)
      .execute();
    return pageOf(rows, page, membershipRecord, (row) => ({ at: row.created_at, id: row.user_id }));
  },
  async count(organizationId, role) {
    const { count } = await db
      .selectFrom('memberships')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('organization_id', '=', organizationId)
      .where('role', '=', role)
      .executeTakeFirstOrThrow();
    return Number(count);
  },
  async put(record) {
    await db
      .insertInto('memberships')
      .values(membershipRow(record))
      .onConflict((conflict) => conflict.columns(['organization_id', 'user_id']).doUpdateSet({ role: record.role }))
      .execute();
  },
  async remove(organizationId, userId) {
    const { numDeletedRows } = await db
      .deleteFrom('memberships')
      .where('organization_id', '=', organizationId)
      .where('user_id', '=', userId)
      .executeTakeFirst();
    return Number(numDeletedRows) > 0;
  },
});
