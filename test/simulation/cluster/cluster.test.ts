// Guarantee of several nodes: whatever fails, is late, gets lost or dies, no promise about revocation, limits, slots and credits is broken.

import { expect, it, vi } from 'vitest';
import { withRoomForFew } from './small-caches.js';

vi.mock('lru-cache', async (original) => withRoomForFew(await original()));

const { runSeeds } = await import('./run.js');
const { simulate } = await import('./simulate.js');

const SEEDS = Number(process.env.LATCHKEY_SEEDS ?? 40);
const given = process.env.LATCHKEY_SEED?.match(/\d+/g)?.map(Number);
const list = given ?? Array.from({ length: SEEDS }, (_, at) => at + 1);

it('no seed breaks a promise', async () => {
  const { broken, ...summary } = await runSeeds(list);
  console.log('cluster simulation:', JSON.stringify(summary));
  expect(broken.join('\n')).toBe('');
  expect(summary.allowed).toBeGreaterThan(summary.asks / 4);
});

it('the same seed is the same run', async () => {
  const [seed = 1] = list;
  const [first, second] = [await simulate(seed, { kind: 'torn' }), await simulate(seed, { kind: 'torn' })];
  expect(first.trace).toBe(second.trace);
  expect(first.events).toBe(second.events);
});
