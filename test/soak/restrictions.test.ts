// The attack on path rules at length: more drawn spellings, more keys with endpoints of their own.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { attackPaths } from '../restrictions/attack.js';

it.each(seeds(1))('seed %i: 0 protected paths reach an upstream', async (seed) => {
  const { sent, reached, sharp, passed, faults } = await attackPaths(seed, { random: 400, keys: 20, oneIn: 1 });
  console.log(
    `paths, seed ${seed}: ${faults.length} of ${sent} came through as protected (${sharp} could have, ${reached} came as something else, ${passed} open ones passed)`,
  );
  expect(faults).toEqual([]);
});
