// Tiers as rows, and keys to be found by the tier that they name.

import type { Kysely } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  const { schema } = db;

  await schema
    .createTable('tiers')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('rank', 'integer', (column) => column.notNull())
    .addColumn('limits', 'text', (column) => column.notNull())
    .addColumn('batch_size', 'bigint')
    .addColumn('endpoints', 'text')
    .addColumn('gated_fields', 'text', (column) => column.notNull())
    .addColumn('permissions', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
  await schema.createIndex('tiers_by_name').on('tiers').column('name').unique().execute();
  await schema.createIndex('keys_of_tier').on('keys').columns(['tier', 'created_at', 'id']).execute();
  await schema.createIndex('projects_of_tier').on('projects').column('tier').execute();
}
