// Requests under way when their key ends: answered with the refusal if nothing was answered yet, cut otherwise.

import type { Change } from '@latchkey/core';
import type { Exchange } from './exchange.js';
import type { Parts } from './parts.js';
import { sendReply } from './reply.js';

/** Ends every running request that stands on what has ended. One that is answered here, by an operation, runs on. */
export function endRunning(parts: Parts, change: Change): void {
  if (change.kind !== 'ended' || change.subject === 'root_key') return;
  for (const exchange of parts.running) {
    const snapshot = exchange.verdict?.snapshot;
    if (exchange.abort !== null && !exchange.answered && snapshot?.[change.subject].id === change.id) {
      endEarly(parts, exchange);
    }
  }
}

export function endEarly(parts: Parts, exchange: Exchange): void {
  const { res, verdict } = exchange;
  exchange.answered = true;
  exchange.failure = 'revoked_key';
  exchange.abort?.();
  verdict?.release();
  if (exchange.tunnelled) return;
  if (res.headersSent) res.destroy();
  else void refuse(parts, exchange);
}

/** Asks again why the key may not pass, without spending: it may be revoked, disabled, or its organization suspended. */
async function refuse(parts: Parts, exchange: Exchange): Promise<void> {
  const { engine } = parts;
  const { asked, verdict } = exchange;
  if (asked === null || verdict === null) return;
  const again = await engine.verify({ ...asked, cost: 0, holdSlot: false });
  const refusal = again.reason === null ? { ...verdict, reason: 'revoked_key' as const } : again;
  exchange.failure = refusal.reason;
  sendReply(parts, exchange, engine.reply(refusal, exchange.requestId));
}
