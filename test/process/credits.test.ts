// kill -9 at drawn moments while credits are spent: what the clients were told is what the ledger says, to the credit.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { creditsRun, summary } from './credits.js';

const [seed = 1] = seeds(1);

it(`no credit is lost or charged twice, and each refill comes once, through kills at random instants (LATCHKEY_SEED=${seed})`, async () => {
  const outcome = await creditsRun({ seed, spends: 3_000, clients: 50, kills: 4, keys: 6 });
  console.log(summary(seed, outcome));
  expect(outcome.faults).toEqual([]);
  expect(outcome.kills).toBe(4);
  expect(outcome.listed).toBe(outcome.booked);
  expect(outcome.charged).toBeGreaterThan(1_000);
});
