// Guarantees of one decision: every reason is reachable, a refusal spends nothing, the numbers are the pages', nothing is admitted unsafely.

import { randomBytes } from 'node:crypto';
import { REASONS, type Reason, type Store } from '@latchkey/core';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadProfile } from '../config/load-profile.js';
import { codeOf, DAY, HOUR, MINUTE, NOON, refusal, type World, world } from './world.suite.js';

const requests = (count: number) => ({ requests: count, credits: 0 });
const unknown = () => `zz_${randomBytes(24).toString('hex')}`;

describe('every reason', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('accounts', { servedModes: ['live'] });
  });
  afterAll(() => w.close());

  const soon = () => new Date(w.time.now + 1000).toISOString();
  const cases: Partial<Record<Reason, () => Promise<Reason | null>>> = {
    missing_credential: () => w.reason(null),
    malformed_credential: () => w.reason('a b'),
    ambiguous_credential: () =>
      w.reason(null, { credential: { rawHeaders: ['Authorization', 'Bearer a', 'X-Api-Key', 'a'] } }),
    mistyped_key: async () => w.reason((await w.key()).secret.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x'))),
    unknown_key: () => w.reason(unknown()),
    revoked_key: async () => {
      const { id, secret } = await w.key();
      await w.lk.keys.revoke({ keyId: id });
      return w.reason(secret);
    },
    disabled_key: async () => {
      const { id, secret } = await w.key();
      await w.lk.keys.disable({ keyId: id });
      return w.reason(secret);
    },
    rotated_key: async () => {
      const { id, secret } = await w.key();
      await w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 0 });
      return w.reason(secret);
    },
    expired_key: async () => {
      const { secret } = await w.key({ expiresAt: soon() });
      w.time.now += 1000;
      return w.reason(secret);
    },
    wrong_mode: async () => w.reason((await w.key({ mode: 'test' })).secret),
    organization_disabled: async () => {
      const organization = await w.lk.organizations.create({ name: 'o' });
      const project = await w.lk.projects.create({ organizationId: organization.id, name: 'p' });
      const { secret } = await w.key({ projectId: project.id });
      await w.lk.organizations.suspend({ organizationId: organization.id });
      return w.reason(secret);
    },
    ip_not_allowed: async () =>
      w.reason((await w.key({ restrictions: { ips: ['192.0.2.0/24'] } })).secret, { ip: '192.0.3.0' }),
    referrer_not_allowed: async () =>
      w.reason((await w.key({ restrictions: { referrers: ['https://good.example'] } })).secret, {
        referrer: 'https://good.example.evil/',
      }),
    endpoint_not_allowed: async () =>
      w.reason((await w.key({ restrictions: { endpoints: ['GET /v1/users/**'] } })).secret, {
        method: 'POST',
        path: '/v1/users/7',
      }),
    insufficient_permission: async () =>
      w.reason((await w.key({ permissions: [] })).secret, { permissions: ['users.read'] }),
    rate_limited: async () => w.reason((await w.key({ limits: { perMinute: 0 } })).secret),
    quota_exceeded: async () => w.reason((await w.key({ limits: { perDay: 0 } })).secret),
    concurrency_exceeded: async () => w.reason((await w.key({ limits: { concurrent: 0 } })).secret),
    too_many_failures: async () => {
      for (let at = 0; at < 100; at++) await w.reason(unknown(), { ip: '203.0.113.9' });
      return w.reason(unknown(), { ip: '203.0.113.9' });
    },
    tier_required: () => tiered((swaypi, secret) => swaypi.reason(secret, { method: 'GET', path: '/v1/webhooks/x' })),
    batch_too_large: () => tiered((swaypi, secret) => swaypi.reason(secret, { batchSize: 11 })),
    unavailable: async () => {
      const { secret } = await w.key();
      const { keys } = w.lk.engine.services.store;
      const { findForVerify } = keys;
      keys.findForVerify = () => Promise.reject(new Error('database is gone'));
      try {
        return await w.reason(secret);
      } finally {
        keys.findForVerify = findForVerify;
      }
    },
  };
  const tiered = async (ask: (swaypi: World, secret: string) => Promise<Reason | null>) => {
    const swaypi = await world('swaypi');
    const { secret } = await swaypi.key();
    const reason = await ask(swaypi, secret);
    await swaypi.close();
    return reason;
  };

  it.each(Object.entries(cases))('%s is reached', async (reason, reach) => {
    expect(await reach()).toBe(reason);
  });

  it('is listed here, but those of credits, OAuth and idempotency', () => {
    const elsewhere = /^(insufficient_scope|insufficient_credits|idempotency_)/;
    expect(REASONS.filter((reason) => !(reason in cases) && !elsewhere.test(reason))).toEqual([]);
  });
});

describe('an answer over the operation', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('swaypi');
  });
  afterAll(() => w.close());

  it('to a good key says all that is known of it, and holds no secret', async () => {
    const { key, secret } = await w.lk.keys.create({ projectId: w.projectId, name: 'k', metadata: { plan: 'x' } });
    const answer = await w.lk.keys.verify({ secret, request: { method: 'get', path: '/v1/me?x=1' }, render: true });
    expect(answer).toMatchObject({
      valid: true,
      reason: null,
      key: { id: key.id, metadata: { plan: 'x' } },
      project: { id: w.projectId, name: 'Main' },
      organization: { id: w.organizationId, name: 'Acme' },
      tier: 'free',
      mode: 'live',
      permissions: ['*'],
      gatedFields: ['contact_email', 'audience_geo.detail'],
      degraded: false,
      budgets: [
        { name: 'perMinute', kind: 'rate', limit: 60, remaining: 59, resetAt: new Date(NOON + MINUTE).toISOString() },
        { name: 'perDay', kind: 'quota', limit: 100, remaining: 99, resetAt: new Date(NOON + DAY / 2).toISOString() },
      ],
    });
    expect(JSON.stringify(answer)).not.toContain(secret.slice(9));
    expect(JSON.parse(answer.reply?.body ?? '')).toEqual({
      tier: 'free',
      requests_remaining: 99,
      rate_limit_per_minute: 60,
    });
  });

  it('for /v1/me of a builder is exactly the published one', async () => {
    const { secret } = await w.key({ tier: 'builder' });
    const { reply } = await w.lk.keys.verify({ secret, request: { method: 'GET', path: '/v1/me' }, render: true });
    expect(reply?.body).toBe('{"tier":"builder","requests_remaining":-1,"rate_limit_per_minute":600}');
  });

  it('says nothing of foreign, deleted and never-made keys that could tell them apart', async () => {
    const { id, secret } = await w.key();
    await w.lk.keys.delete({ keyId: id });
    const shape = ({ requestId: _, ...rest }: { requestId: string }) => JSON.stringify(rest);
    const answers = [secret, unknown()].map((presented) => w.lk.keys.verify({ secret: presented, render: true }));
    const [deleted, never] = await Promise.all(answers);
    const strip = (text: string) => text.replace(/req_\w+/g, '');
    expect(strip(shape(deleted as never))).toBe(strip(shape(never as never)));
  });

  it.each([
    [{}],
    [{ secret: 'a', request: { headers: { authorization: 'Bearer a' } } }],
    [{ secret: 1 }],
    [{ secret: ['a', 'a'] }],
    [{ secret: 'a', cost: { requests: -1 } }],
    [{ secret: 'a', cost: { requests: 1.5 } }],
    [{ secret: 'a', cost: { requests: 2 ** 53 } }],
    [{ secret: 'a', cost: { requests: '5' } }],
    [{ secret: 'a', cost: { requests: null } }],
    [{ secret: 'a', cost: { requests: Number.POSITIVE_INFINITY } }],
    [{ secret: 'a', cost: { credits: -1 } }],
    [{ secret: 'a', permissions: ['a b'] }],
    [{ secret: 'a', permissions: ['('] }],
    [{ secret: 'a', tags: [''] }],
    [{ secret: 'a', tags: ['x'.repeat(101)] }],
    [{ secret: 'a', tags: Array(11).fill('x') }],
    [{ secret: 'a', request: { ip: 'nowhere' } }],
    [{ secret: 'a', request: { path: 'v1' } }],
    [{ secret: 'a', apikey: 'b' }],
  ])('to %j is an invalid request', async (question) => {
    expect(await codeOf(w.lk.keys.verify(question as never))).toBe('invalid_request');
  });

  it.each(['', null])('to %j as secret is that none was presented', async (secret) => {
    expect(await w.lk.keys.verify({ secret })).toMatchObject({
      valid: false,
      reason: 'missing_credential',
      budgets: [],
    });
  });

  it('reads the caller’s headers by the profile’s grammar', async () => {
    const { secret } = await w.key();
    const ask = (headers: Record<string, string | string[]>) =>
      w.lk.keys.verify({ request: { headers } }).then(({ reason }) => reason);
    expect(await ask({ AUTHORIZATION: `bearer ${secret}` })).toBeNull();
    expect(await ask({ authorization: [`Bearer ${secret}`, `Bearer ${secret}`] })).toBe('ambiguous_credential');
    expect(await ask({ authorization: `Bearer ${secret}`, 'x-api-key': secret })).toBe('ambiguous_credential');
    expect(await ask({ Authorization: `Bearer ${secret}`, authorization: `Bearer ${secret}` })).toBe(
      'ambiguous_credential',
    );
    expect(await ask({ authorization: secret })).toBe('malformed_credential');
    expect(await ask({ x_api_key: secret })).toBe('missing_credential');
    expect(await ask({})).toBe('missing_credential');
  });

  it('to a batch judges each on its own, and a mistake in one spends nothing in any', async () => {
    const { secret } = await w.key({ limits: { perMinute: 2 } });
    const { data } = await w.lk.keys.verifyBatch({ keys: [{ secret }, { secret: unknown() }, { secret }, { secret }] });
    expect(data.map(({ reason }) => reason)).toEqual([null, 'unknown_key', null, 'rate_limited']);
    const fresh = await w.key();
    expect(await codeOf(w.lk.keys.verifyBatch({ keys: [{ secret: fresh.secret }, {}] }))).toBe('invalid_request');
    expect((await w.verify(fresh.secret)).budgets[0]?.remaining).toBe(59);
    expect(await codeOf(w.lk.keys.verifyBatch({ keys: [] }))).toBe('invalid_request');
    expect(await codeOf(w.lk.keys.verifyBatch({ keys: Array(101).fill({ secret: 'a' }) }))).toBe('invalid_request');
  });

  it('of a rendered refusal carries what the dialect promises', async () => {
    const { secret } = await w.key({ limits: { perDay: 0 } });
    const { reply, retryAfterSeconds } = await w.lk.keys.verify({ secret, render: true });
    expect(retryAfterSeconds).toBe(DAY / 2 / 1000);
    expect(reply?.status).toBe(429);
    expect(reply?.headers).toMatchObject({
      'Retry-After': '43200',
      'x-should-retry': 'false',
      'X-RateLimit-Limit': '60',
      'X-RateLimit-Remaining': '60',
    });
    const minute = await w.key({ limits: { perMinute: 0 } });
    const limited = await w.lk.keys.verify({ secret: minute.secret, render: true });
    expect(limited.reply?.headers['x-should-retry']).toBeUndefined();
    expect(limited.reply?.headers['Retry-After']).toBe('60');
    const none = await w.lk.keys.verify({ secret: null, render: true });
    expect(none.reply?.headers['WWW-Authenticate']).toBe('Bearer realm="swaypi"');
    const wrong = await w.lk.keys.verify({ secret: unknown(), render: true });
    expect(wrong.reply?.headers['WWW-Authenticate']).toContain('error="invalid_token"');
  });
});

describe('limits', () => {
  let w: World;
  beforeEach(async () => {
    w = await world('swaypi');
  });
  afterEach(() => w.close());

  it('of the free tier end a day at its 100th request and begin again at midnight UTC', async () => {
    const { secret } = await w.key();
    for (let at = 0; at < 100; at++) {
      if (at === 50) w.time.now += MINUTE;
      expect(await w.reason(secret)).toBeNull();
    }
    w.time.now += MINUTE;
    for (const step of [0, 1, 3 * HOUR, 7 * HOUR]) {
      w.time.now += step;
      const { reason, retryAfterSeconds } = await w.verify(secret);
      expect(reason).toBe('quota_exceeded');
      expect(retryAfterSeconds).toBe(Math.ceil((NOON + DAY / 2 - w.time.now) / 1000));
    }
    w.time.now = NOON + DAY / 2 - 1;
    expect(await w.verify(secret)).toMatchObject({ reason: 'quota_exceeded', retryAfterSeconds: 1 });
    w.time.now += 1;
    expect((await w.verify(secret)).budgets.map(({ remaining }) => remaining)).toEqual([59, 99]);
  });

  it('are not reopened by a clock that goes back', async () => {
    const { secret } = await w.key({ limits: { perMinute: 3 } });
    for (let at = 0; at < 3; at++) await w.verify(secret);
    for (const back of [1, MINUTE, DAY]) {
      w.time.now = NOON - back;
      expect(await w.reason(secret)).toBe('rate_limited');
    }
    w.time.now = NOON + MINUTE;
    expect(await w.reason(secret)).toBeNull();
  });

  it('6 a minute: six pass with 5 to 0 remaining, then 429 until the clock’s next minute', async () => {
    w.time.now = NOON + 17_000;
    const { secret } = await w.key({ limits: { perMinute: 6 } });
    const seen: (number | undefined)[] = [];
    for (let at = 0; at < 7; at++) seen.push((await w.verify(secret)).budgets[0]?.remaining);
    expect(seen).toEqual([5, 4, 3, 2, 1, 0, 0]);
    expect(await w.verify(secret)).toMatchObject({ reason: 'rate_limited', retryAfterSeconds: 43 });
    w.time.now = NOON + MINUTE - 1;
    expect(await w.reason(secret)).toBe('rate_limited');
    w.time.now += 1;
    expect(await w.reason(secret)).toBeNull();
  });

  it('belong to the key: two keys of one project do not share', async () => {
    const [a, b] = [await w.key({ limits: { perMinute: 1 } }), await w.key({ limits: { perMinute: 1 } })];
    expect([await w.reason(a.secret), await w.reason(a.secret), await w.reason(b.secret)]).toEqual([
      null,
      'rate_limited',
      null,
    ]);
  });

  it('that change keep what was counted and apply to the next request', async () => {
    const { id, secret } = await w.key({ limits: { perMinute: 1 } });
    await w.verify(secret);
    expect(await w.reason(secret)).toBe('rate_limited');
    await w.lk.keys.update({ keyId: id, limits: { perMinute: 2 } });
    expect(await w.reason(secret)).toBeNull();
    expect(await w.reason(secret)).toBe('rate_limited');
  });

  it('are spent by cost, all or nothing; cost 0 only looks', async () => {
    const { secret } = await w.key({ limits: { perMinute: 10 } });
    expect((await w.verify(secret, { cost: requests(3) })).budgets[0]?.remaining).toBe(7);
    expect(await w.reason(secret, { cost: requests(8) })).toBe('rate_limited');
    expect((await w.verify(secret, { cost: requests(0) })).budgets[0]?.remaining).toBe(7);
    expect((await w.verify(secret, { cost: requests(7) })).budgets[0]?.remaining).toBe(0);
    expect(await w.reason(secret, { cost: requests(0) })).toBeNull();
    expect(await w.reason(secret)).toBe('rate_limited');
  });

  it('12 a minute and 200 a day: the thirteenth is refused and the day keeps 188', async () => {
    const { secret } = await w.key({ tier: 'free', limits: { perMinute: 12, perDay: 200 } });
    for (let at = 0; at < 20; at++) await w.verify(secret);
    expect((await w.verify(secret)).budgets.map(({ remaining }) => remaining)).toEqual([0, 188]);
  });

  it('with one request left let exactly one of 500 at once pass', async () => {
    const { secret } = await w.key({ tier: 'free', limits: { perMinute: 20, perDay: 20 } });
    for (let at = 0; at < 19; at++) await w.verify(secret);
    const reasons = await Promise.all(Array.from({ length: 500 }, () => w.reason(secret)));
    expect(reasons.filter((reason) => reason === null)).toHaveLength(1);
    expect(new Set(reasons)).toEqual(new Set([null, 'quota_exceeded']));
  });

  it('of an unmetered day report −1 and refuse nobody', async () => {
    const { secret } = await w.key({ tier: 'builder', limits: { perDay: 3 } });
    for (let at = 0; at < 5; at++) expect(await w.reason(secret)).toBeNull();
    expect((await w.verify(secret)).budgets[1]).toMatchObject({ limit: 3, remaining: -1 });
    expect(w.log.filter((line) => line.includes('fair_use_exceeded'))).toHaveLength(1);
  });

  it('survive a restart: the day is written, acknowledged or more', async () => {
    await w.close();
    w = await world('swaypi', { onDisk: true });
    const { secret } = await w.key();
    for (let at = 0; at < 30; at++) await w.verify(secret);
    await w.restart();
    expect((await w.verify(secret)).budgets[1]?.remaining).toBe(69);
  });
});

describe('a refused request', () => {
  it('spends nothing anywhere, whatever refuses it', async () => {
    const w = await world('accounts');
    const request = fc.record({
      kind: fc.constantFrom('plain', 'permission', 'endpoint', 'ip', 'cost', 'mode'),
      cost: fc.integer({ min: 0, max: 4 }),
      after: fc.constantFrom(0, 0, 0, 1000, 30_000),
    });
    const limit = fc.integer({ min: 0, max: 6 });
    await fc.assert(
      fc.asyncProperty(
        limit,
        limit,
        fc.array(request, { minLength: 1, maxLength: 15 }),
        async (perMinute, more, asked) => {
          const { secret } = await w.key({
            permissions: ['users.read'],
            limits: { perMinute, perDay: perMinute + more },
            restrictions: { ips: ['192.0.2.0/24'], endpoints: ['/v1/users/**'] },
          });
          const good = { method: 'GET', path: '/v1/users/1', ip: '192.0.2.1' };
          const look = async () => (await w.verify(secret, { ...good, cost: requests(0) })).budgets;
          for (const { kind, cost, after } of asked) {
            w.time.now += after;
            const before = await look();
            const { reason } = await w.verify(secret, {
              ...good,
              cost: requests(cost),
              ...(kind === 'permission' && { permissions: ['users.write'] }),
              ...(kind === 'endpoint' && { path: '/v2/users' }),
              ...(kind === 'ip' && { ip: '198.51.100.1' }),
              ...(kind === 'mode' && { mode: 'test' as const }),
              ...(kind === 'cost' && { cost: requests(100) }),
            });
            const spent = reason === null ? (kind === 'cost' ? 100 : cost) : 0;
            const expected = before.map((budget) => ({ ...budget, remaining: budget.remaining - spent }));
            expect(await look()).toEqual(expected);
            if (kind !== 'plain' && kind !== 'cost') expect(reason).not.toBeNull();
          }
        },
      ),
      { numRuns: 60 },
    );
    await w.close();
  });

  it('is counted under its reason, and moves no last use', async () => {
    const w = await world('suward');
    const { id, secret } = await w.key({ limits: { perMinute: 2 } });
    await w.lk.keys.get({ keyId: id });
    expect((await w.lk.keys.get({ keyId: id })).lastUsedAt).toBeNull();
    await w.verify(secret, { ip: '192.0.2.1' });
    w.time.now += 1000;
    await w.verify(secret, { ip: '192.0.2.2' });
    const used = new Date(w.time.now).toISOString();
    w.time.now += 1000;
    expect(await w.reason(secret, { ip: '192.0.2.3' })).toBe('rate_limited');
    expect(await w.lk.keys.get({ keyId: id })).toMatchObject({ lastUsedAt: used, lastUsedIp: '192.0.2.2' });
    w.time.now += 1000;
    const { data } = await w.lk.usage.get({ keyId: id });
    expect(data.map(({ outcome, count }) => [outcome, count])).toEqual([
      ['allowed', 2],
      ['rate_limited', 1],
    ]);
    expect((await w.lk.engine.services.store.keys.get(id))?.lastUsedAt).toBe(Date.parse(used));
    await w.close();
  });
});

describe('concurrency', () => {
  it('counts the routes that say so, frees on release, once however often it is called', async () => {
    const w = await world('aifaceswap');
    const { secret } = await w.key({ limits: { concurrent: 2 } });
    const swap = () => w.verify(secret, { method: 'POST', path: '/v1/swaps', holdSlot: true });
    const [a, b, c] = [await swap(), await swap(), await swap()];
    expect([a.reason, b.reason, c.reason]).toEqual([null, null, 'concurrency_exceeded']);
    expect(c.retryAfterSeconds).toBe(1);
    expect(c.budgets.find(({ name }) => name === 'perMinute')?.remaining).toBe(58);
    expect(await w.reason(secret, { method: 'GET', path: '/v1/other', holdSlot: true })).toBeNull();
    a.release();
    a.release();
    c.release();
    expect((await swap()).reason).toBeNull();
    expect((await swap()).reason).toBe('concurrency_exceeded');
    await w.close();
  });
});

describe('test traffic', () => {
  it('writes nothing to disk: no usage, no last use, no quota', async () => {
    const w = await world('accounts', { onDisk: true });
    const test = await w.key({ mode: 'test' });
    const live = await w.key();
    await w.lk.engine.services.usage.flush();
    const dump = () =>
      JSON.stringify(
        ['usage_hours', 'quota_days', 'keys', 'audit', 'replays'].map((table) => w.sql(`select * from ${table}`)),
      );
    const before = dump();
    for (let at = 0; at < 20; at++) expect(await w.reason(test.secret)).toBeNull();
    expect(await w.reason(test.secret, { permissions: [], ip: '192.0.2.1' })).toBeNull();
    await w.lk.engine.services.usage.flush();
    expect(dump()).toBe(before);
    await w.verify(live.secret);
    await w.lk.engine.services.usage.flush();
    expect(dump()).not.toBe(before);
    await w.close();
  });
});

describe('guessing', () => {
  let w: World;
  beforeEach(async () => {
    w = await world('suward');
  });
  afterEach(() => w.close());
  const guess = (ip: string | null) => w.verify(unknown(), { ip });

  it('is slowed after 100 unknown keys a minute from one address, and told until when', async () => {
    w.time.now = NOON + 15_000;
    for (let at = 0; at < 100; at++) expect((await guess('203.0.113.1')).reason).toBe('unknown_key');
    expect(await guess('203.0.113.1')).toMatchObject({ reason: 'too_many_failures', retryAfterSeconds: 45 });
    expect((await guess('::ffff:203.0.113.1')).reason).toBe('too_many_failures');
    expect((await guess('203.0.113.2')).reason).toBe('unknown_key');
    expect((await guess(null)).reason).toBe('unknown_key');
    w.time.now = NOON + MINUTE;
    expect((await guess('203.0.113.1')).reason).toBe('unknown_key');
  });

  it('from one IPv6 network counts together', async () => {
    for (let at = 0; at < 100; at++) await guess(`2001:db8:1:1::${at.toString(16)}`);
    expect((await guess('2001:db8:1:1:ffff::1')).reason).toBe('too_many_failures');
    expect((await guess('2001:db8:1:2::1')).reason).toBe('unknown_key');
  });

  it('slows no known key from the same address: good ones pass, dead ones keep their reason', async () => {
    const good = await w.key();
    const revoked = await w.key();
    await w.lk.keys.revoke({ keyId: revoked.id });
    for (let at = 0; at < 150; at++) await guess('203.0.113.1');
    expect(await w.reason(good.secret, { ip: '203.0.113.1' })).toBeNull();
    expect(await w.reason(revoked.secret, { ip: '203.0.113.1' })).toBe('revoked_key');
    const slowed = await refusal(w.lk.engine.authenticate(unknown(), '203.0.113.1'));
    expect(slowed).toMatchObject({ code: 'too_many_failures', retryAfterSeconds: 60 });
  });

  it('by mistyped keys counts, by missing or malformed ones does not', async () => {
    const { secret } = await w.key();
    const mistyped = secret.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x'));
    for (let at = 0; at < 200; at++) {
      await w.verify(null, { ip: '203.0.113.1' });
      await w.verify('a b', { ip: '203.0.113.1' });
    }
    for (let at = 0; at < 100; at++) await w.verify(mistyped, { ip: '203.0.113.1' });
    expect(await w.reason(mistyped, { ip: '203.0.113.1' })).toBe('too_many_failures');
  });
});

describe('a broken database', () => {
  it('lets nobody in whose key is not known, and the message stays inside', async () => {
    const w = await world('suward');
    const { secret } = await w.key();
    const store = w.lk.engine.services.store as { -readonly [Name in keyof Store]: Store[Name] };
    const { keys, readDay, raiseDay } = store;
    const broken = () => Promise.reject(new Error('ECONNRESET 10.0.0.7'));
    for (const breaking of [
      () => Object.assign(store, { keys: { ...keys, findForVerify: broken } }),
      () => Object.assign(store, { readDay: broken }),
      () => Object.assign(store, { raiseDay: broken }),
    ]) {
      breaking();
      const verdict = await w.verify(secret);
      expect(verdict).toMatchObject({ reason: 'unavailable', retryAfterSeconds: 1, snapshot: null });
      expect(JSON.stringify(await w.lk.keys.verify({ secret, render: true }))).not.toContain('ECONNRESET');
      Object.assign(store, { keys, readDay, raiseDay });
    }
    expect(await w.reason(secret)).toBeNull();
    await w.close();
  });
});

describe('restrictions as they are written', () => {
  let w: World;
  beforeAll(async () => {
    w = await world('accounts');
  });
  afterAll(() => w.close());

  it.each([
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '::ffff:192.0.2.7', true],
    ['192.0.2.7', '::ffff:c000:207', true],
    ['::ffff:192.0.2.0/120', '192.0.2.9', true],
    ['::ffff:192.0.2.0/120', '192.0.3.9', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:DB8::1', '2001:0db8:0:0:0:0:0:1', true],
    ['::/0', '192.0.2.1', false],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['192.0.2.0/24', null, false],
    ['192.0.2.0/24', 'garbage', false],
  ])('ip %s and %s: %s', async (range, ip, passes) => {
    const { secret } = await w.key({ restrictions: { ips: [range] } });
    expect(await w.reason(secret, { ip })).toBe(passes ? null : 'ip_not_allowed');
  });

  it.each([
    ['https://good.example', 'https://good.example/page?x#y', true],
    ['https://good.example', 'HTTPS://GOOD.example:443/', true],
    ['https://good.example', 'https://good.example.evil/', false],
    ['https://good.example', 'https://evilgood.example/', false],
    ['https://good.example', 'https://good.example@evil.example/', false],
    ['https://good.example', 'https://user:pass@good.example/', true],
    ['https://good.example', 'https://evil.example/https://good.example', false],
    ['https://good.example', 'https://evil.example#https://good.example', false],
    ['https://good.example', 'https://good.example:8443/', false],
    ['https://good.example', 'http://good.example/', false],
    ['https://good.example', 'https://good.example\\@evil.example', true],
    ['https://good.example', 'https:good.example', true],
    ['https://good.example', 'null', false],
    ['https://good.example', '//good.example', false],
    ['https://good.example', 'javascript:good.example', false],
    ['https://good.example', '', false],
    ['https://*.good.example', 'https://a.b.good.example/', true],
    ['https://*.good.example', 'https://good.example/', false],
    ['https://xn--bcher-kva.example', 'https://bücher.example/', true],
  ])('referrer %s and %s: %s', async (pattern, referrer, passes) => {
    const { secret } = await w.key({ restrictions: { referrers: [pattern] } });
    expect(await w.reason(secret, { referrer })).toBe(passes ? null : 'referrer_not_allowed');
  });

  it.each([
    ['/v1/users/7', true],
    ['/v1/%75sers/7', true],
    ['/v1/users/../admin', false],
    ['/v1/users/%2e%2e/admin', false],
    ['/v1/users/..%2fadmin', false],
    ['/v1/users//7', false],
    ['/v1/users;x/7', false],
    ['/v1/users/%00', false],
    ['/v1/admin', false],
  ])('endpoint /v1/users/** and %s: %s', async (path, passes) => {
    const { secret } = await w.key({ restrictions: { endpoints: ['GET /v1/users/**'] } });
    expect(await w.reason(secret, { method: 'GET', path })).toBe(passes ? null : 'endpoint_not_allowed');
    expect(await w.reason(secret, { method: 'DELETE', path })).toBe('endpoint_not_allowed');
  });
});

describe('a rule on a path', () => {
  it('cannot be spelled around', async () => {
    const w = await world('swaypi');
    const { secret } = await w.key();
    for (const path of ['/v1/webhooks/x', '/v1/%77ebhooks/x', '/%76%31/webhooks/x', '/v1/webhooks'])
      expect([path, await w.reason(secret, { method: 'GET', path })]).toEqual([path, 'tier_required']);
    for (const path of [
      '/v1//webhooks/x',
      '/v1/x/../webhooks/x',
      '/v1/webhooks%2fx',
      '/v1/./webhooks',
      '/v1;a/webhooks/x',
    ])
      expect([path, await w.reason(secret, { method: 'GET', path })]).toEqual([path, 'endpoint_not_allowed']);
    await w.close();
  });

  it('of every shipped profile with permissions holds for a key without any', async () => {
    for (const name of ['suward', 'textgen', 'accounts']) {
      const w = await world(name);
      const { secret } = await w.key({ permissions: [] });
      for (const route of loadProfile(name).routes.filter(({ permission }) => permission !== null)) {
        const method = route.method === '*' ? 'PUT' : route.method;
        const path = route.path.replace(/:\w+|\*+/g, 'x');
        expect([path, await w.reason(secret, { method, path })]).toEqual([path, 'insufficient_permission']);
      }
      await w.close();
    }
  });
});
