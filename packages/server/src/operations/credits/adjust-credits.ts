// adjustCredits and the ledger: what an operator does to a key's credits, and reading what became of them.

import {
  creditsView,
  LatchkeyError,
  type OperationInput,
  type OperationOutput,
  type Operations,
  rfc3339,
} from '@latchkey/core';
import { commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import { findKeyFor, viewOf } from '../keys/record.js';
import { pageRequest, pageView } from '../paging.js';
import { replayOf } from '../replays.js';
import type { Services } from '../services.js';
import { countEntries } from './charge.js';

type Input = OperationInput<Operations['adjustCredits']>;
type Answer = OperationOutput<Operations['adjustCredits']>;

/** The next verify sees it: balances are read where they are spent, and only being bounded or not is remembered anywhere. */
export async function adjustCredits(services: Services, input: Input, call: Call): Promise<Answer> {
  const { keyId, ...change } = input;
  const replay = replayOf<Answer>(services, call, 'adjustCredits', keyId, input);
  const { value } = await commitChange<Answer>(services, call, async (view, now) => {
    const repeated = await replay.find(view, now);
    if (repeated !== null) return { value: repeated, audit: [] };

    const key = await findKeyFor(view, call.actor, keyId);
    const { familyId, projectId, organizationId } = key;
    const place = {
      familyId,
      keyId,
      projectId,
      organizationId,
      requestId: call.requestId,
      actorId: call.actor.id,
      at: now,
    };
    const done = await view.credits.adjust(place, change);
    if ('fault' in done) throw faultError(done);
    countEntries(services, done.written);
    const after = done.after?.bounded ? done.after : null;
    const before = done.before?.bounded ? done.before : null;
    const answer = await viewOf(services, { ...key, credits: after }, view, now);
    await replay.keep(view, keyId, answer, now);
    // Snapshots of keys hold whether they are bounded, and their refill; the balance is read where it is spent.
    const kept = (account: typeof after) => (account === null ? '' : JSON.stringify(account.refill));
    const family = kept(before) === kept(after) ? [] : await view.keys.family(familyId);
    return {
      value: answer,
      audit: [
        {
          action: 'adjustCredits',
          target: { type: 'key', id: keyId },
          organizationId,
          projectId,
          changes: { credits: [before && shown(before, now), after && shown(after, now)] },
        },
      ],
      changes: family.map(({ id }) => ({ subject: 'key', id, kind: 'changed' })),
    };
  });
  return value;
}

type Account = Parameters<typeof creditsView>[0];

/** An account as the audit log keeps it. */
function shown(account: Account, now: number) {
  const { balance, refill } = creditsView(account, now);
  return { balance, refill: refill && { ...refill, dayOfMonth: refill.dayOfMonth ?? null } };
}

const faultError = (fault: { fault: 'unbounded' } | { fault: 'out_of_range'; balance: number }): LatchkeyError =>
  fault.fault === 'unbounded'
    ? new LatchkeyError('credits_unbounded')
    : new LatchkeyError('credits_out_of_range', `The balance would be ${fault.balance}; nothing was changed.`);

export async function listCreditEntries(
  services: Services,
  input: OperationInput<Operations['listCreditEntries']>,
  call: Call,
) {
  const { familyId } = await findKeyFor(services.store, call.actor, input.keyId);
  return pageView(await services.store.credits.entries(familyId, pageRequest(input)), (entry) => {
    const { sequence, kind, amount, balanceAfter, at, keyId, requestId, reservationId, actorId } = entry;
    return { sequence, kind, amount, balanceAfter, at: rfc3339(at), keyId, requestId, reservationId, actorId };
  });
}
