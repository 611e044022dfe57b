// The credit rows that one transaction works on: read at once, changed in memory by the rules, written at once. It decides nothing.

import {
  type Booked,
  broughtUpToDate,
  type CreditAccount,
  type CreditEntry,
  type CreditKind,
  LatchkeyError,
  type ReservationRecord,
} from '@latchkey/core';
import { type CompiledQuery, sql } from 'kysely';
import { closeBlocks } from './credit-blocks.js';
import { accountRecord, accountRow, entryRecord, entryRow, reservationRecord, reservationRow } from './credit-rows.js';
import { chunksOf, type Db } from './query.js';
import type { CreditRepeatRow } from './schema.js';

/** What has to be read before the work begins. */
export interface Needs {
  familyIds?: readonly string[];
  /** Whose debits by request id are looked for. */
  debits?: readonly { familyId: string; requestId: string }[];
  /** Whose reservations by request id are looked for. */
  reserves?: readonly { familyId: string; requestId: string }[];
  reservationIds?: readonly string[];
  /** Accounts that nothing is done with while nodes have blocks of them. */
  unlessEscrowed?: readonly string[];
  /** Reservations that ran out by then are read with their families. */
  until: number;
}

/** Circumstances of an entry. */
export type EntryFacts = Pick<CreditEntry, 'at'> &
  Partial<Pick<CreditEntry, 'keyId' | 'requestId' | 'attempt' | 'actorId'>>;

/** A debit with what became of it. */
export interface Debit {
  entry: CreditEntry;
  refunded: boolean;
  /** Another request with the same id was told that it is paid by this. */
  relied: boolean;
}

export interface Desk {
  /** Nodes have blocks of the account, and nothing may be done with it. */
  isEscrowed(familyId: string): boolean;
  /** The account with everything due by `at` booked; null when the family never had one. */
  account(familyId: string, at: number): CreditAccount | null;
  /** Books a rule's result on an account. */
  book(booked: Booked, facts: EntryFacts): CreditEntry | null;
  debitOf(familyId: string, requestId: string): Debit | null;
  reservation(id: string): ReservationRecord | null;
  reservationOf(familyId: string, requestId: string): ReservationRecord | null;
  keep(reservation: ReservationRecord): void;
  /** Notes that another request passes on the debit: from then on it is not given back. */
  rely(debit: Debit): void;
  /** The kinds written since the last call. */
  written(): CreditKind[];
  /** Of each account that was locked, how many entries it had then and has by now. */
  seen(): { familyId: string; before: number; after: number }[];
}

const named = (familyId: string, requestId: string): string => `${familyId} ${requestId}`;

/** Runs `work` over the rows it needs and writes what it changed; all inside the transaction that `trx` is. */
export async function atDesk<T>(trx: Db, needs: Needs, work: (desk: Desk) => T): Promise<T> {
  const accounts = new Map<string, CreditAccount>();
  const readAccounts = new Map<string, number>();
  const entriesBefore = new Map<string, number>();
  const escrowed: string[] = [];
  const debits = new Map<string, Debit>();
  const reservations = new Map<string, ReservationRecord>();
  const readReservations = new Set<string>();
  const latest = new Map<string, string>();
  const entries: CreditEntry[] = [];
  const changedAccounts = new Set<string>();
  const changedReservations = new Set<string>();
  const repeats: CreditRepeatRow[] = [];
  let kinds: CreditKind[] = [];

  const remember = (record: ReservationRecord): void => {
    readReservations.add(record.id);
    reservations.set(record.id, record);
  };
  const reservationIds = [...new Set(needs.reservationIds)];
  const families = new Set(needs.familyIds);
  const unlessEscrowed = new Set(needs.unlessEscrowed);
  for (const ids of chunksOf(reservationIds))
    for (const row of await trx.selectFrom('reservations').select('family_id').where('id', 'in', ids).execute()) {
      families.add(row.family_id);
      unlessEscrowed.delete(row.family_id);
    }
  /** Families with something to return by then. One that came to be while we waited for the lock returns with the next transaction. */
  const due: string[] = [];
  // The accounts come first, locked in one order everywhere: what is read of a family after that stays as it is until the commit.
  for (const ids of chunksOf([...families].sort())) {
    const rows = await trx
      .selectFrom('credit_accounts')
      .selectAll()
      .select((eb) =>
        eb
          .selectFrom('reservations')
          .select((inner) => inner.fn.min('expires_at').as('at'))
          .whereRef('reservations.family_id', '=', 'credit_accounts.family_id')
          .where('state', '=', 'open')
          .as('next_due'),
      )
      .where('family_id', 'in', ids)
      .orderBy('family_id')
      .forUpdate()
      .execute();
    for (const row of rows) {
      accounts.set(row.family_id, accountRecord(row));
      readAccounts.set(row.family_id, row.entries);
      entriesBefore.set(row.family_id, row.entries);
      if (row.escrowed > 0) escrowed.push(row.family_id);
      if (row.next_due !== null && row.next_due <= needs.until) due.push(row.family_id);
    }
  }
  // Whatever is done with an account, its blocks are closed before: from here on the rows tell all.
  const left = new Set(escrowed.filter((familyId) => unlessEscrowed.has(familyId)));
  const closing = escrowed.filter((familyId) => !left.has(familyId));
  for (const { family_id, balance, entries } of await closeBlocks(trx, closing)) {
    accounts.set(family_id, { ...(accounts.get(family_id) as CreditAccount), balance, entries });
    readAccounts.set(family_id, entries);
  }
  for (const ids of chunksOf(reservationIds))
    for (const row of await trx.selectFrom('reservations').selectAll().where('id', 'in', ids).execute())
      remember(reservationRecord(row));
  for (const chunk of chunksOf([...new Set(needs.reserves?.map(({ requestId }) => requestId))])) {
    const rows = await trx
      .selectFrom('reservations')
      .selectAll()
      .where('request_id', 'in', chunk)
      .orderBy('attempt')
      .execute();
    for (const row of rows) {
      remember(reservationRecord(row));
      latest.set(named(row.family_id, row.request_id), row.id);
    }
  }
  for (const ids of chunksOf(due)) {
    const rows = await trx
      .selectFrom('reservations')
      .selectAll()
      .where('family_id', 'in', ids)
      .where('state', '=', 'open')
      .where('expires_at', '<=', needs.until)
      .execute();
    for (const row of rows) remember(reservationRecord(row));
  }
  for (const chunk of chunksOf([...new Set(needs.debits?.map(({ requestId }) => requestId))])) {
    const rows = await trx
      .selectFrom('credit_entries')
      .selectAll('credit_entries')
      .select((eb) =>
        eb
          .selectFrom('credit_repeats')
          .select('credit_repeats.sequence')
          .whereRef('credit_repeats.family_id', '=', 'credit_entries.family_id')
          .whereRef('credit_repeats.sequence', '=', 'credit_entries.sequence')
          .as('relied'),
      )
      .where('request_id', 'in', chunk)
      .where('kind', 'in', ['debit', 'refund'])
      .where('attempt', 'is not', null)
      .orderBy('sequence')
      .execute();
    for (const row of rows) noteDebit(entryRecord(row), row.relied !== null);
  }

  function noteDebit(entry: CreditEntry, relied = false): void {
    const name = named(entry.familyId, entry.requestId ?? '');
    const known = debits.get(name);
    if (entry.kind === 'debit') debits.set(name, { entry, refunded: false, relied });
    else if (known !== undefined) known.refunded = true;
  }

  const keep = (reservation: ReservationRecord): void => {
    reservations.set(reservation.id, reservation);
    changedReservations.add(reservation.id);
    latest.set(named(reservation.familyId, reservation.requestId), reservation.id);
  };

  const write = (booked: Booked, facts: EntryFacts): CreditEntry | null => {
    const { account, postings } = booked;
    let sequence = account.entries - postings.length;
    let last: CreditEntry | null = null;
    for (const { kind, amount, balanceAfter, reservation } of postings) {
      last = {
        familyId: account.familyId,
        sequence: ++sequence,
        keyId: reservation?.keyId ?? facts.keyId ?? null,
        projectId: account.projectId,
        organizationId: account.organizationId,
        at: facts.at,
        kind,
        amount,
        balanceAfter,
        requestId: reservation?.requestId ?? facts.requestId ?? null,
        attempt: reservation === null ? (facts.attempt ?? null) : null,
        reservationId: reservation?.id ?? null,
        actorId: facts.actorId ?? null,
      };
      entries.push(last);
      kinds.push(kind);
      if (last.attempt !== null) noteDebit(last);
    }
    accounts.set(account.familyId, account);
    changedAccounts.add(account.familyId);
    return last;
  };

  const result = work({
    isEscrowed: (familyId) => left.has(familyId),
    account(familyId, at) {
      const account = accounts.get(familyId);
      if (account === undefined) return null;
      const expired = [...reservations.values()].filter((one) => one.familyId === familyId);
      const due = broughtUpToDate(account, expired, at);
      if (due.account !== account) {
        write(due, { at });
        for (const reservation of due.closed) keep(reservation);
      }
      return due.account;
    },
    book: write,
    debitOf: (familyId, requestId) => debits.get(named(familyId, requestId)) ?? null,
    reservation: (id) => reservations.get(id) ?? null,
    reservationOf: (familyId, requestId) => reservations.get(latest.get(named(familyId, requestId)) ?? '') ?? null,
    keep,
    rely(debit) {
      if (debit.relied) return;
      debit.relied = true;
      repeats.push({ family_id: debit.entry.familyId, sequence: debit.entry.sequence });
    },
    seen: () =>
      [...entriesBefore].map(([familyId, before]) => ({
        familyId,
        before,
        after: accounts.get(familyId)?.entries ?? before,
      })),
    written() {
      const since = kinds;
      kinds = [];
      return since;
    },
  });

  await saveAccounts(
    trx,
    [...changedAccounts].map((id) => accounts.get(id) as CreditAccount),
    readAccounts,
  );
  await insertEntries(trx, entries);
  for (const rows of chunksOf(repeats)) await trx.insertInto('credit_repeats').values(rows).execute();
  for (const id of changedReservations) {
    const row = reservationRow(reservations.get(id) as ReservationRecord);
    if (readReservations.has(id)) await trx.updateTable('reservations').set(row).where('id', '=', id).execute();
    else await trx.insertInto('reservations').values(row).execute();
  }
  return result;
}

/** Of each database the statement for each number of rows: building one takes longer than running it. */
const insertions = new WeakMap<object, Map<number, CompiledQuery>>();
const ROWS_AT_ONCE = 64;

async function insertEntries(trx: Db, entries: readonly CreditEntry[]): Promise<void> {
  const { adapter } = trx.getExecutor();
  const made = insertions.get(adapter) ?? new Map<number, CompiledQuery>();
  insertions.set(adapter, made);
  for (const chunk of chunksOf(entries, ROWS_AT_ONCE)) {
    const rows = chunk.map(entryRow);
    const insertion = made.get(rows.length) ?? trx.insertInto('credit_entries').values(rows).compile();
    made.set(rows.length, insertion);
    await trx.executeQuery({ ...insertion, parameters: rows.flatMap((row) => Object.values(row)) });
  }
}

/** @throws LatchkeyError `unavailable` when somebody else wrote an account meanwhile: nothing of the transaction may stay */
async function saveAccounts(
  trx: Db,
  accounts: readonly CreditAccount[],
  entriesBefore: ReadonlyMap<string, number>,
): Promise<void> {
  const fresh = accounts.filter(({ familyId }) => !entriesBefore.has(familyId));
  for (const account of fresh)
    await trx
      .insertInto('credit_accounts')
      .values({ ...accountRow(account), escrowed: 0, blocks: 0 })
      .execute();
  for (const known of chunksOf(accounts.filter(({ familyId }) => entriesBefore.has(familyId)))) {
    const rows = known.map((account) => {
      const row = accountRow(account);
      return sql`(cast(${row.family_id} as text), cast(${entriesBefore.get(row.family_id)} as bigint), cast(${row.balance} as bigint), cast(${row.refill} as text), cast(${row.refilled_period} as bigint), cast(${row.bounded} as integer), cast(${row.entries} as bigint))`;
    });
    const { numAffectedRows } = await sql`
      with changed (id, before, balance, refill, period, bounded, entries) as (values ${sql.join(rows)})
      update credit_accounts set balance = changed.balance, refill = changed.refill,
        refilled_period = changed.period, bounded = changed.bounded, entries = changed.entries
      from changed where family_id = changed.id and credit_accounts.entries = changed.before`.execute(trx);
    if (numAffectedRows !== BigInt(rows.length))
      throw new LatchkeyError('unavailable', 'A credit account changed while it was written.');
  }
}
