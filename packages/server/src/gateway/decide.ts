// The gateway's question to the engine, and its answer where that is no. It knows no rule.

import type { Reason } from '@latchkey/core';
import type { Verdict, VerifyRequest } from '../operations/engine.js';
import { countedAs } from '../operations/verdict.js';
import { openToPages } from './cors.js';
import type { Exchange } from './exchange.js';
import type { Parts } from './parts.js';
import { sendReply } from './reply.js';

/** Decides, and answers a refusal; null when the request ends here. */
export async function decide(parts: Parts, exchange: Exchange, asked: VerifyRequest): Promise<Verdict | null> {
  const { engine, telemetry } = parts;
  const verdict = await engine.verify(asked);
  exchange.asked = asked;
  exchange.verdict = verdict;
  exchange.route = verdict.route?.route ?? null;
  if (verdict.reason !== null || asked.cost?.requests !== 0) {
    telemetry.count('latchkey_decisions_total', { reason: countedAs(verdict), surface: 'gateway' });
  }
  if (exchange.page !== null) await openToPages(parts, exchange.page, verdict);
  if (exchange.settled) {
    verdict.release();
    verdict.refund();
    return null;
  }
  if (verdict.reason === null) return verdict;
  exchange.failure = verdict.reason;
  sendReply(parts, exchange, engine.reply(verdict, exchange.requestId));
  return null;
}

/** Refuses what the decision let pass, for a reason that was found behind it. */
export function refuse(parts: Parts, exchange: Exchange, reason: Reason): void {
  const { engine, telemetry } = parts;
  const { asked, verdict } = exchange;
  if (asked === null || verdict === null) return;
  exchange.verdict = engine.refuse(asked, verdict, reason);
  exchange.failure = reason;
  telemetry.count('latchkey_decisions_total', { reason, surface: 'gateway' });
  sendReply(parts, exchange, engine.reply(exchange.verdict, exchange.requestId));
}
