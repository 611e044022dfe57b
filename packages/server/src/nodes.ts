// What makes a process one of several nodes: its place among them, and the feed that tells each what the others change. One alone has both, too.

import {
  type ChangeFeed,
  type Clock,
  LatchkeyError,
  type Members,
  makeId,
  type RandomBytes,
  type Scheduler,
  type Store,
  type Telemetry,
  type Vault,
} from '@latchkey/core';
import { joinMembers } from './events/members.js';
import { createMemoryFeed } from './events/memory-feed.js';
import { createPostgresBus } from './events/postgres-bus.js';
import { createRedisBus } from './events/redis-bus.js';
import { openSharedFeed } from './events/shared-feed.js';
import { redisConnector } from './redis-clients.js';
import { clientConfig } from './store/open-postgres.js';

export interface Nodes {
  members: Members;
  feed: ChangeFeed;
  /** true when every node has the pepper or master key of that id. */
  allHave(ringKeyId: string): boolean;
  /** @throws LatchkeyError `limiter_not_shared` while several nodes count the same limits apart */
  judgeReady(): void;
  /** Leaves the others, who then wait for this one no more. */
  close(): Promise<void>;
}

interface Needs {
  store: Store;
  /** null: this process is alone. */
  databaseUrl: string | null;
  redisUrl: string | null;
  staleSeconds: number;
  vault: Pick<Vault, 'mac' | 'equal' | 'pepperIds' | 'masterKeyIds'>;
  /** What only nodes of this installation know. */
  auditKey: string;
  clock: Clock;
  scheduler: Scheduler;
  random: RandomBytes;
  telemetry: Telemetry;
}

/** @throws LatchkeyError `configuration_invalid` for an address that is none, `unavailable` when the database is */
export async function joinNodes(needs: Needs): Promise<Nodes> {
  const { store, databaseUrl, redisUrl, vault, auditKey, clock, scheduler, random, telemetry } = needs;
  const nodeId = makeId('node', random);
  const onError = (cause: unknown): void => telemetry.log('error', 'change_listener_failed', { cause });
  if (databaseUrl === null) {
    telemetry.gauge('latchkey_nodes', 1);
    const feed = createMemoryFeed({ clock, onError });
    return {
      members: { nodeId, live: () => [nodeId], async look() {} },
      feed,
      allHave: () => true,
      judgeReady() {},
      close: () => feed.close(),
    };
  }
  const connect = redisUrl === null ? null : redisConnector(redisUrl);
  const config = clientConfig(databaseUrl);
  const staleMs = needs.staleSeconds * 1_000;
  // Keys of their own for what is sent around.
  const key = Buffer.from(vault.mac(auditKey, 'latchkey/messages/v1'), 'hex').toString('base64url');
  const members = await joinMembers({
    ...{ nodes: store.nodes, nodeId, scheduler, telemetry, staleMs },
    ringKeys: () => [...vault.pepperIds(), ...vault.masterKeyIds()],
  });
  const channel = `latchkey_${vault.mac(key, 'channel').slice(0, 16)}`;
  const buses = [
    createPostgresBus({ config, channel, scheduler, telemetry }),
    ...(connect === null ? [] : [createRedisBus({ connect, channel, scheduler, telemetry })]),
  ];
  const leave = async (): Promise<void> => {
    await members.close();
    await Promise.all(buses.map((bus) => bus.close().catch(() => {})));
  };
  try {
    const feed = await openSharedFeed({
      ...{ log: store.changes, buses, members, scheduler, telemetry, staleMs, onError },
      seal: { mac: (message) => vault.mac(key, message), equal: vault.equal },
    });
    return {
      members,
      feed,
      allHave: members.allHave,
      judgeReady() {
        if (redisUrl === null && members.seen().length > 1) throw new LatchkeyError('limiter_not_shared');
      },
      async close() {
        await feed.close();
        await leave();
      },
    };
  } catch (error) {
    await leave();
    throw error;
  }
}
