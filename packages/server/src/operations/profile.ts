// The running profile and its editions: what is spoken now, what another edition would change, and bringing the tiers to it.

import {
  type Difference,
  differencesBetween,
  gatesOf,
  judge,
  LatchkeyError,
  type OperationInput,
  type Operations,
  type Profile,
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
import { changeOf, measure, sumOf } from './tiers/touch.js';

/** The setting that holds the profile that was last applied, as JSON. */
export const APPLIED_PROFILE = 'applied_profile';

export async function getProfile({ profile, tiers }: Services) {
  const all = await tiers.current();
  return { profile: withTiers(profile, all), tiers: all.map(tierView) };
}

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

/** Gives a database that no profile was applied to yet the tiers of the running one. Afterwards the database rules. */
export async function seedTiers(services: Services, call: Call): Promise<void> {
  const { store, profile } = services;
  if ((await store.settings.get(APPLIED_PROFILE)) !== null) return;
  await commitChange(services, call, async (view, now) => {
    const tiers = tiersOf(profile.policy).map((tier, at) => newTier(services, { ...tier, rank: at + 1 }, now));
    for (const tier of tiers) await view.tiers.insert(tier);
    await view.settings.set(APPLIED_PROFILE, JSON.stringify(profile));
    return {
      value: undefined,
      audit: tiers.map((tier) => tierNote('seedTier', tier, { name: tier.name })),
      changes: tiers.map(tierChanged),
    };
  });
}

/** What bringing the tiers to an edition of the profile comes to. */
interface Plan {
  before: readonly TierRecord[];
  after: readonly TierRecord[];
  created: readonly TierRecord[];
  changed: readonly { tier: TierRecord; changes: readonly (Difference & { edited: boolean })[] }[];
  missing: readonly TierRecord[];
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
    ? await planOf(services, services.store, profile, services.clock())
    : await carryOut(services, profile, call);

  const change = changeOf(services.profile, plan.before, plan.after);
  const touches = new Map<string | null, Awaited<ReturnType<typeof measure>>>();
  for (const { tier } of change.effects) touches.set(tier, await measure(services, change, tier));
  return {
    dryRun,
    ...sumOf([...touches.values()]),
    tiers: {
      created: plan.created.map(({ name }) => name),
      changed: plan.changed.map(({ tier: { name }, changes }) => ({
        name,
        changes: [...changes],
        ...(touches.get(name) ?? sumOf([])),
      })),
      missing: plan.missing.map(({ name }) => name),
    },
    restart: differencesBetween(withoutTiers(services.profile), withoutTiers(profile)),
  };
}

/** What of a profile counts from a start on. */
const withoutTiers = ({ $schema: _, policy, ...rest }: Profile) => {
  const { tiers: __, gatedFields: ___, ...others } = policy;
  return { ...rest, policy: others };
};

async function carryOut(services: Services, profile: Profile, call: Call): Promise<Plan> {
  const { value } = await commitChange(services, call, async (view, now) => {
    const plan = await planOf(services, view, profile, now);
    const text = JSON.stringify(profile);
    if ((await view.settings.get(APPLIED_PROFILE)) === text && plan.created.length + plan.changed.length === 0) {
      return { value: plan, audit: [] };
    }
    await view.settings.set(APPLIED_PROFILE, text);
    const isNew = new Set(plan.created.map(({ id }) => id));
    for (const tier of plan.after) await (isNew.has(tier.id) ? view.tiers.insert(tier) : view.tiers.update(tier));
    const named = plan.changed.map(({ tier, changes }) =>
      tierNote(
        'applyProfile',
        tier,
        Object.fromEntries(changes.map(({ path, before, after }) => [path, [before, after]])) as AuditNote['changes'],
      ),
    );
    return {
      value: plan,
      audit: [
        { action: 'applyProfile', target: { type: 'installation', id: profile.name }, organizationId: null },
        ...plan.created.map((tier) => tierNote('applyProfile', tier, { name: tier.name })),
        ...named,
      ],
      changes: [...plan.created, ...plan.changed.map(({ tier }) => tier)].map(tierChanged),
    };
  });
  return value;
}

async function planOf(services: Services, view: StoreView, profile: Profile, now: number): Promise<Plan> {
  const before = await view.tiers.list();
  const wanted = tiersOf(profile.policy);
  const known = new Map(before.map((tier) => [tier.name, tier]));
  const made = wanted.map((tier) => {
    const old = known.get(tier.name);
    return old === undefined ? newTier(services, { ...tier, rank: 0 }, now) : { ...old, ...tier };
  });
  for (const tier of made) {
    judgeTier(profile, tier);
    const old = known.get(tier.name);
    if (old !== undefined) await judgeCustom(view, now, old, tier.limits);
  }
  const ordered = inOrder(before, made).map((tier, at) => ({ ...tier, rank: at + 1 }));
  const moved = ordered.filter(({ name }) => known.has(name)).some(({ name }, at) => before[at]?.name !== name);
  const applied = await appliedTiers(view);

  const changed = ordered.flatMap((tier) => {
    const old = known.get(tier.name);
    if (old === undefined) return [];
    // A tier that only makes room for a new one has not changed.
    const differing = differencesBetween(bounds(old), bounds({ ...tier, rank: moved ? tier.rank : old.rank }));
    const last = applied.find(({ name }) => name === tier.name);
    const edits = last === undefined ? [] : differencesBetween(bounds(last), bounds(old)).map(({ path }) => path);
    const edited = (path: string): boolean =>
      edits.some((edit) => `${path}/`.startsWith(`${edit}/`) || edit.startsWith(`${path}/`));
    return differing.length === 0
      ? []
      : [{ tier, changes: differing.map((each) => ({ ...each, edited: edited(each.path) })) }];
  });
  const isChanged = new Set(changed.map(({ tier }) => tier.id));
  return {
    before,
    after: ordered.map((tier) => (isChanged.has(tier.id) ? { ...tier, updatedAt: now } : tier)),
    created: ordered.filter(({ name }) => !known.has(name)),
    changed,
    missing: before.filter(({ name }) => !wanted.some((tier) => tier.name === name)),
  };
}

const bounds = ({ title, rank, limits, batchSize, endpoints, gatedFields, permissions }: Tier & { rank: number }) => ({
  ...{ title, rank, limits, batchSize, endpoints, gatedFields, permissions },
});

/** The profile's tiers in its order; each that it does not have stays behind the one that it follows now. */
function inOrder(before: readonly TierRecord[], made: readonly TierRecord[]): TierRecord[] {
  const order = [...made];
  for (const [at, tier] of before.entries()) {
    if (order.some(({ id }) => id === tier.id)) continue;
    const follows = before[at - 1];
    order.splice(order.findIndex(({ id }) => id === follows?.id) + 1, 0, tier);
  }
  return order;
}

/** The tiers as the profile that was last applied has them; none when it cannot be read any more. */
async function appliedTiers(view: StoreView): Promise<(Tier & { rank: number })[]> {
  const text = await view.settings.get(APPLIED_PROFILE);
  const judged = text === null ? null : profileSchema.safeParse(JSON.parse(text));
  return judged?.success ? tiersOf(judged.data.policy).map((tier, at) => ({ ...tier, rank: at + 1 })) : [];
}

const newTier = (
  { newId }: Pick<Services, 'newId'>,
  tier: Omit<TierRecord, 'id' | 'createdAt' | 'updatedAt'>,
  now: number,
): TierRecord => ({ ...tier, id: newId('tier'), createdAt: now, updatedAt: now });
