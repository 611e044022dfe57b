// Counts of requests and last uses, kept in memory and written in batches. Nobody waits for it; test traffic never reaches the disk.

import {
  HOUR_MS,
  type LastUse,
  type Snapshot,
  type Store,
  startOf,
  type Telemetry,
  type UsageRow,
} from '@latchkey/core';
import { LRUCache } from 'lru-cache';
import { blockOf } from './address.js';
import type { WrittenUse } from './key-watch.js';

/** Last uses remembered ahead of the database, so that a reading right after a call sees it. */
const REMEMBERED_USES = 50_000;
/** A key's history holds this many hours of counts at most while the database is away. */
const MAX_PENDING = 200_000;
/** Addresses of one key that are looked at between two writes. */
const MOST_ADDRESSES = 20;

export interface UsageBuffer {
  /** Counts one decision about a known key; `outcome` is `allowed` or the reason. */
  record(snapshot: Snapshot, outcome: string, at: number, ip: string | null): void;
  lastUse(keyId: string): LastUse | null;
  /** Writes what has gathered; what could not be written stays for the next time. */
  flush(): Promise<void>;
}

/** `watch` hears of everything that was written, once. */
export function createUsageBuffer(
  store: Store,
  telemetry: Telemetry,
  watch: (written: WrittenUse) => Promise<void>,
): UsageBuffer {
  let counts = new Map<string, UsageRow>();
  let uses = new Map<string, LastUse>();
  /** Addresses that keys passed from and did not pass from just before. */
  let addresses = new Map<string, Set<string>>();
  const latest = new LRUCache<string, LastUse>({ max: REMEMBERED_USES });
  let flushing: Promise<void> | null = null;

  function addCount(row: UsageRow): void {
    const slot = `${row.keyId} ${row.hour} ${row.outcome}`;
    const have = counts.get(slot);
    if (have) have.count += row.count;
    else if (counts.size < MAX_PENDING) counts.set(slot, { ...row });
  }

  function noteAddress(keyId: string, ip: string): void {
    let noted = addresses.get(keyId);
    if (noted === undefined) {
      if (addresses.size >= REMEMBERED_USES) return;
      noted = new Set();
      addresses.set(keyId, noted);
    }
    if (noted.size < MOST_ADDRESSES) noted.add(ip);
  }

  async function write(): Promise<void> {
    const writing = { counts, uses, addresses };
    if (writing.counts.size === 0 && writing.uses.size === 0) return;
    counts = new Map();
    uses = new Map();
    addresses = new Map();
    try {
      await store.usage.add([...writing.counts.values()], [...writing.uses.values()]);
    } catch (cause) {
      for (const row of writing.counts.values()) addCount(row);
      for (const use of writing.uses.values()) if (!uses.has(use.keyId)) uses.set(use.keyId, use);
      telemetry.count('latchkey_usage_flush_failures_total');
      telemetry.log('warn', 'usage_flush_failed', { cause });
      return;
    }
    try {
      await watch({ rows: [...writing.counts.values()], networks: networksOf(writing.addresses) });
    } catch (cause) {
      telemetry.log('warn', 'key_watch_failed', { cause });
    }
  }

  return {
    record({ key }, outcome, at, ip) {
      if (outcome === 'allowed') {
        const use = { keyId: key.id, at, ip };
        if (key.mode === 'live' && ip !== null && latest.get(key.id)?.ip !== ip) noteAddress(key.id, ip);
        latest.set(key.id, use);
        if (key.mode === 'live') uses.set(key.id, use);
      }
      if (key.mode === 'test') return;
      addCount({
        familyId: key.familyId,
        keyId: key.id,
        projectId: key.projectId,
        organizationId: key.organizationId,
        hour: startOf(at, HOUR_MS),
        outcome,
        count: 1,
      });
    },
    lastUse: (keyId) => latest.get(keyId) ?? null,
    async flush() {
      // One writer at a time: a second flush waits for the first and then writes what came since.
      while (flushing) await flushing;
      flushing = write();
      await flushing.finally(() => {
        flushing = null;
      });
    },
  };
}

const networksOf = (addresses: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> =>
  new Map(
    [...addresses].map(([keyId, ips]) => [keyId, new Set([...ips].map(blockOf).filter((block) => block !== null))]),
  );
