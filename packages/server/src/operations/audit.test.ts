// Guarantees of the audit log: one row for each change in the change's own transaction, and no way to alter it unseen.

import type { AuditRecord, Store, StoreView } from '@latchkey/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditFaults } from './maintenance.js';
import { codeOf, OPERATOR, type World, world } from './world.suite.js';

let w: World;
beforeEach(async () => {
  w = await world('suward', { onDisk: true, rootKey: `lk_root_${'x'.repeat(40)}` });
});
afterEach(() => w.close());

const faults = () => {
  const { store, vault, auditKey } = w.lk.engine.services;
  return auditFaults(store, vault, auditKey);
};
const rows = () => w.sql<{ total: number }>('select count(*) as total from audit')[0]?.total as number;

/** Runs `work` while every audit row that is written fails. */
async function withoutAudit<T>(work: () => Promise<T>): Promise<T> {
  const store = w.lk.engine.services.store as { transaction: Store['transaction'] };
  const { transaction } = store;
  store.transaction = (inner) =>
    transaction.call(store, (view: StoreView) =>
      inner({ ...view, audit: { ...view.audit, append: () => Promise.reject(new Error('disk full')) } }),
    ) as never;
  try {
    return await work();
  } finally {
    store.transaction = transaction;
  }
}

/** Every operation that changes something, on a fresh object each. */
const changes: Record<string, () => Promise<() => Promise<unknown>>> = {
  createOrganization: async () => () => w.lk.organizations.create({ name: 'n' }),
  updateOrganization: async () => () => w.lk.organizations.update({ organizationId: w.organizationId, name: 'n' }),
  suspendOrganization: async () => () => w.lk.organizations.suspend({ organizationId: w.organizationId }),
  resumeOrganization: async () => {
    await w.lk.organizations.suspend({ organizationId: w.organizationId });
    return () => w.lk.organizations.resume({ organizationId: w.organizationId });
  },
  deleteOrganization: async () => () => w.lk.organizations.delete({ organizationId: w.organizationId }),
  createProject: async () => () => w.lk.projects.create({ organizationId: w.organizationId, name: 'p' }),
  updateProject: async () => () => w.lk.projects.update({ projectId: w.projectId, name: 'p' }),
  suspendProject: async () => () => w.lk.projects.suspend({ projectId: w.projectId }),
  resumeProject: async () => {
    await w.lk.projects.suspend({ projectId: w.projectId });
    return () => w.lk.projects.resume({ projectId: w.projectId });
  },
  deleteProject: async () => () => w.lk.projects.delete({ projectId: w.projectId }),
  createKey: async () => () => w.key(),
  updateKey: async () => {
    const { id } = await w.key();
    return () => w.lk.keys.update({ keyId: id, name: 'other' });
  },
  rotateKey: async () => {
    const { id } = await w.key();
    return () => w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 60 }, { idempotencyKey: 'i'.repeat(20) });
  },
  revokeKey: async () => {
    const { id } = await w.key();
    return () => w.lk.keys.revoke({ keyId: id });
  },
  disableKey: async () => {
    const { id } = await w.key();
    return () => w.lk.keys.disable({ keyId: id });
  },
  enableKey: async () => {
    const { id } = await w.key();
    await w.lk.keys.disable({ keyId: id });
    return () => w.lk.keys.enable({ keyId: id });
  },
  deleteKey: async () => {
    const { id } = await w.key();
    return () => w.lk.keys.delete({ keyId: id });
  },
  importKeys: async () => () =>
    w.lk.keys.import({ projectId: w.projectId, keys: [{ name: 'i', secret: 'imported-0123456789abcdef' }] }),
  createRootKey: async () => () => w.lk.rootKeys.create({ name: 'r', permissions: ['*'] }),
  revokeRootKey: async () => {
    const { rootKey } = await w.lk.rootKeys.create({ name: 'r', permissions: ['*'] });
    return () => w.lk.rootKeys.revoke({ rootKeyId: rootKey.id });
  },
};

describe('every change', () => {
  it.each(Object.keys(changes))('%s leaves one row that says who did what to what', async (action) => {
    const change = await changes[action]?.();
    const before = rows();
    await change?.();
    expect(rows()).toBe(before + 1);
    const [newest] = w.sql<AuditRecord & { actor_id: string }>('select * from audit order by at desc, id desc limit 1');
    expect(newest).toMatchObject({ action, actor_id: OPERATOR.id, at: w.time.now });
    expect(await faults()).toEqual([]);
  });

  it.each(Object.keys(changes))('%s that cannot be audited does not happen', async (action) => {
    const change = await changes[action]?.();
    const dump = () =>
      ['organizations', 'projects', 'keys', 'tombstones', 'root_keys', 'replays', 'audit', 'audit_heads'].map((table) =>
        w
          .sql(`select * from ${table}`)
          .map((row) => JSON.stringify(row))
          .sort(),
      );
    const before = dump();
    await withoutAudit(async () => {
      await expect(change?.()).rejects.toThrow();
    });
    expect(dump()).toEqual(before);
    expect(await faults()).toEqual([]);
  });

  it('of a family leaves one row for each generation', async () => {
    const { id } = await w.key();
    await w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 60 });
    const before = rows();
    await w.lk.keys.revoke({ keyId: id, family: true });
    expect(rows()).toBe(before + 2);
    await w.lk.keys.revoke({ keyId: id, family: true });
    expect(rows()).toBe(before + 2);
  });

  it('holds neither secret nor digest', async () => {
    const { id, secret } = await w.key();
    const next = await w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 60 });
    const imported = 'imported-0123456789abcdef';
    await w.lk.keys.import({ projectId: w.projectId, keys: [{ name: 'i', secret: imported }] });
    const text = JSON.stringify(w.sql('select * from audit'));
    for (const { digest } of w.sql<{ digest: string }>('select digest from keys')) expect(text).not.toContain(digest);
    for (const hidden of [secret, next.secret, imported]) expect(text).not.toContain(hidden.slice(8, 24));
  });
});

describe('tampering', () => {
  beforeEach(async () => {
    for (let at = 0; at < 4; at++) await w.key({ name: `k${at}` });
    expect(await faults()).toEqual([]);
  });
  const chain = () => w.organizationId;

  it.each([
    'id',
    'at',
    'actor_type',
    'actor_id',
    'action',
    'target_type',
    'target_id',
    'project_id',
    'organization_id',
    'request_id',
    'mac',
    'changes',
  ])('with %s of one row is found', async (column) => {
    const value = column === 'at' ? 1 : column === 'changes' ? '{"name":"innocent"}' : 'forged';
    w.sql(`update audit set ${column} = ? where chain = ? and sequence = 3`, value, chain());
    expect(await faults()).not.toEqual([]);
  });

  it.each([
    ['a row in the midst deleted', 'delete from audit where chain = ? and sequence = 3'],
    ['the first row deleted', 'delete from audit where chain = ? and sequence = 1'],
    ['the tail cut', 'delete from audit where chain = ? and sequence > 3'],
    ['all rows deleted', 'delete from audit where chain = ?'],
    ['the head deleted', 'delete from audit_heads where chain = ?'],
    ['the head moved back', 'update audit_heads set sequence = 3 where chain = ?'],
    ['the head’s seal changed', "update audit_heads set seal = 'x' where chain = ?"],
    ['a row moved behind the end', 'update audit set sequence = 99 where sequence = 3 and chain = ?'],
    ['a row moved before the start', 'update audit set sequence = -3 where sequence = 3 and chain = ?'],
    ['a row moved to another chain', "update audit set chain = 'org_other' where sequence = 6 and chain = ?"],
  ])('%s is found', async (_, statement) => {
    w.sql(statement, chain());
    expect(await faults()).not.toEqual([]);
  });

  it('the tail cut and the head moved to an earlier row is found', async () => {
    w.sql('delete from audit where chain = ? and sequence > 3', chain());
    w.sql(
      'update audit_heads set sequence = 3, mac = (select mac from audit where chain = ? and sequence = 3) where chain = ?',
      chain(),
      chain(),
    );
    expect(await faults()).not.toEqual([]);
  });

  it('a whole chain gone with its head is found while its organization is there', async () => {
    w.sql('delete from audit where chain = ?', chain());
    w.sql('delete from audit_heads where chain = ?', chain());
    expect(await faults()).toEqual([`chain ${chain()}: its head is missing`]);
  });

  it('the installation’s chain gone with its head is found', async () => {
    w.sql("delete from audit where chain = 'installation'");
    w.sql("delete from audit_heads where chain = 'installation'");
    expect(await faults()).not.toEqual([]);
  });

  it('a row from another history of the same chain is found, though its MAC is genuine', async () => {
    const rowsOf = () =>
      w.sql<Record<string, string | number | null>>('select * from audit where chain = ? order by sequence', chain());
    const headOf = () =>
      w.sql<{ sequence: number; mac: string; seal: string }>('select * from audit_heads where chain = ?', chain())[0];
    const putHead = (head: ReturnType<typeof headOf>) =>
      w.sql(
        'update audit_heads set sequence = ?, mac = ?, seal = ? where chain = ?',
        head?.sequence ?? 0,
        head?.mac ?? '',
        head?.seal ?? '',
        chain(),
      );
    const early = headOf();
    await w.key({ name: 'seen' });
    await w.key({ name: 'after' });
    const [seen, after] = rowsOf().slice(-2);
    const late = headOf();
    w.sql('delete from audit where chain = ? and sequence > ?', chain(), early?.sequence ?? 0);
    putHead(early);
    await w.key({ name: 'forged' });
    const put = (row: typeof seen) => {
      const values = Object.values(row ?? {});
      w.sql(`insert into audit values (${values.map(() => '?').join(', ')})`, ...values);
    };
    put(after);
    putHead(late);
    expect(await faults()).not.toEqual([]);
    w.sql('delete from audit where chain = ? and sequence = ?', chain(), seen?.sequence ?? 0);
    put(seen);
    expect(await faults()).toEqual([]);
  });

  it('two rows with exchanged contents are found', async () => {
    const [a, b] = w.sql<{ target_id: string; mac: string }>(
      'select target_id, mac from audit where chain = ? and sequence in (3, 4) order by sequence',
      chain(),
    );
    w.sql(
      'update audit set target_id = ?, mac = ? where chain = ? and sequence = 3',
      b?.target_id ?? '',
      b?.mac ?? '',
      chain(),
    );
    w.sql(
      'update audit set target_id = ?, mac = ? where chain = ? and sequence = 4',
      a?.target_id ?? '',
      a?.mac ?? '',
      chain(),
    );
    expect(await faults()).not.toEqual([]);
  });

  it.each([
    ['under a chain of its own', 'forged', 1],
    ['before the first', null, 0],
  ])('a row put in %s is found, since the list would show it', async (_, name, sequence) => {
    w.sql(
      `insert into audit select ?, ?, 'aud_forged', organization_id, at, actor_type, actor_id, action, target_type,
       target_id, project_id, changes, request_id, mac from audit where chain = ? and sequence = 3`,
      name ?? chain(),
      sequence,
      chain(),
    );
    const { data } = await w.lk.auditEvents.list({ organizationId: chain(), limit: 100 });
    expect(data.some(({ id }) => id === 'aud_forged')).toBe(true);
    expect(await faults()).not.toEqual([]);
  });

  it('does not hide behind more rows than one batch', async () => {
    for (let at = 0; at < 210; at++) await w.lk.projects.update({ projectId: w.projectId, name: `p${at}` });
    expect(await faults()).toEqual([]);
    w.sql('update audit set at = at + 1 where chain = ? and sequence = 205', chain());
    expect(await faults()).toHaveLength(1);
  });
});

describe('the list', () => {
  it('filters by who, what, whom and when, and pages without gaps', async () => {
    const { id } = await w.key();
    w.time.now += 1000;
    await w.lk.keys.revoke({ keyId: id, reason: 'gone' });
    const list = (filter: object) => w.lk.auditEvents.list({ limit: 100, ...filter }).then(({ data }) => data);
    expect((await list({ targetId: id })).map(({ action }) => action)).toEqual(['revokeKey', 'createKey']);
    expect(await list({ action: 'revokeKey', organizationId: w.organizationId, projectId: w.projectId })).toMatchObject(
      [{ actor: { type: 'operator', id: 'operator' }, target: { type: 'key', id }, changes: { reason: 'gone' } }],
    );
    expect(await list({ targetId: id, from: new Date(w.time.now).toISOString() })).toHaveLength(1);
    expect(await list({ targetId: id, to: new Date(w.time.now).toISOString() })).toHaveLength(1);
    expect(await list({ actorId: 'nobody' })).toEqual([]);
    const all = await list({});
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await w.lk.auditEvents.list({ limit: 1, ...(cursor && { cursor }) });
      seen.push(...page.data.map((event) => event.id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(all.map((event) => event.id));
    expect(await codeOf(w.lk.auditEvents.list({ cursor: 'nonsense' }))).toBe('invalid_cursor');
  });
});
