// Brings a database to the current tables: the list of migrations, and the one transaction that runs what is missing.

import { LatchkeyError } from '@latchkey/core';
import type { Kysely } from 'kysely';
import { up as tables } from './0001-tables.js';
import { up as tiers } from './0002-tiers.js';
import { up as credits } from './0003-credits.js';
import { up as idempotency } from './0004-idempotency.js';
import { up as leases } from './0005-leases.js';
import { up as denials } from './0006-denials.js';
import { up as nodesAndChanges } from './0007-nodes-and-changes.js';
import { up as idempotencyOwner } from './0008-idempotency-owner.js';
import { up as keyNetworks } from './0010-key-networks.js';
import { up as creditRepeats } from './0011-credit-repeats.js';
import { up as creditBlocks } from './0012-credit-blocks.js';
import { up as users } from './0013-users.js';
import { up as memberships } from './0014-memberships.js';
import { up as keyObservations } from './0015-key-observations.js';
import { up as rotation } from './0016-rotation.js';
import { up as provenAddresses } from './0017-proven-addresses.js';
import { up as rootKeyMakers } from './0018-root-key-makers.js';
import { up as unsentReminders } from './0019-unsent-reminders.js';

interface Migration {
  name: string;
  up(db: Kysely<never>): Promise<void>;
}

/** In order; only ever added to. */
export const MIGRATIONS: readonly Migration[] = [
  { name: '0001-tables', up: tables },
  { name: '0002-tiers', up: tiers },
  { name: '0003-credits', up: credits },
  { name: '0004-idempotency', up: idempotency },
  { name: '0005-leases', up: leases },
  { name: '0006-denials', up: denials },
  { name: '0007-nodes-and-changes', up: nodesAndChanges },
  { name: '0008-idempotency-owner', up: idempotencyOwner },
  { name: '0010-key-networks', up: keyNetworks },
  { name: '0011-credit-repeats', up: creditRepeats },
  { name: '0012-credit-blocks', up: creditBlocks },
  { name: '0013-users', up: users },
  { name: '0014-memberships', up: memberships },
  { name: '0015-key-observations', up: keyObservations },
  { name: '0016-rotation', up: rotation },
  { name: '0017-proven-addresses', up: provenAddresses },
  { name: '0018-root-key-makers', up: rootKeyMakers },
  { name: '0019-unsent-reminders', up: unsentReminders },
];

/**
 * Runs what is missing, all or nothing, after `alone` has made sure that nobody else does.
 * @throws LatchkeyError `configuration_invalid` when the database was written by a newer Latchkey.
 */
export async function migrate<S>(
  database: Kysely<S>,
  migrations: readonly Migration[] = MIGRATIONS,
  alone: (trx: Kysely<S>) => Promise<void> = async () => {},
): Promise<void> {
  const db = database as unknown as Kysely<{ migrations: { name: string; position: number } }>;
  await db.transaction().execute(async (trx) => {
    await alone(trx as unknown as Kysely<S>);
    await trx.schema
      .createTable('migrations')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('position', 'integer', (column) => column.notNull())
      .execute();
    const done = await trx.selectFrom('migrations').select('name').orderBy('position').execute();
    const unknown = done.find(({ name }, position) => migrations[position]?.name !== name);
    if (unknown !== undefined)
      throw new LatchkeyError(
        'configuration_invalid',
        `The database has the migration ${unknown.name}, which this version does not know: run the version that wrote it, or a newer one.`,
      );
    for (const [position, migration] of migrations.entries()) {
      if (position < done.length) continue;
      await migration.up(trx as unknown as Kysely<never>);
      await trx.insertInto('migrations').values({ name: migration.name, position }).execute();
    }
  });
}
