// Virtual time: one queue of events for the whole cluster, each run to its end before the next. It knows no nodes and no network.

export interface Time {
  /** Milliseconds since the simulation began: the true time, which no node sees. */
  now(): number;
  /** Runs `work` at that instant, behind whatever was planned for it before. Returns the way to call it off. */
  at(instant: number, work: () => void): () => void;
  /** Resolves after so many milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Runs everything that comes until that instant, its promises included. */
  run(until: number): Promise<void>;
  /** How many events were run. */
  events(): number;
}

interface Event {
  at: number;
  order: number;
  work: (() => void) | null;
}

const realImmediate = setImmediate;

/**
 * What an event sets off, promises and immediates of the shipped code included, ends before the next event begins: so the same
 * events give the same run. While one runs, the global `setImmediate` is the simulation's, and `setTimeout` is nobody's.
 */
export function createTime(): Time {
  const queue = createHeap();
  const immediates: (() => void)[] = [];
  let now = 0;
  let order = 0;
  let events = 0;

  const at: Time['at'] = (instant, work) => {
    const event: Event = { at: Math.max(now, instant), order: order++, work };
    queue.push(event);
    return () => {
      event.work = null;
    };
  };

  /** Promises are through when the loop comes round; what they asked to run behind them is run in order. */
  async function settle(): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => realImmediate(resolve));
      if (immediates.length === 0) return;
      for (const work of immediates.splice(0)) work();
    }
  }

  return {
    now: () => now,
    at,
    sleep: (ms) => new Promise((resolve) => at(now + ms, resolve)),
    async run(until) {
      const restore = takeTimers((work) => immediates.push(work));
      try {
        await settle();
        for (let next = queue.first(); next !== null && next.at <= until; next = queue.first()) {
          queue.pop();
          if (next.work === null) continue;
          now = next.at;
          events++;
          next.work();
          await settle();
        }
        now = Math.max(now, until);
      } finally {
        restore();
      }
    },
    events: () => events,
  };
}

/** Puts the simulation in the place of the process's own timers. A timer of real time would make a run unrepeatable. */
function takeTimers(later: (work: () => void) => void): () => void {
  const real = { setImmediate: globalThis.setImmediate, setTimeout: globalThis.setTimeout };
  globalThis.setImmediate = ((work: (...args: unknown[]) => void, ...args: unknown[]) =>
    later(() => work(...args))) as typeof setImmediate;
  globalThis.setTimeout = (() => {
    throw new Error('A module of the simulation sets a timer of real time: it must use its Scheduler.');
  }) as unknown as typeof setTimeout;
  return () => Object.assign(globalThis, real);
}

/** Events in the order of their time, and of their planning where that is the same. */
function createHeap() {
  const heap: Event[] = [];
  const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b] as Event, heap[a] as Event];
  };
  return {
    first: (): Event | null => heap[0] ?? null,
    push(event: Event): void {
      let place = heap.push(event) - 1;
      while (place > 0) {
        const parent = (place - 1) >> 1;
        if (!isBefore(heap[place] as Event, heap[parent] as Event)) break;
        swap(place, parent);
        place = parent;
      }
    },
    pop(): void {
      const last = heap.pop() as Event;
      if (heap.length === 0) return;
      heap[0] = last;
      for (let place = 0; ; ) {
        let least = place;
        for (const child of [2 * place + 1, 2 * place + 2])
          if (child < heap.length && isBefore(heap[child] as Event, heap[least] as Event)) least = child;
        if (least === place) break;
        swap(place, least);
        place = least;
      }
    },
  };
}
