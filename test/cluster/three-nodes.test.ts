// Three nodes on PostgreSQL and Redis are one installation: they start together, admit together what one would, and end a key together.

import { describe, expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { firstProject, latchkey, type Made, type Verification } from '../process/command.js';
import { keepKey } from '../secrecy/test-root.js';
import { lacking } from './cluster.js';
import { limitFaults, limitsRun, limitsTable, sharedWindows } from './limits.js';
import { percentile } from './load.js';
import { revocationRun, revocationSummary, wronglyRefused } from './revocation.js';
import { useCluster } from './use.js';

const NODES = 3;

describe.skipIf(lacking().length > 0)('three nodes', () => {
  const cluster = useCluster({ nodes: NODES });

  it('that start at once on an empty database have one root key, one signing key and one audit chain', async () => {
    const { nodes, env } = cluster();
    const projectId = await firstProject(cluster());
    const keys = await Promise.all(
      nodes.map((node) => node.ask<Made>('POST', `/v1/projects/${projectId}/keys`, { name: 'key' })),
    );
    for (const { secret } of keys) {
      keepKey(secret);
      for (const node of nodes)
        expect((await node.ask<Verification>('POST', '/v1/keys/verify', { secret })).valid).toBe(true);
    }
    const signing = await Promise.all(
      nodes.map(({ controlPlane }) => fetch(`${controlPlane}/.well-known/jwks.json`).then((answer) => answer.text())),
    );
    expect(new Set(signing).size).toBe(1);
    const rootKeys = await Promise.all(nodes.map((node) => node.ask<{ data: unknown[] }>('GET', '/v1/root-keys')));
    expect(rootKeys.map(({ data }) => data.length)).toEqual([1, 1, 1]);
    // It recomputes every chain.
    const { json } = await latchkey(['doctor', '--json'], { env });
    expect(json.findings.filter(({ good }: { good: boolean }) => !good)).toEqual([]);
  });

  it('admit {5, 100} × {0.9, 1, 10} in one window, even, sticky and bursty: none too much, and at least 0.99 of what is allowed', async () => {
    for (let attempt = 1; ; attempt++) {
      const outcome = await limitsRun(cluster(), {
        limits: [5, 100],
        loads: [0.9, 1, 10],
        patterns: ['even', 'sticky', 'bursty'],
        ...{ windows: 1, spanMs: 4_000, inFlight: 16 },
      });
      console.log(limitsTable(outcome));
      expect(limitFaults(outcome, NODES)).toEqual([]);
      // Where Redis gets no turn within 50 ms, nodes count alone, as while it is away: then the machine is too busy to tell more.
      if (sharedWindows(outcome) > outcome.cells.length / 2) break;
      if (attempt === 2) {
        console.warn('The machine was too busy to say how much is admitted; test:soak does.');
        break;
      }
    }
    // Without load every one counts with the others.
    const made = { name: 'quiet', limits: { perMinute: 1_000 } };
    const { secret } = await cluster().ask<Made>('POST', `/v1/projects/${await firstProject(cluster())}/keys`, made);
    keepKey(secret);
    for (const node of cluster().nodes) {
      const isAlone = async () => (await node.ask<Verification>('POST', '/v1/keys/verify', { secret })).degraded;
      await expect.poll(isAlone, { timeout: 60_000 }).toBe(false);
    }
  });

  it.each(seeds(1))('hear of a revocation before the call returns, seed %i', async (seed) => {
    const outcome = await revocationRun(cluster(), {
      ...{ seed, revocations: 30, atOnce: 3, inFlight: 1, patienceMs: 5_000 },
    });
    console.log(revocationSummary('all well', seed, outcome));
    expect(outcome.faults).toEqual([]);
    expect([outcome.onRevokingNode, outcome.resurrected]).toEqual([0, 0]);
    expect(wronglyRefused(outcome)).toEqual({});
    // Nothing where all have heard of it. Three times what is promised, for a busy machine: the soak tests judge the promise.
    expect(percentile(outcome.lagsMs, 0.99)).toBeLessThan(3_000);
  });
});
