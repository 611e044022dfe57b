// The simulation of several nodes at length: ten thousand seeds. LATCHKEY_SEEDS says how many, LATCHKEY_SEED replays some.

import { randomInt } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { withRoomForFew } from '../simulation/cluster/small-caches.js';

vi.mock('lru-cache', async (original) => withRoomForFew(await original()));

const { runSeeds } = await import('../simulation/cluster/run.js');

const SEEDS = Number(process.env.LATCHKEY_SEEDS ?? 10_000);
const given = process.env.LATCHKEY_SEED?.match(/\d+/g)?.map(Number);

it('no seed breaks a promise', async () => {
  const first = randomInt(1, 1_000_000_000);
  const list = given ?? Array.from({ length: SEEDS }, (_, at) => first + at);
  let printed = 0;
  const { broken, ...summary } = await runSeeds(list, ({ seeds, cpuMsPerSeed, broken }) => {
    console.log(
      `cluster simulation: ${seeds} of ${list.length} seeds, ${cpuMsPerSeed} ms of CPU each, ${broken.length} broken`,
    );
    for (const line of broken.slice(printed)) console.log(line);
    printed = broken.length;
  });
  console.log(
    `cluster simulation: ${summary.seeds} seeds from ${list[0]}, ${summary.asks} requests (${summary.allowed} allowed), ${summary.changes} changes,`,
    `${summary.events} events, ${summary.cpuMsPerSeed} ms of CPU each, ${broken.length} broken`,
    summary.kinds,
  );
  expect(broken.join('\n')).toBe('');
});
