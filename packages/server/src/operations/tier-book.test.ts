// Guarantees of the tiers in memory: whatever a read and a change interleave like, no stale tier is left, and one read serves all keys.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type World, world } from './world.suite.js';

let w: World;
let freeId: string;
beforeEach(async () => {
  w = await world('swaypi');
  freeId = (await w.lk.tiers.list({})).data[0]?.id ?? '';
});
afterEach(() => w.close());

const setBatch = (batchSize: number) => w.lk.tiers.update({ tierId: freeId, batchSize });
const batchInForce = async (secret: string): Promise<number | null | undefined> =>
  (await w.verify(secret)).snapshot?.tier?.batchSize;

describe('a fill that read the tiers just before they changed', () => {
  const reads = [
    ['the tiers', () => w.lk.engine.services.store.tiers, 'list'],
    ['the key', () => w.lk.engine.services.store.keys, 'findForVerify'],
  ] as const;
  it.each(reads)('leaves no old one: held after %s', async (_, rows, method) => {
    const { secret } = await w.key();
    await setBatch(11);
    const owner = rows() as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const read = owner[method] as (...args: unknown[]) => Promise<unknown>;
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let arrived = () => {};
    const reading = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    owner[method] = async (...args) => {
      const rows = await read.call(owner, ...args);
      arrived();
      await held;
      return rows;
    };
    const filling = batchInForce(secret);
    await reading;
    owner[method] = read;
    await setBatch(12);
    letGo();
    expect(await filling).toBe(12);
    expect(await batchInForce(secret)).toBe(12);
    expect((await w.lk.profiles.get({})).tiers[0]?.batchSize).toBe(12);
  });

  it('1,000 changes at random moments leave none', { timeout: 30_000 }, async () => {
    let seed = 20_250_115;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      // The low bits of such a row alternate.
      return (seed >>> 12) % below;
    };
    const ticks = async (count: number): Promise<void> => {
      for (let at = 0; at < count; at++) await (at % 3 === 2 ? new Promise(setImmediate) : Promise.resolve());
    };
    const { store, feed } = w.lk.engine.services;
    let change: Promise<unknown> = Promise.resolve();
    /** A read that came back, and is handed on a little later: half the time not before the change of the round is done. */
    const slow =
      <Args extends unknown[], Value>(read: (...args: Args) => Promise<Value>) =>
      async (...args: Args): Promise<Value> => {
        await ticks(random(4));
        const rows = await read(...args);
        if (random(2) === 0) await change;
        await ticks(random(8));
        return rows;
      };
    const { secret } = await w.key();
    store.tiers.list = slow(store.tiers.list);
    store.keys.findForVerify = slow(store.keys.findForVerify);
    let stale = 0;
    let settled = 100;
    await setBatch(settled);
    for (let round = 1; round <= 1000; round++) {
      const next = 100 + round;
      // Empties what is remembered, so that the questions of the round fill it.
      await feed.publish([{ subject: 'tier', id: freeId, kind: 'changed' }]);
      const ask = async (): Promise<void> => {
        await ticks(random(6));
        const least = settled;
        if (((await batchInForce(secret)) ?? 0) < least) stale++;
      };
      change = (async () => {
        await ticks(random(12));
        await setBatch(next);
        settled = next;
      })();
      await Promise.all([ask(), ask(), change, ask()]);
      if ((await batchInForce(secret)) !== next) stale++;
    }
    expect(stale).toBe(0);
  });

  it('that never ends answers that it cannot tell', async () => {
    const { secret } = await w.key();
    const { tiers } = w.lk.engine.services.store;
    const { list } = tiers;
    let batch = 1;
    await setBatch(batch);
    let changing = false;
    tiers.list = async () => {
      const rows = await list();
      if (changing) return rows;
      changing = true;
      await setBatch(++batch);
      changing = false;
      return rows;
    };
    expect(await w.reason(secret)).toBe('unavailable');
    tiers.list = list;
    expect(await w.reason(secret)).toBeNull();
  });
});

describe('the tiers in memory', () => {
  it('are read once for all keys, until one changes', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, async () => (await w.key()).secret));
    const { tiers } = w.lk.engine.services.store;
    const { list } = tiers;
    let reads = 0;
    tiers.list = () => {
      reads++;
      return list();
    };
    const all = () => Promise.all(secrets.map((secret) => w.reason(secret)));
    await all();
    await all();
    expect(reads).toBe(1);
    await setBatch(77);
    await all();
    // The change reads them itself, on its own view.
    expect(reads).toBe(2);
  });

  it('are handed out to callers that cannot change them', async () => {
    const tiers = await w.lk.engine.services.tiers.current();
    expect(() => {
      (tiers[0] as { batchSize: number | null }).batchSize = 1;
    }).toThrow(TypeError);
  });
});
