// One node of the simulated cluster: the shipped engine, feed, members and limiter on a host's clock, timers and network. It adds nothing of its own.

import { createHash } from 'node:crypto';
import {
  type Bus,
  type JsonObject,
  type OperationMethods,
  operationMethods,
  type Profile,
  type Store,
  splitInput,
  type Telemetry,
} from '@latchkey/core';
import { loadProfile } from '../../../packages/server/src/config/load-profile.js';
import { joinMembers } from '../../../packages/server/src/events/members.js';
import { openSharedFeed } from '../../../packages/server/src/events/shared-feed.js';
import type { CounterLink } from '../../../packages/server/src/limiter/counter-link.js';
import { createSharedLimiter, KEEP_LOCAL } from '../../../packages/server/src/limiter/shared-limiter.js';
import { createEngine, type EngineWithServices } from '../../../packages/server/src/operations/create-engine.js';
import type { Call } from '../../../packages/server/src/operations/engine.js';
import { createSharedClock } from '../../../packages/server/src/shared-clock.js';
import { createVault } from '../../../packages/server/src/vault/open-vault.js';
import { ringFromText } from '../../../packages/server/src/vault/ring.js';
import type { Host } from './host.js';
import type { Parts } from './parts.js';

export interface Node {
  readonly id: string;
  readonly engine: EngineWithServices;
  /** Every operation, as the operator. */
  readonly api: OperationMethods;
  close(): Promise<void>;
}

const ring = (byte: number) => {
  const made = ringFromText(Buffer.alloc(32, byte).toString('base64'), 'ring');
  return () => made;
};
export const AUDIT_KEY = Buffer.alloc(32, 3).toString('base64url');
/** How long a node trusts what it cannot confirm: the default of the setting. */
const STALE_MS = 25_000;
/** Room for a few keys. */
const CACHE_BYTES = 12_000;
/** How often a node writes what it gathered. */
const FLUSH_MS = 10_000;

/** Small tiers of one profile, under which every key has figures of its own. */
export const PROFILE: Profile = (() => {
  const profile: Profile = structuredClone(loadProfile('swaypi'));
  profile.policy.prefixes = { live: 'sim_live_', test: 'sim_test_' };
  profile.policy.gatedFields = [];
  profile.policy.tiers = [
    {
      ...{ name: 'simulated', title: 'Simulated', batchSize: 10, endpoints: null, permissions: null },
      limits: { perMinute: 'custom', perDay: { limit: 'custom', metered: true }, concurrent: null },
    },
  ];
  return profile;
})();

export const SIGNER = { sign: (_: JsonObject) => 'signed', jwks: () => ({ keys: [] }) };

export const vaultOf = (random: (length: number) => Uint8Array) =>
  createVault({ peppers: ring(1), masterKeys: ring(2), random });

export const CALL: Call = {
  actor: { type: 'operator', id: 'operator', permissions: ['*'] },
  requestId: 'req_simulated',
  idempotencyKey: null,
};

export const apiOf = (engine: EngineWithServices): OperationMethods =>
  operationMethods((name, input) => engine.run(name, splitInput(name, input), CALL));

/** Bytes that only a seed and a name decide. */
export function bytesOf(name: string): (length: number) => Uint8Array {
  let drawn = 0;
  let pool = Buffer.alloc(0);
  return (length) => {
    if (pool.length < length)
      pool = createHash('shake256', { outputLength: 4_096 }).update(`${name} ${drawn++}`).digest();
    const bytes = pool.subarray(0, length);
    pool = pool.subarray(length);
    return Uint8Array.from(bytes);
  };
}

/** Starts a node; rejects while the database cannot be reached, as the process would end. */
export async function startNode(options: {
  host: Host;
  id: string;
  seed: number;
  store: Store;
  buses: readonly Bus[];
  telemetry: Telemetry;
  parts: Parts;
  link: CounterLink;
}): Promise<Node> {
  const { host, id, store, buses, telemetry, parts } = options;
  const { scheduler } = host;
  const { clock, stop } = await createSharedClock({ read: () => store.time(), scheduler });
  const random = bytesOf(`${options.seed} ${id}`);
  const vault = vaultOf(random);
  const seal = { mac: (message: string) => vault.mac(AUDIT_KEY, message), equal: vault.equal };
  const ringKeys = () => [...vault.pepperIds(), ...vault.masterKeyIds()];
  const common = { scheduler, telemetry };
  const join = parts.members(joinMembers, host);
  const members = await join({ ...common, nodes: store.nodes, nodeId: id, staleMs: STALE_MS, ringKeys });
  const openFeed = parts.feed(openSharedFeed, host);
  const feed = await openFeed({ ...common, log: store.changes, buses, members, seal, staleMs: STALE_MS });
  const limit = parts.limiter(createSharedLimiter, host);
  const limiter = limit({ ...common, link: options.link, members, book: store, clock, policies: KEEP_LOCAL });
  await limiter.ready();
  const engine = createEngine(
    {
      ...{ store, limiter, members, vault, feed, telemetry, clock, random, profile: PROFILE, signer: SIGNER },
      servedModes: ['live', 'test'],
      mailer: { sends: false, send: async () => {} },
      publicUrl: 'http://simulated',
    },
    { auditKey: AUDIT_KEY, issuer: 'simulated', flushMs: 0, cacheBytes: CACHE_BYTES },
  );
  const flush = (): void => {
    scheduler.after(FLUSH_MS, () => {
      engine.services.later('flush_usage', () => engine.services.usage.flush());
      engine.services.later('flush_denials', () => engine.services.denials.flush());
      flush();
    });
  };
  flush();
  return {
    id,
    engine,
    api: apiOf(engine),
    async close() {
      // The last write may fail; the node leaves all the same.
      stop();
      await engine.close().finally(async () => {
        await feed.close();
        await members.close();
      });
    },
  };
}
