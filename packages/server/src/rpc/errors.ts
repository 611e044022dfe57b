// Errors of the catalogue as Connect errors: which code each gets, and the detail that says the rest. It never shows a cause.

import { Code, ConnectError } from '@connectrpc/connect';
import { ERRORS, type ErrorCode, LatchkeyError } from '@latchkey/core';
import { errorHeaders } from '../operations/management-headers.js';
import { ProblemSchema } from './generated/latchkey/v1/api_key_service_pb.js';

const BY_STATUS: Readonly<Record<number, Code>> = {
  400: Code.InvalidArgument,
  401: Code.Unauthenticated,
  402: Code.FailedPrecondition,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  405: Code.Unimplemented,
  408: Code.DeadlineExceeded,
  409: Code.FailedPrecondition,
  410: Code.FailedPrecondition,
  413: Code.ResourceExhausted,
  415: Code.InvalidArgument,
  422: Code.FailedPrecondition,
  429: Code.ResourceExhausted,
  431: Code.ResourceExhausted,
  502: Code.Unavailable,
  503: Code.Unavailable,
  504: Code.DeadlineExceeded,
};

/** Where the status alone says too little. */
const BY_CODE: Partial<Record<ErrorCode, Code>> = {
  duplicate_key: Code.AlreadyExists,
  // Aborted is what clients try again.
  idempotency_in_progress: Code.Aborted,
};

export const codeOf = (code: ErrorCode): Code => BY_CODE[code] ?? BY_STATUS[ERRORS[code].status] ?? Code.Internal;

/** Places by their JSON name in the message: operations name them by the part of a REST request they came in. */
const placed = (text: string): string => text.replace(/^(?:body|params)\./, '');

export function connectError(error: LatchkeyError, requestId: string): ConnectError {
  const headers = errorHeaders(error);
  const wait = headers['retry-after'];
  const problem = {
    code: error.code,
    requestId,
    errors: error.errors.map(({ path, message, fix }) => ({ path: placed(path), message, fix })),
    ...(wait !== undefined && { retryAfterSeconds: Number(wait) }),
  };
  return new ConnectError(placed(error.message), codeOf(error.code), headers, [
    { desc: ProblemSchema, value: problem },
  ]);
}

/** Whatever is no error of the catalogue becomes `internal_error`, with the original as its cause. */
export const knownError = (error: unknown): LatchkeyError =>
  error instanceof LatchkeyError ? error : new LatchkeyError('internal_error', undefined, { cause: error });
