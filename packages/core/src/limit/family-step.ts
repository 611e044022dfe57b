// What the shared counters of one key family do with one call of a node: the definition that the Redis script is a port of. No I/O, no clock.

import type { BudgetName, Limits } from './limits.js';
import { type Counters, DAY_MS, MINUTE_MS, refusingLimit } from './window.js';

/** What one node has told of itself. Its figures are whole amounts, not additions, so that telling them again changes nothing. */
export interface NodeShare {
  /** Number of the node's last call that counted; an older one that arrives late is void. */
  sequence: number;
  minute: number;
  /** Spent by this node in that minute, and what it holds ahead. */
  minuteUsed: number;
  day: number;
  dayUsed: number;
  slots: number;
}

export interface FamilyState {
  /** Window numbers since the epoch; they never go back. */
  minute: number;
  minuteUsed: number;
  day: number;
  dayUsed: number;
  /** The day whose use is known from its beginning, or was compared with the quota book; −1: not yet. */
  knownDay: number;
  /**
   * Of the day's use, what the quota book has and no node told here: nodes that are dead, or cannot tell yet. Until the book was
   * asked: below 0, by what nodes told that it may have.
   */
  untold: number;
  nodes: Readonly<Record<string, NodeShare>>;
  /** Slots of jobs by lease id, each until its end; no node owns them. */
  leases: Readonly<Record<string, number>>;
}

/** Takes that are alike, as one. */
export interface FamilyAsk {
  limits: Limits;
  cost: number;
  count: number;
  /** `none`: the concurrency limit does not apply; `judge`: there must be room; `hold`: each that passes keeps a slot. */
  slot: 'none' | 'judge' | 'hold';
  /** With `hold` and a count of 1: the slot belongs to this lease, for so many milliseconds, and to no node. */
  lease: { id: string; ms: number } | null;
  /** true: says what a take would, and changes nothing. */
  look: boolean;
}

export interface FamilyCall {
  node: string;
  sequence: number;
  /** What the node has spent and holds before this call. */
  own: Omit<NodeShare, 'sequence'>;
  /** Of its day's use, what the quota book does not have. */
  unbooked: number;
  /** true: the node has forgotten what it told before, and `own` comes on top of it. */
  adopt: boolean;
  /** Leases of jobs to hold without judging, and to free. */
  hold: readonly { id: string; ms: number }[];
  free: readonly string[];
  /** Nodes found dead, whose slots are free. */
  dead: readonly string[];
  /** true: an ask spends a day that must survive the loss of these counters. */
  needsDay: boolean;
  /** The use of a day as the quota book has it; null: not asked. */
  dayFloor: { day: number; used: number } | null;
  asks: readonly FamilyAsk[];
  /** Requests to hold ahead, at most the part `1/share` of what remains; null: none. */
  ahead: { limits: Limits; units: number; share: number } | null;
}

export interface AskOutcome {
  granted: number;
  /** Why the next one did not pass; null: all passed. */
  refusedBy: BudgetName | null;
  /** Use before this ask. */
  minuteUsed: number;
  dayUsed: number;
  slots: number;
}

export type FamilyAnswer =
  | {
      result: 'done';
      minute: number;
      day: number;
      own: Omit<NodeShare, 'sequence'>;
      /** false: the node was not known here. If it had called before, its figures were lost meanwhile. */
      known: boolean;
      outcomes: readonly AskOutcome[];
      ahead: number;
      /** After a refusal for concurrency: the other nodes that hold slots. */
      holders: readonly string[];
    }
  /** Nothing was done: the quota book has to be asked for this day first. */
  | { result: 'day_unknown'; day: number }
  /** Nothing was done: a later call of the node came first. */
  | { result: 'late' };

const EMPTY: FamilyState = {
  ...{ minute: 0, minuteUsed: 0, day: 0, dayUsed: 0, knownDay: -1, untold: 0 },
  ...{ nodes: {}, leases: {} },
};

/** One call at the time `now` of the counters' own clock. `null`: the family has no counters yet. */
export function stepFamily(
  stored: FamilyState | null,
  call: FamilyCall,
  now: number,
): { state: FamilyState | null; answer: FamilyAnswer } {
  const state = opened(stored ?? EMPTY, now);
  const { minute, day } = state;
  const last = state.nodes[call.node];
  if (last !== undefined && call.sequence <= last.sequence) return { state: stored, answer: { result: 'late' } };
  if (call.needsDay && state.knownDay !== day && call.dayFloor === null)
    return { state: stored, answer: { result: 'day_unknown', day } };

  const before = inWindows(last, minute, day);
  const own = inWindows(call.own, minute, day);
  if (call.adopt) {
    own.minuteUsed += before.minuteUsed;
    own.dayUsed += before.dayUsed;
    own.slots += before.slots;
  }
  const nodes: Record<string, NodeShare> = { ...state.nodes };
  for (const id of call.dead) {
    const share = nodes[id];
    if (share !== undefined && id !== call.node) nodes[id] = { ...share, slots: 0 };
  }
  const leases: Record<string, number> = { ...state.leases };
  for (const { id, ms } of call.hold) leases[id] = now + ms;
  for (const id of call.free) delete leases[id];

  let slots = Object.keys(leases).length;
  for (const [id, share] of Object.entries(nodes)) if (id !== call.node) slots += share.slots;
  const counters: Counters = {
    minute,
    minuteUsed: Math.max(0, state.minuteUsed + own.minuteUsed - before.minuteUsed),
    day,
    dayUsed: Math.max(0, state.dayUsed + own.dayUsed - before.dayUsed),
    slots: slots + own.slots,
  };
  let { knownDay, untold } = state;
  // What a node tells here for the first time is in the book's figure too, but for what it spent alone: it counts once.
  if (last === undefined) {
    const booked = Math.max(0, own.dayUsed - (call.own.day === day ? call.unbooked : 0));
    const twice = knownDay === day ? Math.min(untold, booked) : 0;
    counters.dayUsed -= twice;
    untold -= knownDay === day ? twice : booked;
  }
  // Counters that know the day know more than the book: what is written there ahead, and given back since, was not used.
  if (call.dayFloor !== null && knownDay !== day) {
    untold = Math.max(0, untold + (call.dayFloor.day === day ? call.dayFloor.used : 0));
    counters.dayUsed += untold;
    knownDay = day;
  }

  const spend = (units: number): void => {
    counters.minuteUsed += units;
    counters.dayUsed += units;
    own.minuteUsed += units;
    own.dayUsed += units;
  };
  const outcomes = call.asks.map((ask): AskOutcome => {
    const { minuteUsed, dayUsed, slots } = counters;
    const granted = fitting(counters, ask);
    if (!ask.look) {
      spend(granted * ask.cost);
      if (ask.slot === 'hold' && granted > 0) {
        if (ask.lease === null || leases[ask.lease.id] === undefined) counters.slots += granted;
        if (ask.lease === null) own.slots += granted;
        else leases[ask.lease.id] = now + ask.lease.ms;
      }
    }
    const refusedBy = granted === ask.count ? null : refusingLimit(counters, ask.limits, ask.cost, ask.slot !== 'none');
    return { granted, refusedBy, minuteUsed, dayUsed, slots };
  });
  const ahead = call.ahead === null ? 0 : aheadOf(counters, call.ahead);
  spend(ahead);

  nodes[call.node] = { sequence: call.sequence, ...own };
  const full = outcomes.some(({ refusedBy }) => refusedBy === 'concurrent');
  const holders = Object.keys(nodes).filter((id) => id !== call.node && (nodes[id]?.slots ?? 0) > 0);
  return {
    state: { minute, minuteUsed: counters.minuteUsed, day, dayUsed: counters.dayUsed, knownDay, untold, nodes, leases },
    answer: {
      result: 'done',
      minute,
      day,
      own,
      known: last !== undefined,
      outcomes,
      ahead,
      holders: full ? holders.sort() : [],
    },
  };
}

/** The windows that `now` lies in, without what ended before them. A clock that went back stays in the windows already reached. */
function opened(state: FamilyState, now: number): FamilyState {
  const minute = Math.max(state.minute, Math.floor(now / MINUTE_MS));
  const day = Math.max(state.day, Math.floor(now / DAY_MS));
  const rolled = day > state.day;
  return {
    minute,
    minuteUsed: minute > state.minute ? 0 : state.minuteUsed,
    day,
    dayUsed: rolled ? 0 : state.dayUsed,
    // Whoever knew yesterday has counted since midnight.
    knownDay: rolled && state.knownDay >= 0 && state.knownDay === state.day ? day : state.knownDay,
    untold: rolled ? 0 : state.untold,
    nodes: rolled
      ? Object.fromEntries(Object.entries(state.nodes).filter(([, share]) => share.slots > 0))
      : state.nodes,
    leases: Object.fromEntries(Object.entries(state.leases).filter(([, endsAt]) => endsAt > now)),
  };
}

/** A node's figures, counted as 0 in windows that are over. */
const inWindows = (
  share: Omit<NodeShare, 'sequence'> | undefined,
  minute: number,
  day: number,
): Omit<NodeShare, 'sequence'> => ({
  minute,
  minuteUsed: share?.minute === minute ? share.minuteUsed : 0,
  day,
  dayUsed: share?.day === day ? share.dayUsed : 0,
  slots: share?.slots ?? 0,
});

/** How many of the ask's takes pass, one after the other. */
function fitting(counters: Readonly<Counters>, { limits, cost, count, slot }: FamilyAsk): number {
  let most = count;
  if (slot !== 'none' && limits.concurrent !== null) {
    const room = Math.max(0, limits.concurrent - counters.slots);
    most = Math.min(most, slot === 'hold' || room === 0 ? room : most);
  }
  if (cost === 0) return most;
  const fits = (limit: number, used: number) => Math.max(0, Math.floor((limit - used) / cost));
  if (limits.perMinute !== null) most = Math.min(most, fits(limits.perMinute, counters.minuteUsed));
  if (limits.perDay?.metered) most = Math.min(most, fits(limits.perDay.limit, counters.dayUsed));
  return most;
}

/** What may be held ahead. It never reaches over the figure of an unmetered day: passing that is told once. */
function aheadOf({ minuteUsed, dayUsed }: Readonly<Counters>, wanted: NonNullable<FamilyCall['ahead']>): number {
  const { limits, units, share } = wanted;
  let most = units;
  if (limits.perMinute !== null) most = Math.min(most, Math.floor((limits.perMinute - minuteUsed) / share));
  if (limits.perDay?.metered) most = Math.min(most, Math.floor((limits.perDay.limit - dayUsed) / share));
  else if (limits.perDay && dayUsed <= limits.perDay.limit) most = Math.min(most, limits.perDay.limit - dayUsed);
  return Math.max(0, most);
}
