// What the key operations share: finding a key the caller may see, bounding what a caller may hand on, making generations.

import {
  type Actor,
  actsForOperator,
  type BudgetName,
  type Change,
  effectiveLimits,
  expandPermissions,
  grants,
  hintOf,
  isSubset,
  isWithin,
  type JsonObject,
  type KeyRecord,
  keyView,
  LatchkeyError,
  type LimitDefaults,
  MANAGEMENT_PERMISSIONS,
  type Mode,
  makeSecret,
  missingCustomLimits,
  type OperationInput,
  type Operations,
  otherModel,
  type Profile,
  type ProjectRecord,
  rotationInForce,
  type StoreView,
  type Tier,
  widerLimit,
} from '@latchkey/core';
import type { Call } from '../engine.js';
import type { Services } from '../services.js';
import { sealedWebhookSecret } from '../webhook-secret.js';

/** What may be set on a key, by creation and by change. */
export type KeySettings = Pick<KeyRecord, 'mode' | 'tier' | 'permissions' | 'restrictions' | 'limits' | 'expiresAt'>;

/** Credits as a caller gives them; null or absent: not bounded. */
export type CreditsInput = OperationInput<Operations['createKey']>['credits'];

/** Opens the account of a new family; the key record with it. */
export async function withAccount(
  view: StoreView,
  key: KeyRecord,
  credits: CreditsInput,
  call: Call,
  now: number,
): Promise<KeyRecord> {
  // A key that is bounded itself makes no key that is not; what that one may spend is the operator's to say.
  const given = credits ?? (call.actor.key?.credits ? 0 : null);
  if (given === null) return key;
  const { balance, refill = null } = typeof given === 'number' ? { balance: given } : given;
  const { familyId, id: keyId, projectId, organizationId } = key;
  const place = {
    familyId,
    keyId,
    projectId,
    organizationId,
    requestId: call.requestId,
    actorId: call.actor.id,
    at: now,
  };
  return { ...key, credits: await view.credits.open(place, balance, refill) };
}

export const notFound = (what: string): LatchkeyError => new LatchkeyError('not_found', `There is no such ${what}.`);

/** A test key sees nothing that is live; a live one manages both kinds. */
export const seesMode = ({ key }: Actor, mode: Mode): boolean => key?.mode !== 'test' || mode === 'test';

/** The key, when it is there and the actor may see it; a foreign one looks the same as none. */
export async function findKeyFor(view: StoreView, actor: Actor, keyId: string): Promise<KeyRecord> {
  const key = await view.keys.get(keyId);
  const isForeign = key !== null && actor.key !== undefined && actor.key.projectId !== key.projectId;
  if (key === null || isForeign || !seesMode(actor, key.mode)) throw notFound('key');
  return key;
}

/** @throws LatchkeyError `key_model_mismatch`, where the call is held to its own model */
export function judgeModel(call: Call, name: Parameters<typeof otherModel>[0], { model }: KeyRecord): void {
  const instead = call.ownModelOnly ? otherModel(name, model) : null;
  if (instead !== null) throw new LatchkeyError('key_model_mismatch', instead);
}

/** The last use the buffer knows of is fresher than the row's. */
export function keyWithLastUse({ usage }: Pick<Services, 'usage'>, key: KeyRecord): KeyRecord {
  const use = usage.lastUse(key.id);
  return use && use.at > (key.lastUsedAt ?? 0) ? { ...key, lastUsedAt: use.at, lastUsedIp: use.ip } : key;
}

/** The age at which keys of an organization are to be rotated; null: none. */
export async function rotationDaysOf(
  { profile }: Pick<Services, 'profile'>,
  view: StoreView,
  organizationId: string,
): Promise<number | null> {
  const organization = await view.organizations.get(organizationId);
  return organization && rotationInForce(organization, profile.policy).days;
}

/** Keys of one organization as they look from outside. */
export async function viewsOf(services: Services, keys: readonly KeyRecord[]) {
  const [first] = keys;
  if (first === undefined) return [];
  const days = await rotationDaysOf(services, services.store, first.organizationId);
  return keys.map((key) => keyView(keyWithLastUse(services, key), services.clock(), days));
}

/** `view`: the transaction that it is asked in, if it is in one. */
export async function viewOf(
  services: Services,
  key: KeyRecord,
  view: StoreView = services.store,
  now = services.clock(),
) {
  const days = await rotationDaysOf(services, view, key.organizationId);
  return keyView(keyWithLastUse(services, key), now, days);
}

const implications = ({ policy }: Profile): Record<string, readonly string[]> =>
  Object.fromEntries(policy.permissions.map(({ name, implies }) => [name, implies]));

/** What settings are judged by: the profile, and the tiers as the database has them. */
export interface Rules {
  profile: Profile;
  /** In ascending order. */
  tiers: readonly Tier[];
}

/** The rules as the view sees them: in a transaction no tier can come, change or go before what was judged by it is written. */
export const rulesOf = async ({ profile }: Pick<Services, 'profile'>, view: StoreView): Promise<Rules> => ({
  profile,
  tiers: await view.tiers.list(),
});

/** @throws LatchkeyError `tier_unknown` */
export function judgeTierName(tiers: readonly Tier[], tier: string | null): void {
  if (tier === null || tiers.some(({ name }) => name === tier)) return;
  const known = tiers.map(({ name }) => name).join(', ') || 'none';
  throw new LatchkeyError('tier_unknown', `There is no tier ${JSON.stringify(tier)}; there are ${known}.`);
}

/** @throws LatchkeyError `mode_not_offered` */
export function prefixFor(profile: Profile, mode: Mode): string {
  const prefix = profile.policy.prefixes[mode];
  if (prefix === undefined)
    throw new LatchkeyError('mode_not_offered', `The ${profile.name} profile makes no ${mode} keys.`);
  return prefix;
}

/** Judges settings by the rules: known tier, known permissions, limits that make sense, an expiry ahead. */
export function judgeSettings(rules: Rules, settings: KeySettings, now: number): void {
  judgePermissions(rules, settings);
  judgeLimits(rules, settings);
  if (settings.expiresAt !== null && settings.expiresAt <= now) throw new LatchkeyError('expiry_in_past');
}

/**
 * The same for a key that stands: what is not touched is not judged again, whatever became of the rules since.
 * @throws LatchkeyError as `judgeSettings`
 */
export function judgeChange(rules: Rules, settings: KeySettings, touched: Partial<KeySettings>, now: number): void {
  if (touched.permissions !== undefined) judgePermissions(rules, settings);
  if (touched.tier !== undefined || touched.limits !== undefined) judgeLimits(rules, settings);
  if (touched.expiresAt && touched.expiresAt <= now) throw new LatchkeyError('expiry_in_past');
}

function judgePermissions({ profile: { policy } }: Rules, { permissions }: KeySettings): void {
  const known = [...policy.permissions.map(({ name }) => name), ...MANAGEMENT_PERMISSIONS, '*'];
  const unknown = permissions?.find((permission) => !known.includes(permission));
  if (unknown !== undefined) {
    throw new LatchkeyError(
      'permission_unknown',
      `There is no permission ${JSON.stringify(unknown)}; known are ${known.join(', ')}.`,
    );
  }
}

function judgeLimits(rules: Rules, { tier, limits }: KeySettings): void {
  judgeTierName(rules.tiers, tier);
  const defaults = limitDefaults(rules, tier);
  const missing = missingCustomLimits(defaults, limits);
  if (missing.length > 0) {
    throw new LatchkeyError(
      'limits_required',
      `The ${tier} tier leaves ${missing.join(' and ')} to the key: set limits.${missing[0]}.`,
    );
  }
  const { perMinute, perDay } = effectiveLimits(defaults, limits);
  if (perMinute !== null && perDay?.metered && perDay.limit < perMinute && perDay.limit > 0 && limits !== null) {
    throw new LatchkeyError('limits_inconsistent', `perDay (${perDay.limit}) is lower than perMinute (${perMinute}).`);
  }
}

/** The limits that a tier, or a profile without tiers, gives a key. */
const limitDefaults = ({ profile, tiers }: Rules, tier: string | null): LimitDefaults =>
  tiers.find(({ name }) => name === tier)?.limits ?? profile.policy.limits;

const rankOf = ({ tiers }: Rules, tier: string | null): number => tiers.findIndex(({ name }) => name === tier);

/** The tier that a key of the project gets when none is named; from a customer key never a higher one than its own. */
export function usualTier(rules: Rules, project: ProjectRecord | null, { key }: Actor): string | null {
  const usual = project?.tier ?? rules.profile.policy.defaultTier;
  return key && rankOf(rules, key.tier) < rankOf(rules, usual) ? key.tier : usual;
}

/** What the operator, or the project, has already settled for a key. */
export type Settled = Pick<KeySettings, 'tier' | 'limits'>;

/** What belongs to the operator alone: another tier than the settled one, limits above the tier's. */
function judgeOperatorOnly(rules: Rules, settings: KeySettings, settled: Settled): void {
  if (settings.tier !== settled.tier) throw new LatchkeyError('operator_only', 'Only the operator sets a tier.');
  const ceilings = limitDefaults(rules, settings.tier);
  const above = (name: BudgetName, ceiling: number | 'custom' | null): boolean => {
    const asked = settings.limits?.[name];
    if (asked === undefined || asked === settled.limits?.[name] || ceiling === null) return false;
    return ceiling === 'custom' || asked > ceiling;
  };
  if (
    above('perMinute', ceilings.perMinute) ||
    above('perDay', ceilings.perDay?.limit ?? null) ||
    above('concurrent', ceilings.concurrent)
  ) {
    throw new LatchkeyError('operator_only', "Only the operator sets limits above the tier's.");
  }
}

/**
 * Holds members and customer keys to what is not the operator's alone, and a customer key to its own rights too: it hands on no
 * permission, mode, reach, life, tier or limit that it lacks. Whoever acts for the operator passes.
 * @throws LatchkeyError `operator_only`, `exceeds_own_rights`
 */
export function boundToActor(rules: Rules, actor: Actor, settings: KeySettings, settled: Settled): void {
  if (actsForOperator(actor)) return;
  judgeOperatorOnly(rules, settings, settled);
  judgeOwnRights(rules, actor, settings);
}

/** As `boundToActor`, for touching a key that exists: nobody may make more of a key that outranks them. */
export function judgeOwnRights(rules: Rules, actor: Actor, settings: KeySettings | KeyRecord): void {
  const own = actor.key;
  if (own === undefined) return;
  const exceeds = (what: string): LatchkeyError =>
    new LatchkeyError('exceeds_own_rights', `The calling key lacks ${what} itself.`);
  const wanted =
    settings.permissions === null ? ['*'] : expandPermissions(settings.permissions, implications(rules.profile));
  if (!isSubset(wanted, actor.permissions)) {
    throw exceeds(`the permission ${wanted.find((permission) => !grants(actor.permissions, permission))}`);
  }
  if (settings.mode !== own.mode) throw exceeds(`the mode ${settings.mode}`);
  if (!isWithin(settings.restrictions, own.restrictions))
    throw exceeds('that reach: it is restricted and may only make keys within its own restrictions');
  if (own.expiresAt !== null && (settings.expiresAt === null || settings.expiresAt > own.expiresAt)) {
    throw exceeds('that life: set an expiresAt no later than its own');
  }
  if (rankOf(rules, settings.tier) > rankOf(rules, own.tier)) throw exceeds(`the tier ${settings.tier}`);
  if (own.credits !== null && 'credits' in settings && settings.credits === null)
    throw exceeds('freedom from credits: it is bounded by them');
  const limits = (key: KeySettings) => effectiveLimits(limitDefaults(rules, key.tier), key.limits);
  const wider = widerLimit(limits(settings), limits(own));
  if (wider !== null) throw exceeds(`that many requests: set a limits.${wider} no higher than its own`);
}

/**
 * What only the operator sets on an organization or a project.
 * @throws LatchkeyError `operator_only`
 */
export function judgeOperatorFields(actor: Actor, given: Readonly<Record<string, unknown>>): void {
  if (actsForOperator(actor)) return;
  const [name] = Object.keys(given).filter((member) => given[member] !== undefined);
  if (name !== undefined) throw new LatchkeyError('operator_only', `Only the operator sets ${name}.`);
}

/** What has to be heard of a new key: that its digest is unknown no more, and that its pages may be new. */
export const newKeyChanges = ({ id, restrictions }: KeyRecord): Change[] => [
  { subject: 'key', id, kind: restrictions?.referrers === undefined ? 'created' : 'changed' },
];

export interface NewKey {
  key: KeyRecord;
  secret: string;
  webhookSecret: string;
}

type Draft = Omit<
  KeyRecord,
  'id' | 'familyId' | 'prefix' | 'hint' | 'digest' | 'imported' | 'webhookSecret' | 'createdAt'
> & { familyId?: string };

/** Makes a secret and the record that recognises it. The secret is in the result and nowhere else. */
export function mintKey(services: Services, draft: Draft, now: number): NewKey {
  const { profile, vault, random, newId } = services;
  const prefix = prefixFor(profile, draft.mode);
  const secret = makeSecret(prefix, profile.policy.secretBodyLength, random);
  const id = newId('key');
  const key: KeyRecord = {
    ...draft,
    id,
    familyId: draft.familyId ?? newId('fam'),
    prefix,
    hint: hintOf(secret),
    digest: vault.digest(secret),
    imported: false,
    webhookSecret: sealedWebhookSecret(vault, id, secret),
    createdAt: now,
  };
  return { key, secret, webhookSecret: vault.webhookSecret(secret) };
}

/** The one answer that holds a secret. The webhook secret stands in it only where the profile surfaces one. */
export const secretAnswer = async (
  services: Services,
  { key, secret, webhookSecret }: NewKey,
  view: StoreView,
  now: number,
) => ({
  key: await viewOf(services, key, view, now),
  secret,
  ...(services.profile.policy.webhookSecret === 'shown' && { webhookSecret }),
});

/** A record's times when nothing has happened to it yet. */
export const untouched = {
  disabledAt: null,
  graceEndsAt: null,
  revokedAt: null,
  revokedReason: null,
  lastUsedAt: null,
  lastUsedIp: null,
} as const;

/** The members of a view that differ, as `{member: [before, after]}`, for the audit log. */
export function differences(before: Record<string, unknown>, after: Record<string, unknown>): JsonObject {
  const changes: JsonObject = {};
  for (const [member, value] of Object.entries(after)) {
    if (JSON.stringify(before[member]) !== JSON.stringify(value))
      changes[member] = [before[member] ?? null, value ?? null] as JsonObject[string];
  }
  return changes;
}
