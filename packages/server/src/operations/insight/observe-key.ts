// observeKey: where a key is used from, and the restrictions that would fit it.

import { rfc3339, suggestedRestrictions } from '@latchkey/core';
import type { Call } from '../engine.js';
import { findKeyFor } from '../keys/record.js';
import type { Services } from '../services.js';
import { OBSERVED_KEPT_MS } from './observations.js';

/** What is still in the buffer is written first. */
export async function observeKey(services: Services, { keyId }: { keyId: string }, call: Call) {
  const { restrictions } = await findKeyFor(services.store, call.actor, keyId);
  await services.observations.flush();
  const rows = await services.store.observations.list(keyId, services.clock() - OBSERVED_KEPT_MS);
  return {
    observed: rows.map(({ kind, value, count, lastAt }) => ({ kind, value, count, lastAt: rfc3339(lastAt) })),
    suggested: suggestedRestrictions(rows, restrictions),
  };
}
