// A small world for tests of the engine: the real thing on SQLite, or on PostgreSQL where a test file says so, with a clock that only moves when told to.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Actor,
  LatchkeyError,
  type OperationMethods,
  operationMethods,
  type Reason,
  splitInput,
} from '@latchkey/core';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, expect } from 'vitest';
import { databaseFile } from '../database.js';
import { createLatchkey, type Latchkey, type LatchkeySettings, OPERATOR } from '../latchkey.js';
import type { Verdict, VerifyRequest } from './engine.js';

/** A ring of one fresh key, as text. */
export const freshRing = (): string => randomBytes(32).toString('base64');

export const NOON = Date.UTC(2025, 0, 15, 12);
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

export interface World {
  lk: Latchkey;
  time: { now: number };
  /** What was logged, as text. */
  log: string[];
  organizationId: string;
  projectId: string;
  /** Every operation, as that actor. */
  as(actor: Actor): OperationMethods;
  /** Who presents this secret to the management API. */
  actor(secret: string): Promise<Actor>;
  /** A key of the world's project, with its secret. */
  key(input?: Partial<Parameters<OperationMethods['keys']['create']>[0]>): Promise<{ id: string; secret: string }>;
  verify(secret: string | null, request?: Partial<VerifyRequest>): Promise<Verdict>;
  /** The reason why it does not pass, or null. */
  reason(secret: string | null, request?: Partial<VerifyRequest>): Promise<Reason | null>;
  /** Stops and starts again on the same directory. */
  restart(changed?: Partial<LatchkeySettings>): Promise<void>;
  /** Looks into, or tampers with, the database file beside the engine. */
  sql<Row>(text: string, ...parameters: (string | number | null)[]): Row[];
  close(): Promise<void>;
}

const REQUEST: Omit<VerifyRequest, 'credential'> = {
  method: null,
  path: null,
  ip: null,
  referrer: null,
  mode: null,
  holdSlot: false,
};

let makeDatabase: (() => Promise<string>) | null = null;

/** From here on the worlds of this test file stand on databases that `make` makes; null: on SQLite again. */
export const worldsOn = (make: (() => Promise<string>) | null): void => {
  makeDatabase = make;
};

export async function world(
  profile = 'suward',
  settings: Partial<LatchkeySettings> & { onDisk?: boolean; keyModel?: 'legacy' | 'v2'; tier?: string } = {},
): Promise<World> {
  const { onDisk, keyModel, tier, ...rest } = settings;
  const databaseUrl = await makeDatabase?.();
  const dataDir = onDisk && !databaseUrl ? mkdtempSync(join(tmpdir(), 'latchkey-engine-')) : undefined;
  const time = { now: NOON };
  const log: string[] = [];
  let current: LatchkeySettings = {
    profile,
    pepper: freshRing(),
    masterKey: freshRing(),
    clock: () => time.now,
    flushMs: 0,
    telemetry: {
      log: (level, event, fields) => log.push(`${level} ${event} ${String(fields?.cause ?? '')}`),
      count() {},
      observe() {},
      gauge() {},
    },
    ...(dataDir && { dataDir }),
    ...(databaseUrl && { databaseUrl }),
    ...rest,
  };
  let lk = await createLatchkey(current);
  const organization = await lk.organizations.create({ name: 'Acme' });
  const project = await lk.projects.create({
    organizationId: organization.id,
    name: 'Main',
    ...(keyModel && { keyModel }),
    ...(tier && { tier }),
  });
  const made: World = {
    get lk() {
      return lk;
    },
    time,
    log,
    organizationId: organization.id,
    projectId: project.id,
    as: (actor) =>
      operationMethods((name, input, options) =>
        lk.engine.run(name, splitInput(name, input), {
          actor,
          requestId: lk.engine.makeRequestId(),
          idempotencyKey: options.idempotencyKey ?? null,
        }),
      ),
    actor: (secret) => lk.engine.authenticate(secret, null),
    async key(input = {}) {
      const { key, secret } = await lk.keys.create({ projectId: project.id, name: 'k', ...input });
      return { id: key.id, secret };
    },
    verify: (secret, request) => lk.engine.verify({ ...REQUEST, credential: { secret }, ...request }),
    reason: async (secret, request) => (await made.verify(secret, request)).reason,
    async restart(changed = {}) {
      await lk.close();
      current = { ...current, ...changed };
      lk = await createLatchkey(current);
    },
    sql<Row>(text: string, ...parameters: (string | number | null)[]): Row[] {
      if (databaseUrl !== undefined) return askedPostgres<Row>(databaseUrl, text, parameters);
      if (dataDir === undefined) throw new Error('only a world on disk has a file');
      const file = new DatabaseSync(databaseFile(dataDir));
      try {
        const statement = file.prepare(text);
        if (statement.columns().length > 0) return statement.all(...parameters) as Row[];
        statement.run(...parameters);
        return [];
      } finally {
        file.close();
      }
    },
    async close() {
      await lk.close();
      if (dataDir) rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return made;
}

export { OPERATOR };

const ASK = `
  const { default: pg } = await import('pg');
  const [text, values] = JSON.parse(process.argv[1]);
  const client = new pg.Client({ connectionString: process.env.ASKED });
  pg.types.setTypeParser(20, Number);
  await client.connect();
  console.log(JSON.stringify((await client.query(text, values)).rows));
  await client.end();`;

/** As a file beside the engine is asked: while nothing else happens here. */
function askedPostgres<Row>(url: string, text: string, values: readonly unknown[]): Row[] {
  let at = 0;
  const asked = JSON.stringify([text.replace(/\?/g, () => `$${++at}`), values]);
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', ASK, asked], {
    encoding: 'utf8',
    env: { ...process.env, ASKED: url },
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Row[];
}

/** A way to open worlds in the tests of a file; each is closed with the test that opened it. */
export function worldsOfEachTest(): typeof world {
  const worlds: World[] = [];
  afterEach(async () => {
    for (const made of worlds.splice(0)) await made.close();
  });
  return async (...settings) => {
    const made = await world(...settings);
    worlds.push(made);
    return made;
  };
}

/** Resolves to the error a call ends in; fails when it does not. */
export async function refusal(call: Promise<unknown>): Promise<LatchkeyError> {
  const error = await call.then(
    () => new Error('was not refused'),
    (cause: unknown) => cause,
  );
  expect(error, String(error)).toBeInstanceOf(LatchkeyError);
  return error as LatchkeyError;
}

export const codeOf = async (call: Promise<unknown>): Promise<string> => (await refusal(call)).code;
