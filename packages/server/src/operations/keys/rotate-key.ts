// rotateKey: the next generation of a family; the one before stays until its grace period ends.

import {
  type KeyRecord,
  keyState,
  LatchkeyError,
  type OperationInput,
  type OperationOutput,
  type Operations,
  type ProjectRecord,
  rfc3339,
} from '@latchkey/core';
import { commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import { replayOf } from '../replays.js';
import type { Services } from '../services.js';
import {
  findKeyFor,
  judgeModel,
  judgeOwnRights,
  mintKey,
  newKeyChanges,
  notFound,
  rulesOf,
  secretAnswer,
  untouched,
} from './record.js';

type Input = OperationInput<Operations['rotateKey']>;
type Answer = OperationOutput<Operations['rotateKey']>;

/** At most two generations stay live: rotating within a grace period ends the older one. Nothing resets. */
export async function rotateKey(services: Services, input: Input, call: Call): Promise<Answer> {
  const replay = replayOf<Answer>(services, call, 'rotateKey', input.keyId, input);
  const { value } = await commitChange<Answer>(services, call, async (view, now) => {
    const repeated = await replay.find(view, now);
    if (repeated !== null) return { value: repeated, audit: [] };

    const old = await findKeyFor(view, call.actor, input.keyId);
    judgeModel(call, 'rotateKey', old);
    judgeOwnRights(await rulesOf(services, view), call.actor, old);
    const project = await view.projects.get(old.projectId);
    if (project === null) throw notFound('key');
    const family = await view.keys.family(old.familyId);
    judgeRotatable(old, family, now);

    const graceEndsAt = graceEnd(old, graceSeconds(services, project, input.gracePeriodSeconds), now);
    const { organizationId, projectId, familyId, name, mode, model, tier, permissions, restrictions, limits } = old;
    // What was switched off stays so: rotating is no way around disabling.
    const { credits, environment, metadata, ownerId, expiresAt, disabledAt } = old;
    const minted = mintKey(
      services,
      {
        ...untouched,
        ...{ organizationId, projectId, familyId, name, mode, model, tier, permissions, restrictions, limits },
        ...{ credits, environment, metadata, ownerId, expiresAt, disabledAt },
        generation: Math.max(...family.map(({ generation }) => generation)) + 1,
        createdBy: call.actor.id,
      },
      now,
    );
    const ended = family.filter(({ id, graceEndsAt: ends }) => id !== old.id && ends !== null && ends > now);
    for (const key of ended) await view.keys.update({ ...key, graceEndsAt: now });
    await view.keys.update({ ...old, graceEndsAt });
    await view.keys.insert(minted.key);

    const answer = {
      ...(await secretAnswer(services, minted, view, now)),
      previous: { id: old.id, graceEndsAt: rfc3339(graceEndsAt) },
    };
    await replay.keep(view, minted.key.id, answer, now);
    return {
      value: answer,
      audit: [
        {
          action: 'rotateKey',
          target: { type: 'key', id: old.id },
          organizationId,
          projectId,
          changes: { next: minted.key.id, generation: minted.key.generation, graceEndsAt: rfc3339(graceEndsAt) },
        },
      ],
      changes: [
        { subject: 'key', id: old.id, kind: graceEndsAt <= now ? 'ended' : 'changed' },
        ...ended.map(({ id }) => ({ subject: 'key' as const, id, kind: 'ended' as const })),
        ...newKeyChanges(minted.key),
      ],
    };
  });
  return value;
}

function judgeRotatable(key: KeyRecord, family: readonly KeyRecord[], now: number): void {
  const state = keyState(key, now);
  if (state === 'revoked' || (state === 'expired' && key.graceEndsAt === null)) {
    throw new LatchkeyError('key_not_rotatable', `The key is ${state}: create a new one.`);
  }
  if (key.graceEndsAt !== null) {
    const newest = family[family.length - 1];
    throw new LatchkeyError(
      'key_not_rotatable',
      `The key was rotated before: rotate ${newest?.id ?? 'its newest generation'}.`,
    );
  }
}

/** Seconds the old generation stays. Legacy replaces in place: none. Else what the caller says, else the profile's default. */
function graceSeconds({ profile }: Services, project: ProjectRecord, asked: number | undefined): number {
  if (project.keyModel === 'legacy') {
    if (asked) throw new LatchkeyError('grace_period_not_allowed');
    return 0;
  }
  const seconds = asked ?? profile.policy.gracePeriodSeconds;
  if (seconds === null) {
    throw new LatchkeyError('grace_period_required', undefined, {
      errors: [
        {
          path: 'body.gracePeriodSeconds',
          message: 'is required',
          fix: 'Send the seconds the old key stays valid; 0 ends it at once.',
        },
      ],
    });
  }
  return seconds;
}

/** A grace period never outlives the key itself. */
const graceEnd = (key: KeyRecord, seconds: number, now: number): number =>
  Math.min(now + seconds * 1000, key.expiresAt ?? Infinity);
