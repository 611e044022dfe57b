// Tiers as objects: made, read, changed, deleted. What a change would mean is told by preview-tier.ts.

import {
  hiddenFields,
  LatchkeyError,
  type LimitDefaults,
  type OperationInput,
  type Operations,
  type Profile,
  type StoreView,
  type TierRecord,
  tierView,
} from '@latchkey/core';
import { commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import { differences } from '../keys/record.js';
import type { Services } from '../services.js';
import { findTier, judgeCustom, judgeTier, tierChanged, tierDifferences, tierNote, writeOrder } from './record.js';

type ById = { tierId: string };
export type TierPatch = Omit<OperationInput<Operations['updateTier']>, 'tierId'>;

export async function listTiers(services: Services) {
  return { data: (await services.store.tiers.list()).map(tierView), nextCursor: null };
}

export async function getTier({ store, clock }: Services, { tierId }: ById) {
  const tier = await findTier(store, tierId);
  return { ...tierView(tier), counts: await store.tiers.counts(tier.name, clock()) };
}

/** @throws LatchkeyError with the codes of the operation's row */
export async function createTier(services: Services, input: OperationInput<Operations['createTier']>, call: Call) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const tiers = await view.tiers.list();
    if (tiers.some(({ name }) => name === input.name)) throw new LatchkeyError('tier_exists');
    const rank = placeOf(input.rank ?? tiers.length + 1, tiers.length + 1);
    const below = tiers[rank - 2] ?? null;
    const tier: TierRecord = {
      id: services.newId('tier'),
      name: input.name,
      title: input.title ?? input.name,
      rank,
      limits: input.limits,
      batchSize: input.batchSize ?? null,
      endpoints: input.endpoints ?? null,
      // What nobody spoke of stays hidden.
      gatedFields: input.gatedFields ?? hiddenFields(below, tiers),
      permissions: input.permissions ?? null,
      createdAt: now,
      updatedAt: now,
    };
    judgeTier(services.profile, tier);
    await view.tiers.insert(tier);
    await writeOrder(view, tiers.toSpliced(rank - 1, 0, tier));
    const { createdAt: _, updatedAt: __, ...made } = tierView(tier);
    return { value: tier, audit: [tierNote('createTier', tier, differences({}, made))], changes: [tierChanged(tier)] };
  });
  return tierView(value);
}

function placeOf(rank: number, highest: number): number {
  if (rank <= highest) return rank;
  throw new LatchkeyError('invalid_request', `body.rank: must be from 1 to ${highest}.`, {
    errors: [
      { path: 'body.rank', message: `must be from 1 to ${highest}`, fix: 'Count the tiers from the lowest up.' },
    ],
  });
}

/** The tier as the patch makes it: absent leaves, null clears. `updatedAt` stays as it is. */
export function patched(tier: TierRecord, patch: TierPatch, highest: number): TierRecord {
  const { limits, gatedFields, rank, title, batchSize, endpoints, permissions } = patch;
  const given = Object.fromEntries(Object.entries(limits ?? {}).filter(([, figure]) => figure !== undefined));
  return {
    ...tier,
    limits: { ...tier.limits, ...(given as Partial<LimitDefaults>) },
    ...(rank !== undefined && { rank: placeOf(rank, highest) }),
    ...(gatedFields !== undefined && { gatedFields: gatedFields ?? [] }),
    ...(title !== undefined && { title }),
    ...(batchSize !== undefined && { batchSize }),
    ...(endpoints !== undefined && { endpoints }),
    ...(permissions !== undefined && { permissions }),
  };
}

/** All tiers in the order that comes of one of them being as `changed`, at the place that its rank says. */
export const reordered = (tiers: readonly TierRecord[], changed: TierRecord): TierRecord[] =>
  tiers.filter(({ id }) => id !== changed.id).toSpliced(changed.rank - 1, 0, changed);

/** @throws LatchkeyError `permission_unknown`, `limits_inconsistent`, `limits_required` */
export async function judgeChange(
  view: StoreView,
  profile: Profile,
  now: number,
  before: TierRecord,
  after: TierRecord,
): Promise<void> {
  judgeTier(profile, after);
  await judgeCustom(view, now, before, after.limits);
}

/** The next request of each of its keys obeys. */
export async function updateTier(services: Services, { tierId, ...patch }: ById & TierPatch, call: Call) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const tier = await findTier(view, tierId);
    const tiers = await view.tiers.list();
    const next = patched(tier, patch, tiers.length);
    if (tierDifferences(tier, next).length === 0) return { value: tier, audit: [] };
    await judgeChange(view, services.profile, now, tier, next);
    const changed = { ...next, updatedAt: now };
    await view.tiers.update(changed);
    await writeOrder(view, reordered(tiers, changed));
    return {
      value: changed,
      audit: [tierNote('updateTier', tier, differences(tierView(tier), tierView(next)))],
      changes: [tierChanged(tier)],
    };
  });
  return tierView(value);
}

/** @throws LatchkeyError `tier_in_use` while a key, a project or the running profile names it */
export async function deleteTier(services: Services, { tierId }: ById, call: Call): Promise<undefined> {
  await commitChange(services, call, async (view, now) => {
    const tier = await findTier(view, tierId);
    const users = await usersOf(view, services.profile, tier.name, now);
    if (users.length > 0)
      throw new LatchkeyError('tier_in_use', `The ${tier.name} tier is named by ${users.join(', ')}.`);
    await view.tiers.delete(tier.id);
    await writeOrder(
      view,
      (await view.tiers.list()).filter(({ id }) => id !== tier.id),
    );
    return {
      value: undefined,
      audit: [tierNote('deleteTier', tier, { name: tier.name })],
      changes: [{ subject: 'tier', id: tier.id, kind: 'ended' }],
    };
  });
  return undefined;
}

async function usersOf(view: StoreView, { policy, routes }: Profile, name: string, now: number): Promise<string[]> {
  const { keys, projects } = await view.tiers.counts(name, now);
  return [
    ...(keys > 0 ? [`${keys} keys`] : []),
    ...(projects > 0 ? [`${projects} projects`] : []),
    ...(policy.defaultTier === name ? ["the profile's default"] : []),
    ...(routes.some(({ tier }) => tier === name) ? ['routes of the profile'] : []),
  ];
}
