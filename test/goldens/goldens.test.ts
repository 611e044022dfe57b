// Every golden of every profile on the verify operation and on the gateway. Those that wait for a capability are counted and named.

import { describe, expect, it } from 'vitest';
import { CAN } from './can.js';
import { type FiledGolden, readGoldens, runnable, type Surface } from './golden.js';
import { onGateway, onVerify } from './surfaces.js';
import { openWorld } from './world.js';

const goldens = readGoldens();
const RUN = { verify: onVerify, gateway: onGateway } satisfies Record<Surface, unknown>;

describe.each(['verify', 'gateway'] as const)('%s', (surface) => {
  const { now, pending } = runnable(goldens, surface, CAN);
  report(surface, now.length, pending);

  it.each(now.map((filed) => [filed.profile, filed.golden.name, filed] as const))(
    '%s: %s',
    async (_profile, _name, { profile, golden }) => {
      const world = await openWorld(profile, golden);
      try {
        expect(await RUN[surface](golden, world)).toEqual([]);
      } finally {
        await world.close();
      }
    },
  );

  // Skipped and not left out, so that every run counts them.
  it.skip.each(pending.map(({ profile, golden }) => [profile, golden.name, golden.needs] as const))(
    '%s: %s (needs %s)',
    () => {},
  );
});

function report(surface: Surface, running: number, pending: readonly FiledGolden[]): void {
  const needs = new Map<string, number>();
  for (const { golden } of pending) needs.set(String(golden.needs), (needs.get(String(golden.needs)) ?? 0) + 1);
  const waiting = [...needs].map(([need, count]) => `${need} ${count}`).join(', ');
  const names = pending.map(({ profile, golden }) => `\n  ${golden.needs}, ${profile}: ${golden.name}`);
  console.log(
    `goldens, ${surface}: ${running} run, ${pending.length} pending${waiting && ` (${waiting})`}${names.join('')}`,
  );
}
