// Requests under an Idempotency-Key: which one began, and how the upstream answered it.

import type { Kysely } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('idempotency')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('answer', 'text')
    .addColumn('sealed_under', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();
  await schema.createIndex('idempotency_by_age').on('idempotency').column('created_at').execute();
  await schema.createIndex('idempotency_by_master_key').on('idempotency').column('sealed_under').execute();
}
