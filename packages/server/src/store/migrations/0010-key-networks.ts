// The networks that each key is used from. A migration is never changed after a release; the next one is a new file.

import type { Kysely } from 'kysely';

export async function up({ schema }: Kysely<never>): Promise<void> {
  await schema
    .createTable('key_networks')
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('network', 'text', (column) => column.notNull())
    .addColumn('first_used_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('key_networks_key', ['key_id', 'network'])
    .execute();
}
