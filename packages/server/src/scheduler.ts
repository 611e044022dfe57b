// The timers of a running process behind the Scheduler port. Tests and simulations bring their own.

import type { Scheduler } from '@latchkey/core';

export const processScheduler: Scheduler = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
