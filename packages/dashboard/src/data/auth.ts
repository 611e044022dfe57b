// The calls to the sign-in endpoints under /api/auth. Everything else goes through the management API.

import { type FieldError, LatchkeyClientError } from '@latchkey/client';
import type { AuthenticationResponseJSON } from '@simplewebauthn/browser';
import { queryOptions } from '@tanstack/react-query';

/** The endpoints' own form, or a problem document. */
interface Failure {
  code?: string;
  message?: string;
  detail?: string;
  errors?: FieldError[];
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
  const { code = 'http_error', message = '', detail = message, errors = [] } = (json ?? {}) as Failure;
  const wait = Number(answer.headers.get('retry-after') ?? answer.headers.get('x-retry-after'));
  throw new LatchkeyClientError({
    code,
    detail,
    errors,
    status: answer.status,
    requestId: answer.headers.get('x-request-id'),
    retryAfterSeconds: Number.isFinite(wait) && wait > 0 ? wait : null,
  });
}

/** How people may sign in here. */
interface SignInOptions {
  signUp: 'open' | 'invite' | 'closed';
  /** Another provider to sign in at. */
  oidc: { name: string } | null;
  /** Whose dashboard it is. */
  provider: string;
  /** false: there is no way to send letters. */
  mail: boolean;
}

export const signInOptions = queryOptions({
  queryKey: ['sign-in-options'],
  queryFn: () => callAuth<SignInOptions>('/options'),
  staleTime: Number.POSITIVE_INFINITY,
});

/** What a sign-in answers: done, or a second factor is asked for. */
export interface SignInAnswer {
  twoFactorRedirect?: boolean;
}

export const signInByPassword = (email: string, password: string) =>
  callAuth<SignInAnswer>('/sign-in/email', { email, password });

/** For how long a challenge of a passkey can be answered, in milliseconds: the server's five minutes, less what the way takes. */
export const PASSKEY_CHALLENGE_MS = 4 * 60_000;

let newestAsking = 0;
let lastChallenge: Promise<unknown> = Promise.resolve();

/**
 * What the browser answers for a passkey; `fromField` waits until one is chosen from the suggestions of the e-mail field.
 * Each new challenge takes the place of the one before, so they are fetched one by one, and what waited for an earlier one ends.
 */
export async function askForPasskey(fromField: boolean): Promise<AuthenticationResponseJSON> {
  const asking = ++newestAsking;
  const { startAuthentication, WebAuthnAbortService } = await import('@simplewebauthn/browser');
  WebAuthnAbortService.cancelCeremony();
  const challenge = lastChallenge.then(() => callAuth<never>('/passkey/generate-authenticate-options'));
  lastChallenge = challenge.catch(() => undefined);
  const optionsJSON = await challenge;
  if (asking !== newestAsking) throw new DOMException('A later asking took the place of this one.', 'AbortError');
  return startAuthentication({ optionsJSON, useBrowserAutofill: fromField });
}

export const signInByPasskey = (response: AuthenticationResponseJSON) =>
  callAuth('/passkey/verify-authentication', { response });

/** Leaves for the other provider, which sends back to `returnTo`. */
export async function signInAtProvider(returnTo: string, invitationToken?: string): Promise<void> {
  const { url } = await callAuth<{ url: string }>('/sign-in/social', {
    provider: 'oidc',
    callbackURL: returnTo,
    invitationToken,
  });
  globalThis.location.assign(url);
}

/** For a new document: what was known goes with the old one, before anybody can go back. Where the browser kept that one, it begins anew. */
export function leaveForSignIn(): void {
  globalThis.addEventListener('pageshow', () => globalThis.location.reload());
  globalThis.location.assign('/sign-in');
}

/** What a deleted account knew, and others should replace. */
export interface DeletedAccount {
  keysToRotate: { id: string; name: string; hint: string; organizationName: string }[];
  rootKeysToRevoke: { id: string; name: string; hint: string }[];
}

export interface Passkey {
  id: string;
  name: string | null;
  createdAt: string | null;
}

export const passkeysQuery = queryOptions({
  queryKey: ['passkeys'],
  queryFn: () => callAuth<Passkey[]>('/passkey/list-user-passkeys'),
});

/** Makes a passkey on this device, or on one that the browser reaches. */
export async function addPasskey(): Promise<void> {
  const { startRegistration } = await import('@simplewebauthn/browser');
  const options = await callAuth<never>('/passkey/generate-register-options');
  const response = await startRegistration({ optionsJSON: options });
  await callAuth('/passkey/verify-registration', { response });
}
