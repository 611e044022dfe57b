// Commands that work on a data directory itself: backup, restore, doctor, key files, root keys, export. A running server is not asked.

import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  type Cursor,
  createIdMaker,
  creditsView,
  isLive,
  judge,
  type KeyRecord,
  LatchkeyError,
  operations,
  type Page,
  type ProjectRecord,
  type Running,
  type Store,
  type StoreView,
  tiersOf,
  type Vault,
} from '@latchkey/core';
import type { Finding, RingName, RingStatus } from './cli/local.js';
import { loadProfile } from './config/load-profile.js';
import type { Settings } from './config/settings.js';
import { signInFaults } from './config/sign-in-settings.js';
import { type Database, databaseFile, databaseOf, openForServing } from './database.js';
import { createMemoryFeed } from './events/memory-feed.js';
import { OPERATOR } from './latchkey.js';
import { redisFaults } from './limiter/redis.js';
import { auditFaults, creditFaults, SEALED_SETTINGS } from './operations/maintenance.js';
import { createRootKey, type RootKeyServices } from './operations/root-keys.js';
import { redisConnector, withoutLogin } from './redis-clients.js';
import { processScheduler } from './scheduler.js';
import { lockDataDir } from './store/lock.js';
import { makeDirectory } from './store/make-directory.js';
import { openSqliteStore } from './store/open-store.js';
import { createVault } from './vault/open-vault.js';
import { type Ring, ringFromText } from './vault/ring.js';
import { addToRingFile, dropFromRingFile, readRingFile } from './vault/ring-file.js';

const random = (length: number): Uint8Array => randomBytes(length);
const PAGE = 100;

/** The data directory meant: the one named, or below it the profile's own, as `latchkey dev` lays them out. */
export function locateData({ dataDir, profile }: Settings): string {
  const named = resolve(dataDir);
  const ofProfile = join(named, profileName(profile));
  return !existsSync(databaseFile(named)) && existsSync(databaseFile(ofProfile)) ? ofProfile : named;
}

/** The name a profile gives itself; of one that cannot be read, what it was called by. */
function profileName(nameOrPath: string): string {
  try {
    return loadProfile(nameOrPath).name;
  } catch {
    return nameOrPath;
  }
}

function ringOf(settings: Settings, ring: RingName): { ring: Ring; file: string | null } {
  const [text, followed, setting] =
    ring === 'pepper'
      ? [settings.pepper, settings.pepperFile, 'LATCHKEY_PEPPER']
      : [settings.masterKey, settings.masterKeyFile, 'LATCHKEY_MASTER_KEY'];
  const inData = join(locateData(settings), ring);
  const file = followed ?? (text === undefined && existsSync(inData) ? inData : null);
  if (file !== null) return { ring: readRingFile(file), file };
  if (text !== undefined) return { ring: ringFromText(text, setting), file: null };
  throw new LatchkeyError(
    'configuration_invalid',
    `${setting} is not set, and there is no file ${inData}: set ${setting} or ${setting}_FILE as the server has it.`,
  );
}

const vaultOf = (settings: Settings): Vault => {
  const peppers = ringOf(settings, 'pepper').ring;
  const masterKeys = ringOf(settings, 'master-key').ring;
  return createVault({ peppers: () => peppers, masterKeys: () => masterKeys, random });
};

const databaseIn = (settings: Settings): Database =>
  databaseOf({ databaseUrl: settings.databaseUrl, dataDir: locateData(settings) });

async function withStore<T>(settings: Settings, work: (store: Store, database: Database) => Promise<T>): Promise<T> {
  const database = databaseIn(settings);
  if (!database.exists()) {
    throw new LatchkeyError(
      'configuration_invalid',
      `There is no database ${database.name}: name its directory with --data-dir.`,
    );
  }
  const store = await database.open();
  try {
    return await work(store, database);
  } finally {
    await store.close();
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs file work, so that a path that cannot be used is told as such. */
function onDisk<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new LatchkeyError('configuration_invalid', `${what}: ${reasonOf(cause)}.`, { cause });
  }
}

const countKeys = async (view: StoreView): Promise<number> =>
  (await view.keys.countByPepper(Date.now())).reduce((sum, { count }) => sum + count, 0);

export async function migrate(settings: Settings): Promise<{ database: string }> {
  const database = databaseIn(settings);
  await (await openForServing(database)).close();
  return { database: database.name };
}

/** What only a file can: of PostgreSQL its own tools make and put back copies. */
function fileOf({ name, file }: Database): string {
  if (file !== null) return file;
  throw new LatchkeyError(
    'configuration_invalid',
    `A database on PostgreSQL is copied with \`pg_dump --format=custom --file=latchkey.dump "${name}"\` and put back with \`pg_restore --clean --if-exists --dbname="${name}" latchkey.dump\`.`,
  );
}

/** The copy is whole or not there: it is written beside and renamed. */
export function backup(settings: Settings, target: string): Promise<{ file: string; bytes: number; keys: number }> {
  fileOf(databaseIn(settings));
  const file = resolve(target);
  if (existsSync(file))
    throw new LatchkeyError('configuration_invalid', `${file} is already there: name another file.`);
  onDisk(`${dirname(file)} cannot be made`, () => makeDirectory(dirname(file)));
  return withStore(settings, async (store, database) => {
    const draft = `${file}.part`;
    rmSync(draft, { force: true });
    await store.backup(draft).catch((error) => {
      throw new LatchkeyError(
        'configuration_invalid',
        `${database.name} cannot be copied to ${file}: ${reasonOf(error.cause ?? error)}.`,
        { cause: error },
      );
    });
    renameSync(draft, file);
    syncDirectory(dirname(file));
    return { file, bytes: statSync(file).size, keys: await countKeys(store) };
  });
}

const SIDES = ['', '-wal', '-shm'] as const;

const removeDatabase = (file: string): void => {
  for (const side of SIDES) rmSync(`${file}${side}`, { force: true });
};

function syncDirectory(dir: string): void {
  const descriptor = openSync(dir, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Judges the backup before it touches anything; what was there is kept beside under a name with the time, damaged or not. */
export async function restore(settings: Settings, source: string, force: boolean) {
  const from = resolve(source);
  if (!existsSync(from)) throw new LatchkeyError('configuration_invalid', `There is no file ${from}.`);
  if (existsSync(`${from}-wal`) && statSync(`${from}-wal`).size > 0) {
    throw new LatchkeyError(
      'configuration_invalid',
      `${from} is a database in use, not a backup: ${from}-wal holds a part of it. Make one with \`latchkey backup\`.`,
    );
  }
  const file = fileOf(databaseIn(settings));
  const dir = dirname(file);
  const unlock = await lockDataDir(dir);
  try {
    if (existsSync(file) && !force) {
      throw new LatchkeyError(
        'configuration_invalid',
        `${file} is there already: add --force to put the backup in its place (it is kept beside).`,
      );
    }
    const draft = `${file}.restoring`;
    try {
      removeDatabase(draft);
      onDisk(`${from} cannot be copied into ${dir}`, () => copyDurably(from, draft));
      const keys = await judgeBackup(settings, draft);
      const before = existsSync(file) ? await setAside(file) : null;
      renameSync(draft, file);
      syncDirectory(dir);
      return { file, keys, before };
    } finally {
      removeDatabase(draft);
    }
  } finally {
    unlock();
  }
}

/** A backup lies anywhere with any mode; the database is its owner's alone. */
function copyDurably(from: string, to: string): void {
  closeSync(openSync(to, 'wx', 0o600));
  copyFileSync(from, to);
  chmodSync(to, 0o600);
  const descriptor = openSync(to, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Keeps the database under another name; its own name stays taken by it until the new one replaces it in one step. */
async function setAside(file: string): Promise<string> {
  // Closing writes what is in the -wal into the file, unless it is damaged: then the -wal goes along.
  const whole = await openSqliteStore({ file }).then(
    (store) => store.close().then(() => true),
    () => false,
  );
  const before = `${file}.before-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  linkSync(file, before);
  if (!whole && existsSync(`${file}-wal`)) renameSync(`${file}-wal`, `${before}-wal`);
  for (const side of ['-wal', '-shm']) rmSync(`${file}${side}`, { force: true });
  return before;
}

/** @throws LatchkeyError when the copy is damaged, of another profile, or needs a pepper or master key that is not here */
async function judgeBackup(settings: Settings, draft: string): Promise<number> {
  const refused = (problem: string): LatchkeyError =>
    new LatchkeyError('configuration_invalid', `The backup was not restored: ${problem}.`);
  const store = await openSqliteStore({ file: draft }).catch((error) => {
    throw refused(
      error instanceof LatchkeyError && error.code === 'configuration_invalid'
        ? reasonOf(error)
        : `it is damaged, or no SQLite database (${reasonOf(error.cause ?? error)})`,
    );
  });
  try {
    const damage = await store.integrity().catch((error) => [reasonOf(error.cause ?? error)]);
    if (damage.length > 0) throw refused(`it is damaged (${damage[0]})`);
    if ((await store.settings.get('profile')) === null) throw refused('no Latchkey ever served it');
    const problems = [...(await profileFaults(store, settings)), ...(await keyFaults(store, vaultOf(settings)))];
    if (problems.length > 0) throw refused(problems.join('; '));
    return await countKeys(store);
  } finally {
    await store.close();
  }
}

async function profileFaults(view: StoreView, settings: Settings): Promise<string[]> {
  const owner = await view.settings.get('profile');
  const { name } = loadProfile(settings.profile);
  return owner === null || owner === name
    ? []
    : [`it belongs to the profile ${owner}, not ${name} (set LATCHKEY_PROFILE)`];
}

/** Peppers and master keys that records need and the rings do not have. */
async function keyFaults(view: StoreView, vault: Vault): Promise<string[]> {
  const faults: string[] = [];
  const needed = [...(await view.keys.countByPepper(Date.now())), ...(await view.rootKeys.countByPepper(Date.now()))];
  for (const { pepperId, count } of needed) {
    if (pepperId !== null && !vault.pepperIds().includes(pepperId))
      faults.push(`${count} keys need the pepper ${pepperId}`);
  }
  for (const name of SEALED_SETTINGS) {
    const sealed = await view.settings.get(name);
    if (sealed !== null && !vault.masterKeyIds().includes(vault.masterKeyIdOf(sealed))) {
      faults.push(`${name} needs the master key ${vault.masterKeyIdOf(sealed)}`);
    }
  }
  for (const { masterKeyId, count } of await view.keys.countByMasterKey()) {
    if (!vault.masterKeyIds().includes(masterKeyId))
      faults.push(`${count} webhook secrets need the master key ${masterKeyId}`);
  }
  return faults.map((fault) => `${fault}, which is not in the ring: add it back in front of the current one`);
}

export async function ringStatus(settings: Settings, name: RingName): Promise<RingStatus[]> {
  const { ring } = ringOf(settings, name);
  const needed = databaseIn(settings).exists()
    ? await withStore(settings, (store) => uses(store, settings, name))
    : new Map();
  return ring.keys.map(({ id }) => ({ id, current: id === ring.current.id, needed: needed.get(id) ?? 0 }));
}

async function uses(store: Store, settings: Settings, name: RingName): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const add = (id: string | null, by: number): void => {
    if (id !== null) counts.set(id, (counts.get(id) ?? 0) + by);
  };
  if (name === 'pepper') {
    for (const { pepperId, count } of [
      ...(await store.keys.countByPepper(Date.now())),
      ...(await store.rootKeys.countByPepper(Date.now())),
    ])
      add(pepperId, count);
    return counts;
  }
  const vault = vaultOf(settings);
  for (const setting of SEALED_SETTINGS) {
    const sealed = await store.settings.get(setting);
    if (sealed !== null) add(vault.masterKeyIdOf(sealed), 1);
  }
  for (const { masterKeyId, count } of [
    ...(await store.keys.countByMasterKey()),
    ...(await store.idempotency.countByMasterKey()),
  ])
    add(masterKeyId, count);
  return counts;
}

export async function ringAdd(settings: Settings, name: RingName): Promise<{ id: string; file: string }> {
  const { file } = ringOf(settings, name);
  if (file === null) throw notAFile(name);
  return { id: addToRingFile(file, random), file };
}

const notAFile = (name: RingName): LatchkeyError => {
  const setting = name === 'pepper' ? 'LATCHKEY_PEPPER' : 'LATCHKEY_MASTER_KEY';
  return new LatchkeyError(
    'configuration_invalid',
    `${setting} stands in the environment, where no command can change it: put it into a file and set ${setting}_FILE, which is followed while serving.`,
  );
};

/** A running server follows the file within a second; until then it may still make records with the key before. */
const SETTLED_MS = 3_000;

/** @throws LatchkeyError when something still needs it, or might in a moment */
export async function ringDrop(settings: Settings, name: RingName, id: string): Promise<void> {
  const { file } = ringOf(settings, name);
  if (file === null) throw notAFile(name);
  if (Date.now() - statSync(file).mtimeMs < SETTLED_MS) {
    throw new LatchkeyError(
      'configuration_invalid',
      `${file} was changed a moment ago, and a running server may not have seen it yet: try again in a few seconds.`,
    );
  }
  const row = (await ringStatus(settings, name)).find((status) => status.id === id);
  if (row !== undefined && row.needed > 0) {
    throw new LatchkeyError(
      'configuration_invalid',
      name === 'pepper'
        ? `${row.needed} keys still need the pepper ${id}; each moves to the current one on its next use, and those that are revoked need none.`
        : `${row.needed} sealed values still need the master key ${id}; a running server moves them within seconds.`,
    );
  }
  dropFromRingFile(file, id);
}

/** Works beside a running server: root keys are looked up in the database on each call. */
export const createRootKeyHere = (
  settings: Settings,
  name: string,
  permissions: string[],
): Promise<{ id: string; secret: string }> =>
  withStore(settings, async (store) => {
    const vault = vaultOf(settings);
    const auditKey = await openSealed(store, vault, 'audit_key');
    const services: RootKeyServices = {
      ...{ store, vault, random, auditKey },
      clock: Date.now,
      newId: createIdMaker(Date.now, random),
      // A running server reads root keys anew; nobody has to be told.
      feed: createMemoryFeed({ clock: Date.now }),
    };
    const call = { actor: OPERATOR, requestId: 'command-line', idempotencyKey: null };
    const input = judge(operations.createRootKey.body, { name, permissions }, '');
    const { rootKey, secret } = await createRootKey(services, input, call);
    return { id: rootKey.id, secret };
  });

async function openSealed(view: StoreView, vault: Vault, name: (typeof SEALED_SETTINGS)[number]): Promise<string> {
  const sealed = await view.settings.get(name);
  if (sealed === null)
    throw new LatchkeyError('configuration_invalid', 'The database was never served: run `latchkey serve` once.');
  return vault.open(sealed, name);
}

/**
 * Keys that pass as `keys import` reads them; what does not pass would come alive there, so it stays out. Digests need the
 * same peppers where they are imported.
 */
export const exportKeys = (
  settings: Settings,
  projectId: string | undefined,
): Promise<{ rows: Record<string, unknown>[]; left: number }> =>
  withStore(settings, async (store) => {
    const now = Date.now();
    const rows: Record<string, unknown>[] = [];
    let left = 0;
    for (const id of projectId === undefined ? await allProjects(store) : [projectId]) {
      const project = await store.projects.get(id);
      if (project === null)
        throw new LatchkeyError('not_found', `There is no project ${id}: see \`latchkey projects list\`.`);
      const organization = await store.organizations.get(project.organizationId);
      const open = project.suspendedAt === null && organization?.suspendedAt === null;
      for (let after: Cursor | null = null; ; ) {
        const page: Page<KeyRecord> = await store.keys.list(
          { projectId: id, notRevoked: true },
          { limit: PAGE, after },
        );
        const live = page.rows.filter((key) => isLive(key, now));
        const passing = open ? live.filter((key) => key.disabledAt === null) : [];
        left += live.length - passing.length;
        rows.push(...passing.map(exported));
        after = page.next;
        if (after === null) break;
      }
    }
    return { rows, left };
  });

/** The profile with the tiers that the database has, or, where there is none yet, with its own. */
export async function runningConfiguration(settings: Settings): Promise<{ running: Running; source: string }> {
  const profile = loadProfile(settings.profile);
  const database = databaseIn(settings);
  const fromFile = { running: { profile, tiers: tiersOf(profile.policy) }, source: `the profile ${settings.profile}` };
  if (!database.exists()) return fromFile;
  return withStore(settings, async (store) => {
    const [fault] = await profileFaults(store, settings);
    if (fault !== undefined) throw new LatchkeyError('data_dir_profile_mismatch', `${database.name}: ${fault}.`);
    const tiers = await store.tiers.list();
    return tiers.length === 0 ? fromFile : { running: { profile, tiers }, source: database.name };
  });
}

/** Writes files into a directory, which is made where it is not there. */
export function writeTexts(
  dir: string,
  texts: readonly { name: string; text: string }[],
): { file: string; bytes: number }[] {
  const into = resolve(dir);
  return onDisk(`${into} cannot be written`, () => {
    mkdirSync(into, { recursive: true });
    return texts.map(({ name, text }) => {
      const file = join(into, name);
      writeFileSync(file, text);
      return { file, bytes: Buffer.byteLength(text) };
    });
  });
}

async function allProjects(store: Store): Promise<string[]> {
  const ids: string[] = [];
  for (let after: Cursor | null = null; ; ) {
    const page: Page<ProjectRecord> = await store.projects.list({}, { limit: PAGE, after });
    ids.push(...page.rows.map(({ id }) => id));
    after = page.next;
    if (after === null) return ids;
  }
}

function exported(key: KeyRecord): Record<string, unknown> {
  const { name, mode, tier, permissions, restrictions, limits, metadata, ownerId, environment, prefix, hint, digest } =
    key;
  const { kind, pepperId, value } = digest;
  const ends = Math.min(key.expiresAt ?? Infinity, key.graceEndsAt ?? Infinity);
  return {
    ...{ name, mode, tier, permissions, restrictions, limits, metadata, ownerId, environment, prefix, hint },
    // All generations share one balance: it goes with the newest, lest it be there twice.
    ...(key.credits && {
      credits: { ...creditsView(key.credits, Date.now()), ...(key.graceEndsAt && { balance: 0, refill: null }) },
    }),
    // A rotated key ends with its grace period there too.
    expiresAt: ends === Infinity ? null : new Date(ends).toISOString(),
    createdAt: new Date(key.createdAt).toISOString(),
    digest: {
      algorithm: kind === 'hmac' ? 'hmac-sha256' : 'sha256',
      encoding: 'hex',
      value,
      ...(pepperId !== null && { pepperId }),
    },
  };
}

/** Every check is tried; one that fails says what is wrong and what mends it. Without settings there is nothing to look at. */
export async function doctor(read: () => Promise<Settings>): Promise<Finding[]> {
  let settings: Settings;
  try {
    settings = await read();
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code === 'invalid_request') throw error;
    return [{ check: 'settings', good: false, detail: error.message }];
  }
  const findings: Finding[] = [{ check: 'settings', good: true, detail: 'readable' }];
  const check = async (name: string, work: () => Promise<string[]> | string[], fine: string): Promise<void> => {
    try {
      const faults = await work();
      findings.push({ check: name, good: faults.length === 0, detail: faults.join('; ') || fine });
    } catch (error) {
      findings.push({ check: name, good: false, detail: reasonOf(error) });
    }
  };
  const dir = locateData(settings);
  await check('node', () => nodeFaults(process.versions.node), `Node ${process.versions.node}`);
  await check('profile', () => readable(() => loadProfile(settings.profile)), settings.profile);
  await check('permissions', () => permissionFaults(dir, settings), `${dir} is readable by its owner alone`);
  await check('peppers', () => readable(() => ringOf(settings, 'pepper')), 'readable');
  await check('master keys', () => readable(() => ringOf(settings, 'master-key')), 'readable');
  await check(
    'database',
    () => withStore(settings, (store) => store.integrity().catch((error) => [reasonOf(error.cause ?? error)])),
    'whole',
  );
  const { redisUrl, smtpUrl } = settings;
  await check(
    'sign-in',
    () => signInFaults(settings),
    smtpUrl === undefined
      ? 'no mail server is set: `serve` sends no letters, so set LATCHKEY_SMTP_URL and LATCHKEY_MAIL_FROM'
      : 'settings belong together',
  );
  if (smtpUrl !== undefined)
    await check(
      'mail',
      async () => (await import('./mail/smtp.js')).smtpFaults(smtpUrl),
      'the mail server takes letters',
    );
  if (redisUrl !== undefined) await check('redis', () => faultsOfRedis(redisUrl), 'counts, and forgets nothing');
  await check('owner', () => withStore(settings, (store) => profileFaults(store, settings)), 'belongs to this profile');
  await check(
    'key rings',
    () => withStore(settings, (store) => keyFaults(store, vaultOf(settings))),
    'hold every pepper and master key that is needed',
  );
  await check(
    'audit log',
    () =>
      withStore(settings, async (store) => {
        const vault = vaultOf(settings);
        return auditFaults(store, vault, await openSealed(store, vault, 'audit_key'));
      }),
    'every chain is whole',
  );
  await check('credits', () => withStore(settings, creditFaults), 'every ledger adds up to its balance');
  return findings;
}

async function faultsOfRedis(url: string): Promise<string[]> {
  const client = redisConnector(url)();
  try {
    return await redisFaults(client, withoutLogin(url), processScheduler);
  } finally {
    client.disconnect();
  }
}

/** No fault when it can be read; what is wrong otherwise is in the error. */
function readable(read: () => unknown): string[] {
  read();
  return [];
}

function nodeFaults(version: string): string[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19) ? [] : [`Node ${version} is too old: install 20.19 or newer`];
}

function permissionFaults(dir: string, settings: Settings): string[] {
  const files = [
    ...SIDES.map((side) => `${databaseFile(dir)}${side}`),
    settings.pepperFile,
    settings.masterKeyFile,
    join(dir, 'pepper'),
    join(dir, 'master-key'),
  ];
  return files
    .filter((file): file is string => file !== undefined && existsSync(file))
    .filter((file) => process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    .map((file) => `${file} can be read by others: chmod 600 ${file}`);
}

/** Writes a config file with its JSON Schema beside it, so that editors complete it. */
export function init(
  flags: { profile?: string; format?: string; force?: boolean },
  cwd: string,
  schema: unknown,
): { file: string; schema: string } {
  const format = flags.format ?? 'json';
  if (format !== 'json' && format !== 'mjs') throw new LatchkeyError('invalid_request', '--format is json or mjs.');
  const profile = flags.profile ?? 'swaypi';
  loadProfile(profile, cwd);
  const file = join(cwd, `latchkey.config.${format}`);
  const other = join(cwd, `latchkey.config.${format === 'json' ? 'mjs' : 'json'}`);
  if (existsSync(other))
    throw new LatchkeyError('configuration_invalid', `${other} is there already, and one is read: remove it first.`);
  const schemaFile = join(cwd, 'latchkey.config.schema.json');
  if (existsSync(file) && !flags.force) {
    throw new LatchkeyError('configuration_invalid', `${file} is there already: add --force to replace it.`);
  }
  const content = { profile, upstream: 'http://127.0.0.1:3000', dataDir: './data' };
  writeFileSync(schemaFile, `${JSON.stringify(schema, null, 2)}\n`);
  writeFileSync(
    file,
    format === 'json'
      ? `${JSON.stringify({ $schema: './latchkey.config.schema.json', ...content }, null, 2)}\n`
      : `// Settings of this Latchkey; secrets stay in the environment.\nexport default ${JSON.stringify(content, null, 2)};\n`,
  );
  return { file, schema: schemaFile };
}
