// The ways a key stops passing: revoked for good, disabled until enabled, or deleted with its record.

import {
  isLive,
  type KeyRecord,
  LatchkeyError,
  maskedWord,
  type OperationInput,
  type Operations,
  type StoreView,
} from '@latchkey/core';
import { type AuditNote, commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import type { Services } from '../services.js';
import { findKeyFor, judgeModel, judgeOwnRights, notFound, rulesOf, viewOf } from './record.js';

const note = (action: string, key: KeyRecord, changes: AuditNote['changes'] = {}): AuditNote => ({
  action,
  target: { type: 'key', id: key.id },
  organizationId: key.organizationId,
  projectId: key.projectId,
  changes,
});

/** Final, and true on this node before the call returns. Works for suspended organizations and dead keys alike. */
export async function revokeKey(services: Services, input: OperationInput<Operations['revokeKey']>, call: Call) {
  const { value, propagated } = await commitChange(services, call, async (view, now) => {
    const key = await findKeyFor(view, call.actor, input.keyId);
    judgeModel(call, 'revokeKey', key);
    if (key.revokedAt !== null && input.onlyIfLive) throw notFound('key');
    const family = input.family ? await view.keys.family(key.familyId) : [key];
    const ending = family.filter(({ revokedAt }) => revokedAt === null);
    // A leaked key is told by whoever revokes it: it must not be kept with the reason.
    const revokedReason =
      input.reason
        ?.split(' ')
        .map((word) => maskedWord(word, null))
        .join(' ') ?? null;
    for (const each of ending) await view.keys.update({ ...each, revokedAt: now, revokedReason });
    return {
      value: {
        key: key.revokedAt === null ? { ...key, revokedAt: now, revokedReason } : key,
        ended: ending.length,
      },
      audit: ending.map((each) => note('revokeKey', each, { reason: revokedReason })),
      changes: ending.map(({ id }) => ({ subject: 'key' as const, id, kind: 'ended' as const })),
    };
  });
  if (value.ended > 0) {
    services.telemetry.count('latchkey_revocations_total', {}, value.ended);
    // Where there are several, the feed measures each.
    if (propagated.of === 1) services.telemetry.observe('latchkey_revocation_lag_seconds', propagated.ms / 1000);
  }
  return { key: await viewOf(services, value.key), propagated };
}

/** Disabling twice, or enabling what is enabled, changes nothing and says so with the key as it is. */
async function setDisabled(services: Services, keyId: string, call: Call, disabled: boolean) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const key = await findKeyFor(view, call.actor, keyId);
    if (!isLive(key, now)) throw new LatchkeyError('key_not_live');
    if (!disabled) judgeOwnRights(await rulesOf(services, view), call.actor, key);
    if ((key.disabledAt !== null) === disabled) return { value: key, audit: [] };
    const next = { ...key, disabledAt: disabled ? now : null };
    await view.keys.update(next);
    return {
      value: next,
      audit: [note(disabled ? 'disableKey' : 'enableKey', key)],
      changes: [{ subject: 'key' as const, id: key.id, kind: disabled ? ('ended' as const) : ('changed' as const) }],
    };
  });
  return viewOf(services, value);
}

export const disableKey = (services: Services, { keyId }: { keyId: string }, call: Call) =>
  setDisabled(services, keyId, call, true);
export const enableKey = (services: Services, { keyId }: { keyId: string }, call: Call) =>
  setDisabled(services, keyId, call, false);

/** The record goes; a tombstone keeps its id and digest from coming back. */
export async function deleteKey(services: Services, { keyId }: { keyId: string }, call: Call): Promise<undefined> {
  await commitChange(services, call, async (view: StoreView, now) => {
    const key = await findKeyFor(view, call.actor, keyId);
    await view.keys.delete(key.id, now);
    return {
      value: undefined,
      audit: [note('deleteKey', key, { name: key.name })],
      changes: [{ subject: 'key' as const, id: key.id, kind: 'ended' as const }],
    };
  });
  return undefined;
}
