// One time for all nodes: the database's, carried on between two readings by a clock that nobody sets. It decides nothing.

import type { Clock, Instant, Scheduler } from '@latchkey/core';

const READ_EVERY_MS = 10_000;
/** A reading that took longer says too little about when it was made. */
const SLOWEST_READING_MS = 500;

export interface SharedClock {
  clock: Clock;
  stop(): void;
}

/**
 * Reads the time once before it resolves, then every ten seconds; while it cannot be read the last reading is carried on. So a
 * machine whose clock is wrong, or is moved, ends no key early and refills nothing twice.
 * @throws what `read` throws the first time
 */
export async function createSharedClock(options: {
  /** The time of the database, in milliseconds since the epoch. */
  read(): Promise<Instant>;
  scheduler: Scheduler;
}): Promise<SharedClock> {
  const { read, scheduler } = options;
  let ahead = 0;
  let cancel = (): void => {};
  let stopped = false;

  async function take(slowest: number): Promise<void> {
    const asked = scheduler.now();
    const time = await read();
    const answered = scheduler.now();
    if (answered - asked <= slowest) ahead = time - (asked + answered) / 2;
  }

  const plan = (): void => {
    cancel = scheduler.after(READ_EVERY_MS, () => {
      void take(SLOWEST_READING_MS)
        .catch(() => {})
        .finally(() => stopped || plan());
    });
  };

  await take(Infinity);
  plan();
  return {
    clock: () => Math.floor(scheduler.now() + ahead),
    stop() {
      stopped = true;
      cancel();
    },
  };
}
