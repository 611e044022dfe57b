// Goldens as data: each fits the shape, cites its page, agrees with its profile, and together they cover what the pages state.

import { matchRoute, type Profile, profileSchema, REASON_STATUSES, type Reason } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import {
  bodyFaults,
  CAPABILITIES,
  filled,
  headerFaults,
  profileNames,
  readGoldens,
  readProfileFile,
  replyFaults,
  runnable,
} from './golden.js';

const goldens = readGoldens();
const profiles = new Map(
  profileNames().map((name): [string, Profile] => [name, profileSchema.parse(readProfileFile(`${name}/profile.json`))]),
);
const profileOf = (name: string): Profile => profiles.get(name) as Profile;

describe('every golden', () => {
  it('has a name of its own within its profile', () => {
    const names = goldens.map(({ profile, golden }) => `${profile}: ${golden.name}`);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toStrictEqual([]);
  });

  it('says on what it stands: lines of the page or a ruling', () => {
    const baseless = goldens.filter(({ golden }) => golden.source.length === 0 && golden.ruling === undefined);
    expect(baseless.map(({ golden }) => golden.name)).toStrictEqual([]);
  });

  it.each(goldens.map((filed) => [filed.file, filed.golden.name, filed] as const))(
    '%s: %s',
    (_file, _name, { profile, golden }) => {
      const { wire, policy } = profileOf(profile);
      const { given, request, expect: expected } = golden;
      if (expected.reason) expect(expected.status).toBe(wire.reasons[expected.reason].status);
      if (expected.reason === null) expect(expected.status).toBeLessThan(300);

      const keys = [given.key, ...(given.others ?? [])].flatMap((key) => key ?? []);
      for (const { tier, mode, permissions, rotatedAt, model } of keys) {
        if (tier !== undefined) expect(policy.tiers.map(({ name }) => name)).toContain(tier);
        if (mode === 'test') expect(policy.prefixes.test).toBeDefined();
        const known = [...policy.permissions.map(({ name }) => name), 'keys.read', 'keys.revoke'];
        for (const permission of permissions ?? []) expect(known).toContain(permission);
        // A rotation without a grace period of its own needs the profile's.
        if (rotatedAt !== undefined && model !== 'legacy') expect(policy.gracePeriodSeconds).not.toBeNull();
      }

      const needsKey = !['none', 'empty', 'unknown'].includes(given.present);
      if (needsKey) expect(given.key).toBeDefined();
      if (given.present === 'other') expect(given.others?.length).toBeGreaterThan(0);
      if (given.present === 'replacement') expect(given.key?.rotatedAt).toBeDefined();

      const made = Object.fromEntries(
        ['key', 'replacement', 'others.0', 'others.1', 'others.2'].flatMap((who) =>
          ['id', 'projectId', 'secret'].map((member) => [`${who}.${member}`, 'made']),
        ),
      );
      expect(() => filled([request, given.earlier, expected.body, expected.upstream], made)).not.toThrow();

      // What verify cannot see has to be judged at the gateway alone.
      const gatewayOnly =
        given.upstream ?? given.earlier?.find(({ path }) => path !== request.path) ?? given.during ?? expected.cutShort;
      if (gatewayOnly !== undefined && golden.surfaces.includes('verify')) {
        expect(matchRoute(profileOf(profile), request.method, request.path), golden.name).not.toBeNull();
        expect(given.upstream ?? given.during ?? expected.cutShort).toBeUndefined();
      }
    },
  );
});

describe('together the goldens', () => {
  const reasonsIn = (profile: string) =>
    new Set(goldens.flatMap(({ profile: name, golden }) => (name === profile ? (golden.expect.reason ?? []) : [])));

  it.each(profileNames())('%s: cover every status that its page states', (profile) => {
    const reasons = [...reasonsIn(profile)] as Reason[];
    const statuses = new Set(reasons.flatMap((reason) => REASON_STATUSES[reason]));
    const stated: Record<string, number[]> = {
      aifaceswap: [401, 402, 429],
      swaypi: [401, 403, 429],
      suward: [401, 403, 422, 429],
      textgen: [401, 403, 429],
      accounts: [401, 403, 429],
    };
    for (const status of stated[profile] ?? []) expect([...statuses]).toContain(status);
    for (const reason of [
      'missing_credential',
      'malformed_credential',
      'ambiguous_credential',
      'mistyped_key',
    ] as const) {
      expect(reasons).toContain(reason);
    }
    for (const reason of ['unknown_key', 'revoked_key', 'rate_limited'] as const) expect(reasons).toContain(reason);
  });

  it('name no capability that is not listed, and list none that no golden needs', () => {
    const needed = new Set(goldens.flatMap(({ golden }) => golden.needs ?? []));
    expect([...needed].sort()).toStrictEqual([...CAPABILITIES].sort());
  });

  it('are all either run or counted as pending on their surfaces', () => {
    for (const surface of ['verify', 'gateway'] as const) {
      const { now, pending } = runnable(goldens, surface, []);
      expect(now.length + pending.length).toBe(
        goldens.filter(({ golden }) => golden.surfaces.includes(surface)).length,
      );
      expect(runnable(goldens, surface, CAPABILITIES).pending).toStrictEqual([]);
    }
  });
});

describe('holding an answer against a golden', () => {
  const made = { 'key.id': 'key_1' };

  it('accepts what fits and names each place that does not', () => {
    const expected = { id: '{key.id}', said: { $matches: '^[A-Z]' }, any: { $any: true }, list: [1, null] };
    expect(bodyFaults(expected, { id: 'key_1', said: 'Yes', any: null, list: [1, null] }, made)).toStrictEqual([]);
    expect(bodyFaults(expected, { id: 'key_2', said: 'no', list: [1], more: 1 }, made)).toStrictEqual([
      'body.id is "key_2", not "key_1"',
      'body.said is "no", which does not match /^[A-Z]/',
      'body.any is not there',
      'body.list has 1 entries, not 2',
      'body.more should not be there',
    ]);
    expect(bodyFaults({ n: 1 }, { n: '1' }, made)).toHaveLength(1);
    expect(bodyFaults([], {}, made)).toHaveLength(1);
  });

  it('compares headers by name in any case and by value exactly', () => {
    const expected = { headers: { 'X-A': '{key.id}', b: { matches: '^\\d+$' } }, absentHeaders: ['Retry-After'] };
    expect(headerFaults(expected, { 'x-a': 'key_1', B: '12' }, made)).toStrictEqual([]);
    expect(headerFaults(expected, { 'x-a': 'key_1 ', 'retry-after': '1' }, made)).toStrictEqual([
      'X-A is key_1 , not {key.id}',
      'b is not there',
      'Retry-After should not be there',
    ]);
  });

  it('judges status, headers and body together, and no body where there is none to judge', () => {
    const reply = { status: 200, headers: {}, body: '{"a":2}' };
    expect(replyFaults({ status: 201, body: { a: 1 } }, reply, made)).toStrictEqual([
      'status is 200, not 201',
      'body.a is 2, not 1',
    ]);
    expect(replyFaults({ status: 200, body: { a: 1 } }, { ...reply, body: null }, made)).toStrictEqual([]);
  });

  it('fills requests, makes lists, and throws for what was not made', () => {
    expect(filled({ path: '/v1/{key.id}', ids: { $times: 3, $of: 'x' } }, made)).toStrictEqual({
      path: '/v1/key_1',
      ids: ['x', 'x', 'x'],
    });
    expect(() => filled('{others.0.id}', made)).toThrow('others.0.id');
  });
});
