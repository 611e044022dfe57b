// How records look from outside. The one place where they are turned into answers, so that no digest can slip out.

import { type CreditAccount, standingAt } from '../credit/account.js';
import type { Instant, KeyRecord, OrganizationRecord, ProjectRecord, RootKeyRecord, TierRecord } from '../ports.js';
import { rotateBy, rotationInForce } from './rotation.js';
import { keyState } from './state.js';

const REMEMBERED_TEXTS = 1000;
const texts = new Map<Instant, string>();

/** The instant in UTC with milliseconds. Window ends and creation times come again and again; their texts are remembered. */
export function rfc3339(at: Instant): string {
  let text = texts.get(at);
  if (text === undefined) {
    text = new Date(at).toISOString();
    if (texts.size >= REMEMBERED_TEXTS) texts.clear();
    texts.set(at, text);
  }
  return text;
}

const orNull = (at: Instant | null): string | null => (at === null ? null : rfc3339(at));

/** What a family may still spend, with a refill that is due by now. */
export function creditsView(account: CreditAccount, now: Instant) {
  const { balance, refill } = standingAt(account, now);
  return { balance, refill };
}

/** When a key is to be rotated, as text. */
export const rotateByView = (key: KeyRecord, now: Instant, rotationDays: number | null): string | null =>
  orNull(rotateBy(key, rotationDays, now));

/** `rotationDays`: the age at which keys of its organization are to be rotated. */
export const keyView = (key: KeyRecord, now: Instant, rotationDays: number | null) => ({
  id: key.id,
  projectId: key.projectId,
  name: key.name,
  prefix: key.prefix,
  hint: key.hint,
  mode: key.mode,
  model: key.model,
  tier: key.tier,
  permissions: key.permissions,
  restrictions: key.restrictions,
  limits: key.limits,
  credits: key.credits && creditsView(key.credits, now),
  environment: key.environment,
  metadata: key.metadata,
  ownerId: key.ownerId,
  familyId: key.familyId,
  generation: key.generation,
  state: keyState(key, now),
  createdAt: rfc3339(key.createdAt),
  expiresAt: orNull(key.expiresAt),
  lastUsedAt: orNull(key.lastUsedAt),
  lastUsedIp: key.lastUsedIp,
  graceEndsAt: orNull(key.graceEndsAt),
  revokedAt: orNull(key.revokedAt),
  revokedReason: key.revokedReason,
  rotateBy: rotateByView(key, now, rotationDays),
});

export const organizationView = (organization: OrganizationRecord, policy: { rotationDays: number | null }) => ({
  id: organization.id,
  name: organization.name,
  metadata: organization.metadata,
  rotation: organization.rotation,
  rotationInForce: rotationInForce(organization, policy),
  createdAt: rfc3339(organization.createdAt),
  suspendedAt: orNull(organization.suspendedAt),
});

export const projectView = (project: ProjectRecord) => ({
  id: project.id,
  organizationId: project.organizationId,
  name: project.name,
  keyModel: project.keyModel,
  tier: project.tier,
  metadata: project.metadata,
  createdAt: rfc3339(project.createdAt),
  suspendedAt: orNull(project.suspendedAt),
});

export const tierView = (tier: TierRecord) => ({
  id: tier.id,
  name: tier.name,
  title: tier.title,
  rank: tier.rank,
  limits: tier.limits,
  batchSize: tier.batchSize,
  endpoints: tier.endpoints && [...tier.endpoints],
  gatedFields: [...tier.gatedFields],
  permissions: tier.permissions && [...tier.permissions],
  createdAt: rfc3339(tier.createdAt),
  updatedAt: rfc3339(tier.updatedAt),
});

export const rootKeyView = (rootKey: RootKeyRecord) => ({
  id: rootKey.id,
  name: rootKey.name,
  hint: rootKey.hint,
  permissions: rootKey.permissions,
  source: rootKey.source,
  createdAt: rfc3339(rootKey.createdAt),
  expiresAt: orNull(rootKey.expiresAt),
  revokedAt: orNull(rootKey.revokedAt),
});
