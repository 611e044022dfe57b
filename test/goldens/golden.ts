// What a golden is, how goldens are read, and how an answer is held against one. Runs nothing; profiles/README.md explains the shape.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { REASONS } from '@latchkey/core';
import { z } from 'zod';

/** What a golden may need beyond deciding, limiting and answering. A runner names those it can do; the rest is pending. */
export const CAPABILITIES = [
  'concurrency',
  'credits',
  'field-gating',
  'idempotency',
  'in-flight-revocation',
  'key-routes',
  'sandbox',
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** Ways of presenting a credential; each says which secret stands where in the request. */
export const PRESENTATIONS = {
  valid: "the given key's secret, as the profile wants it",
  replacement: 'the secret that rotating the given key made',
  other: 'the secret of the first of `others`',
  none: 'no credential at all',
  empty: 'the header with the scheme (if any) and nothing behind it',
  unknown: 'a well-formed secret with a right checksum that was never issued',
  mistyped: "the given key's secret with its last character changed",
  malformed: "the given key's secret with a space in the middle",
  bare: "the given key's secret without the scheme",
  'other scheme': "the given key's secret behind the scheme Basic",
  'lower case': "the given key's secret behind the scheme in lower case",
  'other header': "the given key's secret in X-Api-Key where the profile reads Authorization, and the other way round",
  twice: 'the right line, two times',
} as const;

const instant = z.iso.datetime();
const count = z.int().min(0);
const spent = z.union([count, z.literal('all')]);

export const keySchema = z.strictObject({
  name: z.string().optional(),
  tier: z.string().optional(),
  mode: z.enum(['live', 'test']).optional(),
  model: z.enum(['v2', 'legacy']).optional().describe("Its project's key model"),
  permissions: z.array(z.string()).optional(),
  restrictions: z
    .strictObject({
      ips: z.array(z.string()).optional(),
      referrers: z.array(z.string()).optional(),
      endpoints: z.array(z.string()).optional(),
    })
    .optional(),
  limits: z.strictObject({ perMinute: count, perDay: count, concurrent: count }).partial().optional(),
  credits: count.optional(),
  createdAt: instant.optional().describe('Default: one day before `at`, or before the earliest time the key names'),
  expiresAt: instant.optional(),
  lastUsedAt: instant.optional(),
  rotatedAt: instant.optional().describe("When rotateKey was called, with the profile's grace period"),
  project: z.enum(['same', 'another']).optional().describe('Of `others`: the project it is in'),
  state: z
    .enum(['active', 'disabled', 'revoked', 'deleted', 'suspended'])
    .optional()
    .describe('What was done to it before the request; suspended: to its organization'),
  used: z
    .strictObject({
      perMinute: spent.optional(),
      perDay: spent.optional(),
      concurrent: spent.optional().describe('Requests running on a route that counts them'),
      at: instant.optional().describe('When it was spent; default: at the instant of the request'),
    })
    .optional()
    .describe('Spent before the request; "all": whatever the limit in force is'),
});

const requestSchema = z.strictObject({
  method: z.string().regex(/^[A-Z]+$/),
  path: z.string().startsWith('/').describe('With its query'),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.json().optional().describe('JSON; {"$times": n, "$of": entry} stands for a list of n equal entries'),
  ip: z.string().optional().describe("The client's address; default 192.0.2.1"),
});

const headersSchema = z.record(z.string(), z.union([z.string(), z.strictObject({ matches: z.string() })]));

export const goldenSchema = z.strictObject({
  name: z.string().min(10),
  source: z
    .array(z.strictObject({ line: z.int().min(1), says: z.string() }))
    .describe("Lines of the provider's page and the words in them that this golden holds to"),
  ruling: z.string().optional().describe('What was decided where the page is silent or contradicts itself'),
  at: instant.default('2025-06-15T14:07:12Z').describe('The clock when the request arrives'),
  given: z
    .strictObject({
      key: keySchema.optional(),
      others: z.array(keySchema).optional(),
      present: z.enum(Object.keys(PRESENTATIONS) as [keyof typeof PRESENTATIONS]).default('valid'),
      sandbox: z.boolean().optional().describe('false: there is no upstream for test keys'),
      earlier: z.array(requestSchema).optional().describe('Requests that the same credential made just before'),
      during: z
        .enum(['revoked before the reply', 'revoked during the reply'])
        .optional()
        .describe('What happens to the key while the upstream works on the request'),
      upstream: z
        .strictObject({
          status: z.int(),
          headers: z.record(z.string(), z.string()).optional(),
          body: z.json(),
        })
        .optional()
        .describe('What the upstream answers; default: 200 {"ok":true}'),
    })
    .prefault({}),
  request: requestSchema,
  expect: z.strictObject({
    reason: z.enum(REASONS).nullable().optional().describe('null: allowed. Absent: an error that is no reason'),
    status: z.int(),
    headers: headersSchema.optional(),
    absentHeaders: z.array(z.string()).optional(),
    body: z.json().optional().describe('Exact JSON with {values}, {"$matches": "…"} and {"$any": true}'),
    cutShort: z.boolean().optional().describe('true: the reply ends before its body is complete'),
    upstream: z
      .strictObject({
        calls: count.describe('How many requests reached it, `earlier` ones included'),
        mode: z.enum(['live', 'test']).optional().describe('Which upstream'),
        headers: headersSchema.optional(),
        absentHeaders: z.array(z.string()).optional(),
        body: z.json().optional(),
      })
      .optional()
      .describe('What reached the upstream; judged on the gateway only'),
  }),
  surfaces: z.array(z.enum(['verify', 'gateway'])).min(1),
  needs: z.enum(CAPABILITIES).optional(),
});

export type Golden = z.output<typeof goldenSchema>;
export type Surface = Golden['surfaces'][number];
export interface FiledGolden {
  profile: string;
  /** `<profile>/goldens/<topic>.json`. */
  file: string;
  golden: Golden;
}

const PROFILES = fileURLToPath(new URL('../../profiles/', import.meta.url));

export const profileNames = (): string[] =>
  readdirSync(PROFILES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

/** Where a file below profiles/ is. */
export const profileFile = (path: string): string => `${PROFILES}${path}`;

export const readProfileFile = (path: string): unknown => JSON.parse(readFileSync(profileFile(path), 'utf8'));

/** Every golden of every profile, in the order of the files. @throws when a file does not fit the shape. */
export function readGoldens(): FiledGolden[] {
  return profileNames().flatMap((profile) =>
    readdirSync(`${PROFILES}${profile}/goldens`)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .flatMap((name) => {
        const file = `${profile}/goldens/${name}`;
        return z
          .array(goldenSchema)
          .parse(readProfileFile(file))
          .map((golden) => ({ profile, file, golden }));
      }),
  );
}

/** Goldens that a runner with these capabilities can run on a surface, and those that wait for another capability. */
export function runnable(goldens: readonly FiledGolden[], surface: Surface, can: readonly Capability[]) {
  const here = goldens.filter(({ golden }) => golden.surfaces.includes(surface));
  const waits = ({ golden }: FiledGolden) => golden.needs !== undefined && !can.includes(golden.needs);
  return { now: here.filter((filed) => !waits(filed)), pending: here.filter(waits) };
}

/** Values that `{…}` in a golden stands for, e.g. `key.id`, `key.secret`, `replacement.id`, `others.0.id`. */
export type Made = Readonly<Record<string, string>>;

/** Fills `{values}` and `$times` lists of a request's path, headers or body. @throws for a value that was not made. */
export function filled<T>(template: T, made: Made): T {
  if (typeof template === 'string') {
    return template.replace(/\{([a-zA-Z0-9.]+)\}/g, (_, name: string) => {
      const value = made[name];
      if (value === undefined) throw new Error(`Nothing was made that {${name}} could stand for`);
      return value;
    }) as T;
  }
  if (Array.isArray(template)) return template.map((entry) => filled(entry, made)) as T;
  if (!isObject(template)) return template;
  if (typeof template.$times === 'number') {
    return Array.from({ length: template.$times }, () => filled(template.$of, made)) as T;
  }
  return Object.fromEntries(Object.entries(template).map(([name, entry]) => [name, filled(entry, made)])) as T;
}

/** Where a JSON body differs from the expected one, in words; empty when it fits. Members beyond the expected ones are faults, except in `$has`. */
export function bodyFaults(expected: unknown, actual: unknown, made: Made, at = 'body'): string[] {
  if (isObject(expected) && expected.$any === true) return [];
  if (isObject(expected) && isObject(expected.$has)) {
    if (!isObject(actual)) return [`${at} is ${JSON.stringify(actual)}, no object`];
    const named = Object.keys(expected.$has).map((name) => [name, actual[name]] as const);
    return bodyFaults(expected.$has, Object.fromEntries(named.filter(([, value]) => value !== undefined)), made, at);
  }
  if (isObject(expected) && typeof expected.$matches === 'string') {
    const fits = typeof actual === 'string' && new RegExp(filled(expected.$matches, made)).test(actual);
    return fits ? [] : [`${at} is ${JSON.stringify(actual)}, which does not match /${expected.$matches}/`];
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length) return [`${at} has ${actual.length} entries, not ${expected.length}`];
    return expected.flatMap((entry, index) => bodyFaults(entry, actual[index], made, `${at}[${index}]`));
  }
  if (isObject(expected) && isObject(actual)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...names].flatMap((name) => {
      if (!Object.hasOwn(actual, name)) return [`${at}.${name} is not there`];
      if (!Object.hasOwn(expected, name)) return [`${at}.${name} should not be there`];
      return bodyFaults(expected[name], actual[name], made, `${at}.${name}`);
    });
  }
  const wanted = typeof expected === 'string' ? filled(expected, made) : expected;
  return wanted === actual ? [] : [`${at} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where headers differ from the expected ones, in words. Names are compared in any case. */
export function headerFaults(
  expected: Pick<Golden['expect'], 'headers' | 'absentHeaders'>,
  actual: Readonly<Record<string, string | string[] | undefined>>,
  made: Made,
): string[] {
  const received = new Map(Object.entries(actual).map(([name, value]) => [name.toLowerCase(), value?.toString()]));
  const faults = Object.entries(expected.headers ?? {}).flatMap(([name, rule]) => {
    const value = received.get(name.toLowerCase());
    if (value === undefined) return [`${name} is not there`];
    if (typeof rule === 'string') return value === filled(rule, made) ? [] : [`${name} is ${value}, not ${rule}`];
    return new RegExp(rule.matches).test(value) ? [] : [`${name} is ${value}, which does not match /${rule.matches}/`];
  });
  const unwanted = (expected.absentHeaders ?? []).filter((name) => received.get(name.toLowerCase()) !== undefined);
  return [...faults, ...unwanted.map((name) => `${name} should not be there`)];
}

/** Where a reply differs from a golden's expectation, in words; empty when it fits. `body`: null when there is none to judge. */
export function replyFaults(
  expected: Golden['expect'],
  reply: { status: number; headers: Readonly<Record<string, string | string[] | undefined>>; body: string | null },
  made: Made,
): string[] {
  return [
    ...(reply.status === expected.status ? [] : [`status is ${reply.status}, not ${expected.status}`]),
    ...headerFaults(expected, reply.headers, made),
    ...(expected.body === undefined || reply.body === null ? [] : bodyFaults(expected.body, parsed(reply.body), made)),
  ];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
