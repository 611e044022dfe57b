// Magic test values: every refusal can be had with a test key, in the dialect of each profile, as the real one would read; a live key has none.

import { type Profile, REASONS, REHEARSABLE, type Reason } from '@latchkey/core';
import { afterEach, describe, expect, it } from 'vitest';
import { loadProfile } from '../config/load-profile.js';
import { refusal, type World, world } from './world.suite.js';

const PROFILES = ['aifaceswap', 'swaypi', 'suward', 'textgen', 'accounts'];

const worlds: World[] = [];
afterEach(async () => {
  for (const made of worlds.splice(0)) await made.close();
});

/** The shipped profile; where it makes no test keys, as if it did. */
function withTestKeys(name: string): Profile {
  const profile = structuredClone(loadProfile(name));
  profile.policy.prefixes.test ??= 'rehearsal_test_';
  return profile;
}

async function open(name: string): Promise<World> {
  const made = await world(name, { profile: withTestKeys(name), keyModel: 'v2' });
  worlds.push(made);
  return made;
}

type Question = Parameters<World['lk']['verify']>[0];
const ask = async (made: World, secret: string, more: Question = {}) =>
  made.lk.verify({ secret, render: true, ...more });

/** A key of the mode, and the tier that leaves nothing to the key where there are tiers. */
const key = (made: World, mode: 'live' | 'test', more: Parameters<World['key']>[0] = {}) => made.key({ mode, ...more });

it('covers the closed list but for what anybody can send by hand', () => {
  const missing = REASONS.filter((reason) => !(REHEARSABLE as readonly Reason[]).includes(reason));
  expect(missing).toEqual(['missing_credential', 'malformed_credential', 'ambiguous_credential']);
});

describe.each(PROFILES)('%s', (name) => {
  it('answers every reason in its own words, with nothing left open, and spends nothing', async () => {
    const made = await open(name);
    const { id, secret } = await key(made, 'test');
    const { wire } = made.lk.profile;
    const before = await ask(made, secret, { cost: { requests: 0 } });
    for (const testReason of REHEARSABLE) {
      const { valid, reason, reply, budgets, retryAfterSeconds } = await ask(made, secret, { testReason });
      expect([valid, reason]).toEqual([false, testReason]);
      expect(reply?.status).toBe(wire.reasons[testReason].status);
      const text = reply?.body ?? '';
      const { code } = wire.reasons[testReason];
      if (code !== undefined) expect(text).toContain(`"${code}"`);
      // Neither an unfilled value, nor the hole that a missing one leaves.
      expect(text, testReason).not.toMatch(/\{[a-zA-Z.]+\}|undefined|NaN| {2}| [.,;]|-1 /);
      if (reply?.status === 429 || reply?.status === 503) {
        expect(Number(reply.headers['Retry-After'])).toBe(retryAfterSeconds);
      }
      const limit = { rate_limited: 'perMinute', quota_exceeded: 'perDay', concurrency_exceeded: 'concurrent' }[
        testReason as string
      ];
      if (limit !== undefined) {
        const budget = budgets.find((each) => each.name === limit);
        expect(budget?.remaining).toBe(0);
        const reset = budget?.resetAt == null ? 1000 : Date.parse(budget.resetAt) - made.time.now;
        expect(retryAfterSeconds).toBe(Math.ceil(reset / 1000));
      }
    }
    const after = await ask(made, secret, { cost: { requests: 0 } });
    expect(after.budgets).toEqual(before.budgets);
    expect((await made.lk.keys.get({ keyId: id })).state).toBe('active');
    expect((await ask(made, secret)).valid).toBe(true);
  });

  it('decides a live key as ever, whatever it asks to rehearse', async () => {
    const made = await open(name);
    const { secret } = await key(made, 'live');
    for (const testReason of REHEARSABLE) {
      expect((await ask(made, secret, { testReason, cost: { requests: 0 } })).reason).toBeNull();
    }
    const header = made.lk.profile.wire.credential;
    const line = 'scheme' in header ? `${header.scheme} ${secret}` : secret;
    const headers = { [header.header]: line, 'X-Latchkey-Test-Reason': 'no such word' };
    expect((await made.lk.verify({ request: { headers } })).valid).toBe(true);
  });
});

describe('a rehearsed refusal reads as the real one', () => {
  interface Real {
    profile?: string;
    /** How the keys are made, the one that is refused and the one that rehearses. */
    keys?: Parameters<World['key']>[0];
    /** What is asked with both. */
    question?: Question;
    /** What happens to the first key. */
    happens?(made: World, keyId: string, secret: string): Promise<unknown>;
  }
  const spend = (made: World, _: string, secret: string) => ask(made, secret, { cost: { requests: 7 } });
  const REAL: Partial<Record<(typeof REHEARSABLE)[number], Real>> = {
    revoked_key: { happens: (made, keyId) => made.lk.keys.revoke({ keyId }) },
    unknown_key: { happens: (made, keyId) => made.lk.keys.delete({ keyId }) },
    disabled_key: { happens: (made, keyId) => made.lk.keys.disable({ keyId }) },
    ip_not_allowed: { happens: (made, keyId) => made.lk.keys.update({ keyId, restrictions: { ips: ['192.0.2.1'] } }) },
    insufficient_permission: { keys: { permissions: ['keys.read'] }, question: { permissions: ['keys.revoke'] } },
    rate_limited: { keys: { limits: { perMinute: 7 } }, happens: spend },
    quota_exceeded: { keys: { limits: { perMinute: 7, perDay: 7 } }, happens: spend },
    concurrency_exceeded: {
      keys: { limits: { concurrent: 1 } },
      happens: (made, _, secret) => made.lk.leases.create({ secret }),
    },
    tier_required: { profile: 'swaypi', keys: { tier: 'free' }, question: { fields: ['contact_email'] } },
    batch_too_large: { profile: 'swaypi', keys: { tier: 'free' }, question: { batchSize: 11 } },
    expired_key: {
      async happens(made, keyId) {
        await made.lk.keys.update({ keyId, expiresAt: new Date(made.time.now + 1000).toISOString() });
        made.time.now += 1000;
      },
    },
    rotated_key: {
      async happens(made, keyId) {
        await made.lk.keys.rotate({ keyId, gracePeriodSeconds: 1 });
        made.time.now += 1000;
      },
    },
  };

  it.each(Object.keys(REAL) as (keyof typeof REAL)[])('%s', async (reason) => {
    const { profile = 'textgen', keys = {}, question = {}, happens } = REAL[reason] as Real;
    const made = await open(profile);
    const first = await key(made, 'test', keys);
    const second = await key(made, 'test', keys);
    await happens?.(made, first.id, first.secret);
    const real = await ask(made, first.secret, question);
    const told = await ask(made, second.secret, { ...question, testReason: reason });
    expect([real.reason, told.reason]).toEqual([reason, reason]);
    const comparable = ({ reply, retryAfterSeconds }: typeof real) => ({
      retryAfterSeconds,
      status: reply?.status,
      headers: reply?.headers,
      body: reply?.body?.replaceAll(/(key|req)_[0-9A-Za-z]{20}/g, '$1'),
    });
    const [a, b] = [comparable(told), comparable(real)];
    if (reason === 'tier_required') {
      // The real one also names the field that was asked for; a magic value knows of none.
      for (const each of [a, b]) each.body = /[Bb]uilder tier or higher/.exec(each.body ?? '')?.[0] ?? '';
    }
    if (reason === 'quota_exceeded') {
      // The real one has used up its minute as well.
      for (const each of [a, b]) each.headers = {};
    }
    expect(a).toEqual(b);
  });
});

describe('what goes before a magic value', () => {
  it('is the truth about a key that is dead or misplaced', async () => {
    const made = await open('accounts');
    const { id, secret } = await key(made, 'test');
    expect(await made.reason(secret, { mode: 'live', testReason: 'rate_limited' })).toBe('wrong_mode');
    await made.lk.keys.disable({ keyId: id });
    expect((await ask(made, secret, { testReason: 'rate_limited' })).reason).toBe('disabled_key');
    await made.lk.keys.revoke({ keyId: id });
    expect((await ask(made, secret, { testReason: 'expired_key' })).reason).toBe('revoked_key');
  });

  it('is not what the key may do, nor what it has left', async () => {
    const made = await open('accounts');
    const restrictions = { ips: ['192.0.2.1'] };
    const { secret } = await key(made, 'test', { permissions: [], restrictions, limits: { perMinute: 0 } });
    const request = { method: 'GET', path: '/v1/users/usr_1' };
    expect((await ask(made, secret, { request })).reason).toBe('ip_not_allowed');
    expect((await ask(made, secret, { request, testReason: 'idempotency_conflict' })).reason).toBe(
      'idempotency_conflict',
    );
  });
});

describe('a word that is no reason', () => {
  it('is answered with the list, for a test key', async () => {
    const made = await open('accounts');
    const { secret } = await key(made, 'test');
    const headers = { authorization: `Bearer ${secret}`, 'x-latchkey-test-reason': 'rate_limit' };
    const error = await refusal(made.lk.verify({ request: { headers } }));
    expect(error.code).toBe('invalid_request');
    expect(error.errors).toEqual([
      {
        path: 'X-Latchkey-Test-Reason',
        message: expect.any(String),
        fix: `Send one of ${REHEARSABLE.join(', ')}.`,
      },
    ]);
    expect(error.message).not.toContain('rate_limit.');
    const member = await refusal(made.lk.verify({ secret, testReason: 'rate_limit' as never }));
    expect(member.errors?.[0]?.path).toBe('body.testReason');
    expect((await ask(made, secret)).budgets[0]?.remaining).toBe(299);
  });

  it('spends nothing in a batch, wherever in it the mistake is', async () => {
    const made = await open('accounts');
    const { secret } = await key(made, 'test');
    const good = { request: { headers: { authorization: `Bearer ${secret}` } } };
    const bad = { request: { headers: { ...good.request.headers, 'X-Latchkey-Test-Reason': ['rate_limited', 'x'] } } };
    expect((await refusal(made.lk.keys.verifyBatch({ keys: [good, good, bad] }))).code).toBe('invalid_request');
    expect((await ask(made, secret, { cost: { requests: 0 } })).budgets[0]?.remaining).toBe(300);
  });
});

it('reaches leases too: no slot is held for a refusal that was asked for', async () => {
  const made = await open('accounts');
  const { secret } = await key(made, 'test', { limits: { concurrent: 1 } });
  const told = await made.lk.leases.create({ secret, testReason: 'concurrency_exceeded' });
  expect(told).toMatchObject({ valid: false, reason: 'concurrency_exceeded', retryAfterSeconds: 1 });
  expect(told.lease).toBeUndefined();
  expect((await made.lk.leases.create({ secret })).valid).toBe(true);
});
