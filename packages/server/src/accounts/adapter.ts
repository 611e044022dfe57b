// The sign-in library's database: its models over our tables. What somebody could sign in with is hashed or sealed on the way in, here and nowhere else.

import type { SignInCondition, SignInRow, SignInTable, SignInTables, SignInValue } from '@latchkey/core';
import { createAdapterFactory } from 'better-auth/adapters';
import type { Safe } from './safe.js';
import { SESSIONS, VERIFICATIONS } from './tables.js';

interface Condition {
  field: string;
  value: unknown;
  operator?: string | undefined;
  connector?: string | undefined;
}

type Factory = ReturnType<typeof createAdapterFactory>;
type Adapter = ReturnType<Factory>;

const OPERATORS: Readonly<Record<string, SignInCondition['operator']>> = {
  eq: '=',
  ne: '!=',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  in: 'in',
  not_in: 'not in',
};

/** The one column whose value comes back as it was and is not sealed by the library itself. */
const SEALED = `${VERIFICATIONS.modelName}.${VERIFICATIONS.fields.value}`;

const kept = (value: unknown): SignInValue => {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' || typeof value === 'number') return value;
  return null;
};

/** The columns' own names and values; times are milliseconds, yes and no are 1 and 0. */
function columns(tables: SignInTables, safe: Safe): Factory {
  const conditions = (where: readonly Condition[] = []): SignInCondition[] =>
    where.map(({ field, value, operator = 'eq', connector }) => {
      const named = OPERATORS[operator];
      if (named === undefined) throw new Error(`sign-in asks by ${operator}, which the tables do not know`);
      const given = Array.isArray(value) ? value.map(kept) : kept(value);
      return { column: field, operator: named, value: given, either: connector === 'OR' };
    });
  const table = (model: string): SignInTable => model as SignInTable;
  const row = (data: object): SignInRow =>
    Object.fromEntries(Object.entries(data).map(([column, value]) => [column, kept(value)]));
  return createAdapterFactory({
    config: {
      adapterId: 'latchkey',
      supportsDates: true,
      supportsBooleans: true,
      supportsJSON: false,
      transaction: false,
      customTransformInput: ({ data, model, field }) =>
        typeof data === 'string' && `${model}.${field}` === SEALED ? safe.seal(data, SEALED) : data,
      customTransformOutput({ data, model, field, fieldAttributes }) {
        if (data === null || data === undefined) return data;
        if (fieldAttributes.type === 'date') return new Date(data as number);
        if (fieldAttributes.type === 'boolean') return data === 1;
        const place = `${model}.${fieldAttributes.fieldName ?? field}`;
        return typeof data === 'string' && place === SEALED ? safe.open(data, SEALED) : data;
      },
    },
    adapter: ({ getFieldName }) => ({
      create: async ({ model, data }) => (await tables.insert(table(model), row(data))) as typeof data,
      findOne: async <T>({ model, where }: { model: string; where: Condition[] }) =>
        ((await tables.find(table(model), conditions(where), { limit: 1 }))[0] ?? null) as T | null,
      findMany: async <T>({
        model,
        where,
        limit,
        offset,
        sortBy,
      }: {
        model: string;
        where?: Condition[] | undefined;
        limit: number;
        offset?: number | undefined;
        sortBy?: { field: string; direction: 'asc' | 'desc' } | undefined;
      }) =>
        (await tables.find(table(model), conditions(where), {
          limit,
          ...(offset !== undefined && { offset }),
          ...(sortBy && {
            sort: { column: getFieldName({ model, field: sortBy.field }), descending: sortBy.direction === 'desc' },
          }),
        })) as T[],
      count: ({ model, where }) => tables.count(table(model), conditions(where)),
      update: async <T>({ model, where, update }: { model: string; where: Condition[]; update: T }) =>
        ((await tables.update(table(model), conditions(where), row(update as object)))[0] ?? null) as T | null,
      updateMany: async ({ model, where, update }) =>
        (await tables.update(table(model), conditions(where), row(update))).length,
      delete: async ({ model, where }) => void (await tables.delete(table(model), conditions(where))),
      deleteMany: ({ model, where }) => tables.delete(table(model), conditions(where)),
      consumeOne: async <T>({ model, where }: { model: string; where: Condition[] }) =>
        (await tables.deleteOne(table(model), conditions(where))) as T | null,
      incrementOne: async <T>({
        model,
        where,
        increment,
        set,
      }: {
        model: string;
        where: Condition[];
        increment: Record<string, number>;
        set?: Record<string, unknown> | undefined;
      }) =>
        (await tables.updateOne(table(model), conditions(where), {
          values: row(set ?? {}),
          plus: increment,
        })) as T | null,
    }),
  });
}

/**
 * The library takes session tokens for what they are; the tables keep their hashes. A row that was found by its token comes back
 * with it, and every other one with the hash, which signs nobody in.
 */
export function createAdapter(tables: SignInTables, safe: Safe): Factory {
  const plain = columns(tables, safe);
  return (options) => withHashedTokens(plain(options), safe);
}

function withHashedTokens(inner: Adapter, { hash }: Safe): Adapter {
  type Where = Parameters<Adapter['findOne']>[0]['where'];
  const isToken = (model: string, field: string): boolean =>
    (model === 'session' || model === SESSIONS.modelName) && field === 'token';
  const hashed = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(hashed) : typeof value === 'string' ? hash(value) : value;
  const by = <Given extends { model: string; where?: Where | undefined }>(given: Given): Given =>
    given.where === undefined
      ? given
      : {
          ...given,
          where: given.where.map((condition) =>
            isToken(given.model, condition.field)
              ? { ...condition, value: hashed(condition.value) as typeof condition.value }
              : condition,
          ),
        };
  /** Puts the token back that the row was asked for by, or made with. */
  const named = <T>(model: string, where: Where | undefined, found: T): T => {
    const asked = where?.find(
      (condition) => isToken(model, condition.field) && (condition.operator ?? 'eq') === 'eq',
    )?.value;
    return found !== null && typeof asked === 'string' ? { ...found, token: asked } : found;
  };
  const changed = <T extends object>(model: string, values: T): T =>
    isToken(model, 'token') && 'token' in values ? { ...values, token: hashed(values.token) } : values;
  const outer: Adapter = {
    ...inner,
    async create<T extends Record<string, unknown>, R = T>(given: Parameters<typeof inner.create<T, R>>[0]) {
      const made = await inner.create<T, R>({ ...given, data: changed(given.model, given.data) });
      const { token } = given.data as { token?: unknown };
      return isToken(given.model, 'token') && typeof token === 'string' ? { ...made, token } : made;
    },
    findOne: async (given) => named(given.model, given.where, await inner.findOne(by(given))),
    findMany: (given) => inner.findMany(by(given)),
    count: (given) => inner.count(by(given)),
    update: async (given) =>
      named(given.model, given.where, await inner.update({ ...by(given), update: changed(given.model, given.update) })),
    updateMany: (given) => inner.updateMany({ ...by(given), update: changed(given.model, given.update) }),
    delete: (given) => inner.delete(by(given)),
    deleteMany: (given) => inner.deleteMany(by(given)),
    consumeOne: async (given) => named(given.model, given.where, await inner.consumeOne(by(given))),
    incrementOne: async (given) => named(given.model, given.where, await inner.incrementOne(by(given))),
    // One connection serves the whole process: a transaction around calls that do not know of it would wait for itself.
    transaction: (work) => work(outer),
  };
  return outer;
}
