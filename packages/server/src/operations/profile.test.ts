// Guarantees of profile editions: what apply says is what it does, a dry run does nothing, and nothing is deleted.

import type { Profile } from '@latchkey/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, type World, world } from './world.suite.js';

let w: World;
beforeEach(async () => {
  w = await world('swaypi', { onDisk: true });
});
afterEach(() => w.close());

/** Another edition of the running profile. */
function edition(change: (profile: Profile) => void): Profile {
  const profile = structuredClone(w.lk.profile);
  change(profile);
  return profile;
}
const tierOf = ({ policy }: Profile, name: string) => {
  const tier = policy.tiers.find((each) => each.name === name);
  if (tier === undefined) throw new Error(`no tier ${name}`);
  return tier;
};
const tiers = async () => (await w.lk.tiers.list({})).data;
const idOf = async (name: string) => (await tiers()).find((tier) => tier.name === name)?.id ?? '';
const nothing = {
  keys: { touched: 0, overridden: 0 },
  requests: { lastDay: 0, lastWeek: 0 },
  refusals: { keyDays: 0, requests: 0 },
};

describe('the running profile', () => {
  it('is itself while its tiers are', async () => {
    const { profile, tiers: inFull } = await w.lk.profiles.get({});
    expect(profile).toEqual(w.lk.profile);
    expect(inFull).toEqual(await tiers());
  });

  it('is shown under the address where customers reach the gateway, to them and on the page', async () => {
    await w.restart({ gatewayUrl: 'http://127.0.0.1:8080/' });
    const { profile } = await w.lk.profiles.get({});
    expect(profile.guide.baseUrl).toBe('http://127.0.0.1:8080');
    const { markdown } = await w.lk.profiles.page({});
    expect(markdown).toContain('http://127.0.0.1:8080/v1/me');
    expect(markdown).not.toContain(w.lk.profile.guide.baseUrl);
  });

  it('has the tiers as they stand', async () => {
    await w.lk.tiers.update({
      tierId: await idOf('builder'),
      title: 'Maker',
      batchSize: 9,
      gatedFields: ['contact_email'],
    });
    await w.lk.tiers.create({ name: 'own', rank: 1, limits: { perMinute: 1, perDay: null, concurrent: null } });
    const { profile } = await w.lk.profiles.get({});
    expect(profile.policy.tiers.map(({ name, title, batchSize }) => [name, title, batchSize]).slice(0, 3)).toEqual([
      ['own', 'own', null],
      ['free', 'Free', 10],
      ['builder', 'Maker', 9],
    ]);
    expect(profile.policy.gatedFields).toEqual([
      { field: 'contact_email', tier: 'studio' },
      { field: 'audience_geo.detail', tier: 'builder' },
    ]);
  });
});

describe('an edition of the profile', () => {
  it('that is the running one changes nothing, and leaves no audit', async () => {
    const answer = await w.lk.profiles.apply({ profile: w.lk.profile });
    expect(answer).toEqual({
      ...nothing,
      dryRun: false,
      tiers: { created: [], changed: [], missing: [] },
      restart: [],
    });
    expect((await w.lk.auditEvents.list({ action: 'applyProfile' })).data).toEqual([]);
  });

  it('is told and not applied by a dry run, then applied as it was told', async () => {
    const { secret } = await w.key({ tier: 'free' });
    await w.key({ tier: 'free', limits: { perMinute: 5 } });
    await w.verify(secret);
    const profile = edition((next) => {
      tierOf(next, 'free').limits.perMinute = 30;
      tierOf(next, 'free').batchSize = 20;
      next.policy.tiers.splice(1, 0, { ...tierOf(next, 'free'), name: 'starter', title: 'Starter' });
      next.policy.gatedFields.push({ field: 'phone', tier: 'builder' });
    });
    const before = await tiers();
    const told = await w.lk.profiles.apply({ profile, dryRun: true });
    expect(await tiers()).toEqual(before);
    expect(told.tiers.created).toEqual(['starter']);
    expect(told.tiers.changed).toEqual([
      {
        name: 'free',
        keys: { touched: 2, overridden: 1 },
        requests: { lastDay: 1, lastWeek: 1 },
        refusals: { keyDays: 0, requests: 0 },
        changes: [
          { path: '/limits/perMinute', before: 60, after: 30, edited: false },
          { path: '/batchSize', before: 10, after: 20, edited: false },
          {
            path: '/gatedFields',
            before: ['contact_email', 'audience_geo.detail'],
            after: ['contact_email', 'audience_geo.detail', 'phone'],
            edited: false,
          },
        ],
      },
    ]);
    expect(told.restart).toEqual([]);
    expect((await w.verify(secret, { batchSize: 15 })).reason).toBe('batch_too_large');

    const done = await w.lk.profiles.apply({ profile });
    expect({ ...done, requests: null, tiers: { ...done.tiers, changed: [] } }).toEqual({
      ...told,
      dryRun: false,
      requests: null,
      tiers: { ...told.tiers, changed: [] },
    });
    expect((await tiers()).map(({ name, rank, batchSize }) => [rank, name, batchSize])).toEqual([
      [1, 'free', 20],
      [2, 'starter', 20],
      [3, 'builder', 50],
      [4, 'studio', 200],
      [5, 'platform', 500],
    ]);
    const verdict = await w.verify(secret, { batchSize: 15 });
    expect(verdict.reason).toBeNull();
    expect(verdict.hiddenFields).toContain('phone');
    const { data } = await w.lk.auditEvents.list({ action: 'applyProfile' });
    expect(data.map(({ target }) => target.type).sort()).toEqual(['installation', 'tier', 'tier']);
    expect((await w.lk.profiles.apply({ profile, dryRun: true })).tiers).toEqual({
      created: [],
      changed: [],
      missing: [],
    });
  });

  it('tells apart what was changed here, and says what it does not have', async () => {
    await w.lk.tiers.update({ tierId: await idOf('studio'), batchSize: 999 });
    await w.lk.tiers.create({ name: 'own', limits: { perMinute: 1, perDay: null, concurrent: null } });
    const { tiers: told } = await w.lk.profiles.apply({ profile: w.lk.profile, dryRun: true });
    expect(told.changed.map(({ name, changes }) => [name, changes])).toEqual([
      ['studio', [{ path: '/batchSize', before: 999, after: 200, edited: true }]],
    ]);
    expect(told.missing).toEqual(['own']);
    await w.lk.profiles.apply({ profile: w.lk.profile });
    expect((await tiers()).map(({ name }) => name)).toEqual(['free', 'builder', 'studio', 'platform', 'own']);
  });

  it('names what counts from the next start only', async () => {
    const profile = edition((next) => {
      next.wire.reasons.unknown_key.message = 'No.';
      next.policy.defaultTier = 'builder';
      if (next.routes[0]) next.routes[0].path = '/v2/me';
    });
    const { restart, tiers: told } = await w.lk.profiles.apply({ profile });
    expect(restart.map(({ path, after }) => [path, after])).toEqual([
      ['/wire/reasons/unknown_key/message', 'No.'],
      ['/routes/0/path', '/v2/me'],
      ['/policy/defaultTier', 'builder'],
    ]);
    expect(told.changed).toEqual([]);
    expect((await w.key()).id).toBeTruthy();
  });

  const renamed = (next: Profile): void => {
    next.name = 'other';
  };
  const contradictory = (next: Profile): void => {
    next.policy.defaultTier = 'nowhere';
  };
  const perMinute =
    (figure: number | 'custom') =>
    (next: Profile): void => {
      tierOf(next, 'free').limits.perMinute = figure;
    };
  it.each([
    ['of another name', renamed, 'profile_mismatch'],
    ['that does not fit itself', contradictory, 'invalid_request'],
    ['with limits that contradict each other', perMinute(1000), 'limits_inconsistent'],
    ['that leaves to keys what they do not have', perMinute('custom'), 'limits_required'],
  ])('%s is refused and changes nothing', async (_, change, code) => {
    await w.key({ tier: 'free' });
    const before = await tiers();
    for (const dryRun of [true, false]) {
      expect(await codeOf(w.lk.profiles.apply({ profile: edition(change), dryRun }))).toBe(code);
    }
    for (const profile of [null, [], 'swaypi', { name: 'swaypi' }]) {
      expect(await codeOf(w.lk.profiles.apply({ profile }))).toBe('invalid_request');
    }
    expect(await tiers()).toEqual(before);
  });

  it('that a start came with and nobody applied is logged, and counts for nothing', async () => {
    const profile = edition((next) => {
      tierOf(next, 'free').batchSize = 3;
    });
    await w.restart();
    expect(w.log.join('\n')).not.toContain('profile_not_applied');
    await w.restart({ profile });
    expect(w.log.join('\n')).toContain('warn profile_not_applied');
    expect((await tiers())[0]?.batchSize).toBe(10);
    await w.lk.profiles.apply({ profile });
    w.log.length = 0;
    await w.restart({ profile });
    expect(w.log.join('\n')).not.toContain('profile_not_applied');
    expect((await tiers())[0]?.batchSize).toBe(3);
  });
});
