// Time for tests on the real clock: waiting for enough of a minute, or for something to become so.

import { setTimeout as sleep } from 'node:timers/promises';

const MINUTE = 60_000;

/** Resolves when at least `seconds` of the running minute are left. */
export async function roomInMinute(seconds: number): Promise<void> {
  const left = MINUTE - (Date.now() % MINUTE);
  if (left < seconds * 1000) await sleep(left + 5);
}

export const minuteOf = (at: number): number => Math.floor(at / MINUTE);

/** Resolves once it holds. @throws when it does not within `ms`. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  for (const until = Date.now() + ms; !(await holds()); await sleep(20)) {
    if (Date.now() > until) throw new Error(`Not within ${ms} ms: ${what}`);
  }
}
