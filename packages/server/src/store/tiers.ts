// Tiers in SQL. What a tier allows, and who may change it, is decided elsewhere.

import type { LimitDefaults, StoreView, TierRecord } from '@latchkey/core';
import { livingAt } from './keys.js';
import { type Db, fromJson, toJson } from './query.js';
import type { TierRow } from './schema.js';

const tierRow = (record: TierRecord): TierRow => ({
  id: record.id,
  name: record.name,
  title: record.title,
  rank: record.rank,
  limits: JSON.stringify(record.limits),
  batch_size: record.batchSize,
  endpoints: toJson(record.endpoints),
  gated_fields: JSON.stringify(record.gatedFields),
  permissions: toJson(record.permissions),
  created_at: record.createdAt,
  updated_at: record.updatedAt,
});

const tierRecord = (row: TierRow): TierRecord => ({
  id: row.id,
  name: row.name,
  title: row.title,
  rank: row.rank,
  limits: JSON.parse(row.limits) as LimitDefaults,
  batchSize: row.batch_size,
  endpoints: fromJson<string[]>(row.endpoints),
  gatedFields: JSON.parse(row.gated_fields) as string[],
  permissions: fromJson<string[]>(row.permissions),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export const tiers = (db: Db): StoreView['tiers'] => ({
  async get(id) {
    const row = await db.selectFrom('tiers').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? null : tierRecord(row);
  },
  async byName(name) {
    const row = await db.selectFrom('tiers').selectAll().where('name', '=', name).executeTakeFirst();
    return row === undefined ? null : tierRecord(row);
  },
  async list() {
    return (await db.selectFrom('tiers').selectAll().orderBy('rank').orderBy('name').execute()).map(tierRecord);
  },
  async insert(record) {
    await db.insertInto('tiers').values(tierRow(record)).execute();
  },
  async update(record) {
    const { id, name: _, created_at: __, ...changed } = tierRow(record);
    await db.updateTable('tiers').set(changed).where('id', '=', id).execute();
  },
  async delete(id) {
    await db.deleteFrom('tiers').where('id', '=', id).execute();
  },
  async counts(name, at) {
    const living = livingAt(db.selectFrom('keys').where('tier', '=', name), at);
    const count = async (query: typeof living): Promise<number> =>
      Number((await query.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow()).count);
    const projects = await db
      .selectFrom('projects')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('tier', '=', name)
      .executeTakeFirstOrThrow();
    return {
      keys: await count(living),
      keysWithOverrides: await count(living.where('limits', 'is not', null).where('limits', '!=', '{}')),
      projects: Number(projects.count),
    };
  },
});
