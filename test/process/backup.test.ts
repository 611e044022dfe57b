// Backup, restore and doctor: a copy made under writes is whole, a refused restore changes nothing, and each planted fault is found.

import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { DatabaseSync as Database } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../e2e/client.js';
import type { LatchkeyProcess } from '../e2e/server.js';
import { keepSecret } from '../secrecy/test-root.js';
import {
  type Ended,
  firstProject,
  type Installation,
  installation,
  latchkey,
  type Made,
  makeKey,
  makeKeys,
  verify,
} from './command.js';

const require = createRequire(new URL('../../packages/server/package.json', import.meta.url));
const { DatabaseSync } = require('@photostructure/sqlite') as { DatabaseSync: typeof Database };

/** Every file below a directory with its mode and content. */
const everything = (dir: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .map((name) => [name, join(dir, name)] as const)
      .filter(([, path]) => statSync(path).isFile())
      .map(([name, path]) => [name, `${statSync(path).mode.toString(8)} ${readFileSync(path, 'base64')}`]),
  );
const refused = (ended: Ended, reason: RegExp): void => {
  expect({ code: ended.code, out: ended.out }).toEqual({ code: 1, out: '' });
  expect(ended.err).toMatch(/^latchkey: [a-z_]+: [^\n]+\n$/);
  expect(ended.err).toMatch(reason);
};
const doctor = async (place: Installation): Promise<Record<string, string>> => {
  const { code, json } = await place.local('doctor', '--json');
  const findings = json.findings as { check: string; good: boolean; detail: string }[];
  expect(code).toBe(json.good ? 0 : 1);
  return Object.fromEntries(findings.filter(({ good }) => !good).map(({ check, detail }) => [check, detail]));
};

const place = installation('backup', { profile: 'textgen' });
const backup = join(place.dir, 'first.backup');
let before: Made[];

beforeAll(async () => {
  const server = await place.serve();
  const projectId = await firstProject(server);
  before = await makeKeys(server, projectId, 30);
  // Written while the copy is made.
  let writing = true;
  const during: Made[] = [];
  const writers = Array.from({ length: 3 }, async () => {
    while (writing) during.push(...(await makeKeys(server, projectId, 1)));
  });
  const made = await place.local('backup', backup, '--json');
  writing = false;
  await Promise.all(writers);
  expect(made.json).toMatchObject({ file: backup, bytes: statSync(backup).size });
  expect(during.length).toBeGreaterThan(0);
  expect(await server.stop()).toBe(0);
});

describe('a backup', () => {
  it('is its owner’s alone, is never written over, and leaves no half behind', async () => {
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    const content = readFileSync(backup);
    refused(await place.local('backup', backup), /is already there: name another file/);
    refused(await place.local('backup', '/dev/null/x/y'), /\/dev\/null\/x cannot be made/);
    refused(
      await installation('backup-nothing').local('backup', join(place.dir, 'other')),
      /There is no database .*: name its directory with --data-dir/,
    );
    expect(readFileSync(backup).equals(content)).toBe(true);
    expect(readdirSync(place.dir).filter((name) => name.includes('.part') || name === 'other')).toEqual([]);
  });

  it('made under writes and restored elsewhere serves the keys; doctor finds nothing', async () => {
    const other = installation('restored', { profile: 'textgen' });
    copyFileSync(place.pepperFile, other.pepperFile);
    copyFileSync(place.masterKeyFile, other.masterKeyFile);
    // From wherever it was kept, with whatever mode.
    const carried = join(other.dir, 'carried.backup');
    copyFileSync(backup, carried);
    chmodSync(carried, 0o644);
    const restored = await other.local('restore', carried);
    expect(restored.code).toBe(0);
    expect(restored.out).toMatch(
      /^Restored \d+ keys to .*\nKeys that were revoked after the backup was made pass again/,
    );
    expect(statSync(join(other.dataDir, 'latchkey.sqlite')).mode & 0o777).toBe(0o600);
    expect(await doctor(other)).toEqual({});
    const server = await other.serve();
    expect(server.stderr()).not.toContain('rootKey');
    const made = await other.local('root-keys', 'create', '--json');
    keepSecret(made.json.secret);
    for (const { secret } of before) {
      const headers = { authorization: `Bearer ${made.json.secret}` };
      const answer = await send(server.controlPlane, {
        method: 'POST',
        path: '/v1/keys/verify',
        headers,
        body: { secret },
      });
      expect((answer.json as { valid: boolean }).valid).toBe(true);
    }
    await server.dispose();
  });
});

describe('a restore that is refused leaves everything as it was', () => {
  let other: Installation;
  let server: LatchkeyProcess;
  beforeAll(async () => {
    other = installation('refused-restore', {
      profile: 'textgen',
      pepper: readFileSync(place.pepperFile, 'utf8').trim(),
      masterKey: readFileSync(place.masterKeyFile, 'utf8').trim(),
    });
    server = await other.serve();
    await makeKeys(server, await firstProject(server), 2);
  });
  afterAll(() => server.dispose());

  it('while a server runs', async () => {
    const [made] = await makeKeys(server, await firstProject(server), 1);
    refused(await other.local('restore', backup, '--force'), /data_dir_in_use/);
    expect((await verify(server, made?.secret as string)).valid).toBe(true);
    expect(await server.stop()).toBe(0);
  });

  it('without --force, for a file that is damaged, foreign or missing, or keys that are not here', async () => {
    const bytes = readFileSync(backup);
    const file = (name: string, content: Buffer | string): string => {
      writeFileSync(join(other.dir, name), content);
      return join(other.dir, name);
    };
    const holed = Buffer.from(bytes);
    holed.fill(0xaa, 4096 * 3, 4096 * 5);
    const plain = file('plain.sqlite', '');
    const foreign = new DatabaseSync(plain);
    foreign.exec('create table t (a); insert into t values (1)');
    foreign.close();
    const live = file('live.sqlite', bytes);
    file('live.sqlite-wal', 'something');
    const wrong = makeKey();
    keepSecret(wrong);
    mkdirSync(join(other.dir, 'wrong'));
    const wrongFile = file('wrong/pepper', wrong);
    const attempts: [string[], Record<string, string>, RegExp][] = [
      [[backup], {}, /is there already: add --force/],
      [[join(other.dir, 'nowhere'), '--force'], {}, /There is no file/],
      [[other.dir, '--force'], {}, /cannot be copied/],
      [[file('empty', ''), '--force'], {}, /was not restored: no Latchkey ever served it/],
      [[file('text', 'hello'.repeat(1000)), '--force'], {}, /was not restored: it is damaged, or no SQLite database/],
      [[file('half', bytes.subarray(0, bytes.length / 2)), '--force'], {}, /was not restored: it is damaged/],
      [[file('holed', holed), '--force'], {}, /was not restored: it is damaged/],
      [[plain, '--force'], {}, /was not restored: no Latchkey ever served it/],
      [[live, '--force'], {}, /is a database in use, not a backup/],
      [[backup, '--force'], { LATCHKEY_PROFILE: 'suward' }, /belongs to the profile textgen, not suward/],
      [
        [backup, '--force'],
        { LATCHKEY_PEPPER_FILE: wrongFile },
        /keys need the pepper [0-9a-f]{12}, which is not in the ring/,
      ],
      [
        [backup, '--force'],
        { LATCHKEY_MASTER_KEY_FILE: wrongFile },
        /audit_key needs the master key [0-9a-f]{12}, which/,
      ],
      [[backup, '--force'], { LATCHKEY_PEPPER_FILE: '' }, /LATCHKEY_PEPPER is not set/],
    ];
    const unchanged = everything(other.dataDir);
    for (const [args, env, reason] of attempts) {
      refused(await latchkey(['restore', ...args], { env: { ...other.env, ...env } }), reason);
      expect(everything(other.dataDir), String(reason)).toEqual(unchanged);
    }
    expect(await doctor(other)).toEqual({});
  });

  it('and one that is not keeps what was there beside, even when that is damaged', async () => {
    const file = join(other.dataDir, 'latchkey.sqlite');
    const first = await other.local('restore', backup, '--force', '--json');
    expect(first.code).toBe(0);
    // What was set aside is a whole database: it can be put back.
    const back = await other.local('restore', first.json.before, '--force', '--json');
    expect(back.json).toMatchObject({ keys: 3 });
    writeFileSync(file, 'no database at all');
    writeFileSync(`${file}-wal`, 'nor a log');
    const mended = await other.local('restore', backup, '--force', '--json');
    expect(mended.code).toBe(0);
    expect(readFileSync(mended.json.before, 'utf8')).toBe('no database at all');
    expect(existsSync(`${file}-wal`)).toBe(false);
    expect(await doctor(other)).toEqual({});
  });
});

describe('doctor', () => {
  const file = join(place.dataDir, 'latchkey.sqlite');
  /** Plants a fault in a copy of the data directory, looks, and takes the copy away. */
  async function planted(plant: (copy: Installation, database: string) => void): Promise<Record<string, string>> {
    const copy = installation('doctor', {
      profile: 'textgen',
      pepper: readFileSync(place.pepperFile, 'utf8').trim(),
      masterKey: readFileSync(place.masterKeyFile, 'utf8').trim(),
    });
    mkdirSync(copy.dataDir, { mode: 0o700 });
    copyFileSync(file, join(copy.dataDir, 'latchkey.sqlite'));
    plant(copy, join(copy.dataDir, 'latchkey.sqlite'));
    return doctor(copy);
  }
  const run = (database: string, ...statements: string[]): void => {
    const raw = new DatabaseSync(database);
    for (const statement of statements) raw.exec(statement);
    raw.close();
  };

  it('finds nothing where nothing is wrong, also beside a server under writes', async () => {
    expect(await planted(() => {})).toEqual({});
    const server = await place.serve();
    const made = await place.local('root-keys', 'create', '--json');
    keepSecret(made.json.secret);
    await server.stop();
    const again = await place.serve({ rootKey: made.json.secret });
    const projectId = await firstProject(again);
    let writing = true;
    const writers = Array.from({ length: 4 }, async () => {
      while (writing) await makeKeys(again, projectId, 1);
    });
    for (let round = 0; round < 3; round++) expect(await doctor(place)).toEqual({});
    writing = false;
    await Promise.all(writers);
    await again.stop();
  });

  it.each([
    [
      'an entry that was changed',
      `update audit set action = 'x' where rowid = (select rowid from audit where action = 'createKey' limit 1 offset 7)`,
      /entry \d+ \(aud_\w+\) was changed/,
    ],
    [
      'an entry that was taken out',
      `delete from audit where rowid = (select rowid from audit where action = 'createKey' limit 1 offset 7)`,
      /or one before it is missing/,
    ],
    [
      'a tail that was cut',
      `delete from audit where action = 'createKey' and sequence = (select max(sequence) from audit where action = 'createKey')`,
      /end is missing/,
    ],
    [
      'a head that was moved back',
      `delete from audit where action = 'createKey' and sequence = (select max(sequence) from audit where action = 'createKey'); update audit_heads set sequence = sequence - 1 where chain like 'org_%'`,
      /head was changed/,
    ],
    [
      'a chain that was removed whole',
      `delete from audit where chain like 'org_%'; delete from audit_heads where chain like 'org_%'`,
      /chain org_\w+: its head is missing/,
    ],
  ])('finds %s in the audit log', async (_, statement, fault) => {
    const found = await planted((_copy, database) => run(database, statement));
    expect(found).toEqual({ 'audit log': expect.stringMatching(fault) });
  });

  it('finds files that others can read', async () => {
    const found = await planted((copy, database) => {
      chmodSync(database, 0o644);
      chmodSync(copy.pepperFile, 0o640);
    });
    expect(found).toEqual({
      permissions: expect.stringMatching(
        /latchkey\.sqlite can be read by others: chmod 600 .*pepper can be read by others/,
      ),
    });
  });

  it('finds a pepper or master key that is missing, unreadable or not the one', async () => {
    const wrong = makeKey();
    keepSecret(wrong);
    const lost = await planted((copy) => rmSync(copy.pepperFile));
    expect(lost).toEqual({ settings: expect.stringMatching(/^LATCHKEY_PEPPER_FILE names .*, which cannot be read/) });
    const otherPepper = await planted((copy) => writeFileSync(copy.pepperFile, wrong));
    expect(otherPepper).toEqual({
      'key rings': expect.stringMatching(
        /\d+ keys need the pepper [0-9a-f]{12}, which is not in the ring: add it back/,
      ),
    });
    const otherMaster = await planted((copy) => writeFileSync(copy.masterKeyFile, wrong));
    expect(otherMaster).toMatchObject({
      'key rings': expect.stringMatching(/audit_key needs the master key .*\d+ webhook secrets need the master key/),
    });
    const garbage = await planted((copy) => writeFileSync(copy.pepperFile, 'c2hvcnQ='));
    expect(garbage).toMatchObject({ peppers: expect.stringMatching(/is too short/) });
  });

  it('finds pages that are damaged, a file that is no database, and none', async () => {
    const page = await planted((_copy, database) => {
      const descriptor = openSync(database, 'r+');
      const pages = Math.floor(statSync(database).size / 4096);
      for (let at = 2; at < pages; at += 2) writeSync(descriptor, Buffer.alloc(2048, 0xaa), 0, 2048, at * 4096);
      closeSync(descriptor);
    });
    expect(Object.keys(page)).toContain('database');
    const none = await planted((_copy, database) => writeFileSync(database, 'x'.repeat(9000)));
    expect(none.database).toMatch(/cannot be opened: file is not a database.*latchkey restore/);
    const gone = await planted((copy, database) => renameSync(database, join(copy.dir, 'elsewhere')));
    expect(gone.database).toMatch(/There is no database .*: name its directory with --data-dir/);
  });

  it('finds a data directory of another profile', async () => {
    const ended = await latchkey(['doctor', '--json'], { env: { ...place.env, LATCHKEY_PROFILE: 'suward' } });
    expect(ended.code).toBe(1);
    expect(JSON.stringify(ended.json)).toContain(
      'it belongs to the profile textgen, not suward (set LATCHKEY_PROFILE)',
    );
  });
});
