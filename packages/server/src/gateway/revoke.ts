// Requests under way when their key ends or changes: answered with the refusal if nothing was answered yet, cut otherwise.

import { type Change, isGated, type Snapshot } from '@latchkey/core';
import type { Verdict } from '../operations/engine.js';
import { type Exchange, free, LOOK } from './exchange.js';
import type { Parts } from './parts.js';
import { sendFault, sendReply } from './reply.js';

/** What a timer of Node takes at most; a later end is looked at again then. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * Ends every running request that stands on what has ended, and judges those anew that stand on what has changed. One that
 * is answered here, by an operation, runs on.
 */
export function endRunning(parts: Parts, change: Change): void {
  const { subject, kind } = change;
  if (subject === 'root_key' || subject === 'imported_keys' || kind === 'created') return;
  for (const exchange of parts.running) {
    const snapshot = exchange.verdict?.snapshot ?? null;
    if (!isUnderWay(exchange) || snapshot === null) continue;
    // Any tier bears on every key: it may be the one that a route asks for.
    if (subject === 'tier' || subject === 'all') void judgeAgain(parts, exchange);
    else if (snapshot[subject].id !== change.id) continue;
    else if (kind === 'ended') endEarly(parts, exchange);
    else void judgeAgain(parts, exchange);
  }
}

const isUnderWay = (exchange: Exchange): boolean => exchange.abort !== null && !exchange.answered && !exchange.settled;

/** Asks the same question once more, without spending; what would be refused now ends. */
export async function judgeAgain(parts: Parts, exchange: Exchange): Promise<void> {
  const { asked } = exchange;
  if (asked === null) return;
  const again = await parts.engine.verify({ ...asked, ...LOOK });
  // That nobody can tell at the moment is no reason to end what runs.
  if (!isUnderWay(exchange) || again.reason === 'unavailable') return;
  if (again.reason !== null) endEarly(parts, exchange, again);
  else if (hidesMore(exchange, again)) withhold(parts, exchange);
  else if (again.snapshot !== null) watchEnd(parts, exchange, again.snapshot);
}

/** true when the answer under way would show a field that the key may no longer see. */
const hidesMore = ({ verdict, route }: Exchange, { hiddenFields }: Verdict): boolean =>
  route?.gates !== false && hiddenFields.some((field) => !isGated(verdict?.hiddenFields ?? [], field));

/** Ends a request that may be made again at once, and is gated otherwise then. */
function withhold(parts: Parts, exchange: Exchange): void {
  stop(exchange, 'fields_withheld');
  if (exchange.tunnelled) return;
  if (exchange.res.headersSent) exchange.res.destroy();
  else
    sendFault(parts, exchange, {
      code: 'unavailable',
      message: 'What the key may see was changed while this ran: send it again.',
      retryAfterSeconds: 1,
    });
}

/** Sees to it that no answer outlives its key's life or grace period, however long it streams. */
export function watchEnd(parts: Parts, exchange: Exchange, { key }: Snapshot): void {
  if (exchange.endTimer !== null) clearTimeout(exchange.endTimer);
  exchange.endTimer = null;
  if (key.expiresAt === null && key.graceEndsAt === null) return;
  const endsAt = Math.min(key.expiresAt ?? Infinity, key.graceEndsAt ?? Infinity);
  const wait = Math.min(Math.max(0, endsAt - parts.engine.clock()), LONGEST_WAIT_MS);
  exchange.endTimer = setTimeout(() => void judgeAgain(parts, exchange), wait).unref();
}

/** `refusal`: why, where that is known already. */
export function endEarly(parts: Parts, exchange: Exchange, refusal: Verdict | null = null): void {
  stop(exchange, refusal?.reason ?? 'revoked_key');
  if (exchange.tunnelled) return;
  if (exchange.res.headersSent) exchange.res.destroy();
  else void refuse(parts, exchange, refusal);
}

function stop(exchange: Exchange, why: string): void {
  exchange.answered = true;
  exchange.failure = why;
  exchange.abort?.();
  free(exchange);
}

/** Asks again why the key may not pass, without spending: it may be revoked, disabled, or its organization suspended. */
async function refuse(parts: Parts, exchange: Exchange, known: Verdict | null): Promise<void> {
  const { engine } = parts;
  const { asked, verdict } = exchange;
  if (asked === null || verdict === null) return;
  const again = known ?? (await engine.verify({ ...asked, ...LOOK }));
  // It may pass after all: what was known of it had become too old, or it is back already. A retry finds out.
  const refusal = again.reason === null ? { ...verdict, reason: 'unavailable' as const, retryAfterSeconds: 1 } : again;
  exchange.failure = refusal.reason;
  sendReply(parts, exchange, engine.reply(refusal, exchange.requestId));
}
