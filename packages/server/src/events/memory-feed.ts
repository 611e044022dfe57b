// The change feed of a single node: listeners in this process. Feeds that reach other nodes stand beside it.

import type { Change, ChangeFeed, Clock } from '@latchkey/core';

/** A listener that throws does not keep the others from hearing; its error goes to `onError`. */
export function createMemoryFeed(options: {
  clock: Clock;
  onError?: (error: unknown, change: Change) => void;
}): ChangeFeed {
  let listeners: readonly ((change: Change) => void)[] = [];
  return {
    async publish(changes) {
      const startedAt = options.clock();
      for (const change of changes) {
        for (const listener of listeners) {
          try {
            listener(change);
          } catch (error) {
            options.onError?.(error, change);
          }
        }
      }
      return { nodes: 1, of: 1, ms: Math.max(0, options.clock() - startedAt) };
    },
    // Whoever changes something here is answered after the listeners were told.
    caughtUp: async () => {},
    subscribe(listener) {
      const own = (change: Change) => listener(change);
      listeners = [...listeners, own];
      return () => {
        listeners = listeners.filter((one) => one !== own);
      };
    },
  };
}
