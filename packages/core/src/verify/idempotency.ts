// What an Idempotency-Key may look like, and what becomes of a request that carries one. Pure: nothing is kept here.

import { DAY_MS } from '../limit/window.js';
import type { IdempotencyRecord, Instant } from '../ports.js';
import type { Reason } from './reasons.js';

/** For which a request's outcome is remembered. */
export const IDEMPOTENCY_KEPT_MS = DAY_MS;
/** The most that is read of a request, and kept of an answer. */
export const MOST_IDEMPOTENT_BYTES = 1024 * 1024;

export type IdempotencyKeyReading = { key: string | null } | { reason: 'idempotency_key_invalid' };

const VISIBLE = /^[\x21-\x7e]{1,255}$/;
/** A String of RFC 8941 §3.3.3 without spaces. */
const QUOTED = /^"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/** Reads the lines of the header: none is null, and one has 1 to 255 visible characters, bare or quoted, which is the same key. */
export function readIdempotencyKey(lines: readonly string[]): IdempotencyKeyReading {
  const [line, ...others] = lines;
  if (line === undefined) return { key: null };
  const key = line.startsWith('"') ? QUOTED.exec(line)?.[1]?.replace(/\\(.)/g, '$1') : line;
  return others.length > 0 || key === undefined || !VISIBLE.test(key) ? { reason: 'idempotency_key_invalid' } : { key };
}

export type Repeat =
  | 'run'
  | 'replay'
  | Extract<Reason, 'idempotency_conflict' | 'idempotency_mismatch' | 'idempotency_unknown'>;

export interface RepeatFacts {
  fingerprint: string;
  /** The fingerprint of the request that runs now under the same key; null: none does. */
  running: string | null;
  /** What is remembered of the last one. */
  record: Pick<IdempotencyRecord, 'fingerprint' | 'answer' | 'createdAt'> | null;
  /** true: the upstream honours the key itself, so that a lost outcome may be asked for again. */
  upstreamIdempotent: boolean;
}

/** Another body is another request, also while the first still runs: waiting would not make the two the same. */
export function judgeRepeat({ fingerprint, running, record, upstreamIdempotent }: RepeatFacts, now: Instant): Repeat {
  if (running !== null) return running === fingerprint ? 'idempotency_conflict' : 'idempotency_mismatch';
  if (record === null || record.createdAt + IDEMPOTENCY_KEPT_MS <= now) return 'run';
  if (record.fingerprint !== fingerprint) return 'idempotency_mismatch';
  if (record.answer !== null) return 'replay';
  return upstreamIdempotent ? 'run' : 'idempotency_unknown';
}

/** false: the upstream failed, or refused for now; a retry shall run again. */
export const isFinal = (status: number): boolean =>
  status >= 200 && status < 500 && status !== 401 && status !== 402 && status !== 429;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What belongs to one connection (RFC 9110 §7.6.1) or to one caller alone. */
const NOT_KEPT = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'transfer-encoding',
  'upgrade',
  'set-cookie',
  'x-request-id',
]);

/** The headers of an answer that a replay has too. `headers` has lower-case names. */
export function keptHeaders(headers: Headers): Record<string, string | string[]> {
  const named = new Set(
    String(headers.connection ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  const kept = Object.entries(headers).filter(
    (entry): entry is [string, string | string[]] =>
      entry[1] !== undefined && !NOT_KEPT.has(entry[0]) && !named.has(entry[0]),
  );
  return Object.fromEntries(kept);
}
