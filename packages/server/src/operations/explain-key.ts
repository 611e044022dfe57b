// explainKey: the walk of a request told check by check. Spends nothing, records no use, and counts nobody as failing.

import {
  type Budget,
  type BudgetName,
  type ExplainedCheck,
  explainChecks,
  explainCredits,
  explainLimits,
  hiddenFields,
  limitSources,
  matchRoute,
  type OperationInput,
  type OperationOutput,
  type Operations,
  retryAfterSeconds,
  rfc3339,
  type Snapshot,
  standingAt,
  type TakeClaims,
  unreachedChecks,
} from '@latchkey/core';
import type { Call, DialectReply, Verdict } from './engine.js';
import { type Identity, identify } from './explain-identity.js';
import { judgeTierName } from './keys/record.js';
import { claimsOf, factsOf } from './question.js';
import { type Answerable, replyTo } from './reply.js';
import type { Services } from './services.js';
import { compileSnapshot } from './snapshot.js';
import { keyNow, standingOf } from './verify-key.js';

type Question = OperationInput<Operations['explainKey']>;
type Explanation = OperationOutput<Operations['explainKey']>;

/** @throws LatchkeyError `invalid_request`, `not_found`, `tier_unknown` */
export async function explainKey(services: Services, question: Question, call: Call): Promise<Explanation> {
  const identity = await identify(services, question, call);
  const { request } = identity;
  const { method, path } = request;
  const route = method !== null && path !== null ? matchRoute(services.profile, method, path) : null;
  const snapshot = identity.snapshot && viewedAs(services, identity.snapshot, question.tier);
  const at = services.clock();
  const judged = await judge(services, { ...identity, snapshot }, route, at);
  const { requests, credits } = request.cost ?? route?.route.cost ?? { requests: 1, credits: 0 };
  return {
    valid: judged.reason === null,
    reason: judged.reason,
    at: rfc3339(at),
    ...(identity.snapshot && standing(services, identity.snapshot, at)),
    ...(snapshot && { gatedFields: [...hiddenFields(snapshot.tier, snapshot.tiers)] }),
    tier: snapshot?.tier?.name ?? null,
    viewedAs: snapshot && (question.tier ?? null),
    route: route && rowView(route.route),
    cost: { requests, credits },
    checks: judged.checks,
    ...(judged.retryAfterSeconds !== null && { retryAfterSeconds: judged.retryAfterSeconds }),
    requestId: call.requestId,
    ...(question.render && { reply: rendered(services, { ...judged, snapshot, route }, requests, call) }),
  };
}

const rowView = ({ method, path, auth, permission, tier }: NonNullable<Verdict['route']>['route']) => ({
  method,
  path,
  auth,
  permission,
  tier,
});

function standing(services: Services, snapshot: Snapshot, at: number) {
  const { project, organization, permissions } = standingOf(snapshot).standing;
  return { key: keyNow(services, snapshot, at), project, organization, permissions };
}

/** The key as it would be with another tier: limits and gates follow. */
function viewedAs({ profile }: Services, snapshot: Snapshot, tier: string | undefined): Snapshot {
  if (tier === undefined) return snapshot;
  const { key, project, organization, tiers } = snapshot;
  judgeTierName(tiers, tier);
  return compileSnapshot({ ...key, tier }, project, organization, profile, tiers);
}

type Judged = Pick<Verdict, 'reason' | 'required' | 'budgets' | 'retryAfterSeconds'> & { checks: ExplainedCheck[] };

/** All checks in the order of a request; what it would be refused with is the first that failed. */
async function judge(
  services: Services,
  { request, steps, snapshot }: Identity,
  route: Verdict['route'],
  at: number,
): Promise<Judged> {
  const checks = [...steps];
  let budgets: readonly Budget[] = [];
  if (snapshot === null) {
    checks.push(...unreachedChecks());
  } else {
    const claims = claimsOf(snapshot, request, route);
    budgets = (await services.limiter.peek({ ...claims, cost: 0 })).budgets;
    checks.push(...explainChecks(snapshot, factsOf(services, request, route), at));
    checks.push(...(await limitChecks(services, snapshot, claims)));
    checks.push(await creditCheck(services, snapshot, (request.cost ?? route?.route.cost)?.credits ?? 0, at));
  }
  const first = checks.find(({ outcome }) => outcome === 'failed');
  const limit = first && budgets.find(({ name }) => name === first.name);
  return {
    checks,
    reason: first?.reason ?? null,
    required: first?.required ?? null,
    budgets,
    retryAfterSeconds: limit ? retryAfterSeconds(limit.name, budgets, at) : null,
  };
}

/** More than any use: measured against it, what remains tells what is used. */
const BOUNDLESS = 2 ** 40;
const MEASURE = { perMinute: BOUNDLESS, perDay: { limit: BOUNDLESS, metered: true }, concurrent: BOUNDLESS };

async function limitChecks({ limiter, profile }: Services, { key, tier, limits }: Snapshot, claims: TakeClaims) {
  const { budgets } = await limiter.peek({ ...claims, cost: 0, limits: MEASURE });
  const measured = (name: BudgetName): Budget => budgets.find((budget) => budget.name === name) as Budget;
  const each = <Value>(value: (budget: Budget) => Value) => ({
    perMinute: value(measured('perMinute')),
    perDay: value(measured('perDay')),
    concurrent: value(measured('concurrent')),
  });
  return explainLimits({
    limits,
    sources: limitSources(tier?.limits ?? null, profile.policy.limits, key.limits),
    used: each(({ remaining }) => BOUNDLESS - remaining),
    resetAt: each(({ resetAt }) => resetAt),
    cost: claims.cost,
    concurrency: claims.concurrency,
  });
}

async function creditCheck({ store }: Services, { key }: Snapshot, cost: number, at: number): Promise<ExplainedCheck> {
  const account = key.credits === null ? null : await store.credits.get(key.familyId);
  const standing = account?.bounded ? standingAt(account, at) : null;
  return explainCredits({
    cost,
    balance: standing?.balance ?? null,
    refill: standing?.refill ?? null,
    mode: key.mode,
  });
}

/** The reply that the request would get: a passing one with its limits spent, a 401 without them. */
function rendered({ profile }: Services, verdict: Answerable, cost: number, { requestId }: Call): DialectReply {
  const { reason, budgets } = verdict;
  const shown =
    reason === null
      ? budgets.map((budget) => (isSpent(budget) ? { ...budget, remaining: budget.remaining - cost } : budget))
      : profile.wire.reasons[reason].status === 401
        ? []
        : budgets;
  return replyTo(profile, { ...verdict, budgets: shown }, requestId);
}

const isSpent = ({ kind, remaining }: Budget): boolean => kind !== 'concurrency' && remaining >= 0;
