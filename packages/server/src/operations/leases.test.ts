// Leases by the front door: who gets one, when its slot is free again, and what of them is on disk.

import { afterEach, describe, expect, it } from 'vitest';
import { codeOf, MINUTE, refusal, type World, world } from './world.suite.js';

const worlds: World[] = [];
const open = async (...input: Parameters<typeof world>): Promise<World> => {
  const made = await world(...input);
  worlds.push(made);
  return made;
};
afterEach(async () => {
  for (const made of worlds.splice(0)) await made.close();
});

const SWAP = { method: 'POST', path: '/v1/swaps' };
const heldBy = async (made: World, keyId: string): Promise<number> => {
  const { familyId } = await made.lk.keys.get({ keyId });
  return made.lk.engine.services.limiter.held(familyId);
};
const remaining = ({ budgets }: { budgets: { name: string; remaining: number }[] }, name = 'concurrent') =>
  budgets.find((budget) => budget.name === name)?.remaining;
const rowsOnDisk = (made: World) => made.sql<{ id: string }>('select id from leases order by id').map(({ id }) => id);
/** Resolves once what nobody waits for is done. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

describe('createLease', () => {
  it('answers in the shape of verify, holds one slot, and spends nothing else', async () => {
    const made = await open('aifaceswap');
    const { id, secret } = await made.key({ limits: { concurrent: 2, perMinute: 5, perDay: 5 } });
    const answer = await made.lk.leases.create({ secret, maxSeconds: 90, render: true });
    expect(answer).toMatchObject({
      valid: true,
      reason: null,
      key: { id },
      lease: { id: expect.stringMatching(/^lease_[0-9A-Za-z]{20}$/), keyId: id, expiresAt: '2025-01-15T12:01:30.000Z' },
      reply: { status: 200, headers: { 'x-ratelimit-remaining': '5' } },
    });
    expect([remaining(answer), remaining(answer, 'perMinute'), remaining(answer, 'perDay')]).toEqual([1, 5, 5]);
    expect(await heldBy(made, id)).toBe(1);
    // Not a use of the key, and no change of anything.
    expect((await made.lk.keys.get({ keyId: id })).lastUsedAt).toBeNull();
    const { data } = await made.lk.auditEvents.list({ targetId: answer.lease?.id ?? '' });
    expect(data).toEqual([]);
  });

  it('spends what `cost` says', async () => {
    const made = await open('aifaceswap');
    const { secret } = await made.key();
    const answer = await made.lk.leases.create({ secret, cost: { requests: 3 } });
    expect(remaining(answer, 'perMinute')).toBe(57);
  });

  it('refuses at the cap, in numbers and in the dialect, and holds nothing for it', async () => {
    const made = await open('aifaceswap');
    const { id, secret } = await made.key({ limits: { concurrent: 2 } });
    await made.lk.leases.create({ secret });
    await made.lk.leases.create({ secret });
    const refused = await made.lk.leases.create({ secret, render: true });
    expect(refused).toMatchObject({ valid: false, reason: 'concurrency_exceeded', retryAfterSeconds: 1 });
    expect(refused.lease).toBeUndefined();
    expect(refused.reply).toMatchObject({ status: 429, headers: { 'Retry-After': '1' } });
    expect(refused.reply?.body).toContain('rate_limited_concurrent');
    expect(await heldBy(made, id)).toBe(2);
    // A verify at the full cap is refused on the route that counts, and passes elsewhere.
    expect((await made.lk.verify({ secret, request: SWAP })).reason).toBe('concurrency_exceeded');
    expect((await made.lk.verify({ secret, request: { method: 'GET', path: '/v1/swaps' } })).reason).toBeNull();
  });

  it('gives none to a key that may not pass', async () => {
    const made = await open('aifaceswap');
    const { id, secret } = await made.key();
    await made.lk.keys.revoke({ keyId: id });
    const refused = await made.lk.leases.create({ secret });
    expect(refused).toMatchObject({ valid: false, reason: 'revoked_key' });
    expect(refused.lease).toBeUndefined();
    expect((await made.lk.leases.create({ secret: 'no key at all' })).lease).toBeUndefined();
    expect((await made.lk.leases.list({})).data).toEqual([]);
  });

  it('lasts as long as asked, as long as the job route says, or an hour', async () => {
    const made = await open('aifaceswap');
    const { maxSeconds: ofRoute } = made.lk.profile.routes[0] as { maxSeconds: number };
    const { secret } = await made.key();
    const secondsOf = async (input: object) => {
      const { lease } = await made.lk.leases.create({ secret, ...input });
      return (Date.parse(lease?.expiresAt ?? '') - made.time.now) / 1000;
    };
    expect(await secondsOf({})).toBe(3600);
    expect(await secondsOf({ request: { method: 'GET', path: '/v1/swaps' } })).toBe(3600);
    expect(await secondsOf({ request: SWAP })).toBe(ofRoute);
    expect(await secondsOf({ request: SWAP, maxSeconds: 604_800 })).toBe(604_800);
    for (const maxSeconds of [0, -1, 604_801, 1.5, '60']) {
      expect(await codeOf(made.lk.leases.create({ secret, maxSeconds: maxSeconds as number }))).toBe('invalid_request');
    }
  });

  it('never has more open than the cap, whoever asks at once', async () => {
    const made = await open('aifaceswap', { onDisk: true });
    const { id, secret } = await made.key({ limits: { concurrent: 7 } });
    const answers = await Promise.all(Array.from({ length: 60 }, () => made.lk.leases.create({ secret })));
    expect(answers.filter(({ lease }) => lease !== undefined)).toHaveLength(7);
    expect(await heldBy(made, id)).toBe(7);
    expect(rowsOnDisk(made)).toHaveLength(7);
  });

  it('takes nothing when the lease cannot be written', async () => {
    const made = await open('aifaceswap', { onDisk: true });
    const { id, secret } = await made.key({ limits: { concurrent: 1 } });
    made.sql('alter table leases rename to leases_away');
    const failed = await made.lk.leases.create({ secret, cost: { requests: 5 } });
    expect(failed).toMatchObject({ valid: false, reason: 'unavailable' });
    made.sql('alter table leases_away rename to leases');
    expect(await heldBy(made, id)).toBe(0);
    expect(remaining(await made.lk.verify({ secret }), 'perMinute')).toBe(59);
    expect((await made.lk.leases.create({ secret })).valid).toBe(true);
  });
});

describe('the end of a lease', () => {
  it('frees the slot when it is released, once', async () => {
    const made = await open('aifaceswap', { onDisk: true });
    const { id, secret } = await made.key({ limits: { concurrent: 1 } });
    const { lease } = await made.lk.leases.create({ secret });
    const leaseId = lease?.id ?? '';
    expect(await made.lk.leases.release({ leaseId })).toBeUndefined();
    expect(await heldBy(made, id)).toBe(0);
    expect(rowsOnDisk(made)).toEqual([]);
    // Another one is open now: a late repetition must not free it.
    await made.lk.leases.create({ secret });
    const again = await refusal(made.lk.leases.release({ leaseId }));
    expect([again.code, again.message]).toEqual(['not_found', 'There is no such lease, or it is over already.']);
    expect(await heldBy(made, id)).toBe(1);
    expect(await codeOf(made.lk.leases.release({ leaseId: 'lease_unknown' }))).toBe('not_found');
  });

  it('comes by itself, to the millisecond, before the next take is judged', async () => {
    const made = await open('aifaceswap');
    const { id, secret } = await made.key({ limits: { concurrent: 1 } });
    const { lease } = await made.lk.leases.create({ secret, maxSeconds: 60 });
    made.time.now += MINUTE - 1;
    expect((await made.lk.verify({ secret, request: SWAP })).reason).toBe('concurrency_exceeded');
    made.time.now += 1;
    expect((await made.lk.verify({ secret, request: SWAP })).reason).toBeNull();
    expect(await heldBy(made, id)).toBe(0);
    expect(await codeOf(made.lk.leases.release({ leaseId: lease?.id ?? '' }))).toBe('not_found');
    expect((await made.lk.leases.list({})).data).toEqual([]);
  });

  it('comes neither early nor twice when the clock goes back', async () => {
    const made = await open('aifaceswap');
    const { id, secret } = await made.key({ limits: { concurrent: 2 } });
    await made.lk.leases.create({ secret, maxSeconds: 60 });
    await made.lk.leases.create({ secret, maxSeconds: 120 });
    made.time.now -= 10 * MINUTE;
    expect(await heldBy(made, id)).toBe(2);
    made.time.now += 11 * MINUTE;
    expect(await heldBy(made, id)).toBe(1);
    made.time.now -= 30 * MINUTE;
    expect(await heldBy(made, id)).toBe(1);
    made.time.now += 30 * MINUTE;
    expect(await heldBy(made, id)).toBe(1);
    made.time.now += MINUTE;
    expect(await heldBy(made, id)).toBe(0);
  });

  it('comes with the revocation or deletion of the key, not with its disabling', async () => {
    const made = await open('aifaceswap', { onDisk: true });
    const held = async (end: (keyId: string) => Promise<unknown>) => {
      const { id, secret } = await made.key();
      const { familyId } = await made.lk.keys.get({ keyId: id });
      await made.lk.leases.create({ secret });
      await end(id);
      await settled();
      return made.lk.engine.services.limiter.held(familyId);
    };
    expect(await held((keyId) => made.lk.keys.disable({ keyId }))).toBe(1);
    expect(await held(() => made.lk.organizations.suspend({ organizationId: made.organizationId }))).toBe(1);
    await made.lk.organizations.resume({ organizationId: made.organizationId });
    expect(await held((keyId) => made.lk.keys.revoke({ keyId }))).toBe(0);
    expect(await held((keyId) => made.lk.keys.delete({ keyId }))).toBe(0);
    expect(rowsOnDisk(made)).toHaveLength(2);
    expect(await held(() => made.lk.organizations.delete({ organizationId: made.organizationId }))).toBe(0);
    expect(rowsOnDisk(made)).toEqual([]);
  });

  it("leaves the other generation's leases alone when one is revoked", async () => {
    const made = await open('aifaceswap');
    const { id, secret } = await made.key({ limits: { concurrent: 3 } });
    const next = await made.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 3600 });
    await made.lk.leases.create({ secret });
    await made.lk.leases.create({ secret: next.secret });
    expect(remaining(await made.lk.leases.create({ secret: next.secret }))).toBe(0);
    await made.lk.keys.revoke({ keyId: id });
    await settled();
    expect((await made.lk.leases.list({})).data.map(({ keyId }) => keyId)).toEqual([next.key.id, next.key.id]);
    expect(await heldBy(made, next.key.id)).toBe(2);
  });
});

describe('leases across a restart', () => {
  it('hold their slots as before, until each is released or over', async () => {
    const made = await open('aifaceswap', { onDisk: true });
    const { id, secret } = await made.key({ limits: { concurrent: 3 } });
    const first = await made.lk.leases.create({ secret, maxSeconds: 60 });
    const second = await made.lk.leases.create({ secret, maxSeconds: 600 });
    await made.lk.leases.create({ secret, maxSeconds: 600 });
    await made.restart();
    expect(await heldBy(made, id)).toBe(3);
    expect((await made.lk.leases.create({ secret })).reason).toBe('concurrency_exceeded');
    expect((await made.lk.leases.list({ keyId: id })).data.map((lease) => lease.id)).toContain(first.lease?.id);
    await made.lk.leases.release({ leaseId: second.lease?.id ?? '' });
    expect(await heldBy(made, id)).toBe(2);
    made.time.now += MINUTE;
    await made.restart();
    expect(await heldBy(made, id)).toBe(1);
    made.time.now += 10 * MINUTE;
    expect(await heldBy(made, id)).toBe(0);
  });

  it('are not taken up again when they were over, released, or their key was revoked', async () => {
    const made = await open('aifaceswap', { onDisk: true });
    const { id, secret } = await made.key();
    const other = await made.key();
    await made.lk.leases.create({ secret, maxSeconds: 1 });
    const { lease } = await made.lk.leases.create({ secret });
    await made.lk.leases.release({ leaseId: lease?.id ?? '' });
    await made.lk.leases.create({ secret: other.secret });
    // As a crash right after the revocation leaves it: the row is still there.
    made.sql('update keys set revoked_at = 1 where id = ?', other.id);
    made.time.now += 1000;
    await made.restart();
    expect(await heldBy(made, id)).toBe(0);
    expect(await heldBy(made, other.id)).toBe(0);
    expect((await made.lk.leases.list({})).data).toEqual([]);
  });

  it('of test keys hold their slots in memory, and leave no row', async () => {
    const made = await open('accounts', { onDisk: true });
    const { id, secret } = await made.key({ mode: 'test', limits: { concurrent: 1 } });
    const { lease } = await made.lk.leases.create({ secret });
    expect((await made.lk.leases.create({ secret })).reason).toBe('concurrency_exceeded');
    expect((await made.lk.leases.list({})).data).toMatchObject([{ id: lease?.id, keyId: id, mode: 'test' }]);
    expect(rowsOnDisk(made)).toEqual([]);
    await made.lk.leases.release({ leaseId: lease?.id ?? '' });
    expect(await heldBy(made, id)).toBe(0);
    await made.lk.leases.create({ secret });
    await made.restart();
    expect(await heldBy(made, id)).toBe(0);
  });
});

describe('listLeases', () => {
  it('shows what is open, newest first, in pages, of one key or of all', async () => {
    const made = await open('aifaceswap');
    const one = await made.key();
    const two = await made.key();
    const ids: string[] = [];
    for (let at = 0; at < 5; at++) {
      const { secret } = at % 2 === 0 ? one : two;
      ids.unshift((await made.lk.leases.create({ secret, maxSeconds: 600 })).lease?.id ?? '');
      // Several of one instant keep their order too.
      if (at > 2) made.time.now += 10;
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof made.lk.leases.list>> = await made.lk.leases.list({
        limit: 2,
        ...(cursor && { cursor }),
      });
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(ids);
    expect((await made.lk.leases.list({ keyId: two.id })).data.map(({ id }) => id)).toEqual([ids[1], ids[3]]);
    expect(await codeOf(made.lk.leases.list({ cursor: 'nonsense' }))).toBe('invalid_cursor');
  });
});

describe('hold', () => {
  it('holds the slot of a request until it is released, and safely twice', async () => {
    const made = await open('aifaceswap');
    const { id, secret } = await made.key({ limits: { concurrent: 1 } });
    const first = await made.lk.hold({ secret, request: SWAP });
    expect(first.verification.valid).toBe(true);
    const second = await made.lk.hold({ secret, request: SWAP });
    expect(second.verification).toMatchObject({ valid: false, reason: 'concurrency_exceeded' });
    second.release();
    expect(await heldBy(made, id)).toBe(1);
    first.release();
    first.release();
    const third = await made.lk.hold({ secret, request: SWAP });
    first.release();
    expect(await heldBy(made, id)).toBe(1);
    third.release();
    expect(await heldBy(made, id)).toBe(0);
    // It is the request's own slot: no lease stands for it, whatever kind of route it is.
    expect((await made.lk.leases.list({})).data).toEqual([]);
  });

  it('holds nothing where the route does not count, and is judged like verify', async () => {
    const made = await open('aifaceswap');
    const { id, secret } = await made.key({ limits: { concurrent: 1 } });
    await made.lk.hold({ secret, request: { method: 'GET', path: '/v1/swaps/swap_1' } });
    expect(await heldBy(made, id)).toBe(0);
    expect(await codeOf(made.lk.hold({ secret, surprise: true } as never))).toBe('invalid_request');
    expect(await codeOf(made.lk.hold({}))).toBe('invalid_request');
  });

  it('is freed when Latchkey closes', async () => {
    const made = await open('aifaceswap');
    const { id, secret } = await made.key();
    const { limiter } = made.lk.engine.services;
    const { familyId } = await made.lk.keys.get({ keyId: id });
    const { release } = await made.lk.hold({ secret, request: SWAP });
    await made.lk.close();
    expect(limiter.held(familyId)).toBe(0);
    release();
    expect(limiter.held(familyId)).toBe(0);
  });
});

it('leaves leases to the operator: a customer key gets none, whatever it may do', async () => {
  const made = await open('accounts');
  const { secret } = await made.key({ permissions: ['keys.*'] });
  const customer = made.as(await made.actor(secret));
  expect(await codeOf(customer.leases.create({ secret }))).toBe('operator_only');
  expect(await codeOf(customer.leases.list({}))).toBe('operator_only');
  expect(await codeOf(customer.leases.release({ leaseId: 'lease_1' }))).toBe('operator_only');
  const narrow = await made.lk.rootKeys.create({ name: 'reporter', permissions: ['leases.delete'] });
  const reporter = made.as(await made.actor(narrow.secret));
  expect(await codeOf(reporter.leases.create({ secret }))).toBe('forbidden');
  const { lease } = await made.lk.leases.create({ secret });
  expect(await reporter.leases.release({ leaseId: lease?.id ?? '' })).toBeUndefined();
});
