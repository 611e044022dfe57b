// The shipped modules as the simulation takes them. A planted fault stands in the place of one of them; none is here.

import type { Store } from '@latchkey/core';
import type { joinMembers } from '../../../packages/server/src/events/members.js';
import type { openSharedFeed } from '../../../packages/server/src/events/shared-feed.js';
import type { createSharedLimiter } from '../../../packages/server/src/limiter/shared-limiter.js';
import type { Host } from './host.js';

/** One node's own way to a shipped function. */
type Wrapped<Made> = (real: Made, host: Host) => Made;

export interface Parts {
  /** The store as one node has it, behind its network; `direct` is the same without a network. */
  store(store: Store, host: Host, direct: Store): Store;
  members: Wrapped<typeof joinMembers>;
  feed: Wrapped<typeof openSharedFeed>;
  limiter: Wrapped<typeof createSharedLimiter>;
  /** The clock that the shared counters go by, for the calls of one node. */
  countersClock(own: () => number, host: Host): () => number;
}

export const SHIPPED: Parts = {
  store: (store) => store,
  members: (real) => real,
  feed: (real) => real,
  limiter: (real) => real,
  countersClock: (own) => own,
};
