// The client: which call goes where and whether its answer can be trusted. How it is sent and sent again lives in `send.ts`.

import { LatchkeyClientError } from './error.js';
import { baseOf, headerValue, wholeNumber } from './options.js';
import { send } from './send.js';
import type { Verification, VerifyBatchAnswer, VerifyBatchInput, VerifyInput } from './types.js';

export interface ClientOptions {
  /** The control plane, e.g. `http://127.0.0.1:4000`; a path in front of the API is kept. */
  url: string;
  /** A root key with the permission `keys.verify`. */
  rootKey: string;
  /** Default: the runtime's own. */
  fetch?: typeof globalThis.fetch;
  /** Attempts after the first; default 2. */
  retries?: number;
  /** For each attempt, from sending to the last byte of the answer; default 5000. */
  timeoutMs?: number;
}

export interface CallOptions {
  /** Ends the call and its retries; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  retries?: number | undefined;
  timeoutMs?: number | undefined;
}

/** `verify` has the signature it has in process, so that code need not know which of the two it holds. */
export interface LatchkeyClient {
  /**
   * One decision; spends the limits when it is yes. A refused key resolves, with `valid: false` and a reason.
   * Credits are spent once, however often it is sent: a question without a `requestId` gets one for its retries. Of the limits
   * a retry after an answer that got lost may take twice; `retries: 0` rules that out.
   * @throws LatchkeyClientError
   */
  verify(input: VerifyInput, options?: CallOptions): Promise<Verification>;
  /** Up to 100 decisions, each on its own. @throws LatchkeyClientError */
  verifyBatch(input: VerifyBatchInput, options?: CallOptions): Promise<VerifyBatchAnswer>;
}

/** @throws TypeError for options that cannot work; its message quotes no value. */
export function createClient(options: ClientOptions): LatchkeyClient {
  const base = baseOf(options.url);
  const rootKey = headerValue('rootKey', options.rootKey);
  const retries = wholeNumber('retries', options.retries ?? 2, 0);
  const timeoutMs = wholeNumber('timeoutMs', options.timeoutMs ?? 5000, 1);

  const post = (path: string, body: object, secrets: readonly string[], call: CallOptions): Promise<unknown> =>
    send({
      fetch: options.fetch ?? globalThis.fetch,
      method: 'POST',
      url: base + path,
      credentials: 'omit',
      headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      // The request id makes it so for credits; what a limit may lose by it is told above.
      repeatable: true,
      retries: wholeNumber('retries', call.retries ?? retries, 0),
      timeoutMs: wholeNumber('timeoutMs', call.timeoutMs ?? timeoutMs, 1),
      signal: call.signal,
      secrets: [rootKey, ...secrets],
    });

  return {
    async verify(input, call = {}) {
      const answer = await post('/v1/keys/verify', named(input), secretsOf(input), call);
      if (isVerification(answer)) return answer;
      throw unreadable();
    },
    async verifyBatch(input, call = {}) {
      const answer = await post(
        '/v1/keys/verify/batch',
        { keys: input.keys.map(named) },
        input.keys.flatMap(secretsOf),
        call,
      );
      const data = (answer as { data?: unknown } | null)?.data;
      if (Array.isArray(data) && data.length === input.keys.length && data.every(isVerification)) return { data };
      throw unreadable();
    },
  };
}

/** The question under a name of its own, so that sending it again is not asking again. */
function named(input: VerifyInput): VerifyInput {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { requestId: `call_${id}`, ...input };
}

/** Anything that is not clearly an answer must not be taken for a yes. */
const isVerification = (answer: unknown): answer is Verification =>
  typeof answer === 'object' &&
  answer !== null &&
  typeof (answer as { valid?: unknown }).valid === 'boolean' &&
  (answer as Verification).valid === ((answer as Verification).reason === null);

const unreadable = (): LatchkeyClientError =>
  new LatchkeyClientError({ code: 'unreadable_answer', status: 200, detail: 'The answer is not one of Latchkey.' });

const CREDENTIAL_HEADERS = /^(authorization|x-api-key|cookie)$/i;

/** What must not stand in an error: the secret, and the credentials among the headers, with and without their scheme. */
function secretsOf({ secret, request }: VerifyInput): string[] {
  const headers = Object.entries(request?.headers ?? {}).filter(([name]) => CREDENTIAL_HEADERS.test(name));
  const lines = headers.flatMap(([, value]) => value);
  return [secret ?? '', ...lines, ...lines.flatMap((line) => line.split(/\s+/).slice(1))];
}
