// Credit accounts, ledgers and reservations in SQL, inside changes and for reading. What requests spend is the book's.

import {
  type Adjustment,
  adjusted,
  type CreditAccount,
  type CreditPlace,
  openedAccount,
  posted,
  type StoreView,
} from '@latchkey/core';
import { sql } from 'kysely';
import { atDesk } from './credit-desk.js';
import { accountRecord, entryRecord, reservationRecord } from './credit-rows.js';
import { atomically, chunksOf, type Db, pageOf } from './query.js';

export const credits = (db: Db): StoreView['credits'] => ({
  open: (place, balance, refill) =>
    atomically(db, (trx) =>
      atDesk(trx, { until: place.at }, (desk) => {
        const booked = posted(openedAccount(familyOf(place), refill, place.at), 'grant', balance);
        desk.book(booked, place);
        return booked.account;
      }),
    ),
  adjust: (place, change) => atomically(db, (trx) => adjust(trx, place, change)),
  async get(familyId) {
    return (await accountsOf(db, [familyId])).get(familyId) ?? null;
  },
  async entries(familyId, page) {
    const account = await db
      .selectFrom('credit_accounts')
      .select('escrowed')
      .where('family_id', '=', familyId)
      .executeTakeFirst();
    // What was debited from blocks gets its entries now.
    if (account !== undefined && account.escrowed > 0)
      await atomically(db, (trx) => atDesk(trx, { familyIds: [familyId], until: 0 }, () => {}));
    let query = db.selectFrom('credit_entries').selectAll().where('family_id', '=', familyId);
    if (page.after !== null) query = query.where('sequence', '<', page.after.at);
    const rows = await query
      .orderBy('sequence', 'desc')
      .limit(page.limit + 1)
      .execute();
    return pageOf(rows, page, entryRecord, (row) => ({ at: row.sequence, id: row.family_id }));
  },
  async debitOf(familyId, requestId) {
    const debit = await db
      .selectFrom('block_debits')
      .select('credits')
      .where('family_id', '=', familyId)
      .where('request_id', '=', requestId)
      .executeTakeFirst();
    if (debit !== undefined) return debit.credits;
    const rows = await db
      .selectFrom('credit_entries')
      .selectAll()
      .where('request_id', '=', requestId)
      .where('family_id', '=', familyId)
      .where('attempt', 'is not', null)
      .orderBy('sequence', 'desc')
      .limit(1)
      .execute();
    const last = rows[0];
    return last?.kind === 'debit' ? -last.amount : null;
  },
  async reservationOf(familyId, requestId) {
    const row = await db
      .selectFrom('reservations')
      .selectAll()
      .where('request_id', '=', requestId)
      .where('family_id', '=', familyId)
      .orderBy('attempt', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? null : reservationRecord(row);
  },
  async reservation(id) {
    const row = await db.selectFrom('reservations').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? null : reservationRecord(row);
  },
  async faults() {
    const sums = db
      .selectFrom('credit_entries')
      .select((eb) => [
        'family_id',
        eb.fn.sum<number>('amount').as('ledger'),
        eb.fn.countAll<number>().as('lines'),
        eb.fn.max('sequence').as('last'),
      ])
      .groupBy('family_id')
      .as('sums');
    const rows = await db
      .selectFrom('credit_accounts')
      .fullJoin(sums, 'sums.family_id', 'credit_accounts.family_id')
      .select([
        sql<string>`coalesce(credit_accounts.family_id, sums.family_id)`.as('familyId'),
        sql<number>`coalesce(balance, 0)`.as('balance'),
        sql<number>`coalesce(entries, 0)`.as('entries'),
        sql<number>`coalesce(ledger, 0)`.as('ledger'),
        sql<number>`coalesce(lines, 0)`.as('lines'),
        sql<number>`coalesce(last, 0)`.as('last'),
      ])
      .execute();
    return rows
      .map((row) => ({
        familyId: row.familyId,
        balance: Number(row.balance),
        entries: Number(row.entries),
        ledger: Number(row.ledger),
        lines: Number(row.lines),
        last: Number(row.last),
      }))
      .filter((row) => row.balance !== row.ledger || row.entries !== row.lines || row.last !== row.lines)
      .map(({ familyId, balance, entries, ledger, lines }) => ({ familyId, balance, entries, ledger, lines }));
  },
});

/** The accounts of families, less what was debited from their blocks. */
export async function accountsOf(db: Db, familyIds: readonly string[]): Promise<Map<string, CreditAccount>> {
  const accounts = new Map<string, CreditAccount>();
  for (const families of chunksOf(familyIds)) {
    const rows = await db
      .selectFrom('credit_accounts')
      .selectAll()
      // In the same statement: a block that is closed meanwhile counts once, before or after.
      .select((eb) =>
        eb
          .selectFrom('credit_blocks')
          .select((inner) => inner.fn.sum<number>('spent').as('spent'))
          .whereRef('credit_blocks.family_id', '=', 'credit_accounts.family_id')
          .as('spent'),
      )
      .where('family_id', 'in', families)
      .execute();
    for (const row of rows)
      accounts.set(row.family_id, accountRecord({ ...row, balance: row.balance - Number(row.spent) }));
  }
  return accounts;
}

const adjust = (trx: Db, place: CreditPlace, change: Adjustment) =>
  atDesk(trx, { familyIds: [place.familyId], until: place.at }, (desk) => {
    const before = desk.account(place.familyId, place.at);
    if (before === null && typeof change.set !== 'number')
      return change.set === null ? { before: null, after: null, written: [] } : ({ fault: 'unbounded' } as const);
    if (before !== null && !before.bounded && change.set === null)
      return { before, after: before, written: desk.written() };
    const done = adjusted(before ?? openedAccount(familyOf(place), null, place.at), change, place.at);
    if ('fault' in done) return done;
    desk.book(done, place);
    return { before, after: done.account, written: desk.written() };
  });

const familyOf = ({ familyId, projectId, organizationId }: CreditPlace) => ({ familyId, projectId, organizationId });
