// Escrowed blocks of credit accounts, and what was debited from them. A migration is never changed after a release; the next one is a new file.

import { type Kysely, sql } from 'kysely';

export async function up({ schema }: Kysely<never>): Promise<void> {
  for (const column of ['escrowed', 'blocks'])
    await schema
      .alterTable('credit_accounts')
      .addColumn(column, 'bigint', (made) => made.notNull().defaultTo(0))
      .execute();
  await schema
    .createTable('credit_blocks')
    .addColumn('family_id', 'text', (column) => column.notNull())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('credits', 'bigint', (column) => column.notNull())
    .addColumn('spent', 'bigint', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('credit_blocks_key', ['family_id', 'number'])
    .addCheckConstraint('credit_block_not_overspent', sql`spent <= credits`)
    .execute();
  await schema.createIndex('credit_blocks_due').on('credit_blocks').column('until').execute();
  await schema
    .createTable('block_debits')
    .addColumn('family_id', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('credits', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('block_debits_key', ['family_id', 'request_id'])
    .execute();
}
