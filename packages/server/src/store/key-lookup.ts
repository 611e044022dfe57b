// The one read behind a cold verification: a key with everything that decides on it, by its digest. Nothing is written here.

import type { StoreView } from '@latchkey/core';
import { accountRecord } from './credit-rows.js';
import { keyRecord } from './keys.js';
import { organizationRecord, projectRecord } from './organizations.js';
import { type Db, firstByDigest } from './query.js';

/** One statement; each table is reached through a unique index. */
export const lookupQuery = (db: Db, values: readonly string[]) =>
  db
    .selectFrom('keys')
    .innerJoin('projects', 'projects.id', 'keys.project_id')
    .innerJoin('organizations', 'organizations.id', 'keys.organization_id')
    .leftJoin('credit_accounts', (join) =>
      join.onRef('credit_accounts.family_id', '=', 'keys.family_id').on('credit_accounts.bounded', '=', 1),
    )
    .where('keys.digest', 'in', values)
    .selectAll('keys')
    .select([
      'projects.organization_id as project_organization_id',
      'projects.name as project_name',
      'projects.key_model as project_key_model',
      'projects.tier as project_tier',
      'projects.metadata as project_metadata',
      'projects.created_at as project_created_at',
      'projects.suspended_at as project_suspended_at',
      'organizations.name as organization_name',
      'organizations.metadata as organization_metadata',
      'organizations.rotation as organization_rotation',
      'organizations.created_at as organization_created_at',
      'organizations.suspended_at as organization_suspended_at',
      'credit_accounts.organization_id as account_organization_id',
      'credit_accounts.project_id as account_project_id',
      'credit_accounts.balance',
      'credit_accounts.refill',
      'credit_accounts.refilled_period',
      'credit_accounts.bounded',
      'credit_accounts.entries',
    ])
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom('tombstones')
            .select('tombstones.key_id')
            .where('tombstones.digest', 'in', values)
            .where('tombstones.deleted_at', 'is not', null),
        )
        .as('buried'),
    );

type Lookup = ReturnType<typeof lookupQuery>;
type LookupRow = Awaited<ReturnType<Lookup['execute']>>[number];

/** Builds the statement once for each number of digests: putting it into words takes longer than the database does. */
function prepared(db: Db) {
  const statements = new Map<number, ReturnType<Lookup['compile']>>();
  const mark = (at: number): string => `digest ${at}`;
  return (values: readonly string[]) => {
    let statement = statements.get(values.length);
    if (statement === undefined) {
      statement = lookupQuery(
        db,
        values.map((_, at) => mark(at)),
      ).compile();
      statements.set(values.length, statement);
    }
    const given = new Map<unknown, string>(values.map((value, at) => [mark(at), value]));
    return { ...statement, parameters: statement.parameters.map((parameter) => given.get(parameter) ?? parameter) };
  };
}

export function findForVerify(db: Db): StoreView['keys']['findForVerify'] {
  const statementFor = prepared(db);
  return async (values) => {
    if (values.length === 0) return null;
    const row = firstByDigest((await db.executeQuery<LookupRow>(statementFor(values))).rows, values);
    if (row === null) return null;
    const { balance, refilled_period, entries, bounded } = row;
    const account =
      balance === null || refilled_period === null || entries === null || bounded === null
        ? null
        : accountRecord({
            family_id: row.family_id,
            organization_id: row.account_organization_id ?? '',
            project_id: row.account_project_id ?? '',
            balance,
            refill: row.refill,
            refilled_period,
            bounded,
            entries,
          });
    return {
      key: keyRecord(row, account),
      project: projectRecord({
        id: row.project_id,
        organization_id: row.project_organization_id,
        name: row.project_name,
        key_model: row.project_key_model,
        tier: row.project_tier,
        metadata: row.project_metadata,
        created_at: row.project_created_at,
        suspended_at: row.project_suspended_at,
      }),
      organization: organizationRecord({
        id: row.organization_id,
        name: row.organization_name,
        metadata: row.organization_metadata,
        rotation: row.organization_rotation,
        created_at: row.organization_created_at,
        suspended_at: row.organization_suspended_at,
      }),
      buried: Boolean(row.buried),
    };
  };
}
