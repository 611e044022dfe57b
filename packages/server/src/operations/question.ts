// A request as the rules see it: the facts to judge, the limits to claim, the slot to hold. It asks nobody.

import type { RequestFacts, RouteMatch, Snapshot, TakeClaims } from '@latchkey/core';
import { originOf, parseAddress } from './address.js';
import type { VerifyRequest } from './engine.js';
import type { Services } from './services.js';

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

/** For how long the slot is to be held beyond the request; null: it is not. */
export function leaseSeconds({ lease }: VerifyRequest, route: RouteMatch | null): number | null {
  if (lease !== 'route') return lease?.seconds ?? null;
  return route?.route.concurrency === 'job' ? route.route.maxSeconds : null;
}
