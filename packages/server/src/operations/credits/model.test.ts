// Random histories of accounts against a recount that knows nothing of the engine: every balance and every answer is the same.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { codeOf, world } from '../world.suite.js';

const HOUR = 3_600_000;

/** An account as a child would keep it: one step at a time, hour by hour. */
function naive(start: number, refill: number | null, hour: number) {
  const account = { balance: start, bounded: true, refill };
  const used = new Map<string, number>();
  const held = new Map<string, { credits: number; until: number; state: string; at: number | null }>();
  let now = hour;
  return {
    account,
    held,
    pass(hours: number) {
      for (let at = 0; at < hours; at++) {
        now++;
        for (const one of held.values())
          if (one.state === 'open' && one.until <= now) {
            one.state = 'expired';
            account.balance += one.credits;
          }
        if (now % 24 === 0 && account.refill !== null && account.balance < account.refill)
          account.balance = account.refill;
      }
    },
    spend(id: string, credits: number): string {
      if (!account.bounded) return 'ok';
      const before = used.get(id);
      if (before !== undefined) return before === credits ? 'ok' : 'idempotency_mismatch';
      if (account.balance < credits) return 'insufficient_credits';
      used.set(id, credits);
      account.balance -= credits;
      return 'ok';
    },
    reserve(id: string, credits: number, hours: number): string {
      if (!account.bounded) return 'ok';
      const before = held.get(id);
      if (before !== undefined) return before.credits === credits ? 'ok' : 'idempotency_mismatch';
      if (account.balance < credits) return 'insufficient_credits';
      held.set(id, { credits, until: now + hours, state: 'open', at: null });
      account.balance -= credits;
      return 'ok';
    },
    close(id: string, settleAt: number | null): string {
      const one = held.get(id);
      if (one === undefined) return 'not_found';
      const state = settleAt === null ? 'refunded' : 'settled';
      if (one.state !== 'open') return one.state === state && one.at === settleAt ? 'ok' : 'reservation_not_open';
      if (settleAt !== null && settleAt > one.credits) return 'settles_above_reservation';
      Object.assign(one, { state, at: settleAt });
      account.balance += one.credits - (settleAt ?? 0);
      return 'ok';
    },
    add(credits: number): string {
      if (!account.bounded) return 'credits_unbounded';
      if (account.balance + credits < 0) return 'credits_out_of_range';
      account.balance += credits;
      return 'ok';
    },
    set(credits: number | null): void {
      account.bounded = credits !== null;
      account.balance = credits ?? 0;
      if (credits === null) account.refill = null;
    },
  };
}

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const credits = fc.integer({ min: 1, max: 12 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('spend' as const), id, credits }) },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('reserve' as const), id, credits, hours: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('close' as const),
      id,
      settleAt: fc.option(fc.integer({ min: 0, max: 13 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('add' as const), credits: fc.integer({ min: -15, max: 15 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('set' as const),
      credits: fc.option(fc.integer({ min: 0, max: 20 }), { freq: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('pass' as const), hours: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('rotate' as const) }) },
);

it('every balance and answer equals a naive recount, and every ledger adds up', async () => {
  const w = await world();
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 30 }),
        fc.option(fc.integer({ min: 1, max: 30 })),
        fc.array(step, { minLength: 1, maxLength: 60 }),
        async (start, amount, steps) => {
          const refill = amount === null ? null : { amount, every: 'day' as const };
          const made = await w.lk.keys.create({
            projectId: w.projectId,
            name: 'k',
            credits: { balance: start, refill },
          });
          let [keyId, secret] = [made.key.id, made.secret];
          const model = naive(start, amount, w.time.now / HOUR);
          const reservations = new Map<string, string>();
          const outcome = async (call: Promise<unknown>): Promise<string> =>
            call.then(
              () => 'ok',
              (error: { code: string }) => error.code,
            );
          for (const one of steps) {
            switch (one.act) {
              case 'spend': {
                const cost = { requests: 0, credits: one.credits };
                const { reason } = await w.lk.verify({ secret, cost, requestId: one.id });
                expect(reason ?? 'ok').toBe(model.spend(one.id, one.credits));
                break;
              }
              case 'reserve': {
                const asked = { keyId, credits: one.credits, requestId: one.id, expiresInSeconds: one.hours * 3600 };
                const { reason, reservation } = await w.lk.reservations.create(asked);
                expect(reason ?? 'ok').toBe(model.reserve(one.id, one.credits, one.hours));
                if (reservation) reservations.set(one.id, reservation.id);
                break;
              }
              case 'close': {
                const reservationId = reservations.get(one.id) ?? 'res_none';
                const call =
                  one.settleAt === null
                    ? w.lk.reservations.refund({ reservationId })
                    : w.lk.reservations.settle({ reservationId, credits: one.settleAt });
                expect(await outcome(call)).toBe(model.close(one.id, one.settleAt));
                break;
              }
              case 'add':
                expect(await outcome(w.lk.credits.adjust({ keyId, add: one.credits }))).toBe(model.add(one.credits));
                break;
              case 'set':
                model.set(one.credits);
                await w.lk.credits.adjust({ keyId, set: one.credits });
                break;
              case 'pass':
                model.pass(one.hours);
                w.time.now += one.hours * HOUR;
                break;
              case 'rotate': {
                const next = await w.lk.keys.rotate({ keyId, gracePeriodSeconds: 0 });
                [keyId, secret] = [next.key.id, next.secret];
              }
            }
            // What expired is returned by whoever comes first; a look alone is nobody.
            if (one.act === 'pass') await w.lk.engine.services.store.expireReservations(w.time.now, 1000);
            const shown = (await w.lk.keys.get({ keyId })).credits;
            expect(shown?.balance ?? null).toBe(model.account.bounded ? model.account.balance : null);
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(await w.lk.engine.services.store.credits.faults()).toEqual([]);
  } finally {
    await w.close();
  }
});

it('a ledger that was tampered with is found', async () => {
  const w = await world('suward', { onDisk: true });
  try {
    const { id } = await w.key({ credits: 5 });
    const { store } = w.lk.engine.services;
    expect(await store.credits.faults()).toEqual([]);
    w.sql('update credit_entries set amount = 6');
    expect(await store.credits.faults()).toMatchObject([{ balance: 5, ledger: 6 }]);
    w.sql('update credit_entries set amount = 5, sequence = 2');
    expect(await store.credits.faults()).toHaveLength(1);
    w.sql('delete from credit_entries');
    expect(await store.credits.faults()).toMatchObject([{ balance: 5, ledger: 0, entries: 1, lines: 0 }]);
    w.sql('delete from credit_accounts');
    expect(await store.credits.faults()).toEqual([]);
    expect(await codeOf(w.lk.credits.adjust({ keyId: id, add: 1 }))).toBe('credits_unbounded');
  } finally {
    await w.close();
  }
});
