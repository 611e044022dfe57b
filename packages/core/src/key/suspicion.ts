// What about a key's use is unlike what it usually does. Pure; what has happened is handed in, and who is told is decided elsewhere.

import type { Reason } from '../verify/reasons.js';

/** Refusals that only somebody hears who still has a key that is over. */
const DEAD: ReadonlySet<string> = new Set<Reason>(['revoked_key', 'rotated_key', 'expired_key']);

/** Below these figures a share or a multiple says nothing. */
const LEAST_REQUESTS = 20;
const LEAST_BUSY = 100;
const LEAST_HOURS = 3;
const TIMES_USUAL = 10;
const DENIED_SHARE = 0.2;
/** A key that was used from so many networks has none that is its own. */
export const MOST_NETWORKS = 100;

/** The requests of one hour. */
export interface HourOfUse {
  requests: number;
  denied: number;
  /** Those refused because the key is over. */
  dead: number;
}

export interface KeyActivity {
  hour: HourOfUse;
  /** Requests in each earlier hour that had any. */
  earlier: readonly number[];
  /** Networks that it passed from lately, and those that it is known to be used from. */
  networks: readonly string[];
  knownNetworks: readonly string[];
}

export type Suspicion =
  | { signal: 'new_network'; networks: string[] }
  | { signal: 'unusual_volume'; requests: number; usual: number }
  | { signal: 'many_denials'; requests: number; denied: number }
  | { signal: 'dead_key_used'; requests: number };

export const UNUSED_HOUR: HourOfUse = { requests: 0, denied: 0, dead: 0 };

/** An hour with `count` requests of one outcome more; `outcome` is `allowed` or a reason. */
export const withOutcome = (hour: HourOfUse, outcome: string, count: number): HourOfUse => ({
  requests: hour.requests + count,
  denied: hour.denied + (outcome === 'allowed' ? 0 : count),
  dead: hour.dead + (DEAD.has(outcome) ? count : 0),
});

const isMuchDenied = ({ requests, denied, dead }: HourOfUse): boolean =>
  requests - dead >= LEAST_REQUESTS && denied - dead >= DENIED_SHARE * (requests - dead);

/** false: no past of the key can make this hour suspicious. */
export const mayBeSuspicious = (hour: HourOfUse): boolean =>
  hour.dead > 0 || isMuchDenied(hour) || hour.requests >= LEAST_BUSY;

/** Every signal that holds. The first network of a key is its own, and the first hours are how it usually is. */
export function suspicionsOf({ hour, earlier, networks, knownNetworks }: KeyActivity): Suspicion[] {
  const found: Suspicion[] = [];
  const strange = networks.filter((network) => !knownNetworks.includes(network));
  if (strange.length > 0 && knownNetworks.length > 0 && knownNetworks.length < MOST_NETWORKS)
    found.push({ signal: 'new_network', networks: strange });
  const usual = earlier.reduce((sum, requests) => sum + requests, 0) / Math.max(1, earlier.length);
  if (hour.requests >= LEAST_BUSY && earlier.length >= LEAST_HOURS && hour.requests >= TIMES_USUAL * usual)
    found.push({ signal: 'unusual_volume', requests: hour.requests, usual: Math.round(usual) });
  if (isMuchDenied(hour)) found.push({ signal: 'many_denials', requests: hour.requests, denied: hour.denied });
  if (hour.dead > 0) found.push({ signal: 'dead_key_used', requests: hour.dead });
  return found;
}
