// Guarantees of what sign-in keeps: nobody who reads the database can sign in with what they find, on whichever database it is.

import { DatabaseSync } from '@photostructure/sqlite';
import { getMigrations } from 'better-auth/db/migration';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPostgres, type PostgresServer, startPostgres } from '../../../../test/servers/postgres.js';
import { openSqlite } from '../store/dialect/sqlite.js';
import { type LibraryParts, libraryOptions } from './library.js';
import { createSafe } from './safe.js';
import { createWorld, PASSWORD, SESSION, settled, someEmail, totp, type World } from './world.suite.js';

/** Every row of every table, as text. */
async function everything(world: World, databaseUrl: string | undefined): Promise<string> {
  if (databaseUrl === undefined) {
    const database = new DatabaseSync(world.databaseFile, { readOnly: true });
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all() as { name: string }[];
    const rows = tables.flatMap(({ name }) => database.prepare(`select * from "${name}"`).all());
    database.close();
    return JSON.stringify(rows);
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`,
  );
  const found: unknown[] = [];
  for (const { name } of tables) found.push(...(await client.query(`select * from ${name}`)).rows);
  await client.end();
  return JSON.stringify(found);
}

function suite(name: string, database: () => Promise<string | undefined>) {
  describe(name, () => {
    let world: World;
    let url: string | undefined;
    beforeAll(async () => {
      url = await database();
      world = await createWorld(url === undefined ? {} : { databaseUrl: url });
    });
    afterAll(() => world.close());

    it('keeps neither a password nor a token, a code or the secret of an app as it is', async () => {
      const email = someEmail();
      const browser = await world.person(email);
      const confirmation = world.tokenFor(email);
      const enabled = (await browser.auth('/two-factor/enable', { password: PASSWORD })).body;
      const verified = await browser.auth('/two-factor/verify-totp', { code: totp(enabled.totpURI) });
      expect(verified.status).toBe(200);
      // Somebody in the midst of a sign-in, and somebody who asked for a new password.
      const half = world.browser();
      await half.signIn(email);
      await world.browser().auth('/request-password-reset', { email });
      // And a link that gives the account another address.
      const next = someEmail();
      expect((await browser.auth('/change-email', { newEmail: next, password: PASSWORD })).status).toBe(200);
      await settled();
      const resets = world.letters.findLast(({ subject }) => subject.startsWith('Set a new password'))?.text ?? '';
      const reset = /#(\S+)/.exec(resets)?.[1] ?? '';
      const cookie = decodeURIComponent(browser.cookies.get(SESSION) as string);
      const challenge = decodeURIComponent([...half.cookies].find(([key]) => key.endsWith('two_factor'))?.[1] ?? '');
      const base32 = new URL(enabled.totpURI).searchParams.get('secret') as string;
      const bits = [...base32]
        .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
        .join('');
      const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))).toString();
      const secrets = [
        ...[PASSWORD, confirmation, reset, ...reset.split('.'), world.tokenFor(next)],
        ...[base32, secret, ...enabled.backupCodes],
        ...[cookie, cookie.split('.')[0], challenge, challenge.split('.')[0]],
      ] as string[];
      const kept = await everything(world, url);
      // The search finds what is there.
      expect(kept).toContain(email);
      expect(secrets.every((text) => text.length >= 10)).toBe(true);
      for (const text of secrets) {
        expect(kept.includes(text)).toBe(false);
        expect(kept.includes(Buffer.from(text).toString('base64').replace(/=+$/, ''))).toBe(false);
        expect(kept.includes(Buffer.from(text).toString('hex'))).toBe(false);
        expect(world.served.log().includes(text)).toBe(false);
      }
    });

    it('signs nobody in with what it keeps of a session', async () => {
      const browser = await world.person(someEmail());
      const { signIn } = world.served.latchkey.engine.services.store;
      const [, signature] = decodeURIComponent(browser.cookies.get(SESSION) as string).split('.');
      const thief = world.browser();
      for (const { token_hash } of await signIn.find('sessions', [])) {
        for (const value of [`${token_hash}`, `${token_hash}.${signature}`]) {
          thief.cookies.set(SESSION, encodeURIComponent(value));
          expect((await thief.get('/v1/self')).status).toBe(401);
        }
      }
      expect((await browser.get('/v1/self')).status).toBe(200);
    });

    it('walks through every way of sign-in as on the other database', async () => {
      const email = someEmail();
      const browser = await world.person(email);
      const { totpURI, backupCodes } = (await browser.auth('/two-factor/enable', { password: PASSWORD })).body;
      await browser.auth('/two-factor/verify-totp', { code: totp(totpURI) });
      const again = world.browser();
      expect((await again.signIn(email)).body.twoFactorRedirect).toBe(true);
      expect((await again.auth('/two-factor/verify-backup-code', { code: backupCodes[0] })).status).toBe(200);
      expect((await again.get('/v1/sessions')).body.data.length).toBeGreaterThanOrEqual(2);
      expect((await again.get('/api/auth/passkey/generate-register-options')).body.challenge).toEqual(
        expect.any(String),
      );
      expect((await again.get('/api/auth/passkey/list-user-passkeys')).body).toEqual([]);
      await world.browser().auth('/request-password-reset', { email });
      await settled();
      const reset = { token: world.tokenFor(email), newPassword: 'another horse battery' };
      expect((await world.browser().auth('/reset-password', reset)).status).toBe(200);
      expect((await again.get('/v1/self')).status).toBe(401);

      const other = await world.person(someEmail());
      const moved = someEmail();
      await other.auth('/change-email', { newEmail: moved, password: PASSWORD });
      await settled();
      const token = world.tokenFor(moved);
      const twice = await Promise.all([1, 2].map(() => other.auth('/change-email/confirm', { token })));
      expect(twice.map(({ status }) => status).sort()).toEqual([200, 400]);
      const { user, organizations } = (await other.get('/v1/self')).body;
      expect(user.email).toBe(moved);
      const leave = () => other.auth('/delete-account', { password: PASSWORD });
      expect((await leave()).body).toMatchObject({ code: 'last_owner' });
      const heir = (await (await world.person(someEmail())).get('/v1/self')).body.user;
      const { memberships } = world.served.latchkey.engine.services.store;
      await memberships.put({ organizationId: organizations[0].id, userId: heir.id, role: 'owner', createdAt: 1 });
      const gone = await Promise.all([leave(), leave()]);
      expect(gone.map(({ status }) => status).sort()).toEqual([200, 401]);
      expect((await world.browser().signIn(moved)).status).toBe(401);
    });
  });
}

suite('SQLite', async () => undefined);

describe.skipIf(findPostgres() === null)('with a server', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.dispose());
  suite('PostgreSQL', () => server.database());
});

describe('the tables of sign-in', () => {
  /** What the library would create or add for the options that this room gives it. */
  async function missing(db: Kysely<unknown>, type: 'sqlite' | 'postgres', world: World): Promise<string[]> {
    const { services } = world.served.latchkey.engine;
    const parts = { services, oidc: null, safe: createSafe(services.auditKey) } as unknown as LibraryParts;
    const { toBeCreated, toBeAdded } = await getMigrations({
      ...libraryOptions(parts, false),
      database: { db: db as unknown as Kysely<never>, type },
      // Types differ on purpose: times are milliseconds here, yes and no are 1 and 0.
      logger: { disabled: true },
    });
    return [...toBeCreated, ...toBeAdded].flatMap(({ table, fields }) =>
      Object.keys(fields).map((field) => `${table}.${field}`),
    );
  }

  it('have every column that the library asks for, on SQLite', async () => {
    const world = await createWorld();
    const database = openSqlite(world.databaseFile);
    const db = new Kysely<unknown>({ dialect: database.dialect });
    expect(await missing(db, 'sqlite', world)).toEqual([]);
    // The comparison sees what is not there.
    await sql`alter table passkeys drop column aaguid`.execute(db);
    expect(await missing(db, 'sqlite', world)).toEqual(['passkeys.aaguid']);
    database.close();
    await world.close();
  });

  it.skipIf(findPostgres() === null)('have every column that the library asks for, on PostgreSQL', async () => {
    const server = await startPostgres();
    const databaseUrl = await server.database();
    const world = await createWorld({ databaseUrl });
    const pool = new pg.Pool({ connectionString: databaseUrl });
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    expect(await missing(db, 'postgres', world)).toEqual([]);
    await pool.end();
    await world.close();
    await server.dispose();
  });
});
