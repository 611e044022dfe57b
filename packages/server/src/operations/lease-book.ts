// The leases that are open: slots held by id, each until it is released or its time is over. It judges nobody's right to one.

import type {
  Change,
  ChangeFeed,
  Clock,
  Cursor,
  LeaseRecord,
  Limiter,
  Page,
  PageRequest,
  Snapshot,
  Store,
} from '@latchkey/core';
import type { Services } from './services.js';

export interface LeaseBook {
  /**
   * Puts a slot that was taken under a lease; on disk, for a live key, when it resolves. `free` gives the slot back and may be
   * called more than once. Rejects with the store's error, and then keeps nothing: the slot is still the caller's.
   */
  open(snapshot: Snapshot, seconds: number, free: () => void): Promise<LeaseRecord>;
  /** Ends a lease, on disk first. false: there is none by that id, or none any more. */
  release(id: string): Promise<boolean>;
  /** Ends a lease at once for a caller who cannot wait; the disk follows. */
  drop(id: string): void;
  /** Frees the slots of the family whose time is over; so a take judges without them. */
  freeDue(familyId: string): void;
  /** The same for all families. */
  sweep(): void;
  /** Ends the leases of keys that are revoked or gone, after a change that ended something. */
  hear(change: Change): void;
  /** Newest first, wherever they were opened; those of test keys are this node's. */
  list(filter: { keyId?: string | undefined }, page: PageRequest): Promise<Page<LeaseRecord>>;
  size(): number;
  /** Takes up what was open when the last process ended. */
  restore(): Promise<void>;
  /** Takes up what other nodes opened, so that it lasts when they are gone, and parts with what they ended. Alone it does nothing. */
  follow(): Promise<void>;
  /** Frees the slots of all that is over or whose key is gone, whoever opened it, and removes it from the disk. */
  prune(): Promise<void>;
  /** Removes from the disk what was dropped. */
  flush(): Promise<void>;
}

interface Held {
  record: LeaseRecord;
  free(): void;
}

interface Family {
  held: Map<string, Held>;
  /** The earliest end among them. */
  nextDue: number;
}

type Needs = Pick<Services, 'newId' | 'later'> & {
  store: Pick<Store, 'leases' | 'keys'>;
  clock: Clock;
  limiter: Pick<Limiter, 'hold' | 'freeLease'>;
  feed: Pick<ChangeFeed, 'isShared'>;
};

/**
 * What is open stands in the database; each node holds the slots of all of it, and a slot held by several is one. So a lease that
 * one node opened is released on another, and outlives both.
 */
export function createLeaseBook({ store, clock, limiter, feed, newId, later }: Needs): LeaseBook {
  const all = new Map<string, Held>();
  const families = new Map<string, Family>();
  /** Dropped, and perhaps still on disk. */
  const dropped = new Set<string>();
  let flushComes = false;
  /** What ended while the others' leases were read: that they say otherwise is older. */
  let endedMeanwhile = new Set<string>();

  function keep(record: LeaseRecord, free: () => void): void {
    const held = { record, free };
    all.set(record.id, held);
    const family = families.get(record.familyId) ?? { held: new Map<string, Held>(), nextDue: Infinity };
    family.held.set(record.id, held);
    family.nextDue = Math.min(family.nextDue, record.expiresAt);
    families.set(record.familyId, family);
  }

  const holdSlot = ({ id, familyId, expiresAt }: LeaseRecord): (() => void) =>
    limiter.hold(familyId, { id, ms: Math.max(0, expiresAt - clock()) });

  /** Frees the slot of one that was removed from the disk, whether this node holds it or not. */
  function freeRemoved({ id, familyId }: LeaseRecord): void {
    if (end(id) === null) limiter.freeLease(familyId, id);
  }

  /** Frees the slot of a lease that is still open; only the first call finds it so. */
  function end(id: string): LeaseRecord | null {
    endedMeanwhile.add(id);
    const held = all.get(id);
    if (held === undefined) return null;
    const { familyId } = held.record;
    all.delete(id);
    families.get(familyId)?.held.delete(id);
    if (families.get(familyId)?.held.size === 0) families.delete(familyId);
    held.free();
    return held.record;
  }

  async function flush(): Promise<void> {
    if (dropped.size === 0) return;
    const ids = [...dropped];
    await store.leases.delete(ids);
    for (const id of ids) dropped.delete(id);
  }

  function drop(id: string): void {
    const record = end(id);
    if (record === null || record.mode === 'test') return;
    dropped.add(id);
    if (flushComes) return;
    flushComes = true;
    // Drops of one turn go in one statement. What fails is tried again with the next.
    later('drop_leases', async () => {
      await new Promise<void>(setImmediate);
      flushComes = false;
      await flush();
    });
  }

  function freeDue(familyId: string): void {
    const family = families.get(familyId);
    const now = clock();
    if (family === undefined || now < family.nextDue) return;
    family.nextDue = Infinity;
    for (const { record } of [...family.held.values()]) {
      // Its row has the same end in it, and is pruned by that.
      if (record.expiresAt <= now) end(record.id);
      else family.nextDue = Math.min(family.nextDue, record.expiresAt);
    }
  }

  async function prune(): Promise<void> {
    // Freed in memory first: what is not on disk any more must hold no slot.
    for (const familyId of [...families.keys()]) freeDue(familyId);
    await flush();
    for (const record of await store.leases.prune(clock())) freeRemoved(record);
  }

  async function dropOfEndedKeys(records: readonly LeaseRecord[]): Promise<void> {
    for (const keyId of new Set(records.map((record) => record.keyId))) {
      const key = await store.keys.get(keyId);
      // A key that is disabled or suspended may come back, and its work has not ended.
      if (key !== null && key.revokedAt === null) continue;
      for (const record of records) if (record.keyId === keyId) drop(record.id);
    }
  }

  return {
    async open({ key }, seconds, free) {
      const createdAt = clock();
      const record: LeaseRecord = {
        id: newId('lease'),
        familyId: key.familyId,
        keyId: key.id,
        projectId: key.projectId,
        organizationId: key.organizationId,
        mode: key.mode,
        createdAt,
        expiresAt: createdAt + seconds * 1000,
      };
      if (record.mode === 'test') {
        keep(record, free);
        return record;
      }
      await store.leases.insert(record);
      // The slot is the lease's from here on, and no more this process's.
      keep(record, holdSlot(record));
      free();
      return record;
    },
    async release(id) {
      const record = all.get(id)?.record;
      if (record === undefined ? !feed.isShared : record.expiresAt <= clock()) return false;
      if (record?.mode === 'test') return end(id) !== null;
      const [removed] = await store.leases.delete([id]);
      if (removed === undefined) {
        end(id);
        return false;
      }
      freeRemoved(removed);
      return removed.expiresAt > clock();
    },
    drop,
    freeDue,
    sweep() {
      for (const familyId of [...families.keys()]) freeDue(familyId);
    },
    hear({ subject, id, kind }) {
      const records = [...all.values()].map(({ record }) => record);
      const touched =
        subject === 'all'
          ? records
          : kind === 'ended' && (subject === 'key' || subject === 'project' || subject === 'organization')
            ? records.filter((record) => record[`${subject}Id`] === id)
            : [];
      if (touched.length > 0) later('free_leases', () => dropOfEndedKeys(touched));
      // One that a dead node opened is in no memory.
      if (feed.isShared && kind === 'ended') later('prune_leases', prune);
    },
    async list({ keyId }, { limit, after }) {
      const now = clock();
      const known = [...all.values()].map(({ record }) => record);
      const open = feed.isShared
        ? [...(await store.leases.open(now)), ...known.filter(({ mode }) => mode === 'test')]
        : known;
      const rows = open
        .filter((record) => record.expiresAt > now && (keyId === undefined || record.keyId === keyId))
        .filter((record) => after === null || isBefore(placeOf(record), after))
        .sort((a, b) => (isBefore(placeOf(a), placeOf(b)) ? 1 : -1));
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return { rows: shown, next: rows.length > shown.length && last !== undefined ? placeOf(last) : null };
    },
    size: () => all.size,
    async restore() {
      for (const record of await store.leases.open(clock())) keep(record, holdSlot(record));
    },
    async follow() {
      if (!feed.isShared) return;
      endedMeanwhile = new Set();
      const before = [...all.values()].map(({ record }) => record).filter(({ mode }) => mode === 'live');
      const open = await store.leases.open(clock());
      const ids = new Set(open.map(({ id }) => id));
      for (const { id } of before) if (!ids.has(id)) end(id);
      for (const record of open)
        if (!all.has(record.id) && !endedMeanwhile.has(record.id) && !dropped.has(record.id))
          keep(record, holdSlot(record));
    },
    prune,
    flush,
  };
}

const placeOf = ({ createdAt, id }: LeaseRecord): Cursor => ({ at: createdAt, id });
const isBefore = (a: Cursor, b: Cursor): boolean => a.at < b.at || (a.at === b.at && a.id < b.id);

/** The limiter as everything else sees it: what is over holds no slot when it judges. */
export const withDueFreed = (limiter: Limiter, { freeDue, sweep }: Pick<LeaseBook, 'freeDue' | 'sweep'>): Limiter => ({
  ...limiter,
  take(claims) {
    freeDue(claims.familyId);
    return limiter.take(claims);
  },
  peek(claims) {
    freeDue(claims.familyId);
    return limiter.peek(claims);
  },
  held(familyId) {
    if (familyId === undefined) sweep();
    else freeDue(familyId);
    return limiter.held(familyId);
  },
});
