// The simulation at length: a million requests against random limits, tiers and clock steps.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { simulate } from '../simulation/simulate.js';

const REQUESTS = 1_000_000;

it.each(seeds(1))('seed %i: a million requests are answered as the model says', async (seed) => {
  const report = await simulate(seed, REQUESTS, { lookEvery: 4 });
  const { fault, requests, allowed, refused, looked, byReason } = report;
  console.log(
    `simulation, seed ${seed}: ${requests} requests, ${allowed} allowed, ${refused} refused, ${looked} of them with a look before and after`,
    byReason,
  );
  expect(fault).toBeNull();
  expect(requests).toBeGreaterThanOrEqual(REQUESTS);
});
