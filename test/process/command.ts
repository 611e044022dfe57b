// Running the real `latchkey` command in tests: once to its end, or as a server whose secrets are put on the run's list. Judges nothing.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND, type LatchkeyProcess, type StartOptions, startLatchkey } from '../e2e/server.js';
import { keepSecret, testDir } from '../secrecy/test-root.js';

export interface Ended {
  code: number | null;
  out: string;
  err: string;
  /** Standard output read as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
  json: any;
}

const TOO_LONG_MS = 60_000;

/** The caller's environment without any setting of Latchkey's. */
export const bareEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(LATCHKEY_|DATABASE_URL$|REDIS_URL$|NODE_ENV$|VITEST|npm_)/.test(name),
    ),
  );

/** Runs the command to its end, without a terminal. */
export function latchkey(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; cwd?: string; input?: string } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: options.cwd ?? testDir('cwd'),
    env: { ...bareEnvironment(), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const late = setTimeout(() => child.kill('SIGKILL'), TOO_LONG_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(late);
      resolve({
        code,
        out,
        err,
        get json() {
          return JSON.parse(out);
        },
      });
    });
  });
}

export const makeKey = (): string => randomBytes(32).toString('base64');

export interface Installation {
  dir: string;
  dataDir: string;
  pepperFile: string;
  masterKeyFile: string;
  profile: string;
  /** Environment for commands that work on the data directory, or serve it. */
  env: Record<string, string>;
  /** Runs a command that works on the data directory. */
  local(...args: string[]): Promise<Ended>;
  /** Starts `latchkey serve` on it. */
  serve(options?: Partial<StartOptions>): Promise<LatchkeyProcess>;
}

/** A data directory to be, with its pepper and master key in files, as an operator has them. */
export function installation(
  name: string,
  options: { profile?: string; pepper?: string; masterKey?: string } = {},
): Installation {
  const { profile = 'suward', pepper = makeKey(), masterKey = makeKey() } = options;
  const dir = testDir(name);
  const [dataDir, pepperFile, masterKeyFile] = [join(dir, 'data'), join(dir, 'pepper'), join(dir, 'master-key')];
  writeFileSync(pepperFile, `${pepper}\n`, { mode: 0o600 });
  writeFileSync(masterKeyFile, `${masterKey}\n`, { mode: 0o600 });
  keepSecret(pepper, masterKey);
  const env = {
    LATCHKEY_PROFILE: profile,
    LATCHKEY_DATA_DIR: dataDir,
    LATCHKEY_PEPPER_FILE: pepperFile,
    LATCHKEY_MASTER_KEY_FILE: masterKeyFile,
  };
  return {
    ...{ dir, dataDir, pepperFile, masterKeyFile, profile, env },
    local: (...args) => latchkey(args, { env, cwd: dir }),
    serve: (more = {}) =>
      startLatchkey({ profile, command: 'serve', dataDir, ...more, env: { ...serveEnv(env), ...more.env } }),
  };
}

/** startLatchkey brings a pepper and a master key of its own; an empty one counts as none. */
const serveEnv = (env: Record<string, string>): Record<string, string> => ({
  ...env,
  LATCHKEY_PEPPER: '',
  LATCHKEY_MASTER_KEY: '',
});

export interface Made {
  key: { id: string };
  secret: string;
}

/** Whoever calls the management API: a process, or a cluster of them. */
export type Asker = Pick<LatchkeyProcess, 'ask'>;

/** Organization and project of a new installation. */
export async function firstProject(server: Asker): Promise<string> {
  const { id: organizationId } = await server.ask<{ id: string }>('POST', '/v1/organizations', { name: 'Customer' });
  const project = await server.ask<{ id: string }>('POST', '/v1/projects', { organizationId, name: 'Project' });
  return project.id;
}

export async function makeKeys(server: LatchkeyProcess, projectId: string, count: number): Promise<Made[]> {
  const made: Made[] = [];
  for (let at = 0; at < count; at++) {
    const answer = await server.ask<Made>('POST', `/v1/projects/${projectId}/keys`, { name: `key ${at}` });
    made.push(answer);
  }
  return made;
}

export interface Verification {
  valid: boolean;
  reason: string | null;
  key?: { id: string };
  budgets: { name: string; limit: number; remaining: number; resetAt: string | null }[];
  degraded: boolean;
}

export const verify = (server: LatchkeyProcess, secret: string): Promise<Verification> =>
  server.ask<Verification>('POST', '/v1/keys/verify', { secret });

/** Asks until the answer is yes. */
export async function until(what: string, ask: () => Promise<boolean> | boolean, withinMs = 30_000): Promise<void> {
  for (const end = Date.now() + withinMs; !(await ask()); ) {
    if (Date.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
