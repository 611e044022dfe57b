// What makes this process one of several nodes on one database: it is on their list, and hears what each of them changes.

import type { ChangeFeed, Members, RandomBytes, Scheduler, Store, Telemetry, Vault } from '@latchkey/core';
import { joinMembers } from './events/members.js';
import { openSharedFeed } from './events/shared-feed.js';

export interface Nodes {
  feed: ChangeFeed;
  members: Members;
  /** Leaves the list; what closes the feed closes before. */
  close(): Promise<void>;
}

export async function joinNodes(needs: {
  store: Store;
  vault: Vault;
  /** The raw audit key, base64url, of which the one that seals messages is derived. */
  auditKey: string;
  nodeId: string;
  staleMs: number;
  random: RandomBytes;
  scheduler: Scheduler;
  telemetry: Telemetry;
}): Promise<Nodes> {
  const { store, vault, nodeId, staleMs, scheduler, telemetry } = needs;
  const members = await joinMembers({ nodes: store.nodes, nodeId, scheduler, telemetry, staleMs });
  try {
    const key = Buffer.from(vault.mac(needs.auditKey, 'latchkey/messages/v1'), 'hex').toString('base64url');
    const feed = await openSharedFeed({
      log: store.changes,
      buses: [],
      members,
      scheduler,
      telemetry,
      seal: { mac: (message) => vault.mac(key, message), equal: (a, b) => vault.equal(a, b) },
      staleMs,
      onError: (cause) => telemetry.log('error', 'change_listener_failed', { cause }),
    });
    return { feed, members, close: () => members.close() };
  } catch (error) {
    await members.close();
    throw error;
  }
}
