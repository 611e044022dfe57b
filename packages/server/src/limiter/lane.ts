// The way of one node to the counters in one place: few batches in flight, a budget for each, what follows when one fails and how it is made good.

import { type FamilyAnswer, MINUTE_MS, type Scheduler, type Telemetry } from '@latchkey/core';
import type { CounterLink } from './counter-link.js';
import { type CallPlan, type Family, forgotten, heard, planCall, unheard } from './family.js';

/** So late a timer says that this process stood still, not that the counters did. */
const STALLED_MS = 10;
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
  /** The earliest and the latest time it can be there. */
  time(): { earliest: number; latest: number };
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
  landed: Promise<void>;
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
  /** What is under way. A family is in one of them at most. */
  const flights = new Set<Flight>();
  let isScheduled = false;
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
  const time = () => {
    const now = scheduler.now();
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
      arm(ms, 2);
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

  /** What these calls were to tell is told again. */
  const giveUp = (plans: Flight['plans']): void => {
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
    const flight: Flight = { plans: planAll(families), landed: Promise.resolve() };
    flights.add(flight);
    flight.landed = fly(flight, ms);
    return flight.landed;
  }

  async function fly(flight: Flight, ms: number): Promise<void> {
    const { plans } = flight;
    const sent = scheduler.now();
    telemetry.count('latchkey_limiter_round_trips_total');
    try {
      const calls = plans.map(([family, { call }]) => ({ familyId: family.id, call }));
      const { now, answers } = await within(ms, link.run(place, node, calls));
      if (!flights.has(flight)) throw new Error('another batch failed meanwhile');
      note(now, sent);
      plans.forEach(([family, one], index) => {
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
      flights.delete(flight);
    } catch (cause) {
      // Whoever was in flight when the lane was left has been answered.
      if (flights.delete(flight)) {
        giveUp(plans);
        leave(cause);
        settleAlone(plans);
      }
      throw cause;
    }
  }

  const mayFly = (): boolean =>
    mode === 'up' &&
    wanted.size > 0 &&
    flights.size < (wanted.size < BATCH_FAMILIES ? BATCHES_AT_ONCE : FULL_BATCHES_AT_ONCE);

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
    const plans = [...flights].flatMap((flight) => flight.plans);
    flights.clear();
    giveUp(plans);
    const left = planAll([...wanted].filter((family) => family.waiting.length > 0));
    giveUp(left);
    wanted.clear();
    settleAlone(plans);
    settleAlone(left);
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
      while (mode === 'up' && (flights.size > 0 || wanted.size > 0)) {
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
