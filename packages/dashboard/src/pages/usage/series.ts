// From counted outcomes to what the page draws: a full row of hours or days, sums, and refusals by reason. Pure.

import { GROUPS, type Group, groupOf } from './outcomes';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How far back, and in which steps. Days are those of UTC, by which daily limits start anew. */
export const RANGES = {
  '24h': { steps: 24, step: HOUR, by: 'hour' },
  '7d': { steps: 7, step: DAY, by: 'day' },
  '30d': { steps: 30, step: DAY, by: 'day' },
} as const;
export type Range = keyof typeof RANGES;
export const isRange = (text: string | undefined): text is Range => text !== undefined && Object.hasOwn(RANGES, text);

/** The last full set of steps, the running one included. */
export function windowOf(range: Range, now: number) {
  const { steps, step, by } = RANGES[range];
  const last = Math.floor(now / step) * step;
  const from = last - (steps - 1) * step;
  return { from: new Date(from).toISOString(), to: new Date(now).toISOString(), by };
}

export interface Counted {
  at: string;
  outcome: string;
  count: number;
}
export type Slot = { at: string } & Record<Group, number>;

const NOTHING = Object.fromEntries(GROUPS.map((group) => [group, 0])) as Record<Group, number>;

/** One slot for each step, also for those without a request. */
export function slotsOf(range: Range, from: string, rows: readonly Counted[]): Slot[] {
  const { steps, step } = RANGES[range];
  const start = Date.parse(from);
  const slots = Array.from({ length: steps }, (_, at) => ({
    at: new Date(start + at * step).toISOString(),
    ...NOTHING,
  }));
  for (const { at, outcome, count } of rows) {
    const slot = slots[Math.floor((Date.parse(at) - start) / step)];
    if (slot !== undefined) slot[groupOf(outcome)] += count;
  }
  return slots;
}

export function totalsOf(rows: readonly Counted[]) {
  const refused = new Map<string, number>();
  let allowed = 0;
  for (const { outcome, count } of rows) {
    if (outcome === 'allowed') allowed += count;
    else refused.set(outcome, (refused.get(outcome) ?? 0) + count);
  }
  const reasons = [...refused].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
  const sum = reasons.reduce((all, { count }) => all + count, 0);
  return { requests: allowed + sum, allowed, refused: sum, reasons };
}

/** The groups that have anything in them; `allowed` always. */
export const groupsIn = (slots: readonly Slot[]): Group[] =>
  GROUPS.filter((group) => group === 'allowed' || slots.some((slot) => slot[group] > 0));
