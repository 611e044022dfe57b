// The errors of a page: every refusal that a caller can meet, rendered by the same function that answers callers.

import type { JsonValue } from '../ports.js';
import { type DenialContext, denialReply, type Reply, type ReplyContext, titleOf } from '../profile/render.js';
import type { Profile } from '../profile/schema.js';
import type { Tier } from '../tier/tiers.js';
import { REASONS, type Reason } from '../verify/reasons.js';
import { type Block, code, codeBlock, heading, paragraph, say, type Text, table, tell } from './document.js';
import {
  boundTier,
  defaultTier,
  exampleBudgets,
  exampleKey,
  gatedFieldsOf,
  isReachable,
  type Running,
  secondsLeft,
} from './facts.js';

/** Reasons that are found out before a key is known, or that tell nothing of the key. */
const KEYLESS: ReadonlySet<Reason> = new Set([
  'missing_credential',
  'malformed_credential',
  'ambiguous_credential',
  'mistyped_key',
  'unknown_key',
  'too_many_failures',
]);

const STATUS_WORDS: Readonly<Record<number, string>> = {
  401: 'Who you are: the key is missing, wrong or over. Sending the same again does not help.',
  402: 'Not enough credits are left. Nothing was spent.',
  403: 'The key is good, and this is more than it may do. Nothing was spent.',
  409: 'Another request under the same Idempotency-Key stands in the way.',
  422: 'The Idempotency-Key cannot stand for this request.',
  429: 'Over a limit. Nothing was spent. Wait as many seconds as Retry-After says.',
  503: 'Keys cannot be judged at the moment, so nothing is let through. Try again after Retry-After.',
};

interface Refusal {
  reason: Reason;
  code: string | undefined;
  message: string;
  reply: Reply;
}

/** Refusals that can be met, with the texts and bodies they are answered with now. */
export function refusalsOf(running: Running): Refusal[] {
  const { profile } = running;
  return REASONS.filter((reason) => isReachable(running, reason)).flatMap((reason) =>
    contextsFor(running, reason).map((context) => ({
      reason,
      code: profile.wire.reasons[reason].code,
      message: messageOf(profile, context),
      reply: denialReply(profile, context),
    })),
  );
}

/** The message alone: the envelope around it may hold it anywhere, or nowhere. */
const messageOf = (profile: Profile, context: DenialContext): string => {
  const plain = { ...profile, wire: { ...profile.wire, errorBody: { contentType: '', template: '{message}' } } };
  return String(JSON.parse(denialReply(plain, context).body));
};

/** The cases of a reason that read differently. */
function contextsFor(running: Running, reason: Reason): DenialContext[] {
  const { profile, tiers } = running;
  const of = (tier: Tier | null, more: Partial<DenialContext> = {}): DenialContext => {
    const base: ReplyContext = {
      requestId: 'req_1234567890',
      ...(!KEYLESS.has(reason) && { key: exampleKey(profile) }),
      ...(tier !== null && !KEYLESS.has(reason) && { tier }),
      budgets: budgetValues(running, tier, reason === 'rate_limited' || reason === 'quota_exceeded'),
    };
    return { ...base, reason, ...more };
  };
  const usual = defaultTier(running);
  switch (reason) {
    case 'insufficient_permission': {
      const permission = profile.routes.find((route) => route.permission !== null)?.permission;
      return [of(usual, permission ? { required: { permission } } : {})];
    }
    case 'tier_required': {
      const lowest = tiers[0] ?? null;
      const field = gatedFieldsOf(running)[0];
      const opener = tiers.find(({ gatedFields }) => field !== undefined && !gatedFields.includes(field));
      const route = profile.routes.find((row) => row.tier !== null);
      return [
        ...(field !== undefined && opener
          ? [of(lowest, { required: { field, tier: opener.name, tierTitle: opener.title } })]
          : []),
        ...(route?.tier ? [of(lowest, { required: { tier: route.tier, tierTitle: titleIn(tiers, route.tier) } })] : []),
      ];
    }
    case 'batch_too_large': {
      const bounded = tiers.filter(({ batchSize }) => batchSize !== null);
      const [first] = bounded;
      const last = bounded.at(-1);
      const wider = tiers.find(({ batchSize }) => batchSize === null || batchSize > (first?.batchSize ?? 0));
      return [
        ...(first && wider
          ? [of(first, { required: { batchSize: first.batchSize ?? 0, tier: wider.name, tierTitle: wider.title } })]
          : []),
        ...(last && (!wider || last !== first) ? [of(last, { required: { batchSize: last.batchSize ?? 0 } })] : []),
      ];
    }
    case 'rate_limited':
      return [of(boundTier(running, 'perMinute') ?? null, { retryAfterSeconds: secondsLeft('perMinute') })];
    case 'quota_exceeded':
      return [of(boundTier(running, 'perDay') ?? null, { retryAfterSeconds: secondsLeft('perDay') })];
    case 'concurrency_exceeded':
      return [of(boundTier(running, 'concurrent') ?? null)];
    default:
      return [of(usual, ['idempotency_conflict', 'unavailable'].includes(reason) ? { retryAfterSeconds: 1 } : {})];
  }
}

const titleIn = (tiers: readonly Tier[], wanted: string): string =>
  tiers.find(({ name }) => name === wanted)?.title ?? wanted;

/** Budgets of a key, used up or hardly touched, as replies see them. */
function budgetValues(running: Running, tier: Tier | null, usedUp: boolean): ReplyContext['budgets'] {
  const budgets = exampleBudgets(running, tier, usedUp ? Number.MAX_SAFE_INTEGER : 1);
  const view = (name: keyof ReplyContext['budgets']) => {
    const budget = budgets.find((each) => each.name === name);
    if (budget === undefined) return { limit: -1, remaining: -1, resetAt: null };
    return { ...budget, resetAt: budget.resetAt === null ? null : budget.resetAt / 1000 };
  };
  return { perMinute: view('perMinute'), perDay: view('perDay'), concurrent: view('concurrent') };
}

export function errorSection(running: Running): Block[] {
  const refusals = refusalsOf(running);
  const statuses = [...new Set(refusals.map(({ reply }) => reply.status))].sort((a, b) => a - b);
  const { contentType } = running.profile.wire.errorBody;
  return [
    heading('Errors'),
    tell`Every error is ${code(contentType)} in one shape. Tell errors apart by status${
      refusals.some(({ code: name }) => name !== undefined) ? ' and code' : ''
    }; the words are for people and may change. A refused request spends nothing: no request of any limit, no credit.`,
    ...statuses.flatMap((status) => statusBlocks(refusals, status)),
    paragraph('Anything else is an answer of the API itself.'),
  ];
}

function statusBlocks(refusals: readonly Refusal[], status: number): Block[] {
  const here = refusals.filter(({ reply }) => reply.status === status);
  const words = STATUS_WORDS[status];
  const shapes = new Map(here.map((refusal) => [shapeOf(refusal), refusal] as const).reverse());
  const examples = [...shapes.values()].reverse();
  return [
    heading(`${status} ${titleOf(status)}`, 3),
    ...(words === undefined ? [] : [paragraph(words)]),
    ...table(
      ['Code', 'When, in the words of the answer'],
      unique(here.map(({ code: name, message }): Text[] => [name === undefined ? '' : code(name), message])),
    ),
    ...examples.map(({ reply }) => codeBlock('http', httpText(reply))),
  ];
}

const unique = (rows: readonly Text[][]): Text[][] => [
  ...new Map(rows.map((row) => [JSON.stringify(row), row] as const)).values(),
];

/** What tells two bodies apart beside their words: the code, and the members of the details. */
function shapeOf({ code: name, message, reply }: Refusal): string {
  const bare = (value: JsonValue): JsonValue => {
    if (value === message) return '';
    if (Array.isArray(value)) return value.map(bare);
    if (typeof value !== 'object' || value === null) return typeof value;
    return Object.fromEntries(Object.entries(value).map(([member, entry]) => [member, bare(entry)]));
  };
  return JSON.stringify([name ?? null, bare(JSON.parse(reply.body) as JsonValue)]);
}

/** A reply as it comes: status line, the headers that a caller acts on, body. */
export function httpText({ status, headers, body }: Reply): string {
  const dull = new Set(['cache-control', 'vary']);
  const lines = Object.entries(headers).filter(([name]) => !dull.has(name.toLowerCase()));
  return [
    `HTTP/1.1 ${status} ${status < 300 ? 'OK' : titleOf(status)}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    '',
    JSON.stringify(JSON.parse(body), null, 2),
  ].join('\n');
}

/** Status and code of a refusal, as a table names it: `429 rate_limited`. */
export function refusalName({ wire }: Profile, reason: Reason): Text {
  const { status, code: name } = wire.reasons[reason];
  return name === undefined ? code(status) : say`${code(status)} ${code(name)}`;
}
