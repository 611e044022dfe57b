// Guarantee of the engine: whatever is asked in whatever order and at whatever time, it answers what a naive recount says, and a refusal costs nothing.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { simulate } from './simulate.js';

it.each(seeds(1))('seed %i: 20,000 requests are answered as the model says', async (seed) => {
  const report = await simulate(seed, 20_000);
  console.log(`simulation: LATCHKEY_SEED=${seed}`, JSON.stringify({ ...report, fault: undefined }));
  expect(report.fault).toBeNull();
  expect(report.requests).toBeGreaterThanOrEqual(20_000);
});
