// createLease, listLeases, releaseLease: slots held by id over the management API. Traffic, not configuration: the audit log has none of it.

import {
  LatchkeyError,
  type LeaseRecord,
  matchRoute,
  type OperationInput,
  type OperationOutput,
  type Operations,
  type Profile,
  rfc3339,
} from '@latchkey/core';
import type { Call, VerifyRequest } from './engine.js';
import { pageRequest, pageView } from './paging.js';
import type { Services } from './services.js';
import { ask, requestOf } from './verify-key.js';

const DEFAULT_SECONDS = 3600;

/** Decides like verifyKey, and holds the slot of a key that passes. Spends nothing unless `cost` says so. */
export async function createLease(
  services: Services,
  { maxSeconds, ...question }: OperationInput<Operations['createLease']>,
  call: Call,
): Promise<OperationOutput<Operations['createLease']>> {
  const request = requestOf(question, call.requestId);
  const held: VerifyRequest = {
    ...request,
    cost: question.cost ?? { requests: 0, credits: 0 },
    holdSlot: true,
    lease: { seconds: maxSeconds ?? secondsOf(services.profile, request) },
  };
  const { verdict, verification } = await ask(services, question, held, call);
  if (verdict.lease === null) return verification;
  const { id, keyId, expiresAt } = verdict.lease;
  return { ...verification, lease: { id, keyId, expiresAt: rfc3339(expiresAt) } };
}

function secondsOf(profile: Profile, { method, path }: VerifyRequest): number {
  const route = method === null || path === null ? null : matchRoute(profile, method, path);
  return route?.route.concurrency === 'job' ? route.route.maxSeconds : DEFAULT_SECONDS;
}

/** Idempotent in effect: a lease that is over answers 404, and there is nothing more to do about it. */
export async function releaseLease(services: Services, { leaseId }: { leaseId: string }): Promise<undefined> {
  if (!(await services.leases.release(leaseId))) {
    throw new LatchkeyError('not_found', 'There is no such lease, or it is over already.');
  }
  return undefined;
}

export async function listLeases(services: Services, input: OperationInput<Operations['listLeases']>) {
  return pageView(await services.leases.list({ keyId: input.keyId }, pageRequest(input)), leaseView);
}

const leaseView = ({ id, keyId, projectId, organizationId, mode, createdAt, expiresAt }: LeaseRecord) => ({
  id,
  keyId,
  projectId,
  organizationId,
  mode,
  createdAt: rfc3339(createdAt),
  expiresAt: rfc3339(expiresAt),
});
