// kill -9 at drawn moments under concurrent changes: what was acknowledged is there, what was refused stays refused, counts stay within a block.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { crashRun } from './crash.js';

const [seed = 1] = seeds(1);

it(`every acknowledged create and revoke survives kills at random instants; a retry gets the same key (LATCHKEY_SEED=${seed})`, async () => {
  const outcome = await crashRun({ seed, changes: 1_000, clients: 8, kills: 5 });
  console.log(
    `crash, seed ${seed}: ${outcome.created} created, ${outcome.revoked} revoked, ${outcome.kills} kills, ${outcome.retried} asked again`,
  );
  expect(outcome.faults).toEqual([]);
  expect(outcome.kills).toBe(5);
  expect(outcome.created + outcome.revoked).toBe(1_000);
  expect(outcome.revoked).toBeGreaterThan(50);
});
