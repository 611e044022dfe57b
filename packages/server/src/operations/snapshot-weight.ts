// How much memory a snapshot takes, estimated from what is in it. An estimate for bounding a cache; a test holds it against the heap.

import type { Snapshot } from '@latchkey/core';

/** Objects, their fixed members, what is said of the key in answers, and its places in the cache's maps. */
const BASE_BYTES = 1_500;
const OBJECT_BYTES = 40;
const MEMBER_BYTES = 12;
const NUMBER_BYTES = 16;
const BEYOND_LATIN = /[^\0-\xff]/;

function textBytes(text: string | null): number {
  if (text === null) return 0;
  return 24 + text.length * (BEYOND_LATIN.test(text) ? 2 : 1);
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return textBytes(value);
  if (typeof value === 'number') return NUMBER_BYTES;
  if (typeof value !== 'object' || value === null) return 0;
  let bytes = OBJECT_BYTES;
  if (Array.isArray(value)) for (const member of value) bytes += MEMBER_BYTES + bytesOf(member);
  else
    for (const [name, member] of Object.entries(value)) bytes += MEMBER_BYTES + 2 * textBytes(name) + bytesOf(member);
  return bytes;
}

/**
 * Bytes that a snapshot keeps alive. Lists that other keys may have too are counted for each of them: that errs towards
 * too much, so that a cache of keys which share nothing stays within its bound as well.
 */
export function weightOf({ key, permissions, restrictions }: Snapshot): number {
  return (
    BASE_BYTES +
    textBytes(key.name) +
    textBytes(key.webhookSecret) +
    textBytes(key.ownerId) +
    textBytes(key.environment) +
    textBytes(key.revokedReason) +
    bytesOf(key.metadata) +
    bytesOf(key.limits) +
    bytesOf(key.credits) +
    bytesOf(key.permissions) +
    (key.permissions === null ? 0 : bytesOf(permissions)) +
    // The text of a restriction and what it was compiled to.
    3 * bytesOf(restrictions?.source ?? null)
  );
}
