// Guarantees of the cache: a fill that read before a change never outlives it, whatever the two interleave like.

import type { KeyRecord } from '@latchkey/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type World, world } from './world.suite.js';

let w: World;
beforeEach(async () => {
  w = await world('accounts');
});
afterEach(() => w.close());

/** Makes every read of a key hold still, after the row was read, until it is let go. */
function holdReads() {
  const { keys } = w.lk.engine.services.store;
  const { findByDigest } = keys;
  const waiting: (() => void)[] = [];
  let arrived = () => {};
  keys.findByDigest = async (values): Promise<KeyRecord | null> => {
    const row = await findByDigest(values);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      arrived();
    });
    return row;
  };
  return {
    reading: () => (waiting.length > 0 ? Promise.resolve() : new Promise<void>((resolve) => (arrived = resolve))),
    letGo() {
      keys.findByDigest = findByDigest;
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
    const { findByDigest } = keys;
    keys.findByDigest = async (values) => {
      await ticks(random(4));
      const row = await findByDigest(values);
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
    const { findByDigest } = keys;
    let at = 0;
    keys.findByDigest = async (values) => {
      const row = await findByDigest(values);
      await w.lk.keys.update({ keyId: id, name: `n${at++}` });
      return row;
    };
    expect(await w.reason(secret)).toBe('unavailable');
    keys.findByDigest = findByDigest;
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

describe('a cached key', () => {
  it('is read from the database once', async () => {
    const { secret } = await w.key();
    const { keys } = w.lk.engine.services.store;
    const { findByDigest } = keys;
    let reads = 0;
    keys.findByDigest = (values) => {
      reads++;
      return findByDigest(values);
    };
    for (let at = 0; at < 10; at++) expect(await w.reason(secret)).toBeNull();
    expect(reads).toBe(1);
  });
});
