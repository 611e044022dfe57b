// One machine of the cluster: whether it runs, what its clock shows, its timers. What runs on it is another file's.

import type { Clock, Scheduler } from '@latchkey/core';
import type { Time } from './time.js';

export interface Host {
  readonly name: string;
  /** Its setting of the time: the true one and whatever it is wrong by. */
  clock: Clock;
  /** Its timers; they never go back, whoever sets the clock. */
  scheduler: Scheduler;
  /** Sets the clock wrong by so many milliseconds. */
  setSkew(ms: number): void;
  skew(): number;
  isAlive(): boolean;
  /** Runs `work` now, or when the host goes on; never once it is dead. */
  run(work: () => void): void;
  /** Stops everything on it; what was under way never goes on. */
  kill(): void;
  /** Nothing runs on it until then; what comes meanwhile waits. */
  pause(until: number): void;
  pausedUntil(): number;
}

/** `epoch`: what a right clock shows when the simulation begins. */
export function createHost(name: string, time: Time, epoch: number, begins: number): Host {
  let alive = true;
  let skew = 0;
  let pausedUntil = 0;
  let waiting: (() => void)[] = [];

  function run(work: () => void): void {
    if (!alive) return;
    if (time.now() < pausedUntil || waiting.length > 0) waiting.push(work);
    else work();
  }

  /** One at a time, so that a pause that follows at once holds the rest. */
  function goOn(): void {
    const next = alive && time.now() >= pausedUntil ? waiting.shift() : undefined;
    if (next === undefined) return;
    next();
    // Between two events, so that what the first sets off is through before the second.
    if (waiting.length > 0) time.at(time.now(), goOn);
  }

  return {
    name,
    clock: () => Math.floor(epoch + time.now() + skew),
    scheduler: {
      now: () => begins + time.now(),
      after: (ms, work) => time.at(time.now() + Math.max(0, ms), () => run(work)),
    },
    setSkew(ms) {
      skew = ms;
    },
    skew: () => skew,
    isAlive: () => alive,
    run,
    kill() {
      alive = false;
      waiting = [];
    },
    pause(until) {
      pausedUntil = Math.max(pausedUntil, until);
      time.at(pausedUntil, goOn);
    },
    pausedUntil: () => pausedUntil,
  };
}
