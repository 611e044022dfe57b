// What limits and revocation cost with many nodes, on virtual time: prints the table of docs/guides/many-nodes.md. LATCHKEY_NODES says how many.

import { expect, it } from 'vitest';
import { fanOut } from '../simulation/cluster/fan-out.js';
import { costOf, LOADS } from '../simulation/cluster/many-nodes.js';

const NODES = (process.env.LATCHKEY_NODES ?? '3,10,100,1000').split(',').map(Number);
/** Beyond so many nodes the messages of one revocation are counted and not carried. */
const CARRIED = 100;

it('a node more costs no request beyond a limit', async () => {
  console.log(
    '| load | nodes | requests | round trips per decision | `remaining` off by (mean, most) | over the limit | admitted of what could be |',
  );
  for (const load of LOADS) {
    for (const nodes of NODES) {
      const { requests, tripsPerDecision, headerError, overAdmitted, admitted } = await costOf(nodes, load);
      const off = `${headerError.mean.toFixed(2)} %, ${headerError.most.toFixed(1)} %`;
      console.log(
        `| ${load.name} | ${nodes} | ${requests} | ${tripsPerDecision.toFixed(3)} | ${off} | ${overAdmitted} | ${(100 * admitted).toFixed(1)} % |`,
      );
      expect(overAdmitted).toBe(0);
      expect(admitted).toBeGreaterThan(0.99);
    }
  }
});

it('a revocation is confirmed by all, one message a node', async () => {
  console.log(
    '| nodes | messages sent | messages delivered | confirmed by | the call takes | last node heard after | statements a second at rest |',
  );
  for (const nodes of NODES.filter((count) => count <= CARRIED)) {
    const found = await fanOut(nodes);
    console.log(
      `| ${nodes} | ${found.sent.toFixed(0)} | ${found.delivered.toFixed(0)} | ${found.confirmed.toFixed(0)} | ${found.answeredMs.toFixed(1)} ms | ${found.lastHeardMs.toFixed(1)} ms | ${found.statementsPerSecond.toFixed(0)} |`,
    );
    expect(found.confirmed).toBe(nodes);
  }
});
