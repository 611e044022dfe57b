// Random bytes from the operating system, drawn in larger pieces: one system call for many small ids. Handed-out bytes are wiped.

import { randomBytes, randomFillSync } from 'node:crypto';
import type { RandomBytes } from '@latchkey/core';

const POOL_BYTES = 4096;
/** Larger requests, secrets among them, are drawn directly. */
const POOLED_AT_MOST = 32;

export function createRandomPool(): RandomBytes {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (length) => {
    if (length > POOLED_AT_MOST) return randomBytes(length);
    if (used + length > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = Uint8Array.prototype.slice.call(pool, used, used + length);
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  };
}
