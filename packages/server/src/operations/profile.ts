// The running profile and its editions: what is spoken now, what another edition would change, and bringing the tiers to it.

import {
  type Change,
  type Difference,
  differencesBetween,
  gatesOf,
  type JsonObject,
  judge,
  LatchkeyError,
  type OperationInput,
  type Operations,
  type PlannedTier,
  type Profile,
  planTiers,
  profileSchema,
  type StoreView,
  type Tier,
  type TierRecord,
  tiersOf,
  tierView,
} from '@latchkey/core';
import { type AuditNote, commitChange } from './commit-change.js';
import type { Call } from './engine.js';
import type { Services } from './services.js';
import { judgeCustom, judgeTier, tierChanged, tierNote } from './tiers/record.js';
import { changeOf, measure, sumOf, type Touch } from './tiers/touch.js';

/** The setting that holds the profile that was last applied, as JSON. */
export const APPLIED_PROFILE = 'applied_profile';

export async function getProfile(services: Services) {
  const all = await services.tiers.current();
  return { profile: withTiers(shownProfile(services), all), tiers: all.map(tierView) };
}

/** The profile as customers meet it here: under the address that the operator says. */
export const shownProfile = ({ profile, gatewayUrl }: Pick<Services, 'profile' | 'gatewayUrl'>): Profile =>
  gatewayUrl === undefined ? profile : { ...profile, guide: { ...profile.guide, baseUrl: gatewayUrl } };

/** The profile with these tiers in place of those it came with. */
const withTiers = (profile: Profile, tiers: readonly TierRecord[]): Profile => ({
  ...profile,
  policy: {
    ...profile.policy,
    tiers: tiers.map(({ name, title, limits, batchSize, endpoints, permissions }) => ({
      ...{ name, title, limits, batchSize },
      endpoints: endpoints && [...endpoints],
      permissions: permissions && [...permissions],
    })),
    gatedFields: gatesOf(tiers),
  },
});

/**
 * Gives a database that no profile was applied to yet the tiers of the running one. Afterwards the database rules: a profile
 * whose tiers were edited since counts for nothing until it is applied, and that is logged.
 */
export async function seedTiers(services: Services, call: Call): Promise<void> {
  const { store, profile, telemetry } = services;
  if ((await store.settings.get(APPLIED_PROFILE)) !== null) {
    const applied = await appliedTiers(store);
    const differing = differencesBetween(applied, ranked(tiersOf(profile.policy)));
    if (differing.length > 0) {
      telemetry.log('warn', 'profile_not_applied', {
        hint: 'The tiers of the profile differ from those last applied: `latchkey profile apply --dry-run` shows how.',
      });
    }
    return;
  }
  await commitChange(services, call, async (view, now) => {
    // Another node that starts now may have been faster.
    if ((await view.settings.get(APPLIED_PROFILE)) !== null) return { value: undefined, audit: [] };
    const tiers = ranked(tiersOf(profile.policy)).map((tier) => newTier(services, tier, now));
    for (const tier of tiers) await view.tiers.insert(tier);
    await view.settings.set(APPLIED_PROFILE, JSON.stringify(profile));
    return {
      value: undefined,
      audit: tiers.map((tier) => tierNote('seedTier', tier, { name: tier.name })),
      changes: tiers.map(tierChanged),
    };
  });
}

/**
 * Makes and changes tiers until they are as the profile says; those that it does not have are left alone.
 * @throws LatchkeyError with the codes of the operation's row
 */
export async function applyProfile(
  services: Services,
  { profile: given, dryRun = false }: OperationInput<Operations['applyProfile']>,
  call: Call,
) {
  const profile = judge(profileSchema, given, 'body.profile');
  if (profile.name !== services.profile.name) {
    throw new LatchkeyError(
      'profile_mismatch',
      `This server speaks ${services.profile.name}, and the profile is ${profile.name}.`,
    );
  }
  await services.usage.flush();
  const plan = dryRun
    ? await planOf(services.store, profile, services.clock())
    : await carryOut(services, profile, call);
  const { before, tiers } = plan;
  const change = changeOf(
    services.profile,
    before,
    tiers.map(({ tier }) => tier),
  );
  const touches = new Map<string | null, Touch>();
  for (const { tier } of change.effects) touches.set(tier, await measure(services, change, tier));
  const namesOf = (some: readonly PlannedTier[]): string[] => some.map(({ tier }) => tier.name);
  return {
    dryRun,
    ...sumOf([...touches.values()]),
    tiers: {
      created: namesOf(tiers.filter((each) => each.before === null)),
      changed: tiers
        .filter(({ changes }) => changes.length > 0)
        .map(({ tier: { name }, changes }) => ({ name, changes, ...(touches.get(name) ?? sumOf([])) })),
      missing: namesOf(tiers.filter(({ wanted }) => !wanted)),
    },
    restart: differencesBetween(withoutTiers(services.profile), withoutTiers(profile)),
  };
}

/** What of a profile counts from a start on. */
const withoutTiers = ({ $schema: _, policy, ...rest }: Profile) => {
  const { tiers: __, gatedFields: ___, ...others } = policy;
  return { ...rest, policy: others };
};

interface Plan {
  /** The tiers as they are, in ascending order. */
  before: readonly TierRecord[];
  tiers: readonly PlannedTier[];
}

/** @throws LatchkeyError `permission_unknown`, `limits_inconsistent`, `limits_required` */
async function planOf(view: StoreView, profile: Profile, now: number): Promise<Plan> {
  const before = await view.tiers.list();
  const tiers = planTiers(before, tiersOf(profile.policy), await appliedTiers(view));
  for (const { tier, before: old, wanted } of tiers) {
    if (wanted) judgeTier(profile, tier);
    if (old !== null) await judgeCustom(view, now, old, tier.limits);
  }
  return { before, tiers };
}

async function carryOut(services: Services, profile: Profile, call: Call): Promise<Plan> {
  const { value } = await commitChange(services, call, async (view, now) => {
    const plan = await planOf(view, profile, now);
    const text = JSON.stringify(profile);
    const isSettled = plan.tiers.every(({ before, changes }) => before !== null && changes.length === 0);
    if (isSettled && (await view.settings.get(APPLIED_PROFILE)) === text) return { value: plan, audit: [] };

    await view.settings.set(APPLIED_PROFILE, text);
    const audit: AuditNote[] = [
      { action: 'applyProfile', target: { type: 'installation', id: profile.name }, organizationId: null },
    ];
    const changed: Change[] = [];
    for (const { tier, rank, before, changes } of plan.tiers) {
      const updatedAt = changes.length > 0 ? now : (before?.updatedAt ?? now);
      const record =
        before === null ? newTier(services, { ...tier, rank }, now) : { ...before, ...tier, rank, updatedAt };
      await (before === null ? view.tiers.insert(record) : view.tiers.update(record));
      if (before !== null && changes.length === 0) continue;
      audit.push(tierNote('applyProfile', record, before === null ? { name: tier.name } : asNote(changes)));
      changed.push(tierChanged(record));
    }
    return { value: plan, audit, changes: changed };
  });
  return value;
}

const asNote = (changes: readonly Difference[]): JsonObject =>
  Object.fromEntries(changes.map(({ path, before, after }) => [path, [before, after]])) as JsonObject;

/** The tiers as the profile that was last applied has them; none when it cannot be read any more. */
async function appliedTiers(view: StoreView): Promise<(Tier & { rank: number })[]> {
  const text = await view.settings.get(APPLIED_PROFILE);
  const judged = text === null ? null : profileSchema.safeParse(JSON.parse(text));
  return judged?.success ? ranked(tiersOf(judged.data.policy)) : [];
}

const ranked = <Each extends Tier>(tiers: readonly Each[]): (Each & { rank: number })[] =>
  tiers.map((tier, at) => ({ ...tier, rank: at + 1 }));

const newTier = (
  { newId }: Pick<Services, 'newId'>,
  tier: Omit<TierRecord, 'id' | 'createdAt' | 'updatedAt'>,
  now: number,
): TierRecord => ({ ...tier, id: newId('tier'), createdAt: now, updatedAt: now });
