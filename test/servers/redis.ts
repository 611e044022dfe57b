// Real Redis or Valkey servers for tests: found on the machine or fetched, started on loopback, hung, killed and restarted. Judges nothing.

import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { testDir } from '../secrecy/test-root.js';
import { debiansInCache, freePort, onPath, runServer, type ServerHandle } from './server-process.js';

/** A program to start, and where its libraries lie when they were fetched with it. */
export interface RedisProgram {
  file: string;
  libraries: string | null;
}

/** Its address is without a password. It is started again empty, unless it persists. */
export type RedisServer = ServerHandle;

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
  'SKIPPED: no Redis here. Put redis-server or valkey-server on the PATH (Debian: apt-get install redis-server).';

/** The port beside a node's own on which the nodes of a cluster talk. */
const CLUSTER_BUS = 10_000;
const READY_MS = 60_000;

/** The server of that name; of either name when none is given. null: there is none, and none can be fetched. */
export function findRedisProgram(name?: 'redis-server' | 'valkey-server'): RedisProgram | null {
  for (const wanted of name === undefined ? ['redis-server', 'valkey-server'] : [name]) {
    const directory = onPath(wanted);
    if (directory !== null) return { file: join(directory, wanted), libraries: null };
  }
  return name === 'valkey-server' ? null : unpacked();
}

/** The server of a Debian, which its package of tools ships under another name, with what it needs. */
function unpacked(): RedisProgram | null {
  const home = debiansInCache('redis', ['redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1', 'libstdc++6']);
  if (home === null) return null;
  const file = join(home, 'usr/bin/redis-check-rdb');
  const libraries = join(home, 'usr/lib', process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu');
  return existsSync(file) ? { file, libraries } : null;
}

/** Says loudly that there is no server: the tests that need one are then skipped (`describe.skipIf`), and counted as skipped. */
export function redisOrSkip(): RedisProgram | null {
  const program = findRedisProgram();
  if (program === null) console.warn(NO_REDIS);
  return program;
}

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

/** Starts a server of its own. @throws Error when there is no program: ask `redisOrSkip` first. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = options.program ?? findRedisProgram();
  if (program === null) throw new Error(NO_REDIS);
  const port = options.port ?? (await freePort());
  const disk = options.persist ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', testDir('redis'), '--save', '', ...disk];
  return runServer({
    name: 'Redis',
    command: program.file,
    args: [...args, ...(options.args ?? [])],
    // A program that goes by another name is asked for what it is by its first argument.
    argv0: 'redis-server',
    ...(program.libraries !== null && { env: { ...process.env, LD_LIBRARY_PATH: program.libraries } }),
    stopSignal: 'SIGTERM',
    async answers() {
      const answer = await ask(port, 'PING');
      if (answer === null || !/^(\+PONG|-NOAUTH|-NOPERM)/.test(answer)) throw new Error(answer ?? 'no answer');
    },
    url: `redis://127.0.0.1:${port}`,
    port,
    // Its directory is the run's.
    forget() {},
  });
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
    let port = await freePort(CLUSTER_BUS);
    while (places.some((place) => place.port === port)) port = await freePort(CLUSTER_BUS);
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
          `${id} 127.0.0.1:${port}@${port + CLUSTER_BUS} ${id === own.id ? 'myself,' : ''}master - 0 0 ${epoch} connected ${slots}\n`,
      );
      writeFileSync(file, `${lines.join('')}vars currentEpoch ${places.length} lastVoteEpoch 0\n`);
      return startRedis({
        program,
        args: [
          ...['--cluster-enabled', 'yes', '--cluster-config-file', file],
          ...['--cluster-node-timeout', '15000', '--cluster-require-full-coverage', 'no'],
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
