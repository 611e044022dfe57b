// The limiter of several nodes: takes are counted by servers that all nodes share, asked as seldom as can be. How limits are judged is core's.

import {
  budgetsOf,
  type Clock,
  type Counters,
  type DayLimit,
  dayBlock,
  type FamilyAnswer,
  LatchkeyError,
  type Limiter,
  type Members,
  type QuotaBook,
  type Scheduler,
  type TakeClaims,
  type TakeOutcome,
  type Telemetry,
} from '@latchkey/core';
import { awayOf, judgeAlone, needsBook, spendAlone } from './alone.js';
import type { CounterLink } from './counter-link.js';
import {
  type CallPlan,
  countersAfter,
  countTake,
  deniedAgain,
  enqueue,
  type Family,
  foldTokens,
  newFamily,
  noteDenial,
  sameLimits,
  slotsNow,
  tokensSuffice,
  type Waiter,
} from './family.js';
import { createLane, type Lane, LEASE_MS } from './lane.js';
import type { FailurePolicies, Standing } from './local-share.js';

export interface SharedLimiterOptions {
  link: CounterLink;
  members: Members;
  book: QuotaBook;
  clock: Clock;
  scheduler: Scheduler;
  telemetry: Telemetry;
  policies: FailurePolicies;
  /** Default 50. */
  budgetMs?: number;
  /** Of a node's lease: so long a killed node's slots are held. Default 15 s. */
  leaseMs?: number;
}

export interface SharedLimiter extends Limiter {
  /** Resolves once the counters have answered. */
  ready(): Promise<void>;
  /** true while this node answers alone, for some families at least. */
  isDegraded(): boolean;
}

export const KEEP_LOCAL: FailurePolicies = { rate: 'local', quota: 'local', concurrency: 'local' };

const TICK_MS = 100;
/** So long a take waits for the counters at most, and for the quota book to be written: the counters have it too. */
const BUDGET_MS = 50;
/** Slots of an hour-long request are told again, so that no server forgets a family that only holds. */
const TELL_SLOTS_EVERY_MS = 3_600_000;
const FORGET_AFTER_MS = 60_000;
const SWEEP_EVERY_TAKES = 64;
const SWEPT_AT_ONCE = 128;
const SWEEP_AGAIN_MS = 5_000;

/**
 * Never admits more than a limit while the servers answer: what a node lets pass without asking was debited before.
 * `remaining` is exact, but for what other nodes hold ahead, at most one hundredth of what remained when they took it.
 */
export function createSharedLimiter(options: SharedLimiterOptions): SharedLimiter {
  const { link, members, book, clock, scheduler, telemetry, policies } = options;
  const { budgetMs = BUDGET_MS } = options;
  const node = members.nodeId;
  const families = new Map<string, Family>();
  const lanes = new Map<string, Lane>();
  /** Families that hold something ahead or have told not everything. */
  const restless = new Set<Family>();
  let sequence = 0;
  let slotsInAll = 0;
  /** false: the counters know nothing under this node's name but what it told them itself. */
  let hasForgotten = false;
  let closing: Promise<void> | null = null;
  let cancelTick: (() => void) | null = null;

  const familyOf = (id: string): Family => {
    let family = families.get(id);
    if (family === undefined) {
      family = newFamily(id, hasForgotten);
      families.set(id, family);
    }
    return family;
  };

  const reportDegraded = (): void => telemetry.gauge('latchkey_degraded', isDegraded() ? 1 : 0, { part: 'limiter' });
  const isDegraded = (): boolean => {
    const places = link.places();
    return places.length === 0 || places.some((place) => lanes.get(place)?.isUp() === false);
  };

  const laneAt = (place: string): Lane => {
    const known = lanes.get(place);
    if (known !== undefined) return known;
    const lane = createLane({
      place,
      node,
      link,
      scheduler,
      telemetry,
      clock,
      budgetMs,
      leaseMs: options.leaseMs ?? LEASE_MS,
      live: () => members.live(),
      nextSequence: () => ++sequence,
      *families() {
        for (const family of families.values()) if (link.placeOf(family.id) === place) yield family;
      },
      settle,
      settleAlone: (lane, family, { groups }) => {
        for (const { waiters } of groups) for (const waiter of waiters) answerAlone(lane, family, waiter);
      },
      onChange: reportDegraded,
    });
    lanes.set(place, lane);
    return lane;
  };
  const laneOf = (family: Family): Lane => laneAt(link.placeOf(family.id));

  const standing = (): Standing => {
    const live = members.live();
    return { nodes: Math.max(1, live.length), rank: Math.max(0, live.indexOf(node)) };
  };

  /** Tells the counters at once. */
  const tell = (family: Family): void => {
    family.dirty = true;
    laneOf(family).want(family);
  };

  const holdSlot = (family: Family): (() => void) => {
    let held = true;
    slotsInAll += 1;
    return () => {
      if (!held) return;
      held = false;
      slotsInAll -= 1;
      family.own.slots -= 1;
      tell(family);
    };
  };

  /** Only while its windows are open: what is past is nobody's budget any more. */
  const undoOf = (family: Family, cost: number, release: (() => void) | null): (() => void) => {
    const { minute, day } = family.own;
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      release?.();
      if (family.own.minute === minute) family.own.minuteUsed -= cost;
      if (family.own.day === day) family.own.dayUsed -= cost;
      if (family.seen?.minute === minute) family.seen.minuteUsed -= cost;
      if (family.seen?.day === day) family.seen.dayUsed -= cost;
      family.denial = null;
      tell(family);
    };
  };

  const passing = (
    family: Family,
    claims: TakeClaims,
    budgets: TakeOutcome['budgets'],
    dayBefore: number,
    degraded: boolean,
  ): TakeOutcome => {
    const { perDay } = claims.limits;
    const release = claims.holdSlot && claims.concurrency ? holdSlot(family) : null;
    return {
      refusedBy: null,
      budgets,
      release,
      undo: undoOf(family, claims.cost, release),
      fairUsePassed:
        perDay !== null && !perDay.metered && dayBefore <= perDay.limit && dayBefore + claims.cost > perDay.limit,
      degraded,
    };
  };

  const plain = (
    refusedBy: TakeOutcome['refusedBy'],
    budgets: TakeOutcome['budgets'],
    degraded = false,
  ): TakeOutcome => ({
    refusedBy,
    budgets,
    release: null,
    undo: null,
    fairUsePassed: false,
    degraded,
  });

  const answered = (by: string, times = 1): void => telemetry.count('latchkey_limiter_takes_total', { by }, times);

  // —— while the counters answer

  /** `counters` as a caller sees them: what this node holds ahead is not spent. */
  const shown = (family: Family, counters: Counters, { limits }: TakeClaims) =>
    budgetsOf(
      family.tokens === 0
        ? counters
        : { ...counters, minuteUsed: counters.minuteUsed - family.tokens, dayUsed: counters.dayUsed - family.tokens },
      limits,
    );

  function settle(lane: Lane, family: Family, plan: CallPlan, answer: FamilyAnswer): void {
    const { groups } = plan;
    const everybody = (): Waiter[] => groups.flatMap(({ waiters }) => waiters);
    if (answer.result === 'day_unknown') return void askBook(family, everybody(), answer.day);
    if (answer.result === 'late') return void again(family, everybody());
    countOverCap(family, plan, answer);
    if (family.tokens > 0) rest(family);
    let dayUsed = 0;
    let dayLimit: DayLimit | null = null;
    const ready: (() => void)[] = [];
    const full: { waiter: Waiter; refuse(): void }[] = [];
    groups.forEach(({ ask, waiters }, index) => {
      const outcome = answer.outcomes[index];
      if (outcome === undefined) {
        again(family, waiters);
        return;
      }
      answered('server', waiters.length);
      waiters.forEach((waiter, place) => {
        const { claims } = waiter;
        if (ask.look) {
          // All of a group of looks see the same.
          const { refusedBy } = outcome;
          waiter.resolve(plain(refusedBy, budgetsOf(countersAfter(answer, ask, outcome, 0), claims.limits)));
        } else if (place < outcome.granted) {
          const before = outcome.dayUsed + place * ask.cost;
          const counters = countersAfter(answer, ask, outcome, place + 1);
          if (claims.durable && claims.limits.perDay !== null) {
            dayUsed = Math.max(dayUsed, before + ask.cost + answer.ahead);
            dayLimit = claims.limits.perDay;
          }
          const passed = passing(family, claims, budgetsOf(counters, claims.limits), before, false);
          ready.push(() => waiter.resolve(passed));
        } else {
          const counters = countersAfter(answer, ask, outcome, outcome.granted);
          const refused = plain(outcome.refusedBy, budgetsOf(counters, claims.limits));
          if (outcome.refusedBy === 'concurrent' && answer.holders.length > 0 && !waiter.holdersSeen) {
            full.push({ waiter, refuse: () => waiter.resolve(refused) });
          } else {
            noteDenial(family, ask, refused.refusedBy, counters, scheduler.now());
            waiter.resolve(refused);
          }
        }
      });
    });
    if (full.length > 0) void lookAtHolders(lane, family, full, answer.holders);
    const writing = dayLimit === null ? null : writeAhead(family, dayLimit, answer.day, dayUsed);
    if (writing === null) for (const done of ready) done();
    else void writing.then(() => ready.forEach((done) => void done()));
  }

  /** Puts takes back in line, or answers them here when the counters are away by now. */
  function again(family: Family, waiters: readonly Waiter[]): void {
    const lane = laneOf(family);
    for (const waiter of waiters) {
      if (lane.isUp()) enqueue(family, waiter);
      else answerAlone(lane, family, waiter);
    }
    if (family.waiting.length > 0) lane.want(family);
  }

  async function askBook(family: Family, waiters: readonly Waiter[], day: number): Promise<void> {
    // A book that cannot be read must not stop what can be counted: then the day begins with what the counters know.
    const used = await book.readDay(family.id, day).catch(() => 0);
    family.floor = { day, used };
    if (used > 0) {
      family.written = Math.max(family.writtenDay === day ? family.written : 0, used);
      family.writtenDay = day;
    }
    again(family, waiters);
  }

  /** Slots of dead nodes are free: then who was refused for them asks once more. */
  async function lookAtHolders(
    lane: Lane,
    family: Family,
    full: readonly { waiter: Waiter; refuse(): void }[],
    holders: readonly string[],
  ): Promise<void> {
    const dead = await lane.deadAmong(holders).catch(() => []);
    if (dead.length === 0) {
      for (const { refuse } of full) refuse();
      return;
    }
    for (const id of dead) family.dead.add(id);
    telemetry.log('info', 'limiter_slots_returned', { nodes: dead });
    for (const { waiter } of full) waiter.holdersSeen = true;
    again(
      family,
      full.map(({ waiter }) => waiter),
    );
  }

  /** Raises the day in the quota book before anybody hears a yes beyond what it has. null: it has enough. */
  function writeAhead(family: Family, limit: DayLimit, day: number, used: number): Promise<void> | null {
    if (family.writtenDay !== day) {
      family.writtenDay = day;
      family.written = 0;
    }
    const booked = (): void => {
      if (family.own.day === day) family.aloneDay = 0;
    };
    if (used <= family.written) {
      if (family.writing === null) booked();
      return family.writing;
    }
    const ahead = Math.max(used, family.written + dayBlock(limit.limit));
    const written = limit.metered ? Math.max(used, Math.min(ahead, limit.limit)) : ahead;
    family.written = written;
    const raised = book.raiseDay(family.id, day, written).then(booked, () => {
      // What could not be written is written with the next take.
      if (family.writtenDay === day && family.written === written) family.written = 0;
    });
    const waited = new Promise<void>((resolve) => {
      const cancel = scheduler.after(budgetMs, resolve);
      void raised.then(() => {
        cancel();
        resolve();
      });
    });
    family.writing = waited;
    void waited.then(() => {
      if (family.writing === waited) family.writing = null;
    });
    return waited;
  }

  /** What runs beyond a limit since others were given the slots that this node could not confirm. */
  function countOverCap(
    { limits }: Family,
    { isTelling }: CallPlan,
    { outcomes }: Extract<FamilyAnswer, { result: 'done' }>,
  ): void {
    const limit = limits?.concurrent;
    const slots = isTelling ? outcomes.at(-1)?.slots : undefined;
    if (limit != null && slots !== undefined && slots > limit)
      telemetry.count('latchkey_slots_over_cap_total', {}, slots - limit);
  }

  /** Answers without a round trip where what is known says enough, or null. */
  function atOnce(family: Family, lane: Lane, claims: TakeClaims, now: number): TakeOutcome | null {
    const { latest } = lane.time(now);
    if (tokensSuffice(family, claims, latest)) {
      const counters = family.seen;
      if (counters !== null) {
        const before = counters.dayUsed - family.tokens;
        family.tokens -= claims.cost;
        answered('ahead');
        return passing(family, claims, shown(family, { ...counters, slots: slotsNow(family) }, claims), before, false);
      }
    }
    const denied = deniedAgain(family, claims, now, latest);
    if (denied !== null) answered('denied_before');
    return denied;
  }

  // —— while they do not

  function answerAlone(lane: Lane, family: Family, waiter: Waiter): void {
    const { claims, spending } = waiter;
    const away = awayOf(family, lane);
    if (needsBook(family, lane, claims, policies) && away.reading === null) {
      away.reading = book.readDay(family.id, family.own.day).then(
        (used) => {
          away.book = used;
        },
        () => {},
      );
    }
    const decide = (): void => {
      try {
        const tokens = spending && tokensSuffice(family, claims, lane.time().latest);
        const { refusedBy, budgets, dayBefore } = judgeAlone(family, lane, claims, standing(), policies);
        answered('alone');
        if (!spending) return void waiter.resolve(plain(refusedBy, budgets, true));
        if (refusedBy !== null && !tokens) return void waiter.resolve(plain(refusedBy, budgets, true));
        if (tokens) family.tokens -= claims.cost;
        else spendAlone(family, claims, budgets);
        if (claims.holdSlot && claims.concurrency) {
          family.own.slots += 1;
          for (const budget of budgets)
            if (budget.kind === 'concurrency') budget.remaining = Math.max(0, budget.remaining - 1);
        }
        waiter.resolve(passing(family, claims, budgets, dayBefore, true));
      } catch (error) {
        waiter.reject(error);
      }
    };
    if (away.reading === null || away.book !== null) decide();
    else void away.reading.then(decide);
  }

  // —— what comes by itself

  const rest = (family: Family): void => {
    restless.add(family);
    if (cancelTick === null && closing === null) cancelTick = scheduler.after(TICK_MS, tick);
  };

  function tick(): void {
    cancelTick = null;
    const now = scheduler.now();
    for (const family of restless) {
      if (family.tokens > 0 && now - family.lastUse >= TICK_MS) foldTokens(family);
      if (family.dirty) laneOf(family).want(family);
      if (family.tokens === 0) restless.delete(family);
    }
    if (restless.size > 0) cancelTick = scheduler.after(TICK_MS, tick);
  }

  let takesUntilSweep = SWEEP_EVERY_TAKES;
  let place = families.values();
  /** Who was in use when all had been looked at rests long enough only later. */
  let sweptUntil = 0;

  /** Forgets what rests; the counters know its figures. */
  function sweep(now: number): void {
    takesUntilSweep = SWEEP_EVERY_TAKES;
    if (now < sweptUntil) return;
    for (let looked = 0; looked < SWEPT_AT_ONCE; looked++) {
      const next = place.next();
      if (next.done) {
        place = families.values();
        sweptUntil = now + SWEEP_AGAIN_MS;
        return;
      }
      const family = next.value;
      if (now - family.lastUse < FORGET_AFTER_MS || family.dirty || family.tokens > 0 || family.waiting.length > 0)
        continue;
      if (family.own.slots === 0 && family.leases.size === 0) {
        if (!laneOf(family).isUp()) continue;
        families.delete(family.id);
        hasForgotten = true;
      } else if (now - family.lastUse >= TELL_SLOTS_EVERY_MS) {
        family.lastUse = now;
        tell(family);
      }
    }
  }

  function answer(claims: TakeClaims, spending: boolean): Promise<TakeOutcome> {
    if (closing !== null) return Promise.reject(new LatchkeyError('unavailable', 'The limiter is stopping.'));
    const family = familyOf(claims.familyId);
    const lane = laneOf(family);
    if (family.limits === null || !sameLimits(family.limits, claims.limits)) family.limits = claims.limits;
    if (spending) {
      const now = scheduler.now();
      countTake(family, now);
      if (--takesUntilSweep <= 0) sweep(now);
      if (lane.isUp()) {
        const known = atOnce(family, lane, claims, now);
        if (known !== null) return Promise.resolve(known);
      }
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { claims, spending, holdersSeen: false, resolve, reject };
      if (!lane.isUp()) return answerAlone(lane, family, waiter);
      enqueue(family, waiter);
      lane.want(family);
    });
  }

  const keepLease = (family: Family, id: string, ms: number): void => {
    family.leases.set(id, scheduler.now() + ms);
    family.toHold.add(id);
    tell(family);
  };

  const hold = (familyId: string, lease?: { id: string; ms: number }): (() => void) => {
    const family = familyOf(familyId);
    if (lease === undefined) {
      family.own.slots += 1;
      tell(family);
      return holdSlot(family);
    }
    keepLease(family, lease.id, lease.ms);
    return () => {
      if (family.leases.has(lease.id)) limiter.freeLease(familyId, lease.id);
    };
  };

  const heldBy = ({ own, leases }: Family): number => {
    const now = scheduler.now();
    for (const [id, end] of leases) if (end <= now) leases.delete(id);
    return own.slots + leases.size;
  };

  async function close(): Promise<void> {
    cancelTick?.();
    for (const family of families.values()) foldTokens(family);
    await Promise.all([...lanes.values()].map((lane) => lane.close()));
    // Only the last one knows how much of what is written ahead nobody spends.
    if (members.live().some((id) => id !== node)) return;
    const rows = [...families.values()].flatMap(({ id, seen, written, writtenDay, away }) =>
      seen !== null && away === null && seen.day === writtenDay && written > seen.dayUsed
        ? [{ familyId: id, day: writtenDay, used: seen.dayUsed }]
        : [],
    );
    if (rows.length > 0) await book.setDays(rows);
  }

  const limiter: SharedLimiter = {
    take: (claims) => answer(claims, true),
    peek: (claims) => answer(claims, false),
    hold,
    freeLease(familyId, leaseId) {
      const family = familyOf(familyId);
      family.leases.delete(leaseId);
      family.toHold.delete(leaseId);
      family.toFree.add(leaseId);
      tell(family);
    },
    held(familyId) {
      if (familyId !== undefined) {
        const family = families.get(familyId);
        return family === undefined ? 0 : heldBy(family);
      }
      let leases = 0;
      for (const family of families.values()) if (family.leases.size > 0) leases += heldBy(family) - family.own.slots;
      return slotsInAll + leases;
    },
    async ready() {
      await Promise.all(link.places().map((place) => laneAt(place).ready));
    },
    isDegraded,
    close: () => {
      closing ??= close().finally(() => link.close());
      return closing;
    },
  };
  for (const place of link.places()) laneAt(place);
  return limiter;
}
