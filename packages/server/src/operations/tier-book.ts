// The tiers of the moment, kept in memory and dropped by the change feed. A read that began before a change never stays.

import { type Change, type ChangeFeed, LatchkeyError, type Store, type TierRecord } from '@latchkey/core';
import { deepFreeze } from './snapshot.js';

const MAX_REREADS = 5;

export interface TierBook {
  /**
   * All tiers in ascending order, the same list until one changes.
   * @throws LatchkeyError `unavailable` when they keep changing while they are read
   */
  current(): Promise<readonly TierRecord[]>;
  apply(change: Change): void;
}

export function createTierBook(store: Pick<Store, 'tiers'>, feed: Pick<ChangeFeed, 'trusts'>): TierBook {
  let known: readonly TierRecord[] | null = null;
  let reading: Promise<readonly TierRecord[]> | null = null;
  /** Counts the changes: a list belongs to the position that it was read at. */
  let position = 0;

  async function read(): Promise<readonly TierRecord[]> {
    for (let attempt = 0; attempt <= MAX_REREADS; attempt++) {
      const before = position;
      const tiers = deepFreeze(await store.tiers.list());
      if (position !== before) continue;
      known = tiers;
      return tiers;
    }
    throw new LatchkeyError('unavailable', 'The tiers keep changing while they are read.');
  }

  return {
    async current() {
      if (known !== null && feed.trusts()) return known;
      if (reading === null) {
        const mine = read().finally(() => {
          if (reading === mine) reading = null;
        });
        reading = mine;
      }
      return reading;
    },
    apply({ subject }) {
      if (subject !== 'tier' && subject !== 'all') return;
      position++;
      known = null;
      // Whoever asks from here on reads anew; who asked before is told by the position.
      reading = null;
    },
  };
}
