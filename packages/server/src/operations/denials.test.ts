// Denials: why a key was refused can be read afterwards, and nothing in what is kept is a secret or belongs to a test key.

import { describe, expect, it } from 'vitest';
import { KEPT_OF_A_KEY } from './denial-buffer.js';
import { prune } from './maintenance.js';
import { codeOf, DAY, worldsOfEachTest } from './world.suite.js';

const open = worldsOfEachTest();

const ASKED = { method: 'GET', path: '/v1/users/usr_1', ip: '203.0.113.7', requestId: 'req_asked' } as const;

describe('denials of a key', () => {
  it('say when, why, from where and for what, before and after they were written', async () => {
    const w = await open('accounts', { onDisk: true });
    const { id, secret } = await w.key({
      permissions: ['users.read'],
      restrictions: { referrers: ['https://app.example'] },
    });
    await w.verify(secret, { ...ASKED, referrer: 'https://evil.example/page?x=1' });
    w.time.now += 1000;
    await w.verify(secret, {
      ...ASKED,
      method: 'DELETE',
      referrer: 'https://app.example',
      requestId: 'req_2',
      surface: 'gateway',
    });
    const expected = [
      {
        at: new Date(w.time.now).toISOString(),
        reason: 'insufficient_permission',
        requestId: 'req_2',
        method: 'DELETE',
        path: '/v1/users/usr_1',
        ip: '203.0.113.7',
        origin: 'https://app.example',
        required: { permission: 'users.write' },
        surface: 'gateway',
        explanation: 'The key lacks users.write.',
      },
      expect.objectContaining({
        reason: 'referrer_not_allowed',
        requestId: 'req_asked',
        origin: 'https://evil.example',
        required: null,
        surface: 'verify',
        explanation: "The origin https://evil.example fits none of the key's patterns.",
      }),
    ];
    const read = () => w.lk.keys.denials({ keyId: id });
    expect(await read()).toEqual({ data: expected, nextCursor: null });
    expect(w.sql('select * from denials')).toEqual([]);
    await w.lk.engine.services.denials.flush();
    expect(await read()).toEqual({ data: expected, nextCursor: null });
    await w.restart();
    expect(await read()).toEqual({ data: expected, nextCursor: null });
  });

  it('are found by the request id that the caller was shown', async () => {
    const w = await open();
    const { id, secret } = await w.key();
    await w.lk.keys.disable({ keyId: id });
    const shown = await w.lk.verify({ secret, request: { method: 'GET', path: '/v1/payments' } });
    await w.lk.verify({ secret });
    const { data } = await w.lk.keys.denials({ keyId: id, requestId: shown.requestId });
    expect(data).toMatchObject([{ reason: 'disabled_key', requestId: shown.requestId, path: '/v1/payments' }]);
    expect((await w.lk.keys.denials({ keyId: id, requestId: 'req_other' })).data).toEqual([]);
  });

  it('are the newest hundred, in pages without gaps or repeats, half written and half not', async () => {
    const w = await open();
    const { id, secret } = await w.key();
    await w.lk.keys.revoke({ keyId: id });
    const refuse = async (from: number, to: number) => {
      for (let at = from; at < to; at++) await w.verify(secret, { requestId: `req_${at}` });
    };
    await refuse(0, 40);
    await w.lk.engine.services.denials.flush();
    await refuse(40, 70);
    const seen: (string | null)[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await w.lk.keys.denials({ keyId: id, limit: 7, ...(cursor && { cursor }) });
      seen.push(...page.data.map(({ requestId }) => requestId));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(Array.from({ length: 70 }, (_, at) => `req_${69 - at}`));
    await refuse(70, 250);
    await w.lk.engine.services.denials.flush();
    const { data, nextCursor } = await w.lk.keys.denials({ keyId: id, limit: 100 });
    expect(data).toHaveLength(KEPT_OF_A_KEY);
    expect([data[0]?.requestId, data.at(-1)?.requestId, nextCursor]).toEqual(['req_249', 'req_150', null]);
  });

  it('are forgotten after thirty days', async () => {
    const w = await open();
    const { id, secret } = await w.key();
    await w.lk.keys.disable({ keyId: id });
    await w.verify(secret);
    await w.lk.engine.services.denials.flush();
    w.time.now += 30 * DAY;
    await prune(w.lk.engine.services);
    expect((await w.lk.keys.denials({ keyId: id })).data).toHaveLength(1);
    w.time.now += 1;
    await prune(w.lk.engine.services);
    expect((await w.lk.keys.denials({ keyId: id })).data).toEqual([]);
  });

  it('of a test key are listed from memory and never written', async () => {
    const w = await open('accounts', { onDisk: true });
    const { id, secret } = await w.key({ mode: 'test', permissions: [] });
    await w.verify(secret, { ...ASKED });
    await w.lk.engine.services.denials.flush();
    expect((await w.lk.keys.denials({ keyId: id })).data).toMatchObject([{ reason: 'insufficient_permission' }]);
    expect(w.sql('select * from denials')).toEqual([]);
    await w.restart();
    expect(w.sql('select * from denials')).toEqual([]);
    expect((await w.lk.keys.denials({ keyId: id })).data).toEqual([]);
  });

  it('hold no secret: neither in the path, the field asked for, nor the origin', async () => {
    const w = await open('swaypi', { onDisk: true });
    const { id, secret } = await w.key({ tier: 'free' });
    const other = (await w.key({ tier: 'free' })).secret;
    const encoded = [...secret].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
    for (const path of [`/v1/creators/${secret}`, `/v1/${other}/x?key=${secret}`, `/v1/${encoded}`])
      await w.verify(secret, { ...ASKED, path, fields: [`contact_email.${secret}`] });
    await w.verify(secret, { ...ASKED, fields: ['contact_email'], referrer: `https://${secret}.example` });
    const { data } = await w.lk.keys.denials({ keyId: id });
    expect(data).toHaveLength(4);
    const fields = data.map(({ required }) => required?.field);
    expect(fields).toEqual(['contact_email', '[masked]', undefined, '[masked]']);
    await w.lk.engine.services.denials.flush();
    const kept = `${JSON.stringify(data)}${JSON.stringify(w.sql('select * from denials'))}`.toLowerCase();
    for (const text of [secret, other, encoded]) expect(kept).not.toContain(text.slice(-30).toLowerCase());
  });

  it('are not made by requests that pass, nor by keys nobody knows', async () => {
    const w = await open('suward', { onDisk: true });
    const { id, secret } = await w.key();
    await w.verify(secret, { ...ASKED });
    await w.verify(`${secret.slice(0, -1)}x`, { ...ASKED });
    await w.verify(null, { ...ASKED });
    await w.lk.engine.services.denials.flush();
    expect((await w.lk.keys.denials({ keyId: id })).data).toEqual([]);
    expect(w.sql('select * from denials')).toEqual([]);
  });

  it('are those of its project for a customer key, and of nobody else', async () => {
    const w = await open('accounts');
    const manager = await w.actor((await w.key({ permissions: ['keys.read'] })).secret);
    const { id } = await w.key();
    expect((await w.as(manager).keys.denials({ keyId: id })).data).toEqual([]);
    const elsewhere = await w.lk.projects.create({ organizationId: w.organizationId, name: 'Other' });
    const { key: foreign } = await w.lk.keys.create({ projectId: elsewhere.id, name: 'k' });
    expect(await codeOf(w.as(manager).keys.denials({ keyId: foreign.id }))).toBe('not_found');
    expect(await codeOf(w.lk.keys.denials({ keyId: 'key_none' }))).toBe('not_found');
    const reader = await w.actor((await w.key({ permissions: ['users.read'] })).secret);
    expect(await codeOf(w.as(reader).keys.denials({ keyId: id }))).toBe('forbidden');
  });

  it('wait in memory while the database cannot be written, and are written once it can', async () => {
    const w = await open();
    const { id, secret } = await w.key();
    await w.lk.keys.disable({ keyId: id });
    const { denials } = w.lk.engine.services.store;
    const { add } = denials;
    await w.verify(secret, { requestId: 'req_1' });
    denials.add = async () => {
      throw new Error('disk full');
    };
    await w.lk.engine.services.denials.flush();
    await w.verify(secret, { requestId: 'req_2' });
    const ids = async () => (await w.lk.keys.denials({ keyId: id })).data.map(({ requestId }) => requestId);
    expect(await ids()).toEqual(['req_2', 'req_1']);
    denials.add = add;
    await w.lk.engine.services.denials.flush();
    expect(await ids()).toEqual(['req_2', 'req_1']);
    expect(w.log.join()).toContain('denials_flush_failed');
  });
});
