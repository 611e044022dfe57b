// The one database of the cluster, as each node sees it: the shipped store on SQLite in memory, behind a network. No SQL here.

import { type Clock, LatchkeyError, type Store } from '@latchkey/core';
import type { Host } from './host.js';
import type { Network } from './network.js';

/** Any answer of the shipped driver comes within a second, when the server hangs too. */
const WITHIN_MS = 1_000;

/** What one host's calls came to, for the judge: when the last one that succeeded was begun. */
export interface Contact {
  askedAt: number;
}

/**
 * Each call is one trip, a transaction too: it runs at the server in one piece, if the host still lives by then. A call that
 * fails may have been done.
 */
export function overNetwork(store: Store, host: Host, network: Network, contact: Contact, now: () => number): Store {
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    const askedAt = now();
    const value = await network.call(host, 'database', work, {
      withinMs: WITHIN_MS,
      lost: () => new LatchkeyError('unavailable', 'The database cannot be reached.'),
    });
    contact.askedAt = Math.max(contact.askedAt, askedAt);
    return value;
  };
  const wrapped = (member: object): object =>
    Object.fromEntries(
      Object.entries(member).map(([name, value]) => {
        if (typeof value !== 'function') return [name, wrapped(value as object)];
        return [name, (...args: unknown[]) => call(() => value.apply(member, args) as Promise<unknown>)];
      }),
    );
  return {
    ...(wrapped(store) as Store),
    // Its steps are the host's own: one that stands still goes on later, a dead one never does.
    transaction: (work) =>
      call(() => new Promise((resolve, reject) => host.run(() => store.transaction(work).then(resolve, reject)))),
    close: async () => {},
  };
}

/**
 * The store on a clock of its own, and with what every node asks all the time answered from memory: the beats, and a log that
 * nothing was added to.
 */
export function asServer(store: Store, clock: Clock): Store {
  const beats = new Map<string, { beat: number; ringKeys: string[] }>();
  let polled = new Map<string, ReturnType<Store['changes']['after']>>();
  return {
    ...store,
    time: async () => clock(),
    async transaction(work) {
      try {
        return await store.transaction(work);
      } finally {
        polled = new Map();
      }
    },
    changes: {
      ...store.changes,
      after(position, limit) {
        const slot = `${position} ${limit}`;
        const answer = polled.get(slot) ?? store.changes.after(position, limit);
        polled.set(slot, answer);
        return answer;
      },
    },
    nodes: {
      async beat(id, ringKeys) {
        beats.set(id, { beat: (beats.get(id)?.beat ?? 0) + 1, ringKeys: [...ringKeys] });
      },
      list: async () => [...beats].map(([id, told]) => ({ id, ...told })).sort((a, b) => (a.id < b.id ? -1 : 1)),
      async remove(ids) {
        for (const id of ids) beats.delete(id);
      },
    },
  };
}
