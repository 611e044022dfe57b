// One crash run of credits: outside clients spend until each spend is acknowledged, the server is killed at drawn moments, and the clients' own list is held against the ledger.

import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { send } from '../e2e/client.js';
import { randomOf } from '../e2e/random.js';
import type { LatchkeyProcess } from '../e2e/server.js';
import { keepKey } from '../secrecy/test-root.js';
import { firstProject, installation, type Made } from './command.js';

export interface CreditsRun {
  seed: number;
  /** Spends that are asked for until they are acknowledged: charged or refused. */
  spends: number;
  /** Asked for at once. */
  clients: number;
  kills: number;
  keys: number;
}

export interface CreditsOutcome {
  kills: number;
  charged: number;
  refused: number;
  /** Asked for again, because nobody heard the answer. */
  retried: number;
  reserved: number;
  /** Periods that began while the server was down, on accounts below their refill, and the refills in the ledgers. */
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
const REFILL = 500;

interface Reservation {
  id: string;
  credits: number;
}

/** What one client was told, by the request id that it chose. */
interface Told {
  keyId: string;
  credits: number;
  /** Present when it was reserved; `settled` null: never ended by us. */
  reservation?: { id: string; settled: number | null };
}

export async function creditsRun({ seed, spends, clients, kills, keys }: CreditsRun): Promise<CreditsOutcome> {
  const random = randomOf(seed, 'credits');
  const place = installation('credits', { profile: 'textgen' });
  let server: LatchkeyProcess = await place.serve();
  const projectId = await firstProject(server);
  const made: Made[] = [];
  for (let at = 0; at < keys; at++) {
    const key = await server.ask<Made>('POST', `/v1/projects/${projectId}/keys`, {
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
  const due = new Map<string, number>();
  let left = spends;
  let restarting: Promise<void> | null = null;
  const startedAt = Date.now();

  /** The answer, asked for until it is heard. */
  const ask = async <T>(path: string, body: unknown): Promise<T> => {
    for (;;) {
      if (restarting) await restarting;
      const { controlPlane, rootKey } = server;
      const headers = { authorization: `Bearer ${rootKey}` };
      const answer = await send(controlPlane, { method: 'POST', path, headers, body }).catch(() => null);
      // A server that is going down may say so; that acknowledges nothing.
      if (answer !== null && !answer.cut && answer.status < 500) {
        if (answer.status >= 300)
          outcome.faults.push(`${path} answered ${answer.status}: ${answer.text.slice(0, 200)}`);
        return answer.json as T;
      }
      outcome.retried++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  async function spend(requestId: string, { key, secret }: Made): Promise<void> {
    const credits = random.int(1, 5);
    const cost = { requests: 1, credits };
    const body = { secret, cost, requestId };
    let answer = await ask<{ valid: boolean; reason: string | null }>('/v1/keys/verify', body);
    while (answer.reason === 'unavailable') answer = await ask('/v1/keys/verify', body);
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
      if (restarting) await restarting;
      const { controlPlane, rootKey } = server;
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

  const killer = async (): Promise<void> => {
    for (let kill = 1; kill <= kills; kill++) {
      const from = spends - (spends * kill) / (kills + 1);
      while (left > from) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, random.int(0, 60)));
      let done = (): void => {};
      const dead = server;
      restarting = new Promise((resolve) => {
        done = resolve;
      });
      await dead.kill();
      outcome.kills++;
      beginPeriod(place.dataDir, random.int(0, 1), due);
      server = await dead.restart();
      restarting = null;
      done();
    }
  };
  await Promise.all([...Array.from({ length: clients }, (_, which) => client(which)), killer()]);
  outcome.milliseconds = Date.now() - startedAt;

  // Whatever was left to expire has: the last of it ran out a second ago.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  for (const { key, secret } of made) {
    await spend(`last-of-${key.id}`, { key, secret });
  }
  await server.stop();
  judge(place.dataDir, told, due, outcome);
  const { json } = await place.local('doctor', '--json');
  for (const { check, good, detail } of json.findings as { check: string; good: boolean; detail: string }[])
    if (!good) outcome.faults.push(`doctor, ${check}: ${detail}`);
  return outcome;
}

const open = (dataDir: string): InstanceType<typeof DatabaseSync> => new DatabaseSync(join(dataDir, 'latchkey.sqlite'));

/** While nobody serves: for every second account a day begins. Counts those that have something to be refilled. */
function beginPeriod(dataDir: string, parity: number, due: Map<string, number>): void {
  const file = open(dataDir);
  try {
    const accounts = file.prepare('select family_id, balance from credit_accounts order by family_id').all() as {
      family_id: string;
      balance: number;
    }[];
    for (const [at, { family_id, balance }] of accounts.entries()) {
      if (at % 2 !== parity) continue;
      file
        .prepare('update credit_accounts set refilled_period = refilled_period - 1 where family_id = ?')
        .run(family_id);
      if (balance < REFILL) due.set(family_id, (due.get(family_id) ?? 0) + 1);
    }
  } finally {
    file.close();
  }
}

interface Entry {
  family_id: string;
  sequence: number;
  key_id: string | null;
  kind: string;
  amount: number;
  balance_after: number;
  request_id: string | null;
  reservation_id: string | null;
}

/** The clients' list against what is on the disk, read by no code of the server's. */
function judge(
  dataDir: string,
  told: ReadonlyMap<string, Told>,
  due: ReadonlyMap<string, number>,
  outcome: CreditsOutcome,
) {
  const { faults } = outcome;
  const file = open(dataDir);
  const entries = file.prepare('select * from credit_entries order by family_id, sequence').all() as unknown as Entry[];
  const balances = new Map(
    (
      file.prepare('select family_id, balance from credit_accounts').all() as { family_id: string; balance: number }[]
    ).map(({ family_id, balance }) => [family_id, balance]),
  );
  file.close();

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
