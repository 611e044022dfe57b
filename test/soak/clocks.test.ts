// The wall clock of one of three nodes is moved by a day, by hours, by a second: no limit, day, refill, expiry, grace period or reservation follows it.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { clocksRun } from '../cluster/clocks.js';
import { lacking } from '../cluster/cluster.js';
import { limitFaults, limitsRun, limitsTable, sharedWindows } from '../cluster/limits.js';
import { useCluster } from '../cluster/use.js';

const HOUR = 3_600_000;
const SHIFTS = [
  ['+25 h', 25 * HOUR],
  ['−2 h', -2 * HOUR],
  ['+1 s', 1_000],
  ['−1 s', -1_000],
] as const;
const NODES = 3;
const MOVED = 1;

describe.skipIf(lacking().length > 0)('one clock of three is wrong', () => {
  const cluster = useCluster({ nodes: NODES });

  it.each(SHIFTS)('%s: nothing ends early or late, and nothing is given twice', async (name, skewMs) => {
    const { checks, faults } = await clocksRun(cluster(), MOVED, skewMs);
    console.log(`clocks, ${name}: ${checks} checks, ${faults.length} faults`);
    expect(faults).toEqual([]);
  });

  it('starts with a wrong clock as well as with a right one', async () => {
    const node = cluster().nodes[MOVED];
    await node?.stop();
    await node?.skew(25 * HOUR);
    await node?.restart();
    const { checks, faults } = await clocksRun(cluster(), MOVED, 25 * HOUR);
    console.log(`clocks, started +25 h: ${checks} checks, ${faults.length} faults`);
    expect(faults).toEqual([]);
  });

  it('moves through all of them within one window, and into the next: no limit is exceeded, none is short', async () => {
    const spanMs = 40_000;
    const outcome = await limitsRun(cluster(), {
      ...{ limits: [5, 100], loads: [1, 10], patterns: ['even', 'sticky', 'bursty'] },
      ...{ windows: 2, spanMs, inFlight: 8 },
      meanwhile: {
        afterMs: 5_000,
        async act() {
          for (const [, ms] of [...SHIFTS, SHIFTS[0]]) {
            await cluster().nodes[MOVED]?.skew(ms);
            await sleep(6_000);
          }
        },
      },
    });
    await cluster().nodes[MOVED]?.skew(0);
    console.log(limitsTable(outcome));
    expect(limitFaults(outcome, NODES)).toEqual([]);
    expect(sharedWindows(outcome), 'windows that were counted together').toBeGreaterThan(0);
  });
});
