// Credit accounts, their ledgers, and reservations. A migration is never changed after a release; the next one is a new file.

import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  const { schema } = db;

  await schema
    .createTable('credit_accounts')
    .addColumn('family_id', 'text', (column) => column.primaryKey())
    .addColumn('organization_id', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('balance', 'bigint', (column) => column.notNull())
    .addColumn('refill', 'text')
    .addColumn('refilled_period', 'bigint', (column) => column.notNull())
    .addColumn('bounded', 'integer', (column) => column.notNull())
    .addColumn('entries', 'bigint', (column) => column.notNull())
    .addCheckConstraint('credit_balance_not_negative', sql`balance >= 0`)
    .execute();

  await schema
    .createTable('credit_entries')
    .addColumn('family_id', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('key_id', 'text')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('organization_id', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('amount', 'bigint', (column) => column.notNull())
    .addColumn('balance_after', 'bigint', (column) => column.notNull())
    .addColumn('request_id', 'text')
    .addColumn('attempt', 'integer')
    .addColumn('reservation_id', 'text')
    .addColumn('actor_id', 'text')
    .addPrimaryKeyConstraint('credit_entries_key', ['family_id', 'sequence'])
    .addCheckConstraint('credit_entry_not_below_zero', sql`balance_after >= 0`)
    .execute();
  // Entries without an attempt are all different here: nulls never collide.
  await schema
    .createIndex('credit_entries_once')
    .on('credit_entries')
    .columns(['request_id', 'family_id', 'kind', 'attempt'])
    .unique()
    .execute();

  await schema
    .createTable('reservations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('family_id', 'text', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('organization_id', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('attempt', 'integer', (column) => column.notNull())
    .addColumn('credits', 'bigint', (column) => column.notNull())
    .addColumn('settled_credits', 'bigint')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('closed_at', 'bigint')
    .execute();
  await schema
    .createIndex('reservations_once')
    .on('reservations')
    .columns(['request_id', 'family_id', 'attempt'])
    .unique()
    .execute();
  await schema.createIndex('reservations_due').on('reservations').columns(['state', 'expires_at']).execute();
  await schema
    .createIndex('reservations_of_family')
    .on('reservations')
    .columns(['family_id', 'state', 'expires_at'])
    .execute();
}
