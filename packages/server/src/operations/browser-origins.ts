// The origins whose pages some key may be used from, in memory: a preflight carries no key, so all keys answer it. Follows the change feed.

import { type Change, type Clock, keyState, patternsFor, type Store, type Telemetry } from '@latchkey/core';

/** Keys that change between two questions; beyond, all are read again. */
const MOST_CHANGED = 10_000;

export interface BrowserOrigins {
  /** true when a key that passes now is restricted to referrers that the origin fits. Never throws: what cannot be read is closed. */
  opens(origin: string): Promise<boolean>;
  apply(change: Change): void;
}

/** Read whole at the first question, then key by key as they change. */
export function createBrowserOrigins(store: Store, clock: Clock, telemetry: Telemetry): BrowserOrigins {
  const patternsByKey = new Map<string, readonly string[]>();
  /** How many keys name a pattern. */
  const keysByPattern = new Map<string, number>();
  const changed = new Set<string>();
  let isLoaded = false;
  let catchingUp: Promise<void> | null = null;

  function set(keyId: string, patterns: readonly string[]): void {
    for (const pattern of patternsByKey.get(keyId) ?? []) {
      const left = (keysByPattern.get(pattern) ?? 1) - 1;
      if (left === 0) keysByPattern.delete(pattern);
      else keysByPattern.set(pattern, left);
    }
    for (const pattern of patterns) keysByPattern.set(pattern, (keysByPattern.get(pattern) ?? 0) + 1);
    if (patterns.length === 0) patternsByKey.delete(keyId);
    else patternsByKey.set(keyId, patterns);
  }

  async function load(): Promise<void> {
    // What changes from here on is read once more.
    isLoaded = true;
    try {
      const rows = await store.keys.withReferrers(clock());
      patternsByKey.clear();
      keysByPattern.clear();
      for (const { id, referrers } of rows) set(id, [...new Set(referrers)]);
    } catch (cause) {
      isLoaded = false;
      throw cause;
    }
  }

  async function readChanged(): Promise<void> {
    for (const id of [...changed]) {
      changed.delete(id);
      try {
        const key = await store.keys.get(id);
        const passes = key !== null && ['active', 'grace'].includes(keyState(key, clock()));
        set(id, passes ? [...new Set(key.restrictions?.referrers)] : []);
      } catch (cause) {
        changed.add(id);
        throw cause;
      }
    }
  }

  const read = async (): Promise<void> => {
    if (!isLoaded) await load();
    await readChanged();
  };

  /** One at a time; resolves once everything that changed before the call is read. */
  async function catchUp(): Promise<void> {
    // One that runs already may have read before the last change.
    if (catchingUp !== null) await catchingUp.catch(() => {});
    if (isLoaded && changed.size === 0) return;
    catchingUp ??= read().finally(() => {
      catchingUp = null;
    });
    await catchingUp;
  }

  return {
    async opens(origin) {
      try {
        await catchUp();
      } catch (cause) {
        telemetry.log('warn', 'browser_origins_unreadable', { cause });
        return false;
      }
      return patternsFor(origin).some((pattern) => keysByPattern.has(pattern));
    },
    apply({ subject, id, kind }) {
      if (!isLoaded || kind === 'created') return;
      if (subject === 'key') changed.add(id);
      // The keys of a project or organization go with it.
      const isOutdated = ['project', 'organization', 'all'].includes(subject) || changed.size > MOST_CHANGED;
      if (!isOutdated) return;
      isLoaded = false;
      changed.clear();
    },
  };
}
