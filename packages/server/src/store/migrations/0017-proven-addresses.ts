// Whether an address was shown to be somebody's own. A migration is never changed after a release; the next one is a new file.

import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  const flag = (table: string, column: string) =>
    db.schema
      .alterTable(table)
      .addColumn(column, 'integer', (made) => made.notNull().defaultTo(0))
      .execute();
  await flag('users', 'email_proven');
  await flag('invitations', 'by_letter');
  // Whoever came without an invitation confirmed the address by a letter, or at another provider. Of the others it is not known.
  await sql`update users set email_proven = 1 where email_verified = 1 and invitation_id is null`.execute(db);
}
