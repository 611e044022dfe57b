// A ring of secret keys: several are known, the last is current. Reads text into bytes; never writes a value anywhere.

import { createHash } from 'node:crypto';
import { LatchkeyError } from '@latchkey/core';

export const RING_KEY_BYTES = 32;

export interface RingKey {
  /** Derived from the bytes, so that it can be stored and shown. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface Ring {
  /** Oldest first. */
  readonly keys: readonly RingKey[];
  readonly current: RingKey;
}

export const ringKeyId = (bytes: Uint8Array): string =>
  createHash('sha256').update('latchkey/key-id/v1').update(bytes).digest('hex').slice(0, 12);

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * Reads base64 values (standard or URL alphabet) separated by whitespace or commas; a value given twice counts once, at
 * its last place.
 * @throws LatchkeyError `configuration_invalid`, which names the setting and never quotes its value.
 */
export function ringFromText(text: string, settingName: string): Ring {
  const invalid = (problem: string) =>
    new LatchkeyError(
      'configuration_invalid',
      `${settingName} ${problem}. Make a key of 32 bytes with: openssl rand -base64 32`,
    );
  // A caller in JavaScript hands on an unset variable as it is.
  if (typeof text !== 'string') throw invalid('is not set');
  const keys = new Map<string, RingKey>();
  const values = text.split(/[\s,]+/).filter((value) => value !== '');
  for (const [position, value] of values.entries()) {
    const which = values.length === 1 ? 'its value' : `value ${position + 1} of ${values.length}`;
    if (!BASE64.test(value)) throw invalid(`is not base64: ${which} has other characters`);
    const bytes = Buffer.from(value, 'base64');
    if (bytes.length < RING_KEY_BYTES)
      throw invalid(`is too short: ${which} has ${bytes.length} bytes and needs at least ${RING_KEY_BYTES}`);
    const id = ringKeyId(bytes);
    keys.delete(id);
    keys.set(id, { id, bytes });
  }
  const list = [...keys.values()];
  const current = list[list.length - 1];
  if (current === undefined) throw invalid('is empty');
  return { keys: list, current };
}

/** The same ring with the last key that may be used as its current one; with none, as it is. */
export function usableRing(ring: Ring, mayUse: (id: string) => boolean): Ring {
  if (mayUse(ring.current.id)) return ring;
  const current = ring.keys.findLast(({ id }) => mayUse(id));
  return current === undefined ? ring : { keys: ring.keys, current };
}

/** One base64 value per line, the current one last. */
export const ringToText = (ring: Ring): string =>
  `${ring.keys.map((key) => Buffer.from(key.bytes).toString('base64')).join('\n')}\n`;
