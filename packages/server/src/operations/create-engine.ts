// The engine put together from its parts. The one place that knows all operations' helpers; it decides nothing itself.

import { createIdMaker, makeId } from '@latchkey/core';
import { actorOf, authenticate } from './authenticate.js';
import { createBrowserOrigins } from './browser-origins.js';
import { createDenialBuffer } from './denial-buffer.js';
import type { Engine, EngineParts } from './engine.js';
import { createFailureThrottle } from './failure-throttle.js';
import { createIdempotency } from './idempotency.js';
import { createImportedKeys } from './imported-keys.js';
import { createObservations } from './insight/observations.js';
import { createKeyCache } from './key-cache.js';
import { createKeyWatch } from './key-watch.js';
import { createLeaseBook, withDueFreed } from './lease-book.js';
import { createPrincipals } from './principals.js';
import { replyTo } from './reply.js';
import { createRootKeyCache } from './root-key-cache.js';
import { runOperation } from './run-operation.js';
import type { Services } from './services.js';
import { createTierBook } from './tier-book.js';
import { createUsageBuffer } from './usage-buffer.js';
import { refuseAfter } from './verdict.js';
import { verifyRequest } from './verify-request.js';

/** A key in steady use is written once in this time, however often it is used; what a crash may lose. */
const FLUSH_MS = 10_000;
/** Writes of usage for each one of what was observed, which nobody waits to see. */
const FLUSHES_PER_OBSERVING = 6;
const CACHE_BYTES = 128 * 1024 * 1024;

export interface EngineOptions {
  /** The raw audit key, base64url. */
  auditKey: string;
  /** Who signs principals, e.g. the public URL. */
  issuer: string;
  /** How often buffered usage is written; 0: only on demand and at the end. */
  flushMs?: number;
  /** Throws what keeps this node from serving, beside the store. */
  judgeReady?: () => void;
  /** What the snapshots of keys may take in memory together. */
  cacheBytes?: number;
}

/** An engine with the services behind it, for composition: maintenance works on the services directly. */
export interface EngineWithServices extends Engine {
  readonly services: Services;
}

export function createEngine(parts: EngineParts, options: EngineOptions): EngineWithServices {
  const { store, clock, telemetry, profile, feed, random } = parts;
  const pending = new Set<Promise<void>>();
  const newId = createIdMaker(clock, random);
  const tiers = createTierBook(store, feed);
  const later: Services['later'] = (name, work) => {
    const running = work()
      .catch((cause) => telemetry.log('warn', 'background_work_failed', { work: name, cause }))
      .finally(() => pending.delete(running));
    pending.add(running);
  };
  const leases = createLeaseBook({ store, clock, limiter: parts.limiter, feed, newId, later });
  const services: Services = {
    ...parts,
    limiter: withDueFreed(parts.limiter, leases),
    leases,
    newId,
    auditKey: options.auditKey,
    cache: createKeyCache({
      store,
      profile,
      tiers,
      telemetry,
      feed,
      clock,
      maxBytes: options.cacheBytes ?? CACHE_BYTES,
    }),
    tiers,
    rootKeys: createRootKeyCache(store, clock, feed),
    usage: createUsageBuffer(store, telemetry, createKeyWatch({ ...parts, newId, auditKey: options.auditKey })),
    denials: createDenialBuffer(store, telemetry, newId),
    observations: createObservations(store, telemetry),
    throttle: createFailureThrottle(clock, telemetry),
    browserOrigins: createBrowserOrigins(store, clock, telemetry),
    importedKeys: createImportedKeys(store, feed),
    idempotency: createIdempotency({ ...parts, auditKey: options.auditKey }),
    later,
  };
  const unsubscribe = feed.subscribe((change) => {
    services.tiers.apply(change);
    services.cache.apply(change);
    services.rootKeys.apply(change);
    services.browserOrigins.apply(change);
    services.importedKeys.apply(change);
    leases.hear(change);
  });
  const principal = createPrincipals(parts.signer, options.issuer, clock, random);
  const flushMs = options.flushMs ?? FLUSH_MS;
  let flushes = 0;
  const flush = (): void => {
    services.later('flush_usage', () => services.usage.flush());
    services.later('flush_denials', () => services.denials.flush());
    if (++flushes % FLUSHES_PER_OBSERVING === 0)
      services.later('flush_observations', () => services.observations.flush());
  };
  const flusher = flushMs > 0 ? setInterval(flush, flushMs) : null;
  flusher?.unref();

  return {
    services,
    profile,
    clock,
    run: (name, input, call) => runOperation(services, name, input, call),
    verify: (request) => verifyRequest(services, request),
    refuse: (asked, verdict, reason) => refuseAfter(services, asked, verdict, reason),
    idempotentTurn: (request) => services.idempotency.turn(request),
    reply: (verdict, requestId, query) => replyTo(profile, verdict, requestId, query),
    stillGood: ({ snapshot, position }) => snapshot === null || services.cache.unendedSince(snapshot, position),
    unchanged: ({ snapshot, position }) => snapshot === null || services.cache.unchangedSince(snapshot, position),
    opensOrigin: (origin) => services.browserOrigins.opens(origin),
    authenticate: (secret, ip) => authenticate(services, secret, ip),
    actorOf,
    principal,
    jwks: () => parts.signer.jwks(),
    equal: (a, b) => parts.vault.equal(a, b),
    onChange: (listener) => feed.subscribe(listener),
    reportGauges() {
      const cached = services.cache.size();
      telemetry.gauge('latchkey_keys_cached', cached.keys);
      telemetry.gauge('latchkey_cache_bytes', cached.bytes);
      telemetry.gauge('latchkey_unknown_cached', cached.unknown);
      telemetry.gauge('latchkey_slots_held', services.limiter.held());
      telemetry.gauge('latchkey_leases_open', leases.size());
    },
    async ready() {
      options.judgeReady?.();
      await store.ping();
    },
    makeRequestId: () => makeId('req', random),
    async close() {
      if (flusher) clearInterval(flusher);
      await Promise.all(pending);
      await leases.flush();
      await services.usage.flush();
      await services.denials.flush();
      await services.observations.flush();
      await parts.limiter.close();
      unsubscribe();
    },
  };
}
