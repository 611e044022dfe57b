// Concurrency slots on three nodes: counted together, given back when a node dies, kept by a stream that goes on; and a revocation ends what runs on every node.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, lacking, startCluster } from '../cluster/cluster.js';
import { clientNow } from '../cluster/load.js';
import { openStream, type Stream } from '../cluster/streams.js';
import { type CountingUpstream, openUpstream } from '../cluster/upstream.js';
import { REPOSITORY } from '../e2e/process.js';
import { eventually } from '../e2e/window.js';
import { firstProject, type Made } from '../process/command.js';
import { keepKey, testDir } from '../secrecy/test-root.js';

const BACK_WITHIN_MS = 15_000;

/** A shipped profile, every row of which holds a slot for as long as its request lasts. */
function profileWithSlots(): string {
  const profile = JSON.parse(readFileSync(join(REPOSITORY, 'profiles/textgen/profile.json'), 'utf8'));
  for (const route of profile.routes) route.concurrency = 'request';
  const file = join(testDir('profile'), 'profile.json');
  writeFileSync(file, JSON.stringify(profile));
  return file;
}

describe.skipIf(lacking().length > 0)('streams on three nodes', () => {
  let cluster: Cluster;
  let upstream: CountingUpstream;
  let projectId: string;
  beforeAll(async () => {
    upstream = await openUpstream();
    cluster = await startCluster({ upstream: upstream.url, profile: profileWithSlots() });
    projectId = await firstProject(cluster);
  }, 90_000);
  afterAll(async () => {
    await cluster?.close();
    await upstream?.close();
  });

  const create = async (concurrent: number): Promise<Made> => {
    const made = await cluster.ask<Made>('POST', `/v1/projects/${projectId}/keys`, {
      name: 'streams',
      limits: { perMinute: 1_000_000, perDay: 1_000_000, concurrent },
    });
    keepKey(made.secret);
    return made;
  };
  const open = (node: number, { secret }: Made): Promise<Stream> =>
    openStream(cluster.nodes[node]?.gateway ?? '', secret);

  /** Until all nodes count together: while one does not, it lets pass what it must alone. */
  const together = (): Promise<void> =>
    eventually(
      'no node is degraded',
      async () => {
        const metrics = await Promise.all(
          cluster.nodes.map(({ controlPlane }) => fetch(`${controlPlane}/metrics`).then((answer) => answer.text())),
        );
        return metrics.every((text) => !/^latchkey_degraded(?:\{.*\})? 1$/m.test(text));
      },
      20_000,
    );

  it('share their slots; a killed node’s are back within 15 s, those of the others stay', async () => {
    const key = await create(4);
    await together();
    const streams = await Promise.all([0, 1, 1, 2].map((node) => open(node, key)));
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const node of [0, 1, 2]) expect((await open(node, key)).status).toBe(429);
    await together();
    const killedAt = clientNow();
    await cluster.nodes[1]?.kill();
    const more: Stream[] = [];
    while (more.length < 2) {
      const stream = await open(0, key);
      if (stream.status === 200) more.push(stream);
      else await sleep(100);
      expect(clientNow() - killedAt, 'milliseconds since the node was killed').toBeLessThan(BACK_WITHIN_MS + 1_000);
    }
    const backMs = clientNow() - killedAt;
    // No more than the dead one's came free.
    expect((await open(2, key)).status).toBe(429);
    expect(upstream.open(key.key.id)).toBe(4);
    console.log(`slots: those of a killed node were back after ${backMs.toFixed(0)} ms`);
    for (const stream of [...streams, ...more]) stream.leave();
    await cluster.nodes[1]?.restart();
    // What ends by itself is free at once.
    await eventually('a slot is free', async () => {
      const stream = await open(2, key);
      stream.leave();
      return stream.status === 200;
    });
  });

  it('end on every node when the key is revoked on one', async () => {
    const lags: number[] = [];
    for (let round = 0; round < 20; round++) {
      const key = await create(100);
      const streams = await Promise.all([0, 1, 2].map((node) => open(node, key)));
      const by = cluster.nodes[round % 3];
      const revoke = () => by?.ask('POST', `/v1/keys/${key.key.id}/revoke`, {});
      await Promise.resolve(revoke()).catch(() => sleep(500).then(revoke));
      const answeredAt = clientNow();
      for (const { ended } of streams) lags.push((await ended) - answeredAt);
    }
    console.log(`streams: the last of 60 ended ${Math.max(...lags).toFixed(0)} ms after the 2xx of its revocation`);
    expect(Math.max(...lags)).toBeLessThan(1_000);
    await expect.poll(() => upstream.open(), { timeout: 2_000 }).toBe(0);
  });
});
