// What a golden call is: a management operation and what it promises to answer, keep and not keep. Read and run here, on both ways in.

import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ERRORS,
  LatchkeyError,
  type OperationName,
  operations,
  type Profile,
  splitInput,
  type Telemetry,
} from '@latchkey/core';
import { DatabaseSync } from '@photostructure/sqlite';
import { z } from 'zod';
import { createControlPlane } from '../../packages/server/src/http/control-plane.js';
import { OPERATOR } from '../../packages/server/src/latchkey.js';
import { createRpcs, inOnePiece } from '../../packages/server/src/rpc/create-rpc.js';
import { bodyFaults, CAPABILITIES, filled, keySchema, profileFile, profileNames, readProfileFile } from './golden.js';
import { openWorld, PEPPER, ROOT_KEY, type World } from './world.js';

const callSchema = z.strictObject({
  operation: z.enum(Object.keys(operations) as [OperationName, ...OperationName[]]),
  input: z.record(z.string(), z.json()).default({}),
  rpc: z
    .string()
    .optional()
    .describe('Called by this name over Connect, with the input as its message; not in process'),
});

export const goldenCallSchema = z.strictObject({
  name: z.string().min(10),
  source: z.array(z.strictObject({ line: z.int().min(1), says: z.string() })),
  ruling: z.string().optional(),
  at: z.iso.datetime().default('2025-06-15T14:07:12Z'),
  given: z
    .strictObject({
      key: keySchema.optional(),
      others: z.array(keySchema).optional(),
      earlier: z.array(callSchema).optional().describe('Calls made just before'),
      verified: z.int().optional().describe('How often the key was used just before'),
    })
    .prefault({}),
  call: callSchema,
  expect: z.strictObject({
    error: z.enum(Object.keys(ERRORS) as [keyof typeof ERRORS, ...(keyof typeof ERRORS)[]]).optional(),
    body: z.json().optional().describe('As in goldens; {"$has": {…}}: these members, whatever else'),
    lacks: z.array(z.string()).default([]).describe('Texts that stand nowhere in the answer'),
    stored: z
      .strictObject({
        has: z.array(z.string()).default([]).describe('Texts in the database; hmac:{key.secret}: its digest'),
        lacks: z.array(z.string()).default([]),
        rows: z.record(z.string(), z.int()).default({}).describe('Rows of tables'),
      })
      .optional()
      .describe('What the database file holds afterwards'),
  }),
  needs: z.enum(CAPABILITIES).optional(),
});

export type GoldenCall = z.output<typeof goldenCallSchema>;
export interface FiledCall {
  profile: string;
  call: GoldenCall;
}

/** `profiles/<name>/calls.json` of every profile that has one. */
export const readCalls = (): FiledCall[] =>
  profileNames()
    .filter((profile) => existsSync(profileFile(`${profile}/calls.json`)))
    .flatMap((profile) =>
      z
        .array(goldenCallSchema)
        .parse(readProfileFile(`${profile}/calls.json`))
        .map((call) => ({ profile, call })),
    );

const silent: Telemetry = { log() {}, count() {}, observe() {}, gauge() {} };

interface Answer {
  /** The code of the error; undefined: it worked. */
  error: string | undefined;
  body: unknown;
}
type Ask = (call: GoldenCall['call']) => Promise<Answer>;

/** Where a call can be made: one by name only over a protocol. */
export const surfacesOf = ({ call }: GoldenCall): CallSurface[] =>
  call.rpc === undefined ? ['in process', 'control plane'] : ['control plane'];

export const CALL_SURFACES = { 'in process': inProcess, 'control plane': onControlPlane } as const;
export type CallSurface = keyof typeof CALL_SURFACES;

/** What is wrong with the call's answer and with what it left behind; empty when it is as the golden says. */
export async function runCall(profile: string | Profile, golden: GoldenCall, surface: CallSurface): Promise<string[]> {
  const world = await openWorld(profile, golden);
  try {
    return await CALL_SURFACES[surface](world, (ask) => faultsOf(golden, world, ask));
  } finally {
    await world.close();
  }
}

function inProcess({ latchkey: { engine } }: World, work: (ask: Ask) => Promise<string[]>): Promise<string[]> {
  return work(async ({ operation, input }) => {
    const call = { actor: OPERATOR, requestId: engine.makeRequestId(), idempotencyKey: null };
    try {
      return { error: undefined, body: await engine.run(operation, splitInput(operation, input), call) };
    } catch (error) {
      if (!(error instanceof LatchkeyError)) throw error;
      return { error: error.code, body: undefined };
    }
  });
}

async function onControlPlane({ latchkey }: World, work: (ask: Ask) => Promise<string[]>): Promise<string[]> {
  const plane = createControlPlane({
    engine: latchkey.engine,
    telemetry: silent,
    publicUrl: 'https://keys.example.com',
    trustedProxies: [],
    version: '0.0.0',
    metricsText: async () => '',
    guests: createRpcs(latchkey.engine, silent, { connect: true, grpcWeb: false, grpc: false }).map(inOnePiece),
  });
  const base = await plane.listen({ host: '127.0.0.1', port: 0 });
  try {
    return await work(async ({ operation, input, rpc }) => {
      if (rpc !== undefined) {
        return answerOf(await fetch(`${base}/latchkey.v1.APIKeyService/${rpc}`, asking('POST', input)));
      }
      const { method, path, body: hasBody } = operations[operation];
      const { params, query, body } = splitInput(operation, input);
      const target = new URL(
        path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name]))),
        base,
      );
      for (const [name, value] of Object.entries(query)) target.searchParams.set(name, String(value));
      return answerOf(await fetch(target, asking(method, hasBody ? body : undefined)));
    });
  } finally {
    await plane.close({ graceMs: 0 });
  }
}

const asking = (method: string, body: unknown): RequestInit => ({
  method,
  headers: {
    authorization: `Bearer ${ROOT_KEY}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  },
  ...(body !== undefined && { body: JSON.stringify(body) }),
});

/** An error over Connect says Latchkey's code in the debug form of its detail. */
async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = text === '' ? undefined : JSON.parse(text);
  if (response.ok) return { error: undefined, body };
  return { error: body.details?.[0]?.debug?.code ?? body.code, body: undefined };
}

async function faultsOf({ given, call, expect }: GoldenCall, { latchkey, made }: World, ask: Ask): Promise<string[]> {
  for (let turn = 0; turn < (given.verified ?? 0); turn++) {
    await latchkey.keys.verify({ secret: filled('{key.secret}', made) });
  }
  for (const earlier of given.earlier ?? []) {
    const { error } = await ask(filled(earlier, made));
    if (error !== undefined) return [`the earlier ${earlier.operation} was refused: ${error}`];
  }
  const { error, body } = await ask(filled(call, made));
  const text = JSON.stringify(body) ?? '';
  return [
    ...(error === expect.error ? [] : [`the error is ${error}, not ${expect.error}`]),
    ...(expect.body === undefined ? [] : bodyFaults(expect.body, body, made)),
    ...filled(expect.lacks, made).flatMap((part, at) => (text.includes(part) ? [`it says ${expect.lacks[at]}`] : [])),
    ...(expect.stored === undefined ? [] : await storedFaults(expect.stored, latchkey, made)),
  ];
}

/** Looks at the bytes and rows of a copy of the database, not at what the engine says of them. */
async function storedFaults(
  expected: NonNullable<GoldenCall['expect']['stored']>,
  { engine }: World['latchkey'],
  made: World['made'],
): Promise<string[]> {
  await engine.services.usage.flush();
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-call-'));
  try {
    const file = join(folder, 'copy.sqlite');
    await engine.services.store.backup(file);
    const bytes = readFileSync(file, 'latin1');
    const stands = (part: string): boolean => bytes.includes(digested(filled(part, made)));
    const database = new DatabaseSync(file, { readOnly: true });
    const rows = Object.entries(expected.rows).flatMap(([table, count]) => {
      const { n } = database.prepare(`select count(*) as n from ${table}`).get() as { n: number };
      return n === count ? [] : [`${table} has ${n} rows, not ${count}`];
    });
    database.close();
    return [
      ...expected.has.filter((part) => !stands(part)).map((part) => `the database does not hold ${part}`),
      ...expected.lacks.filter(stands).map((part) => `the database holds ${part}`),
      ...rows,
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `hmac:text` stands for the HMAC-SHA-256 of the text under the world's pepper, in hex. */
const digested = (part: string): string =>
  part.startsWith('hmac:') ? createHmac('sha256', PEPPER).update(part.slice(5), 'utf8').digest('hex') : part;
