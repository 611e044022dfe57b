// Giving a request's credits back for how it went at the upstream, as the row of the profile says. What was never sent costs nothing.

import type { Route } from '@latchkey/core';
import type { Exchange } from './exchange.js';

/** How the upstream failed, or the status it answered. */
type Outcome = 'unreachable' | 'timeout' | number;

/** Judges the outcome once; whatever the caller then hears, no later one changes it. */
export function refundFor(exchange: Exchange, outcome: Outcome): void {
  exchange.chargeable = true;
  const named: string = typeof outcome === 'number' ? `${Math.floor(outcome / 100)}xx` : outcome;
  const row: Route | null = exchange.route;
  if ((row?.refundOn as readonly string[] | undefined)?.includes(named)) exchange.verdict?.refund();
}
