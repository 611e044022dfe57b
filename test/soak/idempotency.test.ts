// The idempotency run at full size: 1,000 payments, each sent 50 times at once, with 20 kills.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { figures, idempotencyRun } from '../process/idempotency.js';

it.each(seeds(2))('seed %i: 1,000 payments take effect at most once each through 20 kills', async (seed) => {
  const outcome = await idempotencyRun({ seed, keys: 1_000, duplicates: 50, kills: 20, atOnce: 8 });
  console.log(figures(seed, outcome));
  expect(outcome.faults).toEqual([]);
  expect(outcome.kills).toBe(20);
  expect(outcome.paid + outcome.unknown).toBe(1_000);
});
