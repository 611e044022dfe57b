// Guarantees of credits: never overspent, charged once for a request, refilled once a period, and nothing spent by what is refused.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { returnExpired } from '../maintenance.js';
import { codeOf, DAY, HOUR, MINUTE, type World, world } from '../world.suite.js';

const cost = (credits: number, requests = 1) => ({ requests, credits });

describe('credits', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  const balance = async (keyId: string) => (await w.lk.keys.get({ keyId })).credits?.balance;
  const ledger = async (keyId: string) =>
    (await w.lk.credits.ledger({ keyId, limit: 100 })).data.map(({ kind, amount, balanceAfter }) => [
      kind,
      amount,
      balanceAfter,
    ]);

  /** The kinds of all entries, newest first. */
  const kindsOf = async (keyId: string) => {
    const kinds: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof w.lk.credits.ledger>> = await w.lk.credits.ledger({
        keyId,
        limit: 100,
        ...(cursor && { cursor }),
      });
      kinds.push(...page.data.map(({ kind }) => kind));
      cursor = page.nextCursor;
    }
    return kinds;
  };

  it('are spent to the last and not beyond; a refusal takes nothing, of them or of the limits', async () => {
    const { id, secret } = await w.key({ credits: 5 });
    const first = await w.lk.verify({ secret, cost: cost(4) });
    expect(first).toMatchObject({
      valid: true,
      credits: { balance: 1, reservationId: null },
      key: { credits: { balance: 1, refill: null } },
    });
    const refused = await w.lk.verify({ secret, cost: cost(2), render: true });
    expect(refused).toMatchObject({ valid: false, reason: 'insufficient_credits', credits: { balance: 1 } });
    expect(refused.reply).toMatchObject({ status: 402, headers: { 'x-should-retry': 'false' } });
    expect(refused.budgets).toEqual(first.budgets);
    expect((await w.lk.verify({ secret, cost: cost(1) })).credits?.balance).toBe(0);
    expect((await w.lk.verify({ secret, cost: cost(0) })).valid).toBe(true);
    expect(await balance(id)).toBe(0);
    expect(await ledger(id)).toEqual([
      ['debit', -1, 0],
      ['debit', -4, 1],
      ['grant', 5, 5],
    ]);
  });

  it('a limit that refuses takes no credits', async () => {
    const { id, secret } = await w.key({ credits: 5, limits: { perMinute: 1 } });
    expect(await w.reason(secret, { cost: cost(1) })).toBeNull();
    expect(await w.reason(secret, { cost: cost(1) })).toBe('rate_limited');
    expect(await balance(id)).toBe(4);
  });

  it('null, 0 and absent are three things on create', async () => {
    const none = await w.key({});
    const unbounded = await w.key({ credits: null });
    const zero = await w.key({ credits: 0 });
    for (const { id, secret } of [none, unbounded]) {
      expect(await w.lk.verify({ secret, cost: cost(1_000) })).toMatchObject({
        valid: true,
        credits: null,
        key: { credits: null },
      });
      expect(await ledger(id)).toEqual([]);
    }
    expect(await w.reason(zero.secret, { cost: cost(1) })).toBe('insufficient_credits');
  });

  it('a retry under the same request id is charged once, takes no limit again and answers the same', async () => {
    const { id, secret } = await w.key({ credits: 3 });
    const ask = (credits = 1) => w.lk.verify({ secret, cost: cost(credits), requestId: 'order-1' });
    const [first, ...rest] = await Promise.all([ask(), ask(), ask()]);
    const later = await ask();
    for (const again of [...rest, later])
      expect(again).toMatchObject({ valid: true, credits: first?.credits, requestId: 'order-1' });
    expect(later.budgets).toEqual((await w.lk.verify({ secret, cost: cost(0, 0) })).budgets);
    expect(later.budgets[0]?.remaining).toBe((later.budgets[0]?.limit ?? 0) - 1);
    expect(await balance(id)).toBe(2);
    expect((await ask(2)).reason).toBe('idempotency_mismatch');
    const batch = await w.lk.keys.verifyBatch({
      keys: [
        { secret, cost: cost(1), requestId: 'order-1' },
        { secret, cost: cost(1) },
        { secret, cost: cost(1) },
        { secret, cost: cost(1) },
      ],
    });
    expect(batch.data.map(({ reason }) => reason)).toEqual([null, null, null, 'insufficient_credits']);
  });

  it('500 at once on a balance of 1: one passes, 20 times over', { timeout: 90_000 }, async () => {
    for (let round = 0; round < 20; round++) {
      const { id, secret } = await w.key({ credits: 1, limits: { perMinute: 1_000_000, perDay: 1_000_000 } });
      const reasons = await Promise.all(Array.from({ length: 500 }, () => w.reason(secret, { cost: cost(1) })));
      expect(reasons.filter((reason) => reason === null)).toHaveLength(1);
      expect(reasons.filter((reason) => reason === 'insufficient_credits')).toHaveLength(499);
      expect(await balance(id)).toBe(0);
    }
  });

  it('cost a test key nothing, and write no row', async () => {
    await w.close();
    w = await world('accounts');
    const { id, secret } = await w.key({ mode: 'test', credits: 1 });
    for (let at = 0; at < 3; at++)
      expect(await w.lk.verify({ secret, cost: cost(5) })).toMatchObject({
        valid: true,
        credits: null,
        key: { credits: { balance: 1 } },
      });
    expect(await ledger(id)).toEqual([['grant', 1, 1]]);
  });

  it('are refilled once at the start of a period, whoever asks first and however many at once', async () => {
    const { id, secret } = await w.key({
      credits: { balance: 1, refill: { amount: 40, every: 'day' } },
      limits: { perMinute: 1_000_000, perDay: 1_000_000 },
    });
    expect(await w.reason(secret, { cost: cost(1) })).toBeNull();
    for (let day = 1; day <= 3; day++) {
      w.time.now += DAY;
      expect(await balance(id)).toBe(40);
      const reasons = await Promise.all(Array.from({ length: 200 }, () => w.reason(secret, { cost: cost(1) })));
      expect(reasons.filter((reason) => reason === null)).toHaveLength(40);
      expect(await balance(id)).toBe(0);
    }
    expect((await kindsOf(id)).filter((kind) => kind === 'refill')).toHaveLength(3);
  });

  it('are not refilled twice by a clock that goes on 25 h and back 2 h', async () => {
    const { id, secret } = await w.key({ credits: { balance: 5, refill: { amount: 5, every: 'day' } } });
    const spendAll = async () => {
      let spent = 0;
      while ((await w.reason(secret, { cost: cost(1) })) === null) spent++;
      return spent;
    };
    expect(await spendAll()).toBe(5);
    w.time.now += 25 * HOUR;
    expect(await spendAll()).toBe(5);
    w.time.now -= 2 * HOUR;
    expect(await spendAll()).toBe(0);
    w.time.now -= 24 * HOUR;
    expect(await spendAll()).toBe(0);
    w.time.now += 26 * HOUR;
    expect(await spendAll()).toBe(0);
    expect((await kindsOf(id)).filter((kind) => kind === 'refill')).toHaveLength(1);
  });

  it('belong to the family: both generations spend one balance, and rotating resets nothing', async () => {
    const { id, secret } = await w.key({ credits: { balance: 3, refill: { amount: 9, every: 'month' } } });
    expect(await w.reason(secret, { cost: cost(1) })).toBeNull();
    const next = await w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 60 });
    expect(next.key.credits).toEqual({ balance: 2, refill: { amount: 9, every: 'month' } });
    expect(await w.reason(secret, { cost: cost(1) })).toBeNull();
    expect(await w.reason(next.secret, { cost: cost(1) })).toBeNull();
    for (const each of [secret, next.secret])
      expect(await w.reason(each, { cost: cost(1) })).toBe('insufficient_credits');
    const { data } = await w.lk.credits.ledger({ keyId: next.key.id });
    expect(data.map(({ keyId }) => keyId)).toEqual([next.key.id, id, id, id]);
  });

  it('that a request spent while its key ended come back', async () => {
    const { id, secret } = await w.key({ credits: 5 });
    const { store } = w.lk.engine.services;
    const { spendCredits } = store;
    store.spendCredits = async (order) => {
      const outcome = await spendCredits(order);
      await w.lk.keys.disable({ keyId: id });
      return outcome;
    };
    expect(await w.reason(secret, { cost: cost(2), requestId: 'req_1' })).toBe('disabled_key');
    store.spendCredits = spendCredits;
    expect(await balance(id)).toBe(5);
    await w.lk.keys.enable({ keyId: id });
    const again = await w.verify(secret, { cost: cost(2), requestId: 'req_1', spendId: 'req_1' });
    expect(again).toMatchObject({ reason: null, credits: { balance: 3 } });
    expect(again.budgets[0]?.remaining).toBe((again.budgets[0]?.limit ?? 0) - 1);
    expect(await kindsOf(id)).toEqual(['debit', 'refund', 'debit', 'grant']);
  });

  it('that cannot be written refuse the request and take nothing else', async () => {
    const { secret } = await w.key({ credits: 5 });
    const { store } = w.lk.engine.services;
    const { spendCredits } = store;
    store.spendCredits = () => Promise.reject(new Error('the disk is gone'));
    expect(await w.reason(secret, { cost: cost(1) })).toBe('unavailable');
    store.spendCredits = spendCredits;
    const after = await w.lk.verify({ secret, cost: cost(1) });
    expect(after).toMatchObject({ valid: true, credits: { balance: 4 } });
    expect(after.budgets[0]?.remaining).toBe((after.budgets[0]?.limit ?? 0) - 1);
  });

  describe('adjusted by an operator', () => {
    it('are seen by the very next verify: added, set, made unbounded and bounded again', async () => {
      const { id, secret } = await w.key({});
      const ask = async () => (await w.lk.verify({ secret, cost: cost(1) })).credits?.balance ?? null;
      const adjust = (change: object) => w.lk.credits.adjust({ keyId: id, ...change });
      expect(await ask()).toBeNull();
      expect((await adjust({ set: 3 })).credits).toEqual({ balance: 3, refill: null });
      expect(await ask()).toBe(2);
      await adjust({ add: 10 });
      expect(await ask()).toBe(11);
      await adjust({ add: -11 });
      expect(await w.reason(secret, { cost: cost(1) })).toBe('insufficient_credits');
      expect((await adjust({ set: null })).credits).toBeNull();
      expect(await ask()).toBeNull();
      await adjust({ set: 1, refill: { amount: 5, every: 'day' } });
      expect(await ask()).toBe(0);
      w.time.now += DAY;
      expect(await ask()).toBe(4);
      expect((await adjust({ refill: null })).credits).toEqual({ balance: 4, refill: null });
      const faults = await w.lk.engine.services.store.credits.faults();
      expect(faults).toEqual([]);
    });

    it('refuse what makes no sense, and then change nothing', async () => {
      const free = await w.key({});
      const { id } = await w.key({ credits: 5 });
      const adjust = (change: object, keyId = id) => codeOf(w.lk.credits.adjust({ keyId, ...change }));
      expect(await adjust({ add: 1 }, free.id)).toBe('credits_unbounded');
      expect(await adjust({ refill: { amount: 1, every: 'day' } }, free.id)).toBe('credits_unbounded');
      expect(await adjust({ add: -6 })).toBe('credits_out_of_range');
      expect(await adjust({ set: 1 }, 'key_none')).toBe('not_found');
      for (const change of [
        {},
        { add: 1, set: 1 },
        { add: null },
        { set: -1 },
        { set: 2 ** 53 },
        { add: 0.5 },
        { set: null, refill: { amount: 1, every: 'day' } },
        { refill: { every: 'day' } },
        { refill: { amount: 5 } },
        { refill: { amount: 5, every: 'day', dayOfMonth: 3 } },
        { refill: { amount: 5, every: 'month', dayOfMonth: 32 } },
      ])
        expect([change, await adjust(change)]).toEqual([change, 'invalid_request']);
      expect(await ledger(id)).toEqual([['grant', 5, 5]]);
    });

    it('change once under one Idempotency-Key', async () => {
      const { id } = await w.key({ credits: 5 });
      const options = { idempotencyKey: 'top-up-of-january-2025' };
      const first = await w.lk.credits.adjust({ keyId: id, add: 10 }, options);
      const again = await Promise.all([1, 2, 3].map(() => w.lk.credits.adjust({ keyId: id, add: 10 }, options)));
      for (const answer of again) expect(answer).toEqual(first);
      expect(await balance(id)).toBe(15);
      expect(await codeOf(w.lk.credits.adjust({ keyId: id, add: 11 }, options))).toBe('idempotency_mismatch');
      w.time.now += 11 * MINUTE;
      expect(await codeOf(w.lk.credits.adjust({ keyId: id, add: 10 }, options))).toBe('idempotency_answer_gone');
      const { data } = await w.lk.auditEvents.list({ action: 'adjustCredits' });
      expect(data).toHaveLength(1);
      expect(data[0]?.changes).toEqual({
        credits: [
          { balance: 5, refill: null },
          { balance: 15, refill: null },
        ],
      });
    });

    it('stay as they are when something else changes', async () => {
      const { id } = await w.key({ credits: { balance: 5, refill: { amount: 7, every: 'month', dayOfMonth: 31 } } });
      const changed = await w.lk.keys.update({ keyId: id, name: 'renamed', limits: { perMinute: 3 } });
      expect(changed.credits).toEqual({ balance: 5, refill: { amount: 7, every: 'month', dayOfMonth: 31 } });
      expect(await ledger(id)).toEqual([['grant', 5, 5]]);
    });

    it('are the operator’s alone: a customer key gives itself none, and makes none that is free of them', async () => {
      await w.close();
      w = await world('accounts');
      const own = await w.key({ credits: 5 });
      const actor = await w.actor(own.secret);
      const api = w.as(actor);
      for (const credits of [5, 0, { balance: 1 }])
        expect(await codeOf(api.keys.create({ projectId: w.projectId, name: 'x', credits }))).toBe('operator_only');
      expect(await codeOf(api.credits.adjust({ keyId: own.id, add: 5 }))).toBe('operator_only');
      expect(await codeOf(api.keys.update({ keyId: own.id, credits: 9 } as never))).toBe('invalid_request');
      const child = await api.keys.create({ projectId: w.projectId, name: 'x' });
      expect(child.key.credits).toEqual({ balance: 0, refill: null });
      const free = await w.key({});
      expect(await codeOf(api.keys.rotate({ keyId: free.id, gracePeriodSeconds: 0 }))).toBe('exceeds_own_rights');
      expect((await api.credits.ledger({ keyId: own.id })).data).toHaveLength(1);
      expect(await codeOf(api.reservations.create({ keyId: own.id, credits: 1, requestId: 'r' }))).toBe(
        'operator_only',
      );
    });
  });

  describe('reserved', () => {
    const reserve = (more: object) => w.lk.reservations.create({ requestId: 'r1', credits: 4, ...more } as never);

    it('count as spent, come to what is settled, and end once', async () => {
      const { id, secret } = await w.key({ credits: 10 });
      const made = await reserve({ secret });
      expect(made).toMatchObject({
        valid: true,
        reason: null,
        balance: 6,
        reservation: { keyId: id, credits: 4, reserved: 4, state: 'open' },
      });
      expect(await reserve({ keyId: id })).toEqual(made);
      expect(await balance(id)).toBe(6);
      const reservationId = made.reservation?.id ?? '';
      expect(await codeOf(w.lk.reservations.settle({ reservationId, credits: 5 }))).toBe('settles_above_reservation');
      const settled = await w.lk.reservations.settle({ reservationId, credits: 1 });
      expect(settled).toMatchObject({ state: 'settled', credits: 1, reserved: 4 });
      expect(await w.lk.reservations.settle({ reservationId, credits: 1 })).toEqual(settled);
      expect(await codeOf(w.lk.reservations.settle({ reservationId, credits: 2 }))).toBe('reservation_not_open');
      expect(await codeOf(w.lk.reservations.refund({ reservationId }))).toBe('reservation_not_open');
      expect(await w.lk.reservations.get({ reservationId })).toEqual(settled);
      expect(await balance(id)).toBe(9);

      const other = (await reserve({ secret, requestId: 'r2' })).reservation?.id ?? '';
      const refunded = await w.lk.reservations.refund({ reservationId: other });
      expect(refunded).toMatchObject({ state: 'refunded', credits: 0 });
      expect(await w.lk.reservations.refund({ reservationId: other })).toEqual(refunded);
      expect(await codeOf(w.lk.reservations.settle({ reservationId: other, credits: 0 }))).toBe('reservation_not_open');
      expect(await balance(id)).toBe(9);
    });

    it('are refused as a request would be, and hold nothing', async () => {
      const { id, secret } = await w.key({ credits: 3 });
      expect(await reserve({ secret })).toEqual({
        valid: false,
        reason: 'insufficient_credits',
        reservation: null,
        balance: 3,
      });
      expect(await reserve({ secret: 'nonsense' })).toMatchObject({ valid: false, reservation: null });
      expect(await codeOf(reserve({ keyId: 'key_none' }))).toBe('not_found');
      expect(await codeOf(reserve({}))).toBe('invalid_request');
      expect(await codeOf(reserve({ keyId: id, secret }))).toBe('invalid_request');
      expect(await codeOf(w.lk.reservations.settle({ reservationId: 'res_none', credits: 0 }))).toBe('not_found');
      await reserve({ secret, credits: 1, requestId: 'r9' });
      expect(await reserve({ secret, credits: 2, requestId: 'r9' })).toMatchObject({
        valid: false,
        reason: 'idempotency_mismatch',
      });
      await w.lk.keys.revoke({ keyId: id });
      expect(await reserve({ secret, credits: 1 })).toMatchObject({ valid: false, reason: 'revoked_key' });
      expect(await reserve({ keyId: id, credits: 1 })).toMatchObject({ valid: false, reason: 'revoked_key' });
      expect(await balance(id)).toBe(2);
      expect(await reserve({ secret: (await w.key({})).secret })).toEqual({
        valid: true,
        reason: null,
        reservation: null,
        balance: null,
      });
    });

    it('return when they expire, once, whoever looks first', async () => {
      const { id, secret } = await w.key({ credits: 10 });
      const ids: string[] = [];
      for (let at = 0; at < 5; at++)
        ids.push(
          (await reserve({ secret, credits: 2, requestId: `r${at}`, expiresInSeconds: 60 })).reservation?.id ?? '',
        );
      expect(await balance(id)).toBe(0);
      w.time.now += 59_999;
      expect(await w.reason(secret, { cost: cost(1) })).toBe('insufficient_credits');
      w.time.now += 1;
      const outcomes = await Promise.all([
        ...Array.from({ length: 12 }, () => w.reason(secret, { cost: cost(1) })),
        ...ids.map((reservationId) => codeOf(w.lk.reservations.settle({ reservationId, credits: 2 }))),
        returnExpired(w.lk.engine.services),
        returnExpired(w.lk.engine.services),
      ]);
      expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(10);
      expect(outcomes.filter((outcome) => outcome === 'reservation_not_open')).toHaveLength(5);
      expect(await balance(id)).toBe(0);
      expect(await w.lk.reservations.get({ reservationId: ids[0] ?? '' })).toMatchObject({
        state: 'expired',
        credits: 0,
      });
      expect(await w.lk.engine.services.store.credits.faults()).toEqual([]);
    });
  });
});
