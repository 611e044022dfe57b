// The last denials of each key, and a way to find the few keys that are restricted.

import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  const { schema } = db;

  await schema
    .createTable('denials')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text')
    .addColumn('method', 'text')
    .addColumn('path', 'text')
    .addColumn('ip', 'text')
    .addColumn('origin', 'text')
    .addColumn('required', 'text')
    .addColumn('surface', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('denials_of_key').on('denials').columns(['key_id', 'created_at', 'id']).execute();
  await schema.createIndex('denials_oldest').on('denials').column('created_at').execute();

  await schema
    .createIndex('keys_restricted')
    .on('keys')
    .column('id')
    .where(sql.ref('restrictions'), 'is not', null)
    .execute();
}
