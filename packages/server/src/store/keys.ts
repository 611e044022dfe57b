// Customer keys in SQL, with the tombstones of those that are gone. Digests only: a secret never comes here.

import {
  type CreditAccount,
  type Digest,
  type JsonObject,
  type KeyModel,
  type KeyRecord,
  LatchkeyError,
  type LimitOverrides,
  type Mode,
  type Restrictions,
  type StoreView,
} from '@latchkey/core';
import { type SelectQueryBuilder, sql } from 'kysely';
import { accountsOf } from './credits.js';
import { findForVerify } from './key-lookup.js';
import { atomically, type Db, firstByDigest, fromJson, newestFirst, toJson } from './query.js';
import type { KeyRow, Schema } from './schema.js';

type LastUseColumns = 'last_used_at' | 'last_used_ip';

const updatable = (record: KeyRecord): Omit<KeyRow, LastUseColumns> => ({
  id: record.id,
  organization_id: record.organizationId,
  project_id: record.projectId,
  family_id: record.familyId,
  generation: record.generation,
  name: record.name,
  prefix: record.prefix,
  hint: record.hint,
  mode: record.mode,
  model: record.model,
  tier: record.tier,
  permissions: toJson(record.permissions),
  restrictions: toJson(record.restrictions),
  limits: toJson(record.limits),
  environment: record.environment,
  metadata: toJson(record.metadata),
  owner_id: record.ownerId,
  digest: record.digest.value,
  digest_kind: record.digest.kind,
  pepper_id: record.digest.pepperId,
  imported: record.imported ? 1 : 0,
  webhook_secret: record.webhookSecret,
  sealed_under: record.webhookSecret?.split('.')[1] ?? null,
  created_by: record.createdBy,
  created_at: record.createdAt,
  expires_at: record.expiresAt,
  disabled_at: record.disabledAt,
  grace_ends_at: record.graceEndsAt,
  revoked_at: record.revokedAt,
  revoked_reason: record.revokedReason,
});

export const keyRecord = (row: KeyRow, credits: CreditAccount | null = null): KeyRecord => ({
  id: row.id,
  organizationId: row.organization_id,
  projectId: row.project_id,
  familyId: row.family_id,
  generation: row.generation,
  name: row.name,
  prefix: row.prefix,
  hint: row.hint,
  mode: row.mode as Mode,
  model: row.model as KeyModel,
  tier: row.tier,
  permissions: fromJson<string[]>(row.permissions),
  restrictions: fromJson<Restrictions>(row.restrictions),
  limits: fromJson<LimitOverrides>(row.limits),
  credits,
  environment: row.environment,
  metadata: fromJson<JsonObject>(row.metadata),
  ownerId: row.owner_id,
  digest: { kind: row.digest_kind as Digest['kind'], pepperId: row.pepper_id, value: row.digest },
  imported: row.imported === 1,
  webhookSecret: row.webhook_secret,
  createdBy: row.created_by,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  disabledAt: row.disabled_at,
  graceEndsAt: row.grace_ends_at,
  revokedAt: row.revoked_at,
  revokedReason: row.revoked_reason,
  lastUsedAt: row.last_used_at,
  lastUsedIp: row.last_used_ip,
});

/** The records of rows, each with the account that bounds its family. */
async function recordsOf(db: Db, rows: readonly KeyRow[]): Promise<KeyRecord[]> {
  const accounts = await accountsOf(db, [...new Set(rows.map((row) => row.family_id))]);
  return rows.map((row) => {
    const account = accounts.get(row.family_id);
    return keyRecord(row, account?.bounded ? account : undefined);
  });
}

const recordOf = async (db: Db, row: KeyRow | null | undefined): Promise<KeyRecord | null> =>
  row == null ? null : ((await recordsOf(db, [row]))[0] ?? null);

/** Removes the keys of an owner (or the one key) with their denials, networks and observations, and leaves a tombstone for each. */
export async function buryKeys(
  trx: Db,
  column: 'id' | 'project_id' | 'organization_id',
  value: string,
  at: number,
): Promise<void> {
  await trx
    .insertInto('tombstones')
    .columns(['digest', 'key_id', 'deleted_at'])
    .expression((eb) =>
      eb
        .selectFrom('keys')
        .select((select) => ['digest', 'id as key_id', select.val(at).as('deleted_at')])
        .where(column, '=', value),
    )
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute();
  for (const table of ['denials', 'key_networks', 'key_observations'] as const) {
    await trx
      .deleteFrom(table)
      .where('key_id', 'in', (eb) => eb.selectFrom('keys').select('id').where(column, '=', value))
      .execute();
  }
  await trx.deleteFrom('keys').where(column, '=', value).execute();
}

export const keys = (db: Db): StoreView['keys'] => ({
  async get(id) {
    const row = await db.selectFrom('keys').selectAll().where('id', '=', id).executeTakeFirst();
    return recordOf(db, row);
  },
  async findByDigest(values) {
    if (values.length === 0) return null;
    const rows = await db.selectFrom('keys').selectAll().where('digest', 'in', values).execute();
    return recordOf(db, firstByDigest(rows, values));
  },
  findForVerify: findForVerify(db),
  async anyBuried(values) {
    if (values.length === 0) return false;
    const row = await db
      .selectFrom('tombstones')
      .select('key_id')
      .where('digest', 'in', values)
      .where('deleted_at', 'is not', null)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  },
  async list(filter, page) {
    let query = db.selectFrom('keys').selectAll().where('project_id', '=', filter.projectId);
    if (filter.notRevoked === true) query = query.where('revoked_at', 'is', null);
    if (filter.mode !== undefined) query = query.where('mode', '=', filter.mode);
    if (filter.familyId !== undefined) query = query.where('family_id', '=', filter.familyId);
    const { rows, next } = await newestFirst(query, page, (row) => row);
    return { rows: await recordsOf(db, rows), next };
  },
  async family(familyId) {
    const rows = await db
      .selectFrom('keys')
      .selectAll()
      .where('family_id', '=', familyId)
      .orderBy('generation')
      .execute();
    return recordsOf(db, rows);
  },
  insert: (record) =>
    atomically(db, async (trx) => {
      const tombstone = await trx
        .selectFrom('tombstones')
        .select('key_id')
        .where((eb) => eb.or([eb('digest', '=', record.digest.value), eb('key_id', '=', record.id)]))
        .executeTakeFirst();
      if (tombstone !== undefined) throw new LatchkeyError('duplicate_key');
      await trx
        .insertInto('keys')
        .values({ ...updatable(record), last_used_at: record.lastUsedAt, last_used_ip: record.lastUsedIp })
        .execute();
    }),
  update: (record) =>
    atomically(db, async (trx) => {
      // An imported digest that gives way to ours stays known, so that importing it again is still a duplicate.
      await trx
        .insertInto('tombstones')
        .columns(['digest', 'key_id', 'deleted_at'])
        .expression((eb) =>
          eb
            .selectFrom('keys')
            .select((select) => ['digest', 'id as key_id', select.val(null).as('deleted_at')])
            .where('id', '=', record.id)
            .where('digest_kind', '=', 'sha256')
            .where('digest', '!=', record.digest.value),
        )
        .onConflict((conflict) => conflict.column('digest').doNothing())
        .execute();
      await trx.updateTable('keys').set(updatable(record)).where('id', '=', record.id).execute();
    }),
  delete: (id, at) => atomically(db, (trx) => buryKeys(trx, 'id', id, at)),
  countByPepper: (at) => countByPepper(db, 'keys', at),
  async sealedUnderOther(masterKeyId, limit) {
    const rows = await db
      .selectFrom('keys')
      .selectAll()
      .where((eb) => eb.or([eb('sealed_under', '<', masterKeyId), eb('sealed_under', '>', masterKeyId)]))
      .limit(limit)
      .execute();
    return recordsOf(db, rows);
  },
  async countByMasterKey() {
    const rows = await db
      .selectFrom('keys')
      .select((eb) => ['sealed_under as masterKeyId', eb.fn.countAll<number>().as('count')])
      .where('sealed_under', 'is not', null)
      .groupBy('sealed_under')
      .execute();
    return rows.map(({ masterKeyId, count }) => ({ masterKeyId: masterKeyId as string, count: Number(count) }));
  },
  async withReferrers(at) {
    const rows = await livingAt(db.selectFrom('keys'), at)
      .select(['id', 'restrictions'])
      .where('restrictions', 'is not', null)
      .where('disabled_at', 'is', null)
      .execute();
    return rows.flatMap(({ id, restrictions }) => {
      const referrers = fromJson<Restrictions>(restrictions)?.referrers;
      return referrers ? [{ id, referrers }] : [];
    });
  },
  async anyImported() {
    const row = await db
      .selectFrom('keys')
      .select('id')
      .where('imported', '=', 1)
      .where('revoked_at', 'is', null)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  },
  async madeBy(organizationId, createdBy, at) {
    const rows = await livingAt(
      db
        .withRecursive('made', (made) =>
          made
            .selectFrom('keys')
            .select('keys.id')
            .where('keys.organization_id', '=', organizationId)
            .where('keys.created_by', '=', createdBy)
            // Not `union all`: what was found already is not followed again.
            .union((next) =>
              next
                .selectFrom('keys')
                .innerJoin('made', 'made.id', 'keys.created_by')
                .select('keys.id')
                .where('keys.organization_id', '=', organizationId),
            ),
        )
        .selectFrom('keys')
        .where('keys.id', 'in', (made) => made.selectFrom('made').select('made.id')),
      at,
    )
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    return recordsOf(db, rows);
  },
  async agedIn(organizationId, madeBefore, at, page) {
    const query = livingAt(db.selectFrom('keys'), at)
      .where('organization_id', '=', organizationId)
      .where('mode', '=', 'live')
      .where('grace_ends_at', 'is', null)
      .where('created_at', '<=', madeBefore);
    const { rows, next } = await newestFirst(query.selectAll(), page, (row) => row);
    return { rows: await recordsOf(db, rows), next };
  },
  async onTiers(tiers, at, page) {
    const named = tiers.filter((tier) => tier !== null);
    const query = livingAt(db.selectFrom('keys'), at).where((eb) =>
      eb.or([
        ...(named.length > 0 ? [eb('tier', 'in', named)] : []),
        ...(tiers.includes(null) ? [eb('tier', 'is', null)] : []),
      ]),
    );
    const { rows, next } = await newestFirst(query.selectAll(), page, (row) => row);
    return { rows: await recordsOf(db, rows), next };
  },
});

/** Only keys that could still pass at `at` or later. */
export const livingAt = <Row>(
  query: SelectQueryBuilder<Schema, 'keys', Row>,
  at: number,
): SelectQueryBuilder<Schema, 'keys', Row> =>
  query
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', at)]))
    .where((eb) => eb.or([eb('grace_ends_at', 'is', null), eb('grace_ends_at', '>', at)]));

/** How many keys that could still pass at `at` or later stand under each pepper; null: imported digests that no pepper made. */
export async function countByPepper(
  db: Db,
  table: 'keys' | 'root_keys',
  at: number,
): Promise<{ pepperId: string | null; count: number }[]> {
  const rows = await db
    .selectFrom(table)
    .select((eb) => ['pepper_id as pepperId', eb.fn.countAll<number>().as('count')])
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', at)]))
    .where(table === 'keys' ? sql<boolean>`(grace_ends_at is null or grace_ends_at > ${at})` : sql<boolean>`true`)
    .groupBy('pepper_id')
    .orderBy('pepper_id')
    .execute();
  return rows.map(({ pepperId, count }) => ({ pepperId, count: Number(count) }));
}
