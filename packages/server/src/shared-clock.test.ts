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

  it('takes over another time, and is made no worse by slow readings', async () => {
    const { scheduler, move } = handTimers();
    let ahead = 1_000_000;
    let [before, after] = [0, 0];
    const { clock } = await createSharedClock({
      async read() {
        await move(before);
        const time = scheduler.now() + ahead;
        await move(after);
        return time;
      },
      scheduler,
    });
    const moveOn = async (): Promise<void> => {
      await move(10_000);
      // A reading moves the time on its way, too.
      for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
    };
    const offBy = (): number => Math.abs(clock() - scheduler.now() - ahead);
    expect(offBy()).toBeLessThanOrEqual(1);
    // All of its way lies on one side: taken alone, it is 400 ms wrong.
    after = 800;
    await moveOn();
    expect(offBy()).toBeLessThanOrEqual(6);
    [before, after] = [0, 10];
    ahead = 8_000_000;
    await moveOn();
    expect(offBy()).toBeLessThanOrEqual(6);
  });

  it('reads again soon while it knows the time badly, and then knows it well', async () => {
    const { scheduler, move } = handTimers();
    let way = 600;
    const { clock } = await createSharedClock({
      async read() {
        const time = scheduler.now() + 1_000_000;
        await move(way);
        return time;
      },
      scheduler,
    });
    expect(clock() - scheduler.now()).toBeLessThan(999_800);
    way = 0;
    await move(1_000);
    expect(clock() - scheduler.now()).toBeGreaterThanOrEqual(999_998);
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
