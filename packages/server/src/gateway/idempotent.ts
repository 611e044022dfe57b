// A request under an Idempotency-Key on its way: looked up once the key may call, run by one, replayed to the others.

import { readIdempotencyKey } from '@latchkey/core';
import type { VerifyRequest } from '../operations/engine.js';
import type { UpstreamAnswer } from '../operations/idempotency.js';
import type { Caller } from './caller.js';
import { decide, refuse } from './decide.js';
import { type Exchange, LOOK } from './exchange.js';
import { forward } from './forward.js';
import { gatedRelay, hiddenFrom } from './gating.js';
import { sendAnswer } from './kept-answer.js';
import type { Parts } from './parts.js';
import { relay } from './relay.js';
import { sendFault } from './reply.js';
import { endEarly } from './revoke.js';

const HEADER = 'idempotency-key';
const NOTHING = Buffer.alloc(0);

/** The header's lines, as they came. */
export const idempotencyKeyLines = ({ req: { rawHeaders } }: Exchange): string[] =>
  rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === HEADER);

/** `body`: as it came; null: the request has none. */
export async function underIdempotencyKey(
  parts: Parts,
  exchange: Exchange,
  caller: Caller,
  asked: VerifyRequest,
  lines: readonly string[],
  body: Buffer | null,
): Promise<void> {
  const { engine } = parts;
  const look = await decide(parts, exchange, { ...asked, ...LOOK });
  if (look === null || look.snapshot === null) return;
  if (exchange.upgrade !== null) {
    return sendFault(parts, exchange, {
      code: 'invalid_request',
      message: 'A request with an Idempotency-Key cannot ask for another protocol here.',
    });
  }
  const reading = readIdempotencyKey(lines);
  if ('reason' in reading) return refuse(parts, exchange, reading.reason);

  const { project, key } = look.snapshot;
  const turn = await engine.idempotentTurn({
    projectId: project.id,
    mode: key.mode,
    method: exchange.req.method ?? '',
    path: caller.path,
    query: caller.query,
    idempotencyKey: reading.key ?? '',
    body: body ?? NOTHING,
    upstreamIdempotent: exchange.route?.upstreamIdempotent ?? false,
  });
  if (turn.act !== 'run') {
    if (exchange.settled) return;
    if (!engine.stillGood(look)) return endEarly(parts, exchange);
    return turn.act === 'refuse' ? refuse(parts, exchange, turn.reason) : replay(parts, exchange, turn.answer);
  }

  const { run } = turn;
  let sent = false;
  try {
    const verdict = await decide(parts, exchange, asked);
    if (verdict === null) return;
    const unbegun = await run.begin().catch((cause: unknown) => {
      parts.telemetry.log('error', 'idempotent_request_unwritten', { requestId: exchange.requestId, cause });
      return 'unavailable' as const;
    });
    if (unbegun !== null) {
      verdict.undo();
      return refuse(parts, exchange, unbegun);
    }
    if (exchange.settled) return verdict.undo();
    sent = forward(parts, exchange, caller, body, run);
  } finally {
    if (!sent) {
      exchange.onLeave = null;
      await run.abandon();
    }
  }
}

/** The first answer once more: its fields, limits and request id are those of this request. */
function replay(parts: Parts, exchange: Exchange, answer: UpstreamAnswer): void {
  const { verdict, requestId } = exchange;
  if (verdict === null) return;
  const added = { ...parts.engine.reply(verdict, requestId).headers, 'Idempotent-Replayed': 'true' };
  const hidden = hiddenFrom(exchange);
  const way = hidden === null ? relay(parts, exchange, added) : gatedRelay(parts, exchange, added, hidden);
  sendAnswer(way, answer);
}
