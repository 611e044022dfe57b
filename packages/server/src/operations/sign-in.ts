// What the control plane needs of whoever signs people in. Who does it is a room of its own.

import type { IncomingHttpHeaders } from 'node:http';
import type { Actor } from '@latchkey/core';

/** The path under which people sign in; everything below it is answered by `SignIn`. */
export const SIGN_IN_PATH = '/api/auth';

/** `__Host-`: from this host alone, over TLS, for every path. */
export const COOKIE_PREFIX = '__Host-latchkey';
/** Of whoever is signed in. */
export const SESSION_COOKIE = `${COOKIE_PREFIX}_session`;

export interface SignInRequest {
  requestId: string;
  method: string;
  /** Path and query, as they came. */
  url: string;
  headers: IncomingHttpHeaders;
  /** The judged body; undefined: none was sent. */
  body: unknown;
  /** Whose address it is, as judged by the trusted proxies. */
  ip: string | null;
}

export interface SignInAnswer {
  status: number;
  headers: readonly (readonly [string, string])[];
  body: string | null;
}

export interface SignIn {
  /** @throws LatchkeyError for what is refused before it is looked at */
  answer(request: SignInRequest): Promise<SignInAnswer>;
  /** true: the cookies name a session, of whatever worth. */
  claims(headers: IncomingHttpHeaders): boolean;
  /**
   * Who is signed in by the cookies of a request; a session in use is prolonged, which its cookie has to hear.
   * null: nobody, or nobody any more.
   */
  identify(headers: IncomingHttpHeaders): Promise<{ actor: Actor; cookies: readonly string[] } | null>;
}
