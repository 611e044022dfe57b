// The decision told: every check with its rule, the fact it was held against and a sentence. Judges by the same checks, decides nothing.

import { isAmbiguousPath } from '../access/path.js';
import { grants } from '../access/permissions.js';
import type { Refill } from '../credit/account.js';
import { rfc3339 } from '../key/view.js';
import type { BudgetName, LimitSource, Limits } from '../limit/limits.js';
import { type Counters, emptyCounters, refusingLimit } from '../limit/window.js';
import type { Instant, JsonObject, Mode } from '../ports.js';
import { hiddenFields } from '../tier/tiers.js';
import { CHECKS, type CheckName, type Denial, dependsOnPath, type RequestFacts, type Snapshot } from './decide.js';
import { LIMIT_WORDS, refusalText } from './failures.js';
import { LIMIT_REASONS, type Reason } from './reasons.js';

/** `not_applicable`: there is no such rule. `not_reached`: it cannot be judged without what failed before. */
export type CheckOutcome = 'passed' | 'failed' | 'not_reached' | 'not_applicable';

/** The steps around the checks of a decision: finding the key before them, spending after them. */
export type StepName = 'credential' | 'checksum' | 'lookup' | CheckName | BudgetName | 'credits';

export interface ExplainedCheck {
  name: StepName;
  outcome: CheckOutcome;
  /** What a request is refused with here; null unless it failed. */
  reason: Reason | null;
  /** One sentence. */
  text: string;
  /** What is asked for, as data. */
  rule: JsonObject;
  /** What it was held against. */
  fact: JsonObject;
  /** What would have sufficed. */
  required: NonNullable<Denial['required']> | null;
}

interface Told {
  /** false: there is no such rule. Absent: there always is. */
  applies?: boolean;
  rule: JsonObject;
  fact: JsonObject;
  /** Why it passes, why it does not, and why nothing was asked. */
  passed: string;
  failed: string;
  absent?: string;
}

type Teller = (snapshot: Snapshot, facts: RequestFacts, now: Instant, denial: Denial | null) => Told;

/** Every check of the decision, in its order and by its own judgement: the first that failed is the reason. */
export const explainChecks = (snapshot: Snapshot, facts: RequestFacts, now: Instant): ExplainedCheck[] =>
  CHECKS.map(({ name, judge }) => {
    const denial = judge(snapshot, facts, now);
    return told(name, denial, TELLERS[name](snapshot, facts, now, denial));
  });

function told(name: StepName, denial: Denial | null, { applies = true, rule, fact, ...texts }: Told): ExplainedCheck {
  const outcome = denial !== null ? 'failed' : applies ? 'passed' : 'not_applicable';
  const text = outcome === 'not_applicable' ? (texts.absent ?? texts.passed) : texts[outcome];
  return { name, outcome, reason: denial?.reason ?? null, text, rule, fact, required: denial?.required ?? null };
}

/** The checks of a decision, as they stand when no key was found. */
export const unreachedChecks = (): ExplainedCheck[] =>
  [...CHECKS.map(({ name }) => name), ...LIMIT_ORDER, 'credits' as const].map((name) => unreached(name));

export const unreached = (name: StepName): ExplainedCheck => ({
  name,
  outcome: 'not_reached',
  reason: null,
  text: 'Not reached: no key was found.',
  rule: {},
  fact: {},
  required: null,
});

const time = (at: Instant | null): string | null => (at === null ? null : rfc3339(at));
const list = (words: readonly string[]): string => words.join(', ') || 'none';

const TELLERS: Readonly<Record<CheckName, Teller>> = {
  mode: ({ key }, { mode, servedModes }) => ({
    rule: { mode, servedModes: [...servedModes] },
    fact: { mode: key.mode },
    passed: `A ${key.mode} key may be used here.`,
    failed: refusalText('wrong_mode', { mode: key.mode, wanted: servedModes.includes(key.mode) ? mode : null }),
  }),
  revoked: ({ key }, _, now) => ({
    rule: { revokedAt: time(key.revokedAt), revokedReason: key.revokedReason },
    fact: { now: rfc3339(now) },
    passed: 'The key is not revoked.',
    failed: refusalText('revoked_key', { since: time(key.revokedAt) }),
  }),
  suspended: ({ organization, project }, _, now) => ({
    rule: {
      organizationSuspendedAt: time(organization.suspendedAt),
      projectSuspendedAt: time(project.suspendedAt),
    },
    fact: { now: rfc3339(now) },
    passed: 'Neither its project nor its organization is suspended.',
    failed: refusalText('organization_disabled', {
      suspended: organization.suspendedAt === null ? 'project' : 'organization',
      since: time(organization.suspendedAt ?? project.suspendedAt),
    }),
  }),
  disabled: ({ key }, _, now) => ({
    rule: { disabledAt: time(key.disabledAt) },
    fact: { now: rfc3339(now) },
    passed: 'The key is not disabled.',
    failed: refusalText('disabled_key', { since: time(key.disabledAt) }),
  }),
  rotated: ({ key }, _, now) => ({
    applies: key.graceEndsAt !== null,
    rule: { graceEndsAt: time(key.graceEndsAt) },
    fact: { now: rfc3339(now) },
    passed: `A newer generation exists; this one stays until ${time(key.graceEndsAt)}.`,
    failed: refusalText('rotated_key', { since: time(key.graceEndsAt) }),
    absent: 'The key is the newest of its generations.',
  }),
  expired: ({ key }, _, now) => ({
    applies: key.expiresAt !== null,
    rule: { expiresAt: time(key.expiresAt) },
    fact: { now: rfc3339(now) },
    passed: `The key is good until ${time(key.expiresAt)}.`,
    failed: refusalText('expired_key', { since: time(key.expiresAt) }),
    absent: 'The key does not expire.',
  }),
  ip: ({ restrictions }, { address }) => ({
    applies: restrictions?.ips != null,
    rule: { ips: restrictions?.source.ips ?? null },
    fact: { ip: address && addressText(address) },
    passed: `The address ${address && addressText(address)} is in the key's list.`,
    failed: refusalText('ip_not_allowed', { ip: address && addressText(address) }),
    absent: 'The key may be used from any address.',
  }),
  referrer: ({ restrictions }, { origin }) => ({
    applies: restrictions?.source.referrers !== undefined,
    rule: { referrers: restrictions?.source.referrers ?? null },
    fact: { origin },
    passed: `The origin ${origin} is in the key's list.`,
    failed: refusalText('referrer_not_allowed', { origin }),
    absent: 'The key may be used from any page.',
  }),
  endpoint: (snapshot, facts) => {
    const { method, path } = facts;
    const endpoints = snapshot.restrictions?.source.endpoints ?? null;
    const isAmbiguous = path !== null && isAmbiguousPath(path);
    return {
      applies: dependsOnPath(snapshot, facts) && (endpoints !== null || path !== null),
      rule: { endpoints, unambiguous: dependsOnPath(snapshot, facts) },
      fact: { method, path, ambiguous: isAmbiguous },
      passed: endpoints
        ? "Method and path are in the key's list."
        : 'The path has one reading, and the key may call any endpoint.',
      failed: refusalText('endpoint_not_allowed', { method, path, isAmbiguous }),
      absent: 'The key may call any endpoint.',
    };
  },
  permission: ({ permissions }, facts) => {
    const missing = facts.permissions.filter((needed) => !grants(permissions, needed));
    return {
      applies: facts.permissions.length > 0,
      rule: { needed: [...facts.permissions] },
      fact: { granted: [...permissions], missing },
      passed: `The key has ${list(facts.permissions)}.`,
      failed: refusalText('insufficient_permission', { missing: list(missing), granted: list(permissions) }),
      absent: 'The request needs no permission.',
    };
  },
  tier: ({ tier }, { tier: least, permissions }, _, denial) => ({
    applies: least !== null || (tier !== null && (tier.endpoints !== null || tier.permissions !== null)),
    rule: {
      atLeast: least,
      endpoints: tier?.endpoints ? [...tier.endpoints] : null,
      permissions: tier?.permissions ? [...tier.permissions] : null,
    },
    fact: { tier: tier?.name ?? null, needed: [...permissions] },
    passed: `The tier ${tier?.name} opens this request.`,
    failed: refusalText('tier_required', { tier: tier?.name ?? null, required: denial?.required ?? null }),
    absent: 'The request needs no tier.',
  }),
  fields: ({ tier, tiers }, { fields }, _, denial) => ({
    applies: fields.length > 0,
    rule: { hidden: [...hiddenFields(tier, tiers)] },
    fact: { fields: [...fields] },
    passed: 'The key may see every field that was asked for.',
    failed: refusalText('tier_required', { tier: tier?.name ?? null, required: denial?.required ?? null }),
    absent: 'No field was asked for by name.',
  }),
  batchSize: ({ tier }, { batchSize }, _, denial) => ({
    applies: batchSize !== null && tier !== null && tier.batchSize !== null,
    rule: { most: tier?.batchSize ?? null },
    fact: { batchSize },
    passed: `A batch of ${batchSize} is within the ${tier?.batchSize} of the tier ${tier?.name}.`,
    failed: refusalText('batch_too_large', { batchSize, tier: tier?.name ?? null, required: denial?.required ?? null }),
    absent: batchSize === null ? 'The request is no batch.' : 'Batches of any size are taken.',
  }),
};

/** An address as text: dotted, or the eight groups of v6 (RFC 4291 §2.2, form 1). */
export const addressText = (bytes: readonly number[]): string =>
  bytes.length === 4
    ? bytes.join('.')
    : Array.from({ length: 8 }, (_, at) =>
        (((bytes[2 * at] as number) << 8) | (bytes[2 * at + 1] as number)).toString(16),
      ).join(':');

/** What has been spent of a family's limits, without regard to what they are. */
export type Used = Readonly<Record<BudgetName, number>>;

export interface LimitFacts {
  limits: Limits;
  sources: Partial<Record<BudgetName, LimitSource>>;
  used: Used;
  resetAt: Readonly<Record<BudgetName, Instant | null>>;
  /** Requests that this one counts for. */
  cost: number;
  /** false: this request does not count among those at once. */
  concurrency: boolean;
}

/** As a take judges them; see `refusingLimit`. */
const LIMIT_ORDER: readonly BudgetName[] = ['concurrent', 'perDay', 'perMinute'];
const NO_LIMITS: Limits = { perMinute: null, perDay: null, concurrent: null };

/** Every limit of a key in the order of a take, each by itself and by the same rule. */
export const explainLimits = (given: LimitFacts): ExplainedCheck[] => {
  const counters: Counters = {
    ...emptyCounters(),
    minuteUsed: given.used.perMinute,
    dayUsed: given.used.perDay,
    slots: given.used.concurrent,
  };
  return LIMIT_ORDER.map((name) => {
    const alone = { ...NO_LIMITS, [name]: given.limits[name] };
    const refuses = refusingLimit(counters, alone, given.cost, given.concurrency) !== null;
    return told(name, refuses ? { reason: LIMIT_REASONS[name] } : null, limitTold(name, given));
  });
};

function limitTold(name: BudgetName, { limits, sources, used, resetAt, cost, concurrency }: LimitFacts): Told {
  const inForce = limits[name];
  const counts = name !== 'concurrent' || concurrency;
  const words = LIMIT_WORDS[name];
  if (inForce === null) {
    const absent = `There is no limit on requests ${words}.`;
    return { applies: false, rule: { limit: null }, fact: {}, passed: absent, failed: absent };
  }
  const limit = typeof inForce === 'number' ? inForce : inForce.limit;
  const metered = typeof inForce === 'number' || inForce.metered;
  const spends = name === 'concurrent' ? 1 : cost;
  const said = `${used[name]} of ${limit} requests ${words} are used, this one counts for ${spends}`;
  return {
    applies: counts,
    rule: { limit, metered, source: sources[name] ?? null },
    fact: {
      used: used[name],
      remaining: metered ? Math.max(0, limit - used[name]) : -1,
      resetAt: time(resetAt[name]),
      cost: spends,
    },
    passed: metered ? `${said}.` : `${said}; the figure is a fair-use one and refuses nothing.`,
    failed: refusalText(LIMIT_REASONS[name], { used: said }),
    absent: 'This route does not count among requests at once.',
  };
}

const refillData = ({ amount, every, dayOfMonth }: Refill): JsonObject => ({
  amount,
  every,
  ...(dayOfMonth !== undefined && { dayOfMonth }),
});

export interface CreditFacts {
  /** Credits that the request costs. */
  cost: number;
  /** null: the family is not bounded by credits. */
  balance: number | null;
  refill: Refill | null;
  mode: Mode;
}

/** What the request costs, held against what the family has. Comes after the limits, as in a request. */
export function explainCredits({ cost, balance, refill, mode }: CreditFacts): ExplainedCheck {
  const isCharged = cost > 0 && balance !== null && mode === 'live';
  const denial: Denial | null = isCharged && balance < cost ? { reason: 'insufficient_credits' } : null;
  return told('credits', denial, {
    applies: isCharged,
    rule: { cost },
    fact: { balance, refill: refill && refillData(refill) },
    passed: `The balance of ${balance} covers the cost of ${cost}.`,
    failed: refusalText('insufficient_credits', { balance, cost }),
    absent:
      cost === 0
        ? 'The request costs no credits.'
        : balance === null
          ? 'The key is not bounded by credits.'
          : 'A test key is never charged.',
  });
}
