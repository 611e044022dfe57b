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
import type { CompiledQuery } from 'kysely';
import { accountRecord, accountRow, entryRecord, entryRow, reservationRecord, reservationRow } from './credit-rows.js';
import { chunksOf, type Db } from './query.js';

/** What has to be read before the work begins. */
export interface Needs {
  familyIds?: readonly string[];
  /** Whose debits by request id are looked for. */
  debits?: readonly { familyId: string; requestId: string }[];
  /** Whose reservations by request id are looked for. */
  reserves?: readonly { familyId: string; requestId: string }[];
  reservationIds?: readonly string[];
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
}

export interface Desk {
  /** The account with everything due by `at` booked; null when the family never had one. */
  account(familyId: string, at: number): CreditAccount | null;
  /** Books a rule's result on an account. */
  book(booked: Booked, facts: EntryFacts): CreditEntry | null;
  debitOf(familyId: string, requestId: string): Debit | null;
  reservation(id: string): ReservationRecord | null;
  reservationOf(familyId: string, requestId: string): ReservationRecord | null;
  keep(reservation: ReservationRecord): void;
  /** The kinds written since the last call. */
  written(): CreditKind[];
}

const named = (familyId: string, requestId: string): string => `${familyId} ${requestId}`;

/** Runs `work` over the rows it needs and writes what it changed; all inside the transaction that `trx` is. */
export async function atDesk<T>(trx: Db, needs: Needs, work: (desk: Desk) => T): Promise<T> {
  const accounts = new Map<string, CreditAccount>();
  const readAccounts = new Map<string, number>();
  const debits = new Map<string, Debit>();
  const reservations = new Map<string, ReservationRecord>();
  const readReservations = new Set<string>();
  const latest = new Map<string, string>();
  const entries: CreditEntry[] = [];
  const changedAccounts = new Set<string>();
  const changedReservations = new Set<string>();
  let kinds: CreditKind[] = [];

  const remember = (record: ReservationRecord): void => {
    readReservations.add(record.id);
    reservations.set(record.id, record);
  };
  for (const ids of chunksOf([...new Set(needs.reservationIds)]))
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
  const families = [...new Set([...(needs.familyIds ?? []), ...[...reservations.values()].map((one) => one.familyId)])];
  for (const ids of chunksOf(families)) {
    for (const row of await trx.selectFrom('credit_accounts').selectAll().where('family_id', 'in', ids).execute()) {
      accounts.set(row.family_id, accountRecord(row));
      readAccounts.set(row.family_id, row.entries);
    }
    const due = await trx
      .selectFrom('reservations')
      .selectAll()
      .where('family_id', 'in', ids)
      .where('state', '=', 'open')
      .where('expires_at', '<=', needs.until)
      .execute();
    for (const row of due) remember(reservationRecord(row));
  }
  for (const chunk of chunksOf([...new Set(needs.debits?.map(({ requestId }) => requestId))])) {
    const rows = await trx
      .selectFrom('credit_entries')
      .selectAll()
      .where('request_id', 'in', chunk)
      .where('kind', 'in', ['debit', 'refund'])
      .where('attempt', 'is not', null)
      .orderBy('sequence')
      .execute();
    for (const row of rows) noteDebit(entryRecord(row));
  }

  function noteDebit(entry: CreditEntry): void {
    const name = named(entry.familyId, entry.requestId ?? '');
    const known = debits.get(name);
    if (entry.kind === 'debit') debits.set(name, { entry, refunded: false });
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
    written() {
      const since = kinds;
      kinds = [];
      return since;
    },
  });

  for (const id of changedAccounts) await saveAccount(trx, accounts.get(id) as CreditAccount, readAccounts.get(id));
  for (const entry of entries) await trx.executeQuery(insertEntry(trx, entry));
  for (const id of changedReservations) {
    const row = reservationRow(reservations.get(id) as ReservationRecord);
    if (readReservations.has(id)) await trx.updateTable('reservations').set(row).where('id', '=', id).execute();
    else await trx.insertInto('reservations').values(row).execute();
  }
  return result;
}

let insertion: CompiledQuery | null = null;

/** The statement is made once: building it takes longer than running it. */
function insertEntry(trx: Db, entry: CreditEntry): CompiledQuery {
  const row = entryRow(entry);
  insertion ??= trx.insertInto('credit_entries').values(row).compile();
  return { ...insertion, parameters: Object.values(row) };
}

/** @throws LatchkeyError `unavailable` when somebody else wrote the account meanwhile: nothing of the transaction may stay */
async function saveAccount(trx: Db, account: CreditAccount, entriesBefore: number | undefined): Promise<void> {
  const row = accountRow(account);
  if (entriesBefore === undefined) return void (await trx.insertInto('credit_accounts').values(row).execute());
  const { numUpdatedRows } = await trx
    .updateTable('credit_accounts')
    .set(row)
    .where('family_id', '=', account.familyId)
    .where('entries', '=', entriesBefore)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n) throw new LatchkeyError('unavailable', 'A credit account changed while it was written.');
}
