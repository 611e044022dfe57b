// What state a key is in at an instant, derived from its times and never stored.

import type { Instant, KeyRecord, RootKeyRecord } from '../ports.js';

export const KEY_STATES = ['active', 'disabled', 'grace', 'revoked', 'expired'] as const;
export type KeyState = (typeof KEY_STATES)[number];

type Times = Pick<KeyRecord, 'revokedAt' | 'expiresAt' | 'disabledAt' | 'graceEndsAt'>;

/** A key is dead from its `expiresAt` and from its `graceEndsAt` on, to the millisecond. A rotated-out key shows as expired. */
export function keyState(key: Times, now: Instant): KeyState {
  if (key.revokedAt !== null) return 'revoked';
  if (key.expiresAt !== null && now >= key.expiresAt) return 'expired';
  if (key.graceEndsAt !== null && now >= key.graceEndsAt) return 'expired';
  if (key.disabledAt !== null) return 'disabled';
  return key.graceEndsAt === null ? 'active' : 'grace';
}

/** True while the key could be accepted again: active, in its grace period, or disabled (which is reversible). */
export const isLive = (key: Times, now: Instant): boolean =>
  ['active', 'grace', 'disabled'].includes(keyState(key, now));

/** True while the key is accepted: active, or in its grace period. */
export const isKeyUsable = (key: Times, now: Instant): boolean => ['active', 'grace'].includes(keyState(key, now));

/** A root key is never disabled and has no grace period. */
export const isRootKeyUsable = ({ revokedAt, expiresAt }: RootKeyRecord, now: Instant): boolean =>
  revokedAt === null && (expiresAt === null || expiresAt > now);
