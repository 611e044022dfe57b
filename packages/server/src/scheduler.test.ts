// The time of a process: what moves it, and what does not.

import { expect, it } from 'vitest';
import { createProcessScheduler } from './scheduler.js';

const HOUR = 3_600_000;

it('goes on while the machine sleeps, and is not moved by whoever sets the clock', () => {
  let steady = 5_000;
  let wall = 1_700_000_000_000;
  let up = 90_000;
  const { now } = createProcessScheduler({ steady: () => steady, wall: () => wall, up: () => Math.floor(up / 1_000) });
  const pass = (ms: number): void => {
    steady += ms;
    wall += ms;
    up += ms;
  };
  expect(now()).toBe(5_000);
  pass(400);
  expect(now()).toBe(5_400);
  for (const by of [25 * HOUR, -2 * HOUR, 900]) {
    wall += by;
    pass(100);
  }
  expect(now()).toBe(5_700);
  // A night: only the machine's own count goes on.
  wall += 8 * HOUR;
  up += 8 * HOUR;
  const woken = now();
  expect(woken).toBeGreaterThan(5_700 + 8 * HOUR - 1_500);
  expect(woken).toBeLessThan(5_700 + 8 * HOUR + 1_500);
  pass(1_000);
  expect(now()).toBe(woken + 1_000);
  // Asleep while the clock was set back by as much and more.
  wall -= 3 * HOUR;
  up += HOUR;
  expect(now()).toBeGreaterThan(woken + HOUR - 1_500);
});
