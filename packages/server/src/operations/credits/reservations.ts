// Reservations: credits put aside until it is known what something costs, ended by a call or by their time.

import {
  CHECKS,
  type CheckName,
  LatchkeyError,
  type OperationInput,
  type OperationOutput,
  type Operations,
  type Reason,
  type RequestFacts,
  type ReservationRecord,
  rfc3339,
  type Snapshot,
} from '@latchkey/core';
import type { Call } from '../engine.js';
import { notFound } from '../keys/record.js';
import type { Services } from '../services.js';
import { requestOf } from '../verify-key.js';
import { verifyRequest } from '../verify-request.js';
import { countEntries } from './charge.js';

type Input = OperationInput<Operations['reserveCredits']>;
type Answer = OperationOutput<Operations['reserveCredits']>;

/** Who wants to reserve, and why they may not. */
interface Standing {
  reason: Reason | null;
  snapshot: Snapshot | null;
  position: number;
}

const refused = (reason: Reason, balance: number | null = null): Answer => ({
  valid: false,
  reason,
  reservation: null,
  balance,
});
/** What is not bounded has nothing to settle. */
const unbounded: Answer = { valid: true, reason: null, reservation: null, balance: null };

/** @throws LatchkeyError `not_found` for an id that is no key's, `unavailable` */
export async function reserveCredits(services: Services, input: Input, call: Call): Promise<Answer> {
  const { reason, snapshot, position } = await standingOf(services, input, call);
  if (reason !== null || snapshot === null) return refused(reason ?? 'unavailable');
  const { key } = snapshot;
  if (key.credits === null || key.mode === 'test') return unbounded;
  const at = services.clock();
  const outcome = await services.store.reserveCredits({
    id: services.newId('res'),
    familyId: key.familyId,
    keyId: key.id,
    credits: input.credits,
    requestId: input.requestId,
    at,
    expiresAt: at + input.expiresInSeconds * 1000,
    renew: false,
  });
  countEntries(services, outcome.written);
  switch (outcome.result) {
    case 'unbounded':
      return unbounded;
    case 'mismatch':
      return refused('idempotency_mismatch', outcome.balance);
    case 'insufficient':
      return refused('insufficient_credits', outcome.balance);
  }
  const { balance, reservation, repeated } = outcome;
  if (!repeated && !services.cache.unendedSince(snapshot, position)) {
    // Ended while the reservation was written: it must not hold anything for a dead key, unless a repeat was told that it does.
    const order = { reservationId: reservation.id, settleAt: null, unlessRelied: true, actorId: call.actor.id };
    const { written } = await services.store.settleReservation({ ...order, at: services.clock() });
    countEntries(services, written);
    return refused((await standingOf(services, input, call)).reason ?? 'unavailable');
  }
  return { valid: true, reason: null, reservation: reservationView(reservation), balance };
}

/** By secret every check applies, and nothing is spent; a key that is named by its id was verified before. */
async function standingOf(services: Services, input: Input, call: Call): Promise<Standing> {
  const { keyId, secret, request } = input;
  const presented = secret !== undefined || request?.headers !== undefined;
  if (presented === (keyId !== undefined))
    throw new LatchkeyError('invalid_request', 'Send the key once: as `secret`, as `request.headers`, or as `keyId`.', {
      errors: [{ path: 'body.keyId', message: 'exactly one of secret and keyId is needed', fix: 'Leave one out.' }],
    });
  if (keyId === undefined) {
    const asked = requestOf({ secret, request }, call.requestId);
    return verifyRequest(services, { ...asked, cost: { requests: 0, credits: 0 } });
  }
  const key = await services.store.keys.get(keyId);
  if (key === null) throw notFound('key');
  const { snapshot, position } = await services.cache.find([key.digest]);
  if (snapshot === null) throw notFound('key');
  return { reason: stateReason(snapshot, services.clock()), snapshot, position };
}

/** The checks that look at the key and its owners alone. */
const OF_THE_KEY: readonly CheckName[] = ['revoked', 'suspended', 'disabled', 'rotated', 'expired'];
const NO_REQUEST: RequestFacts = {
  method: null,
  path: null,
  address: null,
  origin: null,
  mode: null,
  servedModes: ['live', 'test'],
  permissions: [],
  tier: null,
  batchSize: null,
  fields: [],
  pathRules: false,
};

function stateReason(snapshot: Snapshot, now: number): Reason | null {
  for (const { name, judge } of CHECKS) {
    const denial = OF_THE_KEY.includes(name) ? judge(snapshot, NO_REQUEST, now) : null;
    if (denial !== null) return denial.reason;
  }
  return null;
}

export async function getReservation(services: Services, { reservationId }: { reservationId: string }) {
  const record = await services.store.credits.reservation(reservationId);
  if (record === null) throw notFound('reservation');
  return reservationView(record);
}

export const settleReservation = (
  services: Services,
  { reservationId, credits }: OperationInput<Operations['settleReservation']>,
  call: Call,
) => close(services, reservationId, credits, call);

export const refundReservation = (services: Services, { reservationId }: { reservationId: string }, call: Call) =>
  close(services, reservationId, null, call);

async function close(services: Services, reservationId: string, settleAt: number | null, call: Call) {
  const at = services.clock();
  const outcome = await services.store.settleReservation({ reservationId, settleAt, actorId: call.actor.id, at });
  countEntries(services, outcome.written);
  switch (outcome.result) {
    case 'not_found':
      throw notFound('reservation');
    case 'above_reserved':
      throw new LatchkeyError(
        'settles_above_reservation',
        `${outcome.reservation.credits} credits were reserved; ${settleAt} cannot be settled. The reservation is still open.`,
      );
    case 'relied':
    case 'not_open':
      throw new LatchkeyError('reservation_not_open', endedAs(outcome.reservation));
    case 'closed':
      return reservationView(outcome.reservation);
  }
}

const endedAs = ({ state, settledCredits, closedAt }: ReservationRecord): string =>
  `The reservation is ${state}${settledCredits === null ? '' : ` at ${settledCredits} credits`}${closedAt === null ? '' : ` since ${rfc3339(closedAt)}`}.`;

export function reservationView(record: ReservationRecord) {
  const { id, keyId, requestId, credits, state, settledCredits, createdAt, expiresAt, closedAt } = record;
  return {
    ...{ id, keyId, requestId },
    reserved: credits,
    credits: state === 'open' ? credits : (settledCredits ?? 0),
    state,
    createdAt: rfc3339(createdAt),
    expiresAt: rfc3339(expiresAt),
    closedAt: closedAt === null ? null : rfc3339(closedAt),
  };
}
