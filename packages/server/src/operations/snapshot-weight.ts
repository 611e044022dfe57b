// How much memory a snapshot takes, estimated from what is in it. An estimate for bounding a cache; a test holds it against the heap.

import type { Snapshot } from '@latchkey/core';

/** Objects, their fixed members, what is said of the key in answers, and its places in the cache's maps. */
const BASE_BYTES = 1_350;
const OBJECT_BYTES = 40;
/** Its places in the maps that find it again. */
const PLACE_BYTES = 200;
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

/** Bytes of a list or record made from a JSON text of this length. */
export const partBytes = (text: string): number => OBJECT_BYTES + 3 * text.length;

/** Bytes of a project or organization that only one key stands under. */
export const placeBytes = (place: Snapshot['project'] | Snapshot['organization']): number =>
  PLACE_BYTES + bytesOf(place);

/** Bytes that a snapshot keeps alive, without what it has in common with others. */
export const weightOf = ({ key }: Snapshot): number =>
  BASE_BYTES +
  textBytes(key.name) +
  textBytes(key.webhookSecret) +
  textBytes(key.ownerId) +
  textBytes(key.revokedReason) +
  bytesOf(key.metadata) +
  bytesOf(key.credits);
