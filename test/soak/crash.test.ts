// The crash run at length: more changes, more kills, several seeds.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { crashRun } from '../process/crash.js';

it.each(seeds(10))('seed %i: every acknowledged change survives 20 kills', async (seed) => {
  const outcome = await crashRun({ seed, changes: 10_000, clients: 16, kills: 20 });
  console.log(
    `crash, seed ${seed}: ${outcome.created} created, ${outcome.revoked} revoked, ${outcome.kills} kills, ${outcome.retried} asked again`,
  );
  expect(outcome.faults).toEqual([]);
  expect(outcome.kills).toBe(20);
  expect(outcome.created + outcome.revoked).toBe(10_000);
});
