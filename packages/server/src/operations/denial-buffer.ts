// The last denials of each key: kept in memory, written in batches, nobody waits for it. Those of test keys never reach the disk.

import {
  type Cursor,
  type Denial,
  type DenialFilter,
  type DenialRecord,
  maskedPath,
  maskedWord,
  type Page,
  type PageRequest,
  type Reason,
  type Snapshot,
  type Store,
  type Telemetry,
} from '@latchkey/core';
import { LRUCache } from 'lru-cache';
import { originOf } from './address.js';
import type { VerifyRequest } from './engine.js';

/** Denials kept of one key, in memory as in the database. */
export const KEPT_OF_A_KEY = 100;
export const KEPT_MS = 30 * 86_400_000;
/** Denials held in memory of all keys together: about 20 MB. */
const MOST_HELD = 50_000;
const REMEMBERED_REQUESTS = 10_000;

export interface DenialBuffer {
  /** Notes one refusal of a known key; `presented` is the secret that came with it, which is masked wherever it stands. */
  record(snapshot: Snapshot, denial: Denied, request: VerifyRequest, presented: string | null): void;
  /** Those in memory, newest first, from behind the page's cursor on. */
  held(filter: DenialFilter, after: Cursor | null): DenialRecord[];
  /** Writes what has gathered; what could not be written stays for the next time. */
  flush(): Promise<void>;
}

interface Denied {
  reason: Reason;
  required: Denial['required'] | null;
  at: number;
}

export function createDenialBuffer(store: Store, telemetry: Telemetry, newId: (type: string) => string): DenialBuffer {
  const live = createRings();
  const test = createRings();
  let writing: readonly DenialRecord[] = [];
  let flushing: Promise<void> | null = null;
  /** Requests of the gateway that were refused: what is looked at once more afterwards is no second denial. */
  const refused = new LRUCache<string, true>({ max: REMEMBERED_REQUESTS });

  function isRepeat(keyId: string, { surface, requestId }: VerifyRequest): boolean {
    if (surface !== 'gateway' || requestId === undefined) return false;
    const slot = `${keyId} ${requestId}`;
    if (refused.has(slot)) return true;
    refused.set(slot, true);
    return false;
  }

  async function write(): Promise<void> {
    writing = live.drain();
    if (writing.length === 0) return;
    try {
      await store.denials.add(writing, KEPT_OF_A_KEY);
    } catch (cause) {
      live.putBack(writing);
      telemetry.count('latchkey_usage_flush_failures_total');
      telemetry.log('warn', 'denials_flush_failed', { cause });
    }
    writing = [];
  }

  return {
    record({ key }, { reason, required, at }, request, presented) {
      if (isRepeat(key.id, request)) return;
      const origin = originOf(request.referrer);
      (key.mode === 'test' ? test : live).add({
        id: newId('den'),
        keyId: key.id,
        at,
        reason,
        requestId: request.requestId ?? null,
        method: request.method,
        path: request.path === null ? null : maskedPath(request.path, presented),
        ip: request.ip,
        origin: origin === null ? null : maskedWord(origin, presented),
        required: required == null ? null : maskedField(required, presented),
        surface: request.surface ?? 'verify',
      });
    },
    held({ keyId, requestId }, after) {
      const ofKey = [...test.of(keyId), ...writing.filter((row) => row.keyId === keyId), ...live.of(keyId)];
      return ofKey
        .filter((row) => requestId === undefined || row.requestId === requestId)
        .filter((row) => after === null || isOlder(row, after))
        .sort((a, b) => (isOlder(a, b) ? 1 : -1))
        .slice(0, KEPT_OF_A_KEY);
    },
    async flush() {
      while (flushing) await flushing;
      flushing = write();
      await flushing.finally(() => {
        flushing = null;
      });
    },
  };
}

type Required = NonNullable<Denial['required']>;

/** A field is what the caller asked for: behind the dot of a gated one it may have written anything. */
const maskedField = (required: Required, presented: string | null): Required =>
  required.field === undefined ? required : { ...required, field: maskedWord(required.field, presented) };

const isOlder = (row: Cursor, than: Cursor): boolean => row.at < than.at || (row.at === than.at && row.id < than.id);

/** The page that a list has to show of what is in the database and what is still in memory, each denial once. */
export function mergedPage(
  stored: Page<DenialRecord>,
  held: readonly DenialRecord[],
  { limit }: PageRequest,
): Page<DenialRecord> {
  const known = new Set(stored.rows.map(({ id }) => id));
  const all = [...stored.rows, ...held.filter(({ id }) => !known.has(id))].sort((a, b) => (isOlder(a, b) ? 1 : -1));
  const rows = all.slice(0, limit);
  const last = rows.at(-1);
  const more = stored.next !== null || all.length > rows.length;
  return { rows, next: more && last !== undefined ? { at: last.at, id: last.id } : null };
}

/** The newest of each key; of all keys together the ones that were refused last. */
function createRings() {
  let rings = new Map<string, DenialRecord[]>();
  let size = 0;

  function add(row: DenialRecord): void {
    const ring = rings.get(row.keyId) ?? [];
    // Set anew, so that the first key of the map is the one that was refused longest ago.
    rings.delete(row.keyId);
    rings.set(row.keyId, ring);
    ring.push(row);
    size++;
    if (ring.length > KEPT_OF_A_KEY) {
      ring.shift();
      size--;
    }
    if (size <= MOST_HELD) return;
    const [keyId, oldest] = rings.entries().next().value as [string, DenialRecord[]];
    rings.delete(keyId);
    size -= oldest.length;
  }

  return {
    add,
    of: (keyId: string): readonly DenialRecord[] => rings.get(keyId) ?? [],
    drain(): DenialRecord[] {
      const rows = [...rings.values()].flat();
      rings = new Map();
      size = 0;
      return rows;
    },
    /** Rows that were drained and not written, in front of what came since. */
    putBack(rows: readonly DenialRecord[]): void {
      const since = [...rings.values()].flat();
      rings = new Map();
      size = 0;
      for (const row of [...rows, ...since]) add(row);
    },
  };
}
