// The one error that a call rejects with, besides the caller's own abort. A refused key is an answer, not an error.

/** One place of the call that was wrong. */
export interface FieldError {
  path: string;
  message: string;
  fix: string;
}

export interface ErrorFacts {
  code: string;
  detail: string;
  status?: number | null;
  requestId?: string | null;
  errors?: readonly FieldError[];
  retryAfterSeconds?: number | null;
}

/**
 * What went wrong with the call. It never holds a presented secret or the root key, and no cause: what a runtime puts
 * into its own errors is not ours to vouch for.
 */
export class LatchkeyClientError extends Error {
  /**
   * A code of the server's error catalogue, or one of the client's own: `network_error`, `timeout`, `http_error` (an
   * error answer that is no problem document), `unreadable_answer`.
   */
  readonly code: string;
  /** The HTTP status; null when there was no answer. */
  readonly status: number | null;
  readonly detail: string;
  /** Names the call in the server's log; null when there was no answer of the server. */
  readonly requestId: string | null;
  readonly errors: readonly FieldError[];
  /** What `Retry-After` said last. */
  readonly retryAfterSeconds: number | null;

  constructor(facts: ErrorFacts) {
    super(`${facts.code}: ${facts.detail}`);
    this.name = 'LatchkeyClientError';
    this.code = facts.code;
    this.status = facts.status ?? null;
    this.detail = facts.detail;
    this.requestId = facts.requestId ?? null;
    this.errors = facts.errors ?? [];
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
  }
}
