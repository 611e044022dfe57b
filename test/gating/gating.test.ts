// Guarantee of field gating: whatever JSON comes in whatever pieces, a tier gets what is left when its hidden fields are deleted by hand, and of what cannot be read nothing.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { runGating } from './run.js';

it.each(seeds(1))('seed %i: 1,500 answers are gated as by hand, 0 leaks', async (seed) => {
  const { cases, kinds, leaks, faults } = await runGating(seed, 1_500);
  console.log(`gating: LATCHKEY_SEED=${seed}, ${leaks} leaks in ${cases} answers`, JSON.stringify(kinds));
  expect(faults).toEqual([]);
  expect([cases, leaks]).toEqual([1_500, 0]);
});
