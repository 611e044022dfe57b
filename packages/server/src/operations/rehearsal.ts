// The refusal that a test key asks for with X-Latchkey-Test-Reason, with the key's real numbers. Nothing is spent.

import {
  isRehearsable,
  LatchkeyError,
  REHEARSABLE,
  type RequestFacts,
  rehearse,
  type TakeClaims,
} from '@latchkey/core';
import type { FoundKey } from './find-key.js';
import type { Services } from './services.js';
import type { Answer } from './verdict.js';

/** The refusal that a test key asked for. @throws LatchkeyError `invalid_request` for a word that is none of the reasons */
export async function rehearsal(
  { profile, limiter, clock }: Services,
  { snapshot, position }: FoundKey,
  claims: TakeClaims,
  { permissions, tier }: RequestFacts,
  asked: string,
): Promise<Parameters<Answer>> {
  if (!isRehearsable(asked)) throw noSuchRehearsal();
  const { budgets } = await limiter.peek({ ...claims, cost: 0 });
  const told = rehearse(asked, {
    snapshot,
    budgets: profile.wire.reasons[asked].status === 401 ? [] : budgets,
    permissions: permissions.length > 0 ? permissions : profile.policy.permissions.map(({ name }) => name),
    tier,
    now: clock(),
  });
  return [told.snapshot, position, { ...told, rehearsed: true }];
}

function noSuchRehearsal(): LatchkeyError {
  const fix = `Send one of ${REHEARSABLE.join(', ')}.`;
  const message = 'names no reason that can be rehearsed';
  return new LatchkeyError('invalid_request', `X-Latchkey-Test-Reason ${message}. ${fix}`, {
    errors: [{ path: 'X-Latchkey-Test-Reason', message, fix }],
  });
}
