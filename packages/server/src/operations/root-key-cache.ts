// Root keys by digest, kept in memory so that a call to the management API needs no read. Dropped by the change feed and by age.

import type { Change, ChangeFeed, Clock, RootKeyRecord, Store } from '@latchkey/core';
import { LRUCache } from 'lru-cache';

const KEPT = 1000;
/** Where no feed tells of other processes, a key that one of them changed in the database is noticed within this time. */
const TRUSTED_MS = 5000;

export interface RootKeyCache {
  /** The record behind any of the digest values. Only found ones are kept: a new root key works at once. */
  find(values: readonly string[]): Promise<RootKeyRecord | null>;
  apply(change: Change): void;
}

export function createRootKeyCache(
  store: Store,
  clock: Clock,
  feed: Pick<ChangeFeed, 'isShared' | 'trusts'>,
): RootKeyCache {
  const kept = new LRUCache<string, { rootKey: RootKeyRecord; readAt: number }>({ max: KEPT });
  let position = 0;
  const isTrusted = (readAt: number): boolean =>
    feed.isShared ? feed.trusts() : Math.abs(clock() - readAt) < TRUSTED_MS;
  return {
    async find(values) {
      for (const value of values) {
        const entry = kept.get(value);
        if (entry !== undefined && isTrusted(entry.readAt)) return entry.rootKey;
      }
      const before = position;
      const rootKey = await store.rootKeys.findByDigest(values);
      // What was read before a change may not outlive it.
      if (rootKey !== null && position === before) kept.set(rootKey.digest.value, { rootKey, readAt: clock() });
      return rootKey;
    },
    apply({ subject }) {
      if (subject !== 'root_key' && subject !== 'all') return;
      position++;
      kept.clear();
    },
  };
}
