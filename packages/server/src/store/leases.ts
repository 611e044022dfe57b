// Leases in SQL: what a restart has to know of slots that are held. Who may have one is decided elsewhere.

import type { LeaseRecord, StoreView } from '@latchkey/core';
import { chunksOf, type Db } from './query.js';
import type { LeaseRow } from './schema.js';

const leaseRecord = (row: LeaseRow): LeaseRecord => ({
  id: row.id,
  familyId: row.family_id,
  keyId: row.key_id,
  projectId: row.project_id,
  organizationId: row.organization_id,
  mode: 'live',
  createdAt: row.created_at,
  expiresAt: row.expires_at,
});

export const leases = (db: Db): StoreView['leases'] => {
  const usableKeys = () => db.selectFrom('keys').select('id').where('revoked_at', 'is', null);
  return {
    async insert(record) {
      await db
        .insertInto('leases')
        .values({
          id: record.id,
          family_id: record.familyId,
          key_id: record.keyId,
          project_id: record.projectId,
          organization_id: record.organizationId,
          created_at: record.createdAt,
          expires_at: record.expiresAt,
        })
        .execute();
    },
    async delete(ids) {
      const gone: LeaseRow[] = [];
      for (const some of chunksOf(ids))
        gone.push(...(await db.deleteFrom('leases').where('id', 'in', some).returningAll().execute()));
      return gone.map(leaseRecord);
    },
    async open(at) {
      const rows = await db
        .selectFrom('leases')
        .selectAll()
        .where('expires_at', '>', at)
        .where('key_id', 'in', usableKeys())
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      return rows.map(leaseRecord);
    },
    async prune(at) {
      const gone = await db
        .deleteFrom('leases')
        .where((eb) => eb.or([eb('expires_at', '<=', at), eb('key_id', 'not in', usableKeys())]))
        .returningAll()
        .execute();
      return gone.map(leaseRecord);
    },
  };
};
