// Charging a request's credits after its limits were taken, and giving them back. Whether it may pass is decided elsewhere.

import type { CreditKind, Reason, RouteMatch, Snapshot } from '@latchkey/core';
import type { CreditsTaken, VerifyRequest } from '../engine.js';
import type { Services } from '../services.js';

/** What a request would spend. */
export interface Charge {
  familyId: string;
  keyId: string;
  credits: number;
  /** Names the spend: the same id again is the same spend. */
  requestId: string;
  /** `later`: reserved, and settled by a call. */
  settle: 'now' | 'later';
  maxSeconds: number;
}

/** `repeated`: the same id was charged before, and nothing was charged now. */
export type Charged =
  | { reason: null; repeated: true; credits: CreditsTaken }
  | {
      reason: null;
      repeated: false;
      credits: CreditsTaken;
      /** Gives it back without being waited for. */
      refund(): void;
      /** Gives it back; resolves once that is durable. */
      refunded(): Promise<void>;
    }
  | { reason: Reason };

export const NOT_CHARGED: Charged = {
  reason: null,
  repeated: false,
  credits: null,
  refund() {},
  refunded: async () => {},
};

/** The charge of a request; null: it costs none, or the key is not bounded. A test key is never charged. */
export function chargeOf(
  services: Services,
  { key }: Snapshot,
  request: VerifyRequest,
  route: RouteMatch | null,
): Charge | null {
  const row = route?.route ?? null;
  const credits = (request.cost ?? row?.cost)?.credits ?? 0;
  if (credits === 0 || key.credits === null || key.mode === 'test') return null;
  return {
    familyId: key.familyId,
    keyId: key.id,
    credits,
    requestId: request.spendId ?? request.requestId ?? services.newId('req'),
    settle: row?.cost.settle ?? 'now',
    maxSeconds: row?.maxSeconds ?? 3600,
  };
}

/** What the same id was charged before, so that its retry takes nothing again, and relies on it; null: nothing, or something else. */
export async function repeatOf(services: Services, asked: Charge): Promise<CreditsTaken> {
  if ((await chargedBefore(services, asked)) !== asked.credits) return null;
  const paid = await charge(services, asked);
  if (paid.reason !== null) return null;
  if (paid.repeated) return paid.credits;
  // What stood a moment ago was given back: this is a charge of its own, for a request that takes nothing.
  await paid.refunded();
  return null;
}

/** Credits that stand charged or reserved under the id; null: none. */
async function chargedBefore({ store }: Services, { familyId, requestId, settle }: Charge): Promise<number | null> {
  if (settle === 'now') return store.credits.debitOf(familyId, requestId);
  const reservation = await store.credits.reservationOf(familyId, requestId);
  return reservation?.state === 'open' || reservation?.state === 'settled' ? reservation.credits : null;
}

/** Debits or reserves, durably; nothing is taken where it is refused. @throws LatchkeyError `unavailable` */
export async function charge(services: Services, asked: Charge): Promise<Charged> {
  const { store, clock } = services;
  const { familyId, keyId, credits, requestId } = asked;
  const at = clock();
  const order = { familyId, keyId, credits, requestId, at };
  const outcome =
    asked.settle === 'now'
      ? await store.spendCredits(order)
      : await store.reserveCredits({
          ...order,
          id: services.newId('res'),
          expiresAt: at + asked.maxSeconds * 1000,
          renew: true,
        });
  countEntries(services, outcome.written);
  switch (outcome.result) {
    case 'unbounded':
      return NOT_CHARGED;
    case 'mismatch':
      return { reason: 'idempotency_mismatch' };
    case 'insufficient':
      return { reason: 'insufficient_credits' };
  }
  const reservationId = outcome.result === 'reserved' ? outcome.reservation.id : null;
  const taken = { balance: outcome.balance, reservationId };
  if (outcome.repeated) return { reason: null, repeated: true, credits: taken };
  const giveBack = (): Promise<void> => refundOf(services, asked, reservationId);
  const refund = refunder(services, asked, giveBack);
  const refunded = (): Promise<void> =>
    giveBack().catch((error) => {
      refund();
      throw error;
    });
  return { reason: null, repeated: false, credits: taken, refund, refunded };
}

async function refundOf(services: Services, asked: Charge, reservationId: string | null): Promise<void> {
  const { familyId, keyId, requestId } = asked;
  const at = services.clock();
  // A reservation that the upstream has ended itself stays as it ended it, and one that a repeat passed on stays open.
  const { written } =
    reservationId === null
      ? await services.store.refundCredits({ familyId, keyId, requestId, at })
      : await services.store.settleReservation({
          reservationId,
          settleAt: null,
          unlessRelied: true,
          actorId: 'system',
          at,
        });
  countEntries(services, written);
}

export function countEntries({ telemetry }: Pick<Services, 'telemetry'>, written: readonly CreditKind[]): void {
  for (const kind of written) telemetry.count('latchkey_credit_entries_total', { kind });
}

/** Waits before each further attempt of a refund that could not be written. */
const RETRY_MS = [200, 1_000, 5_000, 15_000];

/**
 * A refund that nobody waits for: written once however often it is called, tried again while the database is away, and in
 * the log with all that is needed to make it by hand when it never could be.
 */
function refunder(services: Services, asked: Charge, refund: () => Promise<void>): () => void {
  let called = false;
  const { familyId, keyId, requestId, credits } = asked;
  const attempt = async (): Promise<void> => {
    for (const wait of [...RETRY_MS, null]) {
      try {
        return await refund();
      } catch (cause) {
        services.telemetry.count('latchkey_refund_failures_total');
        const fields = { familyId, keyId, requestId, credits, cause };
        if (wait === null) return services.telemetry.log('error', 'refund_lost', fields);
        services.telemetry.log('warn', 'refund_failed', fields);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  };
  return () => {
    if (called) return;
    called = true;
    services.later('refund_credits', attempt);
  };
}
