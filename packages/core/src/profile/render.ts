// Replies in a profile's dialect: what a decision, an error or an answer row becomes on the wire. Pure; it decides nothing itself.

import type { ErrorCode } from '../errors/catalogue.js';
import type { Budget, BudgetName } from '../limit/limits.js';
import type { Instant, JsonValue, KeyRecord } from '../ports.js';
import type { Tier } from '../tier/tiers.js';
import type { Denial, Snapshot } from '../verify/decide.js';
import { EXHAUSTED, type Reason } from '../verify/reasons.js';
import type { Profile, ProfileAnswer, Route } from './schema.js';
import { type Context, fill, fillFirst } from './template.js';

/** A reply ready to send. Header names are as the profile writes them; the framing of the body is the sender's. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** A limit as templates see it. −1 stands for "no such limit" and "not metered"; `resetAt` in Unix seconds, null: never. */
export interface BudgetValues {
  limit: number;
  remaining: number;
  resetAt: number | null;
}

/** A key as templates see it; times are in the dialect's form. */
export interface KeyValues {
  id: string;
  name: string;
  prefix: string;
  hint: string;
  mode: string;
  model: string;
  projectId: string;
  organizationId: string;
  environment: string | null;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  graceEndsAt: string | null;
  revokedAt: string | null;
}

/** What every reply about a request may name. No `key` and no `tier`: the request presented no known one. */
export interface ReplyContext {
  requestId: string;
  key?: KeyValues;
  tier?: Pick<Tier, 'name' | 'title' | 'batchSize'>;
  /** All tiers, so that one that is asked for can be called by its title. */
  tiers?: readonly Pick<Tier, 'name' | 'title'>[];
  budgets: Record<BudgetName, BudgetValues>;
}

export interface DenialContext extends ReplyContext {
  reason: Reason;
  required?: NonNullable<Denial['required']> & { tierTitle?: string };
  retryAfterSeconds?: number | null;
}

/** An answer row's context; `result` is what the row's operation returned. */
export interface AnswerContext extends ReplyContext {
  params?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string>>;
  result?: unknown;
}

/** An error of the gateway that is no refusal of a key: nothing there, upstream away, body too large. */
export interface ErrorFacts {
  code: ErrorCode;
  status: number;
  message: string;
  requestId: string;
  retryAfterSeconds?: number | null;
  /** Of the key whose request failed, so that this reply carries its limit headers too. */
  budgets?: readonly Budget[];
}

/** Reason phrases of RFC 9110 §15, RFC 6585 and RFC 4918: the title of a problem document without a type of its own. */
const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** An instant in the dialects' form: RFC 3339 in UTC with whole seconds, never later than the instant. */
export const dialectTime = (at: Instant): string =>
  new Date(Math.floor(at / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** Builds what templates may name from what is known of the key. `budgets`: as the limiter reported them; those absent read −1. */
export function contextOf(facts: {
  requestId: string;
  snapshot: Snapshot | null;
  budgets: readonly Budget[];
}): ReplyContext {
  const { snapshot } = facts;
  return {
    requestId: facts.requestId,
    ...(snapshot && { key: keyValues(snapshot.key), tiers: snapshot.tiers }),
    ...(snapshot?.tier && {
      tier: { name: snapshot.tier.name, title: snapshot.tier.title, batchSize: snapshot.tier.batchSize },
    }),
    budgets: budgetValues(facts.budgets),
  };
}

function keyValues(key: KeyRecord): KeyValues {
  const time = (at: Instant | null): string | null => (at === null ? null : dialectTime(at));
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    hint: key.hint,
    mode: key.mode,
    model: key.model,
    projectId: key.projectId,
    organizationId: key.organizationId,
    environment: key.environment,
    createdAt: dialectTime(key.createdAt),
    expiresAt: time(key.expiresAt),
    lastUsedAt: time(key.lastUsedAt),
    graceEndsAt: time(key.graceEndsAt),
    revokedAt: time(key.revokedAt),
  };
}

function budgetValues(budgets: readonly Budget[]): Record<BudgetName, BudgetValues> {
  const view = (name: BudgetName): BudgetValues => {
    const budget = budgets.find((candidate) => candidate.name === name);
    if (budget === undefined) return { limit: -1, remaining: -1, resetAt: null };
    const resetAt = budget.resetAt === null ? null : Math.ceil(budget.resetAt / 1000);
    return { limit: budget.limit, remaining: budget.remaining, resetAt };
  };
  return { perMinute: view('perMinute'), perDay: view('perDay'), concurrent: view('concurrent') };
}

/** The per-minute headers under the profile's names; none when the profile names none or the key has no per-minute limit. */
export const limitHeaders = (profile: Profile, budgets: readonly Budget[]): Record<string, string> =>
  minuteHeaders(profile, budgetValues(budgets).perMinute);

function minuteHeaders({ wire }: Profile, { limit, remaining, resetAt }: BudgetValues): Record<string, string> {
  if (wire.limitHeaders === null || resetAt === null) return {};
  return {
    [wire.limitHeaders.limit]: String(limit),
    [wire.limitHeaders.remaining]: String(remaining),
    [wire.limitHeaders.reset]: String(resetAt),
  };
}

/** What every reply made here carries: nobody but the caller may keep it. */
const privately = (contentType: string): Record<string, string> => ({
  'Content-Type': contentType,
  'Cache-Control': 'no-store',
  Vary: 'Authorization, X-Api-Key',
});

/** A refusal as the profile words it. A known key's limits stand on it, except where the key counts for nothing (401) or the numbers may be stale (503). */
export function denialReply(profile: Profile, denial: DenialContext): Reply {
  const answer: ProfileAnswer = profile.wire.reasons[denial.reason];
  const { status } = answer;
  const retryAfter = retryAfterOf(status, denial.retryAfterSeconds, denial.reason === 'idempotency_conflict');
  const context: Context = {
    ...denial,
    status,
    code: answer.code,
    title: titleOf(status),
    required: requiredValues(denial),
    retryAfterSeconds: retryAfter,
  };
  const filled = {
    ...context,
    message: fillFirst(answer.message, context),
    details: fill(answer.details ?? {}, context),
  };
  return {
    status,
    headers: {
      ...privately(profile.wire.errorBody.contentType),
      ...challengeFor(profile, status, denial),
      ...(denial.key && status !== 401 && status !== 503 && minuteHeaders(profile, denial.budgets.perMinute)),
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
      ...(EXHAUSTED.has(denial.reason) && { 'x-should-retry': 'false' }),
    },
    body: written(profile.wire.errorBody.template, filled),
  };
}

/** An error that is no refusal, in the same envelope; its code is written in the profile's case. */
export function errorReply(profile: Profile, error: ErrorFacts): Reply {
  const { code, status, message, requestId } = error;
  const retryAfter = retryAfterOf(status, error.retryAfterSeconds, false);
  const { codeCase, errorBody } = profile.wire;
  const context: Context = {
    status,
    code: codeCase === 'upper' ? code.toUpperCase() : code,
    title: titleOf(status),
    message,
    details: {},
    requestId,
    retryAfterSeconds: retryAfter,
  };
  return {
    status,
    headers: {
      ...privately(errorBody.contentType),
      ...challengeFor(profile, status, null),
      ...limitHeaders(profile, error.budgets ?? []),
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    },
    body: written(errorBody.template, context),
  };
}

/** A row of the profile that is answered here: its body filled from the decision and from what its operation returned. */
export function answerReply(profile: Profile, answer: NonNullable<Route['answer']>, context: AnswerContext): Reply {
  return {
    status: answer.status,
    headers: { ...privately('application/json'), ...minuteHeaders(profile, context.budgets.perMinute) },
    body: written(answer.body, { ...context, result: inDialectTimes(context.result) }),
  };
}

const written = (template: JsonValue, context: Context): string => JSON.stringify(fill(template, context) ?? null);

/** The status in words. */
export const titleOf = (status: number): string => TITLES[status] ?? 'Error';

/** Whole seconds, at least 1, wherever waiting is the cure: every 429 and 503, and whatever said how long. */
function retryAfterOf(status: number, seconds: number | null | undefined, passing: boolean): number | undefined {
  if (seconds == null && status !== 429 && status !== 503 && !passing) return undefined;
  return Math.max(1, Math.ceil(seconds ?? 1));
}

/** `WWW-Authenticate` (RFC 9110 §11.6.1). The Bearer scheme also says what was wrong, once a credential was presented (RFC 6750 §3). */
function challengeFor({ wire }: Profile, status: number, denial: DenialContext | null): Record<string, string> {
  const scope = denial?.reason === 'insufficient_scope' ? denial.required?.permission : undefined;
  if (status !== 401 && denial?.reason !== 'insufficient_scope') return {};
  const { scheme, realm } = wire.challenge;
  const parameters = realm === undefined ? [] : [`realm=${quoted(realm)}`];
  if (scheme.toLowerCase() === 'bearer' && denial !== null && denial.reason !== 'missing_credential') {
    parameters.push(`error="${status === 401 ? 'invalid_token' : 'insufficient_scope'}"`);
    if (scope !== undefined) parameters.push(`scope=${quoted(scope)}`);
  }
  return { 'WWW-Authenticate': [scheme, parameters.join(', ')].filter((part) => part !== '').join(' ') };
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** `required` with the tier's title; a tier that is not there by that name stands for itself. */
function requiredValues({ required, tiers = [] }: DenialContext): DenialContext['required'] {
  if (required?.tier === undefined || required.tierTitle !== undefined) return required;
  const title = tiers.find(({ name }) => name === required.tier)?.title;
  return { ...required, tierTitle: title ?? required.tier };
}

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** An operation's result with its times (members that end in `At`) in the dialects' form. */
function inDialectTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inDialectTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => {
      const isTime = name.endsWith('At') && typeof entry === 'string' && TIMESTAMP.test(entry);
      return [name, isTime ? dialectTime(Date.parse(entry)) : inDialectTimes(entry)];
    }),
  );
}
