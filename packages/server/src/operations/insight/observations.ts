// Where live keys are used from: networks, pages and endpoints, kept in memory and written in batches. Nobody waits for it; test keys leave nothing.

import {
  DAY_MS,
  endpointSeen,
  MOST_OBSERVED,
  OBSERVED_KINDS,
  type ObservationRecord,
  type ObservedKind,
  originSeen,
  type RouteMatch,
  type Snapshot,
  type Store,
  type Telemetry,
} from '@latchkey/core';
import { LRUCache } from 'lru-cache';
import { blockOf, originOf } from '../address.js';
import type { VerifyRequest } from '../engine.js';

export const OBSERVED_KEPT_MS = 30 * DAY_MS;
/** Values held in memory of all keys together, about 20 MB; what is new waits for the next write. */
const MOST_HELD = 100_000;
const REMEMBERED_NETWORKS = 20_000;
/** Values written in one transaction, so that nobody waits long behind it. */
const WRITTEN_AT_ONCE = 2_000;

interface Tally {
  count: number;
  lastAt: number;
}

type Seen = Record<ObservedKind, Map<string | null, Tally>>;

export interface Observations {
  /** Notes where a request came from that passed; `presented` reads the secret that came with it, where it might stand in what is kept. */
  record(
    snapshot: Snapshot,
    request: VerifyRequest,
    route: RouteMatch | null,
    at: number,
    presented: () => string | null,
  ): void;
  /** Writes what has gathered; what could not be written stays for the next time. */
  flush(): Promise<void>;
}

export function createObservations(store: Store, telemetry: Telemetry): Observations {
  let keys = new Map<string, Seen>();
  let held = 0;
  let flushing: Promise<void> | null = null;
  const networks = new LRUCache<string, { block: string | null }>({ max: REMEMBERED_NETWORKS });

  function networkSeen(ip: string | null): string | null {
    if (ip === null) return null;
    let known = networks.get(ip);
    if (known === undefined) {
      known = { block: blockOf(ip) };
      networks.set(ip, known);
    }
    return known.block;
  }

  function seenOf(keyId: string): Seen {
    let seen = keys.get(keyId);
    if (seen === undefined) {
      seen = { ip: new Map(), referrer: new Map(), endpoint: new Map() };
      keys.set(keyId, seen);
    }
    return seen;
  }

  /** Of more values than are kept the one that is held longest makes place: that there were too many still shows. */
  function tally(values: Map<string | null, Tally>, value: string | null, count: number, at: number): void {
    const known = values.get(value);
    if (known !== undefined) {
      known.count += count;
      if (at > known.lastAt) known.lastAt = at;
      return;
    }
    if (values.size >= MOST_OBSERVED) values.delete(values.keys().next().value as string | null);
    else if (held >= MOST_HELD) return;
    else held++;
    values.set(value, { count, lastAt: at });
  }

  async function write(): Promise<void> {
    const rows = [...keys].flatMap(([keyId, seen]) =>
      OBSERVED_KINDS.flatMap((kind) =>
        [...seen[kind]].map(([value, { count, lastAt }]): ObservationRecord => ({ keyId, kind, value, count, lastAt })),
      ),
    );
    keys = new Map();
    held = 0;
    for (let at = 0; at < rows.length; at += WRITTEN_AT_ONCE) {
      try {
        await store.observations.add(rows.slice(at, at + WRITTEN_AT_ONCE), MOST_OBSERVED);
      } catch (cause) {
        for (const { keyId, kind, value, count, lastAt } of rows.slice(at))
          tally(seenOf(keyId)[kind], value, count, lastAt);
        telemetry.count('latchkey_usage_flush_failures_total');
        telemetry.log('warn', 'observations_flush_failed', { cause });
        return;
      }
    }
  }

  return {
    record({ key }, request, route, at, presented) {
      if (key.mode === 'test') return;
      const known = keys.get(key.id);
      if (known === undefined && held >= MOST_HELD) return;
      const seen = known ?? seenOf(key.id);
      const origin = originOf(request.referrer);
      const isKnown = origin === null || seen.referrer.has(origin);
      tally(seen.ip, networkSeen(request.ip), 1, at);
      tally(seen.referrer, isKnown ? origin : originSeen(origin, presented()), 1, at);
      tally(seen.endpoint, endpointSeen(request.method, request.path, route?.route ?? null, presented), 1, at);
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
