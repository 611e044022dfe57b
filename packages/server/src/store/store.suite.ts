// What every Store must hold, whatever database is behind it. Adapters run it from their own tests.

import type {
  AuditRecord,
  Change,
  DenialRecord,
  IdempotencyRecord,
  InvitationRecord,
  KeyRecord,
  LeaseRecord,
  MembershipRecord,
  ObservationRecord,
  OrganizationRecord,
  Page,
  PageRequest,
  ProjectRecord,
  ReplayRecord,
  RootKeyRecord,
  Store,
  TierRecord,
  UsageRow,
} from '@latchkey/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface StoreUnderTest {
  store: Store;
  /** Closes the store and opens another one on the same data. */
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
}

export const organization = (id: string, more: Partial<OrganizationRecord> = {}): OrganizationRecord => ({
  id,
  name: `Organization ${id}`,
  metadata: null,
  createdAt: 1_000,
  rotation: null,
  suspendedAt: null,
  ...more,
});

export const project = (id: string, more: Partial<ProjectRecord> = {}): ProjectRecord => ({
  id,
  organizationId: 'org_1',
  name: `Project ${id}`,
  keyModel: 'v2',
  tier: null,
  metadata: null,
  createdAt: 1_000,
  suspendedAt: null,
  ...more,
});

export const digestOf = (text: string) => Buffer.from(text).toString('hex').padEnd(64, '0').slice(0, 64);

export const key = (id: string, more: Partial<KeyRecord> = {}): KeyRecord => ({
  id,
  organizationId: 'org_1',
  projectId: 'proj_1',
  familyId: `fam_${id}`,
  generation: 1,
  name: `Key ${id}`,
  prefix: 'lk_live_',
  hint: 'abcd',
  mode: 'live',
  model: 'v2',
  tier: null,
  permissions: null,
  restrictions: null,
  limits: null,
  credits: null,
  environment: null,
  metadata: null,
  ownerId: null,
  digest: { kind: 'hmac', pepperId: 'aaaaaaaaaaaa', value: digestOf(id) },
  imported: false,
  webhookSecret: null,
  createdBy: 'root_1',
  createdAt: 1_000,
  expiresAt: null,
  disabledAt: null,
  graceEndsAt: null,
  revokedAt: null,
  revokedReason: null,
  lastUsedAt: null,
  lastUsedIp: null,
  ...more,
});

const membership = (userId: string, more: Partial<MembershipRecord> = {}): MembershipRecord => ({
  organizationId: 'org_1',
  userId,
  role: 'viewer',
  createdAt: 1_000,
  ...more,
});

const invitation = (id: string, more: Partial<InvitationRecord> = {}): InvitationRecord => ({
  id,
  organizationId: 'org_1',
  email: 'ada@example.com',
  role: 'developer',
  tokenHash: digestOf(id),
  invitedBy: 'usr_1',
  createdAt: 1_000,
  expiresAt: 2_000,
  acceptedAt: null,
  revokedAt: null,
  byLetter: false,
  ...more,
});

const tier = (name: string, rank: number, more: Partial<TierRecord> = {}): TierRecord => ({
  id: `tier_${name}`,
  name,
  title: name,
  rank,
  limits: { perMinute: null, perDay: null, concurrent: null },
  batchSize: null,
  endpoints: null,
  gatedFields: [],
  permissions: null,
  createdAt: 1_000,
  updatedAt: 1_000,
  ...more,
});

const rootKey = (id: string, more: Partial<RootKeyRecord> = {}): RootKeyRecord => ({
  id,
  name: `Root ${id}`,
  hint: 'wxyz',
  permissions: ['*'],
  digest: { kind: 'hmac', pepperId: 'aaaaaaaaaaaa', value: digestOf(id) },
  source: 'created',
  createdBy: 'operator',
  createdAt: 1_000,
  expiresAt: null,
  revokedAt: null,
  ...more,
});

const auditRecord = (sequence: number, more: Partial<AuditRecord> = {}): AuditRecord => ({
  id: `aud_${more.chain ?? 'org_1'}_${sequence}`,
  chain: 'org_1',
  sequence,
  mac: `mac${sequence}`,
  organizationId: 'org_1',
  at: 1_000 + sequence,
  actorType: 'root_key',
  actorId: 'root_1',
  action: 'createKey',
  targetType: 'key',
  targetId: 'key_1',
  projectId: null,
  changes: {},
  requestId: 'req_1',
  ...more,
});

const headOf = (record: AuditRecord) => ({
  chain: record.chain,
  sequence: record.sequence,
  mac: record.mac,
  seal: `seal${record.sequence}`,
});

const usageRow = (more: Partial<UsageRow> = {}): UsageRow => ({
  familyId: 'fam_1',
  keyId: 'key_1',
  projectId: 'proj_1',
  organizationId: 'org_1',
  hour: 3_600_000,
  outcome: 'allowed',
  count: 1,
  ...more,
});

const denial = (id: string, more: Partial<DenialRecord> = {}): DenialRecord => ({
  id,
  keyId: 'key_1',
  at: 1_000,
  reason: 'revoked_key',
  requestId: null,
  method: null,
  path: null,
  ip: null,
  origin: null,
  required: null,
  surface: 'verify',
  ...more,
});

const everything: PageRequest = { limit: 1_000, after: null };

/** Reads a list to its end in pages of `limit`, calling `between` after each. */
async function pages<T>(
  limit: number,
  read: (page: PageRequest) => Promise<Page<T>>,
  between: () => Promise<void> = async () => {},
): Promise<T[]> {
  const rows: T[] = [];
  let after: PageRequest['after'] = null;
  do {
    const page: Page<T> = await read({ limit, after });
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    rows.push(...page.rows);
    after = page.next;
    await between();
  } while (after !== null);
  return rows;
}

const ids = (rows: readonly { id: string }[]) => rows.map((row) => row.id);

/** `durable: false`: nothing outlives the store, so nothing is asked of `reopen`. */
export function storeSuite(name: string, open: () => Promise<StoreUnderTest>, { durable }: { durable: boolean }): void {
  describe(`store: ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;

    beforeEach(async () => {
      under = await open();
      store = under.store;
    });
    afterEach(() => under.dispose());

    const seed = async (): Promise<void> => {
      await store.organizations.insert(organization('org_1'));
      await store.projects.insert(project('proj_1'));
    };

    describe('records', () => {
      it('come back exactly as they went in, with every field null', async () => {
        await seed();
        await store.keys.insert(key('key_1'));
        expect(await store.organizations.get('org_1')).toEqual(organization('org_1'));
        expect(await store.projects.get('proj_1')).toEqual(project('proj_1'));
        expect(await store.keys.get('key_1')).toEqual(key('key_1'));
      });

      it('come back exactly as they went in, with every field set', async () => {
        await seed();
        const metadata = { text: '😀 é \u0000 "quoted" \\', nested: [1, 2.5, true, null, { deep: -1e300 }], '': 0 };
        const full = key('key_1', {
          name: '键 🔑 naïve',
          permissions: ['items.read', '*'],
          restrictions: { ips: ['10.0.0.0/8', '::1/128'], referrers: [], endpoints: ['GET /a/**'] },
          limits: { perMinute: 0, perDay: 2 ** 53 - 1, concurrent: 1 },
          environment: 'staging',
          tier: 'pro',
          mode: 'test',
          model: 'legacy',
          metadata,
          ownerId: 'user_1',
          imported: true,
          digest: { kind: 'sha256', pepperId: null, value: digestOf('full') },
          webhookSecret: 'v1.bbbbbbbbbbbb.AAAA',
          expiresAt: 8.64e15,
          disabledAt: 1,
          graceEndsAt: 2,
          revokedAt: 3,
          revokedReason: 'leaked',
          lastUsedAt: 4,
          lastUsedIp: '2001:db8::1',
        });
        await store.keys.insert(full);
        expect(await store.keys.get('key_1')).toEqual(full);
        const acme = organization('org_2', { metadata, rotation: { days: null, reminders: false }, suspendedAt: 5 });
        await store.organizations.insert(acme);
        expect(await store.organizations.get('org_2')).toEqual(acme);
        const web = project('proj_2', {
          organizationId: 'org_2',
          metadata,
          tier: 'free',
          keyModel: 'legacy',
          suspendedAt: 6,
        });
        await store.projects.insert(web);
        expect(await store.projects.get('proj_2')).toEqual(web);
      });

      it('keep null, empty and filled apart', async () => {
        await seed();
        const variants = [
          { permissions: null, restrictions: null, limits: null, metadata: null },
          { permissions: [], restrictions: {}, limits: {}, metadata: {} },
          { permissions: ['a'], restrictions: { ips: [] }, limits: { perDay: 0 }, metadata: { a: null } },
        ];
        for (const [at, variant] of variants.entries()) {
          await store.keys.insert(key(`key_${at}`, variant));
          expect(await store.keys.get(`key_${at}`)).toMatchObject(variant);
        }
        for (const variant of [...variants].reverse()) {
          await store.keys.update(key('key_0', variant));
          expect(await store.keys.get('key_0')).toMatchObject(variant);
        }
      });

      it('that would come back changed are refused, never cut', async () => {
        await expect(store.organizations.insert(organization('o', { name: 'a\0b' }))).rejects.toMatchObject({
          code: 'invalid_request',
        });
        await expect(store.organizations.insert(organization('o', { name: 'a\ud800b' }))).rejects.toMatchObject({
          code: 'invalid_request',
        });
        expect(await store.organizations.get('o')).toBeNull();
      });

      it('a name that looks like SQL is a name', async () => {
        const name = `'); drop table keys; --" ? $1 :x`;
        await store.organizations.insert(organization('org_1', { name }));
        expect((await store.organizations.get('org_1'))?.name).toBe(name);
      });

      it('that are missing are null', async () => {
        expect(await store.organizations.get('x')).toBeNull();
        expect(await store.projects.get('x')).toBeNull();
        expect(await store.keys.get('x')).toBeNull();
        expect(await store.keys.findByDigest(['x'])).toBeNull();
        expect(await store.keys.findByDigest([])).toBeNull();
        expect(await store.keys.family('x')).toEqual([]);
        expect(await store.rootKeys.get('x')).toBeNull();
        expect(await store.rootKeys.findByDigest([])).toBeNull();
        expect(await store.audit.head('x')).toBeNull();
        expect(await store.replays.get('x')).toBeNull();
        expect(await store.settings.get('x')).toBeNull();
      });

      it('are changed by update, and only the one named', async () => {
        await seed();
        await store.organizations.insert(organization('org_2'));
        await store.organizations.update(organization('org_1', { name: 'New', suspendedAt: 9 }));
        expect(await store.organizations.get('org_1')).toMatchObject({ name: 'New', suspendedAt: 9 });
        expect(await store.organizations.get('org_2')).toEqual(organization('org_2'));
        await store.projects.update(project('proj_1', { tier: 'pro', suspendedAt: 9 }));
        expect(await store.projects.get('proj_1')).toMatchObject({ tier: 'pro', suspendedAt: 9 });
        await store.keys.insert(key('key_1'));
        await store.keys.insert(key('key_2'));
        await store.keys.update(key('key_1', { revokedAt: 7, revokedReason: 'x' }));
        expect(await store.keys.get('key_1')).toMatchObject({ revokedAt: 7, revokedReason: 'x' });
        expect(await store.keys.get('key_2')).toEqual(key('key_2'));
      });
    });

    describe('lists', () => {
      it('are newest first; equal times are ordered by id', async () => {
        for (const [id, createdAt] of [
          ['a', 1],
          ['c', 2],
          ['b', 2],
          ['d', 3],
        ] as const)
          await store.organizations.insert(organization(id, { createdAt }));
        expect(ids((await store.organizations.list(everything)).rows)).toEqual(['d', 'c', 'b', 'a']);
      });

      it('end with a null cursor exactly at the end', async () => {
        await store.organizations.insert(organization('a'));
        await store.organizations.insert(organization('b'));
        expect((await store.organizations.list({ limit: 2, after: null })).next).toBeNull();
        expect((await store.organizations.list({ limit: 1, after: null })).next).toEqual({ at: 1_000, id: 'b' });
        expect(await store.organizations.list({ limit: 5, after: { at: 0, id: '' } })).toEqual({
          rows: [],
          next: null,
        });
      });

      it('show each row once while others are inserted and deleted', async () => {
        await seed();
        const before = Array.from({ length: 25 }, (_, at) =>
          key(`key_${String(at).padStart(2, '0')}`, { createdAt: 1_000 + (at >> 2) }),
        );
        for (const record of before) await store.keys.insert(record);
        let newer = 0;
        const seen = await pages(
          4,
          (page) => store.keys.list({ projectId: 'proj_1' }, page),
          async () => {
            newer += 1;
            await store.keys.insert(key(`new_${newer}`, { createdAt: 5_000 + newer }));
            if (newer === 1) await store.keys.delete('key_00', 1);
          },
        );
        expect(ids(seen)).toEqual(ids(before).slice(1).sort().reverse());
      });

      it('of keys hold to their filter and their project', async () => {
        await seed();
        await store.projects.insert(project('proj_2'));
        await store.keys.insert(key('a', { mode: 'test' }));
        await store.keys.insert(key('b', { revokedAt: 5 }));
        await store.keys.insert(key('c', { familyId: 'fam_a', generation: 2 }));
        await store.keys.insert(key('d', { projectId: 'proj_2' }));
        const list = async (filter: object) =>
          ids((await store.keys.list({ projectId: 'proj_1', ...filter }, everything)).rows);
        expect(await list({})).toEqual(['c', 'b', 'a']);
        expect(await list({ notRevoked: true })).toEqual(['c', 'a']);
        expect(await list({ mode: 'test' })).toEqual(['a']);
        expect(await list({ familyId: 'fam_a' })).toEqual(['c', 'a']);
        expect(await list({ projectId: 'proj_2' })).toEqual(['d']);
      });

      it('of projects, root keys and audit page the same way', async () => {
        await seed();
        await store.organizations.insert(organization('org_2'));
        for (const id of ['a', 'b', 'c']) {
          await store.projects.insert(project(`proj_${id}`, { organizationId: id === 'b' ? 'org_2' : 'org_1' }));
          await store.rootKeys.insert(rootKey(id));
        }
        for (const sequence of [1, 2, 3]) {
          const record = auditRecord(sequence);
          await store.audit.append(record, headOf(record));
        }
        expect(ids(await pages(1, (page) => store.projects.list({}, page)))).toEqual([
          'proj_c',
          'proj_b',
          'proj_a',
          'proj_1',
        ]);
        expect(ids(await pages(1, (page) => store.projects.list({ organizationId: 'org_2' }, page)))).toEqual([
          'proj_b',
        ]);
        expect(ids(await pages(2, (page) => store.rootKeys.list(page)))).toEqual(['c', 'b', 'a']);
        expect(ids(await pages(2, (page) => store.audit.list({}, page)))).toEqual([
          'aud_org_1_3',
          'aud_org_1_2',
          'aud_org_1_1',
        ]);
      });
    });

    describe('keys', () => {
      beforeEach(seed);

      it('are found by any of several digests, the first named first', async () => {
        await store.keys.insert(key('a'));
        await store.keys.insert(key('b'));
        expect((await store.keys.findByDigest(['none', digestOf('b')]))?.id).toBe('b');
        expect((await store.keys.findByDigest([digestOf('b'), digestOf('a')]))?.id).toBe('b');
        expect((await store.keys.findByDigest([digestOf('a'), digestOf('b')]))?.id).toBe('a');
      });

      it('are found for a decision with all that decides on them, and as every other read has them', async () => {
        await store.organizations.update(organization('org_1', { metadata: { a: 1 }, suspendedAt: 5 }));
        await store.projects.update(project('proj_1', { tier: 'pro', metadata: { b: [2] }, suspendedAt: 7 }));
        const full = key('a', {
          ...{
            permissions: ['read'],
            restrictions: { ips: ['192.0.2.0/24'] },
            limits: { perMinute: 3 },
            metadata: { x: 'é' },
          },
          ...{ webhookSecret: 'v1.bbbbbbbbbbbb.AAAA', graceEndsAt: 2, lastUsedAt: 9, lastUsedIp: '192.0.2.1' },
        });
        await store.keys.insert(full);
        await store.keys.insert(key('b'));
        const place = { familyId: 'fam_a', keyId: 'a', projectId: 'proj_1', organizationId: 'org_1' };
        const refill = { amount: 5, every: 'day' } as const;
        await store.credits.open({ ...place, requestId: 'req_1', actorId: 'root_1', at: 1_000 }, 10, refill);
        const found = await store.keys.findForVerify(['none', digestOf('a')]);
        expect(found).toEqual({
          key: await store.keys.get('a'),
          project: await store.projects.get('proj_1'),
          organization: await store.organizations.get('org_1'),
          buried: false,
        });
        expect(found?.key).toMatchObject({ ...full, credits: { balance: 10, refill } });
        expect((await store.keys.findForVerify([digestOf('b'), digestOf('a')]))?.key).toEqual(key('b'));
        expect((await store.keys.findForVerify([digestOf('a'), digestOf('b')]))?.key.id).toBe('a');
        expect(await store.keys.findForVerify([digestOf('z')])).toBeNull();
        expect(await store.keys.findForVerify([])).toBeNull();
      });

      it('are found for a decision beside the digest of a deleted one, and that is said', async () => {
        await store.keys.insert(key('a'));
        await store.keys.insert(key('b'));
        await store.keys.delete('b', 99);
        expect(await store.keys.findForVerify([digestOf('b')])).toBeNull();
        expect(await store.keys.findForVerify([digestOf('b'), digestOf('a')])).toMatchObject({
          key: { id: 'a' },
          buried: true,
        });
        expect(await store.keys.findForVerify([digestOf('a')])).toMatchObject({ key: { id: 'a' }, buried: false });
        const plain = { kind: 'sha256', pepperId: null, value: digestOf('plain') } as const;
        await store.keys.insert(key('c', { digest: plain, imported: true }));
        await store.keys.update(key('c', { imported: true }));
        const moved = await store.keys.findForVerify([digestOf('c'), digestOf('plain')]);
        expect(moved, 'its older digest is known, not buried').toMatchObject({ key: { id: 'c' }, buried: false });
      });

      it('with an id or digest that is there are duplicates', async () => {
        await store.keys.insert(key('a'));
        await expect(store.keys.insert(key('b', { digest: key('a').digest }))).rejects.toMatchObject({
          code: 'duplicate_key',
        });
        await expect(store.keys.insert(key('a', { digest: key('z').digest }))).rejects.toMatchObject({
          code: 'duplicate_key',
        });
        expect(ids((await store.keys.list({ projectId: 'proj_1' }, everything)).rows)).toEqual(['a']);
      });

      it('cannot take over the digest of another by update', async () => {
        await store.keys.insert(key('a'));
        await store.keys.insert(key('b'));
        await expect(store.keys.update(key('b', { digest: key('a').digest }))).rejects.toMatchObject({
          code: 'duplicate_key',
        });
        expect(await store.keys.get('b')).toEqual(key('b'));
      });

      it('deleted are gone and never come back under their digest or id', async () => {
        await store.keys.insert(key('a'));
        await store.keys.delete('a', 99);
        expect(await store.keys.get('a')).toBeNull();
        expect(await store.keys.findByDigest([digestOf('a')])).toBeNull();
        await expect(store.keys.insert(key('b', { digest: key('a').digest }))).rejects.toMatchObject({
          code: 'duplicate_key',
        });
        await expect(store.keys.insert(key('a', { digest: key('z').digest }))).rejects.toMatchObject({
          code: 'duplicate_key',
        });
        await store.keys.delete('a', 100);
        await store.keys.insert(key('c'));
        expect((await store.keys.get('c'))?.id).toBe('c');
      });

      it('deleted with their project or organization leave tombstones too', async () => {
        await store.projects.insert(project('proj_2'));
        await store.keys.insert(key('a'));
        await store.keys.insert(key('b', { projectId: 'proj_2' }));
        await store.projects.delete('proj_1', 5);
        expect(await store.projects.get('proj_1')).toBeNull();
        expect(await store.keys.get('a')).toBeNull();
        expect((await store.keys.get('b'))?.id).toBe('b');
        await expect(
          store.keys.insert(key('x', { projectId: 'proj_2', digest: key('a').digest })),
        ).rejects.toMatchObject({
          code: 'duplicate_key',
        });
        await store.organizations.delete('org_1', 6);
        expect(await store.organizations.get('org_1')).toBeNull();
        expect(await store.projects.get('proj_2')).toBeNull();
        expect(await store.keys.get('b')).toBeNull();
        await store.organizations.insert(organization('org_2'));
        await store.projects.insert(project('proj_3', { organizationId: 'org_2' }));
        const again = key('y', { organizationId: 'org_2', projectId: 'proj_3', digest: key('b').digest });
        await expect(store.keys.insert(again)).rejects.toMatchObject({ code: 'duplicate_key' });
      });

      it('imported by a plain digest stay known by it after they moved to ours', async () => {
        const plain = { kind: 'sha256', pepperId: null, value: digestOf('plain') } as const;
        await store.keys.insert(key('a', { digest: plain, imported: true }));
        await store.keys.update(key('a', { imported: true }));
        expect((await store.keys.findByDigest([digestOf('a')]))?.id).toBe('a');
        await expect(store.keys.insert(key('b', { digest: plain }))).rejects.toMatchObject({ code: 'duplicate_key' });
        await store.keys.update(key('a', { name: 'again' }));
        expect((await store.keys.get('a'))?.name).toBe('again');
      });

      it('of a family come oldest generation first, each generation once', async () => {
        await store.keys.insert(key('c', { familyId: 'f', generation: 2 }));
        await store.keys.insert(key('b', { familyId: 'f', generation: 10 }));
        await store.keys.insert(key('a', { familyId: 'f', generation: 1 }));
        expect(ids(await store.keys.family('f'))).toEqual(['a', 'c', 'b']);
        await expect(store.keys.insert(key('d', { familyId: 'f', generation: 2 }))).rejects.toMatchObject({
          code: 'duplicate_key',
        });
      });

      it('of a project that is not there are refused', async () => {
        await expect(store.keys.insert(key('a', { projectId: 'nowhere' }))).rejects.toMatchObject({
          code: 'not_found',
        });
      });

      it('last use only moves forward, and update never touches it', async () => {
        await store.keys.insert(key('a'));
        await store.usage.recordUse([
          { keyId: 'a', at: 50, ip: '1.1.1.1' },
          { keyId: 'a', at: 40, ip: '2.2.2.2' },
          { keyId: 'gone', at: 60, ip: null },
        ]);
        expect(await store.keys.get('a')).toMatchObject({ lastUsedAt: 50, lastUsedIp: '1.1.1.1' });
        await store.usage.recordUse([{ keyId: 'a', at: 49, ip: '3.3.3.3' }]);
        await store.keys.update(key('a', { name: 'renamed', lastUsedAt: null, lastUsedIp: null }));
        expect(await store.keys.get('a')).toMatchObject({ name: 'renamed', lastUsedAt: 50, lastUsedIp: '1.1.1.1' });
        await store.usage.recordUse([{ keyId: 'a', at: 51, ip: null }]);
        expect(await store.keys.get('a')).toMatchObject({ lastUsedAt: 51, lastUsedIp: null });
      });

      it('are counted by pepper, and found while sealed under another master key', async () => {
        await store.keys.insert(key('a', { webhookSecret: 'v1.bbbbbbbbbbbb.x' }));
        await store.keys.insert(key('b', { webhookSecret: 'v1.cccccccccccc.x' }));
        await store.keys.insert(key('c', { digest: { kind: 'hmac', pepperId: 'dddddddddddd', value: digestOf('c') } }));
        await store.keys.insert(key('d', { digest: { kind: 'sha256', pepperId: null, value: digestOf('d') } }));
        // None of these can pass any more at that instant.
        await store.keys.insert(key('revoked', { revokedAt: 1 }));
        await store.keys.insert(key('expired', { expiresAt: 50 }));
        await store.keys.insert(key('rotated', { graceEndsAt: 50 }));
        const counts = await store.keys.countByPepper(50);
        expect(new Map(counts.map(({ pepperId, count }) => [pepperId, count]))).toEqual(
          new Map([
            [null, 1],
            ['aaaaaaaaaaaa', 2],
            ['dddddddddddd', 1],
          ]),
        );
        expect(ids(await store.keys.sealedUnderOther('cccccccccccc', 10))).toEqual(['a']);
        const sealed = await store.keys.countByMasterKey();
        expect(new Map(sealed.map(({ masterKeyId, count }) => [masterKeyId, count]))).toEqual(
          new Map([
            ['bbbbbbbbbbbb', 1],
            ['cccccccccccc', 1],
          ]),
        );
        expect(await store.keys.sealedUnderOther('eeeeeeeeeeee', 1)).toHaveLength(1);
        await store.keys.update(key('a', { webhookSecret: 'v1.cccccccccccc.y' }));
        expect(await store.keys.sealedUnderOther('cccccccccccc', 10)).toEqual([]);
      });

      it('restricted to referrers are found with their patterns while they pass', async () => {
        const referrers = ['https://a.example', 'https://*.b.example'];
        const restrictions = { referrers };
        await store.keys.insert(key('key_1', { restrictions, expiresAt: 5_001, graceEndsAt: 5_001 }));
        await store.keys.insert(key('key_2', { restrictions: { ips: ['192.0.2.1'] } }));
        await store.keys.insert(key('key_3'));
        await store.keys.insert(key('key_4', { restrictions, revokedAt: 4_000 }));
        await store.keys.insert(key('key_5', { restrictions, disabledAt: 4_000 }));
        await store.keys.insert(key('key_6', { restrictions, expiresAt: 5_000 }));
        await store.keys.insert(key('key_7', { restrictions, graceEndsAt: 5_000 }));
        expect(await store.keys.withReferrers(5_000)).toEqual([{ id: 'key_1', referrers }]);
      });

      it('that are to be rotated are live ones of the organization, as old as that, with no newer generation', async () => {
        const { id } = organization('org_2');
        await store.organizations.insert(organization(id));
        const made = (name: string, more: Partial<KeyRecord> = {}) =>
          store.keys.insert(key(name, { createdAt: 1_000, ...more }));
        await made('key_1');
        await made('key_2', { createdAt: 999, disabledAt: 1 });
        await made('key_3', { createdAt: 1_001 });
        await made('key_4', { mode: 'test' });
        await made('key_5', { revokedAt: 2 });
        await made('key_6', { expiresAt: 5_000 });
        await made('key_7', { graceEndsAt: 9_000 });
        await made('key_8', { organizationId: id });
        const first = await store.keys.agedIn('org_1', 1_000, 5_000, { limit: 1, after: null });
        expect(first.rows.map((row) => row.id)).toEqual(['key_1']);
        const rest = await store.keys.agedIn('org_1', 1_000, 5_000, { limit: 9, after: first.next });
        expect(rest.rows.map((row) => row.id)).toEqual(['key_2']);
        expect(rest.next).toBeNull();
      });

      it('imported count only while one of them is not revoked', async () => {
        await store.keys.insert(key('a'));
        expect(await store.keys.anyImported()).toBe(false);
        await store.keys.insert(key('b', { imported: true }));
        expect(await store.keys.anyImported()).toBe(true);
        await store.keys.update(key('b', { imported: true, revokedAt: 1 }));
        expect(await store.keys.anyImported()).toBe(false);
      });
    });

    it('networks of keys are kept once each, and go with their key', async () => {
      await seed();
      for (const id of ['a', 'b']) await store.keys.insert(key(id));
      await store.keyNetworks.add([{ keyId: 'a', network: '192.0.2.0/24' }], 1);
      const uses = ['198.51.100.0/24', '192.0.2.0/24', '192.0.2.0/24'].map((network) => ({ keyId: 'a', network }));
      await store.keyNetworks.add([...uses, { keyId: 'b', network: 'x' }, { keyId: 'gone', network: 'y' }], 2);
      await store.keyNetworks.add([], 3);
      expect(await store.keyNetworks.known(['a', 'b', 'gone'])).toEqual(
        new Map([
          ['a', ['192.0.2.0/24', '198.51.100.0/24']],
          ['b', ['x']],
        ]),
      );
      expect(await store.keyNetworks.known([])).toEqual(new Map());
      await store.keys.delete('a', 9);
      expect(await store.keyNetworks.known(['a', 'b'])).toEqual(new Map([['b', ['x']]]));
      await store.projects.delete('proj_1', 9);
      expect(await store.keyNetworks.known(['b'])).toEqual(new Map());
    });

    it('observations of keys are added up, trimmed to the latest, forgotten, and go with their key', async () => {
      await seed();
      for (const id of ['a', 'b']) await store.keys.insert(key(id));
      const seen = (
        value: string | null,
        lastAt: number,
        more: Partial<ObservationRecord> = {},
      ): ObservationRecord => ({
        ...{ keyId: 'a', kind: 'ip', value, count: 1, lastAt },
        ...more,
      });
      await store.observations.add([], 3);
      await store.observations.add([seen('x', 10), seen(null, 10), seen('y', 10), seen('x', 5, { keyId: 'gone' })], 3);
      // A node whose clock is behind takes nothing back.
      await store.observations.add([seen('x', 5, { count: 4 }), seen('r', 7, { kind: 'referrer' })], 3);
      await store.observations.add([seen('z', 1, { keyId: 'b' })], 3);
      const ofKey = async (keyId: string, from = 0) =>
        (await store.observations.list(keyId, from)).map(({ kind, value, count, lastAt }) => [
          kind,
          value,
          count,
          lastAt,
        ]);
      expect(await ofKey('a')).toEqual([
        ['ip', 'x', 5, 10],
        ['ip', null, 1, 10],
        ['ip', 'y', 1, 10],
        ['referrer', 'r', 1, 7],
      ]);
      expect(await ofKey('a', 8)).toHaveLength(3);
      await store.observations.add([seen('new', 20), seen('newer', 21)], 3);
      expect((await ofKey('a')).map(([, value]) => value)).toEqual(expect.arrayContaining(['new', 'newer', 'r']));
      expect(await ofKey('a')).toHaveLength(4);
      expect(await ofKey('b')).toHaveLength(1);
      await store.observations.prune(20);
      expect((await ofKey('a')).map(([, value]) => value)).toEqual(['new', 'newer']);
      expect(await ofKey('b')).toEqual([]);
      await store.keys.delete('a', 30);
      expect(await ofKey('a')).toEqual([]);
      await store.observations.add([seen('late', 40)], 3);
      expect(await ofKey('a')).toEqual([]);
    });

    it('root keys are kept, found by digest, changed, and unique', async () => {
      const full = rootKey('r1', { permissions: [], source: 'environment', expiresAt: 1, revokedAt: 2 });
      await store.rootKeys.insert(full);
      expect(await store.rootKeys.get('r1')).toEqual(full);
      expect(await store.rootKeys.findByDigest(['none', digestOf('r1')])).toEqual(full);
      await store.rootKeys.update({ ...full, revokedAt: null, permissions: ['keys.read'] });
      expect(await store.rootKeys.get('r1')).toMatchObject({ revokedAt: null, permissions: ['keys.read'] });
      await expect(store.rootKeys.insert(rootKey('r2', { digest: full.digest }))).rejects.toMatchObject({
        code: 'duplicate_key',
      });
      expect(await store.rootKeys.countByPepper(0)).toEqual([{ pepperId: 'aaaaaaaaaaaa', count: 1 }]);
      expect(await store.rootKeys.countByPepper(1)).toEqual([]);
      const made = (id: string, createdBy: string, more: Partial<RootKeyRecord> = {}) =>
        store.rootKeys.insert(rootKey(id, { createdBy, ...more }));
      await made('m1', 'usr_1', { createdAt: 1, revokedAt: 3 });
      await made('m2', 'm1', { createdAt: 2 });
      await made('m3', 'usr_1', { createdAt: 3, expiresAt: 10 });
      await made('m4', 'usr_2', { createdAt: 4 });
      expect((await store.rootKeys.madeBy('usr_1', 9)).map(({ id }) => id)).toEqual(['m3', 'm2']);
      expect((await store.rootKeys.madeBy('usr_1', 10)).map(({ id }) => id)).toEqual(['m2']);
      expect(await store.rootKeys.madeBy('usr_9', 0)).toEqual([]);
    });

    describe('audit', () => {
      it('keeps each chain in order with its own head', async () => {
        for (const record of [
          auditRecord(1),
          auditRecord(2),
          auditRecord(1, { chain: 'installation', organizationId: null }),
          auditRecord(3, { changes: { name: ['a', '😀'] }, projectId: 'proj_1' }),
        ])
          await store.audit.append(record, headOf(record));
        expect(await store.audit.head('org_1')).toEqual(headOf(auditRecord(3)));
        expect((await store.audit.heads()).map(({ chain, sequence }) => [chain, sequence])).toEqual([
          ['installation', 1],
          ['org_1', 3],
        ]);
        expect(await store.audit.chain('org_1', 2, 10)).toEqual([
          auditRecord(2),
          auditRecord(3, { changes: { name: ['a', '😀'] }, projectId: 'proj_1' }),
        ]);
        expect(await store.audit.chain('org_1', 1, 1)).toEqual([auditRecord(1)]);
      });

      it('has no second record at one place of a chain, and then keeps the head', async () => {
        await store.audit.append(auditRecord(1), headOf(auditRecord(1)));
        const other = auditRecord(1, { id: 'other', mac: 'other' });
        await expect(store.audit.append(other, headOf(other))).rejects.toMatchObject({ code: 'duplicate_key' });
        expect(await store.audit.head('org_1')).toEqual(headOf(auditRecord(1)));
      });

      it('is filtered by every field', async () => {
        const rows = [
          auditRecord(1, { projectId: 'p', action: 'revokeKey', targetId: 't', actorId: 'me' }),
          auditRecord(2),
          auditRecord(1, { chain: 'org_2', organizationId: 'org_2' }),
        ];
        for (const row of rows) await store.audit.append(row, headOf(row));
        const list = async (filter: object) => ids((await store.audit.list(filter, everything)).rows);
        for (const filter of [{ projectId: 'p' }, { action: 'revokeKey' }, { targetId: 't' }, { actorId: 'me' }])
          expect(await list(filter)).toEqual(['aud_org_1_1']);
        expect(await list({ organizationId: 'org_2' })).toEqual(['aud_org_2_1']);
        expect(await list({ from: 1_002 })).toEqual(['aud_org_1_2']);
        expect(await list({ from: 1_001, to: 1_002 })).toEqual(['aud_org_2_1', 'aud_org_1_1']);
      });
    });

    it('replays lose their answer first and themselves later', async () => {
      const record: ReplayRecord = { id: 'a', fingerprint: 'f', keyId: 'key_1', answer: 'sealed', createdAt: 100 };
      await store.replays.insert(record);
      await store.replays.insert({ ...record, id: 'b', createdAt: 200 });
      await expect(store.replays.insert(record)).rejects.toMatchObject({ code: 'duplicate_key' });
      await store.replays.prune(200, 100);
      expect(await store.replays.get('a')).toEqual({ ...record, answer: '' });
      expect((await store.replays.get('b'))?.answer).toBe('sealed');
      await store.replays.prune(200, 200);
      expect(await store.replays.get('a')).toBeNull();
      expect((await store.replays.get('b'))?.answer).toBe('sealed');
    });

    it('leases are open until their time is over or their key ends, and pruned after', async () => {
      await store.organizations.insert(organization('org_1'));
      await store.projects.insert(project('proj_1'));
      for (const id of ['key_1', 'key_2', 'key_3']) await store.keys.insert(key(id));
      const lease = (id: string, more: Partial<LeaseRecord> = {}): LeaseRecord => ({
        id,
        familyId: 'fam_1',
        keyId: 'key_1',
        projectId: 'proj_1',
        organizationId: 'org_1',
        mode: 'live',
        createdAt: 100,
        expiresAt: 1_000,
        ...more,
      });
      const rows = [
        lease('a'),
        lease('b', { expiresAt: 200 }),
        lease('c', { createdAt: 50 }),
        lease('of_revoked', { keyId: 'key_2' }),
        lease('of_deleted', { keyId: 'key_3' }),
        lease('of_unknown', { keyId: 'key_9' }),
      ];
      for (const row of rows) await store.leases.insert(row);
      await expect(store.leases.insert(lease('a'))).rejects.toMatchObject({ code: 'duplicate_key' });
      await store.keys.update(key('key_2', { revokedAt: 150 }));
      await store.keys.delete('key_3', 150);
      expect(await store.leases.open(199)).toEqual([
        lease('c', { createdAt: 50 }),
        lease('a'),
        lease('b', { expiresAt: 200 }),
      ]);
      expect((await store.leases.open(200)).map(({ id }) => id)).toEqual(['c', 'a']);
      const pruned = await store.leases.prune(200);
      expect(pruned.map(({ id }) => id).sort()).toEqual(['b', 'of_deleted', 'of_revoked', 'of_unknown']);
      expect(pruned).toContainEqual(lease('b', { expiresAt: 200 }));
      expect(await store.leases.prune(200)).toEqual([]);
      // Nothing that was pruned comes back with an earlier clock.
      expect((await store.leases.open(0)).map(({ id }) => id)).toEqual(['c', 'a']);
      expect(await store.leases.delete(['c', 'never there'])).toEqual([lease('c', { createdAt: 50 })]);
      expect(await store.leases.delete(['c'])).toEqual([]);
      expect(await store.leases.delete([])).toEqual([]);
      expect((await store.leases.open(0)).map(({ id }) => id)).toEqual(['a']);
    });

    describe('usage', () => {
      it('adds up, also within one call, and by key, hour and outcome', async () => {
        await store.usage.add([usageRow(), usageRow({ count: 2 }), usageRow({ outcome: 'rate_limited' })]);
        await store.usage.add([usageRow({ count: 10 }), usageRow({ hour: 7_200_000 }), usageRow({ keyId: 'key_2' })]);
        await store.usage.add([]);
        const rows = await store.usage.list({ from: 0, to: 7_200_000 });
        expect(rows).toEqual([
          usageRow({ count: 13 }),
          usageRow({ outcome: 'rate_limited' }),
          usageRow({ keyId: 'key_2' }),
        ]);
        expect(await store.usage.list({ from: 7_200_000, to: 7_200_001 })).toEqual([usageRow({ hour: 7_200_000 })]);
      });

      it('is filtered by organization, project and key', async () => {
        await store.usage.add([
          usageRow({ keyId: 'a' }),
          usageRow({ keyId: 'b', projectId: 'proj_2' }),
          usageRow({ keyId: 'c', organizationId: 'org_2', projectId: 'proj_3' }),
        ]);
        const list = async (filter: object) =>
          (await store.usage.list({ from: 0, to: 1e12, ...filter })).map((row) => row.keyId);
        expect(await list({ organizationId: 'org_1' })).toEqual(['a', 'b']);
        expect(await list({ projectId: 'proj_2' })).toEqual(['b']);
        expect(await list({ keyId: 'c' })).toEqual(['c']);
        expect(await list({ organizationId: 'org_2', keyId: 'a' })).toEqual([]);
      });

      it('is told by family and hour, of keys that are still there', async () => {
        await seed();
        for (const [id, familyId, generation] of [
          ['key_1', 'fam_1', 1],
          ['key_2', 'fam_1', 2],
          ['key_3', 'fam_2', 1],
        ] as const)
          await store.keys.insert(key(id, { familyId, generation }));
        await store.usage.add([
          usageRow({ count: 5 }),
          usageRow({ keyId: 'key_2', count: 2 }),
          usageRow({ keyId: 'key_2', outcome: 'rate_limited', count: 4 }),
          usageRow({ keyId: 'key_2', hour: 7_200_000, count: 1 }),
          usageRow({ keyId: 'key_3', familyId: 'fam_2', count: 9 }),
          usageRow({ hour: 0, count: 100 }),
        ]);
        expect(await store.usage.ofFamilies(['fam_1'], 3_600_000, 10_800_000)).toEqual([
          { familyId: 'fam_1', hour: 3_600_000, allowed: 7, count: 11 },
          { familyId: 'fam_1', hour: 7_200_000, allowed: 1, count: 1 },
        ]);
        await store.keys.delete('key_3', 1);
        expect(await store.usage.ofFamilies(['fam_1', 'fam_2'], 3_600_000, 7_200_000)).toHaveLength(1);
        expect(await store.usage.ofFamilies([], 0, 10_800_000)).toEqual([]);
      });

      it('is summed by key, the busiest first, with the name while the key is there', async () => {
        await seed();
        await store.keys.insert(key('key_1', { name: 'one' }));
        await store.usage.add([
          usageRow({ count: 5 }),
          usageRow({ count: 2, hour: 7_200_000 }),
          usageRow({ outcome: 'rate_limited', count: 4 }),
          usageRow({ keyId: 'key_2', count: 11 }),
          usageRow({ keyId: 'key_3', organizationId: 'org_2', projectId: 'proj_2', outcome: 'revoked_key', count: 20 }),
        ]);
        const one = {
          keyId: 'key_1',
          projectId: 'proj_1',
          name: 'one',
          prefix: 'lk_live_',
          hint: 'abcd',
          allowed: 7,
          refused: 4,
        };
        const gone = { name: null, prefix: null, hint: null };
        const two = { keyId: 'key_2', projectId: 'proj_1', ...gone, allowed: 11, refused: 0 };
        const three = { keyId: 'key_3', projectId: 'proj_2', ...gone, allowed: 0, refused: 20 };
        const all = { from: 0, to: 1e12 };
        expect(await store.usage.top(all, 10)).toEqual([three, one, two]);
        expect(await store.usage.top(all, 2)).toEqual([three, one]);
        expect(await store.usage.top({ ...all, organizationId: 'org_1' }, 10)).toEqual([one, two]);
        expect(await store.usage.top({ ...all, projectId: 'proj_2' }, 10)).toEqual([three]);
        expect(await store.usage.top({ ...all, keyId: 'key_2' }, 10)).toEqual([two]);
        expect(await store.usage.top({ from: 0, to: 7_200_000 }, 10)).toEqual([three, two, { ...one, allowed: 5 }]);
      });

      it('takes more rows than one statement can', async () => {
        await store.usage.add(Array.from({ length: 1_201 }, (_, at) => usageRow({ keyId: `key_${at}` })));
        expect(await store.usage.list({ from: 0, to: 1e12 })).toHaveLength(1_201);
      });
    });

    describe('denials', () => {
      const full = denial('den_1', {
        reason: 'tier_required',
        requestId: 'req_1',
        method: 'GET',
        path: '/v1/things/ö',
        ip: '2001:db8::1',
        origin: 'https://app.example',
        required: { tier: 'pro', field: 'a.b' },
        surface: 'gateway',
      });
      const idsOf = async (keyId: string, more: object = {}): Promise<string[]> =>
        (await store.denials.list({ keyId, ...more }, everything)).rows.map(({ id }) => id);

      beforeEach(async () => {
        await store.organizations.insert(organization('org_1'));
        await store.projects.insert(project('proj_1'));
        await store.keys.insert(key('key_1'));
        await store.keys.insert(key('key_2'));
      });

      it('come back as they went in, newest first, by key and request, page by page', async () => {
        await store.denials.add([full, denial('den_2'), denial('den_3', { at: 2_000 })], 100);
        await store.denials.add([denial('den_4', { keyId: 'key_2' })], 100);
        expect((await store.denials.list({ keyId: 'key_1', requestId: 'req_1' }, everything)).rows).toEqual([full]);
        expect(await idsOf('key_1')).toEqual(['den_3', 'den_2', 'den_1']);
        expect(await idsOf('key_2')).toEqual(['den_4']);
        expect(await idsOf('key_2', { requestId: 'req_1' })).toEqual([]);
        const first = await store.denials.list({ keyId: 'key_1' }, { limit: 2, after: null });
        const rest = await store.denials.list({ keyId: 'key_1' }, { limit: 2, after: first.next });
        expect([...first.rows, ...rest.rows].map(({ id }) => id)).toEqual(['den_3', 'den_2', 'den_1']);
        expect(rest.next).toBeNull();
      });

      it('written twice are there once', async () => {
        await store.denials.add([full], 100);
        await store.denials.add([full, denial('den_2')], 100);
        await store.denials.add([], 100);
        expect(await idsOf('key_1')).toEqual(['den_2', 'den_1']);
      });

      it('are the newest of each key only, those of other keys untouched', async () => {
        await store.denials.add([denial('den_a', { keyId: 'key_2', at: 1 })], 3);
        const rows = Array.from({ length: 700 }, (_, at) => denial(`den_${1000 + at}`, { at: 5_000 + (at >> 1) }));
        await store.denials.add(rows, 3);
        expect(await idsOf('key_1')).toEqual(['den_1699', 'den_1698', 'den_1697']);
        await store.denials.add([denial('den_old', { at: 2 }), denial('den_new', { at: 9_000 })], 3);
        expect(await idsOf('key_1')).toEqual(['den_new', 'den_1699', 'den_1698']);
        expect(await idsOf('key_2')).toEqual(['den_a']);
      });

      it('before an instant are forgotten', async () => {
        await store.denials.add([denial('den_1', { at: 99 }), denial('den_2', { at: 100 })], 100);
        await store.denials.prune(100);
        expect(await idsOf('key_1')).toEqual(['den_2']);
      });

      it('of a key that is deleted go with it, and none come after it', async () => {
        await store.denials.add([full, denial('den_2', { keyId: 'key_2' })], 100);
        await store.keys.delete('key_1', 5_000);
        await store.denials.add([denial('den_3'), denial('den_4', { keyId: 'key_2' })], 100);
        expect(await idsOf('key_1')).toEqual([]);
        expect(await idsOf('key_2')).toEqual(['den_4', 'den_2']);
        await store.organizations.delete('org_1', 6_000);
        expect(await idsOf('key_2')).toEqual([]);
      });
    });

    describe('tiers', () => {
      it('come back exactly as they went in, by id and by name, in ascending order', async () => {
        const full = tier('pro', 2, {
          title: 'Pro 🔑',
          limits: { perMinute: 'custom', perDay: { limit: 0, metered: false }, concurrent: 3 },
          batchSize: 2 ** 40,
          endpoints: ['GET /a/**'],
          gatedFields: ['contact_email', 'a.b'],
          permissions: [],
          updatedAt: 2_000,
        });
        for (const record of [full, tier('top', 3), tier('free', 1)]) await store.tiers.insert(record);
        expect(await store.tiers.get('tier_pro')).toEqual(full);
        expect(await store.tiers.byName('pro')).toEqual(full);
        expect(await store.tiers.byName('free')).toEqual(tier('free', 1));
        expect((await store.tiers.list()).map(({ name }) => name)).toEqual(['free', 'pro', 'top']);
        expect(await store.tiers.get('x')).toBeNull();
        expect(await store.tiers.byName('x')).toBeNull();
      });

      it('are changed by update in all but name and birth, and gone after delete', async () => {
        await store.tiers.insert(tier('free', 1));
        await store.tiers.insert(tier('pro', 2));
        await store.tiers.update(tier('free', 3, { name: 'other', createdAt: 9, batchSize: 5, updatedAt: 7 }));
        expect(await store.tiers.get('tier_free')).toEqual(tier('free', 3, { batchSize: 5, updatedAt: 7 }));
        expect((await store.tiers.list()).map(({ name }) => name)).toEqual(['pro', 'free']);
        await store.tiers.delete('tier_pro');
        expect(await store.tiers.get('tier_pro')).toBeNull();
        expect(await store.tiers.list()).toHaveLength(1);
      });

      it('have one row for each name', async () => {
        await store.tiers.insert(tier('free', 1));
        await expect(store.tiers.insert(tier('free', 2, { id: 'tier_2' }))).rejects.toThrow();
      });

      it('know who names them: keys that could still pass, those with figures of their own, projects', async () => {
        await seed();
        await store.projects.insert(project('proj_2', { tier: 'pro' }));
        await store.projects.insert(project('proj_3', { tier: 'free' }));
        const keys: [string, Partial<KeyRecord>][] = [
          ['key_1', { tier: 'pro' }],
          ['key_2', { tier: 'pro', limits: { perDay: 0 } }],
          ['key_3', { tier: 'pro', limits: {} }],
          ['key_4', { tier: 'pro', disabledAt: 1, expiresAt: 501 }],
          ['key_5', { tier: 'pro', revokedAt: 1, limits: { perDay: 1 } }],
          ['key_6', { tier: 'pro', expiresAt: 500 }],
          ['key_7', { tier: 'pro', graceEndsAt: 500 }],
          ['key_8', { tier: 'free' }],
          ['key_9', {}],
        ];
        for (const [id, more] of keys) await store.keys.insert(key(id, more));
        expect(await store.tiers.counts('pro', 500)).toEqual({ keys: 4, keysWithOverrides: 1, projects: 1 });
        expect(await store.tiers.counts('x', 500)).toEqual({ keys: 0, keysWithOverrides: 0, projects: 0 });
        const on = (tiers: (string | null)[]) => pages(2, (page) => store.keys.onTiers(tiers, 500, page));
        expect(ids(await on(['pro']))).toEqual(['key_4', 'key_3', 'key_2', 'key_1']);
        expect(ids(await on(['free', null]))).toEqual(['key_9', 'key_8']);
        expect(ids(await on([null]))).toEqual(['key_9']);
        expect(await on([])).toEqual([]);
      });
    });

    describe('the log of changes', () => {
      const ended = (id: string): Change => ({ subject: 'key', id, kind: 'ended' });

      it('counts up without a gap, what failed left out, and tells its end with what is read', async () => {
        expect(await store.changes.after(0, 10)).toEqual({ latest: 0, rows: [] });
        expect(await store.changes.latest()).toBe(0);
        const append = (id: string) => store.transaction((view) => view.changes.append([ended(id)], 1_000));
        expect(await append('a')).toBe(1);
        await store
          .transaction(async (view) => {
            expect(await view.changes.append([ended('lost')], 1_000)).toBe(2);
            throw new Error('undone');
          })
          .catch(() => {});
        expect(await append('é "b"')).toBe(2);
        expect(await append('c')).toBe(3);
        expect(await store.changes.after(0, 10)).toEqual({
          latest: 3,
          rows: [
            { position: 1, changes: [ended('a')] },
            { position: 2, changes: [ended('é "b"')] },
            { position: 3, changes: [ended('c')] },
          ],
        });
        expect(await store.changes.after(1, 1)).toEqual({
          latest: 3,
          rows: [{ position: 2, changes: [ended('é "b"')] }],
        });
        expect(await store.changes.after(3, 10)).toEqual({ latest: 3, rows: [] });
        expect(await store.changes.latest()).toBe(3);
      });

      it('is seen in the order of its positions, by whoever reads while many write', async () => {
        const writing = Promise.all(
          Array.from({ length: 50 }, (_, at) =>
            store.transaction(async (view) => {
              const position = await view.changes.append([ended(`k${at}`)], 1_000);
              if (at % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
              return position;
            }),
          ),
        );
        let last = 0;
        while (last < 50) {
          const { latest, rows } = await store.changes.after(last, 1_000);
          expect(rows.map(({ position }) => position)).toEqual(rows.map((_, at) => last + at + 1));
          expect(latest).toBe(last + rows.length);
          last = latest;
        }
        expect((await writing).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
      });

      it('keeps its count when what is past is forgotten', async () => {
        for (const id of ['a', 'b', 'c']) await store.transaction((view) => view.changes.append([ended(id)], 1_000));
        await store.changes.prune(2);
        expect(await store.changes.after(0, 10)).toEqual({ latest: 3, rows: [{ position: 3, changes: [ended('c')] }] });
        await store.changes.prune(3);
        expect(await store.changes.after(0, 10)).toEqual({ latest: 3, rows: [] });
        expect(await store.transaction((view) => view.changes.append([ended('d')], 1_000))).toBe(4);
      });
    });

    it('nodes count their beats up, are listed and removed', async () => {
      expect(await store.nodes.list()).toEqual([]);
      for (const id of ['node_b', 'node_a', 'node_b']) await store.nodes.beat(id, []);
      await store.nodes.beat('node_b', ['aa', 'bb']);
      expect(await store.nodes.list()).toEqual([
        { id: 'node_a', beat: 1, ringKeys: [] },
        { id: 'node_b', beat: 3, ringKeys: ['aa', 'bb'] },
      ]);
      await store.nodes.remove(['node_b', 'node_x']);
      await store.nodes.remove([]);
      expect(await store.nodes.list()).toMatchObject([{ id: 'node_a', beat: 1 }]);
    });

    it('settings are set, replaced and listed by name', async () => {
      await store.settings.set('b', '1');
      await store.settings.set('a', '');
      await store.settings.set('b', '2');
      expect(await store.settings.get('b')).toBe('2');
      expect(await store.settings.list()).toEqual([
        { name: 'a', value: '' },
        { name: 'b', value: '2' },
      ]);
    });

    describe('members', () => {
      const members = async (organizationId: string, page: PageRequest = everything) =>
        (await store.memberships.list(organizationId, page)).rows.map(({ userId }) => userId);

      it('are one row for each organization and user, whose role may change and whose beginning may not', async () => {
        await store.memberships.put(membership('usr_1', { role: 'owner' }));
        await store.memberships.put(membership('usr_1', { organizationId: 'org_2', role: 'billing' }));
        await store.memberships.put(membership('usr_2'));
        await store.memberships.put(membership('usr_1', { role: 'admin', createdAt: 9_000 }));
        expect(await store.memberships.get('org_1', 'usr_1')).toEqual(membership('usr_1', { role: 'admin' }));
        expect(await store.memberships.get('org_2', 'usr_2')).toBeNull();
        expect(await store.memberships.ofUser('usr_1')).toEqual([
          membership('usr_1', { role: 'admin' }),
          membership('usr_1', { organizationId: 'org_2', role: 'billing' }),
        ]);
        expect(await store.memberships.ofUser('usr_9')).toEqual([]);
        expect(await store.memberships.count('org_1', 'owner')).toBe(0);
        expect(await store.memberships.count('org_1', 'admin')).toBe(1);
      });

      it('are listed newest first, page by page, of their organization alone', async () => {
        for (const [userId, createdAt] of [
          ['a', 1],
          ['c', 2],
          ['b', 2],
          ['d', 3],
        ] as const)
          await store.memberships.put(membership(userId, { createdAt }));
        await store.memberships.put(membership('e', { organizationId: 'org_2' }));
        expect(await members('org_1')).toEqual(['d', 'c', 'b', 'a']);
        const first = await store.memberships.list('org_1', { limit: 2, after: null });
        expect(await members('org_1', { limit: 2, after: first.next })).toEqual(['b', 'a']);
        expect((await store.memberships.list('org_1', { limit: 2, after: { at: 2, id: 'b' } })).next).toBeNull();
      });

      it('that are removed are gone, and only those', async () => {
        await store.memberships.put(membership('usr_1'));
        await store.memberships.put(membership('usr_2'));
        expect(await store.memberships.remove('org_1', 'usr_1')).toBe(true);
        expect(await store.memberships.remove('org_1', 'usr_1')).toBe(false);
        expect(await members('org_1')).toEqual(['usr_2']);
      });

      it('go with their organization, and its invitations too', async () => {
        await seed();
        await store.organizations.insert(organization('org_2'));
        for (const organizationId of ['org_1', 'org_2']) {
          await store.memberships.put(membership('usr_1', { organizationId }));
          await store.invitations.insert(invitation(`inv_${organizationId}`, { organizationId }));
        }
        await store.organizations.delete('org_1', 5);
        expect(await store.memberships.ofUser('usr_1')).toEqual([membership('usr_1', { organizationId: 'org_2' })]);
        expect(await store.invitations.get('inv_org_1')).toBeNull();
        expect(await store.invitations.get('inv_org_2')).not.toBeNull();
      });

      it('made keys that can be told apart: theirs, of that organization, and not over', async () => {
        await seed();
        await store.organizations.insert(organization('org_2'));
        await store.projects.insert(project('proj_2', { organizationId: 'org_2' }));
        const theirs = { createdBy: 'usr_1' };
        await store.keys.insert(key('key_1', { ...theirs, createdAt: 1 }));
        await store.keys.insert(key('key_2', { ...theirs, createdAt: 2, expiresAt: 900 }));
        await store.keys.insert(key('key_3', { ...theirs, revokedAt: 5 }));
        await store.keys.insert(key('key_4', { ...theirs, graceEndsAt: 899 }));
        await store.keys.insert(key('key_5'));
        await store.keys.insert(key('key_6', { ...theirs, organizationId: 'org_2', projectId: 'proj_2' }));
        // Made with a key of theirs, also one that is over, and with a key of that making; and with somebody else's.
        await store.keys.insert(key('key_7', { createdBy: 'key_3', createdAt: 7, revokedAt: 8 }));
        await store.keys.insert(key('key_8', { createdBy: 'key_7', createdAt: 8 }));
        await store.keys.insert(key('key_9', { createdBy: 'key_5', createdAt: 9 }));
        expect(ids(await store.keys.madeBy('org_1', 'usr_1', 899))).toEqual(['key_8', 'key_2', 'key_1']);
        expect(ids(await store.keys.madeBy('org_1', 'usr_1', 900))).toEqual(['key_8', 'key_1']);
        expect(await store.keys.madeBy('org_1', 'usr_2', 0)).toEqual([]);
      });
    });

    it('refused reminders are handed to one that takes them, once they are due', async () => {
      await store.organizations.insert(organization('org_1'));
      const kept = (id: string, retryAt: number, organizationId = 'org_1') => ({
        ...{ id, organizationId, userId: 'usr_1', tries: 1, retryAt },
        keys: [{ id: 'key_1', rotateBy: 5, stage: 'due' as const }],
      });
      for (const record of [kept('a', 1), kept('b', 2), kept('c', 3)]) await store.reminders.keep(record);
      expect(await store.reminders.take(0, 9)).toEqual([]);
      const taken = await Promise.all([1, 2, 3].map(() => store.reminders.take(2, 9)));
      expect((await store.reminders.take(2, 9)).concat(...taken).sort((x, y) => x.retryAt - y.retryAt)).toEqual([
        kept('a', 1),
        kept('b', 2),
      ]);
      await store.organizations.delete('org_1', 9);
      expect(await store.reminders.take(9, 9)).toEqual([]);
    });

    describe('invitations', () => {
      it('come back exactly as they went in, by id and by the hash of their token', async () => {
        const full = invitation('inv_1', { acceptedAt: 5, revokedAt: 6, role: 'operator', byLetter: true });
        const bare = invitation('inv_2', { organizationId: null, email: null });
        await store.invitations.insert(full);
        await store.invitations.insert(bare);
        expect(await store.invitations.get('inv_1')).toEqual(full);
        expect(await store.invitations.findByTokenHash(digestOf('inv_2'))).toEqual(bare);
        expect(await store.invitations.findByTokenHash(digestOf('inv_3'))).toBeNull();
        expect(await store.invitations.get('inv_3')).toBeNull();
      });

      it('never share a token', async () => {
        await store.invitations.insert(invitation('inv_1'));
        const again = invitation('inv_2', { tokenHash: digestOf('inv_1') });
        await expect(store.invitations.insert(again)).rejects.toThrow();
      });

      it('are open until they are accepted or taken back, by place and address', async () => {
        await store.invitations.insert(invitation('inv_1'));
        await store.invitations.insert(invitation('inv_2', { createdAt: 1_500 }));
        await store.invitations.insert(invitation('inv_3', { email: null }));
        await store.invitations.insert(invitation('inv_4', { organizationId: null }));
        await store.invitations.insert(invitation('inv_5', { organizationId: null, email: null }));
        const open = async (organizationId: string | null, email: string | null) =>
          ids(await store.invitations.pending(organizationId, email));
        expect(await open('org_1', 'ada@example.com')).toEqual(['inv_2', 'inv_1']);
        expect(await open('org_1', null)).toEqual(['inv_3']);
        expect(await open(null, 'ada@example.com')).toEqual(['inv_4']);
        expect(await open(null, null)).toEqual(['inv_5']);
        expect(await open('org_2', null)).toEqual([]);
        await store.invitations.update(invitation('inv_1', { acceptedAt: 1_700 }));
        await store.invitations.update(invitation('inv_2', { createdAt: 1_500, revokedAt: 1_700 }));
        expect(await open('org_1', 'ada@example.com')).toEqual([]);
        expect(ids((await store.invitations.list('org_1', everything)).rows)).toEqual(['inv_2', 'inv_3', 'inv_1']);
        await store.invitations.insert(invitation('inv_6', { invitedBy: 'usr_else' }));
        const { invitedBy } = invitation('inv_3');
        expect(ids(await store.invitations.pendingBy(invitedBy, 'org_1'))).toEqual(['inv_3']);
        expect(ids(await store.invitations.pendingBy(invitedBy, undefined)).sort()).toEqual([
          'inv_3',
          'inv_4',
          'inv_5',
        ]);
        expect(ids(await store.invitations.pendingBy('usr_else', undefined))).toEqual(['inv_6']);
        const to = (await store.invitations.pendingBy('usr_else', undefined))[0]?.email as string;
        expect(ids(await store.invitations.pendingTo(to))).toContain('inv_6');
        for (const { email, acceptedAt, revokedAt } of await store.invitations.pendingTo(to))
          expect([email, acceptedAt, revokedAt]).toEqual([to, null, null]);
        expect(await store.invitations.pendingTo('nobody@example.com')).toEqual([]);
        expect(ids((await store.invitations.list(null, { limit: 1, after: null })).rows)).toEqual(['inv_5']);
      });
    });

    describe('people', () => {
      const user = (id: string, email: string, at: number) =>
        store.signIn.insert('users', {
          ...{ id, email, name: id, image: null, email_verified: 1, two_factor_enabled: 0, is_operator: 0 },
          ...{ created_at: at, updated_at: at },
        });
      const session = (id: string, userId: string, at: number, expiresAt = 9_000) =>
        store.signIn.insert('sessions', {
          ...{ id, user_id: userId, token_hash: `hash of ${id}`, expires_at: expiresAt, ip: '10.0.0.1' },
          ...{ user_agent: 'Browser', created_at: at, updated_at: at },
        });

      it('are found by id and by address, and made operators', async () => {
        await user('user_1', 'ada@example.com', 1_000);
        await user('user_2', 'ben@example.com', 2_000);
        const ada = {
          ...{ id: 'user_1', email: 'ada@example.com', name: 'user_1', emailVerified: true, isOperator: false },
          ...{ twoFactorEnabled: false, createdAt: 1_000 },
        };
        expect(await store.users.get('user_1')).toEqual(ada);
        expect(await store.users.get('user_9')).toBeNull();
        expect(await store.users.findByEmail('Ada@Example.com')).toEqual(ada);
        expect(await store.users.findByEmail('nobody@example.com')).toBeNull();
        const listed = await store.users.list(['user_2', 'user_9', 'user_1', 'user_1']);
        expect(listed.map(({ id }) => id).sort()).toEqual(['user_1', 'user_2']);
        expect(await store.users.list([])).toEqual([]);

        expect(await store.users.operators()).toEqual([]);
        await store.users.setOperator('user_1', true);
        await store.users.setOperator('user_2', true);
        expect((await store.users.operators()).map(({ id }) => id)).toEqual(['user_2', 'user_1']);
        await store.users.setOperator('user_2', false);
        expect(await store.users.operators()).toEqual([{ ...ada, isOperator: true }]);
      });

      it('have an address each, and go with what signs them in', async () => {
        await user('user_1', 'ada@example.com', 1_000);
        await expect(user('user_2', 'ada@example.com', 1_000)).rejects.toMatchObject({ code: 'duplicate_key' });
        await user('user_2', 'ben@example.com', 1_000);
        const taken = store.transaction((view) => view.users.setEmail('user_2', 'ada@example.com'));
        await expect(taken).rejects.toMatchObject({ code: 'duplicate_key' });
        await store.users.setEmail('user_2', 'Bea@Example.com');
        expect(await store.users.findByEmail('bea@example.com')).toMatchObject({ id: 'user_2', emailVerified: true });
        await session('a', 'user_1', 1);
        await session('b', 'user_2', 1);
        await store.users.remove('user_1');
        expect(await store.users.get('user_1')).toBeNull();
        expect(await store.sessions.get('a')).toBeNull();
        expect(await store.sessions.get('b')).not.toBeNull();
      });

      it('have sessions of their own, which nobody else ends, and none without a user', async () => {
        await user('user_1', 'ada@example.com', 1_000);
        await user('user_2', 'ben@example.com', 1_000);
        for (const [id, owner] of Object.entries({ a: 'user_1', b: 'user_1', c: 'user_1', d: 'user_2' }))
          await session(id, owner, id.charCodeAt(0));
        await expect(session('e', 'user_9', 1)).rejects.toMatchObject({ code: 'not_found' });
        expect(await store.sessions.get('a')).toEqual({
          ...{ id: 'a', userId: 'user_1', createdAt: 97, expiresAt: 9_000, ip: '10.0.0.1', userAgent: 'Browser' },
        });
        const ids = async (userId: string) => (await store.sessions.list(userId)).map(({ id }) => id);
        expect(await ids('user_1')).toEqual(['c', 'b', 'a']);
        expect(await store.sessions.remove('user_2', 'a')).toBe(false);
        expect(await store.sessions.remove('user_1', 'a')).toBe(true);
        expect(await store.sessions.get('a')).toBeNull();
        expect(await store.sessions.removeOthers('user_1', 'b')).toBe(1);
        expect(await ids('user_1')).toEqual(['b']);
        expect(await store.sessions.removeAll('user_1')).toBe(1);
        expect(await ids('user_1')).toEqual([]);
        expect(await ids('user_2')).toEqual(['d']);
        await store.signIn.delete('users', [{ column: 'id', operator: '=', value: 'user_2', either: false }]);
        expect(await ids('user_2')).toEqual([]);
      });

      it('are read and changed by whatever sign-in asks for', async () => {
        for (const [at, name] of ['ada', 'ben', 'cyd'].entries()) await user(name, `${name}@example.com`, at);
        type Condition = Parameters<typeof store.signIn.count>[1][number];
        const that = (column: string, operator: Condition['operator'], value: Condition['value'], either = false) => ({
          ...{ column, operator, value, either },
        });
        const found = async (...where: Condition[]) =>
          (await store.signIn.find('users', where, { sort: { column: 'created_at', descending: true } })).map(
            ({ id }) => id,
          );
        expect(await found()).toEqual(['cyd', 'ben', 'ada']);
        expect(await found(that('created_at', '>', 0), that('id', '!=', 'cyd'))).toEqual(['ben']);
        expect(await found(that('id', '=', 'ada', true), that('id', '=', 'cyd', true))).toEqual(['cyd', 'ada']);
        expect(await found(that('id', 'in', ['ada', 'ben']), that('image', '=', null))).toEqual(['ben', 'ada']);
        expect(await found(that('id', 'in', []))).toEqual([]);
        expect(await found(that('id', 'not in', []), that('image', '!=', null))).toEqual([]);
        const paged = { limit: 1, offset: 1, sort: { column: 'id', descending: false } };
        expect(await store.signIn.find('users', [], paged)).toMatchObject([{ id: 'ben' }]);
        expect(await store.signIn.count('users', [that('created_at', '<=', 1)])).toBe(2);
        expect(await store.signIn.update('users', [that('id', '!=', 'ada')], { name: 'x' })).toMatchObject([
          { name: 'x' },
          { name: 'x' },
        ]);
        expect(await store.signIn.delete('users', [that('name', '=', 'x')])).toBe(2);
      });

      it('may use a code once, however many try at once', async () => {
        await user('user_1', 'ada@example.com', 1_000);
        const code = { column: 'name', operator: '=', value: 'user_1', either: false } as const;
        const change = { values: { name: 'used' }, plus: { updated_at: 5 } };
        const changed = await Promise.all([1, 2, 3].map(() => store.signIn.updateOne('users', [code], change)));
        expect(changed.filter((row) => row !== null)).toMatchObject([{ name: 'used', updated_at: 1_005 }]);
        const used = { ...code, value: 'used' };
        const taken = await Promise.all([1, 2, 3].map(() => store.signIn.deleteOne('users', [used])));
        expect(taken.filter((row) => row !== null)).toMatchObject([{ id: 'user_1' }]);
      });

      it('are counted in their attempts, from 1 again when the time is over', async () => {
        const counts = await Promise.all([1, 2, 3].map(() => store.signIn.countAttempt('a', 1_000, 500)));
        expect(counts.map(({ count }) => count).sort()).toEqual([1, 2, 3]);
        expect(await store.signIn.countAttempt('a', 1_499, 500)).toEqual({ count: 4, endsAt: 1_500 });
        expect(await store.signIn.countAttempt('b', 1_499, 500)).toEqual({ count: 1, endsAt: 1_999 });
        expect(await store.signIn.countAttempt('a', 1_500, 500)).toEqual({ count: 1, endsAt: 2_000 });
        await store.signIn.forgetAttempts('a');
        expect(await store.signIn.countAttempt('a', 1_501, 500)).toEqual({ count: 1, endsAt: 2_001 });
      });

      it('lose what is over when it is pruned, and nothing else', async () => {
        await user('user_1', 'ada@example.com', 1_000);
        await session('over', 'user_1', 1, 5_000);
        await session('open', 'user_1', 1, 5_001);
        await store.signIn.countAttempt('over', 4_000, 1_000);
        await store.signIn.countAttempt('open', 4_001, 1_000);
        await store.signIn.prune(5_000);
        expect((await store.sessions.list('user_1')).map(({ id }) => id)).toEqual(['open']);
        expect(await store.signIn.countAttempt('open', 4_002, 1_000)).toMatchObject({ count: 2 });
        expect(await store.signIn.countAttempt('over', 4_002, 1_000)).toMatchObject({ count: 1 });
      });
    });

    describe('transactions', () => {
      it('keep nothing of work that throws, and pass its error on', async () => {
        const failure = new Error('no');
        await expect(
          store.transaction(async (view) => {
            await view.organizations.insert(organization('org_1'));
            await view.settings.set('a', '1');
            await view.usage.add([usageRow()]);
            throw failure;
          }),
        ).rejects.toBe(failure);
        expect(await store.organizations.get('org_1')).toBeNull();
        expect(await store.settings.get('a')).toBeNull();
        expect(await store.usage.list({ from: 0, to: 1e12 })).toEqual([]);
      });

      it('see their own writes and return what the work returns', async () => {
        const seen = await store.transaction(async (view) => {
          await view.settings.set('a', '1');
          return view.settings.get('a');
        });
        expect(seen).toBe('1');
        expect(await store.settings.get('a')).toBe('1');
      });

      it('let no other write in, neither alone nor from another transaction', async () => {
        let release = () => {};
        const gate = new Promise<void>((resolve) => {
          release = resolve;
        });
        const rolledBack = store.transaction(async (view) => {
          await view.settings.set('inside', '1');
          await gate;
          throw new Error('roll back');
        });
        const alone = store.settings.set('alone', '1');
        const other = store.transaction((view) => view.settings.set('other', '1'));
        const raised = store.raiseDay('fam', 1, 1);
        await new Promise((resolve) => setTimeout(resolve, 20));
        release();
        await expect(rolledBack).rejects.toThrow('roll back');
        await Promise.all([alone, other, raised]);
        expect((await store.settings.list()).map((row) => row.name)).toEqual(['alone', 'other']);
        expect(await store.readDay('fam', 1)).toBe(1);
      });

      it('lose no update when many read and write the same value at once', async () => {
        await store.settings.set('n', '0');
        await Promise.all(
          Array.from({ length: 200 }, () =>
            store.transaction(async (view) => {
              const value = Number(await view.settings.get('n'));
              await Promise.resolve();
              await view.settings.set('n', String(value + 1));
            }),
          ),
        );
        expect(await store.settings.get('n')).toBe('200');
      });

      it('cannot be used after they have ended', async () => {
        const leaked = await store.transaction(async (view) => ({ view }));
        await expect(leaked.view.settings.set('late', '1')).rejects.toThrow();
        expect(await store.settings.get('late')).toBeNull();
      });

      it('that queue up leave timers their turn', async () => {
        let turns = 0;
        const timer = setInterval(() => {
          turns += 1;
        }, 1);
        // Far more than one turn's worth on any machine: all of it in one go would leave no turn at all.
        await Promise.all(Array.from({ length: 5000 }, (_, at) => store.settings.set('n', String(at))));
        clearInterval(timer);
        expect(turns).toBeGreaterThan(1);
      });
    });

    describe('requests under an Idempotency-Key', () => {
      const record = (id: string, more: Partial<IdempotencyRecord> = {}): IdempotencyRecord => ({
        ...{ id, fingerprint: `of ${id}`, answer: null, nodeId: 'node_1', createdAt: 1_000 },
        ...more,
      });

      it('are found as they were put last, by whoever had found what was there', async () => {
        const { idempotency } = store;
        const a = record('a');
        const answered = record('a', { answer: 'v1.mk1.aaa' });
        expect(await idempotency.put(a, null)).toBe(true);
        expect(await idempotency.put(record('a', { nodeId: 'node_2' }), null)).toBe(false);
        expect(await idempotency.put(record('b', { answer: 'v1.mk1.bbb', nodeId: null }), null)).toBe(true);
        expect(await idempotency.find('a')).toEqual(a);
        for (const other of [
          record('a', { fingerprint: 'other' }),
          record('a', { createdAt: 999 }),
          record('a', { nodeId: 'node_2' }),
          record('a', { nodeId: null }),
          answered,
          record('c'),
        ]) {
          expect(await idempotency.put(record(other.id, { fingerprint: 'new' }), other)).toBe(false);
          await idempotency.remove(other);
        }
        expect(await idempotency.put(answered, a)).toBe(true);
        expect(await idempotency.put(answered, a)).toBe(false);
        expect(await idempotency.find('c')).toBe(null);
        const again = durable ? (await under.reopen()).idempotency : idempotency;
        expect(await again.find('a')).toEqual(answered);
        expect(await again.find('b')).toEqual(record('b', { answer: 'v1.mk1.bbb', nodeId: null }));
        expect(await again.put(record('a', { createdAt: 2_000 }), answered)).toBe(true);
        await again.remove(record('a', { createdAt: 2_000 }));
        expect(await again.find('a')).toBe(null);
      });

      it('claimed by many at once have one owner', async () => {
        const { idempotency } = store;
        const claims = Array.from({ length: 50 }, (_, at) =>
          idempotency.put(record(`k${at % 5}`, { nodeId: `node_${at}` }), null),
        );
        expect((await Promise.all(claims)).filter((won) => won)).toHaveLength(5);
      });

      it('put and removed in one tick end as the last call says, however many they are', async () => {
        const { idempotency } = store;
        await Promise.all([
          ...Array.from({ length: 1_200 }, (_, at) => idempotency.put(record(`many-${at}`), null)),
          idempotency.put(record('x'), null),
          idempotency.remove(record('x')),
          idempotency.remove(record('y')),
          idempotency.put(record('y'), null),
        ]);
        expect(await idempotency.find('x')).toBe(null);
        expect(await idempotency.find('y')).toEqual(record('y'));
        for (const at of [0, 499, 500, 1_199]) expect(await idempotency.find(`many-${at}`)).not.toBe(null);
        await idempotency.remove(record('y'));
        await idempotency.remove(record('y'));
        expect(await idempotency.find('y')).toBe(null);
      });

      it('are forgotten by age', async () => {
        const { idempotency } = store;
        await idempotency.put(record('old', { createdAt: 999 }), null);
        await idempotency.put(record('new', { createdAt: 1_000 }), null);
        await idempotency.prune(1_000);
        expect([await idempotency.find('old'), (await idempotency.find('new'))?.id]).toEqual([null, 'new']);
      });

      it('are counted by master key, listed in pages, and sealed anew only while they hold the same text', async () => {
        const { idempotency } = store;
        for (const id of ['a', 'b', 'c', 'd']) await idempotency.put(record(id, { answer: `v1.mk1.${id}` }), null);
        await idempotency.put(record('e', { answer: 'v1.mk2.e' }), null);
        await idempotency.put(record('f'), null);
        const counts = async () =>
          (await idempotency.countByMasterKey()).sort((x, y) => x.masterKeyId.localeCompare(y.masterKeyId));
        expect(await counts()).toEqual([
          { masterKeyId: 'mk1', count: 4 },
          { masterKeyId: 'mk2', count: 1 },
        ]);
        const ids = async (after: string) => (await idempotency.sealedUnderOther('mk2', after, 3)).map(({ id }) => id);
        expect([await ids(''), await ids('c')]).toEqual([['a', 'b', 'c'], ['d']]);
        await idempotency.reseal('a', 'v1.mk1.a', 'v1.mk2.a');
        await idempotency.reseal('b', 'v1.mk1.another', 'v1.mk2.b');
        await idempotency.reseal('f', 'v1.mk1.f', 'v1.mk2.f');
        expect((await idempotency.find('b'))?.answer).toBe('v1.mk1.b');
        expect((await idempotency.find('f'))?.answer).toBe(null);
        expect(await counts()).toEqual([
          { masterKeyId: 'mk1', count: 3 },
          { masterKeyId: 'mk2', count: 2 },
        ]);
      });
    });

    describe('quota days', () => {
      it('only rise, day by day and family by family', async () => {
        expect(await store.readDay('f', 1)).toBe(0);
        await store.raiseDay('f', 1, 5);
        await store.raiseDay('f', 1, 3);
        await store.raiseDay('f', 2, 1);
        expect(await store.readDay('f', 1)).toBe(5);
        expect(await store.readDay('f', 2)).toBe(1);
        expect(await store.readDay('g', 1)).toBe(0);
      });

      it('raised in one tick keep the highest of each', async () => {
        await Promise.all([
          ...Array.from({ length: 600 }, (_, at) => store.raiseDay(`f${at}`, 1, at + 1)),
          store.raiseDay('f0', 1, 9),
          store.raiseDay('f0', 1, 4),
        ]);
        expect(await store.readDay('f0', 1)).toBe(9);
        expect(await store.readDay('f599', 1)).toBe(600);
      });

      it('fail together when their transaction fails, and later ones pass', async () => {
        const outcomes = await Promise.allSettled([
          store.raiseDay('f', 1, 1),
          store.raiseDay('bad', 1, null as unknown as number),
        ]);
        expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
        expect(await store.readDay('f', 1)).toBe(0);
        await store.raiseDay('f', 1, 1);
        expect(await store.readDay('f', 1)).toBe(1);
      });

      it('are set exactly and pruned', async () => {
        await store.raiseDay('f', 1, 100);
        await store.setDays([
          { familyId: 'f', day: 1, used: 40 },
          { familyId: 'g', day: 2, used: 1 },
        ]);
        await store.setDays([]);
        expect(await store.readDay('f', 1)).toBe(40);
        await store.pruneDays(2);
        expect(await store.readDay('f', 1)).toBe(0);
        expect(await store.readDay('g', 2)).toBe(1);
      });
    });

    describe('credits', () => {
      const place = (more: object = {}) => ({
        familyId: 'fam_1',
        keyId: 'key_1',
        projectId: 'proj_1',
        organizationId: 'org_1',
        requestId: 'req_0',
        actorId: 'root_1',
        at: 1_000,
        ...more,
      });
      const spend = (requestId: string, credits = 1, more: object = {}) =>
        store.spendCredits({ familyId: 'fam_1', keyId: 'key_1', credits, requestId, at: 2_000, ...more });
      const reserve = (id: string, credits: number, more: object = {}) =>
        store.reserveCredits({
          ...{ familyId: 'fam_1', keyId: 'key_1', credits, requestId: `for ${id}`, at: 2_000 },
          ...{ id, expiresAt: 3_000, renew: false, ...more },
        });
      const balance = async () => (await store.credits.get('fam_1'))?.balance;

      it('of a family that has none are unbounded', async () => {
        expect(await spend('a')).toEqual({ result: 'unbounded', written: [] });
        expect(await store.credits.get('fam_1')).toBeNull();
        expect(await store.credits.adjust(place(), { add: 1 })).toEqual({ fault: 'unbounded' });
      });

      it('are booked in the order of the calls, all of one tick at once, and never below 0', async () => {
        await store.credits.open(place(), 3, null);
        const outcomes = await Promise.all(['a', 'b', 'a', 'c', 'd'].map((id) => spend(id)));
        expect(outcomes.map((outcome) => [outcome.result, 'balance' in outcome && outcome.balance])).toEqual([
          ['spent', 2],
          ['spent', 1],
          ['spent', 2],
          ['spent', 0],
          ['insufficient', 0],
        ]);
        expect(outcomes[2]).toMatchObject({ repeated: true, written: [] });
        expect(await spend('b', 2)).toMatchObject({ result: 'mismatch' });
        expect(await balance()).toBe(0);
        const { rows, next } = await store.credits.entries('fam_1', { limit: 2, after: null });
        expect(rows.map(({ sequence, amount, balanceAfter }) => [sequence, amount, balanceAfter])).toEqual([
          [4, -1, 0],
          [3, -1, 1],
        ]);
        const rest = await store.credits.entries('fam_1', { limit: 5, after: next });
        expect(rest.rows.map(({ kind }) => kind)).toEqual(['debit', 'grant']);
        expect(rest.next).toBeNull();
        expect(await store.credits.faults()).toEqual([]);
      });

      it('come back once; the same request id may then be charged once more', async () => {
        await store.credits.open(place(), 5, null);
        const refund = (requestId: string) =>
          store.refundCredits({ familyId: 'fam_1', keyId: 'key_1', requestId, at: 2_500 });
        await spend('a', 4);
        expect((await Promise.all([refund('a'), refund('a'), refund('b')])).map(({ refunded }) => refunded)).toEqual([
          4, 0, 0,
        ]);
        expect(await store.credits.debitOf('fam_1', 'a')).toBeNull();
        expect(await spend('a', 4)).toMatchObject({ result: 'spent', repeated: false, balance: 1 });
        expect((await refund('a')).refunded).toBe(4);
        expect(await balance()).toBe(5);
      });

      it('of two families do not touch each other, in one transaction or apart', async () => {
        await store.credits.open(place(), 1, null);
        await store.credits.open(place({ familyId: 'fam_2' }), 1, null);
        const outcomes = await Promise.all([spend('a'), spend('a', 1, { familyId: 'fam_2' }), spend('b')]);
        expect(outcomes.map(({ result }) => result)).toEqual(['spent', 'spent', 'insufficient']);
      });

      it('are refilled by whatever touches them first, once', async () => {
        const day = 86_400_000;
        await store.credits.open(place(), 1, { amount: 10, every: 'day' });
        const outcomes = await Promise.all(['a', 'b', 'c'].map((id) => spend(id, 2, { at: day })));
        expect(outcomes.map(({ written }) => written)).toEqual([['refill', 'debit'], ['debit'], ['debit']]);
        expect(await balance()).toBe(4);
        expect(await spend('d', 5, { at: 1_000 })).toMatchObject({ result: 'insufficient', written: [] });
      });

      it('reserved are settled, refunded or returned, each once', async () => {
        await store.credits.open(place(), 10, null);
        const settle = (reservationId: string, settleAt: number | null, at = 2_000) =>
          store.settleReservation({ reservationId, settleAt, actorId: 'root_1', at });
        expect(await reserve('res_1', 4)).toMatchObject({ result: 'reserved', balance: 6, repeated: false });
        expect(await reserve('res_9', 4, { requestId: 'for res_1' })).toMatchObject({
          ...{ repeated: true, reservation: { id: 'res_1' } },
        });
        await reserve('res_2', 3);
        await reserve('res_3', 2);
        expect(await reserve('res_4', 2)).toMatchObject({ result: 'insufficient', balance: 1 });
        expect(await settle('res_1', 5)).toMatchObject({ result: 'above_reserved' });
        expect(await settle('res_1', 1)).toMatchObject({ result: 'closed', repeated: false });
        expect(await settle('res_1', 1)).toMatchObject({ result: 'closed', repeated: true });
        expect(await settle('res_1', null)).toMatchObject({ result: 'not_open', reservation: { state: 'settled' } });
        expect(await settle('res_2', null)).toMatchObject({ result: 'closed', reservation: { state: 'refunded' } });
        expect(await settle('res_none', null)).toMatchObject({ result: 'not_found' });
        expect(await balance()).toBe(7);
        expect((await store.expireReservations(2_999, 10)).expired).toBe(0);
        const returns = await Promise.all([1, 2, 3].map(() => store.expireReservations(3_000, 10)));
        expect(returns.reduce((sum, { expired }) => sum + expired, 0)).toBe(1);
        expect(await settle('res_3', 1, 3_000)).toMatchObject({
          result: 'not_open',
          reservation: { state: 'expired' },
        });
        expect(await balance()).toBe(9);
        expect(await reserve('res_5', 2, { requestId: 'for res_3' })).toMatchObject({
          reservation: { state: 'expired' },
        });
        expect(await reserve('res_6', 2, { requestId: 'for res_3', renew: true })).toMatchObject({
          reservation: { id: 'res_6', attempt: 2 },
        });
        expect(await store.credits.reservationOf('fam_1', 'for res_3')).toMatchObject({ id: 'res_6' });
        expect(await store.credits.faults()).toEqual([]);
      });

      it('inside a change are gone with it when it fails', async () => {
        await store.credits.open(place(), 10, null);
        const work = store.transaction(async (view) => {
          await view.credits.adjust(place(), { add: 5 });
          throw new Error('no');
        });
        await expect(work).rejects.toThrow('no');
        expect(await balance()).toBe(10);
        await store.transaction((view) => view.credits.adjust(place(), { set: 2 }));
        expect(await balance()).toBe(2);
        expect(await store.credits.faults()).toEqual([]);
      });

      it('stand on the keys of their family, while they bound it', async () => {
        await store.organizations.insert(organization('org_1'));
        await store.projects.insert(project('proj_1'));
        await store.keys.insert(key('key_1', { familyId: 'fam_1' }));
        expect((await store.keys.get('key_1'))?.credits).toBeNull();
        await store.credits.open(place(), 10, { amount: 5, every: 'month', dayOfMonth: 31 });
        const account = { balance: 10, refill: { amount: 5, every: 'month', dayOfMonth: 31 } };
        expect((await store.keys.get('key_1'))?.credits).toMatchObject(account);
        expect((await store.keys.findByDigest([digestOf('key_1')]))?.credits).toMatchObject(account);
        expect((await store.keys.family('fam_1'))[0]?.credits).toMatchObject(account);
        await store.credits.adjust(place(), { set: null });
        expect((await store.keys.get('key_1'))?.credits).toBeNull();
      });

      it('that a repeated call was answered with stand: two requests passed on them, whatever became of the first', async () => {
        await store.credits.open(place(), 10, null);
        await spend('a');
        expect(await spend('a')).toMatchObject({ result: 'spent', repeated: true, balance: 9 });
        const order = { familyId: 'fam_1', keyId: 'key_1', requestId: 'a', at: 2_000 };
        expect(await store.refundCredits(order)).toMatchObject({ refunded: 0 });
        expect((await store.credits.get('fam_1'))?.balance).toBe(9);
        expect(await store.credits.faults()).toEqual([]);
      });

      it('of a store that nobody shares are debited in the ledger itself, whatever is done between the debits', async () => {
        await store.credits.open(place(), 10_000, null);
        for (let turn = 1; turn <= 6; turn++) await reserve(`res_${turn}`, 2);
        for (let turn = 1; turn <= 6; turn++) {
          await spend(`spent ${turn}`);
          // A debit from a block is no line of the ledger yet, and would not count here.
          expect((await store.credits.get('fam_1'))?.entries).toBe(1 + 6 + 2 * turn - 1);
          await store.settleReservation({ reservationId: `res_${turn}`, settleAt: 1, actorId: 'root_1', at: 2_000 });
        }
      });

      it('reserved that a repeated call was answered with stay open, until they are ended by name or by their time', async () => {
        await store.credits.open(place(), 10, null);
        await reserve('res_1', 2);
        await reserve('res_2', 3);
        await reserve('res_9', 3, { requestId: 'for res_2' });
        const undo = (reservationId: string) =>
          store.settleReservation({ reservationId, settleAt: null, unlessRelied: true, actorId: 'system', at: 2_500 });
        expect(await undo('res_1')).toMatchObject({ result: 'closed', reservation: { state: 'refunded' } });
        expect(await undo('res_2')).toMatchObject({ result: 'relied', reservation: { state: 'open' } });
        expect(await balance()).toBe(7);
        const settled = { reservationId: 'res_2', settleAt: 1, actorId: 'root_1', at: 2_600 };
        expect(await store.settleReservation(settled)).toMatchObject({ result: 'closed' });
        expect(await balance()).toBe(9);
      });

      it('that nobody acknowledged fail together when the database does, and later ones pass', async () => {
        await store.credits.open(place(), 10, null);
        const doomed = Promise.all([spend('a'), spend('b', Number.NaN as number)]);
        await expect(doomed).rejects.toThrow();
        expect(await spend('c')).toMatchObject({ result: 'spent', balance: 9 });
      });
    });

    it('is sound, answers a ping, and says unavailable once closed', async () => {
      await seed();
      expect(await store.integrity()).toEqual([]);
      await store.ping();
      expect(Math.abs((await store.time()) - Date.now())).toBeLessThan(5_000);
      await store.close();
      await store.close();
      await expect(store.ping()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(store.keys.get('a')).rejects.toMatchObject({ code: 'unavailable' });
      await expect(store.transaction(async () => {})).rejects.toMatchObject({ code: 'unavailable' });
      await expect(store.raiseDay('f', 1, 1)).rejects.toMatchObject({ code: 'unavailable' });
    });

    if (durable)
      it('finds everything again after it was closed and opened', async () => {
        await seed();
        await store.keys.insert(key('a'));
        await store.keys.insert(key('b'));
        await store.keys.delete('b', 1);
        await store.raiseDay('f', 1, 7);
        store = await under.reopen();
        expect(await store.keys.findByDigest([digestOf('a')])).toEqual(key('a'));
        await expect(store.keys.insert(key('b'))).rejects.toMatchObject({ code: 'duplicate_key' });
        expect(await store.readDay('f', 1)).toBe(7);
      });
  });
}
