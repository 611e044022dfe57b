// A verdict in the profile's dialect. Wording is the profile's; here is only which words apply.

import { answerReply, contextOf, denialReply, limitHeaders, type Profile } from '@latchkey/core';
import type { DialectReply, Verdict } from './engine.js';

/** The part of a verdict that its reply tells. */
export type Answerable = Pick<Verdict, 'reason' | 'required' | 'snapshot' | 'budgets' | 'retryAfterSeconds' | 'route'>;

/** The reply to a verdict. For a passing one: status 200, the headers to add, and a body where the profile answers by itself. */
export function replyTo(
  profile: Profile,
  verdict: Answerable,
  requestId: string,
  query: Readonly<Record<string, string>> = {},
): DialectReply {
  const { reason, required, snapshot, budgets, retryAfterSeconds, route } = verdict;
  const context = () => contextOf({ requestId, snapshot, budgets });
  if (reason !== null) {
    return denialReply(profile, { ...context(), reason, ...(required && { required }), retryAfterSeconds });
  }
  const row = route?.route;
  if (row?.answer && !row.operation) {
    return answerReply(profile, row.answer, { ...context(), params: route?.params ?? {}, query });
  }
  return { status: 200, headers: limitHeaders(profile, budgets), body: null };
}
