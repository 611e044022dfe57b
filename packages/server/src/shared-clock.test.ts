// Guarantees of the nodes' time: it is the database's, whatever this machine's clock says, and outlives the database's absence.

import { describe, expect, it } from 'vitest';
import { createSharedClock } from './shared-clock.js';

/** A scheduler that is moved by hand. */
function handTimers() {
  let now = 5;
  let waiting: { at: number; work: () => void }[] = [];
  return {
    scheduler: {
      now: () => now,
      after(ms: number, work: () => void) {
        const entry = { at: now + ms, work };
        waiting.push(entry);
        return () => {
          waiting = waiting.filter((one) => one !== entry);
        };
      },
    },
    waits: () => waiting.length,
    async move(ms: number) {
      now += ms;
      const due = waiting.filter(({ at }) => at <= now);
      waiting = waiting.filter(({ at }) => at > now);
      for (const { work } of due) work();
      await new Promise(setImmediate);
    },
  };
}

describe('the shared clock', () => {
  it('shows the time that was read, and goes on by itself', async () => {
    const { scheduler, move } = handTimers();
    const { clock } = await createSharedClock({ read: async () => 1_000_000, scheduler });
    expect(clock()).toBe(1_000_000);
    await move(1_234);
    expect(clock()).toBe(1_001_234);
  });

  it('takes over a later reading, but none that took too long', async () => {
    const { scheduler, move } = handTimers();
    let time = 1_000_000;
    let slow = 0;
    const { clock } = await createSharedClock({
      async read() {
        await move(slow);
        return time;
      },
      scheduler,
    });
    time = 2_000_000;
    await move(10_000);
    expect(clock()).toBe(2_000_000);
    time = 9_000_000;
    slow = 800;
    await move(10_000);
    await new Promise(setImmediate);
    expect(clock()).toBe(2_010_800);
  });

  it('goes on from the last reading while there is no other, and reads again', async () => {
    const { scheduler, move } = handTimers();
    let away = false;
    const { clock } = await createSharedClock({
      async read() {
        if (away) throw new Error('away');
        return 1_000_000 + scheduler.now() - 5 + 7;
      },
      scheduler,
    });
    away = true;
    await move(10_000);
    await move(10_000);
    expect(clock()).toBe(1_020_007);
    away = false;
    await move(10_000);
    expect(clock()).toBe(1_030_007);
  });

  it('does not begin without a reading, and ends when told', async () => {
    const { scheduler, waits } = handTimers();
    const read = async () => {
      throw new Error('away');
    };
    await expect(createSharedClock({ read, scheduler })).rejects.toThrow('away');
    const shared = await createSharedClock({ read: async () => 1, scheduler });
    expect(waits()).toBe(1);
    shared.stop();
    expect(waits()).toBe(0);
  });
});
