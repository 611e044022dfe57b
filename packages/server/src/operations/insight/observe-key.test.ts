// Observed traffic: what is kept is bounded and holds no secret, and the suggested restrictions let what was seen pass and nothing else.

import { MOST_OBSERVED } from '@latchkey/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prune } from '../maintenance.js';
import { codeOf, DAY, HOUR, type World, worldsOfEachTest } from '../world.suite.js';

const open = worldsOfEachTest();

const FROM_SHOP = {
  method: 'GET',
  path: '/v1/users/usr_1',
  ip: '203.0.113.7',
  referrer: 'https://shop.example/cart?token=1',
};
const pass = async (w: World, secret: string, request: Parameters<World['verify']>[1]) =>
  expect(await w.reason(secret, request), JSON.stringify(request)).toBeNull();
const valuesOf = async (w: World, keyId: string, kind: string) =>
  (await w.lk.keys.observed({ keyId })).observed.filter((row) => row.kind === kind).map(({ value }) => value);

describe('what a key is called with', () => {
  it('is told as networks, origins and routes, with how often and when last, before and after a restart', async () => {
    const w = await open('accounts', { onDisk: true });
    const { id, secret } = await w.key();
    await pass(w, secret, FROM_SHOP);
    await pass(w, secret, { ...FROM_SHOP, ip: '203.0.113.250' });
    w.time.now += 1000;
    await pass(w, secret, { ...FROM_SHOP, method: 'POST', path: '/elsewhere/12345', ip: '2001:db8:1:2::3' });
    const lastAt = new Date(w.time.now).toISOString();
    const earlier = new Date(w.time.now - 1000).toISOString();
    const expected = {
      observed: [
        { kind: 'endpoint', value: 'GET /v1/users/**', count: 2, lastAt: earlier },
        { kind: 'endpoint', value: 'POST /elsewhere/**', count: 1, lastAt },
        { kind: 'ip', value: '203.0.113.0/24', count: 2, lastAt: earlier },
        { kind: 'ip', value: '2001:db8:1::/48', count: 1, lastAt },
        { kind: 'referrer', value: 'https://shop.example', count: 3, lastAt },
      ],
      suggested: {
        ips: ['2001:db8:1::/48', '203.0.113.0/24'],
        referrers: ['https://shop.example'],
        endpoints: ['GET /v1/users/**', 'POST /elsewhere/**'],
      },
    };
    expect(await w.lk.keys.observed({ keyId: id })).toEqual(expected);
    await w.restart();
    expect(await w.lk.keys.observed({ keyId: id })).toEqual(expected);
    await pass(w, secret, FROM_SHOP);
    await w.restart();
    expect((await w.lk.keys.observed({ keyId: id })).observed[0]).toMatchObject({ count: 3, lastAt });
  });

  it('is only what passed: whoever is refused adds nothing to a suggestion', async () => {
    const w = await open('accounts');
    const { id, secret } = await w.key({ permissions: ['users.read'] });
    await pass(w, secret, FROM_SHOP);
    const attack = { ...FROM_SHOP, ip: '198.51.100.66', referrer: 'https://evil.example' };
    expect(await w.reason(secret, { ...attack, method: 'DELETE' })).toBe('insufficient_permission');
    await w.lk.keys.revoke({ keyId: id });
    expect(await w.reason(secret, attack)).toBe('revoked_key');
    expect((await w.lk.keys.observed({ keyId: id })).suggested).toEqual({
      ips: ['203.0.113.0/24'],
      referrers: ['https://shop.example'],
      endpoints: ['GET /v1/users/**'],
    });
  });

  it('leaves a kind open that some requests came without', async () => {
    const w = await open('accounts');
    const { id, secret } = await w.key();
    await pass(w, secret, FROM_SHOP);
    await pass(w, secret, { ...FROM_SHOP, referrer: null });
    expect(await valuesOf(w, id, 'referrer')).toEqual([null, 'https://shop.example']);
    expect((await w.lk.keys.observed({ keyId: id })).suggested.referrers).toBeUndefined();
    const bare = await w.key();
    await pass(w, bare.secret, {});
    expect(await w.lk.keys.observed({ keyId: bare.id })).toMatchObject({
      observed: [{ value: null }, { value: null }, { value: null }],
      suggested: {},
    });
  });

  it('keeps the lists that a key has', async () => {
    const w = await open('accounts');
    const { id, secret } = await w.key({ restrictions: { ips: ['203.0.113.7'] } });
    await pass(w, secret, FROM_SHOP);
    expect((await w.lk.keys.observed({ keyId: id })).suggested.ips).toEqual(['203.0.113.7']);
  });

  it('of a test key is neither told nor on disk', async () => {
    const w = await open('accounts', { onDisk: true });
    const { id, secret } = await w.key({ mode: 'test' });
    await pass(w, secret, FROM_SHOP);
    expect(await w.lk.keys.observed({ keyId: id })).toEqual({ observed: [], suggested: {} });
    expect(w.sql('select * from key_observations')).toEqual([]);
  });

  it('is seen with the key alone, and goes with it', async () => {
    const w = await open('accounts', { onDisk: true });
    const { id, secret } = await w.key();
    await pass(w, secret, FROM_SHOP);
    const manager = await w.actor((await w.key({ permissions: ['keys.read'] })).secret);
    expect((await w.as(manager).keys.observed({ keyId: id })).observed).toHaveLength(3);
    const elsewhere = await w.lk.projects.create({ organizationId: w.organizationId, name: 'Other' });
    const { key: foreign } = await w.lk.keys.create({ projectId: elsewhere.id, name: 'k' });
    expect(await codeOf(w.as(manager).keys.observed({ keyId: foreign.id }))).toBe('not_found');
    const reader = await w.actor((await w.key({ permissions: ['users.read'] })).secret);
    expect(await codeOf(w.as(reader).keys.observed({ keyId: id }))).toBe('forbidden');
    await w.lk.keys.revoke({ keyId: id });
    await w.lk.keys.delete({ keyId: id });
    expect(w.sql('select * from key_observations')).toEqual([]);
    expect(await codeOf(w.lk.keys.observed({ keyId: id }))).toBe('not_found');
  });

  it('is forgotten thirty days after it was seen last, and not because the clock went back', async () => {
    const w = await open('accounts', { onDisk: true });
    const { id, secret } = await w.key();
    await pass(w, secret, FROM_SHOP);
    await w.lk.engine.services.observations.flush();
    w.time.now -= 2 * HOUR;
    await pass(w, secret, FROM_SHOP);
    const { observed } = await w.lk.keys.observed({ keyId: id });
    expect(observed[0]).toMatchObject({ count: 2, lastAt: new Date(w.time.now + 2 * HOUR).toISOString() });
    w.time.now += 2 * HOUR + 30 * DAY;
    await prune(w.lk.engine.services);
    expect((await w.lk.keys.observed({ keyId: id })).observed).toHaveLength(3);
    w.time.now += 1;
    expect((await w.lk.keys.observed({ keyId: id })).observed).toEqual([]);
    await prune(w.lk.engine.services);
    expect(w.sql('select * from key_observations')).toEqual([]);
  });
});

describe('against whoever attacks it, what is observed', () => {
  it('holds no secret, query or id, wherever in a request it stands', async () => {
    const w = await open('suward', { onDisk: true });
    const { id, secret } = await w.key();
    const other = (await w.key()).secret;
    await w.lk.keys.import({ projectId: w.projectId, keys: [{ name: 'old', secret: 'old-style-secret' }] });
    const encoded = [...secret].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
    for (const hidden of [secret, other, encoded, 'old-style-secret']) {
      for (const presented of [secret, 'old-style-secret']) {
        await w.verify(presented, { ...FROM_SHOP, path: `/${hidden}/x` });
        await w.verify(presented, { ...FROM_SHOP, path: `/v1/nowhere/${hidden}?k=${hidden}` });
        await w.verify(presented, { ...FROM_SHOP, referrer: `https://${hidden}.example/${hidden}` });
        await w.verify(presented, { ...FROM_SHOP, method: hidden });
      }
    }
    await w.lk.engine.services.observations.flush();
    const rows = w.sql<{ key_id: string; value: string }>('select * from key_observations');
    expect(rows.length).toBeGreaterThan(4);
    const kept = JSON.stringify(rows).toLowerCase();
    for (const text of [secret, other, encoded]) expect(kept).not.toContain(text.slice(-30).toLowerCase());
    // It is known to be a secret where it was presented.
    const old = rows.filter(({ key_id }) => key_id !== id);
    expect(JSON.stringify(old)).not.toContain('old-style-secret');
  });

  it.each([
    [
      'paths',
      'endpoint',
      (at: number) => ({ path: `/a${String.fromCharCode(97 + (at % 26), 97 + ((at / 26) % 26), 97 + at / 676)}/x` }),
    ],
    ['referrers', 'referrer', (at: number) => ({ referrer: `https://a${at}.example` })],
    ['networks', 'ip', (at: number) => ({ ip: `10.${at >> 8}.${at & 255}.1` })],
  ] as const)('is bounded at 10,000 distinct %s, which are no ground for a suggestion', async (_, kind, request) => {
    const w = await open('aifaceswap', { onDisk: true });
    const { id, secret } = await w.key({ limits: { perMinute: 1e6, perDay: 1e6 } });
    for (let at = 0; at < 10_000; at++) {
      await w.verify(secret, { ...FROM_SHOP, ...request(at) });
      if (at % 3_000 === 0) await w.lk.engine.services.observations.flush();
    }
    const { observed, suggested } = await w.lk.keys.observed({ keyId: id });
    expect(observed.filter((row) => row.kind === kind)).toHaveLength(MOST_OBSERVED);
    expect(w.sql('select * from key_observations')).toHaveLength(MOST_OBSERVED + 2);
    expect(Object.keys(suggested)).toHaveLength(2);
  });

  it('makes no wildcard of an origin that holds one', async () => {
    const w = await open('accounts');
    const { id, secret } = await w.key();
    await pass(w, secret, { ...FROM_SHOP, referrer: 'https://*.com/' });
    expect((await w.lk.keys.observed({ keyId: id })).suggested.referrers).toBeUndefined();
    await pass(w, secret, { ...FROM_SHOP, path: '/*/x' });
    expect(await valuesOf(w, id, 'endpoint')).toEqual(['GET /**', 'GET /v1/users/**']);
  });

  it('waits in memory while the database cannot be written, and is written once', async () => {
    const w = await open('accounts');
    const { id, secret } = await w.key();
    const { observations } = w.lk.engine.services.store;
    const { add } = observations;
    await pass(w, secret, FROM_SHOP);
    observations.add = async () => {
      throw new Error('disk full');
    };
    await w.lk.engine.services.observations.flush();
    await pass(w, secret, FROM_SHOP);
    observations.add = add;
    expect((await w.lk.keys.observed({ keyId: id })).observed.map(({ count }) => count)).toEqual([2, 2, 2]);
    expect(w.log.join()).toContain('observations_flush_failed');
  });
});

const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'DELETE', 'HEAD'),
  path: fc.constantFrom(
    '/v1/users/u1',
    '/v1/users/u2',
    '/V1/Users/u1',
    '/v1/payments',
    '/x',
    '/x/y',
    '/other/1',
    '/',
    '/9/1',
  ),
  ip: fc.constantFrom(
    '192.0.2.1',
    '192.0.2.200',
    '198.51.100.1',
    '2001:db8::1',
    '2001:db8:0:5::1',
    '2001:db8:1::1',
    null,
  ),
  referrer: fc.constantFrom(
    'https://a.example/x',
    'https://a.example:8443',
    'http://a.example',
    'https://b.a.example',
    null,
  ),
});

it('a suggestion that is set on the key lets what was observed pass, and no other network, page or method', async () => {
  const w = await open('accounts');
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 5 }), request, async (seen, other) => {
      const { id, secret } = await w.key();
      for (const each of seen) await pass(w, secret, each);
      const { observed, suggested } = await w.lk.keys.observed({ keyId: id });
      await w.lk.keys.update({ keyId: id, restrictions: Object.keys(suggested).length > 0 ? suggested : null });
      for (const each of seen) await pass(w, secret, each);

      const before = new Set(observed.map(({ kind, value }) => `${kind} ${value}`));
      const reason = await w.reason(secret, other);
      await w.lk.keys.update({ keyId: id, restrictions: null });
      const twin = await w.key();
      await pass(w, twin.secret, other);
      const alone = (await w.lk.keys.observed({ keyId: twin.id })).observed;
      const isNew = (kind: string) => alone.some((row) => row.kind === kind && !before.has(`${kind} ${row.value}`));
      if (suggested.ips && isNew('ip')) expect(reason).toBe('ip_not_allowed');
      else if (suggested.referrers && isNew('referrer')) expect(reason).toBe('referrer_not_allowed');
      else if (suggested.endpoints && !seen.some(({ method }) => method === other.method))
        expect(reason).toBe('endpoint_not_allowed');
      else if (['ip', 'referrer', 'endpoint'].every((kind) => !isNew(kind))) expect(reason).toBeNull();
    }),
    { numRuns: 60 },
  );
}, 30_000);
