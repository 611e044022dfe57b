// Several nodes' feeds over one store in one process, on time that a test moves. Shared by tests; ships nowhere.

import { createHmac } from 'node:crypto';
import type { Bus, Change, ChangeFeed, LogLevel, Scheduler, Store, Telemetry } from '@latchkey/core';
import { joinMembers, type SharedMembers } from './members.js';
import { openSharedFeed } from './shared-feed.js';

export interface TestTime extends Scheduler {
  /** Lets so many milliseconds pass: what comes due runs in its order, with everything that it sets off. */
  pass(ms: number): Promise<void>;
}

/** Long enough for promises, SQLite and what they set off to be through. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 25; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

export function createTestTime(): TestTime {
  let now = 1_000;
  let timers: { at: number; work(): void }[] = [];
  return {
    now: () => now,
    after(ms, work) {
      const timer = { at: now + ms, work };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    async pass(ms) {
      const end = now + ms;
      await settled();
      for (;;) {
        const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers = timers.filter((one) => one !== due);
        now = Math.max(now, due.at);
        due.work();
        await settled();
      }
      now = end;
    },
  };
}

/** A bus in memory. Cut, it takes messages and brings none. */
export function createTestBus() {
  const listeners = new Set<(message: string) => void>();
  const sent: string[] = [];
  let cut = false;
  const bus: Bus = {
    async send(message) {
      sent.push(message);
      if (cut) return;
      await Promise.resolve();
      for (const listener of [...listeners]) listener(message);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {},
  };
  return {
    bus,
    sent,
    cut(is: boolean) {
      cut = is;
    },
  };
}

const MAC_KEY = 'the key of this installation';
export const testSeal = (key = MAC_KEY) => ({
  mac: (message: string) => createHmac('sha256', key).update(message).digest('hex'),
  equal: (a: string, b: string) => a === b,
});

export interface TestNode {
  feed: ChangeFeed;
  members: SharedMembers;
  /** What its listeners heard, as `kind subject id`. */
  heard: string[];
  lags: number[];
  logged: string[];
  /** The node's own way to the store; false: it fails. */
  reaches(is: boolean): void;
  close(): Promise<void>;
}

export const wordOf = ({ kind, subject, id }: Change): string => `${kind} ${subject} ${id}`;

export interface NodeSettings {
  store: Store;
  scheduler: Scheduler;
  buses: readonly Bus[];
  id: string;
  key?: string;
  staleMs?: number;
}

export async function startNode({
  store,
  scheduler,
  buses,
  id,
  key,
  staleMs = 25_000,
}: NodeSettings): Promise<TestNode> {
  let isReached = true;
  const reaching = <Part extends object>(part: Part): Part =>
    Object.fromEntries(
      Object.entries(part).map(([name, call]) => [
        name,
        async (...args: unknown[]) => {
          if (!isReached) throw new Error('away');
          return (call as (...args: unknown[]) => unknown)(...args);
        },
      ]),
    ) as Part;
  const lags: number[] = [];
  const logged: string[] = [];
  const telemetry: Telemetry = {
    log: (_level: LogLevel, event) => logged.push(event),
    count() {},
    observe: (_metric, seconds) => lags.push(seconds),
    gauge() {},
  };
  const members = await joinMembers({
    nodes: reaching(store.nodes),
    nodeId: id,
    ringKeys: () => [],
    scheduler,
    telemetry,
    staleMs,
  });
  const feed = await openSharedFeed({
    log: reaching(store.changes),
    ...{ buses, members, scheduler, telemetry, staleMs },
    seal: testSeal(key),
  });
  const heard: string[] = [];
  feed.subscribe((change) => heard.push(wordOf(change)));
  return {
    ...{ feed, members, heard, lags, logged },
    reaches(is) {
      isReached = is;
    },
    async close() {
      await feed.close();
      await members.close();
    },
  };
}

/** Commits changes as an operation does, and tells them. */
export async function commit(store: Store, { feed }: Pick<TestNode, 'feed'>, changes: readonly Change[]) {
  const position = await store.transaction((view) => feed.record(view, changes, 0));
  return { position, published: feed.publish(changes, position) };
}
