// Requests under an Idempotency-Key: which one runs, what the others hear, and what outlives a crash. It calls no upstream.

import { hash } from 'node:crypto';
import {
  type Clock,
  IDEMPOTENCY_KEPT_MS,
  type IdempotencyBook,
  type IdempotencyRecord,
  type Instant,
  isFinal,
  judgeRepeat,
  keptHeaders,
  LatchkeyError,
  type Members,
  MOST_IDEMPOTENT_BYTES,
  type Mode,
  type Reason,
  type Store,
  type Telemetry,
  type Vault,
} from '@latchkey/core';
import { LRUCache } from 'lru-cache';

export interface IdempotentRequest {
  projectId: string;
  mode: Mode;
  method: string;
  /** As the upstream sees it, without query. */
  path: string;
  query: string;
  idempotencyKey: string;
  body: Uint8Array | string;
  /** true: the upstream honours the key itself, so that a lost outcome is run again. */
  upstreamIdempotent: boolean;
}

/** An upstream's whole answer, before any field of it was left out. Names of headers and trailers are lower case. */
export interface UpstreamAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  trailers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
}

export type IdempotentTurn =
  | { act: 'run'; run: IdempotentRun }
  | { act: 'replay'; answer: UpstreamAnswer }
  | { act: 'refuse'; reason: Reason };

/** The one request that runs under its key; until it ends, every other one is told that it does. The first end counts. */
export interface IdempotentRun {
  /**
   * Writes durably that it began; nothing may have an effect before. Another node may have been faster: then the reason why this
   * one does not run. @throws LatchkeyError when that cannot be written
   */
  begin(): Promise<Reason | null>;
  /** From here on there may be an effect. */
  sent(): void;
  /**
   * The upstream has answered: the answer is replayed from here on, or, where it is no final one, a retry runs again. An answer
   * over the bound (its body null) is not kept, so its outcome cannot be told again. Resolves once that is durable.
   * @throws LatchkeyError when it cannot be written: then the outcome counts as unknown
   */
  finish(status: number, answer: UpstreamAnswer | null): Promise<void>;
  /** There is no answer: what was never sent may run again, else the outcome is unknown. Never rejects. */
  abandon(): Promise<void>;
}

export interface Idempotency {
  /** Spends nothing, never rejects: what cannot be looked up is refused as `unavailable`. */
  turn(request: IdempotentRequest): Promise<IdempotentTurn>;
  /** Forgets what is past its time. */
  prune(now: Instant): Promise<void>;
}

/** Claims are made synchronously: of any number of equal requests at once, one finds none. */
interface Claim {
  fingerprint: string;
  /** The look into the book while it is under way; null: the request runs. */
  looking: Promise<IdempotencyRecord | null> | null;
}

export function createIdempotency(parts: {
  store: Store;
  vault: Vault;
  clock: Clock;
  telemetry: Telemetry;
  members: Members;
  /** The installation's raw key, base64url, of which the one for digests is derived. */
  auditKey: string;
}): Idempotency {
  const { store, vault, clock, telemetry, members } = parts;
  const books: Readonly<Record<Mode, IdempotencyBook>> = { live: store.idempotency, test: createMemoryBook() };
  const digestKey = Buffer.from(vault.mac(parts.auditKey, 'latchkey/idempotency/v1'), 'hex').toString('base64url');
  const claims = new Map<string, Claim>();

  const digest = (...texts: string[]): string => vault.mac(digestKey, JSON.stringify(texts));
  const count = (outcome: string): void => telemetry.count('latchkey_idempotent_requests_total', { outcome });

  /** What another live node began and did not end; what this one runs is in its claims. */
  const runsElsewhere = ({ answer, nodeId, createdAt }: IdempotencyRecord): boolean =>
    answer === null &&
    nodeId !== null &&
    nodeId !== members.nodeId &&
    createdAt + IDEMPOTENCY_KEPT_MS > clock() &&
    members.live().includes(nodeId);

  async function lookUp(book: IdempotencyBook, id: string): Promise<IdempotencyRecord | null> {
    const record = await book.find(id);
    const runner = record?.answer === null ? record.nodeId : null;
    // A node that joined a moment ago is no dead one.
    if (runner !== null && !members.live().includes(runner)) await members.look();
    return record;
  }

  async function turn(request: IdempotentRequest): Promise<IdempotentTurn> {
    const { projectId, mode, method, path, query, idempotencyKey, body } = request;
    const id = digest('scope', projectId, mode, method, path, idempotencyKey);
    const fingerprint = digest('request', id, query, hash('sha256', body));
    const book = books[mode];
    const judge = (record: IdempotencyRecord | null, runsHere: string | null): IdempotentTurn | null => {
      const { upstreamIdempotent } = request;
      const running = runsHere ?? (record !== null && runsElsewhere(record) ? record.fingerprint : null);
      const repeat = judgeRepeat({ fingerprint, running, record, upstreamIdempotent }, clock());
      if (repeat === 'run') return null;
      if (repeat !== 'replay') return { act: 'refuse', reason: repeat };
      const answer = record === null ? null : opened(record);
      return answer === null ? { act: 'refuse', reason: 'idempotency_unknown' } : { act: 'replay', answer };
    };

    for (;;) {
      const claim = claims.get(id);
      if (claim === undefined) {
        const mine: Claim = { fingerprint, looking: lookUp(book, id) };
        claims.set(id, mine);
        const record = await (mine.looking as Promise<IdempotencyRecord | null>).catch((cause) => {
          claims.delete(id);
          throw cause;
        });
        const judged = judge(record, null);
        if (judged === null) {
          mine.looking = null;
          const begun = { id, fingerprint, answer: null, nodeId: members.nodeId, createdAt: clock() };
          const slower = async (): Promise<Reason> => {
            const judged = judge(await lookUp(book, id), null);
            return judged?.act === 'refuse' ? judged.reason : 'idempotency_conflict';
          };
          return { act: 'run', run: runOf(book, begun, record, slower) };
        }
        claims.delete(id);
        return judged;
      }
      if (claim.looking === null) return judge(null, claim.fingerprint) as IdempotentTurn;
      // Somebody looks already. What is found there holds for this request too, unless it lets it run: then it has to claim.
      const record = await claim.looking;
      const judged = claims.has(id) ? null : judge(record, null);
      if (judged !== null) return judged;
    }
  }

  /** null: sealed under a master key that is gone. */
  function opened(record: IdempotencyRecord): UpstreamAnswer | null {
    try {
      const { body, ...head } = JSON.parse(vault.open(record.answer as string, record.id));
      return { ...head, body: Buffer.from(body, 'base64') };
    } catch (cause) {
      telemetry.log('error', 'idempotent_answer_unreadable', { cause });
      return null;
    }
  }

  const sealed = (id: string, { status, headers, trailers, body }: UpstreamAnswer): string =>
    vault.seal(JSON.stringify({ status, headers: keptHeaders(headers), trailers, body: body.toString('base64') }), id);

  /** `over`: what was found of an earlier one. `slower` says what this one hears when another node has begun meanwhile. */
  function runOf(
    book: IdempotencyBook,
    record: IdempotencyRecord,
    over: IdempotencyRecord | null,
    slower: () => Promise<Reason>,
  ): IdempotentRun {
    let phase: 'claimed' | 'begun' | 'sent' | 'over' = 'claimed';
    /** Writes how it ended, then lets others in; what could not be written leaves the outcome unknown. */
    const end = async (outcome: string, write: (() => Promise<void>) | null): Promise<void> => {
      phase = 'over';
      try {
        await write?.();
        count(outcome);
      } catch (cause) {
        count('lost');
        telemetry.log('error', 'idempotent_outcome_unwritten', { cause });
        throw cause;
      } finally {
        claims.delete(record.id);
      }
    };
    const forget = () => book.remove(record);
    /** So that the other nodes do not take it for running as long as this one lives. */
    const giveUp = async (): Promise<void> => {
      await book.put({ ...record, nodeId: null }, record).catch((cause) => {
        telemetry.log('error', 'idempotent_outcome_unwritten', { cause });
      });
    };
    return {
      async begin() {
        // Ahead of the outcome: what failed may have been written all the same.
        phase = 'begun';
        if (await book.put(record, over)) return null;
        phase = 'over';
        claims.delete(record.id);
        count('refused');
        return slower();
      },
      sent() {
        if (phase === 'begun') phase = 'sent';
      },
      async finish(status, answer) {
        if (phase === 'over') return;
        if (!isFinal(status)) return end('failed', forget);
        if (answer === null || answer.body.length > MOST_IDEMPOTENT_BYTES) return end('lost', giveUp);
        return end('kept', async () => {
          if (!(await book.put({ ...record, answer: sealed(record.id, answer) }, record)))
            throw new LatchkeyError('unavailable', 'The record of an idempotent request was replaced while it ran.');
        });
      },
      async abandon() {
        if (phase === 'over') return;
        const outcome = phase === 'sent' ? 'lost' : 'not_sent';
        await end(outcome, phase === 'begun' ? forget : phase === 'sent' ? giveUp : null).catch(() => {});
      },
    };
  }

  return {
    async turn(request) {
      try {
        const turned = await turn(request);
        if (turned.act !== 'run') count(turned.act === 'replay' ? 'replayed' : 'refused');
        return turned;
      } catch (cause) {
        telemetry.log('error', 'idempotency_lookup_failed', { cause });
        return { act: 'refuse', reason: 'unavailable' };
      }
    },
    async prune(now) {
      for (const book of Object.values(books)) await book.prune(now - IDEMPOTENCY_KEPT_MS);
    },
  };
}

const MOST_TEST_RECORDS = 10_000;
const MOST_TEST_BYTES = 64 * 1024 * 1024;

/** The book of test keys: in memory, bounded, gone with the process. What is pushed out runs again. */
function createMemoryBook(): IdempotencyBook {
  const records = new LRUCache<string, IdempotencyRecord>({
    max: MOST_TEST_RECORDS,
    maxSize: MOST_TEST_BYTES,
    sizeCalculation: ({ answer }) => 200 + (answer?.length ?? 0),
  });
  return {
    find: async (id) => records.get(id) ?? null,
    async put(record) {
      records.set(record.id, record);
      return true;
    },
    async remove({ id }) {
      records.delete(id);
    },
    async prune(before) {
      for (const [id, { createdAt }] of records.entries()) if (createdAt < before) records.delete(id);
    },
    countByMasterKey: async () => [],
    sealedUnderOther: async () => [],
    async reseal() {},
  };
}
