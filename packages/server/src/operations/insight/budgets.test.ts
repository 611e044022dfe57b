// Budgets, top keys and the provider's page: figures are those that the next request meets, reading them spends nothing, and nobody sees foreign ones.

import { authenticationPage, toMarkdown } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { startRedis } from '../../../../../test/servers/redis.js';
import { codeOf, DAY, HOUR, type World, worldsOfEachTest } from '../world.suite.js';

const open = worldsOfEachTest();
const budget = async (w: World, keyId: string, name: string) =>
  (await w.lk.keys.budgets({ keyId })).budgets.find((each) => each.name === name);
const endsOf = (secret: string) => ({ prefix: expect.stringMatching(/_$/), hint: secret.slice(-4) });
const use = async (w: World, secret: string, times: number) => {
  for (let at = 0; at < times; at++) expect(await w.reason(secret)).toBeNull();
};

describe('budgets of a key', () => {
  it('are what the next request meets, and reading them changes nothing', async () => {
    const w = await open('accounts', { onDisk: true });
    const { id, secret } = await w.key({ limits: { perMinute: 5, perDay: 50, concurrent: 2 } });
    await use(w, secret, 3);
    await w.lk.engine.services.usage.flush();
    const before = w.sql('select * from keys');
    const read = await w.lk.keys.budgets({ keyId: id });
    expect(read).toEqual({
      budgets: [
        { name: 'perMinute', limit: 5, remaining: 2, resetAt: '2025-01-15T12:01:00.000Z', reachesLimitAt: null },
        expect.objectContaining({ name: 'perDay', limit: 50, remaining: 47, resetAt: '2025-01-16T00:00:00.000Z' }),
        { name: 'concurrent', limit: 2, remaining: 2, resetAt: null, reachesLimitAt: null },
      ],
      credits: null,
      degraded: false,
    });
    expect(await w.lk.keys.budgets({ keyId: id })).toEqual(read);
    expect(w.sql('select * from keys')).toEqual(before);
    const { budgets } = await w.verify(secret);
    expect(budgets.find(({ name }) => name === 'perMinute')?.remaining).toBe(1);
  });

  it('are shared by the generations of a key', async () => {
    const w = await open('accounts');
    const { id, secret } = await w.key({ limits: { perMinute: 5 } });
    const rotated = await w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 3600 });
    await use(w, secret, 2);
    await use(w, rotated.secret as string, 1);
    for (const keyId of [id, rotated.key.id])
      expect(await budget(w, keyId, 'perMinute')).toMatchObject({ remaining: 2 });
  });

  it('say when the day is used up at the pace of the last hours, and nothing about a day that is not metered', async () => {
    const w = await open('accounts');
    const { id, secret } = await w.key({ limits: { perMinute: 1000, perDay: 1000 } });
    w.time.now -= HOUR;
    await use(w, secret, 40);
    w.time.now += HOUR;
    await use(w, secret, 20);
    // 60 in the two hours before noon's: 30 an hour; 940 are left, which the day does not see.
    expect(await budget(w, id, 'perDay')).toMatchObject({ remaining: 940, reachesLimitAt: null });
    await w.lk.keys.update({ keyId: id, limits: { perMinute: 100, perDay: 150 } });
    expect(await budget(w, id, 'perDay')).toMatchObject({
      remaining: 90,
      reachesLimitAt: new Date(w.time.now + 3 * HOUR).toISOString(),
    });
    await w.lk.keys.update({ keyId: id, limits: { perMinute: 60, perDay: 60 } });
    expect(await budget(w, id, 'perDay')).toMatchObject({
      remaining: 0,
      reachesLimitAt: new Date(w.time.now).toISOString(),
    });
    const unmetered = await open('swaypi');
    const fair = await unmetered.key({ tier: 'studio' });
    await use(unmetered, fair.secret, 5);
    expect(await budget(unmetered, fair.id, 'perDay')).toMatchObject({ remaining: -1, reachesLimitAt: null });
  });

  it('have the balance of credits as it is, with what is due; a test key is never charged', async () => {
    const w = await open('accounts');
    const { id } = await w.key({ credits: { balance: 3, refill: { amount: 10, every: 'day' } } });
    expect((await w.lk.keys.budgets({ keyId: id })).credits).toEqual({ balance: 3 });
    w.time.now += DAY;
    expect((await w.lk.keys.budgets({ keyId: id })).credits).toEqual({ balance: 10 });
    const test = await w.key({ mode: 'test', credits: 5 });
    expect((await w.lk.keys.budgets({ keyId: test.id })).credits).toBeNull();
  });

  it('come from the counters that all nodes share', async () => {
    const redis = await startRedis();
    try {
      const w = await open('accounts', { redisUrl: redis.url });
      const { id, secret } = await w.key({ limits: { perMinute: 1000, perDay: 5000 } });
      await use(w, secret, 4);
      const read = await w.lk.keys.budgets({ keyId: id });
      expect(read.budgets.map(({ name, remaining }) => [name, remaining])).toEqual(
        expect.arrayContaining([
          ['perMinute', 996],
          ['perDay', 4996],
        ]),
      );
      expect(read.degraded).toBe(false);
    } finally {
      await redis.stop();
    }
  });

  it('are there for a key that is over, and for nobody who may not see the key', async () => {
    const w = await open('accounts');
    const { id } = await w.key({ limits: { perMinute: 5 } });
    await w.lk.keys.revoke({ keyId: id });
    expect(await budget(w, id, 'perMinute')).toMatchObject({ remaining: 5 });
    const manager = await w.actor((await w.key({ permissions: ['keys.read'] })).secret);
    expect((await w.as(manager).keys.budgets({ keyId: id })).budgets).not.toEqual([]);
    const elsewhere = await w.lk.projects.create({ organizationId: w.organizationId, name: 'Other' });
    const { key: foreign } = await w.lk.keys.create({ projectId: elsewhere.id, name: 'k' });
    expect(await codeOf(w.as(manager).keys.budgets({ keyId: foreign.id }))).toBe('not_found');
    expect(await codeOf(w.lk.keys.budgets({ keyId: 'key_none' }))).toBe('not_found');
    const reader = await w.actor((await w.key({ permissions: ['users.read'] })).secret);
    expect(await codeOf(w.as(reader).keys.budgets({ keyId: id }))).toBe('forbidden');
  });
});

describe('top keys', () => {
  it('are those with the most requests, refused ones too, by name, within organization, project and time', async () => {
    const w = await open('accounts');
    const busy = await w.key({ name: 'busy' });
    const refused = await w.key({ name: 'refused' });
    const gone = await w.key({ name: 'gone' });
    await w.key({ name: 'idle' });
    const test = await w.key({ name: 'test', mode: 'test' });
    const other = await w.lk.organizations.create({ name: 'Other' });
    const elsewhere = await w.lk.projects.create({ organizationId: other.id, name: 'Elsewhere' });
    const foreign = await w.lk.keys.create({ projectId: elsewhere.id, name: 'foreign' });
    await w.lk.keys.disable({ keyId: refused.id });
    await use(w, busy.secret, 3);
    await use(w, gone.secret, 1);
    await use(w, test.secret, 9);
    await use(w, foreign.secret as string, 2);
    for (let at = 0; at < 2; at++) expect(await w.reason(refused.secret)).toBe('disabled_key');
    await w.lk.engine.services.usage.flush();
    await w.lk.keys.revoke({ keyId: gone.id });
    await w.lk.keys.delete({ keyId: gone.id });

    const { data } = await w.lk.usage.topKeys({ projectId: w.projectId });
    expect(data).toEqual([
      { keyId: busy.id, projectId: w.projectId, name: 'busy', ...endsOf(busy.secret), allowed: 3, refused: 0 },
      { keyId: refused.id, projectId: w.projectId, name: 'refused', ...endsOf(refused.secret), allowed: 0, refused: 2 },
      { keyId: gone.id, projectId: w.projectId, name: null, prefix: null, hint: null, allowed: 1, refused: 0 },
    ]);
    expect((await w.lk.usage.topKeys({ organizationId: w.organizationId })).data).toEqual(data);
    expect((await w.lk.usage.topKeys({})).data).toHaveLength(4);
    expect((await w.lk.usage.topKeys({ limit: 1 })).data.map(({ name }) => name)).toEqual(['busy']);
    expect((await w.lk.usage.topKeys({ organizationId: other.id })).data).toMatchObject([{ name: 'foreign' }]);
    expect((await w.lk.usage.topKeys({ organizationId: other.id, projectId: w.projectId })).data).toEqual([]);
    w.time.now += 2 * DAY;
    expect((await w.lk.usage.topKeys({})).data).toEqual([]);
    const from = new Date(w.time.now - 3 * DAY).toISOString();
    expect((await w.lk.usage.topKeys({ from })).data).toHaveLength(4);
    expect(await codeOf(w.lk.usage.topKeys({ projectId: 'proj_none' }))).toBe('not_found');
    expect(await codeOf(w.lk.usage.topKeys({ organizationId: 'org_none' }))).toBe('not_found');
  });
});

describe("the provider's page", () => {
  it('is made from the tiers in force, as text and as a page', async () => {
    const w = await open('swaypi');
    const before = await w.lk.profiles.page({});
    expect(before.markdown).toBe(
      toMarkdown(authenticationPage({ profile: w.lk.profile, tiers: (await w.lk.tiers.list({})).data as never })),
    );
    expect(before).toMatchObject({ title: `${w.lk.profile.title}: Authentication` });
    expect(before.html).toContain('<!doctype html>');
    await w.lk.tiers.create({
      name: 'colossal',
      title: 'Colossal',
      limits: { perMinute: 77_777, perDay: null, concurrent: null },
    });
    const after = await w.lk.profiles.page({});
    for (const text of [after.markdown, after.html]) expect(text).toContain('77,777');
    expect(before.markdown).not.toContain('77,777');
  });
});
