// Root keys in SQL. Digests only.

import type { Digest, RootKeyRecord, StoreView } from '@latchkey/core';
import { countByPepper } from './keys.js';
import { type Db, pageOf } from './query.js';
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
    let first: RootKeyRow | undefined;
    for (const row of rows)
      if (first === undefined || values.indexOf(row.digest) < values.indexOf(first.digest)) first = row;
    return first === undefined ? null : rootKeyRecord(first);
  },
  async list(page) {
    const { after } = page;
    let query = db.selectFrom('root_keys').selectAll();
    if (after !== null)
      query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.at, after.id)));
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
    return pageOf(rows, page, rootKeyRecord, (row) => ({ at: row.created_at, id: row.id }));
  },
  async insert(record) {
    await db.insertInto('root_keys').values(rootKeyRow(record)).execute();
  },
  async update(record) {
    await db.updateTable('root_keys').set(rootKeyRow(record)).where('id', '=', record.id).execute();
  },
  countByPepper: () => countByPepper(db, 'root_keys'),
});
