// An explanation never says otherwise than the decision and the take do, and says something true of every check.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetsOf, emptyCounters, refusingLimit } from '../limit/window.js';
import type { KeyRecord, OrganizationRecord, ProjectRecord } from '../ports.js';
import type { Tier } from '../tier/tiers.js';
import { CHECKS, decide, type RequestFacts, type Snapshot } from './decide.js';
import { addressText, explainChecks, explainCredits, explainLimits, unreachedChecks } from './explain.js';
import { LIMIT_REASONS } from './reasons.js';

const NOW = 1_700_000_000_000;

const instant = fc.option(fc.integer({ min: NOW - 2, max: NOW + 2 }), { freq: 2 });
const ended = fc.option(fc.constant(NOW - 5), { freq: 5, nil: null });
const name = fc.constantFrom('free', 'pro', 'max');
const permission = fc.constantFrom('a', 'b', 'b.c', '*');
const endpoint = fc.constantFrom('/v1/a', 'GET /v1/a', '/v1/**', 'POST /v1/b');
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 2 });

const tierOf = (tierName: string): fc.Arbitrary<Tier> =>
  fc.record({
    name: fc.constant(tierName),
    title: fc.constant(tierName),
    limits: fc.constant({ perMinute: null, perDay: null, concurrent: null }),
    batchSize: orNull(fc.integer({ min: 1, max: 3 })),
    endpoints: orNull(fc.array(endpoint, { minLength: 1, maxLength: 2 })),
    gatedFields: fc.subarray(['email', 'geo.detail']),
    permissions: orNull(fc.array(permission, { maxLength: 2 })),
  });

const keyRecord = fc.record({
  mode: fc.constantFrom('live' as const, 'test' as const),
  revokedAt: ended,
  disabledAt: ended,
  graceEndsAt: instant,
  expiresAt: instant,
}) as unknown as fc.Arbitrary<KeyRecord>;

const snapshots: fc.Arbitrary<Snapshot> = fc
  .record({
    key: keyRecord,
    suspended: fc.tuple(ended, ended),
    tiers: fc.tuple(tierOf('free'), tierOf('pro'), tierOf('max')),
    tier: orNull(name),
    permissions: fc.array(permission, { maxLength: 3 }),
    restrictions: orNull(
      fc.record(
        {
          ips: fc.constantFrom('192.0.2.0/24', '198.51.100.1/32').map((range) => [range]),
          referrers: fc.constantFrom('https://a.example', 'https://*.example').map((pattern) => [pattern]),
          endpoints: fc.array(endpoint, { minLength: 1, maxLength: 2 }),
        },
        { requiredKeys: [] },
      ),
    ),
  })
  .map(({ key, suspended, tiers, tier, permissions, restrictions }) => ({
    key,
    project: { suspendedAt: suspended[0] } as ProjectRecord,
    organization: { suspendedAt: suspended[1] } as OrganizationRecord,
    tier: tiers.find((candidate) => candidate.name === tier) ?? null,
    tiers,
    permissions,
    limits: { perMinute: null, perDay: null, concurrent: null },
    restrictions: restrictions && {
      ips: restrictions.ips
        ? restrictions.ips.map((range) => ({ bytes: range.split(/[./]/).slice(0, 4).map(Number), bits: 24 }))
        : null,
      source: restrictions,
    },
  }));

const requests: fc.Arbitrary<RequestFacts> = fc.record({
  method: orNull(fc.constantFrom('GET', 'POST')),
  path: orNull(fc.constantFrom('/v1/a', '/v1/b', '/v1//a', '/v1/%2e%2e/a', '/')),
  address: orNull(fc.constantFrom([192, 0, 2, 7], [203, 0, 113, 1], Array(16).fill(1))),
  origin: orNull(fc.constantFrom('https://a.example', 'https://a.example.evil')),
  mode: orNull(fc.constantFrom('live' as const, 'test' as const)),
  servedModes: fc.constantFrom(['live'] as const, ['live', 'test'] as const),
  permissions: fc.array(permission, { maxLength: 2 }),
  tier: orNull(fc.constantFrom('free', 'pro', 'gone')),
  batchSize: orNull(fc.integer({ min: 0, max: 4 })),
  fields: fc.subarray(['email', 'name', 'geo.detail.x']),
  pathRules: fc.boolean(),
});

describe('the explanation of a decision', () => {
  it('has the checks in their order, and its first failure is what the decision refuses with', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(snapshots, requests, (snapshot, facts) => {
        const checks = explainChecks(snapshot, facts, NOW);
        expect(checks.map((check) => check.name)).toEqual(CHECKS.map((check) => check.name));
        const first = checks.find(({ outcome }) => outcome === 'failed') ?? null;
        const denial = decide(snapshot, facts, NOW);
        expect(first && { reason: first.reason, required: first.required }).toEqual(
          denial && { reason: denial.reason, required: denial.required ?? null },
        );
        for (const { name: check, outcome } of checks) seen.add(`${check} ${outcome}`);
        const odd = checks.filter(
          ({ outcome, reason, text }) =>
            (reason === null) !== (outcome !== 'failed') ||
            !/^[A-Z][^\n]+\.$/.test(text) ||
            /undefined|null|\[object/.test(text),
        );
        expect(odd).toEqual([]);
        expect(JSON.parse(JSON.stringify(checks))).toEqual(checks);
      }),
      { numRuns: 2000 },
    );
    // Where there always is a rule, nothing is ever without one; every other outcome was met.
    const always = ['mode', 'revoked', 'suspended', 'disabled'];
    for (const { name: check } of CHECKS) {
      expect(seen).toContain(`${check} passed`);
      expect(seen).toContain(`${check} failed`);
      expect(seen.has(`${check} not_applicable`), check).toBe(!always.includes(check));
    }
  });

  it('looks at every check, also behind the one that refuses', () => {
    const [snapshot] = fc.sample(snapshots, { numRuns: 1, seed: 1 }) as [Snapshot];
    const dead = { ...snapshot, key: { ...snapshot.key, revokedAt: NOW, disabledAt: NOW, expiresAt: NOW } };
    const [request] = fc.sample(requests, { numRuns: 1, seed: 1 }) as [RequestFacts];
    const failed = explainChecks(dead, request, NOW).filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['revoked_key', 'disabled_key', 'expired_key']),
    );
  });

  it('of limits fails where a take would be refused, and says what is used, left and whose figure it is', () => {
    const limit = orNull(fc.integer({ min: 0, max: 4 }));
    const figures = fc.record({
      perMinute: limit,
      perDay: orNull(fc.record({ limit: fc.integer({ min: 0, max: 4 }), metered: fc.boolean() })),
      concurrent: limit,
      used: fc.record({
        perMinute: fc.integer({ min: 0, max: 5 }),
        perDay: fc.integer({ min: 0, max: 5 }),
        concurrent: fc.integer({ min: 0, max: 5 }),
      }),
      cost: fc.integer({ min: 0, max: 3 }),
      concurrency: fc.boolean(),
    });
    fc.assert(
      fc.property(figures, ({ used, cost, concurrency, ...limits }) => {
        const counters = {
          ...emptyCounters(),
          minuteUsed: used.perMinute,
          dayUsed: used.perDay,
          slots: used.concurrent,
        };
        const checks = explainLimits({
          limits,
          sources: { perMinute: 'key', perDay: 'tier', concurrent: 'profile' },
          used,
          resetAt: { perMinute: NOW, perDay: NOW, concurrent: null },
          cost,
          concurrency,
        });
        const refusedBy = refusingLimit(counters, limits, cost, concurrency);
        expect(checks.find(({ outcome }) => outcome === 'failed')?.reason ?? null).toBe(
          refusedBy && LIMIT_REASONS[refusedBy],
        );
        for (const budget of budgetsOf(counters, limits)) {
          const check = checks.find(({ name: of }) => of === budget.name);
          expect(check?.fact.remaining).toBe(budget.remaining);
          expect(check?.rule).toMatchObject({
            limit: budget.limit,
            source: { perMinute: 'key', perDay: 'tier', concurrent: 'profile' }[budget.name],
          });
        }
      }),
    );
  });

  it('of credits fails where the balance is too low, and says why nothing is charged', () => {
    const given = { cost: 5, balance: 5, refill: { amount: 9, every: 'day' }, mode: 'live' } as const;
    expect(explainCredits(given)).toMatchObject({ outcome: 'passed', rule: { cost: 5 }, fact: { balance: 5 } });
    expect(explainCredits({ ...given, balance: 4 })).toMatchObject({ reason: 'insufficient_credits' });
    const absent = [{ cost: 0 }, { balance: null }, { mode: 'test' as const }].map((more) =>
      explainCredits({ ...given, ...more }),
    );
    expect(absent.map(({ outcome }) => outcome)).toEqual(Array(3).fill('not_applicable'));
    expect(new Set(absent.map(({ text }) => text)).size).toBe(3);
  });

  it('without a key reaches nothing', () => {
    expect(new Set(unreachedChecks().map(({ outcome }) => outcome))).toEqual(new Set(['not_reached']));
    expect(unreachedChecks().length).toBe(CHECKS.length + 4);
  });

  it('writes addresses of both families', () => {
    expect(addressText([192, 0, 2, 1])).toBe('192.0.2.1');
    expect(addressText([0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), 1])).toBe('2001:db8:0:0:0:0:0:1');
  });
});
