// Guarantee of the cluster simulation: a fault in a shipped module shows in some seed, the seed replays it, and without the fault it is gone.

import { describe, expect, it, vi } from 'vitest';
import { withRoomForFew } from './small-caches.js';

vi.mock('lru-cache', async (original) => withRoomForFew(await original()));

const { FAULTS } = await import('./planted.js');
const { search } = await import('./run.js');
const { simulate } = await import('./simulate.js');

/** Seeds that are looked through at most. */
const MOST = 150;

describe('a planted fault is found, and its seed replays', () => {
  it.each(Object.keys(FAULTS))(
    '%s',
    async (name) => {
      const { from = 1, parts, shows, ...weather } = FAULTS[name] as (typeof FAULTS)[string];
      const run = (seed: number) => simulate(seed, { ...weather, parts: parts() });
      const found = await search(from, MOST, run, shows);
      expect(found).not.toBeNull();
      if (found === null) return;
      const { seed, outcome } = found;
      console.log(`${name}: LATCHKEY_SEED=${seed}, ${outcome.faults.find((fault) => shows.test(fault))}`);
      const again = await run(seed);
      expect(again.faults).toEqual(outcome.faults);
      expect(again.trace).toBe(outcome.trace);
      expect((await simulate(seed, weather)).faults).toEqual([]);
    },
    600_000,
  );
});
