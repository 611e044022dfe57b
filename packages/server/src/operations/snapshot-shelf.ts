// The snapshots that are kept, by digest: bounded by the memory they take, and dropped by key, project or organization in one step each.

import type { KeyLookup, Profile, Snapshot, Tier } from '@latchkey/core';
import { LRUCache } from 'lru-cache';
import { createSharedRecords } from './shared-records.js';
import { compileSnapshot, createShare, type Share } from './snapshot.js';
import { partBytes, placeBytes, weightOf } from './snapshot-weight.js';

export interface SnapshotShelf {
  get(digest: string): Snapshot | undefined;
  /** Compiles what was read and keeps it, the least used giving way. */
  put(found: KeyLookup, tiers: readonly Tier[]): Snapshot;
  drop(subject: 'key' | 'project' | 'organization', id: string): void;
  clear(): void;
  keys(): number;
  /** About how many bytes they take. */
  bytes(): number;
}

/** What lies under a project or organization that was dropped is found out when it is asked for; until then it only takes room. */
export function createSnapshotShelf(profile: Profile, maxBytes: number): SnapshotShelf {
  const share = createShare();
  let shelf = emptyShelf(maxBytes);

  return {
    get(digest) {
      const snapshot = shelf.snapshots.get(digest);
      if (snapshot === undefined) return undefined;
      if (shelf.projects.isCurrent(snapshot.project) && shelf.organizations.isCurrent(snapshot.organization))
        return snapshot;
      shelf.snapshots.delete(digest);
      return undefined;
    },
    put({ key, project, organization }, tiers) {
      const { snapshots, digestByKey, projects, organizations } = shelf;
      const sharedProject = projects.keep(project);
      const sharedOrganization = organizations.keep(organization);
      // What keys have in common is weighed with the one that it was made for.
      let size = sharedProject === project ? placeBytes(project) : 0;
      if (sharedOrganization === organization) size += placeBytes(organization);
      const weighing: Share = (text, make) =>
        share(text, () => {
          size += partBytes(text);
          return make();
        });
      const snapshot = compileSnapshot(key, sharedProject, sharedOrganization, profile, tiers, weighing);
      const { value } = snapshot.key.digest;
      size += weightOf(snapshot);
      if (size > maxBytes) {
        projects.release(sharedProject);
        organizations.release(sharedOrganization);
        return snapshot;
      }
      snapshots.set(value, snapshot, { size });
      digestByKey.set(key.id, value);
      return snapshot;
    },
    drop(subject, id) {
      if (subject === 'project') return shelf.projects.drop(id);
      if (subject === 'organization') return shelf.organizations.drop(id);
      const digest = shelf.digestByKey.get(id);
      if (digest !== undefined) shelf.snapshots.delete(digest);
    },
    clear() {
      // Not emptied one by one: that would hold up every request for as long as it takes.
      shelf = emptyShelf(maxBytes);
    },
    keys: () => shelf.snapshots.size,
    bytes: () => shelf.snapshots.calculatedSize,
  };
}

function emptyShelf(maxBytes: number) {
  const digestByKey = new Map<string, string>();
  const projects = createSharedRecords<Snapshot['project']>();
  const organizations = createSharedRecords<Snapshot['organization']>();
  const snapshots = new LRUCache<string, Snapshot>({
    maxSize: maxBytes,
    dispose: ({ key, project, organization }, digest, why) => {
      projects.release(project);
      organizations.release(organization);
      if (why !== 'set' && digestByKey.get(key.id) === digest) digestByKey.delete(key.id);
    },
  });
  return { snapshots, digestByKey, projects, organizations };
}
