// The walk of one request: read the credential, find the key, decide, take the limits. Rendering happens elsewhere.

import {
  type Budget,
  type Denial,
  decide,
  hiddenFields,
  isRehearsable,
  judgeShape,
  LatchkeyError,
  LIMIT_REASONS,
  matchRoute,
  type Profile,
  REHEARSABLE,
  type Reason,
  type RequestFacts,
  type RouteMatch,
  readCredential,
  rehearse,
  rehearsed,
  retryAfterSeconds,
  type Snapshot,
  type TakeClaims,
  type TakeOutcome,
} from '@latchkey/core';
import { originOf, parseAddress } from './address.js';
import { adoptDigest } from './adopt-digest.js';
import { charge, chargedBefore, chargeOf, NOT_CHARGED } from './credits/charge.js';
import type { Verdict, VerifyRequest } from './engine.js';
import type { Services } from './services.js';

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

/** How a verdict is counted: a refusal that was only rehearsed is a sign of nothing. */
export const countedAs = ({ reason, rehearsed }: Verdict): string => (rehearsed ? 'rehearsed' : (reason ?? 'allowed'));

/** true for refusals behind the decision that are cured by waiting a second. */
export const passesSoon = (reason: Reason): boolean => reason === 'idempotency_conflict' || reason === 'unavailable';

/** A passing verdict turned into a refusal that was found out behind the decision. */
export function refuseAfter(services: Services, request: VerifyRequest, verdict: Verdict, reason: Reason): Verdict {
  const retryAfterSeconds = passesSoon(reason) ? 1 : null;
  return noted(services, request, { ...verdict, reason, retryAfterSeconds, at: services.clock() });
}

/** Counts a verdict as a use or a denial of its key. A look that costs nothing and finds nothing wrong is neither. */
function noted(services: Services, request: VerifyRequest, verdict: Verdict): Verdict {
  const { snapshot, reason, at } = verdict;
  if (snapshot === null) return verdict;
  if (reason !== null || request.cost?.requests !== 0) {
    services.usage.record(snapshot, reason ?? 'allowed', at, request.ip);
  }
  if (reason !== null) services.denials.record(snapshot, { ...verdict, reason }, request, secretOf(services, request));
  return verdict;
}

type Answer = (snapshot: Snapshot | null, position: number, rest: Partial<Verdict>) => Verdict;

const verdictMaker =
  (services: Services, request: VerifyRequest, route: RouteMatch | null): Answer =>
  (snapshot, position, rest) =>
    noted(services, request, {
      reason: null,
      required: null,
      snapshot,
      route,
      budgets: [],
      credits: null,
      retryAfterSeconds: null,
      hiddenFields: snapshot ? hiddenFields(snapshot.tier, snapshot.tiers) : [],
      at: services.clock(),
      position,
      rehearsed: false,
      lease: null,
      release: nothing,
      undo: nothing,
      refund: nothing,
      ...rest,
    });

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

  const costs = chargeOf(services, snapshot, request, route);
  const taken = await services.limiter.take(claims);
  if (taken.refusedBy !== null) {
    // What was charged under this id has passed before: its retry is no other request.
    const credits = costs && request.spendId !== undefined ? await chargedBefore(services, costs) : null;
    if (credits !== null) return answer(snapshot, position, { credits, budgets: taken.budgets });
    return answer(snapshot, position, {
      reason: LIMIT_REASONS[taken.refusedBy],
      budgets: taken.budgets,
      retryAfterSeconds: retryAfterSeconds(taken.refusedBy, taken.budgets, services.clock()),
    });
  }
  const paid = costs === null ? NOT_CHARGED : await undoing(taken, charge(services, costs));
  if (paid.reason !== null || paid.repeated) {
    // Refused, or its first call came through meanwhile: what this one took is given back.
    taken.undo?.();
    const { budgets } = await services.limiter.peek({ ...claims, cost: 0 });
    const credits = paid.reason === null ? paid.credits : null;
    return answer(snapshot, position, { reason: paid.reason, credits, budgets });
  }
  const { credits, refund } = paid;
  const lease = await leaseOn(services, snapshot, taken, leaseSeconds(request, route)).catch((error) => {
    refund();
    throw error;
  });
  const release = lease === null ? (taken.release ?? nothing) : () => services.leases.drop(lease.id);
  if (!services.cache.unendedSince(snapshot, position)) {
    // Ended while the quota, the debit or the lease was being written: a second look says how.
    release();
    taken.undo?.();
    await paid.refunded();
    return walk(services, request, route, answer);
  }
  if (taken.fairUsePassed) reportFairUse(services, snapshot);
  const undo = (): void => {
    release();
    taken.undo?.();
    refund();
  };
  return answer(snapshot, position, { budgets: taken.budgets, credits, lease, release, refund, undo });
}

/** The refusal that a test key asked for. @throws LatchkeyError `invalid_request` for a word that is none of the reasons */
async function rehearsal(
  { profile, limiter, clock }: Services,
  { snapshot, position }: Extract<Found, { snapshot: Snapshot }>,
  claims: TakeClaims,
  { permissions, tier }: RequestFacts,
  asked: string,
): Promise<Parameters<Answer>> {
  if (!isRehearsable(asked)) throw noSuchRehearsal();
  const { budgets } = await limiter.peek({ ...claims, cost: 0 });
  const told = rehearse(asked, {
    snapshot,
    budgets: profile.wire.reasons[asked].status === 401 ? [] : budgets,
    permissions: permissions.length > 0 ? permissions : profile.policy.permissions.map(({ name }) => name),
    tier,
    now: clock(),
  });
  return [told.snapshot, position, { ...told, rehearsed: true }];
}

function noSuchRehearsal(): LatchkeyError {
  const fix = `Send one of ${REHEARSABLE.join(', ')}.`;
  const message = 'names no reason that can be rehearsed';
  return new LatchkeyError('invalid_request', `X-Latchkey-Test-Reason ${message}. ${fix}`, {
    errors: [{ path: 'X-Latchkey-Test-Reason', message, fix }],
  });
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

/** For how long the slot is to be held beyond the request; null: it is not. */
function leaseSeconds({ lease }: VerifyRequest, route: RouteMatch | null): number | null {
  if (lease !== 'route') return lease?.seconds ?? null;
  return route?.route.concurrency === 'job' ? route.route.maxSeconds : null;
}

/** Puts the slot that was taken under a lease. A lease that cannot be written leaves nothing taken. */
const leaseOn = async (services: Services, snapshot: Snapshot, taken: TakeOutcome, seconds: number | null) =>
  seconds === null || taken.release === null
    ? null
    : undoing(taken, services.leases.open(snapshot, seconds, taken.release));

export const credentialOf = (profile: Profile, { credential }: VerifyRequest) =>
  readCredential(
    'rawHeaders' in credential ? credential.rawHeaders : presentedAs(profile, credential.secret),
    profile.wire.credential,
  );

function secretOf({ profile }: Services, request: VerifyRequest): string | null {
  const reading = credentialOf(profile, request);
  return 'secret' in reading ? reading.secret : null;
}

/** A secret that was handed over alone, as it would have stood in its header, so that one grammar judges both. */
function presentedAs(profile: Profile, secret: string | null): string[] {
  if (!secret) return [];
  const place = profile.wire.credential;
  return [place.header, 'scheme' in place ? `${place.scheme} ${secret}` : secret];
}

type Found = { snapshot: Snapshot; position: number } | { reason: Reason };

/** The key behind a secret. A wrong checksum spares the lookup only while every key was made here. */
async function findKey(services: Services, secret: string): Promise<Found> {
  const found = await lookUp(services, secret);
  if ('reason' in found) return found;
  const { snapshot, current } = found;
  if (current && snapshot.key.digest.value !== current.value) adoptDigest(services, snapshot.key.id, secret, current);
  return found;
}

/** The same without moving the key's record to the current digest. */
export async function lookUp(services: Services, secret: string) {
  const { live, test } = services.profile.policy.prefixes;
  const shape = judgeShape(secret, test === undefined ? [live] : [live, test]);
  const imported = await services.importedKeys.any();
  if (shape === 'mistyped' && !imported) return { shape, reason: 'mistyped_key' as const };
  const digests = services.vault.candidates(secret, imported);
  const { snapshot, position } = await services.cache.find(digests);
  if (snapshot !== null) return { shape, snapshot, position, current: digests[0] };
  return { shape, reason: shape === 'mistyped' ? ('mistyped_key' as const) : ('unknown_key' as const) };
}

export function factsOf(services: Services, request: VerifyRequest, route: RouteMatch | null): RequestFacts {
  const row = route?.route ?? null;
  const needed = request.permissions ?? [];
  return {
    method: request.method,
    path: request.path,
    address: parseAddress(request.ip),
    origin: originOf(request.referrer),
    mode: request.mode ?? row?.mode ?? null,
    servedModes: services.servedModes,
    permissions: row?.permission ? [row.permission, ...needed] : needed,
    tier: row?.tier ?? null,
    batchSize: request.batchSize ?? null,
    fields: request.fields ?? [],
    pathRules: services.profile.routes.length > 0,
  };
}

export function claimsOf(snapshot: Snapshot, request: VerifyRequest, route: RouteMatch | null): TakeClaims {
  // Without a path nobody can tell which routes are meant: then the cap counts. A lease by call is asked for its slot.
  const counts =
    request.path === null || typeof request.lease === 'object' || (route?.route.concurrency ?? null) !== null;
  const cost = (request.cost ?? route?.route.cost)?.requests ?? 1;
  // A look that neither spends nor holds anything is not refused for what others hold.
  const concurrency = counts && (cost > 0 || request.holdSlot);
  return {
    familyId: snapshot.key.familyId,
    limits: snapshot.limits,
    cost,
    durable: snapshot.key.mode === 'live',
    concurrency,
    holdSlot: request.holdSlot && concurrency,
  };
}

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
