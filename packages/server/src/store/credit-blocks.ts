// Escrowed blocks in SQL: taken, debited and closed. Whether one may be had is the core's rule; who wants one is credit-escrow's.
//
// A block is born and closed only by who holds its account locked, and debited only by who holds the block locked. So who has
// closed all blocks of an account knows every debit there is, and a block that is still there was closed by nobody.

import { type BlockDemand, blockFor, type Instant, type SpendOrder } from '@latchkey/core';
import { sql } from 'kysely';
import { accountRecord } from './credit-rows.js';
import { chunksOf, type Db, inOrder } from './query.js';

/** A block of this node, as far as this node knows. */
export interface Block {
  familyId: string;
  number: number;
  left: number;
  until: Instant;
  /** The refill that must be booked before any debit once it is due. */
  account: Pick<BlockDemand['account'], 'refill' | 'refilledPeriod'>;
}

/** Takes a block, or adds to the one the node has; null: there is none to be had. */
export async function takeBlock(
  trx: Db,
  familyId: string,
  { own, demand, now }: { own: Block | null; demand: number; now: Instant },
): Promise<Block | null> {
  const row = await trx
    .selectFrom('credit_accounts')
    .selectAll()
    .where('family_id', '=', familyId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return null;
  const { next } = await trx
    .selectFrom('reservations')
    .select((eb) => eb.fn.min('expires_at').as('next'))
    .where('family_id', '=', familyId)
    .where('state', '=', 'open')
    .executeTakeFirstOrThrow();
  const account = accountRecord(row);
  const offer = blockFor({ account, escrowed: row.escrowed, nextReturn: next, demand, now });
  if (offer === null) return null;
  const { credits } = offer;
  const grown =
    own &&
    (await trx
      .updateTable('credit_blocks')
      .set((eb) => ({ credits: eb('credits', '+', credits) }))
      .where('family_id', '=', familyId)
      .where('number', '=', own.number)
      .returning(['number', 'credits', 'spent', 'until'])
      .executeTakeFirst());
  const block = grown ?? { number: row.blocks + 1, credits, spent: 0, until: offer.until };
  if (!grown)
    await trx
      .insertInto('credit_blocks')
      .values({ family_id: familyId, ...block })
      .execute();
  await trx
    .updateTable('credit_accounts')
    .set({ escrowed: row.escrowed + credits, blocks: Math.max(row.blocks, block.number) })
    .where('family_id', '=', familyId)
    .execute();
  const { number, until } = block;
  return { familyId, number, left: block.credits - block.spent, until, account };
}

/**
 * Debits what the blocks have. Of each order the balance after it; null: it was not debited, and the account has to be asked:
 * its block is closed or too small, or its request id has been here before.
 */
export async function debitBlocks(
  trx: Db,
  blocks: readonly Block[],
  orders: readonly SpendOrder[],
): Promise<{ balances: (number | null)[]; left: Map<string, number> }> {
  const left = new Map<string, number>();
  const balances = new Map<string, number>();
  // One after another in the order of their names, as everybody locks them.
  for (const { familyId, number } of inOrder(blocks, (block) => block.familyId)) {
    const row = await trx
      .selectFrom('credit_blocks')
      .select(['credits', 'spent'])
      .where('family_id', '=', familyId)
      .where('number', '=', number)
      .forUpdate()
      .executeTakeFirst();
    if (row !== undefined) left.set(familyId, row.credits - row.spent);
  }
  const families = [...left.keys()];
  if (families.length === 0) return { balances: orders.map(() => null), left };
  for (const row of await trx
    .selectFrom('credit_accounts')
    .select(['family_id', 'balance'])
    .where('family_id', 'in', families)
    .execute())
    balances.set(row.family_id, row.balance);
  for (const [familyId, spent] of await spentFrom(trx, families))
    balances.set(familyId, (balances.get(familyId) ?? 0) - spent);

  const known = await debited(trx, orders);
  const chosen = new Map<string, SpendOrder>();
  const planned = new Map(left);
  for (const order of orders) {
    const name = nameOf(order);
    const rest = planned.get(order.familyId) ?? 0;
    if (order.credits > rest || known.has(name) || chosen.has(name)) continue;
    chosen.set(name, order);
    planned.set(order.familyId, rest - order.credits);
  }
  const written = await insertDebits(trx, [...chosen.values()]);
  const spent = new Map<string, number>();
  const outcomes = orders.map((order) => {
    const { familyId, credits } = order;
    if (chosen.get(nameOf(order)) !== order || !written.has(nameOf(order))) return null;
    spent.set(familyId, (spent.get(familyId) ?? 0) + credits);
    const balance = (balances.get(familyId) ?? 0) - credits;
    balances.set(familyId, balance);
    return balance;
  });
  for (const { familyId, number } of blocks) {
    const sum = spent.get(familyId) ?? 0;
    if (sum === 0) continue;
    left.set(familyId, (left.get(familyId) ?? 0) - sum);
    await trx
      .updateTable('credit_blocks')
      .set((eb) => ({ spent: eb('spent', '+', sum) }))
      .where('family_id', '=', familyId)
      .where('number', '=', number)
      .execute();
  }
  return { balances: outcomes, left };
}

const nameOf = ({ familyId, requestId }: { familyId: string; requestId: string }): string => `${familyId} ${requestId}`;

/** Which of the orders the ledger knows already. */
async function debited(trx: Db, orders: readonly SpendOrder[]): Promise<Set<string>> {
  const known = new Set<string>();
  for (const chunk of chunksOf([...new Set(orders.map(({ requestId }) => requestId))])) {
    const rows = await trx
      .selectFrom('credit_entries')
      .select(['family_id', 'request_id'])
      .where('request_id', 'in', chunk)
      .where('attempt', 'is not', null)
      .execute();
    for (const row of rows) known.add(nameOf({ familyId: row.family_id, requestId: row.request_id ?? '' }));
  }
  return known;
}

/** The names of those that were not there, on this node or any other. */
async function insertDebits(trx: Db, orders: readonly SpendOrder[]): Promise<Set<string>> {
  const written = new Set<string>();
  for (const chunk of chunksOf(inOrder(orders, nameOf))) {
    const rows = await trx
      .insertInto('block_debits')
      .values(
        chunk.map(({ familyId, requestId, keyId, credits, at }) => ({
          family_id: familyId,
          request_id: requestId,
          key_id: keyId,
          credits,
          at,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .returning(['family_id', 'request_id'])
      .execute();
    for (const row of rows) written.add(nameOf({ familyId: row.family_id, requestId: row.request_id }));
  }
  return written;
}

/** What was debited from open blocks and is not in the ledger yet, by family. */
async function spentFrom(db: Db, familyIds: readonly string[]): Promise<Map<string, number>> {
  const spent = new Map<string, number>();
  for (const families of chunksOf(familyIds)) {
    const rows = await db
      .selectFrom('credit_blocks')
      .select((eb) => ['family_id', eb.fn.sum<number>('spent').as('spent')])
      .where('family_id', 'in', families)
      .groupBy('family_id')
      .execute();
    for (const row of rows) spent.set(row.family_id, Number(row.spent));
  }
  return spent;
}

/** Closes all blocks of accounts that the caller holds locked: what was debited is in the ledger, and the rest is free again. */
export async function closeBlocks(
  trx: Db,
  familyIds: readonly string[],
): Promise<{ family_id: string; balance: number; entries: number }[]> {
  const closed: { family_id: string; balance: number; entries: number }[] = [];
  for (const families of chunksOf(inOrder(familyIds, (id) => id))) {
    const these = sql.join(families);
    await trx
      .selectFrom('credit_blocks')
      .select('number')
      .where('family_id', 'in', families)
      .orderBy('family_id')
      .orderBy('number')
      .forUpdate()
      .execute();
    await sql`
      insert into credit_entries (family_id, sequence, key_id, project_id, organization_id, at, kind, amount, balance_after, request_id, attempt, reservation_id, actor_id)
      select family_id, entries + row_number() over one_by_one, key_id, project_id, organization_id, at, 'debit', -credits,
        balance - sum(credits) over one_by_one, request_id, 1, null, key_id
      from block_debits join credit_accounts using (family_id)
      where family_id in (${these})
      window one_by_one as (partition by family_id order by at, request_id)`.execute(trx);
    const { rows } = await sql<{ family_id: string; balance: number; entries: number }>`
      update credit_accounts set escrowed = 0,
        balance = balance - coalesce((select sum(credits) from block_debits where block_debits.family_id = credit_accounts.family_id), 0),
        entries = entries + (select count(*) from block_debits where block_debits.family_id = credit_accounts.family_id)
      where family_id in (${these}) returning family_id, balance, entries`.execute(trx);
    await trx.deleteFrom('block_debits').where('family_id', 'in', families).execute();
    await trx.deleteFrom('credit_blocks').where('family_id', 'in', families).execute();
    closed.push(...rows.map((row) => ({ ...row, balance: Number(row.balance), entries: Number(row.entries) })));
  }
  return closed;
}
