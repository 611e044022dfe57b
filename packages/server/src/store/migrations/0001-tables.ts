// The first tables and their indexes. A migration is never changed after a release; the next one is a new file.

import type { Kysely } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  const { schema } = db;

  await schema
    .createTable('organizations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('metadata', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('suspended_at', 'bigint')
    .execute();
  await schema.createIndex('organizations_newest').on('organizations').columns(['created_at', 'id']).execute();

  await schema
    .createTable('projects')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('organization_id', 'text', (column) => column.notNull().references('organizations.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('key_model', 'text', (column) => column.notNull())
    .addColumn('tier', 'text')
    .addColumn('metadata', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('suspended_at', 'bigint')
    .execute();
  await schema.createIndex('projects_newest').on('projects').columns(['created_at', 'id']).execute();
  await schema
    .createIndex('projects_of_organization')
    .on('projects')
    .columns(['organization_id', 'created_at', 'id'])
    .execute();

  await schema
    .createTable('keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('organization_id', 'text', (column) => column.notNull().references('organizations.id'))
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('family_id', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('prefix', 'text', (column) => column.notNull())
    .addColumn('hint', 'text', (column) => column.notNull())
    .addColumn('mode', 'text', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('tier', 'text')
    .addColumn('permissions', 'text')
    .addColumn('restrictions', 'text')
    .addColumn('limits', 'text')
    .addColumn('environment', 'text')
    .addColumn('metadata', 'text')
    .addColumn('owner_id', 'text')
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('digest_kind', 'text', (column) => column.notNull())
    .addColumn('pepper_id', 'text')
    .addColumn('imported', 'integer', (column) => column.notNull())
    .addColumn('webhook_secret', 'text')
    .addColumn('sealed_under', 'text')
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('disabled_at', 'bigint')
    .addColumn('grace_ends_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .addColumn('revoked_reason', 'text')
    .addColumn('last_used_at', 'bigint')
    .addColumn('last_used_ip', 'text')
    .execute();
  await schema.createIndex('keys_by_digest').on('keys').column('digest').unique().execute();
  await schema.createIndex('keys_of_project').on('keys').columns(['project_id', 'created_at', 'id']).execute();
  await schema.createIndex('keys_of_organization').on('keys').column('organization_id').execute();
  await schema.createIndex('keys_of_family').on('keys').columns(['family_id', 'generation']).unique().execute();
  await schema.createIndex('keys_by_pepper').on('keys').column('pepper_id').execute();
  await schema.createIndex('keys_by_master_key').on('keys').column('sealed_under').execute();
  await schema.createIndex('keys_imported').on('keys').columns(['imported', 'revoked_at']).execute();

  await schema
    .createTable('tombstones')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('deleted_at', 'bigint')
    .execute();
  await schema.createIndex('tombstones_by_key').on('tombstones').column('key_id').execute();

  await schema
    .createTable('root_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hint', 'text', (column) => column.notNull())
    .addColumn('permissions', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('digest_kind', 'text', (column) => column.notNull())
    .addColumn('pepper_id', 'text')
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .execute();
  await schema.createIndex('root_keys_by_digest').on('root_keys').column('digest').unique().execute();
  await schema.createIndex('root_keys_newest').on('root_keys').columns(['created_at', 'id']).execute();

  await schema
    .createTable('audit')
    .addColumn('chain', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('organization_id', 'text')
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('actor_type', 'text', (column) => column.notNull())
    .addColumn('actor_id', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('target_type', 'text', (column) => column.notNull())
    .addColumn('target_id', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text')
    .addColumn('changes', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('mac', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_chain', ['chain', 'sequence'])
    .execute();
  await schema.createIndex('audit_newest').on('audit').columns(['at', 'id']).execute();
  await schema.createIndex('audit_of_organization').on('audit').columns(['organization_id', 'at', 'id']).execute();
  await schema.createIndex('audit_of_project').on('audit').columns(['project_id', 'at', 'id']).execute();
  await schema.createIndex('audit_of_target').on('audit').columns(['target_id', 'at', 'id']).execute();

  await schema
    .createTable('audit_heads')
    .addColumn('chain', 'text', (column) => column.primaryKey())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('mac', 'text', (column) => column.notNull())
    .addColumn('seal', 'text', (column) => column.notNull())
    .execute();

  await schema
    .createTable('replays')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('answer', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();
  await schema.createIndex('replays_oldest').on('replays').column('created_at').execute();

  await schema
    .createTable('usage_hours')
    .addColumn('organization_id', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('family_id', 'text', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('hour', 'bigint', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('usage_hours_key', ['organization_id', 'hour', 'project_id', 'key_id', 'outcome'])
    .execute();
  await schema.createIndex('usage_hours_of_project').on('usage_hours').columns(['project_id', 'hour']).execute();
  await schema.createIndex('usage_hours_of_key').on('usage_hours').columns(['key_id', 'hour']).execute();

  await schema
    .createTable('quota_days')
    .addColumn('family_id', 'text', (column) => column.notNull())
    .addColumn('day', 'integer', (column) => column.notNull())
    .addColumn('used', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('quota_days_key', ['family_id', 'day'])
    .execute();
  await schema.createIndex('quota_days_oldest').on('quota_days').column('day').execute();

  await schema
    .createTable('settings')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
}
