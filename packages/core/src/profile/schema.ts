// The shape of `profiles/<name>/profile.json`: a provider's dialect as data. `wire` is how to read and answer, `policy` what a project starts from.

import { z } from 'zod';
import { PERMISSION_PATTERN } from '../access/permissions.js';
import { ENDPOINT_PATTERN, REFERRER_PATTERN } from '../access/restrictions.js';
import { FIELD_PATH_PATTERN, TIER_NAME_PATTERN } from '../tier/tiers.js';
import { REASONS, type Reason } from '../verify/reasons.js';
import { faultsOf } from './faults.js';

const name = z.string().regex(TIER_NAME_PATTERN, 'lower-case letters, digits and dashes');
const headerName = z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'a header name of letters, digits and dashes');
const fieldPath = z.string().regex(FIELD_PATH_PATTERN, 'names of letters, digits, _, $, @ and -, with dots between');
const permission = z.string().regex(PERMISSION_PATTERN, 'dotted lower-case words, the last may be *');
const prefix = z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, 'letters, digits, _ and -');
const limit = z.int().min(0);
const template = z.json();

/** An answer in the dialect; texts may name `{values}` of the answer's context. */
const answerSchema = z
  .strictObject({
    status: z.int().min(400).max(599),
    code: z.string().optional().describe('Machine-readable code; absent where the status says it all'),
    message: z
      .union([z.string(), z.array(z.string()).min(1)])
      .describe(
        'Public text; may name {values}, e.g. {required.tier}. Of several, the first whose values are all there',
      ),
    details: template.optional().describe('Extra values for the error body'),
  })
  .meta({ id: 'ProfileAnswer' });
export type ProfileAnswer = z.infer<typeof answerSchema>;

const wireSchema = z.strictObject({
  credential: z.union([
    z.strictObject({ header: z.literal('authorization'), scheme: z.string().regex(/^[A-Za-z]+$/) }),
    z.strictObject({ header: z.literal('x-api-key') }),
  ]),
  challenge: z
    .strictObject({ scheme: z.string(), realm: z.string().optional() })
    .describe('What WWW-Authenticate says on every 401'),
  limitHeaders: z
    .strictObject({ limit: headerName, remaining: headerName, reset: headerName })
    .nullable()
    .describe('Names of the per-minute headers on every authenticated answer; reset in Unix seconds. null: none'),
  gatedFieldsHeader: headerName
    .nullable()
    .describe('Names the fields that an answer left out for the tier. null: none'),
  errorBody: z.strictObject({
    contentType: z.string(),
    template: template.describe('JSON with {values}: status, code, title, message, details, reason, requestId'),
  }),
  cors: z
    .strictObject({
      origins: z
        .array(
          z.union([z.literal('*'), z.string().regex(REFERRER_PATTERN, 'an origin such as https://app.example.com')]),
        )
        .default([])
        .describe('Origins such as https://app.example.com or https://*.example.com; `*`: any'),
      headers: z
        .array(headerName)
        .default([])
        .describe('Request headers that pages may send beside the credential, Content-Type and Idempotency-Key'),
      maxAgeSeconds: z.int().min(0).max(86_400).default(600).describe('How long a browser remembers a preflight'),
    })
    .nullable()
    .default(null)
    .describe(
      "Pages that may call from a browser with any key. With or without it, a key that is restricted to referrers may be used from their pages; null: other answers keep the upstream's own CORS headers",
    ),
  codeCase: z.enum(['snake', 'upper']).default('snake').describe('How codes of errors that are no reason are written'),
  reasons: z.strictObject(
    Object.fromEntries(REASONS.map((reason) => [reason, answerSchema])) as Record<Reason, typeof answerSchema>,
  ),
});

const limitsSchema = z
  .strictObject({
    perMinute: z.union([limit, z.literal('custom')]).nullable(),
    perDay: z.strictObject({ limit: z.union([limit, z.literal('custom')]), metered: z.boolean() }).nullable(),
    concurrent: limit.nullable(),
  })
  .meta({ id: 'ProfileLimits' });

const tierSchema = z.strictObject({
  name,
  title: z.string(),
  limits: limitsSchema,
  batchSize: z.int().min(1).nullable(),
  endpoints: z
    .array(z.string().regex(ENDPOINT_PATTERN, 'a path such as /v1/users/** or GET /v1/users/*'))
    .min(1)
    .nullable()
    .default(null)
    .describe('The only endpoints that its keys may call; null: all'),
  permissions: z
    .array(permission)
    .nullable()
    .default(null)
    .describe('The most that its keys may be permitted; null: no bound'),
});

const policySchema = z.strictObject({
  keyModel: z.enum(['v2', 'legacy']).describe('What a new project gets when none is named'),
  prefixes: z.strictObject({ live: prefix, test: prefix.optional() }).describe('No `test`: there are no test keys'),
  secretBodyLength: z.int().min(32).max(128).default(32).describe('Random characters of a secret'),
  tiers: z.array(tierSchema).describe('In ascending order; empty: no tiers, `limits` apply to every key'),
  defaultTier: name.nullable().describe('Tier of a key that names none, in a project that names none'),
  limits: limitsSchema,
  gatedFields: z
    .array(z.strictObject({ field: fieldPath, tier: name }))
    .default([])
    .describe('Dotted response fields and the lowest tier that sees them'),
  permissions: z
    .array(z.strictObject({ name: permission, description: z.string(), implies: z.array(permission).default([]) }))
    .describe('Permissions that a key of this provider may carry'),
  gracePeriodSeconds: z.int().min(0).nullable().describe('Default of rotateKey; null: the caller has to say'),
  rotationDays: z.int().min(1).nullable().describe('Age at which owners are reminded to rotate; null: never'),
  webhookSecret: z
    .enum(['derived', 'shown'])
    .describe('derived: the customer computes it from the key, no answer has it'),
  signUp: z.enum(['open', 'invite', 'closed']).describe('Who may make an account on the dashboard'),
});

const routeSchema = z.strictObject({
  method: z.string().regex(/^([A-Z]+|\*)$/),
  path: z.string().startsWith('/').describe(':name and * take one segment, a final ** any rest'),
  title: z.string().optional().describe('What it is, in a word or two; a column of the tiers on the page'),
  auth: z.enum(['key', 'none']).default('key').describe('none: public, no key is read'),
  permission: permission.nullable().default(null).describe('What the key must carry'),
  tier: name.nullable().default(null).describe('Lowest tier whose keys may call it'),
  cost: z
    .strictObject({
      requests: z.int().min(0).default(1),
      credits: z.int().min(0).default(0),
      settle: z
        .enum(['now', 'later'])
        .default('now')
        .describe(
          'later: the credits are reserved, and the upstream says by X-Latchkey-Reservation-Id what they came to',
        ),
    })
    .prefault({})
    .describe('What a call counts for'),
  refundOn: z
    .array(z.enum(['unreachable', 'timeout', '4xx', '5xx']))
    .default(['unreachable', '5xx'])
    .describe('Outcomes at the upstream that give the credits back'),
  batch: z
    .strictObject({ pointer: z.string().startsWith('/') })
    .nullable()
    .default(null)
    .describe('JSON Pointer to the list in the request body'),
  fieldsParam: z.string().nullable().default(null).describe('Query parameter that asks for fields, comma-separated'),
  gates: z
    .boolean()
    .default(true)
    .describe('false: answers pass unread, for a route whose answers have no gated field'),
  concurrency: z
    .enum(['request', 'job'])
    .nullable()
    .default(null)
    .describe('Holds one of `concurrent` while the request runs, or until the job it started ends'),
  maxSeconds: z
    .int()
    .min(1)
    .max(604_800)
    .default(3600)
    .describe('How long a job holds its slot, and a reservation its credits, when nobody ends it'),
  idempotent: z
    .boolean()
    .default(false)
    .describe('An Idempotency-Key makes a repeated call get the first answer, for a day'),
  upstreamIdempotent: z
    .boolean()
    .default(false)
    .describe('The upstream honours Idempotency-Key itself: a call whose outcome was lost in a crash is run again'),
  mode: z.enum(['live', 'test']).nullable().default(null).describe('The one mode whose keys may call it'),
  shared: z.boolean().default(false).describe("Leaves an upstream's public caching as it is"),
  answer: z
    .strictObject({ status: z.int().min(200).max(299), body: template })
    .nullable()
    .default(null)
    .describe('Answered here from the decision; never reaches the upstream'),
  operation: z
    .strictObject({ name: z.string(), input: z.record(z.string(), template) })
    .nullable()
    .default(null)
    .describe('Runs a management operation as the calling key; `answer` then also sees its {result}'),
});

const guideSchema = z
  .strictObject({
    baseUrl: z
      .string()
      .regex(/^https?:\/\/[^\s"'`<>\\]+[^\s"'`<>\\/]$/, 'http(s)://host without a slash at the end')
      .default('https://api.example.com')
      .describe('Where customers reach the API'),
    environmentVariable: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/, 'upper-case letters, digits and _')
      .default('API_KEY')
      .describe('Where examples take the key from'),
    steps: z.array(z.string()).default([]).describe('How a customer gets to where keys are made, a sentence each'),
    keyModels: z
      .array(z.enum(['v2', 'legacy']))
      .default([])
      .describe('Key models that customers choose between; empty: not worth a word'),
    keys: z
      .array(z.strictObject({ name: z.string(), purpose: z.string(), permissions: z.array(permission).nullable() }))
      .default([])
      .describe('Keys that customers usually make; permissions null: no list, full access'),
    work: z.string().nullable().default(null).describe('What `concurrent` counts, as a plural: swaps'),
  })
  .describe('What the page for customers says that nothing else needs');

/** The shape alone: what one member can be judged by, without the others. */
export const profileShape = z.strictObject({
  $schema: z.string().optional(),
  name,
  title: z.string(),
  description: z.string(),
  hosts: z
    .strictObject({ live: z.array(z.string()), test: z.array(z.string()) })
    .default({ live: [], test: [] })
    .describe('Host names that serve one mode only'),
  wire: wireSchema,
  policy: policySchema,
  guide: guideSchema.prefault({}),
  samples: z
    .array(
      z.strictObject({
        title: z.string(),
        method: z.string().regex(/^[A-Z]+$/),
        path: z.string().startsWith('/'),
        headers: z.record(z.string(), z.string()).default({}),
        body: z.json().optional(),
      }),
    )
    .default([])
    .describe('Requests worth trying first; shown as curl lines and in documentation'),
  routes: z.array(routeSchema).describe('First match wins; what matches none goes to the upstream with any valid key'),
});

export type Profile = z.infer<typeof profileShape>;
export type Route = Profile['routes'][number];

/** A profile whose parts also fit each other; every fault is an issue of its own. */
export const profileSchema = profileShape.superRefine((profile, context) => {
  for (const fault of faultsOf(profile)) context.addIssue({ code: 'custom', ...fault });
});
