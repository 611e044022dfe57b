// Credits on three nodes at length: whatever is killed, what the clients were told is what the ledger says.

import { describe, expect, it } from 'vitest';
import { lacking } from '../cluster/cluster.js';
import { clusterCredits } from '../cluster/credits.js';
import { sized, useCluster } from '../cluster/use.js';
import { seeds } from '../e2e/random.js';
import { latchkey } from '../process/command.js';
import { summary } from '../process/spending.js';

// Of two keys every node wants its escrowed blocks; of twenty the nodes mostly find their accounts free.
describe.skipIf(lacking().length > 0).each([2, 20])('credits of %i keys on three nodes', (keys) => {
  const cluster = useCluster();

  it.each(seeds(1))(
    'seed %i: the clients’ own list is the ledger, through kills of nodes, Redis and PostgreSQL',
    async (seed) => {
      const spends = Math.ceil(sized('LATCHKEY_SPENDS', 30_000) / 2);
      const kills = { node: 9, redis: 4, postgres: 2 };
      const outcome = await clusterCredits(cluster(), { seed, spends, clients: 120, keys, kills });
      console.log(`on three nodes, ${keys} keys: ${summary(seed, outcome)}`);
      expect(outcome.faults.slice(0, 20)).toEqual([]);
      expect(outcome.kills).toBe(15);
      expect(outcome.listed).toBe(outcome.booked);
      expect(outcome.refused).toBeGreaterThan(0);
      const { json } = await latchkey(['doctor', '--json'], { env: cluster().env });
      expect(json.findings.filter(({ good }: { good: boolean }) => !good)).toEqual([]);
    },
  );
});
