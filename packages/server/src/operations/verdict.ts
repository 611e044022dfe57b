// Verdicts: how one is made, counted as a use or a denial of its key, and turned into a refusal that was found out later.

import { hiddenFields, type Reason, type RouteMatch, type Snapshot } from '@latchkey/core';
import type { Verdict, VerifyRequest } from './engine.js';
import { secretOf } from './find-key.js';
import type { Services } from './services.js';

const nothing = (): void => {};

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
  const { snapshot, reason, at, route } = verdict;
  if (snapshot === null) return verdict;
  if (reason !== null || request.cost?.requests !== 0) {
    services.usage.record(snapshot, reason ?? 'allowed', at, request.ip);
    if (reason === null) services.observations.record(snapshot, request, route, at, () => secretOf(services, request));
  }
  if (reason !== null) services.denials.record(snapshot, { ...verdict, reason }, request, secretOf(services, request));
  return verdict;
}

export type Answer = (snapshot: Snapshot | null, position: number, rest: Partial<Verdict>) => Verdict;

/** Makes the verdicts on one request, and notes each. */
export const verdictMaker =
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
      degraded: false,
      lease: null,
      release: nothing,
      undo: nothing,
      refund: nothing,
      ...rest,
    });
