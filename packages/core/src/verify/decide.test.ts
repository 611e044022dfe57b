// Guarantees of the decision: the fixed order of the rules, each boundary exact, absent facts failing closed.

import { describe, expect, it } from 'vitest';
import type { KeyRecord, OrganizationRecord, ProjectRecord } from '../ports.js';
import type { Tier } from '../tier/tiers.js';
import { decide, type RequestFacts, type Snapshot } from './decide.js';
import type { Reason } from './reasons.js';

const NOW = 1_700_000_000_000;

const organization: OrganizationRecord = {
  id: 'org_1',
  name: 'o',
  metadata: null,
  rotation: null,
  createdAt: 0,
  suspendedAt: null,
};
const project: ProjectRecord = {
  id: 'proj_1',
  organizationId: 'org_1',
  name: 'p',
  keyModel: 'v2',
  tier: null,
  metadata: null,
  createdAt: 0,
  suspendedAt: null,
};
const key: KeyRecord = {
  id: 'key_1',
  organizationId: 'org_1',
  projectId: 'proj_1',
  familyId: 'fam_1',
  generation: 1,
  name: 'k',
  prefix: 'sk_',
  hint: 'abcd',
  mode: 'live',
  model: 'v2',
  tier: 'free',
  permissions: null,
  restrictions: null,
  limits: null,
  credits: null,
  environment: null,
  metadata: null,
  ownerId: null,
  digest: { kind: 'hmac', pepperId: 'p', value: 'd' },
  imported: false,
  webhookSecret: null,
  createdBy: 'operator',
  createdAt: 0,
  expiresAt: null,
  disabledAt: null,
  graceEndsAt: null,
  revokedAt: null,
  revokedReason: null,
  lastUsedAt: null,
  lastUsedIp: null,
};
const tier = (name: string, batchSize: number | null, gatedFields: string[] = []): Tier => ({
  name,
  title: name,
  limits: { perMinute: null, perDay: null, concurrent: null },
  batchSize,
  endpoints: null,
  gatedFields,
  permissions: null,
});
const free = tier('free', 10, ['email']);
const pro = tier('pro', 50);

const snapshot: Snapshot = {
  key,
  project,
  organization,
  tier: free,
  tiers: [free, pro],
  permissions: ['*'],
  limits: { perMinute: null, perDay: null, concurrent: null },
  restrictions: null,
};
const facts: RequestFacts = {
  method: 'GET',
  path: '/v1/things',
  address: [192, 0, 2, 1],
  origin: 'https://good.example',
  mode: null,
  servedModes: ['live', 'test'],
  permissions: [],
  tier: null,
  batchSize: null,
  fields: [],
  pathRules: true,
};

type Case = { snapshot: Snapshot; facts: RequestFacts };
type Change = (given: Case) => Case;

const withKey =
  (change: Partial<KeyRecord>): Change =>
  (given) => ({ ...given, snapshot: { ...given.snapshot, key: { ...given.snapshot.key, ...change } } });
const withFacts =
  (change: Partial<RequestFacts>): Change =>
  (given) => ({ ...given, facts: { ...given.facts, ...change } });
const withRestriction =
  (change: Partial<NonNullable<Snapshot['restrictions']>['source']>): Change =>
  (given) => {
    const source = { ...given.snapshot.restrictions?.source, ...change };
    const ips = source.ips ? [{ bytes: [198, 51, 100, 0], bits: 24 }] : null;
    return { ...given, snapshot: { ...given.snapshot, restrictions: { ips, source } } };
  };

/** Each rule broken by itself, in the order in which they are asked. */
const broken: readonly [Reason, Change][] = [
  ['wrong_mode', withFacts({ mode: 'test' })],
  ['revoked_key', withKey({ revokedAt: NOW })],
  [
    'organization_disabled',
    (given) => ({ ...given, snapshot: { ...given.snapshot, organization: { ...organization, suspendedAt: NOW } } }),
  ],
  ['disabled_key', withKey({ disabledAt: NOW })],
  ['rotated_key', withKey({ graceEndsAt: NOW })],
  ['expired_key', withKey({ expiresAt: NOW })],
  ['ip_not_allowed', withRestriction({ ips: ['198.51.100.0/24'] })],
  ['referrer_not_allowed', withRestriction({ referrers: ['https://other.example'] })],
  ['endpoint_not_allowed', withRestriction({ endpoints: ['/v2/**'] })],
  [
    'insufficient_permission',
    (given) =>
      withFacts({ permissions: ['things.read'] })({ ...given, snapshot: { ...given.snapshot, permissions: [] } }),
  ],
  ['tier_required', withFacts({ tier: 'pro' })],
  ['batch_too_large', withFacts({ batchSize: 11 })],
];

const judge = (given: Case) => decide(given.snapshot, given.facts, NOW);
const base: Case = { snapshot, facts };

describe('the order of the rules', () => {
  it('lets a good request pass', () => {
    expect(judge(base)).toBeNull();
  });

  it.each(broken)('%s is reachable by itself', (reason, change) => {
    expect(judge(change(base))?.reason).toBe(reason);
  });

  const pairs = broken.flatMap(([first, a], at) =>
    broken.slice(at + 1).map(([second, b]) => [first, second, a, b] as const),
  );
  it.each(pairs)('%s comes before %s', (first, _second, a, b) => {
    expect(judge(b(a(base)))?.reason).toBe(first);
    expect(judge(a(b(base)))?.reason).toBe(first);
  });

  it('a suspended project is answered as a suspended organization', () => {
    expect(judge({ ...base, snapshot: { ...snapshot, project: { ...project, suspendedAt: 1 } } })?.reason).toBe(
      'organization_disabled',
    );
  });
});

describe('each rule', () => {
  it('a mode without upstream is a wrong mode, whatever the host', () => {
    expect(judge(withFacts({ servedModes: ['test'] })(base))?.reason).toBe('wrong_mode');
    expect(judge(withFacts({ servedModes: [] })(base))?.reason).toBe('wrong_mode');
    expect(judge(withFacts({ mode: 'live' })(base))).toBeNull();
  });

  it('time passes at the millisecond before and refuses at the one named', () => {
    expect(judge(withKey({ expiresAt: NOW + 1 })(base))).toBeNull();
    expect(judge(withKey({ graceEndsAt: NOW + 1 })(base))).toBeNull();
  });

  it('an absent fact fails the rule that needs it', () => {
    const ip = withRestriction({ ips: ['198.51.100.0/24'] })(base);
    expect(judge(withFacts({ address: null })(ip))?.reason).toBe('ip_not_allowed');
    const referrer = withRestriction({ referrers: ['https://good.example'] })(base);
    expect(judge(referrer)).toBeNull();
    expect(judge(withFacts({ origin: null })(referrer))?.reason).toBe('referrer_not_allowed');
    const endpoint = withRestriction({ endpoints: ['/v1/things'] })(base);
    expect(judge(endpoint)).toBeNull();
    expect(judge(withFacts({ path: null })(endpoint))?.reason).toBe('endpoint_not_allowed');
    expect(judge(withFacts({ method: null })(endpoint))?.reason).toBe('endpoint_not_allowed');
  });

  it('a list whose ranges cannot be read lets nobody in', () => {
    const restrictions = { ips: [], source: { ips: ['nonsense'] } };
    expect(judge({ ...base, snapshot: { ...snapshot, restrictions } })?.reason).toBe('ip_not_allowed');
  });

  it('an ambiguous path is refused where a rule depends on it, and passes where none does', () => {
    const odd = withFacts({ path: '/v1//things' });
    expect(judge(odd(base))?.reason).toBe('endpoint_not_allowed');
    expect(judge(withFacts({ pathRules: false })(odd(base)))).toBeNull();
    const restricted = withRestriction({ endpoints: ['/**'] })(base);
    expect(judge(withFacts({ pathRules: false })(odd(restricted)))?.reason).toBe('endpoint_not_allowed');
  });

  it('names the permission that is missing, of several the first', () => {
    const denial = judge({
      snapshot: { ...snapshot, permissions: ['a'] },
      facts: { ...facts, permissions: ['a', 'b', 'c'] },
    });
    expect(denial).toEqual({ reason: 'insufficient_permission', required: { permission: 'b' } });
  });

  it('names the tier that would have sufficed', () => {
    expect(judge(withFacts({ tier: 'pro' })(base))?.required).toEqual({ tier: 'pro' });
    expect(judge(withFacts({ fields: ['name', 'email'] })(base))).toEqual({
      reason: 'tier_required',
      required: { tier: 'pro', field: 'email' },
    });
    expect(judge({ ...base, snapshot: { ...snapshot, tier: pro }, facts: { ...facts, tier: 'pro' } })).toBeNull();
    expect(judge({ ...base, snapshot: { ...snapshot, tier: null }, facts: { ...facts, tier: 'free' } })?.reason).toBe(
      'tier_required',
    );
    expect(judge({ ...base, snapshot: { ...snapshot, tier: pro }, facts: { ...facts, tier: 'gone' } })?.reason).toBe(
      'tier_required',
    );
  });

  it('a tier opens its own endpoints and permissions only, and nothing without a path to judge', () => {
    const bounded: Tier = { ...free, endpoints: ['GET /v1/me'], permissions: ['a'] };
    const at = (change: Partial<RequestFacts>) =>
      decide({ ...snapshot, tier: bounded, tiers: [bounded, pro] }, { ...facts, ...change }, NOW);
    expect(at({ path: '/v1/me', permissions: ['a'] })).toBeNull();
    const required = { reason: 'tier_required', required: { tier: 'pro' } };
    expect(at({ path: '/v1/you' })).toEqual(required);
    expect(at({ path: '/v1/me', method: 'POST' })).toEqual(required);
    expect(at({ path: '/v1/me', permissions: ['b'] })).toEqual(required);
    expect(at({ path: null })).toEqual(required);
    expect(at({ path: '/v1//me', pathRules: false })).toEqual({ reason: 'endpoint_not_allowed' });
  });

  it('names a tier above the key’s own, where one would do: nobody is told to upgrade to less than they have', () => {
    const bounded: Tier = { ...pro, endpoints: ['GET /v1/me'], batchSize: 5, gatedFields: ['notes'] };
    const max: Tier = { ...tier('max', null), gatedFields: [] };
    const at = (tiers: Tier[], change: Partial<RequestFacts>) =>
      decide({ ...snapshot, tier: bounded, tiers }, { ...facts, ...change }, NOW)?.required;
    for (const [tiers, named] of [
      [[free, bounded, max], 'max'],
      [[free, bounded], 'free'],
    ] as const) {
      expect(at([...tiers], { path: '/v1/you' })).toEqual({ tier: named });
      expect(at([...tiers], { path: '/v1/me', batchSize: 7 })).toEqual({ batchSize: 5, tier: named });
      expect(at([...tiers], { path: '/v1/me', fields: ['notes'] })).toEqual({ tier: named, field: 'notes' });
    }
  });

  it('a batch of exactly the tier passes; one more names the tier that takes it, if any does', () => {
    expect(judge(withFacts({ batchSize: 10 })(base))).toBeNull();
    expect(judge(withFacts({ batchSize: 11 })(base))?.required).toEqual({ batchSize: 10, tier: 'pro' });
    expect(judge(withFacts({ batchSize: 51 })(base))?.required).toEqual({ batchSize: 10 });
    const boundless: Snapshot = { ...snapshot, tiers: [free, pro, tier('max', null)] };
    expect(decide(boundless, { ...facts, batchSize: 51 }, NOW)?.required).toEqual({
      batchSize: 10,
      tier: 'max',
    });
  });
});
