// Guarantees of the cache: a fill that read before a change never outlives it, whatever the two interleave like.

import { type Change, type KeyLookup, LatchkeyError } from '@latchkey/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyCache } from './key-cache.js';
import { type World, world } from './world.suite.js';

let w: World;
beforeEach(async () => {
  w = await world('accounts');
});
afterEach(() => w.close());

/** Makes every read of a key hold still, after the row was read, until it is let go. */
function holdReads() {
  const { keys } = w.lk.engine.services.store;
  const { findForVerify } = keys;
  const waiting: (() => void)[] = [];
  let arrived = () => {};
  keys.findForVerify = async (values): Promise<KeyLookup | null> => {
    const row = await findForVerify(values);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      arrived();
    });
    return row;
  };
  return {
    reading: () => (waiting.length > 0 ? Promise.resolve() : new Promise<void>((resolve) => (arrived = resolve))),
    letGo() {
      keys.findForVerify = findForVerify;
      for (const go of waiting.splice(0)) go();
    },
  };
}

describe('a fill that read the row just before', () => {
  const changes: [string, (id: string) => Promise<unknown>, string][] = [
    ['a revoke', (id) => w.lk.keys.revoke({ keyId: id }), 'revoked_key'],
    ['a disable', (id) => w.lk.keys.disable({ keyId: id }), 'disabled_key'],
    ['a rotate without grace', (id) => w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 0 }), 'rotated_key'],
    ['a delete', (id) => w.lk.keys.delete({ keyId: id }), 'unknown_key'],
    ['a suspended project', () => w.lk.projects.suspend({ projectId: w.projectId }), 'organization_disabled'],
    [
      'a suspended organization',
      () => w.lk.organizations.suspend({ organizationId: w.organizationId }),
      'organization_disabled',
    ],
    ['a deleted organization', () => w.lk.organizations.delete({ organizationId: w.organizationId }), 'unknown_key'],
    ['a narrowing', (id) => w.lk.keys.update({ keyId: id, permissions: [] }), 'insufficient_permission'],
  ];
  it.each(changes)('%s neither passes nor brings the old row back', async (_, change, reason) => {
    const { id, secret } = await w.key();
    const request = { permissions: ['users.read'] };
    const held = holdReads();
    const filling = w.reason(secret, request);
    await held.reading();
    await change(id);
    held.letGo();
    expect(await filling).toBe(reason);
    expect(await w.reason(secret, request)).toBe(reason);
  });

  it('1,000 revokes at random moments resurrects none', async () => {
    let resurrected = 0;
    let seed = 12345;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      // The low bits of such a generator alternate.
      return (seed >>> 12) % below;
    };
    const ticks = async (count: number) => {
      for (let at = 0; at < count; at++) await (at % 3 === 2 ? new Promise(setImmediate) : Promise.resolve());
    };
    const { keys } = w.lk.engine.services.store;
    const { findForVerify } = keys;
    keys.findForVerify = async (values) => {
      await ticks(random(4));
      const row = await findForVerify(values);
      await ticks(random(8));
      return row;
    };
    for (let round = 0; round < 1000; round++) {
      const { id, secret } = await w.key();
      let revoked = false;
      const request = async () => {
        await ticks(random(6));
        const startedAfter = revoked;
        const reason = await w.reason(secret);
        if (startedAfter && reason === null) resurrected++;
      };
      const revoke = async () => {
        await ticks(random(6));
        await w.lk.keys.revoke({ keyId: id });
        revoked = true;
      };
      await Promise.all([request(), request(), revoke(), request(), request()]);
      if ((await w.reason(secret)) !== 'revoked_key') resurrected++;
      if ((await w.reason(secret)) !== 'revoked_key') resurrected++;
    }
    expect(resurrected).toBe(0);
  });

  it('without end answers that it cannot tell, never that the key is unknown', async () => {
    const { id, secret } = await w.key();
    const { keys } = w.lk.engine.services.store;
    const { findForVerify } = keys;
    let at = 0;
    keys.findForVerify = async (values) => {
      const row = await findForVerify(values);
      await w.lk.keys.update({ keyId: id, name: `n${at++}` });
      return row;
    };
    expect(await w.reason(secret)).toBe('unavailable');
    keys.findForVerify = findForVerify;
    expect(await w.reason(secret)).toBeNull();
  });
});

describe('a request between lookup and limits', () => {
  it('is refused when its key ended meanwhile', async () => {
    const { id, secret } = await w.key();
    const { store } = w.lk.engine.services;
    const { raiseDay } = store;
    store.raiseDay = async (...row) => {
      await w.lk.keys.revoke({ keyId: id });
      return raiseDay(...row);
    };
    const verdict = await w.verify(secret);
    store.raiseDay = raiseDay;
    expect(verdict.reason).toBe('revoked_key');
  });

  it('that passed is told apart from one whose key has ended since', async () => {
    const { id, secret } = await w.key();
    const other = await w.key();
    const verdict = await w.verify(secret);
    await w.lk.keys.revoke({ keyId: other.id });
    await w.lk.keys.update({ keyId: id, name: 'renamed' });
    expect(w.lk.engine.stillGood(verdict)).toBe(true);
    await w.lk.keys.revoke({ keyId: id });
    expect(w.lk.engine.stillGood(verdict)).toBe(false);
  });
});

/** Counts the reads of keys, and lets something happen after each, before its answer is handed on. */
function watchReads(after: () => Promise<unknown> | undefined = () => undefined) {
  const { keys } = w.lk.engine.services.store;
  const { findForVerify } = keys;
  let reads = 0;
  keys.findForVerify = async (values) => {
    reads++;
    const row = await findForVerify(values);
    await after();
    return row;
  };
  return () => reads;
}

const cached = () => w.lk.engine.services.cache.size();
/** A secret in our shape that no key has. */
const stranger = async (): Promise<string> => {
  const { id, secret } = await w.key();
  await w.lk.keys.delete({ keyId: id });
  return secret;
};

describe('a cached key', () => {
  it('is read from the database once', async () => {
    const { secret } = await w.key();
    const reads = watchReads();
    for (let at = 0; at < 10; at++) expect(await w.reason(secret)).toBeNull();
    expect(reads()).toBe(1);
  });

  it('is read once for a hundred requests that come before it is there', async () => {
    const { secret } = await w.key();
    const reads = watchReads(() => new Promise(setImmediate));
    const reasons = await Promise.all(Array.from({ length: 100 }, () => w.reason(secret)));
    expect(reasons.filter((reason) => reason !== null)).toEqual([]);
    expect(reads()).toBe(1);
  });

  it('is asked for again by whoever comes after a read that failed', async () => {
    const { secret } = await w.key();
    let failing = true;
    const reads = watchReads(() => (failing ? Promise.reject(new Error('gone')) : undefined));
    expect(new Set(await Promise.all([w.reason(secret), w.reason(secret)]))).toEqual(new Set(['unavailable']));
    failing = false;
    expect(await w.reason(secret)).toBeNull();
    expect(reads()).toBe(2);
  });

  it('goes with its project, alone or beside many others', async () => {
    const other = await w.lk.projects.create({ organizationId: w.organizationId, name: 'Other' });
    const mine = await w.key();
    const theirs = await w.key({ projectId: other.id });
    const reads = watchReads();
    const all = async () => [await w.reason(mine.secret), await w.reason(theirs.secret)];
    expect(await all()).toEqual([null, null]);
    await w.lk.projects.suspend({ projectId: other.id });
    expect(await all()).toEqual([null, 'organization_disabled']);
    await w.lk.projects.resume({ projectId: other.id });
    expect(await all()).toEqual([null, null]);
    await w.lk.organizations.suspend({ organizationId: w.organizationId });
    expect(await all()).toEqual(['organization_disabled', 'organization_disabled']);
    expect(reads()).toBe(2 + 1 + 1 + 2);
  });

  it('has its project and lists in common with all keys that have the same', async () => {
    const lists = { permissions: ['users.read'], restrictions: { ips: ['192.0.2.0/24'] } };
    const [one, two] = [await w.key(lists), await w.key(lists)];
    const [a, b] = [(await w.verify(one.secret)).snapshot, (await w.verify(two.secret)).snapshot];
    for (const part of ['project', 'organization', 'tiers', 'permissions', 'limits', 'restrictions'] as const)
      expect(a?.[part], part).toBe(b?.[part]);
    expect(a?.key.id).not.toBe(b?.key.id);
  });
});

describe('a digest that is nobody\u2019s', () => {
  it('is read once, however often its secret is sent', async () => {
    const secret = await stranger();
    const reads = watchReads();
    for (let at = 0; at < 50; at++) expect(await w.reason(secret)).toBe('unknown_key');
    expect(reads()).toBe(1);
    expect(cached().unknown).toBe(1);
  });

  it('is read again after five seconds, on whichever side the clock is set', async () => {
    const secret = await stranger();
    const reads = watchReads();
    for (const moved of [0, 4_999, 1, -60_000, 120_000]) {
      w.time.now += moved;
      expect(await w.reason(secret)).toBe('unknown_key');
    }
    expect(reads()).toBe(1 + 1 + 1 + 1);
  });

  it('is remembered ten thousand times at most', async () => {
    const { cache } = w.lk.engine.services;
    const digest = (at: number) => ({ kind: 'hmac' as const, pepperId: null, value: `nobody ${at}` });
    for (let at = 0; at < 12_000; at++) await cache.find([digest(at)]);
    expect(cached()).toMatchObject({ keys: 0, unknown: 10_000 });
  });

  it('is somebody\u2019s from the moment that a key with it is imported', async () => {
    // Shaped like no key made here: it is looked up only once keys are imported, and then known to be unknown.
    await w.lk.keys.import({ projectId: w.projectId, keys: [{ name: 'first', secret: 'foreign-secret-number-1' }] });
    const secret = 'foreign-secret-number-2';
    for (let at = 0; at < 3; at++) expect(await w.reason(secret)).toBe('unknown_key');
    await w.lk.keys.import({ projectId: w.projectId, keys: [{ name: 'second', secret }] });
    expect(await w.reason(secret)).toBeNull();
  });

  it('is not remembered when a key was made while it was read', async () => {
    await w.lk.keys.import({ projectId: w.projectId, keys: [{ name: 'first', secret: 'foreign-secret-number-1' }] });
    const secret = 'foreign-secret-number-2';
    let made = false;
    watchReads(async () => {
      if (made) return;
      made = true;
      await w.lk.keys.import({ projectId: w.projectId, keys: [{ name: 'second', secret }] });
    });
    await w.reason(secret);
    expect(await w.reason(secret)).toBeNull();
  });

  it('is found by a request that joined a read from before its key was made', async () => {
    await w.lk.keys.import({ projectId: w.projectId, keys: [{ name: 'first', secret: 'foreign-secret-number-1' }] });
    const secret = 'foreign-secret-number-2';
    const held = holdReads();
    const before = w.reason(secret);
    await held.reading();
    await w.lk.keys.import({ projectId: w.projectId, keys: [{ name: 'second', secret }] });
    const after = w.reason(secret);
    await new Promise(setImmediate);
    held.letGo();
    expect(await before).toBe('unknown_key');
    expect(await after).toBeNull();
  });

  it('made elsewhere is found before its announcement came: what is unknown is asked of the feed first', async () => {
    const { store, feed, profile, tiers } = w.lk.engine.services;
    const missed: Change[] = [];
    let away = false;
    const telemetry = { log() {}, count() {}, observe() {}, gauge() {} };
    const elsewhere = createKeyCache({
      ...{ store, profile, tiers, telemetry, clock: () => w.time.now, maxBytes: 1_000_000 },
      feed: {
        async caughtUp() {
          if (away) throw new LatchkeyError('unavailable');
          for (const change of missed.splice(0)) elsewhere.apply(change);
        },
        now: () => 0,
        trusts: () => true,
      },
    });
    feed.subscribe((change) => missed.push(change));
    const { id, secret } = await w.key();
    const digests = w.lk.engine.services.vault.candidates(secret, false);
    w.lk.engine.services.store.keys.findForVerify = async () => null;
    const reads = watchReads();
    expect((await elsewhere.find(digests)).snapshot).toBeNull();
    expect((await elsewhere.find(digests)).snapshot).toBeNull();
    expect(reads(), 'the second asked the feed first, and heard of the key').toBe(2);
    expect((await elsewhere.find(digests)).snapshot).toBeNull();
    expect(reads()).toBe(2);
    missed.push({ subject: 'key', id, kind: 'created' });
    away = true;
    await expect(elsewhere.find(digests)).rejects.toMatchObject({ code: 'unavailable' });
    away = false;
    await elsewhere.find(digests);
    expect(reads()).toBe(3);
  });
});
