// What the limiter of several nodes needs from the servers that count for it. Redis is behind it, or the definition itself; no rule lives here.

import type { FamilyAnswer, FamilyCall } from '@latchkey/core';

export interface NodeLease {
  /** What the node wrote when it renewed. */
  word: string;
  /** Milliseconds until it ends. */
  ms: number;
}

/**
 * The counters, in one or more places that fail each alone. A call that rejects may have been carried out or not, and one that
 * is overtaken may still be carried out later: a family's calls are numbered for that.
 */
export interface CounterLink {
  placeOf(familyId: string): string;
  /** All places that there are now. */
  places(): readonly string[];
  /** All calls in one round trip; `now` is the time there. Rejects in a place whose `renew` did not answer since it was lost. */
  run(
    place: string,
    node: string,
    calls: readonly { familyId: string; call: FamilyCall }[],
  ): Promise<{ now: number; answers: readonly FamilyAnswer[] }>;
  /** Renews the node's lease there. `life` is another text whenever counters may have been lost. */
  renew(place: string, node: string, word: string, ms: number): Promise<{ now: number; life: string }>;
  /** The leases of these nodes there, in their order; null: none. */
  leases(place: string, nodes: readonly string[]): Promise<readonly (NodeLease | null)[]>;
  /** Ends the node's lease there. */
  leave(place: string, node: string): Promise<void>;
  close(): Promise<void>;
}
