// Snapshots of keys by digest, kept in memory and dropped by the change feed. A fill that read before a change can never undo it.

import {
  type AddressRange,
  type Change,
  type Digest,
  effectiveLimits,
  expandPermissions,
  type KeyRecord,
  LatchkeyError,
  type OrganizationRecord,
  type Profile,
  type ProjectRecord,
  type Snapshot,
  type Store,
  type Telemetry,
  type Tier,
} from '@latchkey/core';
import { LRUCache } from 'lru-cache';
import { parseRange } from './address.js';
import type { TierBook } from './tier-book.js';

/** Snapshots kept; one takes about 2 KB. */
export const CACHED_KEYS = 100_000;
/** Changes remembered for fills and requests that are under way. */
const REMEMBERED_CHANGES = 10_000;
const MAX_REREADS = 5;
/** Stands for all tiers among what changed. */
const TIERS = 'tiers';

export interface KeyCache {
  /** The snapshot behind any of the digests, from memory or by one indexed read; `position` is the feed's at that moment. */
  find(digests: readonly Digest[]): Promise<{ snapshot: Snapshot | null; position: number }>;
  /** true when none of the snapshot's key, project or organization was ended after `position`. */
  unendedSince(snapshot: Snapshot, position: number): boolean;
  /** true when none of them, and no tier, changed at all after `position`. */
  unchangedSince(snapshot: Snapshot, position: number): boolean;
  apply(change: Change): void;
  size(): number;
}

/** What is kept and handed out again and again: a caller in process that writes into its answer changes nobody else's. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

/** Everything deciding needs to know of a key, resolved against the tiers and the profile's policy. */
export function compileSnapshot(
  key: KeyRecord,
  project: ProjectRecord,
  organization: OrganizationRecord,
  { policy }: Profile,
  tiers: readonly Tier[],
): Snapshot {
  const tier = tiers.find(({ name }) => name === key.tier) ?? null;
  const implies = Object.fromEntries(policy.permissions.map((permission) => [permission.name, permission.implies]));
  const ranges = key.restrictions?.ips?.map(parseRange);
  return deepFreeze({
    key,
    project,
    organization,
    tier,
    tiers,
    permissions: key.permissions === null ? ['*'] : expandPermissions(key.permissions, implies),
    limits: effectiveLimits(tier?.limits ?? policy.limits, key.limits),
    restrictions: key.restrictions && {
      ips: ranges ? ranges.filter((range): range is AddressRange => range !== null) : null,
      source: key.restrictions,
    },
  });
}

export function createKeyCache(
  store: Store,
  profile: Profile,
  tiers: Pick<TierBook, 'current'>,
  telemetry: Telemetry,
): KeyCache {
  const digestByKey = new Map<string, string>();
  const snapshots = new LRUCache<string, Snapshot>({
    max: CACHED_KEYS,
    dispose: ({ key }, value) => {
      if (digestByKey.get(key.id) === value) digestByKey.delete(key.id);
    },
  });
  /** Position of the latest change of a subject: any change, and those that ended it. */
  const changed = new Map<string, number>();
  const ended = new Map<string, number>();
  let position = 0;

  const remember = (subjects: Map<string, number>, id: string): void => {
    subjects.delete(id);
    subjects.set(id, position);
    if (subjects.size > REMEMBERED_CHANGES) subjects.delete(subjects.keys().next().value as string);
  };
  const touchedSince = (subjects: Map<string, number>, snapshot: Snapshot, since: number): boolean =>
    [snapshot.key.id, snapshot.project.id, snapshot.organization.id, TIERS].some(
      (id) => (subjects.get(id) ?? 0) > since,
    );

  async function read(values: readonly string[]): Promise<Snapshot | null> {
    const key = await store.keys.findByDigest(values);
    if (key === null) return null;
    // An import that stands under another digest must not bring back a secret whose key was deleted.
    if (key.digest.value !== values[0] && (await store.keys.anyBuried(values))) return null;
    const [project, organization, all] = await Promise.all([
      store.projects.get(key.projectId),
      store.organizations.get(key.organizationId),
      tiers.current(),
    ]);
    return project && organization ? compileSnapshot(key, project, organization, profile, all) : null;
  }

  return {
    async find(digests) {
      for (const { value } of digests) {
        const snapshot = snapshots.get(value);
        if (snapshot !== undefined) {
          telemetry.count('latchkey_cache_lookups_total', { result: 'hit' });
          return { snapshot, position };
        }
      }
      telemetry.count('latchkey_cache_lookups_total', { result: 'miss' });
      const values = digests.map(({ value }) => value);
      for (let attempt = 0; ; attempt++) {
        const before = position;
        const snapshot = await read(values);
        if (snapshot !== null && touchedSince(changed, snapshot, before)) {
          // A change landed while the rows were being read: they may be from before it.
          if (attempt < MAX_REREADS) continue;
          throw new LatchkeyError('unavailable', 'The key keeps changing while it is read.');
        }
        if (snapshot !== null) {
          snapshots.set(snapshot.key.digest.value, snapshot);
          digestByKey.set(snapshot.key.id, snapshot.key.digest.value);
        }
        return { snapshot, position: before };
      }
    },
    unendedSince: (snapshot, since) => position === since || !touchedSince(ended, snapshot, since),
    unchangedSince: (snapshot, since) => position === since || !touchedSince(changed, snapshot, since),
    apply(change) {
      position++;
      remember(changed, change.id);
      if (change.kind === 'ended') remember(ended, change.id);
      if (change.subject === 'key') {
        const value = digestByKey.get(change.id);
        if (value !== undefined) snapshots.delete(value);
      } else if (change.subject === 'tier') {
        // Every snapshot names the tiers that would have done.
        remember(changed, TIERS);
        snapshots.clear();
      } else if (change.subject !== 'root_key') {
        for (const [value, snapshot] of snapshots.entries()) {
          if (snapshot[change.subject].id === change.id) snapshots.delete(value);
        }
      }
    },
    size: () => snapshots.size,
  };
}
