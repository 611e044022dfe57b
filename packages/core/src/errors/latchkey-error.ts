// The one error type that is thrown on purpose. Refusals of a request are values (reasons), not errors.

import { ERRORS, type ErrorCode } from './catalogue.js';

/** One place of a request that was wrong. `path` is dotted, e.g. `body.limits.perMinute`. */
export interface FieldError {
  path: string;
  message: string;
  fix: string;
}

/** A caller's mistake or a broken dependency. `message` is public: it never holds a secret. The cause stays in the log. */
export class LatchkeyError extends Error {
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ErrorCode,
    detail?: string,
    options: { errors?: readonly FieldError[]; cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(detail ?? ERRORS[code].help, { cause: options.cause });
    this.name = 'LatchkeyError';
    this.code = code;
    this.errors = options.errors ?? [];
    this.retryAfterSeconds =
      options.retryAfterSeconds ?? (code === 'unavailable' || code === 'idempotency_in_progress' ? 1 : null);
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}
