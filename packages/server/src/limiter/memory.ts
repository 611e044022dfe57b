// The limiter of a single node: counters in memory, the day's use written ahead to the quota book. No limits are decided here.

import {
  budgetsOf,
  type Clock,
  type Counters,
  DAY_MS,
  dayBlock,
  LatchkeyError,
  type Limiter,
  MINUTE_MS,
  type QuotaBook,
  refusingLimit,
  rollWindows,
  type TakeClaims,
  type TakeOutcome,
} from '@latchkey/core';

interface Family extends Counters {
  /** Use known to be on disk for `writtenDay`; what lies between `dayUsed` and it may be spent without another write. */
  written: number;
  /** The day that `written` speaks of; −1 before the book was read. */
  writtenDay: number;
  /** The one read or write of this family that is under way; shared by all who need it, never rejecting late. */
  pending: Promise<void> | null;
}

const NOTHING_TAKEN = { release: null, undo: null, fairUsePassed: false } as const;
const SWEEP_EVERY_TAKES = 64;
const SWEPT_AT_ONCE = 128;
/** A family rests this long before what it has written ahead is given back. */
const REST_MINUTES = 10;

/**
 * Takes are applied synchronously and all at once, so no two can both have the last request. A take that needs the disk
 * waits, then starts over: windows and limits are judged again.
 * After a crash: acknowledged ≤ written ≤ acknowledged + max(one block, the cost in flight).
 */
export function createMemoryLimiter(options: { book: QuotaBook; clock: Clock }): Limiter {
  const { book, clock } = options;
  const families = new Map<string, Family>();
  let closed = false;
  let slotsInAll = 0;
  /** How to free the slots of leases. A lease's end is its holder's business: this process keeps it, or nobody does. */
  const leases = new Map<string, () => void>();
  /** The first windows that no forgotten family can have used: a clock that goes back must not reopen theirs. */
  let floorMinute = 0;
  let floorDay = 0;

  const familyOf = (id: string): Family => {
    let family = families.get(id);
    if (family === undefined) {
      family = {
        minute: floorMinute,
        minuteUsed: 0,
        day: floorDay,
        dayUsed: 0,
        slots: 0,
        written: 0,
        writtenDay: -1,
        pending: null,
      };
      families.set(id, family);
    }
    return family;
  };

  /** Lets one piece of I/O of the family run; everybody else waits for it and then judges anew. */
  const alone = (family: Family, work: Promise<void>): Promise<void> => {
    const pending = work.finally(() => {
      family.pending = null;
    });
    family.pending = pending;
    return pending;
  };

  const readDay = async (id: string, family: Family): Promise<void> => {
    const day = family.day;
    const written = await book.readDay(id, day);
    if (family.day !== day) return;
    family.dayUsed += written;
    family.written = written;
    family.writtenDay = day;
  };

  const raiseDay = async (id: string, family: Family, used: number): Promise<void> => {
    await book.raiseDay(id, family.day, used);
    // `writtenDay` stands still while this is pending, so it is still the day that was raised.
    family.written = used;
  };

  /** The I/O without which the claims cannot be answered from memory, or null. */
  const missing = (family: Family, claims: TakeClaims, spending: boolean): Promise<void> | null => {
    const perDay = claims.limits.perDay;
    if (!claims.durable || perDay === null) return null;
    if (family.pending !== null) {
      const enough = family.writtenDay === family.day && (!spending || family.dayUsed + claims.cost <= family.written);
      return enough ? null : family.pending;
    }
    if (family.writtenDay !== family.day) return alone(family, readDay(claims.familyId, family));
    const needed = family.dayUsed + claims.cost;
    if (!spending || claims.cost === 0 || needed <= family.written) return null;
    if (refusingLimit(family, claims.limits, claims.cost, claims.concurrency) !== null) return null;
    const ahead = Math.max(needed, family.dayUsed + dayBlock(perDay.limit));
    const used = perDay.metered ? Math.max(needed, Math.min(ahead, perDay.limit)) : ahead;
    return alone(family, raiseDay(claims.familyId, family, used));
  };

  const outcome = (
    family: Family,
    claims: TakeClaims,
    refusedBy: TakeOutcome['refusedBy'],
    taken: Pick<TakeOutcome, 'release' | 'undo' | 'fairUsePassed'> = NOTHING_TAKEN,
  ): TakeOutcome => ({ refusedBy, budgets: budgetsOf(family, claims.limits), ...taken, degraded: false });

  const hold = (family: Family): (() => void) => {
    let held = true;
    family.slots += 1;
    slotsInAll += 1;
    return () => {
      if (!held) return;
      held = false;
      family.slots -= 1;
      slotsInAll -= 1;
    };
  };

  /** Only while its windows are open: what is past is nobody's budget any more. What was written ahead stays written. */
  const undoOf = (family: Family, cost: number, release: (() => void) | null): (() => void) => {
    const { minute, day } = family;
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      release?.();
      if (family.minute === minute) family.minuteUsed -= cost;
      if (family.day === day) family.dayUsed -= cost;
    };
  };

  const apply = (family: Family, claims: TakeClaims): TakeOutcome => {
    const { limits, cost } = claims;
    const refusedBy = refusingLimit(family, limits, cost, claims.concurrency);
    if (refusedBy !== null) return outcome(family, claims, refusedBy);
    const before = family.dayUsed;
    family.minuteUsed += cost;
    family.dayUsed += cost;
    const release = claims.holdSlot && claims.concurrency ? hold(family) : null;
    const { perDay } = limits;
    const passed = perDay !== null && !perDay.metered && before <= perDay.limit && family.dayUsed > perDay.limit;
    return outcome(family, claims, null, { release, undo: undoOf(family, cost, release), fairUsePassed: passed });
  };

  const look = (family: Family, claims: TakeClaims): TakeOutcome =>
    outcome(family, claims, refusingLimit(family, claims.limits, claims.cost, claims.concurrency));

  const refuseWhenClosed = () => {
    if (closed) throw new LatchkeyError('unavailable', 'The limiter is stopping.');
  };

  const answer = async (claims: TakeClaims, spending: boolean): Promise<TakeOutcome> => {
    for (;;) {
      refuseWhenClosed();
      // Looked up anew each time: a family may be forgotten while its takes wait.
      const family = familyOf(claims.familyId);
      rollWindows(family, clock());
      const waitFor = missing(family, claims, spending);
      if (waitFor === null) return spending ? apply(family, claims) : look(family, claims);
      try {
        await waitFor;
      } catch (error) {
        throw error instanceof LatchkeyError && error.code === 'unavailable'
          ? error
          : new LatchkeyError('unavailable', 'The quota book cannot be written.', { cause: error });
      }
    }
  };

  let takesUntilSweep = SWEEP_EVERY_TAKES;
  let place = families.entries();

  /** Looks at a few families and forgets those that rest, so that memory follows use. */
  const sweep = () => {
    takesUntilSweep = SWEEP_EVERY_TAKES;
    const now = clock();
    const minute = Math.floor(now / MINUTE_MS);
    const day = Math.floor(now / DAY_MS);
    const forget = (id: string, family: Family) => {
      families.delete(id);
      floorMinute = Math.max(floorMinute, family.minute + 1);
      // Its use of this day is found again in the book, but the day must not go back meanwhile.
      floorDay = Math.max(floorDay, family.day < day ? family.day + 1 : family.day);
    };
    const resting: [string, Family][] = [];
    for (let looked = 0; looked < SWEPT_AT_ONCE; looked++) {
      const next = place.next();
      if (next.done) {
        place = families.entries();
        break;
      }
      const [id, family] = next.value;
      if (family.slots > 0 || family.pending !== null || family.minute >= minute) continue;
      const isWritten = family.writtenDay === family.day;
      // What a take raised and did not spend is still written: then the book would have more than was used.
      const isAhead = isWritten && family.written > family.dayUsed;
      if (family.day < day || (family.dayUsed === 0 && !isAhead)) forget(id, family);
      else if (isWritten && family.written === family.dayUsed) forget(id, family);
      else if (isAhead && family.minute + REST_MINUTES <= minute) resting.push([id, family]);
    }
    if (resting.length > 0) giveBack(resting);
  };

  /** Writes the exact use of resting families; a later sweep forgets them. Takes that come meanwhile wait for it. */
  const giveBack = (resting: readonly (readonly [string, Family])[]) => {
    const rows = resting.map(([id, family]) => ({ familyId: id, day: family.day, used: family.dayUsed }));
    // From here on nothing of the block may be spent; after a failure the next take writes ahead again.
    for (const [, family] of resting) family.written = family.dayUsed;
    const writing = book.setDays(rows).catch(() => {});
    for (const [, family] of resting) void alone(family, writing);
  };

  return {
    take(claims) {
      if (--takesUntilSweep <= 0 && !closed) sweep();
      return answer(claims, true);
    },
    peek: (claims) => answer(claims, false),
    hold(familyId, lease) {
      if (lease === undefined) return hold(familyOf(familyId));
      const known = leases.get(lease.id);
      if (known !== undefined) return known;
      const end = hold(familyOf(familyId));
      const free = (): void => {
        leases.delete(lease.id);
        end();
      };
      leases.set(lease.id, free);
      return free;
    },
    freeLease: (_, leaseId) => leases.get(leaseId)?.(),
    held: (familyId) => (familyId === undefined ? slotsInAll : (families.get(familyId)?.slots ?? 0)),
    async close() {
      if (closed) return;
      closed = true;
      await Promise.allSettled([...families.values()].map((family) => family.pending));
      const rows: { familyId: string; day: number; used: number }[] = [];
      for (const [familyId, family] of families)
        if (family.writtenDay === family.day && family.written > family.dayUsed)
          rows.push({ familyId, day: family.day, used: family.dayUsed });
      if (rows.length > 0) await book.setDays(rows);
    },
  };
}
