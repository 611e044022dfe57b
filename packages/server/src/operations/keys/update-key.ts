// updateKey: absent leaves, null clears, a value sets. The next request obeys.

import {
  isLive,
  type KeyRecord,
  keyView,
  LatchkeyError,
  type OperationInput,
  type Operations,
  type StoreView,
} from '@latchkey/core';
import { commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import type { Services } from '../services.js';
import {
  boundToActor,
  differences,
  findKeyFor,
  judgeChange,
  judgeOwnRights,
  rulesOf,
  usualTier,
  viewOf,
} from './record.js';

type Input = OperationInput<Operations['updateKey']>;

/** @throws LatchkeyError with the codes of the operation's row */
export async function updateKey(services: Services, { keyId, ...asked }: Input, call: Call) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const key = await findKeyFor(view, call.actor, keyId);
    if (!isLive(key, now)) throw new LatchkeyError('key_not_live');
    const rules = await rulesOf(services, view);
    judgeOwnRights(rules, call.actor, key);
    const given = Object.fromEntries(
      Object.entries(asked).filter(([, entry]) => entry !== undefined),
    ) as Partial<KeyRecord>;
    const next: KeyRecord = { ...key, ...given };
    if (given.tier === null) next.tier = usualTier(rules, await view.projects.get(key.projectId), call.actor);

    const changes = differences(keyView(key, now, null), keyView(next, now, null));
    if (Object.keys(changes).length === 0) return { value: key, audit: [] };
    judgeChange(rules, next, given, now);
    boundToActor(rules, call.actor, next, key);
    await view.keys.update(next);
    // What was not asked for stays theirs: on a clock that went back, one that was over passes again with the figures it had.
    const isShared = given.tier !== undefined || given.limits !== undefined;
    const sharing = isShared ? await generationsBeside(view, next, now) : [];
    for (const other of sharing) await view.keys.update({ ...other, tier: next.tier, limits: next.limits });
    return {
      value: next,
      audit: [
        {
          action: 'updateKey',
          target: { type: 'key' as const, id: key.id },
          organizationId: key.organizationId,
          projectId: key.projectId,
          changes,
        },
      ],
      changes: [key, ...sharing].map(({ id }) => ({ subject: 'key' as const, id, kind: 'changed' as const })),
    };
  });
  return viewOf(services, value);
}

/** The other live generation: tier and limits belong to the family, whose one budget both spend. */
const generationsBeside = async (view: StoreView, key: KeyRecord, now: number): Promise<KeyRecord[]> =>
  (await view.keys.family(key.familyId)).filter((other) => other.id !== key.id && isLive(other, now));
