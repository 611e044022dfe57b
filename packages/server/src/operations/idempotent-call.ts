// Work of the operator's own process that a repeated call shall not do twice: the gateway's rules and its book, behind any front.

import {
  isFinal,
  judge,
  LatchkeyError,
  matchRoute,
  type OperationCall,
  type OperationOutput,
  type Operations,
  operations,
  type Reason,
  readIdempotencyKey,
} from '@latchkey/core';
import type { Verdict, VerifyRequest } from './engine.js';
import type { IdempotentRun, UpstreamAnswer } from './idempotency.js';
import { replyTo } from './reply.js';
import type { Services } from './services.js';
import { countedAs, passesSoon, refuseAfter } from './verdict.js';
import { requestOf } from './verify-key.js';
import { verifyRequest } from './verify-request.js';

type Question = OperationCall<Operations['verifyKey']>;

/** Who calls, and for what. */
type Caller =
  | {
      /** Asked here, as `verify` would be: first without spending, and in earnest once it is clear that the work runs. Names method and path. */
      question: Question;
    }
  | {
      /** What `verify` answered: then it has spent, also for a replay. Or any caller that was let in otherwise. */
      verification: Pick<OperationOutput<Operations['verifyKey']>, 'mode'> & { project?: { id: string } | undefined };
      method: string;
      /** May have a query. */
      path: string;
    };

export type IdempotentCall = Caller & {
  /** The header as it came, a list for repeated lines; null or absent: it was not sent, and the work runs as ever. */
  idempotencyKey: string | readonly string[] | null | undefined;
  /** The body's bytes, before anything parsed them. */
  body?: Uint8Array | string | null | undefined;
  /** true: the work can be done again when its outcome was lost, because what it calls honours the key itself. Default: as the profile's row says. */
  upstreamIdempotent?: boolean | undefined;
};

/** What the work answers. A status of 5xx, 401, 402 or 429 is not kept: a retry does the work again. */
export interface WorkAnswer {
  status: number;
  headers?: Readonly<Record<string, string | string[]>>;
  body?: Uint8Array | string | null;
}

export interface IdempotentResult {
  /** null: it was done, now or before. */
  reason: Reason | null;
  replayed: boolean;
  /** Ready to send: the work's answer with the limit headers of a question, or the refusal in the profile's dialect. */
  reply: { status: number; headers: Record<string, string | string[]>; body: Buffer | string | null };
}

/** The decision on the caller, as often as it is asked for. */
interface Gate {
  /** Spends nothing. */
  look(): Promise<Verdict>;
  /** Spends what the call costs, and holds its slot. */
  take(): Promise<Verdict>;
  refuse(verdict: Verdict, reason: Reason): Verdict;
}

/**
 * Does the work once for all equal calls of a day, and answers the others with its answer.
 * What the work throws is thrown here; whether it took effect is unknown then, and equal calls are refused as that.
 * @throws LatchkeyError `invalid_request`
 */
export async function idempotentCall(
  services: Services,
  call: IdempotentCall,
  requestId: string,
  work: () => Promise<WorkAnswer>,
): Promise<IdempotentResult> {
  const gate = 'question' in call ? askingGate(services, call.question, requestId) : openGate(services);
  const refused = (verdict: Verdict): IdempotentResult => ({
    reason: verdict.reason,
    replayed: false,
    reply: replyTo(services.profile, verdict, requestId),
  });
  const look = await gate.look();
  if (look.reason !== null) return refused(look);
  const { idempotencyKey: sent } = call;
  const reading = readIdempotencyKey(sent == null ? [] : typeof sent === 'string' ? [sent] : sent);
  if ('reason' in reading) return refused(gate.refuse(look, reading.reason));

  const turn = reading.key === null ? null : await turnOf(services, call, look, reading.key);
  if (turn !== null && turn.act !== 'run') {
    // The key may have ended while the book was read.
    const again = await gate.look();
    if (again.reason !== null) return refused(again);
    if (turn.act === 'refuse') return refused(gate.refuse(again, turn.reason));
    return { reason: null, replayed: true, reply: replyWith(services, again, turn.answer, requestId, REPLAYED) };
  }

  const run = turn?.run ?? null;
  let verdict: Verdict | null = null;
  try {
    verdict = await gate.take();
    if (verdict.reason !== null) return refused(verdict);
    const unbegun = await run?.begin().catch((cause: unknown) => {
      services.telemetry.log('error', 'idempotent_request_unwritten', { requestId, cause });
      return 'unavailable' as const;
    });
    if (unbegun) {
      verdict.undo();
      return refused(gate.refuse(verdict, unbegun));
    }
    run?.sent();
    const answer = answerOf(await work());
    if (!(await kept(run, answer))) return refused(gate.refuse(verdict, 'idempotency_unknown'));
    return { reason: null, replayed: false, reply: replyWith(services, verdict, answer, requestId, {}) };
  } finally {
    verdict?.release();
    await run?.abandon();
  }
}

const REPLAYED = { 'Idempotent-Replayed': 'true' };
const LOOK = { cost: { requests: 0, credits: 0 } } as const;

function askingGate(services: Services, question: Question, requestId: string): Gate {
  const asked = requestOf(judge(operations.verifyKey.body, question, 'question'), requestId);
  if (asked.method === null || asked.path === null) {
    throw new LatchkeyError('invalid_request', 'The question names no request.method and request.path.');
  }
  const ask = async (request: VerifyRequest): Promise<Verdict> => {
    const verdict = await verifyRequest(services, request);
    if (verdict.reason !== null || request.cost?.requests !== 0) {
      services.telemetry.count('latchkey_decisions_total', { reason: countedAs(verdict), surface: 'verify' });
    }
    return verdict;
  };
  return {
    look: () => ask({ ...asked, ...LOOK }),
    take: () => ask({ ...asked, holdSlot: true }),
    refuse: (verdict, reason) => refuseAfter(services, asked, verdict, reason),
  };
}

/** For callers that were let in before: lets everybody pass, and spends nothing. */
function openGate(services: Services): Gate {
  const pass = async (): Promise<Verdict> => ({
    ...{ reason: null, required: null, snapshot: null, route: null, budgets: [], credits: null, lease: null },
    rehearsed: false,
    degraded: false,
    ...{ retryAfterSeconds: null, hiddenFields: [], at: services.clock(), position: 0 },
    ...{ release() {}, undo() {}, refund() {} },
  });
  return {
    look: pass,
    take: pass,
    refuse: (verdict, reason) => ({ ...verdict, reason, retryAfterSeconds: passesSoon(reason) ? 1 : null }),
  };
}

function turnOf(services: Services, call: IdempotentCall, { snapshot }: Verdict, idempotencyKey: string) {
  const { method, path: target } = 'question' in call ? (call.question.request ?? {}) : call;
  const { id: projectId, mode } =
    'question' in call
      ? { id: snapshot?.project.id, mode: snapshot?.key.mode }
      : { id: call.verification.project?.id, mode: call.verification.mode };
  if (projectId === undefined || mode === undefined || method === undefined || target === undefined) {
    throw new LatchkeyError('invalid_request', 'Only a verification that passed names a project and a mode.');
  }
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const row = matchRoute(services.profile, method.toUpperCase(), path)?.route;
  return services.idempotency.turn({
    ...{ projectId, mode, path, idempotencyKey },
    method: method.toUpperCase(),
    query: mark < 0 ? '' : target.slice(mark + 1),
    body: call.body ?? '',
    upstreamIdempotent: call.upstreamIdempotent ?? row?.upstreamIdempotent ?? false,
  });
}

function answerOf({ status, headers = {}, body }: WorkAnswer): UpstreamAnswer {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { status, headers: Object.fromEntries(lower), trailers: {}, body: Buffer.from(body ?? '') };
}

const kept = async (run: IdempotentRun | null, answer: UpstreamAnswer): Promise<boolean> =>
  run === null ||
  run.finish(answer.status, answer).then(
    () => true,
    () => !isFinal(answer.status),
  );

function replyWith(
  { profile }: Services,
  verdict: Verdict,
  { status, headers, body }: UpstreamAnswer,
  requestId: string,
  added: Readonly<Record<string, string>>,
): IdempotentResult['reply'] {
  const limits = replyTo(profile, { ...verdict, route: null }, requestId).headers;
  return { status, headers: { ...(headers as Record<string, string | string[]>), ...limits, ...added }, body };
}
