// Revocations on three nodes at length: with everything well, without NOTIFY, without any notice, with a Redis that stands still, and with a node cut off.

import { afterEach, describe, expect, it } from 'vitest';
import { lacking } from '../cluster/cluster.js';
import { percentile } from '../cluster/load.js';
import { type RevocationRun, revocationRun, revocationSummary, wronglyRefused } from '../cluster/revocation.js';
import { sized, useCluster } from '../cluster/use.js';
import { seeds } from '../e2e/random.js';

describe.skipIf(lacking().length > 0)('revocation on three nodes, at length', () => {
  const cluster = useCluster();
  const [seed = 0] = seeds(1);
  const revocations = sized('LATCHKEY_REVOCATIONS', 1_000);
  const size: RevocationRun = { seed, revocations, atOnce: 4, inFlight: 2, patienceMs: 10_000 };

  afterEach(async () => {
    cluster().redis.resume();
    await cluster().set('postgres', 'pass');
    await cluster().set('redis', 'pass');
  });

  async function run(name: string, more: Partial<RevocationRun> = {}) {
    const outcome = await revocationRun(cluster(), { ...size, ...more });
    console.log(revocationSummary(name, seed, outcome));
    expect(outcome.faults).toEqual([]);
    expect([outcome.onRevokingNode, outcome.afterAllHeard, outcome.resurrected]).toEqual([0, 0, 0]);
    return outcome;
  }

  it('everything well: p99 within a second', async () => {
    const outcome = await run('all well');
    expect(percentile(outcome.lagsMs, 0.99)).toBeLessThan(1_000);
    expect(wronglyRefused(outcome)).toEqual({});
  });

  it('NOTIFY cut: Redis carries the notices', async () => {
    await cluster().set('postgres', 'hang', 'bus');
    const outcome = await run('NOTIFY cut');
    expect(percentile(outcome.lagsMs, 0.99)).toBeLessThan(1_000);
    expect(wronglyRefused(outcome)).toEqual({});
  });

  it('Redis stopped: NOTIFY carries them', async () => {
    cluster().redis.pause();
    const { lagsMs } = await run('Redis stopped');
    expect(percentile(lagsMs, 0.99)).toBeLessThan(1_000);
  });

  it('NOTIFY cut and Redis stopped: the log of changes is read within 5 s', async () => {
    cluster().redis.pause();
    await cluster().set('postgres', 'hang', 'bus');
    const { lagsMs } = await run('no notices', { revocations: Math.ceil(revocations / 5) });
    expect(percentile(lagsMs, 1)).toBeLessThan(5_000);
  });

  it('a node cut off from both: it stops within 30 s, and says 503 until it can read again', async () => {
    const count = Math.min(revocations, 20);
    const outcome = await run('a node cut off', {
      ...{ revocations: count, atOnce: count, revokeOn: [0, 1], patienceMs: 33_000 },
      async onceCached() {
        const links = cluster().nodes[2]?.links;
        await Promise.all([links?.redis.set('hang'), links?.postgres.set('hang')]);
      },
    });
    expect(percentile(outcome.lagsMs, 1)).toBeLessThan(30_000);
  });
});
