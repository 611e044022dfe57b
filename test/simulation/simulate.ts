// One simulated run from a seed, in episodes with an engine each; a failing one is cut down to the fewest steps that still fail. Holds no test.

import { type Outcome, play } from './drive.js';
import { drawSteps, drawWorld, type Step } from './steps.js';

export interface Report {
  requests: number;
  allowed: number;
  refused: number;
  looked: number;
  byReason: Record<string, number>;
  /** Where engine and model parted, with the seed and the shortest list of steps found; null: nowhere. */
  fault: string | null;
  /** How many steps that list has. */
  shortest: number;
}

/** Requests of one episode: enough for days to pass, few enough to be cut down. */
const EPISODE = 5_000;

export async function simulate(
  seed: number,
  requests: number,
  options: { lookEvery?: number; shrinkMs?: number } = {},
): Promise<Report> {
  const report: Report = { requests: 0, allowed: 0, refused: 0, looked: 0, byReason: {}, fault: null, shortest: 0 };
  for (let episode = 0; report.requests < requests && report.fault === null; episode++) {
    const name = `${seed}/${episode}`;
    const world = drawWorld(name);
    const steps = drawSteps(name, Math.min(EPISODE, requests - report.requests));
    const outcome = await play(world, steps, options);
    for (const figure of ['requests', 'allowed', 'refused', 'looked'] as const) report[figure] += outcome[figure];
    for (const [reason, count] of Object.entries(outcome.byReason))
      report.byReason[reason] = (report.byReason[reason] ?? 0) + count;
    if (outcome.fault === null) continue;
    const least = await cutDown(
      (list) => play(world, list),
      steps.slice(0, outcome.fault.step + 1),
      options.shrinkMs ?? 20_000,
    );
    report.shortest = least.steps.length;
    report.fault = [
      `LATCHKEY_SEED=${seed} replays it (episode ${episode}, step ${outcome.fault.step} of ${steps.length}):`,
      outcome.fault.text,
      `${least.steps.length} steps are enough, ending in: ${least.text}`,
      ...least.steps.map((step) => `  ${JSON.stringify(step)}`),
    ].join('\n');
  }
  return report;
}

/** Leaves out ever smaller pieces as long as it still fails in the end. */
async function cutDown(
  run: (steps: readonly Step[]) => Promise<Outcome>,
  failing: readonly Step[],
  ms: number,
): Promise<{ steps: readonly Step[]; text: string }> {
  let steps = failing;
  let text = 'it was not cut down';
  const end = Date.now() + ms;
  for (let size = Math.ceil(steps.length / 2); size >= 1; ) {
    let shorter = false;
    for (let from = 0; from < steps.length && Date.now() < end; from += size) {
      const without = [...steps.slice(0, from), ...steps.slice(from + size)];
      const { fault } = await run(without);
      if (fault === null) continue;
      steps = without.slice(0, fault.step + 1);
      text = fault.text;
      shorter = true;
      from -= size;
    }
    if (Date.now() >= end || (size === 1 && !shorter)) break;
    if (!shorter || size > steps.length) size = Math.max(1, Math.floor(size / 2));
  }
  return { steps, text };
}
