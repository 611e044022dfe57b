// The store on SQLite: the contract in memory and in a file, and what only a file can lose.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { Kysely, sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseFile } from '../database.js';
import { createLatchkey } from '../latchkey.js';
import { openSqlite } from './dialect/sqlite.js';
import { lookupQuery } from './key-lookup.js';
import { lockDataDir } from './lock.js';
import { MIGRATIONS, migrate } from './migrations/migrate.js';
import { openSqliteStore } from './open-store.js';
import type { Schema } from './schema.js';
import { digestOf, key, organization, project, storeSuite } from './store.suite.js';

const inMemory = () => openSqliteStore({ file: ':memory:' });

storeSuite(
  'SQLite in memory',
  async () => {
    const store = await inMemory();
    return { store, reopen: inMemory, dispose: () => store.close() };
  },
  { durable: false },
);

storeSuite(
  'SQLite in a file',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'latchkey-store-'));
    const file = join(dir, 'latchkey.db');
    let store = await openSqliteStore({ file });
    return {
      store,
      async reopen() {
        await store.close();
        store = await openSqliteStore({ file });
        return store;
      },
      async dispose() {
        await store.close();
        rmSync(dir, { recursive: true });
      },
    };
  },
  { durable: true },
);

describe('a SQLite file', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'latchkey-store-'));
    file = join(dir, 'data', 'latchkey.db');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

  it('is readable by its owner only, and so is all that lies beside it', async () => {
    const store = await openSqliteStore({ file });
    await store.settings.set('a', '1');
    await store.backup(join(dir, 'copy.db'));
    expect(modeOf(join(dir, 'data'))).toBe('700');
    for (const path of [file, `${file}-wal`, `${file}-shm`, join(dir, 'copy.db')]) expect(modeOf(path)).toBe('600');
    await store.close();
  });

  it('is written with a log and synced at every commit', async () => {
    const database = openSqlite(file);
    const db = new Kysely<unknown>({ dialect: database.dialect });
    const pragma = async (name: string) => (await sql.raw(`pragma ${name}`).execute(db)).rows[0];
    expect(await pragma('journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(await pragma('synchronous')).toEqual({ synchronous: 2 });
    expect(await pragma('foreign_keys')).toEqual({ foreign_keys: 1 });
    database.close();
  });

  it('is copied while serving into a database that opens and is equal', async () => {
    const store = await openSqliteStore({ file });
    await store.organizations.insert(organization('org_1', { metadata: { emoji: '😀' } }));
    await store.projects.insert(project('proj_1'));
    await store.keys.insert(key('key_1'));
    await store.raiseDay('f', 1, 5);
    const copyFile = join(dir, 'copy.db');
    const writing = store.transaction(async (view) => {
      await view.settings.set('half', '1');
      await new Promise((resolve) => setTimeout(resolve, 20));
      await view.settings.set('whole', '1');
    });
    await Promise.all([store.backup(copyFile), writing]);
    await store.settings.set('later', '1');
    const copy = await openSqliteStore({ file: copyFile });
    expect(await copy.integrity()).toEqual([]);
    expect(await copy.keys.findByDigest([digestOf('key_1')])).toEqual(key('key_1'));
    expect(await copy.organizations.get('org_1')).toEqual(await store.organizations.get('org_1'));
    expect(await copy.readDay('f', 1)).toBe(5);
    const settings = (await copy.settings.list()).map((row) => row.name).join();
    expect(['', 'half,whole']).toContain(settings);
    await copy.close();
    await store.close();
  });

  it('is copied without holding up the work that goes on', async () => {
    const store = await openSqliteStore({ file });
    const filling = Array.from({ length: 20_000 }, (_, at) => ({
      familyId: `family-${'x'.repeat(400)}-${at}`,
      day: 1,
      used: 1,
    }));
    await store.setDays(filling);
    // Turns of this thread, not commits: one commit may wait for the disk as long as the copy takes. A busy machine may
    // keep this thread itself from running while one copy is made, not ten times over.
    let turns = 0;
    let target = '';
    for (let tries = 0; turns <= 50 && tries < 10; tries++) {
      target = join(dir, `copy-${tries}.db`);
      let ended = false;
      const copying = store.backup(target).finally(() => {
        ended = true;
      });
      for (turns = 0; !ended; turns++) {
        if (turns === 50) await store.settings.set('written', 'meanwhile');
        await new Promise((resolve) => setImmediate(resolve));
      }
      await copying;
    }
    expect(turns).toBeGreaterThan(50);
    expect(await store.settings.get('written')).toBe('meanwhile');
    const copy = await openSqliteStore({ file: target });
    expect(await copy.integrity()).toEqual([]);
    expect(await copy.readDay(filling[19_999]?.familyId ?? '', 1)).toBe(1);
    await copy.close();
    await store.close();
    await expect(store.backup(join(dir, 'late.db'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(existsSync(join(dir, 'late.db'))).toBe(false);
  });

  it('can be the copy of a store in memory', async () => {
    const store = await inMemory();
    await store.settings.set('a', '1');
    await store.backup(join(dir, 'copy.db'));
    const copy = await openSqliteStore({ file: join(dir, 'copy.db') });
    expect(await copy.settings.get('a')).toBe('1');
    await copy.close();
    await store.close();
  });

  it('is never copied over a file that is there', async () => {
    const store = await openSqliteStore({ file });
    const target = join(dir, 'precious');
    writeFileSync(target, 'precious');
    await expect(store.backup(target)).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(store.backup(join(dir, 'no', 'such', 'dir'))).rejects.toMatchObject({ code: 'invalid_request' });
    expect(readFileSync(target, 'utf8')).toBe('precious');
    await store.close();
  });

  it('held by another process is unavailable without stopping this one, and usable once free', async () => {
    const store = await openSqliteStore({ file });
    const other = new DatabaseSync(file);
    other.exec('begin immediate');
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 10);
    await expect(store.settings.set('a', '1')).rejects.toMatchObject({ code: 'unavailable' });
    clearInterval(timer);
    // A thread that waits for the lock has none.
    expect(turns).toBeGreaterThan(1);
    const waiting = store.transaction((view) => view.settings.set('a', '2'));
    setTimeout(() => other.exec('rollback'), 100);
    await waiting;
    expect(await store.settings.get('a')).toBe('2');
    other.close();
    await store.close();
  });

  it('that is no database is unavailable, with the cause', async () => {
    mkdirSync(join(dir, 'data'));
    writeFileSync(file, 'not a database, but long enough to have a header of its own '.repeat(50));
    await expect(openSqliteStore({ file })).rejects.toMatchObject({ code: 'unavailable', cause: { errcode: 26 } });
  });

  it('that is no database ends a start with its name, the reason and the fix', async () => {
    writeFileSync(databaseFile(dir), 'not a database, but long enough to have a header of its own '.repeat(50));
    const secret = Buffer.alloc(32).toString('base64');
    const starting = createLatchkey({ profile: 'swaypi', dataDir: dir, pepper: secret, masterKey: secret });
    await expect(starting).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringMatching(/\/latchkey\.sqlite cannot be opened: file is not a database\..*latchkey restore/),
    });
  });

  it('in a place that cannot be written is a configuration error', async () => {
    writeFileSync(join(dir, 'file'), '');
    await expect(openSqliteStore({ file: join(dir, 'file', 'x.db') })).rejects.toMatchObject({
      code: 'configuration_invalid',
    });
  });

  it('of a newer version is refused untouched; a migration that fails leaves nothing', async () => {
    const store = await openSqliteStore({ file });
    await store.settings.set('a', '1');
    await store.close();
    const database = openSqlite(file);
    const db = new Kysely<unknown>({ dialect: database.dialect });
    const failing = {
      name: '0002-half',
      async up(trx: Kysely<never>) {
        await trx.schema.createTable('half').addColumn('id', 'text').execute();
        throw new Error('half way');
      },
    };
    await expect(migrate(db, [...MIGRATIONS, failing])).rejects.toThrow('half way');
    expect((await db.introspection.getTables()).map((table) => table.name)).not.toContain('half');
    await migrate(db, [...MIGRATIONS, { name: '0002-next', up: async () => {} }]);
    database.close();
    await expect(openSqliteStore({ file })).rejects.toMatchObject({ code: 'configuration_invalid' });
  });

  it('answers findByDigest and the first page of each list from an index', async () => {
    const store = await openSqliteStore({ file });
    const raw = new DatabaseSync(file);
    const plan = (sql: string) =>
      (raw.prepare(`explain query plan ${sql}`).all() as { detail: string }[]).map((row) => row.detail).join('; ');
    expect(plan(`select * from keys where digest in ('a', 'b')`)).toContain('USING INDEX keys_by_digest');
    const newest = 'order by created_at desc, id desc limit 10';
    const after = "(created_at, id) < (5, 'x')";
    for (const sql of [
      `select * from keys where project_id = 'p' and ${after} ${newest}`,
      `select * from organizations where ${after} ${newest}`,
      `select * from projects where organization_id = 'o' and ${after} ${newest}`,
      `select * from projects where ${after} ${newest}`,
      `select * from root_keys where ${after} ${newest}`,
      `select * from audit where organization_id = 'o' and (at, id) < (5, 'x') order by at desc, id desc limit 10`,
      `select id from keys where imported = 1 and revoked_at is null limit 1`,
    ]) {
      expect(plan(sql)).toMatch(/^SEARCH .* USING (COVERING )?INDEX/);
      expect(plan(sql)).not.toContain('TEMP B-TREE');
    }
    raw.close();
    await store.close();
  });

  it('answers what a decision needs of a key in one statement, which reads no table through', async () => {
    const { dialect, close } = openSqlite(file);
    const db = new Kysely<Schema>({ dialect });
    await migrate(db);
    const { sql: text } = lookupQuery(db, ['a', 'b']).compile();
    const raw = new DatabaseSync(file);
    const plan = raw.prepare(`explain query plan ${text.replaceAll('?', "'a'")}`).all() as { detail: string }[];
    const steps = plan.map(({ detail }) => detail).filter((detail) => /^(SEARCH|SCAN)/.test(detail));
    expect(steps).toEqual([
      'SEARCH keys USING INDEX keys_by_digest (digest=?)',
      expect.stringMatching(/^SEARCH projects USING INDEX \S+ \(id=\?\)$/),
      expect.stringMatching(/^SEARCH organizations USING INDEX \S+ \(id=\?\)$/),
      expect.stringMatching(/^SEARCH credit_accounts USING INDEX \S+ \(family_id=\?\) LEFT-JOIN$/),
      expect.stringMatching(/^SEARCH tombstones USING INDEX \S+ \(digest=\?\)$/),
    ]);
    raw.close();
    close();
  });

  it('keeps every acknowledged commit, and no half one, through kill -9', async () => {
    const child = fileURLToPath(new URL('./crash-child.suite.mjs', import.meta.url));
    const pairs: string[] = [];
    let shared = 0;
    for (let round = 0; round < 3; round++) {
      let day = 0;
      await new Promise<void>((resolve, reject) => {
        const running = spawn(process.execPath, [child, file, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
        let rest = '';
        let pairsHere = 0;
        let planned = false;
        running.stdout.on('data', (data: Buffer) => {
          const lines = (rest + data.toString()).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) {
            const [kind, value = ''] = line.split(' ');
            if (kind === 'pair') {
              pairs.push(value);
              pairsHere++;
            }
            if (kind === 'day') day = Number(value);
            // At any instant, once enough is acknowledged, however slow the disk is.
            if (!planned && pairsHere > 3) {
              planned = true;
              setTimeout(() => running.kill('SIGKILL'), Math.random() * 100);
            }
          }
        });
        running.on('error', reject);
        running.on('close', (_code, signal) =>
          signal === 'SIGKILL' ? resolve() : reject(new Error('the child ended by itself')),
        );
      });
      shared = Math.max(shared, day);
      const store = await openSqliteStore({ file });
      expect(await store.integrity()).toEqual([]);
      const kept = new Set((await store.settings.list()).map((row) => row.name));
      expect(pairs.filter((id) => !kept.has(`${id}-first`) || !kept.has(`${id}-second`))).toEqual([]);
      expect(
        [...kept].filter(
          (name) => !kept.has(name.replace(/first$|second$/, (part) => (part === 'first' ? 'second' : 'first'))),
        ),
      ).toEqual([]);
      expect(await store.readDay(`family-${round}`, 1)).toBeGreaterThanOrEqual(day);
      expect(await store.readDay('shared', 1)).toBeGreaterThanOrEqual(shared);
      await store.close();
    }
    expect(pairs.length).toBeGreaterThan(10);
  });
});

describe('the lock of a data directory', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'latchkey-lock-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('has one holder at a time, and is free once released', async () => {
    const data = join(dir, 'data');
    const release = await lockDataDir(data);
    await expect(lockDataDir(data)).rejects.toMatchObject({ code: 'data_dir_in_use' });
    release();
    release();
    (await lockDataDir(data))();
  });

  it('keeps other processes out, and goes with a process that is killed', async () => {
    const script = `
      const { DatabaseSync } = require('@photostructure/sqlite');
      const raw = new DatabaseSync(process.argv[1]);
      raw.exec('pragma locking_mode = exclusive; begin exclusive');
      console.log('held');
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['-e', script, join(dir, 'latchkey.lock')], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve) => holder.stdout.once('data', () => resolve()));
    await expect(lockDataDir(dir)).rejects.toMatchObject({ code: 'data_dir_in_use' });
    const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
    holder.kill('SIGKILL');
    await ended;
    (await lockDataDir(dir))();
  });

  it('of a directory that cannot be made says which', async () => {
    writeFileSync(join(dir, 'file'), '');
    await expect(lockDataDir(join(dir, 'file', 'data'))).rejects.toMatchObject({ code: 'configuration_invalid' });
  });
});
