// The shape of a secret: prefix, random base62 body, CRC-32 checksum. Pure; the random bytes are handed in.

import type { Clock, RandomBytes } from '../ports.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
export const CHECKSUM_LENGTH = 6;
/** 32 base62 characters carry 190.5 bits. */
export const MIN_BODY_LENGTH = 32;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 (IEEE 802.3, reflected) of an ASCII string, unsigned. */
export function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let at = 0; at < text.length; at++) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ text.charCodeAt(at)) & 0xff] as number);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A whole number in base62 (0-9A-Za-z), left-padded with `0`. */
export function base62(value: number, width: number): string {
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = ALPHABET[rest % 62] + text;
  return text.padStart(width, '0');
}

/** `length` base62 characters, each equally likely: bytes of 248 and more are thrown away, not folded. */
export function randomBase62(length: number, random: RandomBytes): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random(length - text.length + 8)) {
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62];
    }
  }
  return text;
}

/** The six characters that GitHub's published token format appends: CRC-32 of the body without its prefix, in base62. */
export const checksum = (body: string): string => base62(crc32(body), CHECKSUM_LENGTH);

/** A new secret: `prefix` + body of `bodyLength` + checksum. */
export function makeSecret(prefix: string, bodyLength: number, random: RandomBytes): string {
  const body = randomBase62(Math.max(bodyLength, MIN_BODY_LENGTH), random);
  return `${prefix}${body}${checksum(body)}`;
}

/**
 * Whether a presented secret has the shape of one made here. `mistyped`: one of our prefixes and lengths but a wrong checksum;
 * `foreign`: any other shape.
 */
export function judgeShape(secret: string, prefixes: readonly string[]): 'sound' | 'mistyped' | 'foreign' {
  const tails = prefixes.filter((prefix) => secret.startsWith(prefix)).map((prefix) => secret.slice(prefix.length));
  if (tails.length === 0) return 'foreign';
  // One prefix may begin with the other (`sk_`, `sk_test_`): either reading may be the right one.
  const sound = tails.some((tail) => {
    const body = tail.slice(0, -CHECKSUM_LENGTH);
    return body.length >= MIN_BODY_LENGTH && checksum(body) === tail.slice(-CHECKSUM_LENGTH);
  });
  return sound ? 'sound' : 'mistyped';
}

/** Whether somewhere in the text stands a whole secret made here, behind whatever prefix: its checksum gives it away. */
export const holdsSecret = (text: string): boolean =>
  (text.match(/[0-9A-Za-z]+/g) ?? []).some((run) => {
    const body = run.slice(0, -CHECKSUM_LENGTH);
    return body.length >= MIN_BODY_LENGTH && checksum(body) === run.slice(-CHECKSUM_LENGTH);
  });

/** The part of a secret that may be shown to tell keys apart. */
export const hintOf = (secret: string): string => secret.slice(-4);

/** A public identifier such as `key_…`: 20 base62 characters behind the type's prefix. */
export const makeId = (type: string, random: RandomBytes): string => `${type}_${randomBase62(20, random)}`;

const TIME_LENGTH = 8;
const TAIL_LENGTH = 12;

/**
 * A maker of ids that sort as they were made: 8 base62 characters of time and 12 random ones, of which the next is the
 * successor within one millisecond. So rows of one instant keep their order wherever they are sorted by (time, id).
 */
export function createIdMaker(clock: Clock, random: RandomBytes): (type: string) => string {
  let time = 0;
  let tail = '';
  return (type) => {
    const now = clock();
    const next = now > time ? null : successor(tail);
    if (next === null) {
      time = Math.max(now, time + 1);
      tail = randomBase62(TAIL_LENGTH, random);
    } else {
      tail = next;
    }
    return `${type}_${base62(time, TIME_LENGTH)}${tail}`;
  };
}

/** The next text of the same length in base62, or null after the last. */
function successor(text: string): string | null {
  for (let at = text.length - 1; at >= 0; at--) {
    const digit = ALPHABET.indexOf(text[at] as string);
    if (digit < ALPHABET.length - 1) return text.slice(0, at) + ALPHABET[digit + 1] + '0'.repeat(text.length - at - 1);
  }
  return null;
}
