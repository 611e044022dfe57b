// Many seeds one after the other, and what to say of them. Holds no test.

import type { Kind } from './plan.js';
import { type Outcome, simulate } from './simulate.js';

export interface Summary {
  seeds: number;
  asks: number;
  allowed: number;
  changes: number;
  events: number;
  kinds: Record<string, number>;
  cpuMsPerSeed: number;
  /** One line for each seed that broke a promise, with what replays it. */
  broken: string[];
}

/** `progress` hears the summary so far, every so many seeds. */
export async function runSeeds(
  list: readonly number[],
  progress: (summary: Summary) => void = () => {},
  every = 500,
): Promise<Summary> {
  const summary: Summary = {
    seeds: 0,
    asks: 0,
    allowed: 0,
    changes: 0,
    events: 0,
    kinds: {},
    cpuMsPerSeed: 0,
    broken: [],
  };
  const started = process.cpuUsage();
  for (const seed of list) {
    const { plan, history, faults, events } = await simulate(seed);
    summary.seeds++;
    summary.asks += history.asks.length;
    summary.allowed += history.asks.filter(({ answeredAt, reason }) => answeredAt !== null && reason === null).length;
    summary.changes += history.changes.length;
    summary.events += events;
    summary.kinds[plan.kind] = (summary.kinds[plan.kind] ?? 0) + 1;
    const { user, system } = process.cpuUsage(started);
    summary.cpuMsPerSeed = Math.round((user + system) / 1_000 / summary.seeds);
    if (faults.length > 0) summary.broken.push(told(seed, plan.kind, faults));
    if (summary.seeds % every === 0) progress(summary);
  }
  return summary;
}

export const told = (seed: number, kind: Kind, faults: readonly string[]): string =>
  [`LATCHKEY_SEED=${seed} replays it (${kind}), ${faults.length} in all:`, ...faults.slice(0, 5)].join('\n  ');

/** The first of the seeds from `from` on in which a fault shows. */
export async function search(
  from: number,
  most: number,
  run: (seed: number) => Promise<Outcome>,
  shows: RegExp,
): Promise<{ seed: number; outcome: Outcome } | null> {
  for (let seed = from; seed < from + most; seed++) {
    const outcome = await run(seed);
    if (outcome.faults.some((fault) => shows.test(fault))) return { seed, outcome };
  }
  return null;
}
