// People, and what proves who they are. A migration is never changed after a release; the next one is a new file.

import type { CreateTableBuilder, Kysely } from 'kysely';

/** Columns that every row of these tables is made with. */
const made = <Table extends string>(table: CreateTableBuilder<Table>) =>
  table
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull());

const owned = <Table extends string>(table: CreateTableBuilder<Table>) =>
  table
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id').onDelete('cascade'));

export async function up({ schema }: Kysely<never>): Promise<void> {
  await made(
    schema
      .createTable('users')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('email', 'text', (column) => column.notNull().unique())
      .addColumn('email_verified', 'integer', (column) => column.notNull())
      .addColumn('image', 'text')
      .addColumn('two_factor_enabled', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('is_operator', 'integer', (column) => column.notNull().defaultTo(0))
      // That the account was made with.
      .addColumn('invitation_id', 'text'),
  ).execute();
  // Few among many: nobody reads all users to find them.
  await schema.createIndex('users_operators').on('users').columns(['is_operator', 'created_at']).execute();

  await made(
    owned(schema.createTable('sessions'))
      .addColumn('token_hash', 'text', (column) => column.notNull().unique())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('ip', 'text')
      .addColumn('user_agent', 'text'),
  ).execute();
  await schema.createIndex('sessions_of_user').on('sessions').column('user_id').execute();
  await schema.createIndex('sessions_by_end').on('sessions').column('expires_at').execute();

  // A way to sign in: a password, or an identity at another provider.
  await made(
    owned(schema.createTable('user_accounts'))
      .addColumn('provider_id', 'text', (column) => column.notNull())
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('password_hash', 'text')
      .addColumn('access_token', 'text')
      .addColumn('refresh_token', 'text')
      .addColumn('id_token', 'text')
      .addColumn('access_token_expires_at', 'bigint')
      .addColumn('refresh_token_expires_at', 'bigint')
      .addColumn('scope', 'text')
      .addUniqueConstraint('user_accounts_identity', ['provider_id', 'account_id']),
  ).execute();
  await schema.createIndex('user_accounts_of_user').on('user_accounts').column('user_id').execute();

  await made(
    schema
      .createTable('verifications')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('identifier_hash', 'text', (column) => column.notNull())
      .addColumn('sealed_value', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull()),
  ).execute();
  await schema.createIndex('verifications_by_identifier').on('verifications').column('identifier_hash').execute();
  await schema.createIndex('verifications_by_end').on('verifications').column('expires_at').execute();

  await owned(schema.createTable('two_factors'))
    .addColumn('sealed_secret', 'text', (column) => column.notNull())
    .addColumn('sealed_backup_codes', 'text', (column) => column.notNull())
    .addColumn('verified', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('failures', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('locked_until', 'bigint')
    .execute();
  await schema.createIndex('two_factors_of_user').on('two_factors').column('user_id').execute();

  await owned(schema.createTable('passkeys'))
    .addColumn('name', 'text')
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('credential_id', 'text', (column) => column.notNull().unique())
    .addColumn('counter', 'bigint', (column) => column.notNull())
    .addColumn('device_type', 'text', (column) => column.notNull())
    .addColumn('backed_up', 'integer', (column) => column.notNull())
    .addColumn('transports', 'text')
    .addColumn('aaguid', 'text')
    .addColumn('created_at', 'bigint')
    .execute();
  await schema.createIndex('passkeys_of_user').on('passkeys').column('user_id').execute();

  // Attempts to sign in and the like, counted for all nodes.
  await schema
    .createTable('sign_in_attempts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addColumn('ends_at', 'bigint', (column) => column.notNull())
    .execute();
  await schema.createIndex('sign_in_attempts_by_end').on('sign_in_attempts').column('ends_at').execute();
}
