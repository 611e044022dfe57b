// Watching how keys are used: what is unlike a key's usual use goes into its history, once a day for each signal. Sends nothing to anybody.

import {
  DAY_MS,
  type HourOfUse,
  type JsonObject,
  MOST_NETWORKS,
  mayBeSuspicious,
  type Suspicion,
  startOf,
  suspicionsOf,
  UNUSED_HOUR,
  type UsageRow,
  withOutcome,
} from '@latchkey/core';
import { LRUCache } from 'lru-cache';
import { type ChangeServices, commitChange } from './commit-change.js';

const SUSPICIOUS = 'key.suspicious';
/** How far back the usual hour is looked for. */
const PAST_MS = 7 * DAY_MS;
const WATCHED_KEYS = 50_000;
const WATCHER = { type: 'system', id: 'key_watch', permissions: [] } as const;

/** What was written of the use of live keys: counts by hour, and the networks that they passed from. */
export interface WrittenUse {
  rows: readonly UsageRow[];
  networks: ReadonlyMap<string, ReadonlySet<string>>;
}

type Owner = Pick<UsageRow, 'keyId' | 'projectId' | 'organizationId'>;

/**
 * Looks at what was written. Hours are counted here as this node wrote them, only to see which keys are worth a look into the
 * database, where those of all nodes stand. Two nodes that find the same record it once: changes come one after the other.
 */
export function createKeyWatch(services: ChangeServices): (written: WrittenUse) => Promise<void> {
  const { store, clock } = services;
  const hours = new LRUCache<string, { hour: number; use: HourOfUse }>({ max: WATCHED_KEYS });
  const told = new LRUCache<string, true>({ max: WATCHED_KEYS });
  const slotOf = (keyId: string, signal: string, now: number): string =>
    `${keyId} ${signal} ${Math.floor(now / DAY_MS)}`;

  /** Adds to what is known of the running hours; resolves to the keys that it made remarkable. */
  function count(rows: readonly UsageRow[]): Map<string, Owner> {
    const remarkable = new Map<string, Owner>();
    for (const row of rows) {
      const known = hours.get(row.keyId);
      if (known !== undefined && known.hour > row.hour) continue;
      const before = known?.hour === row.hour ? known.use : UNUSED_HOUR;
      const use = withOutcome(before, row.outcome, row.count);
      hours.set(row.keyId, { hour: row.hour, use });
      if (mayBeSuspicious(use)) remarkable.set(row.keyId, row);
    }
    return remarkable;
  }

  async function activityOf(keyId: string, hour: number): Promise<{ hour: HourOfUse; earlier: number[] }> {
    const rows = await store.usage.list({ keyId, from: hour - PAST_MS, to: hour + 1 });
    let use = UNUSED_HOUR;
    const earlier = new Map<number, number>();
    for (const row of rows) {
      if (row.hour === hour) use = withOutcome(use, row.outcome, row.count);
      else earlier.set(row.hour, (earlier.get(row.hour) ?? 0) + row.count);
    }
    return { hour: use, earlier: [...earlier.values()] };
  }

  async function tell(owner: Owner, found: readonly Suspicion[]): Promise<void> {
    const { keyId, projectId, organizationId } = owner;
    const call = { actor: WATCHER, requestId: services.newId('req'), idempotencyKey: null };
    await commitChange(services, call, async (view, now) => {
      if ((await view.keys.get(keyId)) === null) return { value: null, audit: [] };
      const today = startOf(now, DAY_MS);
      const filter = { action: SUSPICIOUS, targetId: keyId, from: today };
      const { rows } = await view.audit.list(filter, { limit: 100, after: null });
      const fresh = found.filter(({ signal }) => !rows.some(({ changes }) => changes.signal === signal));
      const target = { type: 'key' as const, id: keyId };
      return {
        value: null,
        audit: fresh.map((changes) => ({
          ...{ action: SUSPICIOUS, target, organizationId, projectId },
          changes: changes as unknown as JsonObject,
        })),
      };
    });
  }

  return async ({ rows, networks }) => {
    const now = clock();
    const remarkable = count(rows);
    const owners = new Map<string, Owner>(rows.map((row) => [row.keyId, row]));
    const known = await store.keyNetworks.known([...networks.keys()]);
    for (const keyId of new Set([...remarkable.keys(), ...networks.keys()])) {
      const owner = owners.get(keyId);
      if (owner === undefined) continue;
      const counted = remarkable.has(keyId) ? hours.get(keyId) : undefined;
      const activity = counted && (await activityOf(keyId, counted.hour));
      const found = suspicionsOf({
        ...{ hour: UNUSED_HOUR, earlier: [], ...activity },
        networks: [...(networks.get(keyId) ?? [])],
        knownNetworks: known.get(keyId) ?? [],
      }).filter(({ signal }) => !told.has(slotOf(keyId, signal, now)));
      if (found.length === 0) continue;
      await tell(owner, found);
      for (const { signal } of found) told.set(slotOf(keyId, signal, now), true);
    }
    const strange = [...networks].flatMap(([keyId, used]) =>
      [...used].filter((network) => !known.get(keyId)?.includes(network)).map((network) => ({ keyId, network })),
    );
    await store.keyNetworks.add(
      strange.filter(({ keyId }) => (known.get(keyId)?.length ?? 0) < MOST_NETWORKS),
      now,
    );
  };
}
