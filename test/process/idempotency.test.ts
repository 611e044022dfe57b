// Payments sent many times at once through a gateway that is killed: each takes effect at most once, and who was answered hears the same again.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { figures, idempotencyRun } from './idempotency.js';

const [seed = 1] = seeds(1);

it(`60 payments, each sent 20 times at once, take effect at most once through 2 kills; those that met none exactly once (LATCHKEY_SEED=${seed})`, async () => {
  const outcome = await idempotencyRun({ seed, keys: 60, duplicates: 20, kills: 2, atOnce: 4 });
  console.log(figures(seed, outcome));
  expect(outcome.faults).toEqual([]);
  expect(outcome.kills).toBe(2);
  expect(outcome.paid + outcome.unknown).toBe(60);
  expect(outcome.conflicts).toBeGreaterThan(0);
});
