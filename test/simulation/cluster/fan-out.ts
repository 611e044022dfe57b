// What one revocation costs with that many nodes: the shipped feed and members on virtual time, and every message counted. No engine here.

import type { Bus, Change, LoggedChanges, Store, Telemetry } from '@latchkey/core';
import { joinMembers } from '../../../packages/server/src/events/members.js';
import { openSharedFeed } from '../../../packages/server/src/events/shared-feed.js';
import { randomOf } from '../../e2e/random.js';
import { createHost } from './host.js';
import { createTime } from './time.js';

export interface FanOut {
  nodes: number;
  /** Messages handed to the bus, and handed out by it, for one revocation. */
  sent: number;
  delivered: number;
  /** Until the call returns, with how many confirmations. */
  answeredMs: number;
  confirmed: number;
  /** Until the last node has heard. */
  lastHeardMs: number;
  /** Statements of all nodes in a second in which nothing happens. */
  statementsPerSecond: number;
}

const REVOCATIONS = 5;
const STALE_MS = 25_000;
const silent: Telemetry = { log() {}, count() {}, observe() {}, gauge() {} };

/** One way takes 0.2 to 1.2 ms; a server hands out its messages at once. */
export async function fanOut(nodes: number): Promise<FanOut> {
  const time = createTime();
  const draw = randomOf(nodes, 'fan-out');
  const delay = (): number => draw.int(2, 12) / 10;
  const counts = { sent: 0, delivered: 0, statements: 0 };
  const over = <T>(work: () => T): Promise<T> =>
    new Promise((resolve) => {
      counts.statements++;
      time.at(time.now() + delay(), () => {
        const value = work();
        time.at(time.now() + delay(), () => resolve(value));
      });
    });
  const { log, beats } = createTables();
  const listeners: ((message: string) => void)[] = [];
  const bus = (): Bus => ({
    async send(message) {
      counts.sent++;
      time.at(time.now() + delay(), () => {
        for (const listener of listeners) {
          counts.delivered++;
          time.at(time.now() + delay(), () => listener(message));
        }
      });
    },
    subscribe(listener) {
      listeners.push(listener);
      return () => {};
    },
    close: async () => {},
  });

  const feeds: Awaited<ReturnType<typeof openSharedFeed>>[] = [];
  const heardAt: number[] = [];
  const starting = Array.from({ length: nodes }, async (_, at) => {
    const host = createHost(`node${at}`, time, 0, at);
    await new Promise<void>((resolve) => time.at((at * 2_000) / nodes, resolve));
    const { scheduler } = host;
    const nodeId = `node_${String(at).padStart(4, '0')}`;
    const members = await joinMembers({
      ...{ nodeId, scheduler, telemetry: silent, staleMs: STALE_MS },
      ringKeys: () => [],
      nodes: {
        beat: (id) => over(() => beats.beat(id)),
        list: () => over(() => beats.list()),
        remove: async () => {},
      },
    });
    const feed = await openSharedFeed({
      ...{ members, scheduler, telemetry: silent, buses: [bus()], staleMs: STALE_MS },
      log: {
        ...log,
        after: (position, limit) => over(() => log.after(position, limit)).then((answer) => answer),
        latest: () => over(() => log.latest()).then((answer) => answer),
      },
      // Nobody forges messages here, and a MAC of each would be all that is measured.
      seal: { mac: () => 'mac', equal: (a, b) => a === b },
    });
    feed.subscribe(() => heardAt.push(time.now()));
    feeds[at] = feed;
  });
  await time.run(8_000);
  await Promise.all(starting);
  counts.statements = 0;
  await time.run(time.now() + 4_000);
  const statementsPerSecond = counts.statements / 4;

  const found: FanOut = {
    nodes,
    sent: 0,
    delivered: 0,
    answeredMs: 0,
    confirmed: 0,
    lastHeardMs: 0,
    statementsPerSecond,
  };
  for (let turn = 0; turn < REVOCATIONS; turn++) {
    Object.assign(counts, { sent: 0, delivered: 0 });
    heardAt.length = 0;
    const begun = time.now();
    const changes: Change[] = [{ subject: 'key', id: `key_${turn}`, kind: 'ended' }];
    const position = await log.append(changes);
    let answered = 0;
    void (feeds[turn % nodes] as (typeof feeds)[number]).publish(changes, position).then((propagated) => {
      answered = time.now() - begun;
      found.confirmed += propagated.nodes / REVOCATIONS;
    });
    await time.run(begun + 1_500);
    found.sent += counts.sent / REVOCATIONS;
    found.delivered += counts.delivered / REVOCATIONS;
    found.answeredMs += answered / REVOCATIONS;
    found.lastHeardMs += (Math.max(...heardAt) - begun) / REVOCATIONS;
  }
  return found;
}

/** The two tables in memory: what they hold is not in question here. */
function createTables() {
  const rows: LoggedChanges[] = [];
  const beats = new Map<string, number>();
  const log = {
    append: async (changes: readonly Change[]): Promise<number> => rows.push({ position: rows.length + 1, changes }),
    after: async (position: number, limit: number) => ({
      latest: rows.length,
      rows: rows.slice(position, position + limit),
    }),
    latest: async () => rows.length,
    prune: async () => {},
  } satisfies Store['changes'];
  return {
    log,
    beats: {
      beat: (id: string) => void beats.set(id, (beats.get(id) ?? 0) + 1),
      list: () => [...beats].map(([id, beat]) => ({ id, beat, ringKeys: [] })),
    },
  };
}
