// What a facts file is, and how one is read: every line of a provider's page, what it says in our words, and what proves that. Runs nothing.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type FiledCall, readCalls } from '../goldens/call.js';
import { type FiledGolden, readGoldens, readProfileFile } from '../goldens/golden.js';

const line = z.int().min(1);
const texts = z
  .array(z.string().min(1))
  .min(1)
  .describe('What the built page says; {/pointer}: a value of the profile');

const factSchema = z
  .strictObject({
    lines: z.array(line).min(1),
    fact: z.string().regex(/^.+\.$/),
    cases: z.array(z.string()).min(1).optional().describe('Names of goldens and golden calls of the profile'),
    mutation: z
      .strictObject({
        case: z.string().optional().describe('Default: the first'),
        at: z.string().regex(/^(profile|golden):\//, 'profile: or golden: and a JSON pointer'),
        to: z.json(),
      })
      .optional()
      .describe('One changed value of the running profile, or of the golden, that turns the case red'),
    only: z.string().optional().describe('Why it cannot be seen in process'),
    later: z.string().optional().describe('What it waits for; it is counted and printed'),
    page: texts.optional(),
  })
  .refine(({ later, cases, mutation }) => (later === undefined) === (cases !== undefined && mutation !== undefined), {
    error: 'either waits for something, or has cases and a mutation',
  });

const factsSchema = z.strictObject({
  lines: z
    .array(z.string().regex(/^[0-9a-f]{16}$/))
    .describe('The first 16 digits of the SHA-256 of each line, trimmed'),
  facts: z.array(factSchema),
  none: z.array(
    z.strictObject({
      lines: z.array(line).min(1),
      kind: z.enum(['heading', 'introduction', 'navigation', 'decoration', 'marketing', 'advice', 'example']),
      page: texts.optional(),
    }),
  ),
});

export type Facts = z.output<typeof factsSchema>;
export type Fact = Facts['facts'][number];

/** @throws when the file does not fit the shape */
export const readFacts = (profile: string): Facts => factsSchema.parse(readProfileFile(`${profile}/facts.json`));

export const hashOf = (text: string): string =>
  createHash('sha256').update(text.trim(), 'utf8').digest('hex').slice(0, 16);
const BLANK = hashOf('');

/** Lines with something on them. */
export const saidLines = ({ lines }: Facts): number[] => lines.flatMap((hash, at) => (hash === BLANK ? [] : [at + 1]));

/** The page itself, by its hashes, from a folder that holds the five; null: the folder does not have it. */
export function findPage(folder: string, { lines }: Facts): string[] | null {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const page = readFileSync(join(folder, name), 'utf8').split('\n');
    if (page.length === lines.length && page.every((text, at) => hashOf(text) === lines[at])) return page;
  }
  return null;
}

export type Case = { kind: 'golden'; filed: FiledGolden } | { kind: 'call'; filed: FiledCall };

/** Every golden and golden call by `profile: name`. */
export function readCases(): ReadonlyMap<string, Case> {
  return new Map<string, Case>([
    ...readGoldens().map((filed) => [`${filed.profile}: ${filed.golden.name}`, { kind: 'golden', filed }] as const),
    ...readCalls().map((filed) => [`${filed.profile}: ${filed.call.name}`, { kind: 'call', filed }] as const),
  ]);
}

/** A copy of `document` with the value at a JSON pointer (RFC 6901) replaced. @throws where the pointer's parent is not there */
export function changedAt<T>(document: T, pointer: string, value: unknown): T {
  const copy = structuredClone(document);
  const steps = pointer.split('/').slice(1).map(unescaped);
  const last = steps.pop() as string;
  const parent = steps.reduce<unknown>((at, step) => memberOf(at, step), copy);
  if (typeof parent !== 'object' || parent === null) throw new Error(`${pointer} leads nowhere`);
  (parent as Record<string, unknown>)[last] = value;
  return copy;
}

export const valueAt = (document: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .map(unescaped)
    .reduce<unknown>((at, step) => memberOf(at, step), document);

const unescaped = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');
const memberOf = (value: unknown, step: string): unknown => (value as Record<string, unknown> | undefined)?.[step];
