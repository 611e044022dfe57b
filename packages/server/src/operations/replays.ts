// Idempotent create and rotate: a retry gets the same answer for 10 minutes, and for a day the id of the key that was made.

import { LatchkeyError, type ReplayRecord, type StoreView, type Vault } from '@latchkey/core';
import type { Call } from './engine.js';
import type { Services } from './services.js';

export const ANSWER_KEPT_MS = 10 * 60_000;
export const RECORD_KEPT_MS = 24 * 3_600_000;

const HEADER_VALUE = /^[\x21-\x7e]{16,255}$/;

export interface Replay<Answer> {
  /** The answer of the first call, when this one repeats it. */
  find(view: StoreView, now: number): Promise<Answer | null>;
  /** Keeps the answer; in the transaction of the change itself. */
  keep(view: StoreView, keyId: string, answer: Answer, now: number): Promise<void>;
}

/**
 * The replay of one call, scoped to actor, operation and target. Without the header nothing is found or kept.
 * @throws LatchkeyError `idempotency_key_invalid`
 */
export function replayOf<Answer>(
  services: Services,
  call: Call,
  operation: string,
  target: string,
  input: unknown,
): Replay<Answer> {
  const header = call.idempotencyKey;
  if (header === null) return { find: async () => null, keep: async () => {} };
  if (!HEADER_VALUE.test(header)) throw new LatchkeyError('idempotency_key_invalid');
  const { vault } = services;
  const id = vault.hash(JSON.stringify(['latchkey/replay/v1', call.actor.id, operation, target, header]));
  const fingerprint = vault.hash(JSON.stringify(input));

  return {
    async find(view, now) {
      const record = await view.replays.get(id);
      if (record === null) return null;
      if (record.createdAt + RECORD_KEPT_MS <= now) {
        // Due to be forgotten, and in the way of a new record until it is.
        await view.replays.prune(now - ANSWER_KEPT_MS, now - RECORD_KEPT_MS + 1);
        return null;
      }
      if (record.fingerprint !== fingerprint) throw new LatchkeyError('idempotency_mismatch');
      if (record.answer === '' || record.createdAt + ANSWER_KEPT_MS <= now) throw answerGone(record);
      return JSON.parse(opened(vault, header, record)) as Answer;
    },
    async keep(view, keyId, answer, now) {
      const sealed = vault.sealWith(header, JSON.stringify(answer), id);
      await view.replays.insert({ id, fingerprint, keyId, answer: sealed, createdAt: now });
    },
  };
}

/** A master key that was dropped within the ten minutes took the answer with it. */
function opened(vault: Vault, header: string, record: ReplayRecord): string {
  try {
    return vault.openWith(header, record.answer, record.id);
  } catch {
    throw answerGone(record);
  }
}

const answerGone = ({ keyId }: ReplayRecord): LatchkeyError =>
  new LatchkeyError(
    'idempotency_answer_gone',
    `This Idempotency-Key was used for ${keyId} and its answer is no longer kept. A secret that it made cannot be had again: rotate or revoke that key.`,
  );
