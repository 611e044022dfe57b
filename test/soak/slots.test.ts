// The storm against slots at length: 2,000 requests that had a slot and came to no good end, several seeds.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { storm } from '../slots/storm.js';

it.each(seeds(5))('seed %i: 2,000 aborted, timed-out and crashed requests leave no slot behind', async (seed) => {
  const { faults, ...outcome } = await storm({ seed, bad: 2_000 });
  console.log(`slots, seed ${seed}: ${JSON.stringify(outcome)}`);
  expect(faults).toEqual([]);
  expect(outcome).toMatchObject({ held: 0, leases: 0, gauge: 0 });
  expect(outcome.most).toBeLessThanOrEqual(5);
  expect(outcome.bad).toBeGreaterThanOrEqual(2_000);
});
