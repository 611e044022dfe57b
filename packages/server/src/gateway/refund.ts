// Giving a request's credits back for how it went at the upstream, as the row of the profile says. What was never sent costs nothing.

import type { Route } from '@latchkey/core';
import type { Exchange } from './exchange.js';

/** How the upstream failed, or the status it answered. */
type Outcome = 'unreachable' | 'timeout' | number;

/**
 * Judges the outcome once; whatever the caller then hears, no later one changes it. `runsAgain`: nothing was kept under the
 * request's Idempotency-Key, so that its retry is charged anew: then it comes back whatever the row says.
 */
export function refundFor(exchange: Exchange, outcome: Outcome, runsAgain = false): void {
  exchange.chargeable = true;
  const named: string = typeof outcome === 'number' ? `${Math.floor(outcome / 100)}xx` : outcome;
  const row: Route | null = exchange.route;
  if (runsAgain || (row?.refundOn as readonly string[] | undefined)?.includes(named)) exchange.verdict?.refund();
}
