// What each organization has set about the age of its keys. A migration is never changed after a release; the next one is a new file.

import type { Kysely } from 'kysely';

export async function up({ schema }: Kysely<never>): Promise<void> {
  await schema.alterTable('organizations').addColumn('rotation', 'text').execute();
}
