// Real Redis or Valkey servers for tests: found on the machine or fetched, started on loopback, hung, killed and restarted. Judges nothing.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testDir } from '../secrecy/test-root.js';

/** A program to start, and where its libraries lie when they were fetched with it. */
export interface RedisProgram {
  file: string;
  libraries: string | null;
}

export interface RedisServer {
  /** `redis://127.0.0.1:port`, without a password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it cleanly; what `persist` keeps is on disk. */
  stop(): Promise<void>;
  /** Ends it as a power cut does. */
  kill(): Promise<void>;
  /** Hangs it (SIGSTOP): connections stay, nothing answers. */
  pause(): void;
  resume(): void;
  /** Starts it again on the same port; empty, unless it persists. */
  start(): Promise<void>;
}

export interface RedisCluster {
  /** `redis+cluster://` with the addresses of all masters. */
  readonly url: string;
  readonly masters: readonly RedisServer[];
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** true: every write is on disk before it is answered, and a restart finds it. Default: a restart is empty. */
  persist?: boolean;
  /** More configuration, as `['--requirepass', '…']`. */
  args?: readonly string[];
  program?: RedisProgram;
  /** Default: one that is free. */
  port?: number;
}

/** What a test prints when it is skipped. */
export const NO_REDIS =
  'SKIPPED: no Redis here. Put redis-server or valkey-server on the PATH (Debian: apt-get install redis-server), or set LATCHKEY_TEST_REDIS_URL to the address of an empty one.';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/redis', import.meta.url));
const READY_MS = 10_000;
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const onPath = (name: string): string | null =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((file) => existsSync(file)) ?? null;

/** The server of that name; of either name when none is given. null: there is none, and none can be fetched. */
export function findRedisProgram(name?: 'redis-server' | 'valkey-server'): RedisProgram | null {
  for (const wanted of name === undefined ? ['redis-server', 'valkey-server'] : [name]) {
    const file = onPath(wanted);
    if (file !== null) return { file, libraries: null };
  }
  return name === 'valkey-server' ? null : fetched();
}

/** The package of a Debian, with what it needs, unpacked into a cache; nothing is installed. */
function fetched(): RedisProgram | null {
  const file = join(CACHE, 'usr/bin/redis-check-rdb');
  const libraries = join(CACHE, 'usr/lib', process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu');
  if (existsSync(file)) return { file, libraries };
  if (process.platform !== 'linux' || onPath('apt-get') === null || onPath('dpkg-deb') === null) return null;
  try {
    mkdirSync(CACHE, { recursive: true });
    const quiet = { cwd: CACHE, stdio: 'ignore', timeout: 120_000 } as const;
    if (process.getuid?.() === 0) execFileSync('apt-get', ['update'], quiet);
    execFileSync('apt-get', ['download', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1', 'libstdc++6'], quiet);
    for (const deb of readdirSync(CACHE).filter((entry) => entry.endsWith('.deb')))
      execFileSync('dpkg-deb', ['-x', deb, CACHE], quiet);
    return existsSync(file) ? { file, libraries } : null;
  } catch {
    rmSync(CACHE, { recursive: true, force: true });
    return null;
  }
}

/** Says loudly that there is no server: the tests that need one are then skipped (`describe.skipIf`), and counted as skipped. */
export function redisOrSkip(): RedisProgram | null {
  const program = findRedisProgram();
  if (program === null) console.warn(NO_REDIS);
  return program;
}

/** A port that is free now, and so is the one 10,000 above it, which a cluster's nodes talk on. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Resolves to the answer to one inline command, or null when there is none within a second. */
const ask = (port: number, command: string): Promise<string | null> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: string | null) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end(null));
    socket.once('error', () => end(null));
    socket.once('connect', () => socket.write(`${command}\r\n`));
    socket.once('data', (data) => end(data.toString('latin1')));
  });

async function until(true_: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + READY_MS;
  while (!(await true_())) {
    if (performance.now() > end) throw new Error(`${what} within ${READY_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

const isUp = async (port: number): Promise<boolean> => {
  const answer = await ask(port, 'PING');
  return answer !== null && /^(\+PONG|-NOAUTH|-NOPERM)/.test(answer);
};

/** Starts a server of its own. @throws Error when there is no program: ask `redisOrSkip` first. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = options.program ?? findRedisProgram();
  if (program === null) throw new Error(NO_REDIS);
  const directory = testDir('redis');
  const port = options.port ?? (await freePort());
  const disk = options.persist ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', '', ...disk];
  let child: ChildProcess | null = null;

  const start = async (): Promise<void> => {
    if (child !== null) throw new Error('this server runs already');
    const started = spawn(program.file, [...args, ...(options.args ?? [])], {
      // A program that goes by another name is asked for what it is by its first argument.
      argv0: 'redis-server',
      stdio: ['ignore', 'ignore', 'ignore'],
      env: { ...process.env, ...(program.libraries !== null && { LD_LIBRARY_PATH: program.libraries }) },
    });
    child = started;
    running.add(started);
    started.once('exit', () => running.delete(started));
    started.once('error', () => running.delete(started));
    await until(() => isUp(port), `redis-server on port ${port} did not answer`);
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    // One that hangs hears only SIGKILL at once.
    if (signal !== 'SIGKILL') ending.kill('SIGCONT');
    await gone;
  };

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      if (child?.pid === undefined) throw new Error('this server does not run');
      return child.pid;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    start,
  };
}

/** An empty server for tests that never touch the process: the one at LATCHKEY_TEST_REDIS_URL, else one of their own. */
export async function openRedis(): Promise<Pick<RedisServer, 'url' | 'stop'>> {
  const url = process.env.LATCHKEY_TEST_REDIS_URL;
  return url ? { url, stop: async () => {} } : startRedis();
}

const SLOTS = 16_384;

/** Three masters on loopback without replicas, each with a third of the slots. */
export async function startRedisCluster(options: Pick<RedisOptions, 'program'> = {}): Promise<RedisCluster> {
  const places: { id: string; port: number; epoch: number; slots: string }[] = [];
  for (let at = 0; at < 3; at++) {
    const from = Math.ceil((at * SLOTS) / 3);
    const to = Math.ceil(((at + 1) * SLOTS) / 3) - 1;
    let port = await freePort();
    while (places.some((place) => place.port === port)) port = await freePort();
    places.push({ id: randomBytes(20).toString('hex'), port, epoch: at + 1, slots: `${from}-${to}` });
  }
  const program = options.program ?? findRedisProgram();
  if (program === null) throw new Error(NO_REDIS);
  const masters = await Promise.all(
    places.map((own) => {
      const file = join(testDir('redis-cluster'), 'nodes.conf');
      // Nodes that know each other from the beginning need not meet.
      const lines = places.map(
        ({ id, port, epoch, slots }) =>
          `${id} 127.0.0.1:${port}@${port + 10_000} ${id === own.id ? 'myself,' : ''}master - 0 0 ${epoch} connected ${slots}\n`,
      );
      writeFileSync(file, `${lines.join('')}vars currentEpoch ${places.length} lastVoteEpoch 0\n`);
      return startRedis({
        program,
        args: [
          ...['--cluster-enabled', 'yes', '--cluster-config-file', file],
          ...['--cluster-node-timeout', '2000', '--cluster-require-full-coverage', 'no'],
        ],
        port: own.port,
      });
    }),
  );
  for (const { port } of masters)
    await until(
      async () => (await ask(port, 'CLUSTER INFO'))?.includes('cluster_state:ok') === true,
      'the Redis Cluster was not ready',
    );
  return {
    url: `redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    masters,
    stop: async () => {
      await Promise.all(masters.map((master) => master.stop()));
    },
  };
}
