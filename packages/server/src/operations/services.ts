// What the operations share: the engine's parts and the few stateful helpers built on them.

import type { BrowserOrigins } from './browser-origins.js';
import type { DenialBuffer } from './denial-buffer.js';
import type { EngineParts } from './engine.js';
import type { FailureThrottle } from './failure-throttle.js';
import type { Idempotency } from './idempotency.js';
import type { ImportedKeys } from './imported-keys.js';
import type { Observations } from './insight/observations.js';
import type { KeyCache } from './key-cache.js';
import type { LeaseBook } from './lease-book.js';
import type { RootKeyCache } from './root-key-cache.js';
import type { TierBook } from './tier-book.js';
import type { UsageBuffer } from './usage-buffer.js';

export interface Services extends EngineParts {
  cache: KeyCache;
  tiers: TierBook;
  rootKeys: RootKeyCache;
  usage: UsageBuffer;
  denials: DenialBuffer;
  observations: Observations;
  throttle: FailureThrottle;
  browserOrigins: BrowserOrigins;
  importedKeys: ImportedKeys;
  idempotency: Idempotency;
  leases: LeaseBook;
  /** Ids that sort as they were made. */
  newId(type: string): string;
  /** The raw key that chains the audit log, base64url. */
  auditKey: string;
  /** Runs work that nobody waits for; its failure is logged, and `settled` waits for it before the engine closes. */
  later(name: string, work: () => Promise<void>): void;
}
