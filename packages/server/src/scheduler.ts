// The timers of a running process behind the Scheduler port. Tests and simulations bring their own.

import { uptime } from 'node:os';
import type { Scheduler } from '@latchkey/core';

/** What the two clocks of a process may drift apart before the machine is asked how long it has been up. */
const DRIFT_MS = 1_000;
/** `uptime` is told in whole seconds on some machines. */
const UPTIME_MS = 1_500;

/**
 * Time that goes on while the machine sleeps, which a process's own steady clock does not everywhere: what was trusted for 25 s
 * is not trusted after a night. The wall clock is only a hint to look at the machine's; who moves it moves nothing here.
 */
export function createProcessScheduler(
  clocks = { steady: () => performance.now(), wall: Date.now, up: uptime },
): Scheduler {
  const apart = (): number => clocks.wall() - clocks.steady();
  const upAtStart = clocks.up() * 1_000 - clocks.steady();
  let known = apart();
  let slept = 0;
  return {
    now() {
      if (Math.abs(apart() - known) > DRIFT_MS) {
        known = apart();
        const missed = clocks.up() * 1_000 - clocks.steady() - upAtStart;
        if (missed > slept + UPTIME_MS) slept = missed;
      }
      return clocks.steady() + slept;
    },
    after(ms, work) {
      const timer = setTimeout(work, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}

export const processScheduler: Scheduler = createProcessScheduler();
