// Every fault of PostgreSQL and of Redis under load: nothing is accepted that must not be, answers come, and all is well again by itself.

import { describe, expect, it } from 'vitest';
import { type Backend, lacking } from '../cluster/cluster.js';
import { FAULTS, type FaultRow, faultRun, faultTable } from '../cluster/faults.js';
import { sized, useCluster } from '../cluster/use.js';
import { seeds } from '../e2e/random.js';

const NODES = 3;
/** Of a verification and of a change while a server hangs: they are given up within a second; the rest is a busy machine's. */
const WORST_MS = 2_000;
const RECOVERY_MS = 7_000;

describe.skipIf(lacking().length > 0)('faults of what three nodes need', () => {
  const cluster = useCluster();
  const [seed = 0] = seeds(1);
  const lastsMs = sized('LATCHKEY_FAULT_MS', 8_000);
  const chosen = process.env.LATCHKEY_FAULTS?.split(',');
  const all = (['postgres', 'redis'] as const satisfies Backend[]).flatMap((backend) =>
    FAULTS.map((fault) => ({ backend, fault })),
  );

  it('accept nothing wrong, answer in time, and pass', async () => {
    const rows: FaultRow[] = [];
    for (const { backend, fault } of all) {
      if (chosen !== undefined && !chosen.includes(`${backend}-${fault}`)) continue;
      rows.push(await faultRun(cluster(), { seed, backend, fault, lastsMs }));
    }
    console.log(faultTable(seed, rows));
    expect(rows.flatMap(({ backend, fault, faults }) => faults.map((text) => `${backend} ${fault}: ${text}`))).toEqual(
      [],
    );
    for (const { backend, fault, wrong, overLimit, worstMs, recoveryMs } of rows) {
      const name = `${backend} ${fault}`;
      expect(wrong, name).toBe(0);
      // Redis may forget what was used; then at most one request per node goes beyond.
      expect(overLimit, name).toBeLessThanOrEqual(backend === 'redis' ? NODES : 0);
      expect(worstMs, name).toBeLessThan(WORST_MS);
      expect(recoveryMs, name).toBeLessThan(RECOVERY_MS);
    }
  });
});
