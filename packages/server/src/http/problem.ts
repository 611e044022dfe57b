// Errors as RFC 9457 problem documents, and which catalogue code an unforeseen error gets. It never shows a cause.

import { ERRORS, type ErrorCode, LatchkeyError } from '@latchkey/core';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** What Fastify and Node raise by themselves, as codes of the catalogue. */
const FOREIGN: Readonly<Record<string, [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body is larger than 1 MB.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'The body must come as application/json.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'The body is not as long as Content-Length says.'],
  FST_ERR_CTP_EMPTY_TYPE: ['unsupported_media_type', 'The body must come as application/json.'],
  FST_ERR_BAD_URL: ['invalid_request', 'The path is not well-formed.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'There is nothing at this path.'],
  HPE_HEADER_OVERFLOW: ['header_fields_too_large', 'The headers are larger than 16 KB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive in time.'],
  ECONNRESET: ['invalid_request', 'The request broke off.'],
};

/** The error as one of the catalogue; whatever is not known becomes `internal_error` with the original as its cause. */
export function knownError(error: unknown): LatchkeyError {
  if (error instanceof LatchkeyError) return error;
  const name = (error as { code?: unknown } | null | undefined)?.code;
  const foreign = typeof name === 'string' && Object.hasOwn(FOREIGN, name) ? FOREIGN[name] : undefined;
  return foreign === undefined
    ? new LatchkeyError('internal_error', undefined, { cause: error })
    : new LatchkeyError(foreign[0], foreign[1], { cause: error });
}

/** Where a code is explained; also the `type` of its problem documents. */
export const problemType = (publicUrl: string, code: ErrorCode) => `${publicUrl}/docs/errors#${code}`;

export function problemBody(error: LatchkeyError, requestId: string, publicUrl: string): string {
  return JSON.stringify({
    type: problemType(publicUrl, error.code),
    title: ERRORS[error.code].title,
    status: error.status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.errors.length > 0 ? { errors: error.errors } : {}),
  });
}
