// What may be set on a key, as a form holds it: from a key, to a body, and what is wrong before it is sent. Pure.

import type { Key, Tier } from '@latchkey/client';
import type { Profile } from '@latchkey/core';
import { isEntry, MOST_ENTRIES, RESTRICTIONS, type RestrictionKind } from './checks';

export const LIMITS = ['perMinute', 'perDay', 'concurrent'] as const;
export type LimitName = (typeof LIMITS)[number];

/** Days from now; `at` is a moment of one's own. */
export const EXPIRIES = ['never', '30', '90', '365', 'at'] as const;
export type Expiry = (typeof EXPIRIES)[number];

export interface Settings {
  isFullAccess: boolean;
  permissions: string[];
  ips: string[];
  referrers: string[];
  endpoints: string[];
  /** '': the tier's. */
  perMinute: number | '';
  perDay: number | '';
  concurrent: number | '';
  expiry: Expiry;
  /** As `<input type="datetime-local">` writes it, in the person's own time zone. */
  expiresAt: string;
}

/** Of a body, so that an error of the server finds its field. The whole of `limits` has one too, for what is wrong between them. */
export const SETTING_MEMBERS: readonly string[] = [
  'permissions',
  ...RESTRICTIONS.map((kind) => `restrictions.${kind}`),
  ...LIMITS.map((name) => `limits.${name}`),
  'limits',
  'expiresAt',
];

export const NO_SETTINGS: Settings = {
  isFullAccess: true,
  permissions: [],
  ips: [],
  referrers: [],
  endpoints: [],
  perMinute: '',
  perDay: '',
  concurrent: '',
  expiry: 'never',
  expiresAt: '',
};

const two = (value: number) => String(value).padStart(2, '0');

/** A moment as `<input type="datetime-local">` takes it. */
function localInput(iso: string): string {
  const at = new Date(iso);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

export const settingsOf = (key: Key): Settings => ({
  isFullAccess: key.permissions === null,
  permissions: key.permissions ?? [],
  ips: key.restrictions?.ips ?? [],
  referrers: key.restrictions?.referrers ?? [],
  endpoints: key.restrictions?.endpoints ?? [],
  perMinute: key.limits?.perMinute ?? '',
  perDay: key.limits?.perDay ?? '',
  concurrent: key.limits?.concurrent ?? '',
  expiry: key.expiresAt === null ? 'never' : 'at',
  expiresAt: key.expiresAt === null ? '' : localInput(key.expiresAt),
});

const DAY = 86_400_000;

function expiryOf({ expiry, expiresAt }: Settings, now: number): string | null {
  if (expiry === 'never') return null;
  if (expiry !== 'at') return new Date(now + Number(expiry) * DAY).toISOString();
  return new Date(expiresAt).toISOString();
}

/** The members of a body. Null stands for nothing set: all is allowed, the tier's limits, no end. */
export function bodyOf(values: Settings, now: number) {
  const restrictions = Object.fromEntries(
    RESTRICTIONS.filter((kind) => values[kind].length > 0).map((kind) => [kind, values[kind]]),
  );
  const limits = Object.fromEntries(LIMITS.filter((name) => values[name] !== '').map((name) => [name, values[name]]));
  return {
    permissions: values.isFullAccess ? null : values.permissions,
    restrictions: Object.keys(restrictions).length === 0 ? null : (restrictions as Key['restrictions']),
    limits: Object.keys(limits).length === 0 ? null : (limits as Key['limits']),
    expiresAt: expiryOf(values, now),
  };
}

/** What of a body differs from the key as it is, to be sent as a change. */
export function changesOf(key: Key, body: ReturnType<typeof bodyOf>): Partial<ReturnType<typeof bodyOf>> {
  const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  return {
    ...(!same(key.permissions, body.permissions) && { permissions: body.permissions }),
    ...(!same(key.restrictions, body.restrictions) && { restrictions: body.restrictions }),
    ...(!same(key.limits, body.limits) && { limits: body.limits }),
    // The field knows minutes only: what was not touched stays to the millisecond.
    ...(!sameMinute(key.expiresAt, body.expiresAt) && { expiresAt: body.expiresAt }),
  };
}

const sameMinute = (a: string | null, b: string | null) =>
  a === b || (a !== null && b !== null && localInput(a) === localInput(b));

/** What a key gets of each limit unless it has a figure of its own. */
export type Ceilings = Record<LimitName, number | 'custom' | null>;

export function ceilingsOf(
  { profile, tiers }: { profile: Profile; tiers: readonly Tier[] },
  tier: string | null,
): Ceilings {
  const { perMinute, perDay, concurrent } = tiers.find(({ name }) => name === tier)?.limits ?? profile.policy.limits;
  return { perMinute, perDay: perDay?.limit ?? null, concurrent };
}

export type Fault =
  | { field: 'permissions'; is: 'none_chosen' }
  | { field: RestrictionKind; is: 'bad_entry'; entry: string }
  | { field: RestrictionKind; is: 'too_many' }
  | { field: LimitName; is: 'needed' }
  | { field: LimitName; is: 'above'; most: number }
  | { field: LimitName; is: 'operator_only' }
  | { field: 'expiresAt'; is: 'missing' | 'past' };

/** A member stays at or below the tier's figures, unless the key has that figure already. */
export function faultsOf(
  values: Settings,
  ceilings: Ceilings,
  { isOperator, now, key }: { isOperator: boolean; now: number; key?: Key },
): Fault[] {
  const faults: Fault[] = [];
  if (!values.isFullAccess && values.permissions.length === 0) faults.push({ field: 'permissions', is: 'none_chosen' });
  for (const field of RESTRICTIONS) {
    const entry = values[field].find((text) => !isEntry(field, text));
    if (entry !== undefined) faults.push({ field, is: 'bad_entry', entry });
    else if (values[field].length > MOST_ENTRIES) faults.push({ field, is: 'too_many' });
  }
  for (const field of LIMITS) {
    const wanted = values[field];
    const ceiling = ceilings[field];
    if (wanted === '') {
      if (ceiling === 'custom') faults.push({ field, is: 'needed' });
      continue;
    }
    if (isOperator || wanted === key?.limits?.[field]) continue;
    if (ceiling === 'custom') faults.push({ field, is: 'operator_only' });
    else if (ceiling !== null && wanted > ceiling) faults.push({ field, is: 'above', most: ceiling });
  }
  if (values.expiry === 'at') {
    const at = Date.parse(values.expiresAt);
    const stands = key?.expiresAt != null && localInput(key.expiresAt) === values.expiresAt;
    if (Number.isNaN(at)) faults.push({ field: 'expiresAt', is: 'missing' });
    else if (at <= now && !stands) faults.push({ field: 'expiresAt', is: 'past' });
  }
  return faults;
}

/** Permissions that a key may be given: those of the provider, and those of its routes that manage keys. */
export function offeredPermissions({ policy, routes }: Pick<Profile, 'policy' | 'routes'>) {
  const own = policy.permissions.map(({ name, description }) => ({ name, description, manages: false }));
  const names = new Set(own.map(({ name }) => name));
  const managing = routes.flatMap(({ operation, permission }) =>
    operation !== null && permission !== null && !names.has(permission) ? [permission] : [],
  );
  return [...own, ...[...new Set(managing)].map((name) => ({ name, description: '', manages: true }))];
}
