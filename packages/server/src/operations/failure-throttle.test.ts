// Counting failures must cost an attacker more than us: however many addresses take part, what is remembered of them is bounded.

import { expect, it } from 'vitest';
import { createFailureThrottle, FAILURES_PER_MINUTE } from './failure-throttle.js';
import { heapUsed } from './heap.suite.js';

const silent = { log() {}, count() {}, observe() {}, gauge() {} };
const address = (at: number): string => `2001:db8:${(at >>> 16).toString(16)}:${(at & 0xffff).toString(16)}::1`;

it('remembers a bounded number of sources, and still slows the one that goes on', () => {
  const throttle = createFailureThrottle(() => 0, silent);
  for (let at = 0; at < 60_000; at++) throttle.fail(address(at));
  const full = heapUsed();
  for (let at = 0; at < 200_000; at++) throttle.fail(address(1_000_000 + at));
  expect(heapUsed() - full, 'four times as many sources take no more').toBeLessThan(2_000_000);
  for (let at = 0; at < FAILURES_PER_MINUTE; at++) {
    expect(throttle.fail('192.0.2.1')).toBeNull();
    for (let other = 0; other < 50; other++) throttle.fail(address(2_000_000 + at * 50 + other));
  }
  expect(throttle.fail('192.0.2.1')).toBe(60);
});
