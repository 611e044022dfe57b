// Snapshots of keys by digest, kept in memory and dropped by the change feed. A fill that read before a change can never undo it.

import {
  type Change,
  type ChangeFeed,
  type Clock,
  type Digest,
  type KeyLookup,
  LatchkeyError,
  type Profile,
  type Snapshot,
  type Store,
  type Telemetry,
  type Tier,
} from '@latchkey/core';
import { createChangeLog } from './change-log.js';
import { createSnapshotShelf } from './snapshot-shelf.js';
import type { TierBook } from './tier-book.js';
import { createUnknownDigests } from './unknown-digests.js';

const MAX_REREADS = 5;
/** Stand for all tiers among what changed, and for everything. */
const TIERS = 'tiers';
const ALL = '*';

export interface KeyCache {
  /**
   * The snapshot behind any of the digests, from memory or by one indexed read; `position` is the feed's at that moment. Requests that
   * miss the same key at once share the read.
   */
  find(digests: readonly Digest[]): Promise<Found>;
  /** true when none of the snapshot's key, project or organization was ended after `position`, as far as can be known here now. */
  unendedSince(snapshot: Snapshot, position: number): boolean;
  /** true when none of them, and no tier, changed at all after `position`. */
  unchangedSince(snapshot: Snapshot, position: number): boolean;
  apply(change: Change): void;
  /** How many keys are kept, about how many bytes they take, and how many digests are known to be nobody's. */
  size(): { keys: number; bytes: number; unknown: number };
}

interface Found {
  snapshot: Snapshot | null;
  position: number;
}

export interface KeyCacheParts {
  store: Pick<Store, 'keys'>;
  profile: Profile;
  tiers: Pick<TierBook, 'current'>;
  telemetry: Telemetry;
  feed: Pick<ChangeFeed, 'caughtUp' | 'now' | 'trusts'>;
  clock: Clock;
  /** What the kept snapshots may take together. */
  maxBytes: number;
}

const subjectsOf = ({ key, project, organization }: Omit<KeyLookup, 'buried'>): string[] => [
  key.id,
  project.id,
  organization.id,
  TIERS,
  ALL,
];

export function createKeyCache(parts: KeyCacheParts): KeyCache {
  const { store, profile, tiers, telemetry, feed, clock, maxBytes } = parts;
  const shelf = createSnapshotShelf(profile, maxBytes);
  const unknown = createUnknownDigests(feed, clock);
  const changed = createChangeLog();
  const ended = createChangeLog();
  let position = 0;
  const fills = new Map<string, Promise<Found>>();
  /** When snapshots were read that nothing vouches for but their age: the feed had heard nothing for too long. */
  const readAt = new WeakMap<Snapshot, number>();
  const isTrusted = (snapshot: Snapshot): boolean => feed.trusts() || feed.trusts(readAt.get(snapshot));

  async function read(values: readonly string[]): Promise<{ found: KeyLookup; all: readonly Tier[] } | null> {
    const found = await store.keys.findForVerify(values);
    // An import that stands under another digest must not bring back a secret whose key was deleted.
    if (found === null || (found.buried && found.key.digest.value !== values[0])) return null;
    return { found, all: await tiers.current() };
  }

  async function fill(slot: string, values: readonly string[]): Promise<Found> {
    try {
      for (let attempt = 0; ; attempt++) {
        const before = position;
        const births = unknown.births();
        const startedAt = feed.now();
        const row = await read(values);
        if (row === null) {
          unknown.add(slot, births);
          return { snapshot: null, position: before };
        }
        if (!changed.touchedSince(subjectsOf(row.found), before)) {
          const snapshot = shelf.put(row.found, row.all);
          if (!feed.trusts()) readAt.set(snapshot, startedAt);
          return { snapshot, position: before };
        }
        // A change landed while the rows were being read: they may be from before it.
        if (attempt === MAX_REREADS) throw new LatchkeyError('unavailable', 'The key keeps changing while it is read.');
      }
    } finally {
      // In the step that keeps the snapshot: whoever comes after a change may not join what was read before it.
      fills.delete(slot);
    }
  }

  return {
    async find(digests) {
      const values = digests.map(({ value }) => value);
      // What nobody has confirmed for too long is read again, whatever it says.
      for (const value of feed.trusts() ? values : []) {
        const snapshot = shelf.get(value);
        if (snapshot === undefined) continue;
        telemetry.count('latchkey_cache_lookups_total', { result: 'hit' });
        return { snapshot, position };
      }
      const slot = values.join();
      if (await unknown.has(slot)) {
        telemetry.count('latchkey_cache_lookups_total', { result: 'unknown' });
        return { snapshot: null, position };
      }
      telemetry.count('latchkey_cache_lookups_total', { result: 'miss' });
      const joined = await fills.get(slot);
      // Who joined a read that found nothing may have come for a key that was made since it began.
      if (joined !== undefined && joined.snapshot !== null) return joined;
      let own = fills.get(slot);
      if (own === undefined) {
        own = fill(slot, values);
        fills.set(slot, own);
      }
      return own;
    },
    unendedSince: (snapshot, since) =>
      (position === since || !ended.touchedSince(subjectsOf(snapshot), since)) && isTrusted(snapshot),
    unchangedSince: (snapshot, since) => position === since || !changed.touchedSince(subjectsOf(snapshot), since),
    apply(change) {
      const { subject, id, kind } = change;
      position++;
      // No snapshot stands under a key that was only just made.
      if (kind !== 'created') changed.note(id, position);
      if (kind === 'ended') ended.note(id, position);
      unknown.apply(change);
      if (subject === 'tier') {
        // Every snapshot names the tiers that would have done.
        changed.note(TIERS, position);
        shelf.clear();
      } else if (subject === 'all') {
        changed.note(ALL, position);
        // What is not known to have ended may have.
        ended.note(ALL, position);
        shelf.clear();
      } else if (subject !== 'root_key' && subject !== 'imported_keys') shelf.drop(subject, id);
    },
    size: () => ({ keys: shelf.keys(), bytes: shelf.bytes(), unknown: unknown.size() }),
  };
}
