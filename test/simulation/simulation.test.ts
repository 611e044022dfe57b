// Guarantee of the engine: whatever is asked in whatever order and at whatever time, it answers what a naive recount says, and a refusal costs nothing.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { simulate } from './simulate.js';

const SEEDS = seeds(1);

it.each([
  [2_000, 'each', 1],
  [18_000, 'a third', 3],
])(
  '%i requests are answered as the model says, with looks around %s',
  async (requests, _, lookEvery) => {
    for (const seed of SEEDS) {
      const report = await simulate(seed, requests, { lookEvery });
      console.log(`simulation: LATCHKEY_SEED=${seed}`, JSON.stringify({ ...report, fault: undefined }));
      expect(report.fault).toBeNull();
      expect(report.requests).toBeGreaterThanOrEqual(requests);
    }
  },
  180_000,
);
