// The naive judge: recounts what clients saw against what is promised. A second statement of the rules; it imports nothing of the engine.

import type { AskRecord, ChangeRecord, History, Spell } from './records.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** How long a node may trust what it cannot confirm. */
const STALE_MS = 25_000;
/** How long a change may stay unheard where the database answers. */
const REREAD_MS = 5_000;
/** A dead node's slots come back within this time. */
const SLOTS_BACK_MS = 15_000;
/** A dead node is a member for others so long. */
const FOUND_DEAD_MS = 15_000;
/** So long a node that has come up lets the others renew before it judges them. */
const NEWCOMER_MS = 6_000;
/** So long a node repeats a refusal without asking whether somebody gave something back. */
const DENIAL_MS = 1_300;
/** What a message and a timer may take beside. */
const SLACK_MS = 300;
/** After this time without a fault of Redis everything is exact again. */
const EXACT_AFTER_MS = 20_000;
/** By how much two nodes may see the time differently. */
const CLOCK_MS = 1_000;
const ENDED = ['revoked_key', 'disabled_key', 'rotated_key'];
const LIMITED: Record<string, 'perMinute' | 'perDay'> = { rate_limited: 'perMinute', quota_exceeded: 'perDay' };

/** What is wrong, one line each; empty: every promise was kept. */
export function judge(history: History): string[] {
  return [
    ...history.oddities,
    ...endedFaults(history),
    ...staleFaults(history),
    ...windowFaults(history),
    ...dayFaults(history),
    ...slotFaults(history),
    ...creditFaults(history),
    ...probeFaults(history),
  ];
}

/**
 * Retries of a spend that had passed before, or whose answer was lost: the charge that stands lets them pass, and they take
 * neither limits nor slots.
 */
function repeated(asks: readonly AskRecord[]): Set<AskRecord> {
  const known = new Set<string>();
  return new Set(
    inOrder(asks).filter((ask) => {
      if (ask.spendId === null) return false;
      const isRepeat = known.has(ask.spendId);
      if (allowed(ask) || ask.answeredAt === null || ask.reason === 'unavailable') known.add(ask.spendId);
      return isRepeat && allowed(ask);
    }),
  );
}

const allowed = (ask: AskRecord): boolean => ask.answeredAt !== null && ask.reason === null;
const overlaps = (spell: Spell, from: number, to: number): boolean => spell.from <= to && from <= spell.to;
const nameOf = (ask: AskRecord): string =>
  `family ${ask.family} generation ${ask.generation} on node ${ask.machine} (boot ${ask.boot}), sent at ${ask.sentAt.toFixed(1)}`;

/** No request passes with what was ended, beyond the bounds: at once where it was ended and where it was acknowledged, else 5 s, else 25 s. */
function endedFaults(history: History): string[] {
  const faults: string[] = [];
  for (const end of endsOf(history)) {
    for (const ask of history.asks) {
      if (ask.family !== end.family || ask.generation !== end.generation || !allowed(ask)) continue;
      if (ask.sentAt < end.at || (ask.answeredAt as number) >= end.until) continue;
      const late = ask.sentAt - end.at;
      const why = tooLate(history, end, ask, late);
      if (why !== null)
        faults.push(
          `accepted ${late.toFixed(1)} ms after the answer to ${end.what} on node ${end.machine}, ${why}: ${nameOf(ask)}`,
        );
    }
  }
  return [...faults, ...resurrections(history)];
}

type End = ChangeRecord & { at: number; until: number };

function endsOf(history: History): End[] {
  return history.changes.flatMap((change): End[] => {
    if (!change.done || change.answeredAt === null) return [];
    if (change.what === 'revoke') return [{ ...change, at: change.answeredAt, until: Infinity }];
    if (change.what === 'rotate') {
      const at = change.answeredAt + (change.graceMs ?? 0) + CLOCK_MS;
      return [{ ...change, at, until: Infinity }];
    }
    if (change.what !== 'disable') return [];
    const enabling = history.changes.filter(
      (other) => other.what === 'enable' && other.family === change.family && other.refused === null,
    );
    // One that ran beside it may have come behind it.
    if (
      enabling.some(
        ({ sentAt, answeredAt }) => sentAt < (change.answeredAt as number) && (answeredAt ?? Infinity) > change.sentAt,
      )
    )
      return [];
    const until = Math.min(...enabling.map(({ sentAt }) => sentAt).filter((at) => at >= (change.answeredAt as number)));
    return [{ ...change, at: change.answeredAt, until }];
  });
}

function tooLate(history: History, end: End, ask: AskRecord, late: number): string | null {
  if (ask.boot === end.boot) return 'on the node that ended it';
  const { propagated } = end;
  const byAll = propagated !== null && propagated.nodes === propagated.of && propagated.of === end.boots.length;
  if ((byAll || history.kind === 'calm') && end.boots.includes(ask.boot)) return 'which every node acknowledged';
  if (late > STALE_MS + SLACK_MS) return 'longer than anything may be trusted';
  const from = ask.sentAt - REREAD_MS;
  const boot = history.boots[ask.boot];
  const undisturbed =
    from >= end.at &&
    boot !== undefined &&
    ![...(history.databaseAway[ask.machine] ?? []), ...(history.pauses[ask.machine] ?? [])].some((spell) =>
      overlaps(spell, from - 1_100, ask.sentAt),
    );
  return undisturbed ? 'though the database answered' : null;
}

/** What a node once refused as ended, it never lets pass again. */
function resurrections(history: History): string[] {
  const faults: string[] = [];
  const refused = new Map<string, AskRecord>();
  for (const ask of inOrder(history.asks)) {
    if (ask.answeredAt === null) continue;
    const slot = `${ask.family} ${ask.generation} ${ask.boot}`;
    const before = refused.get(slot);
    if (ENDED.includes(ask.reason ?? '') && before === undefined) refused.set(slot, ask);
    if (!allowed(ask) || before === undefined || ask.sentAt <= (before.answeredAt as number)) continue;
    const comesBack =
      before.reason === 'disabled_key' &&
      history.changes.some(
        ({ what, family, sentAt }) => what === 'enable' && family === ask.family && sentAt < (ask.answeredAt as number),
      );
    const isOnEdge = before.reason === 'rotated_key' && ask.sentAt - (before.answeredAt as number) < CLOCK_MS;
    if (comesBack) refused.delete(slot);
    else if (!isOnEdge)
      faults.push(`passes again after ${before.reason} at ${before.answeredAt?.toFixed(1)}: ${nameOf(ask)}`);
  }
  return faults;
}

const inOrder = (asks: readonly AskRecord[]): AskRecord[] =>
  [...asks].sort((a, b) => (a.answeredAt ?? a.sentAt) - (b.answeredAt ?? b.sentAt));

/** A node that has not reached the database for 25 s lets nothing pass. */
const staleFaults = ({ asks }: History): string[] =>
  asks
    .filter((ask) => allowed(ask) && ask.sentAt - ask.contactAt > STALE_MS + SLACK_MS)
    .map(
      (ask) =>
        `accepted ${(ask.sentAt - ask.contactAt).toFixed(0)} ms after the database last answered: ${nameOf(ask)}`,
    );

/** Nothing beyond a limit, nothing refused that would have fitted; through a loss of Redis at most 1 %, or one request per node. */
function windowFaults(history: History): string[] {
  const faults: string[] = [];
  const repeats = repeated(history.asks);
  for (const name of ['perMinute', 'perDay'] as const) {
    const length = name === 'perMinute' ? MINUTE : DAY;
    const spent = new Map<string, { asks: AskRecord[]; family: number; resetAt: number }>();
    for (const ask of history.asks) {
      const resetAt = resetOf(ask, name);
      if (!allowed(ask) || repeats.has(ask) || resetAt === null || ask.cost === 0) continue;
      const slot = `${ask.family} ${resetAt}`;
      const entry = spent.get(slot) ?? { asks: [], family: ask.family, resetAt };
      entry.asks.push(ask);
      spent.set(slot, entry);
      const window = misplaced(history, ask, resetAt, length);
      if (window !== null) faults.push(`${name} resets at ${window}: ${nameOf(ask)}`);
    }
    for (const { asks, family, resetAt } of spent.values()) {
      const end = resetAt - history.epoch - history.redisSkew;
      const used = asks.reduce((sum, { cost }) => sum + cost, 0);
      const [, most] = limitsWithin(history, family, name, end - length, end);
      const over = used - most;
      if (over <= 0) continue;
      const allowance = allowanceOf(history, most, end - length, end);
      if (over > allowance)
        faults.push(
          `family ${family}: ${used} of ${most} a ${name} passed in the window that ends at ${end.toFixed(0)}, ${over} too many (${allowance} may be, kind ${history.kind})`,
        );
    }
    for (const ask of history.asks) {
      const resetAt = resetOf(ask, name);
      if (resetAt === null || LIMITED[ask.reason ?? ''] !== name || ask.answeredAt === null) continue;
      const fault = neededRefusal(history, ask, name, resetAt, length);
      if (fault !== null) faults.push(fault);
    }
  }
  return faults;
}

/** When everything has healed, whatever failed before, the day has no more than was spent, but what was written ahead of it. */
function dayFaults(history: History): string[] {
  return history.asks.flatMap((ask): string[] => {
    const day = ask.budgets.find(({ name }) => name === 'perDay');
    if (ask.probe !== 'look' || day === undefined || day.resetAt === null || ask.answeredAt === null) return [];
    const end = day.resetAt - history.epoch - history.redisSkew;
    const [, most] = limitsWithin(history, ask.family, 'perDay', end - DAY, end);
    const may = history.asks
      .filter((other) => other.family === ask.family && other.sentAt < (ask.answeredAt as number))
      .filter((other) => (allowed(other) ? resetOf(other, 'perDay') === day.resetAt : mayHaveSpent(other)));
    const spent = unitsOf(may);
    // Nobody tells a node that another wrote into the book what it had passed alone: with a loss after that it counts twice.
    const alone = unitsOf(may.filter(({ degraded }) => degraded));
    // A block of the book, written for what is held ahead too; and what a node that died held ahead nobody gives back.
    const died = history.boots.filter(({ to, clean }) => to !== Infinity && !clean).length;
    const ahead = Math.ceil(most / 100) + (died + 1) * Math.floor(most / 100);
    const used = day.limit - day.remaining;
    if (used <= spent + alone + ahead) return [];
    return [`healed, and ${used} of ${day.limit} a day are gone where ${spent} can have been spent: ${nameOf(ask)}`];
  });
}

const unitsOf = (asks: readonly AskRecord[]): number => asks.reduce((sum, { cost }) => sum + cost, 0);

/** Taken and never heard of, or taken and given back when the book had it. */
const mayHaveSpent = ({ answeredAt, reason }: AskRecord): boolean =>
  answeredAt === null || (reason !== null && LIMITED[reason] === undefined && reason !== 'concurrency_exceeded');

const resetOf = (ask: AskRecord, name: string): number | null =>
  ask.budgets.find((budget) => budget.name === name)?.resetAt ?? null;

/** Whether Redis was whole for everybody in a stretch of time, and for long enough before. */
const isExact = (history: History, from: number, to: number): boolean =>
  !history.redisAway.flat().some((spell) => overlaps(spell, from - EXACT_AFTER_MS, to)) &&
  !history.losses.some((at) => at >= from - EXACT_AFTER_MS && at <= to);

/**
 * Through a loss for all nodes 1 %, or one request each. Nodes that Redis is away for while others reach it let their share pass
 * beside what those take: nobody can tell them apart from nodes whose counters are gone. A node that was the only one for a
 * while had all as its share.
 */
function allowanceOf(history: History, limit: number, from: number, to: number): number {
  if (isExact(history, from, to)) return 0;
  const margin = Math.max(Math.floor(limit / 100), history.machines);
  if (history.kind !== 'torn') return margin;
  const away = history.redisAway
    .map((spells) => spells.filter((spell) => overlaps(spell, from - EXACT_AFTER_MS, to)))
    .filter((spells) => spells.length > 0);
  const fewest = Math.min(history.machines, ...away.flat().map((spell) => fewestMembers(history, spell)));
  return margin + Math.ceil(limit * Math.min(1, away.length / fewest));
}

/** How many nodes were members at least at any time of a spell. A dead one is until it is found dead. */
function fewestMembers({ boots }: History, { from, to }: Spell): number {
  const leftAt = (boot: History['boots'][number]): number => boot.to + (boot.clean ? 0 : FOUND_DEAD_MS);
  const instants = [from, ...boots.map(leftAt).filter((at) => at > from && at < to)];
  const members = instants.map((at) => boots.filter((boot) => boot.upAt <= at && leftAt(boot) > at).length);
  return Math.max(1, Math.min(...members));
}

/** The window that an answer names is one that was open at Redis while it was asked. */
function misplaced(history: History, ask: AskRecord, resetAt: number, length: number): string | null {
  const at = (instant: number): number => history.epoch + history.redisSkew + instant;
  const first = (Math.floor(at(ask.sentAt - SLACK_MS) / length) + 1) * length;
  const last = (Math.floor(at((ask.answeredAt as number) + SLACK_MS) / length) + 1) * length;
  if (resetAt >= first && resetAt <= last && resetAt % length === 0) return null;
  if (!isExact(history, ask.sentAt - length, ask.answeredAt as number)) return null;
  return `${resetAt}, which is no end of a window between ${first} and ${last}`;
}

/** The least and the most that may have been in force at any time of a stretch. */
function limitsWithin(
  history: History,
  family: number,
  name: 'perMinute' | 'perDay',
  from: number,
  to: number,
): [number, number] {
  const first = history.families[family]?.limits[name] ?? 0;
  const versions = [{ limit: first, from: -Infinity, sure: -Infinity }];
  for (const change of history.changes) {
    if (change.what !== 'limits' || change.family !== family || change.refused !== null || !change.limits) continue;
    versions.push({
      limit: change.limits[name],
      from: change.sentAt,
      sure: change.done && change.answeredAt !== null ? change.answeredAt : Infinity,
    });
  }
  const inForce = versions.filter((version, at) => {
    const followed = versions
      .slice(at + 1)
      .some((next) => next.sure !== Infinity && next.sure + STALE_MS + SLACK_MS < from && next.from > version.sure);
    return version.from <= to && !followed;
  });
  const figures = inForce.map(({ limit }) => limit);
  return [Math.min(...figures), Math.max(...figures)];
}

/** A refusal for a limit is right when everything that may have been spent, and what is stated to lie in leases, leaves no room. */
function neededRefusal(
  history: History,
  ask: AskRecord,
  name: 'perMinute' | 'perDay',
  resetAt: number,
  length: number,
): string | null {
  const end = resetAt - history.epoch - history.redisSkew;
  const answeredAt = ask.answeredAt as number;
  if (!isExact(history, end - length, answeredAt)) return null;
  const [least] = limitsWithin(history, ask.family, name, end - length, end);
  const maybe = history.asks
    .filter((other) => other !== ask && other.family === ask.family && other.sentAt <= answeredAt)
    .filter((other) => {
      if (allowed(other)) return resetOf(other, name) === resetAt;
      // Taken and given back, or taken and never heard of: for a while it was spent.
      const answered = other.answeredAt ?? Infinity;
      if (answered === Infinity || other.reason === 'unavailable') return other.sentAt >= end - length - 2_000;
      return answered >= ask.sentAt - DENIAL_MS;
    })
    .reduce((sum, { cost }) => sum + cost, 0);
  const leased = Math.floor(least / 100);
  if (maybe + ask.cost + leased <= Math.max(least, 0)) return refusal(ask, name, maybe, least);
  return null;
}

const refusal = (ask: AskRecord, name: string, maybe: number, least: number): string =>
  `refused for ${name} where at most ${maybe} of ${least} were spent and ${ask.cost} was asked: ${nameOf(ask)}`;

/** No more slots at once than the cap, and those of a dead node are back within 15 s. */
function slotFaults(history: History): string[] {
  const faults: string[] = [];
  const repeats = repeated(history.asks);
  for (const family of history.families.keys()) {
    const holders = history.asks.filter((ask) => ask.family === family && ask.hold);
    const caps = capsOf(history, family);
    for (const ask of holders.filter((one) => allowed(one) && !repeats.has(one))) {
      const at = ask.answeredAt as number;
      if (!isSlotExact(history, at)) continue;
      const beside = holders.filter(
        (other) =>
          allowed(other) &&
          !repeats.has(other) &&
          (other.answeredAt as number) <= at &&
          (other.releasedAt ?? Infinity) > at,
      );
      if (caps.most !== null && beside.length > caps.most)
        faults.push(`${beside.length} slots of ${caps.most} are held at ${at.toFixed(1)}: ${nameOf(ask)}`);
    }
    for (const ask of history.asks) {
      if (ask.family !== family || ask.reason !== 'concurrency_exceeded' || ask.answeredAt === null) continue;
      if (!isSlotExact(history, ask.sentAt) || !isSlotExact(history, ask.answeredAt)) continue;
      // A node that has just come finds nobody dead yet.
      if (ask.sentAt - (history.boots[ask.boot]?.upAt ?? 0) < NEWCOMER_MS) continue;
      const mayHold = holders.filter((other) => mayHoldAt(history, other, ask));
      if (caps.least !== null && mayHold.length < caps.least)
        faults.push(`refused for slots where ${mayHold.length} of ${caps.least} can be held: ${nameOf(ask)}`);
    }
  }
  return faults;
}

function capsOf(history: History, family: number): { least: number | null; most: number | null } {
  const changed = history.changes.flatMap((change) =>
    change.what === 'limits' && change.family === family && change.limits && change.refused === null
      ? [change.limits.concurrent]
      : [],
  );
  const all = [history.families[family]?.limits.concurrent ?? null, ...changed];
  const caps = all.filter((cap) => cap !== null);
  return {
    least: caps.length > 0 ? Math.min(...caps) : null,
    most: caps.length < all.length ? null : Math.max(...caps),
  };
}

/** Slots are exact while no node has been out of reach of Redis so long that it lost its lease, and nothing was lost. */
const isSlotExact = (history: History, at: number): boolean =>
  isExact(history, at, at) &&
  !history.pauses.flat().some((spell) => spell.to - spell.from > 9_000 && overlaps(spell, at - 60_000, at));

/** Whether a request may have held its slot at some time while another was asked. */
function mayHoldAt(history: History, other: AskRecord, ask: AskRecord): boolean {
  if (other === ask || other.sentAt > (ask.answeredAt as number)) return false;
  const died = history.boots[other.boot]?.to ?? Infinity;
  const gone = died + SLOTS_BACK_MS + SLACK_MS;
  if (ask.sentAt > gone) return false;
  if (other.answeredAt === null || other.reason === 'unavailable') return true;
  if (other.reason !== null) return other.answeredAt >= ask.sentAt;
  // A node that died did not say that it let go.
  const released =
    other.releasedAt === null ? Infinity : other.releasedAt >= died - SLACK_MS ? gone : other.releasedAt + SLACK_MS;
  return released >= ask.sentAt - SLACK_MS;
}

/** Every spend that was heard stands in the ledger once, none twice, no balance below 0, refills as often as days began. */
function creditFaults(history: History): string[] {
  const faults: string[] = [];
  for (const [family, { credits, ledger, balance }] of history.families.entries()) {
    const who = `family ${family}`;
    let sum = 0;
    for (const line of ledger) {
      sum += line.amount;
      if (line.balanceAfter !== sum)
        faults.push(`${who}: the ledger says ${line.balanceAfter} after ${line.kind}, and adds up to ${sum}`);
      if (sum < 0) faults.push(`${who}: the balance was ${sum}`);
    }
    if (balance !== null && balance !== sum)
      faults.push(`${who}: the balance is ${balance}, the ledger adds up to ${sum}`);
    faults.push(...spendFaults(history, family));
    if (!credits?.refill) continue;
    const day = (at: number): number => Math.floor((history.epoch + history.databaseSkew + at) / DAY);
    const days = day(history.endsAt + CLOCK_MS) - day(-CLOCK_MS);
    const refills = ledger.filter(({ kind }) => kind === 'refill').length;
    if (refills > days) faults.push(`${who}: refilled ${refills} times in ${days} days`);
  }
  return faults;
}

function spendFaults(history: History, family: number): string[] {
  const faults: string[] = [];
  const asked = new Map<string, AskRecord[]>();
  for (const ask of history.asks)
    if (ask.family === family && ask.spendId !== null) asked.set(ask.spendId, [...(asked.get(ask.spendId) ?? []), ask]);
  const charged = new Map<string, { times: number; amount: number }>();
  for (const { kind, amount, requestId } of history.families[family]?.ledger ?? []) {
    if (requestId === null || (kind !== 'debit' && kind !== 'refund')) continue;
    const entry = charged.get(requestId) ?? { times: 0, amount: 0 };
    charged.set(requestId, { times: entry.times + (kind === 'debit' ? 1 : -1), amount: entry.amount + amount });
  }
  for (const [spendId, asks] of asked) {
    const { times, amount } = charged.get(spendId) ?? { times: 0, amount: 0 };
    const heard = asks.find(allowed);
    if (times > 1 || times < 0) faults.push(`family ${family}: ${spendId} was charged ${times} times`);
    if (heard && (times !== 1 || amount !== -heard.credits))
      faults.push(
        `family ${family}: ${spendId} passed and ${times} debits of ${-amount} stand, not ${heard.credits}: ${nameOf(heard)}`,
      );
    const sure = asks.every(
      ({ answeredAt, reason }) => answeredAt !== null && reason !== null && reason !== 'unavailable',
    );
    if (sure && times !== 0) faults.push(`family ${family}: ${spendId} was refused, and ${times} debits stand`);
  }
  for (const spendId of charged.keys())
    if (!asked.has(spendId)) faults.push(`family ${family}: ${spendId} was charged and never asked for`);
  return faults;
}

/** When everything has healed every node answers, by itself and from what is in the database. */
function probeFaults(history: History): string[] {
  return history.asks.flatMap((ask): string[] => {
    if (ask.probe === null) return [];
    const expected = history.families[ask.family]?.ended[ask.generation] ?? null;
    const heard = ask.answeredAt === null ? 'nothing' : (ask.reason ?? 'yes');
    const ends = expected?.split(' or ') ?? ['yes'];
    const isLimited = ask.probe === 'take' && ends.includes('yes');
    const mayBe = isLimited ? [...ends, ...Object.keys(LIMITED), 'concurrency_exceeded'] : ends;
    if (!mayBe.includes(heard)) return [`healed, and hears ${heard} instead of ${mayBe.join(' or ')}: ${nameOf(ask)}`];
    return ask.degraded ? [`healed, and still degraded: ${nameOf(ask)}`] : [];
  });
}
