// Snapshots: a key compiled for deciding, frozen, with the parts that many keys have alike kept once. What is cached for how long is not known here.

import {
  type AddressRange,
  effectiveLimits,
  expandPermissions,
  type KeyRecord,
  type OrganizationRecord,
  type Profile,
  type ProjectRecord,
  type Snapshot,
  type Tier,
} from '@latchkey/core';
import { LRUCache } from 'lru-cache';
import { parseRange } from './address.js';

/** Hands out one value for all equal ones: what `make` made for the same text before, else what it makes now. */
export type Share = <Value>(text: string, make: () => Value) => Value;

const KEPT_PARTS = 10_000;
/** A longer text is hardly anybody else's too. */
const LONGEST_SHARED = 500;

/** What is forgotten is made again: then two equal values stand beside each other, which costs memory and nothing else. */
export function createShare(): Share {
  const parts = new LRUCache<string, { value: unknown }>({ max: KEPT_PARTS });
  return <Value>(text: string, make: () => Value): Value => {
    const known = parts.get(text);
    if (known !== undefined) return known.value as Value;
    const value = make();
    if (text.length <= LONGEST_SHARED) parts.set(text, { value });
    return value;
  };
}

const unshared: Share = (_, make) => make();

/** What is kept and handed out again and again: a caller in process that writes into its answer changes nobody else's. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

/** Everything deciding needs to know of a key, resolved against the tiers and the profile's policy. */
export function compileSnapshot(
  key: KeyRecord,
  project: ProjectRecord,
  organization: OrganizationRecord,
  { policy }: Profile,
  tiers: readonly Tier[],
  share: Share = unshared,
): Snapshot {
  const tier = tiers.find(({ name }) => name === key.tier) ?? null;
  const limits = effectiveLimits(tier?.limits ?? policy.limits, key.limits);
  return deepFreeze({
    key: withSharedParts(key, project, share),
    project,
    organization,
    tier,
    tiers,
    permissions: share(`permissions ${JSON.stringify(key.permissions)}`, () => {
      const implies = Object.fromEntries(policy.permissions.map((permission) => [permission.name, permission.implies]));
      return deepFreeze(key.permissions === null ? ['*'] : expandPermissions(key.permissions, implies));
    }),
    limits: share(`limits ${JSON.stringify(limits)}`, () => deepFreeze(limits)),
    restrictions:
      key.restrictions &&
      share(`restrictions ${JSON.stringify(key.restrictions)}`, () => deepFreeze(compiled(key.restrictions))),
  });
}

function compiled(source: KeyRecord['restrictions']): Snapshot['restrictions'] {
  if (source === null) return null;
  const ranges = source.ips?.map(parseRange);
  return { ips: ranges ? ranges.filter((range): range is AddressRange => range !== null) : null, source };
}

/** A database driver makes every text anew; most columns hold one of a few. Written out, since V8 keeps a frozen copy by spread as a hash table. */
function withSharedParts(key: KeyRecord, project: ProjectRecord, share: Share): KeyRecord {
  const word = <Text extends string | null>(text: Text): Text =>
    text === null ? text : share(`word ${text}`, () => text);
  const part = <Value>(name: string, value: Value): Value =>
    value === null ? value : share(`${name} ${JSON.stringify(value)}`, () => deepFreeze(value));
  return {
    id: key.id,
    organizationId: key.organizationId === project.organizationId ? project.organizationId : key.organizationId,
    projectId: key.projectId === project.id ? project.id : key.projectId,
    familyId: key.familyId,
    generation: key.generation,
    name: key.name,
    prefix: word(key.prefix),
    hint: key.hint,
    mode: key.mode === 'live' ? 'live' : 'test',
    model: key.model === 'v2' ? 'v2' : 'legacy',
    tier: word(key.tier),
    permissions: part('granted', key.permissions),
    restrictions: part('restricted', key.restrictions),
    limits: part('overrides', key.limits),
    credits: key.credits,
    environment: word(key.environment),
    metadata: key.metadata,
    ownerId: key.ownerId,
    digest: {
      kind: key.digest.kind === 'hmac' ? 'hmac' : 'sha256',
      pepperId: word(key.digest.pepperId),
      value: key.digest.value,
    },
    imported: key.imported,
    webhookSecret: key.webhookSecret,
    createdBy: word(key.createdBy),
    createdAt: key.createdAt,
    expiresAt: key.expiresAt,
    disabledAt: key.disabledAt,
    graceEndsAt: key.graceEndsAt,
    revokedAt: key.revokedAt,
    revokedReason: key.revokedReason,
    lastUsedAt: key.lastUsedAt,
    lastUsedIp: key.lastUsedIp,
  };
}
