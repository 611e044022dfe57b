// Clients that spend credits until each spend is acknowledged, and their own list held against the ledger. Where they spend, and what is killed meanwhile, is the caller's.

import { send } from '../e2e/client.js';
import { type Random, randomOf } from '../e2e/random.js';
import { keepKey } from '../secrecy/test-root.js';
import { type Asker, firstProject, type Made } from './command.js';

export interface Spending {
  seed: number;
  /** Spends that are asked for until they are acknowledged: charged or refused. */
  spends: number;
  /** Asked for at once. */
  clients: number;
  keys: number;
}

/** Whoever is spent at. */
export interface Counter {
  /** For what is made before the run. */
  api: Asker;
  /** Where to ask next, once there is somebody to ask. */
  place(): Promise<{ controlPlane: string; rootKey: string }>;
  /** Goes on beside the clients; told how many spends are left. */
  disturb(left: () => number, random: Random): Promise<void>;
}

export interface CreditsOutcome {
  kills: number;
  charged: number;
  refused: number;
  /** Asked for again, because nobody heard the answer. */
  retried: number;
  reserved: number;
  /** Periods that began during the run on accounts below their refill, and the refills in the ledgers. */
  periods: number;
  refills: number;
  /** Credits that the clients know they spent, and those that the ledgers say. */
  listed: number;
  booked: number;
  milliseconds: number;
  /** One line for each promise that was not kept. */
  faults: string[];
}

const PLENTY = 1_000_000_000;
export const REFILL = 500;

interface Reservation {
  id: string;
  credits: number;
}

/** What one client was told, by the request id that it chose. */
export interface Told {
  keyId: string;
  credits: number;
  /** Present when it was reserved; `settled` null: never ended by us. */
  reservation?: { id: string; settled: number | null };
}

/** Spends until all is acknowledged; what was told is what the ledger has to say. */
export async function spendAll(
  { seed, spends, clients, keys }: Spending,
  counter: Counter,
): Promise<{ outcome: CreditsOutcome; told: Map<string, Told> }> {
  const random = randomOf(seed, 'credits');
  const projectId = await firstProject(counter.api);
  const made: Made[] = [];
  for (let at = 0; at < keys; at++) {
    const key = await counter.api.ask<Made>('POST', `/v1/projects/${projectId}/keys`, {
      name: `key ${at}`,
      limits: { perMinute: PLENTY, perDay: PLENTY },
      // Some run dry, so that refusals are part of the run.
      credits: {
        balance: Math.ceil((spends * 3 * random.int(50, 130)) / 100 / keys),
        refill: { amount: REFILL, every: 'day' },
      },
    });
    keepKey(key.secret);
    made.push(key);
  }
  const outcome: CreditsOutcome = {
    ...{ kills: 0, charged: 0, refused: 0, retried: 0, reserved: 0, periods: 0, refills: 0 },
    ...{ listed: 0, booked: 0, milliseconds: 0, faults: [] },
  };
  const told = new Map<string, Told>();
  let left = spends;
  const startedAt = Date.now();

  /** The answer, asked for until it is heard. */
  const ask = async <T extends { reason?: string | null }>(path: string, body: unknown): Promise<T> => {
    for (;;) {
      const { controlPlane, rootKey } = await counter.place();
      const headers = { authorization: `Bearer ${rootKey}` };
      const answer = await send(controlPlane, { method: 'POST', path, headers, body }).catch(() => null);
      // A server that is going down, or misses its database, may say so; that acknowledges nothing.
      if (answer !== null && !answer.cut && answer.status < 500) {
        if (answer.status >= 300)
          outcome.faults.push(`${path} answered ${answer.status}: ${answer.text.slice(0, 200)}`);
        const told = answer.json as T;
        if (told.reason !== 'unavailable') return told;
      }
      outcome.retried++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  async function spend(requestId: string, { key, secret }: Made): Promise<void> {
    const credits = random.int(1, 5);
    const cost = { requests: 1, credits };
    const body = { secret, cost, requestId };
    const answer = await ask<{ valid: boolean; reason: string | null }>('/v1/keys/verify', body);
    if (answer.valid) {
      outcome.charged++;
      told.set(requestId, { keyId: key.id, credits });
    } else if (answer.reason === 'insufficient_credits') outcome.refused++;
    else outcome.faults.push(`${requestId} was refused: ${answer.reason}`);
  }

  async function reserve(requestId: string, { key, secret }: Made): Promise<void> {
    const credits = random.int(1, 9);
    const body = { secret, credits, requestId, expiresInSeconds: 1 };
    const answer = await ask<{ reason: string | null; reservation: Reservation | null }>('/v1/reservations', body);
    if (answer.reservation === null) {
      if (answer.reason === 'insufficient_credits') outcome.refused++;
      else outcome.faults.push(`${requestId} was not reserved: ${answer.reason}`);
      return;
    }
    outcome.reserved++;
    const { id } = answer.reservation;
    const settled = random.int(0, 1) === 0 ? null : random.int(0, credits);
    told.set(requestId, { keyId: key.id, credits, reservation: { id, settled } });
    if (settled === null) return;
    const end = await settleUntilHeard(id, settled);
    if (end === 'expired') told.set(requestId, { keyId: key.id, credits, reservation: { id, settled: null } });
  }

  /** A reservation may run out while the server is down; then it is told so. */
  async function settleUntilHeard(id: string, credits: number): Promise<'settled' | 'expired'> {
    for (;;) {
      const { controlPlane, rootKey } = await counter.place();
      const answer = await send(controlPlane, {
        method: 'POST',
        path: `/v1/reservations/${id}/settle`,
        headers: { authorization: `Bearer ${rootKey}` },
        body: { credits },
      }).catch(() => null);
      if (answer !== null && !answer.cut && answer.status === 200) return 'settled';
      if (answer !== null && !answer.cut && answer.status === 409) return 'expired';
      outcome.retried++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  const client = async (which: number): Promise<void> => {
    for (let at = 0; left > 0; at++) {
      left--;
      const key = random.oneOf(made);
      const requestId = `of-${seed}.${which}.${at}`;
      await (random.int(0, 19) === 0 ? reserve(requestId, key) : spend(requestId, key));
    }
  };

  await Promise.all([
    ...Array.from({ length: clients }, (_, which) => client(which)),
    counter.disturb(() => left, random),
  ]);
  outcome.milliseconds = Date.now() - startedAt;

  // Whatever was left to expire has: the last of it ran out a second ago.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  for (const { key, secret } of made) {
    await spend(`last-of-${key.id}`, { key, secret });
  }
  return { outcome, told };
}

export interface Entry {
  family_id: string;
  sequence: number;
  key_id: string | null;
  kind: string;
  amount: number;
  balance_after: number;
  request_id: string | null;
  reservation_id: string | null;
}

/** The clients' list against the ledger as it was read past the server. */
export function judgeLedger(
  { entries, balances }: { entries: readonly Entry[]; balances: ReadonlyMap<string, number> },
  told: ReadonlyMap<string, Told>,
  due: ReadonlyMap<string, number>,
  outcome: CreditsOutcome,
): void {
  const { faults } = outcome;
  const spentFor = new Map<string, number>();
  const taken = new Map<string, number>();
  const refills = new Map<string, number>();
  const ends = new Map<string, string[]>();
  const running = new Map<string, number>();
  for (const entry of entries) {
    const { family_id, kind, amount, balance_after, request_id, reservation_id } = entry;
    const balance = (running.get(family_id) ?? 0) + amount;
    running.set(family_id, balance);
    if (balance !== balance_after)
      faults.push(`${family_id}, entry ${entry.sequence}: ${balance_after} stands there, it is ${balance}`);
    if (balance < 0) faults.push(`${family_id}, entry ${entry.sequence}: below 0`);
    if (kind === 'refill') refills.set(family_id, (refills.get(family_id) ?? 0) + 1);
    if (kind === 'debit') {
      if (spentFor.has(request_id ?? '')) faults.push(`${request_id} was charged twice`);
      spentFor.set(request_id ?? '', -amount);
      outcome.booked -= amount;
      if (told.get(request_id ?? '')?.keyId !== entry.key_id)
        faults.push(`${request_id} is in the ledger and on nobody's list`);
    }
    if (kind === 'reserve') taken.set(request_id ?? '', -amount);
    if (['settle', 'expire', 'refund'].includes(kind))
      ends.set(reservation_id ?? '', [...(ends.get(reservation_id ?? '') ?? []), `${kind} ${amount}`]);
  }
  for (const [requestId, { credits, reservation }] of told) {
    if (reservation === undefined) {
      outcome.listed += credits;
      if (spentFor.get(requestId) !== credits)
        faults.push(`${requestId}: ${credits} on the list, ${spentFor.get(requestId)} in the ledger`);
      continue;
    }
    if (taken.get(requestId) !== credits)
      faults.push(`${requestId}: ${credits} reserved, ${taken.get(requestId)} in the ledger`);
    const expected = reservation.settled === null ? `expire ${credits}` : `settle ${credits - reservation.settled}`;
    const found = (ends.get(reservation.id) ?? []).join(', ');
    if (found !== expected) faults.push(`${reservation.id} ended as "${found}", not "${expected}"`);
  }
  if (taken.size !== outcome.reserved)
    faults.push(`${taken.size} reservations are in the ledger, ${outcome.reserved} on the list`);
  for (const [familyId, balance] of balances) {
    if (running.get(familyId) !== balance)
      faults.push(`${familyId}: balance ${balance}, ledger ${running.get(familyId)}`);
    const [expected, found] = [due.get(familyId) ?? 0, refills.get(familyId) ?? 0];
    outcome.periods += expected;
    outcome.refills += found;
    if (expected !== found) faults.push(`${familyId}: ${found} refills for ${expected} periods`);
  }
}

export const summary = (seed: number, run: CreditsOutcome): string =>
  `credits, seed ${seed}: ${run.charged} charged, ${run.refused} refused, ${run.reserved} reserved, ${run.kills} kills, ` +
  `${run.retried} asked again; ${run.listed} credits on the clients' list, ${run.booked} in the ledger, difference ${run.listed - run.booked}; ` +
  `${run.refills} refills in ${run.periods} periods; ${run.milliseconds} ms, ${run.faults.length} faults`;
