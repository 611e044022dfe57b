// Explain: says what the decision says, check by check with its numbers, and leaves everything as it was.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf, OPERATOR, type World, worldsOfEachTest } from './world.suite.js';

const open = worldsOfEachTest();

type Explanation = Awaited<ReturnType<World['lk']['keys']['explain']>>;
const check = ({ checks }: Explanation, name: string) => {
  const found = checks.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no check ${name}`);
  return found;
};
const outcomes = (explanation: Explanation, outcome: string): string[] =>
  explanation.checks.filter((each) => each.outcome === outcome).map(({ name }) => name);

const GET_USER = { method: 'GET', path: '/v1/users/usr_1', ip: '203.0.113.7' };

describe('an explanation', () => {
  it('has every step in the order of a request, with the rule, the fact and the row that matched', async () => {
    const w = await open('accounts');
    const { id, secret } = await w.key({ permissions: ['users.read'], limits: { perMinute: 5 } });
    await w.verify(secret);
    const explained = await w.lk.keys.explain({ secret, request: GET_USER });
    expect(explained).toMatchObject({
      valid: true,
      reason: null,
      key: { id },
      project: { id: w.projectId },
      organization: { id: w.organizationId },
      viewedAs: null,
      route: { method: 'GET', path: '/v1/users/**', auth: 'key', permission: 'users.read' },
      cost: { requests: 1, credits: 0 },
      gatedFields: [],
    });
    expect(explained.checks.map(({ name }) => name)).toEqual([
      ...['credential', 'checksum', 'lookup', 'mode', 'revoked', 'suspended', 'disabled', 'rotated', 'expired'],
      ...['ip', 'referrer', 'endpoint', 'permission', 'tier', 'fields', 'batchSize'],
      ...['concurrent', 'perDay', 'perMinute', 'credits'],
    ]);
    expect(outcomes(explained, 'failed')).toEqual([]);
    expect(check(explained, 'permission')).toEqual({
      name: 'permission',
      outcome: 'passed',
      reason: null,
      text: 'The key has users.read.',
      rule: { needed: ['users.read'] },
      fact: { granted: ['users.read'], missing: [] },
      required: null,
    });
    expect(check(explained, 'perMinute')).toMatchObject({
      outcome: 'passed',
      rule: { limit: 5, metered: true, source: 'key' },
      fact: { used: 1, remaining: 4, resetAt: '2025-01-15T12:01:00.000Z', cost: 1 },
    });
    expect(check(explained, 'perDay').rule).toMatchObject({ source: 'profile' });
    expect(JSON.stringify(explained)).not.toContain(secret.slice(10));
  });

  it('names everything that would stop the request; the first of it is the reason', async () => {
    const w = await open('accounts');
    const { id } = await w.key({
      permissions: ['users.read'],
      restrictions: { ips: ['198.51.100.0/24'], referrers: ['https://app.example'], endpoints: ['/v1/users/*'] },
      expiresAt: new Date(w.time.now + 1000).toISOString(),
      limits: { perMinute: 0 },
    });
    w.time.now += 1000;
    await w.lk.projects.suspend({ projectId: w.projectId });
    const explained = await w.lk.keys.explain({
      keyId: id,
      request: { ...GET_USER, method: 'DELETE', referrer: 'https://app.example.evil/x' },
      permissions: ['webhooks.manage'],
    });
    expect(explained).toMatchObject({ valid: false, reason: 'organization_disabled' });
    expect(outcomes(explained, 'failed')).toEqual([
      ...['suspended', 'expired', 'ip', 'referrer', 'permission', 'perMinute'],
    ]);
    expect(check(explained, 'ip')).toMatchObject({
      reason: 'ip_not_allowed',
      rule: { ips: ['198.51.100.0/24'] },
      fact: { ip: '203.0.113.7' },
      text: "The address 203.0.113.7 is in none of the key's ranges.",
    });
    expect(check(explained, 'expired')).toMatchObject({
      rule: { expiresAt: '2025-01-15T12:00:01.000Z' },
      fact: { now: '2025-01-15T12:00:01.000Z' },
    });
    expect(check(explained, 'permission').fact.missing).toEqual(['users.write', 'webhooks.manage']);
    expect(outcomes(explained, 'not_applicable')).toEqual(expect.arrayContaining(['credential', 'lookup', 'rotated']));
  });

  it.each([
    ['nothing', { secret: null }, 'missing_credential', 'credential'],
    ['no token', { secret: 'a b' }, 'malformed_credential', 'credential'],
    [
      'two credentials',
      { request: { headers: { authorization: ['Bearer a', 'Bearer a'] } } },
      'ambiguous_credential',
      'credential',
    ],
    ['a foreign key', { secret: 'nobody-knows-this' }, 'unknown_key', 'lookup'],
  ] as const)('of %s ends where finding the key ends', async (_, question, reason, where) => {
    const w = await open('accounts');
    const explained = await w.lk.keys.explain(question as Parameters<typeof w.lk.keys.explain>[0]);
    expect(explained).toMatchObject({ valid: false, reason });
    expect(outcomes(explained, 'failed')).toEqual([where]);
    expect(outcomes(explained, 'not_reached')).toEqual(expect.arrayContaining(['mode', 'tier', 'perMinute']));
    expect(explained.key).toBeUndefined();
  });

  it('of a mistyped key says so, and of an imported one that it has no checksum', async () => {
    const w = await open('accounts');
    const { secret } = await w.key();
    const typo = await w.lk.keys.explain({ secret: `${secret.slice(0, -1)}${secret.endsWith('x') ? 'y' : 'x'}` });
    expect(typo.reason).toBe('mistyped_key');
    expect(check(typo, 'lookup').outcome).toBe('not_reached');
    await w.lk.keys.import({ projectId: w.projectId, keys: [{ name: 'old', secret: 'old-style-secret' }] });
    const imported = await w.lk.keys.explain({ secret: 'old-style-secret' });
    expect(imported.valid).toBe(true);
    expect(check(imported, 'checksum').outcome).toBe('not_applicable');
  });

  it('can be seen as another tier, without the key getting it', async () => {
    const w = await open('swaypi');
    const { id } = await w.key({ tier: 'free', limits: { perMinute: 7, perDay: 7 } });
    const ask = { keyId: id, request: { method: 'GET', path: '/v1/creators/1' }, fields: ['contact_email'] };
    const own = await w.lk.keys.explain(ask);
    expect(own).toMatchObject({ valid: false, reason: 'tier_required', tier: 'free', viewedAs: null });
    expect(own.gatedFields).toContain('contact_email');
    expect(check(own, 'fields')).toMatchObject({ required: { tier: 'builder', field: 'contact_email' } });
    const seen = await w.lk.keys.explain({ ...ask, tier: 'builder' });
    expect(seen).toMatchObject({ valid: true, tier: 'builder', viewedAs: 'builder', key: { tier: 'free' } });
    expect(seen.gatedFields).not.toContain('contact_email');
    expect(check(seen, 'perMinute').rule).toEqual({ limit: 7, metered: true, source: 'key' });
    expect(check(seen, 'concurrent').outcome).toBe('not_applicable');
    // The tier's day is not metered, whoever set the figure.
    expect(check(seen, 'perDay').rule).toEqual({ limit: 7, metered: false, source: 'key' });
    expect((await w.lk.keys.get({ keyId: id })).tier).toBe('free');
    expect(await codeOf(w.lk.keys.explain({ ...ask, tier: 'none' }))).toBe('tier_unknown');
  });

  it('counts what an unmetered day has used', async () => {
    const w = await open('swaypi');
    const { id, secret } = await w.key({ tier: 'builder', limits: { perMinute: 2, perDay: 2 } });
    for (let at = 0; at < 3; at++) {
      await w.verify(secret, { method: 'GET', path: '/v1/creators/1' });
      w.time.now += 60_000;
    }
    const explained = await w.lk.keys.explain({ keyId: id });
    expect(check(explained, 'perDay')).toMatchObject({ outcome: 'passed', fact: { used: 3, remaining: -1 } });
  });

  it('says when a full limit is open again, and that nothing is held at once', async () => {
    const w = await open('aifaceswap');
    const { id, secret } = await w.key({ limits: { concurrent: 1 } });
    const swap = { method: 'POST', path: '/v1/swaps' };
    const running = await w.verify(secret, { ...swap, holdSlot: true });
    const full = await w.lk.keys.explain({ keyId: id, request: swap });
    expect(full).toMatchObject({ reason: 'concurrency_exceeded', retryAfterSeconds: 1 });
    expect(check(full, 'concurrent')).toMatchObject({ fact: { used: 1, remaining: 0, cost: 1 } });
    expect((await w.lk.keys.explain({ keyId: id, request: { method: 'GET', path: '/v1/swaps' } })).valid).toBe(true);
    running.release();
    expect((await w.lk.keys.explain({ keyId: id, request: swap })).valid).toBe(true);
    await w.lk.keys.update({ keyId: id, limits: { perMinute: 1 } });
    expect(await w.lk.keys.explain({ keyId: id, request: swap })).toMatchObject({
      reason: 'rate_limited',
      retryAfterSeconds: 60,
    });
  });

  it('holds the cost against the balance, as it is once its refill is due', async () => {
    const w = await open('aifaceswap');
    const { id, secret } = await w.key({ credits: { balance: 1, refill: { amount: 10, every: 'day' } } });
    const ask = { keyId: id, cost: { requests: 1, credits: 2 } };
    const poor = await w.lk.keys.explain(ask);
    expect(poor).toMatchObject({ valid: false, reason: 'insufficient_credits', cost: { requests: 1, credits: 2 } });
    expect(check(poor, 'credits')).toMatchObject({ rule: { cost: 2 }, fact: { balance: 1, refill: { amount: 10 } } });
    expect((await w.lk.verify({ secret, cost: ask.cost })).reason).toBe('insufficient_credits');
    w.time.now += 86_400_000;
    const refilled = await w.lk.keys.explain(ask);
    expect(refilled.valid).toBe(true);
    expect(check(refilled, 'credits').fact.balance).toBe(10);
    expect((await w.lk.verify({ secret, cost: ask.cost })).valid).toBe(true);
    expect(check(await w.lk.keys.explain(ask), 'credits').fact.balance).toBe(8);
  });

  it('renders the reply that the request gets', async () => {
    const w = await open('swaypi');
    const { id, secret } = await w.key({ tier: 'free' });
    const request = { method: 'GET', path: '/v1/me' };
    const explained = await w.lk.keys.explain({ keyId: id, request, render: true });
    const real = await w.lk.verify({ secret, request, render: true });
    expect(explained.reply).toEqual(real.reply);
    await w.lk.keys.revoke({ keyId: id });
    const refused = await w.lk.keys.explain({ secret, request, render: true });
    expect(refused.reply).toEqual((await w.lk.verify({ secret, request, render: true })).reply);
  });

  it('is for the operator alone, names the key once, and knows no key that is gone', async () => {
    const w = await open('accounts');
    const { id, secret } = await w.key();
    const customer = await w.actor(secret);
    expect(await codeOf(w.as(customer).keys.explain({ keyId: id }))).toBe('operator_only');
    const verifier = { ...OPERATOR, permissions: ['keys.verify', 'keys.read'] };
    expect(await codeOf(w.as(verifier).keys.explain({ keyId: id }))).toBe('forbidden');
    expect(await codeOf(w.lk.keys.explain({ keyId: id, secret }))).toBe('invalid_request');
    expect(await codeOf(w.lk.keys.explain({ keyId: id, request: { headers: {} } }))).toBe('invalid_request');
    expect(await codeOf(w.lk.keys.explain({}))).toBe('invalid_request');
    await w.lk.keys.delete({ keyId: id });
    expect(await codeOf(w.lk.keys.explain({ keyId: id }))).toBe('not_found');
  });
});

describe('explaining', () => {
  it('spends nothing, keeps nothing and slows nobody', async () => {
    const w = await open('accounts', { onDisk: true });
    const { id, secret } = await w.key({ permissions: ['users.read'] });
    await w.lk.keys.import({
      projectId: w.projectId,
      keys: [{ name: 'old', digest: { algorithm: 'sha256', value: 'a'.repeat(64) } }],
    });
    await w.verify(secret, GET_USER);
    const state = async () => {
      const { services } = w.lk.engine;
      await Promise.all([services.usage.flush(), services.denials.flush()]);
      const { budgets } = await w.verify(secret, { ...GET_USER, cost: { requests: 0, credits: 0 } });
      return {
        budgets,
        key: await w.lk.keys.get({ keyId: id }),
        tables: ['keys', 'usage_hours', 'denials', 'quota_days', 'audit'].map((table) =>
          w.sql(`select * from ${table}`),
        ),
      };
    };
    const before = await state();
    for (let at = 0; at < 150; at++) {
      w.time.now += 10;
      await w.lk.keys.explain({ secret, request: GET_USER });
      await w.lk.keys.explain({ keyId: id, request: { ...GET_USER, method: 'DELETE' } });
      await w.lk.keys.explain({ secret: 'unknown', request: GET_USER });
    }
    expect(await state()).toEqual(before);
    // Of 150 unknown keys explained none counts against the address: the next one is unknown, not one too many.
    expect(await w.reason('unknown', GET_USER)).toBe('unknown_key');
  });

  it('gives the reason that the next decision gives, whatever the key and the request', async () => {
    const w = await open('swaypi');
    const made = fc.record({
      tier: fc.constantFrom('free', 'builder', 'studio'),
      limits: fc.constantFrom(
        undefined,
        { perMinute: 0 },
        { perMinute: 1, perDay: 1 },
        { perMinute: 2, perDay: 3 },
        { perMinute: 0, perDay: 0 },
      ),
      restrictions: fc.constantFrom<{ ips?: string[]; endpoints?: string[]; referrers?: string[] } | undefined>(
        undefined,
        { ips: ['203.0.113.0/24'] },
        { endpoints: ['GET /v1/**'] },
        { referrers: ['https://*.example'] },
      ),
      end: fc.constantFrom('none', 'none', 'none', 'disable', 'revoke'),
    });
    const asked = fc.record({
      request: fc.record({
        method: fc.constantFrom('GET', 'POST'),
        path: fc.constantFrom('/v1/me', '/v1/creators/1', '/v1/creators/batch', '/v1/webhooks', '/v1//me'),
        ip: fc.constantFrom('203.0.113.9', '2001:db8::1'),
        referrer: fc.constantFrom('https://a.example/x', 'https://example.evil'),
      }),
      fields: fc.subarray(['contact_email', 'audience_geo.detail', 'name']),
      batchSize: fc.constantFrom(1, 11, 51, 1000),
    });
    const reasons = new Set<string | null>();
    await fc.assert(
      fc.asyncProperty(
        made,
        fc.array(asked, { minLength: 1, maxLength: 4 }),
        async ({ end, ...settings }, questions) => {
          const { tier, limits, restrictions } = settings;
          const { id, secret } = await w.key({
            tier,
            ...(limits && { limits }),
            ...(restrictions && { restrictions }),
          });
          if (end === 'disable') await w.lk.keys.disable({ keyId: id });
          if (end === 'revoke') await w.lk.keys.revoke({ keyId: id });
          for (const question of questions) {
            const explained = await w.lk.keys.explain({ keyId: id, ...question });
            const bySecret = await w.lk.keys.explain({ secret, ...question });
            const decided = await w.lk.verify({ secret, ...question });
            reasons.add(decided.reason);
            expect([explained.valid, explained.reason, explained.retryAfterSeconds]).toEqual([
              decided.valid,
              decided.reason,
              decided.retryAfterSeconds,
            ]);
            expect(bySecret.reason).toBe(decided.reason);
            expect(explained.gatedFields).toEqual(decided.gatedFields);
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(reasons.size).toBeGreaterThan(7);
  });
});
