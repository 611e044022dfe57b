// What the gateway's steps share, and the limits it keeps. Types and defaults only.

import type { Mode, Telemetry } from '@latchkey/core';
import type { Pool } from 'undici';
import type { Engine } from '../operations/engine.js';
import type { TrustedProxies } from '../operations/trusted-proxies.js';
import type { Exchange } from './exchange.js';

export interface Timeouts {
  /** For the upstream to connect, and again to begin its answer. */
  upstreamHeadersMs: number;
  /** Without a byte in either direction. */
  idleMs: number;
  /** For a caller to send a request's head. */
  requestHeadMs: number;
  /** For which a connection without a request stays open. */
  keepAliveMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  upstreamHeadersMs: 10_000,
  idleMs: 60_000,
  requestHeadMs: 10_000,
  keepAliveMs: 65_000,
};

export const DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024;
export const MAX_HEADER_BYTES = 16 * 1024;

export interface Upstream {
  pool: Pool;
  /** Audience of the signed statements that this upstream gets. */
  origin: string;
  /** Stands in front of every path; empty for an upstream at the root. */
  prefix: string;
}

export interface Parts {
  engine: Engine;
  telemetry: Telemetry;
  upstreams: Readonly<Record<Mode, Upstream | null>>;
  /** Host names that serve one mode only. */
  modeOfHost: ReadonlyMap<string, Mode>;
  /** true when some row has to be known before the engine is asked: a public one, or one that looks at body or query. */
  rowsAsk: boolean;
  /** Lower-case name of the header that lists what was left out of an answer; null: there is none. */
  gatedHeader: string | null;
  /** Headers that pages may read where an answer is open to them. */
  exposed: readonly string[];
  proxies: TrustedProxies;
  timeouts: Timeouts;
  maxBodyBytes: number;
  running: Set<Exchange>;
  /** true from the moment the gateway stops accepting. */
  closing: boolean;
}
