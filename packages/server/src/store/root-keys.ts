// Root keys in SQL. Digests only.

import type { Digest, RootKeyRecord, StoreView } from '@latchkey/core';
import { countByPepper } from './keys.js';
import { type Db, firstByDigest, newestFirst } from './query.js';
import type { RootKeyRow } from './schema.js';

const rootKeyRow = (record: RootKeyRecord): RootKeyRow => ({
  id: record.id,
  name: record.name,
  hint: record.hint,
  permissions: JSON.stringify(record.permissions),
  digest: record.digest.value,
  digest_kind: record.digest.kind,
  pepper_id: record.digest.pepperId,
  source: record.source,
  created_by: record.createdBy,
  created_at: record.createdAt,
  expires_at: record.expiresAt,
  revoked_at: record.revokedAt,
});

const rootKeyRecord = (row: RootKeyRow): RootKeyRecord => ({
  id: row.id,
  name: row.name,
  hint: row.hint,
  permissions: JSON.parse(row.permissions) as string[],
  digest: { kind: row.digest_kind as Digest['kind'], pepperId: row.pepper_id, value: row.digest },
  source: row.source as RootKeyRecord['source'],
  createdBy: row.created_by,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
});

export const rootKeys = (db: Db): StoreView['rootKeys'] => ({
  async get(id) {
    const row = await db.selectFrom('root_keys').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? null : rootKeyRecord(row);
  },
  async findByDigest(values) {
    if (values.length === 0) return null;
    const rows = await db.selectFrom('root_keys').selectAll().where('digest', 'in', values).execute();
    const first = firstByDigest(rows, values);
    return first === null ? null : rootKeyRecord(first);
  },
  async list(page) {
    return newestFirst(db.selectFrom('root_keys').selectAll(), page, rootKeyRecord);
  },
  async madeBy(createdBy, at) {
    const rows = await db
      .withRecursive('made', (made) =>
        made
          .selectFrom('root_keys')
          .select('root_keys.id')
          .where('root_keys.created_by', '=', createdBy)
          // Not `union all`: what was found already is not followed again.
          .union((next) =>
            next.selectFrom('root_keys').innerJoin('made', 'made.id', 'root_keys.created_by').select('root_keys.id'),
          ),
      )
      .selectFrom('root_keys')
      .selectAll()
      .where('id', 'in', (made) => made.selectFrom('made').select('made.id'))
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', at)]))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    return rows.map(rootKeyRecord);
  },
  async insert(record) {
    await db.insertInto('root_keys').values(rootKeyRow(record)).execute();
  },
  async update(record) {
    await db.updateTable('root_keys').set(rootKeyRow(record)).where('id', '=', record.id).execute();
  },
  countByPepper: (at) => countByPepper(db, 'root_keys', at),
});
