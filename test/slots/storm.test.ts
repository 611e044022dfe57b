// Whatever ends a request frees its slot, and no key has more work at once than its cap, as the upstream counts.

import { expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { storm } from './storm.js';

const [seed = 1] = seeds(1);

it(`500 aborted, timed-out and crashed requests leave no slot behind, and never exceed the cap (LATCHKEY_SEED=${seed})`, async () => {
  const { ends, faults, ...outcome } = await storm({ seed, bad: 500 });
  console.log(`slots, seed ${seed}: ${JSON.stringify({ ...outcome, ends })}`);
  expect(faults).toEqual([]);
  expect(outcome).toMatchObject({ held: 0, leases: 0, gauge: 0 });
  expect(outcome.most).toBeLessThanOrEqual(5);
  // The run was what it is meant to be: every kind of end came up, and the cap was reached.
  expect(outcome.bad).toBeGreaterThanOrEqual(500);
  expect(outcome.limited).toBeGreaterThan(20);
  expect(Object.keys(ends).sort()).toEqual([
    'answers',
    'answers slowly',
    'caller left',
    'closes unanswered',
    'finishes a job at once',
    'forgets a job',
    'gateway closed',
    'gateway threw',
    'is silent',
    'key revoked',
    'refuses',
    'resets mid-answer',
    'resets unanswered',
    'stalls mid-answer',
    'starts a job',
    'tunnels',
  ]);
});
