// Latchkey in process: the engine on its adapters, put together from settings. Servers and commands stand on this; importing it starts nothing.

import {
  type Actor,
  type Clock,
  LatchkeyError,
  type Limiter,
  type Mailer,
  type Mode,
  type OperationMethods,
  type OperationName,
  operationMethods,
  type Profile,
  type QuotaBook,
  type RandomBytes,
  type Store,
  splitInput,
  type Telemetry,
  type Vault,
} from '@latchkey/core';
import { loadProfile } from './config/load-profile.js';
import { STALE_SECONDS } from './config/settings.js';
import { databaseOf, openForServing, openInMemory } from './database.js';
import { startJobs } from './jobs/schedule.js';
import type { FailurePolicies } from './limiter/local-share.js';
import { createMemoryLimiter } from './limiter/memory.js';
import { createRedisLimiter, LIMITER_CLIENT } from './limiter/redis.js';
import { KEEP_LOCAL, type SharedLimiterOptions } from './limiter/shared-limiter.js';
import { joinNodes, type Nodes } from './nodes.js';
import { createEngine, type EngineWithServices } from './operations/create-engine.js';
import type { Call } from './operations/engine.js';
import {
  type IdempotentCall,
  type IdempotentResult,
  idempotentCall,
  type WorkAnswer,
} from './operations/idempotent-call.js';
import { seedTiers } from './operations/profile.js';
import { acceptRootKey } from './operations/root-keys.js';
import { holdRequest } from './operations/verify-key.js';
import { createRandomPool } from './random-pool.js';
import { redisConnector, withoutLogin } from './redis-clients.js';
import { processScheduler } from './scheduler.js';
import { createSharedClock, type SharedClock } from './shared-clock.js';
import { createVault } from './vault/open-vault.js';
import { makePrincipalKey, openPrincipalKey } from './vault/principal-key.js';
import { type Ring, ringFromText, usableRing } from './vault/ring.js';

/** A ring of keys: its text (base64, the last is current), or a function that knows the ring of the moment. */
export type RingSource = string | (() => Ring);

export interface LatchkeySettings {
  /** Name of a shipped profile, the path of a profile.json, or a profile already read. */
  profile: string | Profile;
  /** Directory of the SQLite file. Absent, and no `databaseUrl`: everything is in memory and gone at the end. */
  dataDir?: string;
  /** `postgres://…`: everything is kept there instead, and shared with every other node that has the same address. */
  databaseUrl?: string | undefined;
  /** `redis://…`: where several nodes hear of each other quickly. */
  redisUrl?: string | undefined;
  pepper: RingSource;
  masterKey: RingSource;
  /** A first root key to accept, at least 32 characters. */
  rootKey?: string | undefined;
  /** With `redisUrl`: what holds while it is away, per kind of limit. Default: `local`, this node's share of what is left. */
  limiterFailure?: FailurePolicies;
  /** With `databaseUrl`: how long keys that are remembered pass while nothing is heard of the database. Default 25. */
  staleSeconds?: number;
  /** Modes that have an upstream. Default: both. */
  servedModes?: readonly Mode[];
  publicUrl?: string;
  /** Where customers reach the API, for samples and the provider's page. Default: what the profile says. */
  gatewayUrl?: string | undefined;
  /** How letters are sent; absent: there is no way, and links are shown to whoever makes them. */
  mailer?: Mailer;
  telemetry?: Telemetry;
  clock?: Clock;
  random?: RandomBytes;
  /** Milliseconds between writes of buffered usage. */
  flushMs?: number;
  /** Megabytes that the keys kept in memory may take. Default 128. */
  cacheMb?: number;
}

export interface Hold {
  verification: Awaited<ReturnType<OperationMethods['keys']['verify']>>;
  /** Frees the slot, if one is held; safe to call more than once. What is still held is freed by `close`. */
  release(): void;
}

export interface Latchkey extends OperationMethods {
  readonly engine: EngineWithServices;
  readonly profile: Profile;
  /** One decision; spends the limits when it is yes. The same question and answer as `POST /v1/keys/verify`. */
  verify: OperationMethods['keys']['verify'];
  /** As `verify`, and a key that passes holds its concurrency slot until `release`: for a request served in this process. */
  hold(question: Parameters<OperationMethods['keys']['verify']>[0]): Promise<Hold>;
  /** Does the work once for all calls of a day that have the same Idempotency-Key and body, and answers the others with its answer. */
  idempotent(call: IdempotentCall, work: () => Promise<WorkAnswer>): Promise<IdempotentResult>;
  /** Writes what is buffered, hands back reserved quota and closes the database. */
  close(): Promise<void>;
}

const silent: Telemetry = { log() {}, count() {}, observe() {}, gauge() {} };

const noMailer: Mailer = {
  sends: false,
  send: () => Promise.reject(new LatchkeyError('unavailable', 'No mail server is set: set LATCHKEY_SMTP_URL.')),
};

/** The actor of code that runs in the operator's own process. */
export const OPERATOR: Actor = { type: 'operator', id: 'operator', permissions: ['*'] };

/** @throws LatchkeyError `configuration_invalid`, `data_dir_in_use`, `data_dir_profile_mismatch`, `pepper_missing`, `sealed_value_unreadable` */
export async function createLatchkey(settings: LatchkeySettings): Promise<Latchkey> {
  const random = settings.random ?? createRandomPool();
  const telemetry = settings.telemetry ?? silent;
  const profile = typeof settings.profile === 'string' ? loadProfile(settings.profile) : settings.profile;
  let nodes: Nodes | null = null;
  // Nothing is made with a key that another node does not have yet: it could not be read there.
  const usable = (source: () => Ring) => () => usableRing(source(), (id) => nodes?.allHave(id) ?? true);
  const vault = createVault({
    peppers: usable(ringSource(settings.pepper, 'LATCHKEY_PEPPER')),
    masterKeys: usable(ringSource(settings.masterKey, 'LATCHKEY_MASTER_KEY')),
    random,
  });
  const { databaseUrl, dataDir } = settings;
  const opened =
    databaseUrl === undefined && dataDir === undefined
      ? await openInMemory()
      : await openForServing(databaseOf({ databaseUrl, dataDir: dataDir ?? '.' }), telemetry);
  const { store } = opened;
  let limiter: Limiter | null = null;
  let shared: SharedClock | null = null;
  try {
    // Nodes that share a database go by its time, so that none of them ends a key early or refills twice.
    if (databaseUrl !== undefined && settings.clock === undefined)
      shared = await createSharedClock({ read: () => store.time(), scheduler: processScheduler });
    const clock = settings.clock ?? shared?.clock ?? Date.now;
    await claimForProfile(store, profile);
    await judgePeppers(store, vault, clock());
    const auditKey = await sealedSetting(store, vault, 'audit_key', () =>
      Buffer.from(random(32)).toString('base64url'),
    );
    const signer = openPrincipalKey(await sealedSetting(store, vault, 'principal_key', () => makePrincipalKey(random)));
    const joined = await joinNodes({
      ...{ store, vault, auditKey, clock, random, telemetry },
      databaseUrl: databaseUrl ?? null,
      redisUrl: settings.redisUrl ?? null,
      staleSeconds: settings.staleSeconds ?? STALE_SECONDS,
      scheduler: processScheduler,
    });
    nodes = joined;
    limiter = await openLimiter(settings, {
      ...{ members: joined.members, clock, telemetry },
      book: countedBook(store, telemetry),
      scheduler: processScheduler,
    });
    const engine = createEngine(
      {
        store,
        limiter,
        vault,
        feed: joined.feed,
        members: joined.members,
        signer: { sign: (claims) => signer.signJwt(claims), jwks: () => ({ keys: [{ ...signer.publicJwk }] }) },
        telemetry,
        profile,
        clock,
        random,
        mailer: settings.mailer ?? noMailer,
        publicUrl: (settings.publicUrl ?? 'http://localhost:4000').replace(/\/+$/, ''),
        gatewayUrl: settings.gatewayUrl?.replace(/\/+$/, ''),
        servedModes: settings.servedModes ?? ['live', 'test'],
      },
      {
        auditKey,
        issuer: settings.publicUrl ?? 'latchkey',
        judgeReady: joined.judgeReady,
        ...(settings.flushMs !== undefined && { flushMs: settings.flushMs }),
        ...(settings.cacheMb !== undefined && { cacheBytes: settings.cacheMb * 1024 * 1024 }),
      },
    );
    const call = (options: { idempotencyKey?: string } = {}): Call => ({
      actor: OPERATOR,
      requestId: engine.makeRequestId(),
      idempotencyKey: options.idempotencyKey ?? null,
    });
    await seedTiers(engine.services, call());
    if (settings.rootKey !== undefined) await acceptRootKey(engine.services, settings.rootKey, call());
    // Before anything may be asked: a job that was running when the last process ended still holds its slot.
    await engine.services.leases.restore();
    const stopJobs = startJobs(engine.services);
    const holds = new Set<() => void>();
    let closing: Promise<void> | null = null;
    const methods = operationMethods((name: OperationName, input, options) =>
      engine.run(name, splitInput(name, input), call(options)),
    );
    return {
      ...methods,
      engine,
      profile,
      verify: methods.keys.verify,
      async hold(question) {
        const { verification, release } = await holdRequest(engine.services, question, call());
        holds.add(release);
        return {
          verification,
          release() {
            holds.delete(release);
            release();
          },
        };
      },
      idempotent: (asked, work) => idempotentCall(engine.services, asked, engine.makeRequestId(), work),
      close() {
        closing ??= (async () => {
          await stopJobs();
          for (const release of holds) release();
          shared?.stop();
          // The lock and the file are let go even when the last write fails.
          await engine
            .close()
            .finally(() => nodes?.close())
            .finally(() => opened.close());
        })();
        return closing;
      },
    };
  } catch (error) {
    shared?.stop();
    await limiter?.close().catch(() => {});
    await nodes?.close();
    await opened.close();
    throw error;
  }
}

/** Counts in Redis where there is one, for all nodes together; else in this process's memory, which is never away. */
async function openLimiter(
  { redisUrl, limiterFailure = KEEP_LOCAL }: LatchkeySettings,
  parts: Omit<SharedLimiterOptions, 'link' | 'policies'>,
): Promise<Limiter> {
  if (redisUrl === undefined) {
    parts.telemetry.gauge('latchkey_degraded', 0, { part: 'limiter' });
    return createMemoryLimiter(parts);
  }
  const client = redisConnector(redisUrl)(LIMITER_CLIENT);
  return createRedisLimiter({ ...parts, client, address: withoutLogin(redisUrl), policies: limiterFailure });
}

const ringSource = (source: RingSource, name: string): (() => Ring) => {
  if (typeof source === 'function') return source;
  const ring = ringFromText(source, name);
  return () => ring;
};

const countedBook = (book: QuotaBook, telemetry: Telemetry): QuotaBook => ({
  readDay: (familyId, day) => book.readDay(familyId, day),
  async raiseDay(familyId, day, used) {
    await book.raiseDay(familyId, day, used);
    telemetry.count('latchkey_quota_blocks_total');
  },
  setDays: (rows) => book.setDays(rows),
  pruneDays: (day) => book.pruneDays(day),
});

/** A database speaks one profile for life: prefixes and permissions of its keys come from it, and its first tiers. */
async function claimForProfile(store: Store, profile: Profile): Promise<void> {
  const owner = await settled(store, 'profile', () => profile.name);
  if (owner !== profile.name) {
    throw new LatchkeyError(
      'data_dir_profile_mismatch',
      `This data directory belongs to the profile ${owner}, not ${profile.name}: set LATCHKEY_DATA_DIR to another directory, or LATCHKEY_PROFILE to ${owner}.`,
    );
  }
}

async function judgePeppers(store: Store, vault: Vault, at: number): Promise<void> {
  const known = new Set(vault.pepperIds());
  const needed = [...(await store.keys.countByPepper(at)), ...(await store.rootKeys.countByPepper(at))];
  const missing = needed.find(({ pepperId, count }) => pepperId !== null && count > 0 && !known.has(pepperId));
  if (missing) {
    throw new LatchkeyError(
      'pepper_missing',
      `${missing.count} keys need the pepper ${missing.pepperId}, which LATCHKEY_PEPPER does not have: add it back in front of the current one.`,
    );
  }
}

const sealedSetting = async (store: Store, vault: Vault, name: string, make: () => string): Promise<string> =>
  vault.open(await settled(store, name, () => vault.seal(make(), name)), name);

/** A setting that is made once: of nodes that start together on an empty database, one makes it and all have it. */
async function settled(store: Store, name: string, make: () => string): Promise<string> {
  const known = await store.settings.get(name);
  if (known !== null) return known;
  return store.transaction(async ({ settings }) => {
    const meanwhile = await settings.get(name);
    if (meanwhile !== null) return meanwhile;
    const value = make();
    await settings.set(name, value);
    return value;
  });
}
