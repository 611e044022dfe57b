// One time for all nodes: the database's, carried on between two readings by a clock that nobody sets. It decides nothing.

import type { Clock, Instant, Scheduler } from '@latchkey/core';

const READ_EVERY_MS = 10_000;
/** While it is known less well than this, it is read more often. */
const GOOD_MS = 50;
const READ_SOON_MS = 1_000;
/** How far two good clocks part, of the time that passes. */
const DRIFT = 0.0005;

export interface SharedClock {
  clock: Clock;
  stop(): void;
}

/**
 * Reads the time once before it resolves, then every ten seconds; while it cannot be read the last reading is carried on. So a
 * machine whose clock is wrong, or is moved, ends no key early and refills nothing twice. A reading was made at some instant
 * between question and answer: what all readings allow is kept, so that slow ones of a busy machine make it no worse.
 * @throws what `read` throws the first time
 */
export async function createSharedClock(options: {
  /** The time of the database, in milliseconds since the epoch. */
  read(): Promise<Instant>;
  scheduler: Scheduler;
}): Promise<SharedClock> {
  const { read, scheduler } = options;
  /** The database is ahead of the scheduler by something between these two, as of `readAt`. */
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  let readAt = 0;
  let cancel = (): void => {};
  let stopped = false;

  async function take(): Promise<void> {
    const asked = scheduler.now();
    const time = await read();
    const answered = scheduler.now();
    const drift = (answered - readAt) * DRIFT;
    const [from, to] = [time - answered, time - asked];
    // One that fits none of what was known is of a clock that was set, or of another database: then it alone counts.
    const fits = from <= most + drift && to >= least - drift;
    least = fits ? Math.max(from, least - drift) : from;
    most = fits ? Math.min(to, most + drift) : to;
    readAt = answered;
  }

  const plan = (): void => {
    cancel = scheduler.after(most - least > GOOD_MS ? READ_SOON_MS : READ_EVERY_MS, () => {
      void take()
        .catch(() => {})
        .finally(() => stopped || plan());
    });
  };

  await take();
  plan();
  return {
    clock: () => Math.floor(scheduler.now() + (least + most) / 2),
    stop() {
      stopped = true;
      cancel();
    },
  };
}
