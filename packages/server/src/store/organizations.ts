// Organizations and projects in SQL. What may be changed by whom is decided elsewhere.

import type {
  JsonObject,
  KeyModel,
  OrganizationRecord,
  ProjectRecord,
  RotationPolicy,
  StoreView,
} from '@latchkey/core';
import { buryKeys } from './keys.js';
import { atomically, type Db, fromJson, newestFirst, toJson } from './query.js';
import type { OrganizationRow, ProjectRow } from './schema.js';

const organizationRow = (record: OrganizationRecord): OrganizationRow => ({
  id: record.id,
  name: record.name,
  metadata: toJson(record.metadata),
  rotation: toJson(record.rotation),
  created_at: record.createdAt,
  suspended_at: record.suspendedAt,
});

export const organizationRecord = (row: OrganizationRow): OrganizationRecord => ({
  id: row.id,
  name: row.name,
  metadata: fromJson<JsonObject>(row.metadata),
  rotation: fromJson<RotationPolicy>(row.rotation),
  createdAt: row.created_at,
  suspendedAt: row.suspended_at,
});

export const organizations = (db: Db): StoreView['organizations'] => ({
  async get(id) {
    const row = await db.selectFrom('organizations').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? null : organizationRecord(row);
  },
  async list(page) {
    return newestFirst(db.selectFrom('organizations').selectAll(), page, organizationRecord);
  },
  async insert(record) {
    await db.insertInto('organizations').values(organizationRow(record)).execute();
  },
  async update(record) {
    await db.updateTable('organizations').set(organizationRow(record)).where('id', '=', record.id).execute();
  },
  delete: (id, at) =>
    atomically(db, async (trx) => {
      await buryKeys(trx, 'organization_id', id, at);
      for (const table of ['memberships', 'invitations', 'unsent_reminders', 'projects'] as const)
        await trx.deleteFrom(table).where('organization_id', '=', id).execute();
      await trx.deleteFrom('organizations').where('id', '=', id).execute();
    }),
});

const projectRow = (record: ProjectRecord): ProjectRow => ({
  id: record.id,
  organization_id: record.organizationId,
  name: record.name,
  key_model: record.keyModel,
  tier: record.tier,
  metadata: toJson(record.metadata),
  created_at: record.createdAt,
  suspended_at: record.suspendedAt,
});

export const projectRecord = (row: ProjectRow): ProjectRecord => ({
  id: row.id,
  organizationId: row.organization_id,
  name: row.name,
  keyModel: row.key_model as KeyModel,
  tier: row.tier,
  metadata: fromJson<JsonObject>(row.metadata),
  createdAt: row.created_at,
  suspendedAt: row.suspended_at,
});

export const projects = (db: Db): StoreView['projects'] => ({
  async get(id) {
    const row = await db.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? null : projectRecord(row);
  },
  async list(filter, page) {
    let query = db.selectFrom('projects').selectAll();
    if (filter.organizationId !== undefined) query = query.where('organization_id', '=', filter.organizationId);
    return newestFirst(query, page, projectRecord);
  },
  async insert(record) {
    await db.insertInto('projects').values(projectRow(record)).execute();
  },
  async update(record) {
    await db.updateTable('projects').set(projectRow(record)).where('id', '=', record.id).execute();
  },
  delete: (id, at) =>
    atomically(db, async (trx) => {
      await buryKeys(trx, 'project_id', id, at);
      await trx.deleteFrom('projects').where('id', '=', id).execute();
    }),
});
