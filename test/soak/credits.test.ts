// The crash run of credits at length: 100,000 spends, 200 at once, 20 kills and more.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { creditsRun, summary } from '../process/credits.js';

it.each(seeds(1))('seed %i: the clients’ own list is the ledger, through 24 kills', async (seed) => {
  const outcome = await creditsRun({ seed, spends: 100_000, clients: 200, kills: 24, keys: 20 });
  console.log(summary(seed, outcome));
  expect(outcome.faults).toEqual([]);
  expect(outcome.kills).toBe(24);
  expect(outcome.listed).toBe(outcome.booked);
  expect(outcome.refused).toBeGreaterThan(0);
});
