// Guarantees of rotating peppers and master keys while serving: every key stays valid, records move on use, progress shows.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ring, ringFromText } from '../vault/ring.js';
import { auditFaults, reseal } from './maintenance.js';
import { codeOf, freshRing, refusal, type World, world } from './world.suite.js';

const ROOT = `lk_root_${'r'.repeat(40)}`;
let w: World;
let peppers: Ring;
let masters: Ring;
let pepperText: string;
let masterText: string;

const setPeppers = (text: string) => {
  pepperText = text;
  peppers = ringFromText(text, 'LATCHKEY_PEPPER');
};
const setMasters = (text: string) => {
  masterText = text;
  masters = ringFromText(text, 'LATCHKEY_MASTER_KEY');
};

beforeEach(async () => {
  setPeppers(freshRing());
  setMasters(freshRing());
  w = await world('suward', { onDisk: true, pepper: () => peppers, masterKey: () => masters, rootKey: ROOT });
});
afterEach(() => w.close());

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));
const progress = () => w.lk.engine.services.store.keys.countByPepper(w.time.now);

describe('a new pepper', () => {
  it('beside the old one leaves every key valid; each moves on its next use', async () => {
    const used = await w.key();
    const rested = await w.key();
    const old = peppers.current.id;
    expect(await w.reason(used.secret)).toBeNull();
    setPeppers(`${pepperText} ${freshRing()}`);
    const now = peppers.current.id;
    const made = await w.key();
    expect(await w.reason(used.secret)).toBeNull();
    await settled();
    const counts = Object.fromEntries((await progress()).map(({ pepperId, count }) => [pepperId, count]));
    expect(counts).toEqual({ [old]: 1, [now]: 2 });
    for (const { secret } of [used, rested, made]) expect(await w.reason(secret)).toBeNull();
    await settled();
    expect(await progress()).toEqual([{ pepperId: now, count: 3 }]);
  });

  it('lets the old one go once nothing needs it, and not before', async () => {
    const { secret } = await w.key();
    const fresh = freshRing();
    setPeppers(`${pepperText} ${fresh}`);
    const both = peppers;
    setPeppers(fresh);
    const early = await refusal(w.restart());
    expect(early.code).toBe('pepper_missing');
    expect(early.message).toContain(both.keys[0]?.id);
    peppers = both;
    await w.restart();
    expect(await w.reason(secret)).toBeNull();
    await w.lk.engine.authenticate(ROOT, null);
    await settled();
    peppers = ringFromText(fresh, 'LATCHKEY_PEPPER');
    await w.restart();
    expect(await w.reason(secret)).toBeNull();
    expect((await w.lk.engine.authenticate(ROOT, null)).type).toBe('root_key');
  });

  it('does not raise a key that was revoked, and keeps why', async () => {
    const { id, secret } = await w.key();
    await w.lk.keys.revoke({ keyId: id });
    setPeppers(`${pepperText} ${freshRing()}`);
    for (let at = 0; at < 3; at++) {
      expect(await w.reason(secret)).toBe('revoked_key');
      await settled();
    }
    expect((await w.lk.keys.get({ keyId: id })).state).toBe('revoked');
  });

  it('moving a record undoes no change that lands meanwhile', async () => {
    for (let round = 0; round < 20; round++) {
      const { id, secret } = await w.key();
      setPeppers(`${pepperText.split(' ').at(-1)} ${freshRing()}`);
      await Promise.all([w.verify(secret), w.lk.keys.revoke({ keyId: id }), w.verify(secret)]);
      await settled();
      expect(await w.reason(secret)).toBe('revoked_key');
    }
  });

  it('serves a burst of one hot key', async () => {
    const { secret } = await w.key({ limits: { perMinute: 1000, perDay: 10_000 } });
    setPeppers(`${pepperText} ${freshRing()}`);
    const reasons = await Promise.all(Array.from({ length: 200 }, () => w.reason(secret)));
    expect(new Set(reasons)).toEqual(new Set([null]));
    await settled();
    expect(await progress()).toEqual([{ pepperId: peppers.current.id, count: 1 }]);
    expect(w.log.filter((line) => line.includes('failed'))).toEqual([]);
  });
});

describe('a new master key', () => {
  it('takes over everything sealed; then the old one may go', async () => {
    const { services } = w.lk.engine;
    const { id, secret } = await w.key();
    const before = (await services.store.keys.get(id))?.webhookSecret as string;
    const fresh = freshRing();
    setMasters(`${masterText} ${fresh}`);
    expect(await reseal(services)).toBe(3);
    expect(await reseal(services)).toBe(0);
    const after = (await services.store.keys.get(id))?.webhookSecret as string;
    expect(after).not.toBe(before);
    expect(services.vault.masterKeyIdOf(after)).toBe(masters.current.id);
    setMasters(fresh);
    await w.restart();
    expect(await w.reason(secret)).toBeNull();
    const { store, vault, auditKey } = w.lk.engine.services;
    expect(await auditFaults(store, vault, auditKey)).toEqual([]);
    expect(vault.open(after, `webhook-secret:${id}`)).toBe(vault.webhookSecret(secret));
  });

  it('takes over the answers kept under an Idempotency-Key; those that cannot be opened are refused, not run again', async () => {
    const call = (idempotencyKey: string) => ({
      ...{ verification: { project: { id: w.projectId }, mode: 'live' as const }, idempotencyKey, body: 'b' },
      ...{ method: 'POST', path: '/v1/payments' },
    });
    const work = async () => ({ status: 200, body: 'done' });
    for (let at = 0; at < 25; at++) await w.lk.idempotent(call(`order_${at}`), work);
    const { services } = w.lk.engine;
    const moved = async () =>
      (await services.store.idempotency.countByMasterKey()).map(({ masterKeyId, count }) => [masterKeyId, count]);
    const fresh = freshRing();
    setMasters(`${masterText} ${fresh}`);
    expect(await reseal(services)).toBeGreaterThanOrEqual(25);
    expect(await moved()).toEqual([[masters.current.id, 25]]);
    setMasters(fresh);
    await w.restart();
    for (let at = 0; at < 25; at++)
      expect(await w.lk.idempotent(call(`order_${at}`), work)).toMatchObject({ reason: null, replayed: true });

    const before = masters;
    setMasters(freshRing());
    expect(await w.lk.idempotent(call('order_1'), work)).toMatchObject({ reason: 'idempotency_unknown' });
    masters = before;
    expect(await w.lk.idempotent(call('order_1'), work)).toMatchObject({ replayed: true });
  });

  it('without the old one beside it stops the start, and says so', async () => {
    const old = masters;
    setMasters(freshRing());
    const error = await refusal(w.restart());
    expect(error.code).toBe('sealed_value_unreadable');
    masters = old;
    await w.restart();
  });

  it('serves changes while it is being taken over', async () => {
    const keys = await Promise.all(Array.from({ length: 30 }, () => w.key()));
    setMasters(`${masterText} ${freshRing()}`);
    const { services } = w.lk.engine;
    await Promise.all([reseal(services), ...keys.map(({ id }) => w.lk.keys.revoke({ keyId: id }))]);
    for (const { id, secret } of keys) {
      expect(await w.reason(secret)).toBe('revoked_key');
      const sealed = (await services.store.keys.get(id))?.webhookSecret as string;
      expect(services.vault.masterKeyIdOf(sealed)).toBe(masters.current.id);
    }
  });
});

describe('a data directory', () => {
  it('speaks one profile and serves one process', async () => {
    expect(await codeOf(w.restart({ profile: 'swaypi' }))).toBe('data_dir_profile_mismatch');
    await w.restart({ profile: 'suward' });
  });
});
