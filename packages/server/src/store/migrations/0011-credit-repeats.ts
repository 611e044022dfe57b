// The debits and reservations that a second request was let pass on. A migration is never changed after a release; the next one is a new file.

import type { Kysely } from 'kysely';

export async function up({ schema }: Kysely<never>): Promise<void> {
  await schema
    .createTable('credit_repeats')
    .addColumn('family_id', 'text', (column) => column.notNull())
    .addColumn('sequence', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('credit_repeats_key', ['family_id', 'sequence'])
    .execute();
  await schema
    .alterTable('reservations')
    .addColumn('relied', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}
