// The way of one node to the counters in one place: few batches in flight, a budget for each, what follows when one fails and how it is made good.

import { type FamilyAnswer, MINUTE_MS, type Scheduler, type Telemetry } from '@latchkey/core';
import type { CounterLink } from './counter-link.js';
import { type CallPlan, type Family, forgotten, heard, planCall, unheard } from './family.js';

/** So late a timer says that this process stood still, not that the counters did. */
const STALLED_MS = 10;
/** Then what is due is waited for half as long once more, so often. */
const MORE_WAITS = 2;
const PROBE_EVERY_MS = 100;
/** What was counted alone is told with more patience. */
const TELL_MS = 1_000;
const TELL_AT_ONCE = 100;
/** Families in one batch, at most, and batches under way: the second is sent at once, more of them only when they are full. */
const BATCH_FAMILIES = 64;
const BATCHES_AT_ONCE = 2;
const FULL_BATCHES_AT_ONCE = 8;
export const LEASE_MS = 15_000;
/** A lease is renewed so often while it lasts. */
const RENEWALS = 3;
/** So long a node waits for the others to tell what they let pass alone. */
const BARRIER_MS = 2_000;
const BARRIER_EVERY_MS = 50;

const LATE: FamilyAnswer = { result: 'late' };

export interface Lane {
  readonly place: string;
  isUp(): boolean;
  /** Counts the absences; another number is another absence. */
  episode(): number;
  /** The minute and day at the counters when they went away, as far as this node can tell. */
  awaySince(): { minute: number; time: number };
  /** The earliest and the latest time it can be there, at a moment of the scheduler. */
  time(now?: number): { earliest: number; latest: number };
  /** true once the counters answered. */
  wasUp(): boolean;
  /** true: this node's slots may have been given away. */
  lapsed(): boolean;
  /** The family is in the next batch. */
  want(family: Family): void;
  forget(family: Family): void;
  /** Those of the nodes whose slots nobody will free. */
  deadAmong(nodes: readonly string[]): Promise<string[]>;
  /** Tells what is untold and ends this node's lease. */
  close(): Promise<void>;
  /** Resolves once the counters have answered. */
  ready: Promise<void>;
}

interface Needs {
  place: string;
  node: string;
  link: CounterLink;
  scheduler: Scheduler;
  telemetry: Telemetry;
  /** Live nodes in ascending order. */
  live(): readonly string[];
  /** Numbers the calls, over all lanes. */
  nextSequence(): number;
  /** All families that are counted in this place. */
  families(): Iterable<Family>;
  /** The answer to a call that was heard: whoever waits is told. */
  settle(lane: Lane, family: Family, plan: CallPlan, answer: FamilyAnswer): void;
  /** Whoever waits is answered by this node alone. */
  settleAlone(lane: Lane, family: Family, plan: CallPlan): void;
  onChange(): void;
  /** A batch that takes longer counts as failed. */
  budgetMs: number;
  /** Of a node's lease. After an absence nobody is found dead before a third of it is over, so that all have renewed. */
  leaseMs: number;
  /** The caller's clock, for as long as the counters never answered. */
  clock(): number;
}

/** A batch that is under way, or whose answer counts no more. */
interface Flight {
  plans: readonly (readonly [Family, CallPlan])[];
  sent: number;
  ms: number;
  /** When it counts as failed, and how often it may still be waited for longer since it was this process that stood still. */
  due: number;
  more: number;
  landed: Promise<void>;
  resolve(): void;
  reject(cause: unknown): void;
}

export function createLane(needs: Needs): Lane {
  const { place, node, link, scheduler, telemetry, budgetMs, leaseMs } = needs;
  let mode: 'up' | 'away' | 'stopped' = 'away';
  let episode = 1;
  let life: string | null = null;
  /** Set when the counters turn out to have forgotten this node. */
  let lost = false;
  /** The minute in which they were found to have begun anew: they lack what nodes passed in it that have not told. */
  let shortMinute = -1;
  let sample = { at: needs.clock(), sent: scheduler.now(), received: scheduler.now() };
  let away = { minute: Math.floor(sample.at / MINUTE_MS), time: sample.at };
  let renewedAt = Number.NEGATIVE_INFINITY;
  let upSince = Number.POSITIVE_INFINITY;
  /** What is under way. A family is in one of them at most. A list: the tables that a Set leaves behind keep what was in them from being collected. */
  const flights: Flight[] = [];
  /** false: it is not under way any more. */
  const remove = (flight: Flight): boolean => {
    const at = flights.indexOf(flight);
    if (at >= 0) flights.splice(at, 1);
    return at >= 0;
  };
  let isScheduled = false;
  let watchedAt = Number.POSITIVE_INFINITY;
  let cancelWatch = () => {};
  const wanted = new Set<Family>();
  /** Of other nodes: until when, by the scheduler, their leases last at least. */
  const aliveUntil = new Map<string, number>();
  let cancelTimer = () => {};
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });

  const note = (at: number, sent: number): void => {
    sample = { at, sent, received: scheduler.now() };
  };
  const time = (now = scheduler.now()) => {
    return { earliest: sample.at + (now - sample.received), latest: sample.at + (now - sample.sent) };
  };

  /** Rejects when the work takes longer, unless it was this process that stood still. */
  const within = <T>(ms: number, work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      let cancel = () => {};
      const arm = (wait: number, more: number): void => {
        const due = scheduler.now() + wait;
        cancel = scheduler.after(wait, () => {
          if (more > 0 && scheduler.now() - due > STALLED_MS) arm(wait / 2, more - 1);
          else reject(new Error(`no answer within ${ms} ms`));
        });
      };
      arm(ms, MORE_WAITS);
      work.then(resolve, reject).finally(() => cancel());
    });

  const planAll = (families: readonly Family[]): Flight['plans'] => {
    const now = scheduler.now();
    const nodes = needs.live().length;
    const isTelling = mode === 'away';
    return families.map((family) => {
      family.isAsked = true;
      return [family, planCall(family, { node, sequence: needs.nextSequence(), now, nodes, isTelling })] as const;
    });
  };

  /** What it was to tell is told again. */
  const giveUp = ({ plans }: Pick<Flight, 'plans'>): void => {
    for (const [family, one] of plans) {
      family.isAsked = false;
      unheard(family, one);
      if (family.waiting.length > 0) wanted.add(family);
    }
  };
  const settleAlone = (plans: Flight['plans']): void => {
    for (const [family, one] of plans) needs.settleAlone(lane, family, one);
  };

  /** One round trip. A rejected one leaves everything to be told again. */
  function tell(families: readonly Family[], ms: number): Promise<void> {
    const plans = planAll(families);
    const sent = scheduler.now();
    let resolve = (): void => {};
    let reject = (_: unknown): void => {};
    const landed = new Promise<void>((done, failed) => {
      resolve = done;
      reject = failed;
    });
    const flight: Flight = { plans, sent, ms, due: sent + ms, more: MORE_WAITS, landed, resolve, reject };
    flights.push(flight);
    watch(flight.due);
    telemetry.count('latchkey_limiter_round_trips_total');
    const calls = plans.map(([family, { call }]) => ({ familyId: family.id, call }));
    link.run(place, node, calls).then(
      (answer) => land(flight, answer),
      (cause) => crash(flight, cause),
    );
    return landed;
  }

  function land(flight: Flight, { now, answers }: Awaited<ReturnType<CounterLink['run']>>): void {
    // Whoever was in flight when another batch failed has been answered.
    if (!flights.includes(flight)) return;
    try {
      note(now, flight.sent);
      flight.plans.forEach(([family, one], index) => {
        const answer = answers[index] ?? LATE;
        family.isAsked = false;
        if (answer.result === 'done') {
          // Whom the counters knew today and know no more, they have lost, and others with it.
          if (!answer.known && family.confirmedDay === answer.day) lost = true;
          heard(family, one, answer);
        } else unheard(family, one);
        needs.settle(lane, family, one, answer);
        if (family.dirty || family.waiting.length > 0) lane.want(family);
      });
      remove(flight);
      flight.resolve();
    } catch (cause) {
      crash(flight, cause);
    }
  }

  function crash(flight: Flight, cause: unknown): void {
    if (!remove(flight)) return;
    giveUp(flight);
    leave(cause);
    settleAlone(flight.plans);
    flight.reject(cause);
  }

  /** One timer for all batches, which is not set anew for each: most have landed when it goes off. */
  function watch(due: number): void {
    if (due >= watchedAt) return;
    cancelWatch();
    watchedAt = due;
    cancelWatch = scheduler.after(due - scheduler.now(), () => {
      watchedAt = Number.POSITIVE_INFINITY;
      const now = scheduler.now();
      let next = Number.POSITIVE_INFINITY;
      for (const flight of [...flights]) {
        if (flight.due <= now) {
          if (flight.more === 0 || now - flight.due <= STALLED_MS) {
            crash(flight, new Error(`no answer within ${flight.ms} ms`));
            continue;
          }
          flight.more -= 1;
          flight.due = now + flight.ms / 2 ** (MORE_WAITS - flight.more);
        }
        next = Math.min(next, flight.due);
      }
      if (flights.length > 0) watch(next);
    });
  }

  const mayFly = (): boolean =>
    mode === 'up' &&
    wanted.size > 0 &&
    flights.length < (wanted.size < BATCH_FAMILIES ? BATCHES_AT_ONCE : FULL_BATCHES_AT_ONCE);

  function flush(): void {
    isScheduled = false;
    while (mayFly()) {
      const families: Family[] = [];
      for (const family of wanted) {
        families.push(family);
        wanted.delete(family);
        if (families.length === BATCH_FAMILIES) break;
      }
      tell(families, budgetMs).then(landed, schedule);
    }
  }

  function landed(): void {
    if (lost) leave('the counters were lost');
    schedule();
  }

  function schedule(): void {
    if (isScheduled || !mayFly()) return;
    isScheduled = true;
    queueMicrotask(flush);
  }

  /** From here on this node answers alone, those who wait too. */
  function leave(cause: unknown): void {
    if (mode !== 'up') return;
    mode = 'away';
    episode += 1;
    const { earliest } = time();
    away = { minute: Math.floor(earliest / MINUTE_MS), time: earliest };
    telemetry.log('warn', 'limiter_degraded', { place, cause });
    needs.onChange();
    const cut = flights.splice(0);
    for (const flight of cut) giveUp(flight);
    const left = { plans: planAll([...wanted].filter((family) => family.waiting.length > 0)) };
    giveUp(left);
    wanted.clear();
    for (const { plans } of [...cut, left]) settleAlone(plans);
    for (const { reject } of cut) reject(cause);
    cancelTimer();
    void probe();
  }

  /** The minute at the counters that is open at least. */
  const minuteThere = (): number => Math.floor(time().earliest / MINUTE_MS);

  /** `life` and the minute up to which this node has told what it let pass. */
  const word = (): string => `${minuteThere()} ${life}`;
  const isLapsed = (): boolean => scheduler.now() - renewedAt >= leaseMs;
  const others = (): string[] => needs.live().filter((id) => id !== node);

  const renew = async (ms: number): Promise<string> => {
    const sent = scheduler.now();
    const answer = await within(ms, link.renew(place, node, word(), leaseMs));
    note(answer.now, sent);
    renewedAt = sent;
    return answer.life;
  };

  async function tellAll(which: (family: Family) => boolean): Promise<void> {
    const told = [...needs.families()].filter(which);
    for (let from = 0; from < told.length; from += TELL_AT_ONCE)
      await tell(told.slice(from, from + TELL_AT_ONCE), TELL_MS);
  }

  /** true once every live node has told what it let pass under this life, up to this minute. */
  async function allTold(minute: number): Promise<boolean> {
    const words = await within(TELL_MS, link.leases(place, others()));
    return words.every((lease) => {
      const [told, ...rest] = lease?.word.split(' ') ?? [];
      return Number(told) >= minute && rest.join(' ') === life;
    });
  }

  const pause = (ms: number): Promise<void> => new Promise((resolve) => scheduler.after(ms, resolve));

  /** Tries to come back, until it does. */
  async function probe(): Promise<void> {
    try {
      const alone = away;
      const wasLapsed = isLapsed();
      const now = await renew(budgetMs);
      const isFirst = upSince === Number.POSITIVE_INFINITY;
      const wasLost = lost || (life !== null && life !== now);
      const spanned = Math.floor(time().latest / MINUTE_MS) !== alone.minute;
      life = now;
      lost = false;
      if (wasLost) shortMinute = minuteThere();
      const isShort = minuteThere() <= shortMinute;
      for (const family of needs.families()) {
        if (wasLost) forgotten(family);
        if (wasLapsed && family.own.slots > 0) family.dirty = true;
      }
      await tellAll((family) => family.dirty);
      // Says in the lease what was told just now.
      if ((await renew(TELL_MS)) !== life) throw new Error('the counters were lost again');
      if ((isFirst || isShort || spanned) && others().length > 0) {
        // In the minute in which the counters went away nobody let pass more than a margin: that need not be waited for.
        const minute = isShort || spanned ? minuteThere() : 0;
        const rest = isShort ? (minute + 1) * MINUTE_MS - time().earliest : BARRIER_MS;
        const end = scheduler.now() + Math.min(BARRIER_MS, rest);
        let told = await allTold(minute);
        while (!told && scheduler.now() < end) {
          await pause(BARRIER_EVERY_MS);
          told = await allTold(minute);
        }
        // A live node that cannot tell may have spent the whole of a minute that the counters no longer know.
        if (isShort && !told) throw new Error('what others passed before the loss is not told yet');
      }
      await tellAll((family) => family.dirty);
      if (mode === 'stopped') return;
      mode = 'up';
      upSince = scheduler.now();
      telemetry.log('info', 'limiter_shared', { place });
      needs.onChange();
      isReady();
      schedule();
      cancelTimer = scheduler.after(leaseMs / RENEWALS, () => void keepLease());
    } catch {
      if (mode === 'stopped') return;
      cancelTimer = scheduler.after(PROBE_EVERY_MS, () => void probe());
    }
  }

  async function keepLease(): Promise<void> {
    const since = episode;
    const isCurrent = (): boolean => mode === 'up' && episode === since;
    try {
      const now = await renew(TELL_MS);
      if (isCurrent() && now !== life) return leave('the counters were lost');
      for (const [id, until] of aliveUntil) if (until < scheduler.now()) aliveUntil.delete(id);
    } catch (cause) {
      if (isCurrent()) leave(cause);
      return;
    }
    if (isCurrent()) cancelTimer = scheduler.after(leaseMs / RENEWALS, () => void keepLease());
  }

  const lane: Lane = {
    place,
    ready,
    isUp: () => mode === 'up',
    episode: () => episode,
    awaySince: () => away,
    time,
    wasUp: () => life !== null,
    lapsed: isLapsed,
    want(family) {
      // Who is asked already is looked at again with the answer.
      if (family.isAsked) return;
      wanted.add(family);
      schedule();
    },
    forget: (family) => void wanted.delete(family),
    async deadAmong(nodes) {
      const now = scheduler.now();
      if (mode !== 'up' || now - upSince < leaseMs / RENEWALS) return [];
      const doubtful = nodes.filter((id) => (aliveUntil.get(id) ?? 0) <= now);
      if (doubtful.length === 0) return [];
      telemetry.count('latchkey_limiter_round_trips_total');
      const leases = await within(budgetMs, link.leases(place, doubtful));
      // Asked before, answered after: so long the lease lasts at least.
      for (const [index, id] of doubtful.entries()) aliveUntil.set(id, now + (leases[index]?.ms ?? 0));
      return doubtful.filter((_, index) => leases[index] === null);
    },
    async close() {
      cancelTimer();
      while (mode === 'up' && (flights.length > 0 || wanted.size > 0)) {
        schedule();
        await Promise.allSettled([...flights].map((flight) => flight.landed));
      }
      const wasUp = mode === 'up';
      if (wasUp) await tellAll((family) => family.dirty).catch(() => {});
      mode = 'stopped';
      cancelTimer();
      if (wasUp) await within(TELL_MS, link.leave(place, node)).catch(() => {});
    },
  };
  void probe();
  return lane;
}
