// Guarantees of a preview: it names exactly the keys and counts exactly the requests that the change would touch, and changes nothing.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, DAY, HOUR, refusal, type World, world } from '../world.suite.js';

let w: World;
beforeEach(async () => {
  w = await world('swaypi', { onDisk: true });
});
afterEach(() => w.close());

type Patch = Omit<Parameters<World['lk']['tiers']['preview']>[0], 'tierId'>;
const idOf = async (name: string): Promise<string> =>
  (await w.lk.tiers.list({})).data.find((tier) => tier.name === name)?.id ?? '';
const preview = async (name: string, patch: Patch) => w.lk.tiers.preview({ tierId: await idOf(name), ...patch });

/** Writes down that a key made requests so long ago. */
async function used(keyId: string, ago: number, count: number, outcome = 'allowed'): Promise<void> {
  const { store } = w.lk.engine.services;
  const key = await store.keys.get(keyId);
  if (key === null) throw new Error('no such key');
  const { familyId, projectId, organizationId } = key;
  const hour = Math.floor((w.time.now - ago) / HOUR) * HOUR;
  await store.usage.add([{ familyId, keyId, projectId, organizationId, hour, outcome, count }]);
}

describe('a preview', () => {
  it('changes nothing', async () => {
    const { secret } = await w.key({ tier: 'builder' });
    const state = () =>
      w.sql("select * from tiers union all select 'audit', count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0 from audit");
    const before = state();
    await preview('builder', { limits: { perMinute: 1 }, batchSize: 1, rank: 1, title: 'x', gatedFields: ['a'] });
    expect(state()).toEqual(before);
    expect((await w.verify(secret, { batchSize: 50 })).reason).toBeNull();
  });

  it('of nothing touches nobody', async () => {
    await w.key({ tier: 'builder' });
    for (const patch of [{}, { title: 'Other' }, { batchSize: 50 }, { limits: { perMinute: 600 } }]) {
      expect(await preview('builder', patch)).toMatchObject({ keys: { touched: 0, overridden: 0 }, data: [] });
    }
    expect((await preview('builder', { batchSize: 50 })).changes).toEqual([]);
    expect((await preview('builder', { title: 'Other' })).changes).toEqual([
      { path: '/title', before: 'Builder', after: 'Other' },
    ]);
  });

  it('of limits shows each key what is in force before and after, and its own figure as standing', async () => {
    const plain = await w.key({ tier: 'builder', name: 'plain' });
    const own = await w.key({ tier: 'builder', name: 'own', limits: { perMinute: 5 } });
    const both = await w.key({ tier: 'builder', name: 'both', limits: { perMinute: 5, perDay: 9 } });
    await w.key({ tier: 'studio' });
    const dead = await w.key({ tier: 'builder' });
    await w.lk.keys.revoke({ keyId: dead.id });

    const seen = await preview('builder', { limits: { perMinute: 100, perDay: { limit: 500, metered: false } } });
    const day = { name: 'perDay', before: { limit: 10_000, metered: false }, after: { limit: 500, metered: false } };
    const common = { projectId: w.projectId, tier: 'builder' };
    expect(seen.keys).toEqual({ touched: 2, overridden: 2 });
    expect(seen.changes).toEqual([
      { path: '/limits/perMinute', before: 600, after: 100 },
      { path: '/limits/perDay/limit', before: 10_000, after: 500 },
    ]);
    expect(seen.data).toEqual([
      { ...common, id: both.id, name: 'both', touchedBy: [], limits: [], overridden: ['perMinute', 'perDay'] },
      { ...common, id: own.id, name: 'own', touchedBy: ['limits'], limits: [day], overridden: ['perMinute'] },
      {
        ...common,
        ...{ id: plain.id, name: 'plain', touchedBy: ['limits'], overridden: [] },
        limits: [{ name: 'perMinute', before: 600, after: 100 }, day],
      },
    ]);
    expect(seen.nextCursor).toBeNull();
  });

  it('shows the keys page by page, with the same numbers on each', async () => {
    const made = [];
    for (let at = 0; at < 5; at++) made.push((await w.key({ tier: 'builder' })).id);
    const shown: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await preview('builder', { batchSize: 1, limit: 2, ...(cursor && { cursor }) });
      expect(page.keys).toEqual({ touched: 5, overridden: 0 });
      shown.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(shown).toEqual([...made].reverse());
  });

  it('of a new place names the keys that win or lose a route, on other tiers too', async () => {
    const platform = await w.key({ tier: 'platform', limits: { perMinute: 10 } });
    const builder = await w.key({ tier: 'builder' });
    const down = await preview('platform', { rank: 2 });
    expect(down.data.map(({ id, touchedBy }) => [id, touchedBy])).toEqual([[platform.id, ['routes']]]);
    const studioDown = await preview('studio', { rank: 2 });
    expect(studioDown.data.map(({ id, touchedBy }) => [id, touchedBy])).toEqual([[builder.id, ['routes']]]);
  });

  it('counts the requests of touched keys alone: a day, a week, and no older ones', async () => {
    const plain = await w.key({ tier: 'builder' });
    const own = await w.key({ tier: 'builder', limits: { perMinute: 5 } });
    const other = await w.key({ tier: 'studio' });
    for (const { id } of [plain, own, other]) {
      await used(id, HOUR, 10);
      await used(id, HOUR, 3, 'rate_limited');
      await used(id, 2 * DAY, 100);
      await used(id, 9 * DAY, 1000);
    }
    expect((await preview('builder', { limits: { perMinute: 1 } })).requests).toEqual({ lastDay: 13, lastWeek: 113 });
    expect((await preview('builder', { batchSize: 1 })).requests).toEqual({ lastDay: 26, lastWeek: 226 });
    expect((await preview('builder', {})).requests).toEqual({ lastDay: 0, lastWeek: 0 });
  });

  it('counts what was asked a moment ago', async () => {
    const { secret } = await w.key({ tier: 'builder' });
    for (let at = 0; at < 4; at++) await w.verify(secret);
    expect((await preview('builder', { batchSize: 1 })).requests.lastDay).toBe(4);
  });

  it('tells on how many days a metered figure would have refused, and how many requests', async () => {
    const a = await w.key({ tier: 'builder' });
    const b = await w.key({ tier: 'builder' });
    const own = await w.key({ tier: 'builder', limits: { perDay: 1000 } });
    // Noon: today, yesterday, six days ago, and eight.
    for (const { id } of [a, own]) {
      await used(id, HOUR, 150);
      await used(id, 2 * HOUR, 60);
      await used(id, DAY, 100);
      await used(id, 6 * DAY, 101);
      await used(id, 8 * DAY, 5000);
    }
    await used(a.id, HOUR, 40, 'quota_exceeded');
    await used(b.id, HOUR, 100);
    const metered = { limit: 100, metered: true };
    const seen = await preview('builder', { limits: { perDay: metered, perMinute: 60 } });
    // a: 210 today and 101 six days ago; its own figure of 1,000 refuses none.
    expect(seen.refusals).toEqual({ keyDays: 2, requests: 111 });
    expect((await preview('builder', { limits: { perDay: { limit: 100, metered: false } } })).refusals).toEqual({
      keyDays: 0,
      requests: 0,
    });
  });

  it('counts the generations of a key as one', async () => {
    const { id } = await w.key({ tier: 'builder' });
    const { key } = await w.lk.keys.rotate({ keyId: id });
    await used(id, HOUR, 60);
    await used(key.id, HOUR, 60);
    const seen = await preview('builder', { limits: { perDay: { limit: 100, metered: true }, perMinute: 60 } });
    expect(seen).toMatchObject({
      keys: { touched: 2 },
      requests: { lastDay: 120 },
      refusals: { keyDays: 1, requests: 20 },
    });
  });

  it('refuses what the change itself would refuse', async () => {
    await w.key({ tier: 'builder' });
    const error = await refusal(preview('builder', { limits: { perMinute: 'custom' } }));
    expect([error.code, error.message]).toEqual([
      'limits_required',
      expect.stringContaining('1 keys on the builder tier'),
    ]);
    expect(await codeOf(preview('free', { limits: { perMinute: 1000 } }))).toBe('limits_inconsistent');
    expect(await codeOf(preview('free', { cursor: 'nonsense' }))).toBe('invalid_cursor');
    expect(await codeOf(w.lk.tiers.preview({ tierId: 'tier_none' }))).toBe('not_found');
  });

  it('of 1,000 keys looks at every one', async () => {
    const { store } = w.lk.engine.services;
    const { id } = await w.key({ tier: 'builder' });
    const one = await store.keys.get(id);
    await store.transaction(async (view) => {
      for (let at = 0; at < 999; at++) {
        const name = `copy${at}`;
        const digest = { kind: 'hmac' as const, pepperId: null, value: name.padStart(64, '0') };
        if (one) await view.keys.insert({ ...one, id: `key_${name}`, familyId: `fam_${name}`, digest });
      }
    });
    expect((await preview('builder', { batchSize: 1 })).keys.touched).toBe(1000);
  });
});
