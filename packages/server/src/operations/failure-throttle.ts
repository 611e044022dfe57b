// Slows a source that keeps presenting unknown keys. Counts per network and clock minute; a valid key never comes here.

import { type Clock, MINUTE_MS, type Telemetry } from '@latchkey/core';
import { LRUCache } from 'lru-cache';
import { networkOf } from './address.js';

/** Unknown keys from one source in a minute before it is answered `too_many_failures` instead. */
export const FAILURES_PER_MINUTE = 100;
const SOURCES = 50_000;

export interface FailureThrottle {
  /** Counts one unknown key from `ip`; the seconds to wait when that is one too many, else null. */
  fail(ip: string | null): number | null;
}

export function createFailureThrottle(clock: Clock, telemetry: Telemetry): FailureThrottle {
  const sources = new LRUCache<string, { minute: number; failures: number }>({ max: SOURCES });
  return {
    fail(ip) {
      if (ip === null) return null;
      const now = clock();
      const minute = Math.floor(now / MINUTE_MS);
      const network = networkOf(ip);
      let source = sources.get(network);
      if (source === undefined || source.minute !== minute) {
        source = { minute, failures: 0 };
        sources.set(network, source);
      }
      source.failures++;
      if (source.failures <= FAILURES_PER_MINUTE) return null;
      telemetry.count('latchkey_throttled_total');
      return Math.ceil(((minute + 1) * MINUTE_MS - now) / 1000);
    },
  };
}
