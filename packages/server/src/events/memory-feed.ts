// The change feed of a single node: listeners in this process. Feeds that reach other nodes stand beside it.

import type { Change, ChangeFeed, Clock } from '@latchkey/core';
import { createListeners } from './listeners.js';

/** A listener that throws does not keep the others from hearing; its error goes to `onError`. */
export function createMemoryFeed(options: {
  clock: Clock;
  onError?: (error: unknown, change: Change) => void;
}): ChangeFeed {
  const listeners = createListeners(options.onError);
  return {
    isShared: false,
    // Nobody else would read it, and what is told here is told in time.
    record: async () => null,
    async publish(changes) {
      const startedAt = options.clock();
      listeners.tell(changes);
      return { nodes: 1, of: 1, ms: Math.max(0, options.clock() - startedAt) };
    },
    // Whoever changes something here is answered after the listeners were told.
    caughtUp: async () => {},
    subscribe: listeners.subscribe,
    now: () => 0,
    trusts: () => true,
    close: async () => {},
  };
}
