// Sending one call until it has an answer: attempts with a timeout each, waits in between, errors without secrets.

import { type ErrorFacts, type FieldError, LatchkeyClientError } from './error.js';

export interface Sending {
  fetch: typeof globalThis.fetch;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  url: string;
  /** Whether a browser sends its cookies along. */
  credentials: 'omit' | 'same-origin';
  headers: Record<string, string>;
  body: string | undefined;
  /**
   * true: sending it twice does no more than sending it once. Else it is sent again only when it surely was not taken on: never
   * sent, or refused with 429 or with 503 and `Retry-After`.
   */
  repeatable: boolean;
  retries: number;
  timeoutMs: number;
  signal: AbortSignal | undefined;
  /** Texts that no error may show. */
  secrets: readonly string[];
}

const RETRIED_STATUSES = new Set([429, 502, 503, 504]);
/** The first wait is up to this long, each further one up to twice as long, all of it random (full jitter). */
const FIRST_WAIT_MS = 100;
const LONGEST_JITTER_MS = 2000;
/** A `Retry-After` beyond this is the caller's to wait out: a request is usually waiting behind the call. */
const LONGEST_WAIT_MS = 10_000;

/** The JSON of the first answer below 300; undefined for 204. @throws LatchkeyClientError, or the signal's reason */
export async function send(sending: Sending): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await once(sending);
    if ('json' in outcome) return outcome.json;
    const { failure } = outcome;
    const waitMs = waitBefore(attempt, failure, sending.repeatable);
    if (attempt >= sending.retries || waitMs === null)
      throw new LatchkeyClientError(scrubbed(failure, sending.secrets));
    await wait(waitMs, sending.signal);
  }
}

type Outcome = { json: unknown } | { failure: ErrorFacts };

async function once({ fetch, method, url, credentials, headers, body, timeoutMs, signal }: Sending): Promise<Outcome> {
  signal?.throwIfAborted();
  const attempt = new AbortController();
  const forwardAbort = (): void => attempt.abort(signal?.reason);
  signal?.addEventListener('abort', forwardAbort, { once: true });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    attempt.abort();
  }, timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers,
      credentials,
      ...(body === undefined ? {} : { body }),
      // The credential goes to the URL that was configured and nowhere else.
      redirect: 'manual',
      cache: 'no-store',
      signal: attempt.signal,
    });
    return await read(response);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    return { failure: late ? timedOut(timeoutMs) : unreachable(error) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', forwardAbort);
  }
}

async function read(response: Response): Promise<Outcome> {
  const text = await response.text();
  if (response.status === 204) return { json: undefined };
  const json = parsed(text);
  if (response.ok && json !== undefined) return { json };
  const { status } = response;
  const known = { status, requestId: response.headers.get('x-request-id'), retryAfterSeconds: retryAfterOf(response) };
  if (response.ok) return { failure: { ...known, code: 'unreadable_answer', detail: 'The answer is not JSON.' } };
  const problem = problemOf(json);
  if (problem !== null) return { failure: { ...known, ...problem } };
  return {
    failure: { ...known, code: 'http_error', detail: `The answer has the status ${status} and no problem document.` },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 9457 document of the control plane; null for anything else. */
function problemOf(json: unknown): Pick<ErrorFacts, 'code' | 'detail' | 'errors'> | null {
  const { code, detail, errors } = (json ?? {}) as { code?: unknown; detail?: unknown; errors?: unknown };
  if (typeof code !== 'string' || typeof detail !== 'string') return null;
  return { code, detail, errors: Array.isArray(errors) ? errors.map(fieldError) : [] };
}

const fieldError = (entry: Partial<FieldError> | null): FieldError => ({
  path: String(entry?.path ?? ''),
  message: String(entry?.message ?? ''),
  fix: String(entry?.fix ?? ''),
});

/** Seconds or a date (RFC 9110 §10.2.3), as whole seconds from now. */
function retryAfterOf({ headers }: Response): number | null {
  const value = headers.get('retry-after');
  if (value === null) return null;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - Date.now()) / 1000);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

const timedOut = (timeoutMs: number): ErrorFacts => ({
  code: 'timeout',
  detail: `No whole answer within ${timeoutMs} ms.`,
});

/** Of a runtime's error only its code is told, e.g. ECONNREFUSED. */
function unreachable(error: unknown): ErrorFacts {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const name = [cause?.code, code].find((text) => typeof text === 'string' && /^[A-Z][A-Z0-9_]{2,39}$/.test(text));
  return { code: 'network_error', detail: `The control plane did not answer${name ? ` (${name})` : ''}.` };
}

/** Codes of a connection that was never made. */
const NEVER_SENT = /\((ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT)\)/;

/** Milliseconds to wait for another attempt; null: it would not help, might do twice what was asked, or not soon enough. */
function waitBefore(attempt: number, failure: ErrorFacts, repeatable: boolean): number | null {
  const { retryAfterSeconds } = failure;
  if (!(repeatable ? mayPass(failure) : surelyNotTaken(failure))) return null;
  const jitterMs = Math.random() * Math.min(LONGEST_JITTER_MS, FIRST_WAIT_MS * 2 ** attempt);
  const askedMs = (retryAfterSeconds ?? 0) * 1000;
  // On top of what was asked for, so that waiting clients do not all come back at once.
  return askedMs > LONGEST_WAIT_MS ? null : askedMs + jitterMs;
}

/** `idempotency_in_progress`: the attempt before this one still runs, and its answer will be this one's too. */
const mayPass = ({ code, status }: ErrorFacts): boolean =>
  status == null
    ? code === 'network_error' || code === 'timeout'
    : RETRIED_STATUSES.has(status) || code === 'idempotency_in_progress';

const surelyNotTaken = ({ code, detail, status, retryAfterSeconds }: ErrorFacts): boolean =>
  status == null
    ? code === 'network_error' && NEVER_SENT.test(detail)
    : status === 429 || (status === 503 && retryAfterSeconds != null);

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The server quotes no secret; something between it and us may. */
function scrubbed(facts: ErrorFacts, secrets: readonly string[]): ErrorFacts {
  const clean = (text: string): string =>
    secrets.reduce((rest, secret) => (secret.length < 8 ? rest : rest.replaceAll(secret, '[redacted]')), text);
  return {
    ...facts,
    code: clean(facts.code),
    detail: clean(facts.detail),
    requestId: facts.requestId == null ? null : clean(facts.requestId),
    errors: (facts.errors ?? []).map(({ path, message, fix }) => ({
      path: clean(path),
      message: clean(message),
      fix: clean(fix),
    })),
  };
}
