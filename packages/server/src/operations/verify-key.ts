// verifyKey and verifyKeys: the decision as a management call, for whoever stands in front of an API without our gateway.

import {
  type CreditAccount,
  isRehearsable,
  judge,
  keyState,
  keyView,
  LatchkeyError,
  type OperationInput,
  type OperationOutput,
  type Operations,
  operations,
  REHEARSAL_HEADER,
  rfc3339,
  rotateByView,
  rotationInForce,
  type Snapshot,
  standingAt,
} from '@latchkey/core';
import { referrerOf } from './address.js';
import type { Call, Verdict, VerifyRequest } from './engine.js';
import { keyWithLastUse } from './keys/record.js';
import { replyTo } from './reply.js';
import type { Services } from './services.js';
import { deepFreeze } from './snapshot.js';
import { countedAs } from './verdict.js';
import { verifyRequest } from './verify-request.js';

export type Question = OperationInput<Operations['verifyKey']>;
export type Verification = OperationOutput<Operations['verifyKey']>;

/** Decides and spends. Holds no concurrency slot: over a call there is no request whose end would free it. */
export async function verifyKey(services: Services, question: Question, call: Call): Promise<Verification> {
  return (await ask(services, question, requestOf(question, call.requestId), call)).verification;
}

/**
 * As verifyKey, within the process that serves the request: a key that passes holds its slot until `release`. The question is
 * judged here, as runOperation does for those that come by name.
 * @throws LatchkeyError `invalid_request`
 */
export async function holdRequest(services: Services, input: unknown, call: Call) {
  const question = judge(operations.verifyKey.body, input, 'body');
  const request = { ...requestOf(question, call.requestId), holdSlot: true };
  const { verdict, verification } = await ask(services, question, request, call);
  return { verification, release: verdict.release };
}

/** The verdict on a question, and the answer that tells of it. */
export async function ask(
  services: Services,
  question: Question,
  request: VerifyRequest,
  call: Call,
): Promise<{ verdict: Verdict; verification: Verification }> {
  const verdict = await verifyRequest(services, request);
  const { reason } = verdict;
  services.telemetry.count('latchkey_decisions_total', { reason: countedAs(verdict), surface: 'verify' });
  if (question.tags) {
    const { requestId } = call;
    services.telemetry.log('info', 'key_verified', {
      requestId,
      keyId: verdict.snapshot?.key.id ?? null,
      reason,
      tags: question.tags,
    });
  }
  return { verdict, verification: await verificationOf(services, question, verdict, call) };
}

async function verificationOf(
  services: Services,
  question: Question,
  verdict: Verdict,
  call: Call,
): Promise<Verification> {
  const { snapshot, reason } = verdict;
  const account = snapshot && (verdict.credits === null ? await accountOf(services, snapshot) : snapshot.key.credits);
  const balance = verdict.credits?.balance ?? (account && standingAt(account, verdict.at).balance);
  const reservationId = verdict.credits?.reservationId ?? null;
  const key = snapshot && keyNow(services, snapshot, verdict.at);
  return {
    valid: reason === null,
    reason,
    ...(snapshot && {
      ...standingOf(snapshot).standing,
      ...(key && { key: { ...key, credits: account && { balance: balance ?? 0, refill: account.refill } } }),
      credits: balance === null || snapshot.key.mode === 'test' ? null : { balance, reservationId },
      gatedFields: [...verdict.hiddenFields],
    }),
    budgets: verdict.budgets.map((budget) => ({
      ...budget,
      resetAt: budget.resetAt === null ? null : rfc3339(budget.resetAt),
    })),
    ...(verdict.retryAfterSeconds !== null && { retryAfterSeconds: verdict.retryAfterSeconds }),
    degraded: verdict.degraded,
    requestId: question.requestId ?? call.requestId,
    ...(question.render && { reply: replyTo(services.profile, verdict, call.requestId) }),
  };
}

type Standing = Pick<Verification, 'project' | 'organization' | 'tier' | 'mode' | 'permissions'>;

/** What is said of a snapshot as long as it stands, made once: most answers are about keys that were answered about before. */
const standings = new WeakMap<Snapshot, { standing: Standing; key: ReturnType<typeof keyView> }>();

export function standingOf(snapshot: Snapshot): { standing: Standing; key: ReturnType<typeof keyView> } {
  const known = standings.get(snapshot);
  if (known !== undefined) return known;
  const { key, project, organization, tier, permissions } = snapshot;
  const standing: Standing = {
    project: { id: project.id, name: project.name, keyModel: project.keyModel },
    organization: { id: organization.id, name: organization.name },
    tier: tier?.name ?? null,
    mode: key.mode,
    permissions: [...permissions],
  };
  const made = deepFreeze({ standing, key: keyView(key, 0, null) });
  standings.set(snapshot, made);
  return made;
}

/** The account as it is now: what a snapshot holds of it was true when it was read. */
const accountOf = async ({ store }: Services, { key }: Snapshot): Promise<CreditAccount | null> =>
  key.credits === null
    ? null
    : // A decision that was made is told even when this figure cannot be read.
      ((await store.credits.get(key.familyId).catch(() => null)) ?? key.credits);

/** The key with what moves: its state at that instant, and its last use. */
export function keyNow(services: Services, snapshot: Snapshot, at: number): ReturnType<typeof keyView> {
  const { lastUsedAt, lastUsedIp } = keyWithLastUse(services, snapshot.key);
  return {
    ...standingOf(snapshot).key,
    state: keyState(snapshot.key, at),
    lastUsedAt: lastUsedAt === null ? null : rfc3339(lastUsedAt),
    lastUsedIp,
    rotateBy: rotateByView(snapshot.key, at, rotationInForce(snapshot.organization, services.profile.policy).days),
  };
}

/** Each question on its own and in its order: one refusal does not touch the others. A mistake in one spends nothing in any. */
export async function verifyKeys(services: Services, { keys }: { keys: Question[] }, call: Call) {
  // Each spends under a name of its own.
  const asked = keys.map((question, at) => ({
    question,
    request: { spendId: `${call.requestId}.${at}`, ...requestOf(question, call.requestId) },
  }));
  const data: Verification[] = [];
  // A magic value that there is not is a mistake that only the key's mode reveals.
  for (const { request } of asked)
    if (request.testReason !== undefined && !isRehearsable(request.testReason))
      await verifyRequest(services, { ...request, cost: { requests: 0, credits: 0 } });
  for (const { question, request } of asked) data.push((await ask(services, question, request, call)).verification);
  return { data };
}

export function requestOf(question: Question, requestId: string): VerifyRequest {
  const { request } = question;
  const headers = request?.headers;
  if ((question.secret === undefined) === (headers === undefined)) {
    throw new LatchkeyError('invalid_request', 'Send the credential once: as `secret`, or as `request.headers`.', {
      errors: [
        {
          path: 'body.secret',
          message: 'exactly one of secret and request.headers is needed',
          fix: 'Send the presented secret, or null for none.',
        },
      ],
    });
  }
  const rawHeaders = Object.entries(headers ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((line) => [name, line]),
  );
  const lines = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === REHEARSAL_HEADER);
  const testReason = question.testReason ?? (lines.length === 0 ? null : lines.join());
  return {
    credential: headers === undefined ? { secret: question.secret ?? null } : { rawHeaders },
    method: request?.method?.toUpperCase() ?? null,
    path: request?.path?.split('?', 1)[0] ?? null,
    ip: request?.ip ?? null,
    referrer: request?.referrer ?? referrerOf(rawHeaders),
    mode: null,
    permissions: question.permissions ?? [],
    ...(question.cost && { cost: question.cost }),
    batchSize: question.batchSize ?? null,
    fields: question.fields ?? [],
    requestId,
    ...(question.requestId !== undefined && { spendId: question.requestId }),
    ...(testReason !== null && { testReason }),
    holdSlot: false,
  };
}
