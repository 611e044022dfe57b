// Who made each root key. A migration is never changed after a release; the next one is a new file.

import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('root_keys').addColumn('created_by', 'text').execute();
  // Of those that are there the audit log knows it.
  await sql`
    update root_keys set created_by = (
      select max(audit.actor_id) from audit
      where audit.target_id = root_keys.id and audit.action in ('createRootKey', 'acceptRootKey')
    )`.execute(db);
  await db.schema.createIndex('root_keys_by_maker').on('root_keys').column('created_by').execute();
}
