// Which process runs a request under an Idempotency-Key, so that others can tell what still runs from what was lost.

import type { Kysely } from 'kysely';

export async function up({ schema }: Kysely<never>): Promise<void> {
  await schema.alterTable('idempotency').addColumn('node_id', 'text').execute();
}
