// Rows of sign-in in SQL, by names of tables and columns. What they mean is known to the accounts room; values come in as they are kept.

import type { SignInCondition, SignInRow, SignInTable, SignInTables, SignInValue } from '@latchkey/core';
import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import type { Db } from './query.js';

/** The same handle with its columns unnamed: which there are is not known here. */
type Rows = Kysely<Record<SignInTable, SignInRow>>;
type Builder = ExpressionBuilder<Record<SignInTable, SignInRow>, SignInTable>;

const matching = (where: readonly SignInCondition[]) => (on: Builder) => {
  const one = ({ column, operator, value }: SignInCondition) => {
    if (value === null) return on(column, operator === '=' ? 'is' : 'is not', null);
    if (!Array.isArray(value)) return on(column, operator, value);
    // No database takes an empty list.
    return value.length > 0 ? on(column, operator, value) : on.lit(operator === 'not in');
  };
  const either = where.filter((condition) => condition.either).map(one);
  const all = where.filter((condition) => !condition.either).map(one);
  return on.and(either.length > 0 ? [...all, on.or(either)] : all);
};

const first = (rows: readonly SignInRow[]): SignInRow | null => rows[0] ?? null;

export function signInTables(handle: Db): SignInTables {
  const db = handle as unknown as Rows;
  /** The id of one row. What changes it asks again whether it is as it was, so that of two calls one finds it. */
  const oneOf = (table: SignInTable, where: readonly SignInCondition[]) =>
    db.selectFrom(table).select('id').where(matching(where)).limit(1);
  return {
    async insert(table, row) {
      return db.insertInto(table).values(row).returningAll().executeTakeFirstOrThrow();
    },
    async find(table, where, { limit, offset, sort } = {}) {
      let query = db.selectFrom(table).selectAll().where(matching(where));
      if (sort !== undefined) query = query.orderBy(sort.column, sort.descending ? 'desc' : 'asc');
      if (limit !== undefined) query = query.limit(limit);
      if (offset !== undefined && offset > 0) query = query.offset(offset);
      return query.execute();
    },
    async count(table, where) {
      const counted = db.selectFrom(table).select(sql<number>`count(*)`.as('count')).where(matching(where));
      return (await counted.executeTakeFirstOrThrow()).count as number;
    },
    update: (table, where, values) => db.updateTable(table).set(values).where(matching(where)).returningAll().execute(),
    async updateOne(table, where, { values, plus }) {
      const sums = Object.entries(plus).map(([column, by]) => [column, sql<SignInValue>`${sql.ref(column)} + ${by}`]);
      const rows = await db
        .updateTable(table)
        .set({ ...values, ...Object.fromEntries(sums) })
        .where('id', 'in', oneOf(table, where))
        .where(matching(where))
        .returningAll()
        .execute();
      return first(rows);
    },
    async delete(table, where) {
      const { numDeletedRows } = await db.deleteFrom(table).where(matching(where)).executeTakeFirst();
      return Number(numDeletedRows);
    },
    async deleteOne(table, where) {
      const rows = await db
        .deleteFrom(table)
        .where('id', 'in', oneOf(table, where))
        .where(matching(where))
        .returningAll()
        .execute();
      return first(rows);
    },
    async countAttempt(id, at, windowMs) {
      const over = sql<boolean>`sign_in_attempts.ends_at <= ${at}`;
      const counted = await handle
        .insertInto('sign_in_attempts')
        .values({ id, count: 1, ends_at: at + windowMs })
        .onConflict((conflict) =>
          conflict.column('id').doUpdateSet({
            count: sql<number>`case when ${over} then 1 else sign_in_attempts.count + 1 end`,
            ends_at: sql<number>`case when ${over} then ${at + windowMs} else sign_in_attempts.ends_at end`,
          }),
        )
        .returning(['count', 'ends_at'])
        .executeTakeFirstOrThrow();
      return { count: counted.count, endsAt: counted.ends_at };
    },
    async forgetAttempts(id) {
      await handle.deleteFrom('sign_in_attempts').where('id', '=', id).execute();
    },
    async prune(at) {
      await handle.deleteFrom('sessions').where('expires_at', '<=', at).execute();
      await handle.deleteFrom('verifications').where('expires_at', '<=', at).execute();
      await handle.deleteFrom('sign_in_attempts').where('ends_at', '<=', at).execute();
    },
  };
}
