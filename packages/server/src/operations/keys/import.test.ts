// Guarantees of imported keys: they work from the answer on, each row by itself, move to our digest on use, and never raise the dead.

import { createHash, createHmac, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ringFromText } from '../../vault/ring.js';
import { codeOf, freshRing, type World, world } from '../world.suite.js';

let w: World;
let pepper: string;
beforeEach(async () => {
  pepper = freshRing();
  w = await world('accounts', { onDisk: true, pepper });
});
afterEach(() => w.close());

const foreign = () => `legacy.${randomBytes(18).toString('base64url')}`;
const sha256 = (text: string) => createHash('sha256').update(text).digest();
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
type Row = Parameters<World['lk']['keys']['import']>[0]['keys'][number];
const bring = async (...keys: Row[]) => (await w.lk.keys.import({ projectId: w.projectId, keys })).data;
const codes = async (...keys: Row[]) =>
  (await bring(...keys)).map((row) => ('error' in row ? row.error.code : row.key.state));
const record = async (id: string) => (await w.lk.engine.services.store.keys.get(id)) ?? undefined;
const idOf = async (row: Row): Promise<string> => {
  const [result] = await bring(row);
  if (result === undefined || 'error' in result) throw new Error(JSON.stringify(result));
  return result.key.id;
};

describe('a key that comes', () => {
  it.each(['hex', 'base64', 'base64url'] as const)(
    'as sha256 in %s works at once and moves to our digest',
    async (encoding) => {
      const secret = foreign();
      expect(await w.reason(secret)).toBe('unknown_key');
      const value = sha256(secret).toString(encoding);
      const id = await idOf({ name: 'i', digest: { algorithm: 'sha256', encoding, value }, hint: 'abcd' });
      expect((await record(id))?.digest.kind).toBe('sha256');
      expect((await record(id))?.webhookSecret).toBeNull();
      expect(await w.reason(secret)).toBeNull();
      await settled();
      expect((await record(id))?.digest).toMatchObject({
        kind: 'hmac',
        pepperId: ringFromText(pepper, 'p').current.id,
      });
      expect((await record(id))?.webhookSecret).not.toBeNull();
      expect(await w.reason(secret)).toBeNull();
      expect((await w.lk.keys.get({ keyId: id })).hint).toBe('abcd');
    },
  );

  it('as upper-case hex is the same digest', async () => {
    const secret = foreign();
    await bring({ name: 'i', digest: { algorithm: 'sha256', value: sha256(secret).toString('hex').toUpperCase() } });
    expect(await w.reason(secret)).toBeNull();
  });

  it('as HMAC under a foreign key that joined the ring works, and names a pepper that is there', async () => {
    const secret = foreign();
    const theirs = freshRing();
    await w.restart({ pepper: `${theirs} ${pepper}` });
    const pepperId = ringFromText(theirs, 'p').current.id;
    const value = createHmac('sha256', Buffer.from(theirs, 'base64')).update(secret).digest('hex');
    expect(await codes({ name: 'i', digest: { algorithm: 'hmac-sha256', value } })).toEqual(['invalid_request']);
    expect(await codes({ name: 'i', digest: { algorithm: 'hmac-sha256', value, pepperId: '0'.repeat(12) } })).toEqual([
      'invalid_request',
    ]);
    const id = await idOf({ name: 'i', digest: { algorithm: 'hmac-sha256', value, pepperId } });
    expect(await w.reason(secret)).toBeNull();
    await settled();
    expect((await record(id))?.digest.pepperId).toBe(ringFromText(pepper, 'p').current.id);
  });

  it('as plaintext works and is kept nowhere', async () => {
    const secret = foreign();
    const id = await idOf({ name: 'i', secret });
    expect(await w.reason(secret)).toBeNull();
    expect((await record(id))?.hint).toBe(secret.slice(-4));
    expect(JSON.stringify(w.sql('select * from keys'))).not.toContain(secret.slice(7, -4));
  });

  it('keeps its age, but not one that lies ahead', async () => {
    const old = await idOf({ name: 'i', secret: foreign(), createdAt: '2020-01-01T00:00:00.000Z' });
    expect((await w.lk.keys.get({ keyId: old })).createdAt).toBe('2020-01-01T00:00:00.000Z');
    const ahead = await idOf({ name: 'i', secret: foreign(), createdAt: '2099-01-01T00:00:00.000Z' });
    expect((await w.lk.keys.get({ keyId: ahead })).createdAt).toBe(new Date(w.time.now).toISOString());
  });

  it('is revoked, rotated and limited like any other', async () => {
    const secret = foreign();
    const id = await idOf({ name: 'i', digest: { algorithm: 'sha256', value: sha256(secret).toString('hex') } });
    const next = await w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 60 });
    expect(next.secret).toMatch(/^sk_live_/);
    expect(await w.reason(secret)).toBeNull();
    await w.lk.keys.revoke({ keyId: id });
    expect(await w.reason(secret)).toBe('revoked_key');
    await settled();
    expect((await w.lk.keys.get({ keyId: id })).state).toBe('revoked');
  });
});

describe('rows', () => {
  it('stand or fall each for itself', async () => {
    const twice = foreign();
    const digest = (value: string, encoding: 'hex' | 'base64' = 'hex') =>
      ({ name: 'i', digest: { algorithm: 'sha256', encoding, value } }) as const;
    const hex = sha256(foreign()).toString('hex');
    expect(
      await codes(
        { name: 'good', secret: twice },
        { name: 'duplicate', secret: twice },
        digest(hex),
        digest(hex),
        { name: 'neither' },
        { ...digest(hex), secret: foreign() },
        { name: 'short', secret: 'abc' },
        { name: 'spaced', secret: 'with a space in the middle' },
        { name: 'tier', secret: foreign(), tier: 'gold' },
        { name: 'permission', secret: foreign(), permissions: ['users.fly'] },
        { name: 'late', secret: foreign(), expiresAt: '2020-01-01T00:00:00Z' },
        digest('00'),
        digest(`${hex}00`),
        digest(`${hex}zz`),
        digest(`${hex.slice(0, 62)}zz`),
        digest(hex, 'base64'),
        digest(`${sha256('x').toString('base64')}!!`, 'base64'),
        { name: 'nul', secret: foreign(), prefix: 'a\0b' },
        { name: 'good too', secret: foreign() },
      ),
    ).toEqual([
      'active',
      'duplicate_key',
      'active',
      'duplicate_key',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'tier_unknown',
      'permission_unknown',
      'expiry_in_past',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'active',
    ]);
    expect((await w.lk.keys.list({ projectId: w.projectId })).data).toHaveLength(3);
    expect((await w.lk.auditEvents.list({ action: 'importKeys' })).data).toHaveLength(3);
  });

  it('go into no legacy project and into none that is not there', async () => {
    const legacy = await w.lk.projects.create({ organizationId: w.organizationId, name: 'l', keyModel: 'legacy' });
    const [row] = (await w.lk.keys.import({ projectId: legacy.id, keys: [{ name: 'i', secret: foreign() }] })).data;
    expect(row).toHaveProperty('error');
    expect(
      await codeOf(w.lk.keys.import({ projectId: 'proj_nothere', keys: [{ name: 'i', secret: foreign() }] })),
    ).toBe('not_found');
  });
});

describe('a key that is gone', () => {
  it('does not come back: as plaintext, as digest, after another pepper', async () => {
    const made = await w.key();
    const imported = foreign();
    const importedId = await idOf({
      name: 'i',
      digest: { algorithm: 'sha256', value: sha256(imported).toString('hex') },
    });
    expect(await w.reason(imported)).toBeNull();
    await settled();
    await w.lk.keys.delete({ keyId: made.id });
    await w.lk.keys.delete({ keyId: importedId });
    const again = async () => {
      for (const secret of [made.secret, imported]) {
        expect(await codes({ name: 'plain', secret })).toEqual(['duplicate_key']);
        const value = sha256(secret).toString('hex');
        await codes({ name: 'digest', digest: { algorithm: 'sha256', value } });
        expect(await w.reason(secret)).toBe('unknown_key');
        await settled();
        expect(await w.reason(secret)).toBe('unknown_key');
      }
    };
    await again();
    await w.restart({ pepper: `${pepper} ${freshRing()}` });
    await again();
  });

  it('with its project or organization stays gone too', async () => {
    const organization = await w.lk.organizations.create({ name: 'o' });
    const project = await w.lk.projects.create({ organizationId: organization.id, name: 'p' });
    const { secret } = await w.key({ projectId: project.id });
    await w.lk.organizations.delete({ organizationId: organization.id });
    expect(await codes({ name: 'plain', secret })).toEqual(['duplicate_key']);
    expect(await w.reason(secret)).toBe('unknown_key');
  });

  it('by revoking is not raised by importing its digest beside it', async () => {
    const { id, secret } = await w.key();
    await w.lk.keys.revoke({ keyId: id });
    expect(await codes({ name: 'plain', secret })).toEqual(['duplicate_key']);
    await codes({ name: 'digest', digest: { algorithm: 'sha256', value: sha256(secret).toString('hex') } });
    expect(await w.reason(secret)).toBe('revoked_key');
  });
});
