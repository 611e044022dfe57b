// One run of limits on several nodes: keys of every limit, load and pattern in the same minutes, and what each window admitted against what it allowed.

import { setTimeout as sleep } from 'node:timers/promises';
import { firstProject, type Made, type Verification } from '../process/command.js';
import { keepKey } from '../secrecy/test-root.js';
import type { Cluster } from './cluster.js';
import { clientNow, openLoad, type Pattern, type Shot, spread } from './load.js';

export interface LimitsRun {
  limits: readonly number[];
  /** Of the limit, in each window. */
  loads: readonly number[];
  patterns: readonly Pattern[];
  /** Minutes, one after the other. */
  windows: number;
  /** How much of each minute the load takes. */
  spanMs: number;
  /** Of each node and pattern. */
  inFlight: number;
  /** Something that happens once, so long after the first minute has begun. */
  meanwhile?: { afterMs: number; act(): Promise<void> };
}

/** One kind of key over all windows. A window counts as shared when no answer in it came from a node that counted alone. */
export interface Cell {
  pattern: Pattern;
  limit: number;
  load: number;
  windows: number;
  shared: number;
  offered: number;
  admitted: number;
  /** The most that a shared window admitted beyond its limit, and the least share of what it allowed; 1 when there was none. */
  over: number;
  leastShare: number;
  /** The most that any other window admitted beyond its limit. */
  overAlone: number;
}

export interface LimitsOutcome {
  cells: Cell[];
  requests: number;
  /** Answers that said that they were judged without the shared state. */
  degraded: number;
  /** Answers that no decision was possible in time: neither offered nor admitted. */
  unavailable: number;
  worstMs: number;
  faults: string[];
}

const MINUTE = 60_000;
/** The least of a minute that has to be left for a run to begin in it. */
const ROOM_MS = 2_000;
/** Of two readings of one clock. */
const TOLERANCE_MS = 5;

interface Subject {
  pattern: Pattern;
  limit: number;
  load: number;
  secret: string;
  windows: Map<number, { offered: number; admitted: number; degraded: number }>;
}

export async function limitsRun(cluster: Cluster, run: LimitsRun): Promise<LimitsOutcome> {
  const { limits, loads, patterns, windows, spanMs, inFlight, meanwhile } = run;
  const projectId = await firstProject(cluster);
  const subjects: Subject[] = [];
  for (const pattern of patterns)
    for (const limit of limits)
      for (const load of loads) {
        const key = await cluster.ask<Made>('POST', `/v1/projects/${projectId}/keys`, {
          name: `${pattern} ${limit} ${load}`,
          limits: { perMinute: limit, perDay: 100_000_000 },
        });
        keepKey(key.secret);
        subjects.push({ pattern, limit, load, secret: key.secret, windows: new Map() });
      }
  const load = openLoad(cluster.nodes, {
    rootKey: cluster.rootKey,
    connections: inFlight * patterns.length,
  });
  const outcome: LimitsOutcome = { cells: [], requests: 0, degraded: 0, unavailable: 0, worstMs: 0, faults: [] };
  const faults = new Map<string, number>();
  const heard = (shot: Shot, subject: Subject): void => {
    outcome.requests++;
    outcome.worstMs = Math.max(outcome.worstMs, shot.heardAt - shot.sentAt);
    const fault = note(shot, subject, outcome);
    if (fault !== null) faults.set(fault, (faults.get(fault) ?? 0) + 1);
  };
  try {
    // Whole windows begin with a minute; part of one may begin in its midst.
    const left = MINUTE - (clientNow() % MINUTE);
    const begin = spanMs + ROOM_MS < left ? clientNow() : clientNow() + left;
    const acted = meanwhile === undefined ? null : sleep(begin + meanwhile.afterMs - clientNow()).then(meanwhile.act);
    for (let window = 0; window < windows; window++) {
      const from = window === 0 ? begin : (Math.floor(begin / MINUTE) + window) * MINUTE;
      const plans = patterns.map((pattern) =>
        subjects
          .filter((subject) => subject.pattern === pattern)
          .flatMap((subject, sticky) =>
            spread(pattern, {
              count: Math.floor(subject.limit * subject.load),
              ...{ from, windowMs: spanMs, nodes: cluster.nodes.length, sticky: sticky % cluster.nodes.length },
            }).map((shooting) => ({
              ...shooting,
              subject,
              ask: { surface: 'verify' as const, secret: subject.secret },
            })),
          ),
      );
      await Promise.all(
        plans.map((plan) => load.planned(plan, { inFlight, heard: (shot, { subject }) => heard(shot, subject) })),
      );
    }
    await acted;
  } finally {
    await load.close();
  }
  outcome.cells = subjects.map(cellOf);
  outcome.faults = [...faults].map(([fault, count]) => `${count} × ${fault}`);
  return outcome;
}

/** Books an answer in the window that it names, and says what is wrong with it. */
function note(shot: Shot, subject: Subject, outcome: LimitsOutcome): string | null {
  const { status, reason, body, sentAt, heardAt, accepted } = shot;
  if (status !== 200) return `answered ${status}: ${(body as { detail?: string } | null)?.detail ?? reason}`;
  const { budgets, degraded } = body as Verification;
  if (degraded) outcome.degraded++;
  if (reason === 'unavailable') {
    outcome.unavailable++;
    return null;
  }
  const resetAt = Date.parse(budgets.find(({ name }) => name === 'perMinute')?.resetAt ?? '');
  if (!accepted && reason !== 'rate_limited') return `was refused: ${reason}`;
  if (Number.isNaN(resetAt)) return 'names no reset';
  if (heardAt + TOLERANCE_MS < resetAt - MINUTE || sentAt - TOLERANCE_MS >= resetAt)
    return 'names a window that was over before it was asked, or had not begun when it was answered';
  const window = subject.windows.get(resetAt) ?? { offered: 0, admitted: 0, degraded: 0 };
  window.offered++;
  if (accepted) window.admitted++;
  if (degraded) window.degraded++;
  subject.windows.set(resetAt, window);
  return null;
}

function cellOf({ pattern, limit, load, windows }: Subject): Cell {
  const cell: Cell = {
    ...{ pattern, limit, load, windows: windows.size, shared: 0, offered: 0, admitted: 0 },
    ...{ over: 0, leastShare: 1, overAlone: 0 },
  };
  for (const { offered, admitted, degraded } of windows.values()) {
    cell.offered += offered;
    cell.admitted += admitted;
    if (degraded > 0) {
      cell.overAlone = Math.max(cell.overAlone, admitted - limit);
      continue;
    }
    cell.shared++;
    cell.over = Math.max(cell.over, admitted - limit);
    cell.leastShare = Math.min(cell.leastShare, admitted / Math.min(limit, offered));
  }
  return cell;
}

/** What was not kept, in words: in shared windows exactly the limit and at least 0.99 of what it allows, in others the bound of an absent Redis. */
export function limitFaults({ cells, faults }: LimitsOutcome, nodes: number): string[] {
  return [
    ...faults,
    ...cells.flatMap(({ pattern, limit, load, over, leastShare, overAlone }) => {
      const name = `${pattern} ${limit} × ${load}`;
      return [
        ...(over > 0 ? [`${name}: ${over} over the limit`] : []),
        ...(leastShare < 0.99 ? [`${name}: only ${leastShare.toFixed(4)} of what the limit allowed`] : []),
        ...(overAlone > Math.max(limit / 100, nodes) ? [`${name}: ${overAlone} over the limit while alone`] : []),
      ];
    }),
  ];
}

/** Of all windows, how many were shared. */
export const sharedWindows = ({ cells }: LimitsOutcome): number => cells.reduce((sum, { shared }) => sum + shared, 0);

/** One line for each kind of key, and one for all. */
export function limitsTable(outcome: LimitsOutcome): string {
  const { cells, requests, degraded, unavailable, worstMs, faults } = outcome;
  const row = (values: readonly (string | number)[]): string =>
    values.map((value, at) => (at === 0 ? String(value).padEnd(8) : String(value).padStart(9))).join('');
  const most = (of: (cell: Cell) => number): number => Math.max(...cells.map(of));
  const windows = cells.reduce((sum, cell) => sum + cell.windows, 0);
  return [
    row(['pattern', 'limit', 'load', 'windows', 'shared', 'offered', 'admitted', 'over', 'least', 'alone']),
    ...cells.map(({ pattern, limit, load, windows, shared, offered, admitted, over, leastShare, overAlone }) =>
      row([
        ...[pattern, limit, `× ${load}`, windows, shared, offered, admitted],
        ...(shared === 0 ? ['–', '–'] : [over, leastShare.toFixed(4)]),
        shared === windows ? '–' : overAlone,
      ]),
    ),
    `limits: ${requests} requests; in ${sharedWindows(outcome)} of ${windows} windows counted together: most over a limit ${most(({ over }) => over)}, ` +
      `least admitted of what was allowed ${(-most(({ leastShare }) => -leastShare)).toFixed(4)}; in the others most over ${most(({ overAlone }) => overAlone)}; ` +
      `${degraded} answers degraded, ${unavailable} unavailable, worst ${worstMs.toFixed(0)} ms, ${faults.length} faults`,
  ].join('\n');
}
