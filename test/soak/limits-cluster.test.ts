// Limits on three nodes at length: every combination through whole minutes, and through a Redis that comes back empty.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { lacking } from '../cluster/cluster.js';
import { limitFaults, limitsRun, limitsTable, sharedWindows } from '../cluster/limits.js';
import { sized, useCluster } from '../cluster/use.js';

const NODES = 3;

describe.skipIf(lacking().length > 0)('limits on three nodes, at length', () => {
  const cluster = useCluster({ nodes: NODES });

  it.each(['even', 'sticky', 'bursty'] as const)(
    'hold in every minute: {5, 100, 2,400} × {0.9, 1, 10}, %s',
    async (pattern) => {
      const outcome = await limitsRun(cluster(), {
        ...{ limits: [5, 100, 2_400], loads: [0.9, 1, 10], patterns: [pattern] },
        ...{ windows: sized('LATCHKEY_WINDOWS', 2), spanMs: 60_000, inFlight: 32 },
      });
      console.log(limitsTable(outcome));
      expect(limitFaults(outcome, NODES)).toEqual([]);
      expect(outcome.unavailable).toBe(0);
      // Else nothing was shown: run it on a machine that has nothing else to do.
      expect(sharedWindows(outcome), 'windows that were counted together').toBeGreaterThanOrEqual(outcome.cells.length);
    },
  );

  it('admit at most 1 in 100 more, or one request per node, in the minute in which Redis loses everything', async () => {
    const { redis } = cluster();
    const outcome = await limitsRun(cluster(), {
      limits: [5, 100, 2_400],
      loads: [1, 10],
      patterns: ['even', 'sticky', 'bursty'],
      ...{ windows: 1, spanMs: 40_000, inFlight: 16 },
      meanwhile: {
        afterMs: 15_000,
        async act() {
          await redis.kill();
          await sleep(3_000);
          await redis.start();
        },
      },
    });
    console.log(limitsTable(outcome));
    expect(limitFaults(outcome, NODES)).toEqual([]);
    expect(outcome.degraded).toBeGreaterThan(0);
  });
});
