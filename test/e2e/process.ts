// A Latchkey process: starts the real command on free ports and its own data directory, and stops, kills and restarts it. Judges nothing, and knows no test runner.

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { keepKey, keepSecret, testDir } from '../secrecy/test-root.js';
import { type Answer, send } from './client.js';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
export const COMMAND = join(REPOSITORY, 'packages/server/bin/latchkey.js');

/** A machine that runs other tests besides takes its time. */
const START_MS = 60_000;
const STOP_MS = 60_000;

export interface StartOptions {
  /** Name of a shipped profile or the path of a profile.json. */
  profile: string;
  /** `dev` brings the example API along; `serve` takes its upstream from `args`. */
  command?: 'dev' | 'serve';
  /** Default: a new one. It stays, because it is searched for secrets when all tests are over. */
  dataDir?: string;
  args?: readonly string[];
  /** Options of Node itself. */
  nodeArgs?: readonly string[];
  /** true: the child has a channel for messages. */
  ipc?: boolean;
  env?: Readonly<Record<string, string>>;
  /** The root key, where a data directory from before has one already. */
  rootKey?: string;
  /** false: `dev` greets in words, and only `gateway` and `controlPlane` are known. */
  json?: boolean;
}

export interface LatchkeyProcess {
  readonly child: ChildProcess;
  readonly profile: string;
  readonly gateway: string;
  readonly controlPlane: string;
  /** The gRPC listener; empty unless `args` ask for one. */
  readonly grpc: string;
  /** The example API itself; empty under `serve`. */
  readonly upstream: string;
  readonly sandboxUpstream: string | null;
  readonly dataDir: string;
  readonly projectId: string;
  readonly rootKey: string;
  /** Keys that this start made and showed. */
  readonly keys: readonly { label: string; secret: string; mode: string }[];
  stdout(): string;
  stderr(): string;
  /** Calls the management API with the root key. A secret in the answer goes on the list of what must be found nowhere. */
  api(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The same, for calls that have to succeed: resolves with the JSON. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** SIGTERM, then the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: nothing is flushed, nothing is said. */
  kill(): Promise<void>;
  /** The same command on the same data directory and ports, `env` on top; the process must have ended. */
  restart(env?: Readonly<Record<string, string>>): Promise<LatchkeyProcess>;
  /** Ends the process, if it runs. */
  dispose(): Promise<void>;
}

/** Only what was started here is ever killed. */
const alive = new Set<ChildProcess>();
export const endAll = (): void => {
  for (const child of alive) child.kill('SIGKILL');
};
process.once('exit', endAll);

export async function startLatchkey(options: StartOptions): Promise<LatchkeyProcess> {
  const { command = 'dev', json = true } = options;
  const home = options.dataDir === undefined ? testDir('e2e') : null;
  const dataDir = options.dataDir ?? join(home as string, 'data');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const env = {
    ...(command === 'serve' && {
      LATCHKEY_PEPPER: randomBytes(32).toString('base64'),
      LATCHKEY_MASTER_KEY: randomBytes(32).toString('base64'),
    }),
    ...options.env,
  };
  const place = {
    options: { ...options, command, json, dataDir, env },
    ports: { control: '0', gateway: '0' },
    cwd: home ?? dataDir,
  };
  return start(place, options.rootKey ?? null);
}

interface Place {
  options: StartOptions & Required<Pick<StartOptions, 'command' | 'json' | 'dataDir' | 'env'>>;
  ports: { control: string; gateway: string };
  cwd: string;
}

interface Greeting {
  gateway: string;
  controlPlane: string;
  grpc?: string | null;
  upstream?: string;
  sandboxUpstream?: string | null;
  projectId?: string;
  rootKey?: string | null;
  keys?: LatchkeyProcess['keys'];
}

async function start(place: Place, knownRootKey: string | null): Promise<LatchkeyProcess> {
  const { options, ports } = place;
  const { command, json, dataDir } = options;
  const child = spawn(
    process.execPath,
    [
      ...(options.nodeArgs ?? []),
      COMMAND,
      command,
      ...['--profile', options.profile, '--data-dir', dataDir],
      ...['--port', ports.control, '--gateway-port', ports.gateway],
      ...(command === 'serve' ? ['--log-file', join(dataDir, 'latchkey.log')] : []),
      ...(json || command === 'serve' ? ['--json'] : []),
      ...(options.args ?? []),
    ],
    {
      cwd: place.cwd,
      env: { ...ownEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc ? (['ipc'] as const) : [])],
    },
  ) as ChildProcessByStdio<null, Readable, Readable>;
  alive.add(child);
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      alive.delete(child);
      resolve(code);
    });
  });
  const heard = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    heard.stderr += text;
  });
  const read = (): Greeting | null =>
    command === 'serve' ? serveGreeting(heard.stderr) : json ? devGreeting(heard.stdout) : devWords(heard.stdout);
  const logFile = join(dataDir, 'latchkey.log');
  const logged = (): string =>
    existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n').slice(-4).join('\n').slice(-2_000) : '';
  const greeting = await greeted(child, read, () => `${heard.stdout}\n${heard.stderr}\n${logged()}`);
  const rootKey = greeting.rootKey ?? knownRootKey ?? options.env.LATCHKEY_ROOT_KEY ?? '';

  keepSecret(rootKey, options.env.LATCHKEY_PEPPER, options.env.LATCHKEY_MASTER_KEY);
  for (const { secret } of greeting.keys ?? []) keepKey(secret);

  const api: LatchkeyProcess['api'] = async (method, path, body) => {
    const answer = await send(greeting.controlPlane, {
      method,
      path,
      headers: { authorization: `Bearer ${rootKey}` },
      ...(body === undefined ? {} : { body }),
    });
    const { secret } = (answer.json ?? {}) as { secret?: unknown };
    if (typeof secret === 'string') keepKey(secret);
    return answer;
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (!alive.has(child)) return child.exitCode;
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const code = await ended;
    clearTimeout(late);
    return code;
  };
  return {
    child,
    profile: options.profile,
    gateway: greeting.gateway,
    controlPlane: greeting.controlPlane,
    grpc: greeting.grpc ?? '',
    upstream: greeting.upstream ?? '',
    sandboxUpstream: greeting.sandboxUpstream ?? null,
    dataDir,
    projectId: greeting.projectId ?? '',
    rootKey,
    keys: greeting.keys ?? [],
    stdout: () => heard.stdout,
    stderr: () => heard.stderr,
    api,
    async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
      const answer = await api(method, path, body);
      if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
      return answer.json as T;
    },
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    restart(env = {}) {
      if (alive.has(child)) throw new Error('Stop or kill the process before starting it again');
      const next = { control: new URL(greeting.controlPlane).port, gateway: new URL(greeting.gateway).port };
      const again = { ...options, env: { ...options.env, ...env } };
      return start({ ...place, options: again, ports: next }, rootKey);
    },
    dispose: async () => void (await end('SIGTERM')),
  };
}

/** The caller's environment without any setting of Latchkey's. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = ([name]: [string, unknown]) => !/^(LATCHKEY_|DATABASE_URL$|REDIS_URL$|NODE_ENV$|VITEST)/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(foreign));
}

async function greeted(child: ChildProcess, read: () => Greeting | null, heard: () => string): Promise<Greeting> {
  const until = Date.now() + START_MS;
  for (;;) {
    const greeting = read();
    if (greeting !== null) return greeting;
    const over = child.exitCode ?? child.signalCode;
    if (over !== null || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`latchkey ${over === null ? 'did not start' : `ended with ${over}`}:\n${heard()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const devGreeting = (stdout: string): Greeting | null =>
  stdout.includes('\n') ? (JSON.parse(stdout.slice(0, stdout.indexOf('\n'))) as Greeting) : null;

/** The greeting in words, as somebody reads it. */
function devWords(stdout: string): Greeting | null {
  if (!stdout.includes('Ctrl-C stops it.')) return null;
  const word = (pattern: RegExp): string => stdout.match(pattern)?.[1] ?? '';
  return {
    gateway: word(/^ +gateway +(\S+)/m),
    controlPlane: word(/^ +control plane +(\S+)/m),
    upstream: word(/^ +upstream +(\S+)/m),
    sandboxUpstream: word(/ sandbox (\S+)$/m) || null,
    projectId: word(/\/v1\/projects\/([^/\s]+)\/keys/),
    rootKey: word(/^ +(lk_root_\S+)$/m) || null,
  };
}

/** `serve --json` with a log file says `{rootKey}` and `{controlPlane, gateway}` on lines of their own. */
function serveGreeting(stderr: string): Greeting | null {
  const lines = stderr
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Partial<Greeting>];
      } catch {
        return [];
      }
    });
  const all = Object.assign({}, ...lines) as Partial<Greeting>;
  return all.gateway === undefined ? null : (all as Greeting);
}
