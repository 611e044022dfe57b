// Field gating at length: twenty thousand random answers in random pieces.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { runGating } from '../gating/run.js';

it.each(seeds(1))('seed %i: 20,000 answers are gated as by hand, 0 leaks', async (seed) => {
  const { cases, kinds, leaks, faults } = await runGating(seed, 20_000);
  console.log(`gating, seed ${seed}: ${leaks} leaks in ${cases} answers`, kinds);
  expect(faults).toEqual([]);
  expect([cases, leaks]).toEqual([20_000, 0]);
});
