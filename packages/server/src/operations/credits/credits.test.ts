// Guarantees of credits: never overspent, charged once for a request, refilled once a period, and nothing spent by what is refused.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type World, world } from '../world.suite.js';

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

  it('500 at once on a balance of 1: one passes, 20 times over', async () => {
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
});
