// Digests that the database did not know, so that one unknown secret sent again and again is read for once. Bounded in number and in time.

import type { Change, ChangeFeed, Clock } from '@latchkey/core';
import { LRUCache } from 'lru-cache';

export const UNKNOWN_KEPT = 10_000;
export const UNKNOWN_MS = 5_000;

export interface UnknownDigests {
  /**
   * true while the database is known not to have any of these digests, whatever node made a key before this call. Rejects when that
   * cannot be found out.
   */
  has(slot: string): Promise<boolean>;
  /** Counts the keys that were made; a read that found nothing says with `add` at which count it began. */
  births(): number;
  add(slot: string, births: number): void;
  apply(change: Change): void;
  size(): number;
}

/**
 * Making a key is announced like any change, and nothing is unknown across an announcement. A node that missed one would still
 * refuse the new key, so before an entry counts, the feed must have heard all that was committed by then: one read of its position
 * for all who ask meanwhile, and none where the feed never leaves the process.
 */
export function createUnknownDigests(feed: Pick<ChangeFeed, 'caughtUp'>, clock: Clock): UnknownDigests {
  const entries = new LRUCache<string, { births: number; at: number }>({ max: UNKNOWN_KEPT });
  let births = 0;

  function holds(slot: string): boolean {
    const entry = entries.get(slot);
    if (entry === undefined) return false;
    if (entry.births === births && Math.abs(clock() - entry.at) < UNKNOWN_MS) return true;
    entries.delete(slot);
    return false;
  }

  return {
    async has(slot) {
      if (!holds(slot)) return false;
      await feed.caughtUp();
      return holds(slot);
    },
    births: () => births,
    add(slot, since) {
      if (since === births) entries.set(slot, { births, at: clock() });
    },
    apply({ subject, kind }) {
      if ((subject === 'key' && kind !== 'ended') || subject === 'all') births++;
    },
    size: () => entries.size,
  };
}
