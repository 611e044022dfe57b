// The calls to the sign-in endpoints under /api/auth. Everything else goes through the management API.

import { LatchkeyClientError } from '@latchkey/client';

interface Failure {
  code?: string;
  message?: string;
}

/** @throws LatchkeyClientError whose `code` is the endpoint's, such as INVALID_EMAIL_OR_PASSWORD */
export async function callAuth<T = unknown>(path: string, body?: object): Promise<T> {
  const init: RequestInit =
    body === undefined
      ? { method: 'GET' }
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  let answer: Response;
  try {
    answer = await fetch(`/api/auth${path}`, { ...init, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new LatchkeyClientError({ code: 'network_error', detail: 'The server could not be reached.' });
  }
  const text = await answer.text();
  let json: unknown = null;
  try {
    json = text === '' ? null : JSON.parse(text);
  } catch {
    // Judged below by the status; a page in place of JSON is no answer either.
  }
  if (answer.ok) return json as T;
  const { code = 'http_error', message = '' } = (json ?? {}) as Failure;
  const wait = Number(answer.headers.get('retry-after') ?? answer.headers.get('x-retry-after'));
  throw new LatchkeyClientError({
    code,
    detail: message,
    status: answer.status,
    requestId: answer.headers.get('x-request-id'),
    retryAfterSeconds: Number.isFinite(wait) && wait > 0 ? wait : null,
  });
}
