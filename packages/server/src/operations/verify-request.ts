// The walk of one request: read the credential, find the key, decide, take the limits. Rendering happens elsewhere.

import {
  type Budget,
  type Denial,
  decide,
  LatchkeyError,
  LIMIT_REASONS,
  matchRoute,
  type RouteMatch,
  rehearsed,
  retryAfterSeconds,
  type Snapshot,
  type TakeClaims,
  type TakeOutcome,
} from '@latchkey/core';
import { charge, chargeOf, NOT_CHARGED, repeatOf } from './credits/charge.js';
import type { Verdict, VerifyRequest } from './engine.js';
import { credentialOf, type FoundKey, findKey } from './find-key.js';
import { claimsOf, factsOf, leaseSeconds } from './question.js';
import { rehearsal } from './rehearsal.js';
import type { Services } from './services.js';
import { type Answer, verdictMaker } from './verdict.js';

const nothing = (): void => {};

/**
 * Throws nothing but a caller's mistake: a decision that cannot be made safely is `unavailable`.
 * @throws LatchkeyError `invalid_request` when a test key asks to rehearse a reason that there is not
 */
export async function verifyRequest(services: Services, request: VerifyRequest): Promise<Verdict> {
  const route =
    request.method !== null && request.path !== null
      ? matchRoute(services.profile, request.method, request.path)
      : null;
  const answer = verdictMaker(services, request, route);
  try {
    return await walk(services, request, route, answer);
  } catch (cause) {
    if (cause instanceof LatchkeyError && cause.code === 'invalid_request') throw cause;
    services.telemetry.log('error', 'verify_failed', { cause });
    return answer(null, 0, { reason: 'unavailable', retryAfterSeconds: 1 });
  }
}

async function walk(
  services: Services,
  request: VerifyRequest,
  route: RouteMatch | null,
  answer: Answer,
): Promise<Verdict> {
  const reading = credentialOf(services.profile, request);
  if ('reason' in reading) return answer(null, 0, { reason: reading.reason });

  const found = await findKey(services, reading.secret);
  if ('reason' in found) {
    const wait = services.throttle.fail(request.ip);
    return wait === null
      ? answer(null, 0, { reason: found.reason })
      : answer(null, 0, { reason: 'too_many_failures', retryAfterSeconds: wait });
  }

  const { snapshot, position } = found;
  const claims = claimsOf(snapshot, request, route);
  const facts = factsOf(services, request, route);
  const denial = decide(snapshot, facts, services.clock());
  const reason = rehearsed(request.testReason ?? null, snapshot, denial);
  if (reason !== null) return answer(...(await rehearsal(services, found, claims, facts, reason)));
  if (denial !== null) {
    const budgets = await budgetsBeside(services, denial, claims);
    return answer(snapshot, position, { reason: denial.reason, required: denial.required ?? null, budgets });
  }

  const spent = await spend(services, request, route, found, claims, answer);
  if (!('ended' in spent)) return spent;
  // A second look says how it ended.
  if (request.spendId === undefined) await spent.ended();
  const again = await walk(services, request, route, answer);
  // Who names the spend asks again after a 503, here or elsewhere, and finds it: given back meanwhile they would have it for nothing.
  const isFinal = again.reason !== null && again.reason !== 'unavailable';
  if (request.spendId !== undefined && isFinal) await spent.ended();
  return again;
}

/** The key ended while it was written what a request takes: limits and slot are free again, `ended` gives the credits back. */
interface Ended {
  ended(): Promise<void>;
}

/** Takes limits, credits and the slot: all of them, or none. */
async function spend(
  services: Services,
  request: VerifyRequest,
  route: RouteMatch | null,
  { snapshot, position }: FoundKey,
  claims: TakeClaims,
  answer: Answer,
): Promise<Verdict | Ended> {
  const costs = chargeOf(services, snapshot, request, route);
  const taken = await services.limiter.take(claims);
  const { degraded } = taken;
  if (taken.refusedBy !== null) {
    // What was charged under this id has passed before: its retry is no other request.
    const credits = costs && request.spendId !== undefined ? await repeatOf(services, costs) : null;
    if (credits !== null) return answer(snapshot, position, { credits, budgets: taken.budgets, degraded });
    return answer(snapshot, position, {
      reason: LIMIT_REASONS[taken.refusedBy],
      budgets: taken.budgets,
      degraded,
      retryAfterSeconds: retryAfterSeconds(taken.refusedBy, taken.budgets, services.clock()),
    });
  }
  const paid = costs === null ? NOT_CHARGED : await undoing(taken, charge(services, costs));
  if (paid.reason !== null || paid.repeated) {
    // Refused, or its first call came through meanwhile: what this one took is given back.
    taken.undo?.();
    const { budgets } = await services.limiter.peek({ ...claims, cost: 0 });
    const credits = paid.reason === null ? paid.credits : null;
    return answer(snapshot, position, { reason: paid.reason, credits, budgets, degraded });
  }
  const { credits, refund } = paid;
  const lease = await leaseOn(services, snapshot, taken, leaseSeconds(request, route)).catch((error) => {
    refund();
    throw error;
  });
  const release = lease === null ? (taken.release ?? nothing) : () => services.leases.drop(lease.id);
  if (!services.cache.unendedSince(snapshot, position)) {
    release();
    taken.undo?.();
    return { ended: paid.refunded };
  }
  if (taken.fairUsePassed) reportFairUse(services, snapshot);
  const undo = (): void => {
    release();
    taken.undo?.();
    refund();
  };
  return answer(snapshot, position, { budgets: taken.budgets, degraded, credits, lease, release, refund, undo });
}

/** Work behind a take: when it throws, the take is given back. */
async function undoing<Value>(taken: TakeOutcome, work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (cause) {
    taken.undo?.();
    throw cause;
  }
}

/** Puts the slot that was taken under a lease. A lease that cannot be written leaves nothing taken. */
const leaseOn = async (services: Services, snapshot: Snapshot, taken: TakeOutcome, seconds: number | null) =>
  seconds === null || taken.release === null
    ? null
    : undoing(taken, services.leases.open(snapshot, seconds, taken.release));

/** 402 and 403 carry the key's numbers too, read without spending. A 401 says nothing about them. */
async function budgetsBeside(services: Services, denial: Denial, claims: TakeClaims): Promise<readonly Budget[]> {
  const { status } = services.profile.wire.reasons[denial.reason];
  return status === 401 ? [] : (await services.limiter.peek({ ...claims, cost: 0 })).budgets;
}

function reportFairUse(services: Services, { key, limits }: Snapshot): void {
  services.telemetry.count('latchkey_fair_use_exceeded_total');
  services.telemetry.log('info', 'fair_use_exceeded', {
    keyId: key.id,
    projectId: key.projectId,
    perDay: limits.perDay?.limit,
  });
}
