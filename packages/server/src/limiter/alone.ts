// A take while the shared counters are away: the failure policies, applied to what this node knows. The figures are those of local-share.ts.

import { type Budget, type BudgetName, DAY_MS, LatchkeyError, MINUTE_MS, type TakeClaims } from '@latchkey/core';
import { type Away, addOwn, type Family, rollOwn, slotsNow } from './family.js';
import type { Lane } from './lane.js';
import { type FailurePolicies, localRoom, localSlots, type Standing } from './local-share.js';

export interface AloneAnswer {
  refusedBy: BudgetName | null;
  budgets: Budget[];
  /** The day's use before the take, as far as this node knows. */
  dayBefore: number;
}

/** What the family was when its counters went away, and its own windows as they are by now. */
export function awayOf(family: Family, lane: Lane): Away {
  const { minute: awayMinute } = lane.awaySince();
  const episode = lane.episode();
  if (family.away?.episode !== episode) {
    const { own, tokens } = family;
    family.away = {
      episode,
      minuteBefore: own.minute === awayMinute ? own.minuteUsed - tokens : 0,
      slotsBefore: own.slots,
      tokensBefore: tokens,
      book: null,
      reading: null,
    };
  }
  const now = lane.time().earliest;
  const minute = Math.floor(now / MINUTE_MS);
  const day = Math.floor(now / DAY_MS);
  rollOwn(family, Math.max(minute, family.own.minute), Math.max(day, family.own.day));
  return family.away;
}

/** true: the share of the day cannot be told before the quota book was read. */
export const needsBook = (
  family: Family,
  lane: Lane,
  { limits, durable }: TakeClaims,
  policies: FailurePolicies,
): boolean =>
  durable &&
  limits.perDay?.metered === true &&
  policies.quota === 'local' &&
  awayOf(family, lane).book === null &&
  family.own.day <= Math.floor(lane.awaySince().time / DAY_MS);

/**
 * Judges one take by what this node may let pass; changes nothing but the windows.
 * @throws LatchkeyError `unavailable` when a limit in force must not be kept by a node alone
 */
export function judgeAlone(
  family: Family,
  lane: Lane,
  claims: TakeClaims,
  standing: Standing,
  policies: FailurePolicies,
): AloneAnswer {
  const { limits, cost, concurrency } = claims;
  const { perMinute, perDay, concurrent } = limits;
  const away = awayOf(family, lane);
  const { own, tokens, seen } = family;
  const since = lane.awaySince();
  const inForce = [
    perMinute !== null && 'rate',
    perDay?.metered === true && 'quota',
    concurrent !== null && concurrency && 'concurrency',
  ] as const;
  for (const kind of inForce)
    if (kind !== false && policies[kind] === 'closed')
      throw new LatchkeyError('unavailable', `The counters of the ${kind} limit cannot be reached.`);

  const isAlone = standing.nodes === 1 && lane.wasUp();
  const budgets: Budget[] = [];
  let refusedBy: BudgetName | null = null;

  if (concurrent !== null) {
    const isOpen = policies.concurrency === 'open';
    const held = standing.nodes === 1 ? slotsNow(family) : own.slots;
    const room = localSlots(concurrent, standing, away.slotsBefore, lane.lapsed()) - held;
    if (concurrency && !isOpen && room < 1) refusedBy = 'concurrent';
    budgets.push({
      name: 'concurrent',
      kind: 'concurrency',
      limit: concurrent,
      remaining: Math.max(0, isOpen ? concurrent - held : room),
      resetAt: null,
    });
  }

  const dayUsed = own.dayUsed - tokens;
  if (perDay !== null) {
    const isNew = own.day > Math.floor(since.time / DAY_MS);
    const seenUsed = seen?.day === own.day ? seen.dayUsed - away.tokensBefore : null;
    const booked = away.book === null || !claims.durable ? null : Math.max(away.book, seenUsed ?? 0);
    const room = localRoom({
      limit: perDay.limit,
      standing,
      isNew,
      ownSince: isNew ? dayUsed : family.aloneDay,
      usedByAll: isAlone && seenUsed !== null ? seenUsed : booked,
      usedAtLeast: Math.max(seenUsed ?? 0, booked ?? 0),
    });
    const isOpen = !perDay.metered || policies.quota === 'open';
    if (refusedBy === null && cost > 0 && !isOpen && room < cost) refusedBy = 'perDay';
    budgets.unshift({
      name: 'perDay',
      kind: 'quota',
      limit: perDay.limit,
      remaining: perDay.metered ? Math.max(0, isOpen ? perDay.limit - dayUsed : room) : -1,
      resetAt: (own.day + 1) * DAY_MS,
    });
  }

  if (perMinute !== null) {
    const isNew = own.minute > since.minute;
    const minuteUsed = own.minuteUsed - tokens;
    const seenUsed = seen?.minute === own.minute ? seen.minuteUsed - away.tokensBefore : away.minuteBefore;
    const room = localRoom({
      limit: perMinute,
      standing,
      isNew,
      ownSince: isNew ? minuteUsed : family.aloneMinute,
      usedByAll: isAlone ? seenUsed : null,
      usedAtLeast: seenUsed,
    });
    const isOpen = policies.rate === 'open';
    if (refusedBy === null && cost > 0 && !isOpen && room < cost) refusedBy = 'perMinute';
    budgets.unshift({
      name: 'perMinute',
      kind: 'rate',
      limit: perMinute,
      remaining: Math.max(0, isOpen ? perMinute - minuteUsed : room),
      resetAt: (own.minute + 1) * MINUTE_MS,
    });
  }
  return { refusedBy, budgets, dayBefore: Math.max(dayUsed, away.book ?? 0, seen?.day === own.day ? seen.dayUsed : 0) };
}

/** Spends what was judged. The counters hear of it when they are back. */
export function spendAlone(family: Family, { cost }: TakeClaims, budgets: readonly Budget[]): void {
  addOwn(family, cost);
  family.aloneMinute += cost;
  family.aloneDay += cost;
  family.dirty = true;
  for (const budget of budgets)
    if (budget.kind !== 'concurrency' && budget.remaining >= 0) budget.remaining = Math.max(0, budget.remaining - cost);
}
