// What one node knows of a key family that is counted elsewhere: its own figures, what it heard last, what waits. No I/O here.

import {
  type AskOutcome,
  type BudgetName,
  budgetsOf,
  type Counters,
  DAY_MS,
  type FamilyAnswer,
  type FamilyAsk,
  type FamilyCall,
  type Limits,
  MINUTE_MS,
  type NodeShare,
  refusingLimit,
  type TakeClaims,
  type TakeOutcome,
} from '@latchkey/core';

/** One take or look that waits for an answer. */
export interface Waiter {
  claims: TakeClaims;
  spending: boolean;
  /** true once it was refused for concurrency and the holders of the slots were looked at. */
  holdersSeen: boolean;
  resolve(outcome: TakeOutcome): void;
  reject(error: unknown): void;
}

/** Waiters that are alike: they go to the counters as one ask. */
export interface Group {
  ask: Omit<FamilyAsk, 'count'>;
  waiters: Waiter[];
}

/** A refusal that answers the same question again until its window is over. */
interface Denial {
  limits: Limits;
  cost: number;
  counters: Counters;
  ownSlots: number;
  refusedBy: 'perMinute' | 'perDay';
  /** On the scheduler's clock: from then on the counters are asked again, since others may have given something back. */
  askAgainAt: number;
}

/** The state of a family at the moment its counters went away. */
export interface Away {
  /** Which time they went away. */
  episode: number;
  minuteBefore: number;
  slotsBefore: number;
  tokensBefore: number;
  /** The day's use in the quota book; null: not read yet or not readable. */
  book: number | null;
  reading: Promise<void> | null;
}

export interface Family {
  readonly id: string;
  /** What this node spent and holds, tokens among it. Windows move on with what the counters say. */
  own: Omit<NodeShare, 'sequence'>;
  /** false: the counters may know figures of this node that it has forgotten itself. */
  adopted: boolean;
  /** `own` or what is below changed since the counters were told. */
  dirty: boolean;
  /** Requests held ahead for `tokensFor`, spent from the counters already. */
  tokens: number;
  tokensFor: Limits;
  /** The counters after the last answer, and how many slots were this node's then. */
  seen: (Counters & { ownSlots: number }) | null;
  denial: Denial | null;
  /** Leases of jobs that were opened here, each with its end on the scheduler's clock. */
  leases: Map<string, number>;
  /** Of these the ones to tell, and the ones to free, whoever opened them. */
  toHold: Set<string>;
  toFree: Set<string>;
  dead: Set<string>;
  waiting: readonly Group[];
  /** true while a call of it is under way: there is never more than one. */
  isAsked: boolean;
  /** The day's use in the quota book, to be told once. */
  floor: { day: number; used: number } | null;
  written: number;
  writtenDay: number;
  /** The write of the book that is under way. */
  writing: Promise<void> | null;
  /** The limits of the last take. */
  limits: Limits | null;
  /** The last day in which the counters knew this node; −1: none. */
  confirmedDay: number;
  /** Takes in this tenth of a second and in the one before. */
  tenth: number;
  takes: number;
  takesBefore: number;
  lastUse: number;
  away: Away | null;
  /** Spent in the windows of `own` while the counters were away, however often: the minute's, and what of the day no book has. */
  aloneMinute: number;
  aloneDay: number;
}

const NONE: readonly never[] = [];
const NO_LIMITS: Limits = { perMinute: null, perDay: null, concurrent: null };

/** `forgotten`: this process may have counted in it before, under the same name. */
export const newFamily = (id: string, forgotten: boolean): Family => ({
  id,
  own: { minute: 0, minuteUsed: 0, day: 0, dayUsed: 0, slots: 0 },
  adopted: !forgotten,
  dirty: false,
  tokens: 0,
  tokensFor: NO_LIMITS,
  seen: null,
  denial: null,
  leases: new Map(),
  toHold: new Set(),
  toFree: new Set(),
  dead: new Set(),
  waiting: NONE,
  isAsked: false,
  floor: null,
  written: -1,
  writtenDay: -1,
  writing: null,
  limits: null,
  confirmedDay: -1,
  tenth: 0,
  takes: 0,
  takesBefore: 0,
  lastUse: 0,
  away: null,
  aloneMinute: 0,
  aloneDay: 0,
});

const ASK_AGAIN_MS = 1_000;
/** A family is hot from so many takes in a tenth of a second. */
const HOT_TAKES = 8;

export const sameLimits = (one: Limits, other: Limits): boolean =>
  one === other ||
  (one.perMinute === other.perMinute &&
    one.concurrent === other.concurrent &&
    one.perDay?.limit === other.perDay?.limit &&
    one.perDay?.metered === other.perDay?.metered);

const slotOf = ({ concurrency, holdSlot }: TakeClaims, spending: boolean): FamilyAsk['slot'] => {
  if (!concurrency) return 'none';
  return holdSlot && spending ? 'hold' : 'judge';
};

export function enqueue(family: Family, waiter: Waiter): void {
  const { claims, spending } = waiter;
  const { limits, cost } = claims;
  const slot = slotOf(claims, spending);
  for (const { ask, waiters } of family.waiting) {
    if (ask.cost === cost && ask.slot === slot && ask.look !== spending && sameLimits(ask.limits, limits)) {
      waiters.push(waiter);
      return;
    }
  }
  const group: Group = { ask: { limits, cost, slot, lease: null, look: !spending }, waiters: [waiter] };
  // Never added to in place: an array as old as the family would drag what it once held through each collection of garbage.
  family.waiting = family.waiting.length === 0 ? [group] : [...family.waiting, group];
}

/** Moves the node's own figures into the windows given; what was spent before them counts no more. */
export function rollOwn(family: Family, minute: number, day: number): void {
  const { own } = family;
  // What is held ahead in a minute that is over was not spent in its day.
  if (own.minute !== minute || own.day !== day) foldTokens(family);
  if (own.minute !== minute) {
    own.minute = minute;
    own.minuteUsed = 0;
    family.aloneMinute = 0;
  }
  if (own.day !== day) {
    own.day = day;
    own.dayUsed = 0;
    family.aloneDay = 0;
  }
}

export const addOwn = ({ own }: Family, units: number): void => {
  own.minuteUsed += units;
  own.dayUsed += units;
};

/** Gives back what is held ahead; the counters hear of it with the next call. */
export function foldTokens(family: Family): void {
  if (family.tokens === 0) return;
  addOwn(family, -family.tokens);
  if (family.seen !== null) {
    family.seen.minuteUsed -= family.tokens;
    family.seen.dayUsed -= family.tokens;
  }
  family.tokens = 0;
  family.dirty = true;
}

export function countTake(family: Family, now: number): void {
  const tenth = Math.floor(now / 100);
  if (tenth !== family.tenth) {
    family.takesBefore = tenth === family.tenth + 1 ? family.takes : 0;
    family.takes = 0;
    family.tenth = tenth;
  }
  family.takes += 1;
  family.lastUse = now;
}

/** true while a take of these claims may be answered from what is held ahead. */
export const tokensSuffice = (family: Family, { cost, limits, concurrency }: TakeClaims, latest: number): boolean =>
  cost > 0 &&
  family.tokens >= cost &&
  (!concurrency || limits.concurrent === null) &&
  latest < (family.own.minute + 1) * MINUTE_MS &&
  latest < (family.own.day + 1) * DAY_MS &&
  sameLimits(family.tokensFor, limits);

export interface CallPlan {
  call: FamilyCall;
  groups: readonly Group[];
  /** true: told after an absence, with a look at the slots of all nodes. */
  isTelling: boolean;
}

/** The next call of a family. What it waits for and what changed is in it; what the answer says goes to `heard`. */
export function planCall(
  family: Family,
  plan: { node: string; sequence: number; now: number; nodes: number; isTelling: boolean },
): CallPlan {
  const groups = family.waiting;
  const isTelling = plan.isTelling && family.own.slots > 0;
  family.waiting = NONE;
  // Its own tokens must not stand in the way of a take that waits.
  if (groups.length > 0) foldTokens(family);
  family.dirty = false;
  const asks: FamilyAsk[] = [];
  let asked: FamilyAsk | null = null;
  let needsDay = false;
  for (const { ask, waiters } of groups) {
    const { limits, cost, slot, lease, look } = ask;
    const one = { limits, cost, count: waiters.length, slot, lease, look };
    asks.push(one);
    if (!look && cost > 0 && (slot === 'none' || limits.concurrent === null)) asked ??= one;
    needsDay ||= limits.perDay !== null && waiters.some(({ claims }) => claims.durable);
  }
  if (isTelling)
    asks.push({ limits: family.limits ?? NO_LIMITS, cost: 0, count: 1, slot: 'none', lease: null, look: true });
  const pace = Math.max(family.takes, family.takesBefore);
  const call: FamilyCall = {
    node: plan.node,
    sequence: plan.sequence,
    own: { ...family.own },
    unbooked: family.aloneDay,
    adopt: !family.adopted,
    hold: family.toHold.size === 0 ? NONE : holdOf(family, plan.now),
    free: family.toFree.size === 0 ? NONE : [...family.toFree],
    dead: family.dead.size === 0 ? NONE : [...family.dead],
    needsDay,
    dayFloor: family.floor,
    asks,
    ahead:
      asked !== null && pace >= HOT_TAKES && family.tokens === 0
        ? { limits: asked.limits, units: pace, share: 100 * plan.nodes }
        : null,
  };
  // Clearing what is empty would cost a new table each time.
  for (const told of [family.toHold, family.toFree, family.dead]) if (told.size > 0) told.clear();
  return { call, groups, isTelling };
}

const holdOf = ({ toHold, leases }: Family, now: number): { id: string; ms: number }[] =>
  [...toHold].flatMap((id) => {
    const ms = (leases.get(id) ?? 0) - now;
    return ms > 0 ? [{ id, ms: Math.ceil(ms) }] : [];
  });

/** Makes up for a call whose answer is not known. What it asked for is answered otherwise; all else is told again. */
export function unheard(family: Family, { call }: CallPlan): void {
  family.dirty = true;
  for (const { id } of call.hold) if (family.leases.has(id)) family.toHold.add(id);
  for (const id of call.free) family.toFree.add(id);
}

/** The counters know nothing of it any more: all that is this node's is to be told again. */
export function forgotten(family: Family): void {
  const { own, leases } = family;
  family.confirmedDay = -1;
  for (const id of leases.keys()) family.toHold.add(id);
  if (own.minuteUsed > 0 || own.dayUsed > 0 || own.slots > 0 || leases.size > 0) family.dirty = true;
}

/** Takes an answer in. */
export function heard(family: Family, { call }: CallPlan, answer: Extract<FamilyAnswer, { result: 'done' }>): void {
  const { minute, day, outcomes } = answer;
  rollOwn(family, minute, day);
  // What changed here while the call was under way stays on top.
  const { own } = family;
  own.minuteUsed += answer.own.minuteUsed - (call.own.minute === minute ? call.own.minuteUsed : 0);
  own.dayUsed += answer.own.dayUsed - (call.own.day === day ? call.own.dayUsed : 0);
  own.slots += answer.own.slots - call.own.slots;
  if (call.adopt) disownUnheard(family, call, answer);
  family.adopted = true;
  if (call.ahead !== null && answer.ahead > 0) {
    family.tokens += answer.ahead;
    family.tokensFor = call.ahead.limits;
  }
  if (call.dayFloor !== null) family.floor = null;
  family.confirmedDay = day;
  const last = call.asks.length - 1;
  const ask = call.asks[last];
  const outcome = outcomes[last];
  if (ask !== undefined && outcome !== undefined) {
    const units = answer.ahead + (ask.look ? 0 : outcome.granted * ask.cost);
    // Written over: an object of its own for each answer would outlive a thousand others and cost their collection.
    family.seen ??= { minute, minuteUsed: 0, day, dayUsed: 0, slots: 0, ownSlots: 0 };
    const { seen } = family;
    seen.minute = minute;
    seen.minuteUsed = outcome.minuteUsed + units;
    seen.day = day;
    seen.dayUsed = outcome.dayUsed + units;
    seen.slots = outcome.slots + (ask.slot === 'hold' && !ask.look ? outcome.granted : 0);
    seen.ownSlots = family.own.slots;
  }
}

/**
 * A family rests before it is forgotten, so what it takes up again is a day's use and no more: other figures under this node's
 * name are of a call whose answer was lost, and nobody has what it took.
 */
function disownUnheard(
  family: Family,
  call: FamilyCall,
  { minute, own, outcomes, ahead }: Extract<FamilyAnswer, { result: 'done' }>,
): void {
  let units = ahead + (call.own.minute === minute ? call.own.minuteUsed : 0);
  let { slots } = call.own;
  call.asks.forEach((ask, at) => {
    const granted = ask.look ? 0 : (outcomes[at]?.granted ?? 0);
    units += granted * ask.cost;
    if (ask.slot === 'hold' && ask.lease === null) slots += granted;
  });
  if (own.minuteUsed === units && own.slots === slots) return;
  family.own.minuteUsed -= own.minuteUsed - units;
  family.own.slots -= own.slots - slots;
  family.dirty = true;
}

/** The counters as the nth take of a group left them: the first is 0. */
export const countersAfter = (
  { minute, day }: { minute: number; day: number },
  ask: Omit<FamilyAsk, 'count'>,
  outcome: AskOutcome,
  taken: number,
): Counters => ({
  minute,
  minuteUsed: outcome.minuteUsed + taken * ask.cost,
  day,
  dayUsed: outcome.dayUsed + taken * ask.cost,
  slots: outcome.slots + (ask.slot === 'hold' ? taken : 0),
});

/** What is known of the family's slots, with what this node took and freed since. */
export const slotsNow = (family: Family): number =>
  family.seen === null ? family.own.slots : family.seen.slots + family.own.slots - family.seen.ownSlots;

export function noteDenial(
  family: Family,
  ask: Omit<FamilyAsk, 'count'>,
  refusedBy: BudgetName | null,
  counters: Counters,
  now: number,
): void {
  if (refusedBy === null || refusedBy === 'concurrent') return;
  family.denial = {
    limits: ask.limits,
    cost: ask.cost,
    counters,
    ownSlots: family.own.slots,
    refusedBy,
    askAgainAt: now + ASK_AGAIN_MS,
  };
}

/** The same refusal once more, without asking; null: it is not known to stand. `latest`: the latest time it can be at the counters. */
export function deniedAgain(family: Family, claims: TakeClaims, now: number, latest: number): TakeOutcome | null {
  const { denial } = family;
  if (denial === null) return null;
  const { refusedBy, counters } = denial;
  const endsAt = refusedBy === 'perDay' ? (counters.day + 1) * DAY_MS : (counters.minute + 1) * MINUTE_MS;
  if (now >= denial.askAgainAt || latest >= endsAt) {
    family.denial = null;
    return null;
  }
  if (claims.cost < denial.cost || !sameLimits(claims.limits, denial.limits)) return null;
  // The other window may have opened meanwhile: then its budget is another.
  if (refusedBy === 'perDay' && claims.limits.perMinute !== null && latest >= (counters.minute + 1) * MINUTE_MS)
    return null;
  const slots = counters.slots + family.own.slots - denial.ownSlots;
  const current = { ...counters, slots };
  if (refusingLimit(current, claims.limits, claims.cost, claims.concurrency) !== refusedBy) return null;
  return {
    refusedBy,
    budgets: budgetsOf(current, claims.limits),
    release: null,
    undo: null,
    fairUsePassed: false,
    degraded: false,
  };
}
