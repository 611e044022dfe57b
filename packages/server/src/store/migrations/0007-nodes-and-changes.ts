// The log of changes that every node reads, and the nodes that serve. A migration is never changed after a release; the next one is a new file.

import type { Kysely } from 'kysely';

export async function up({ schema }: Kysely<never>): Promise<void> {
  await schema
    .createTable('changes')
    .addColumn('position', 'bigint', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('changes', 'text', (column) => column.notNull())
    .execute();

  // One row, from the first change on. Raising it orders the commits, and a commit that fails leaves no gap.
  await schema
    .createTable('change_heads')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .execute();

  await schema
    .createTable('nodes')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('beat', 'bigint', (column) => column.notNull())
    .addColumn('ring_keys', 'text', (column) => column.notNull())
    .execute();
}
