// The paths of sign-in as a table: what may be asked of the library, with which body, and how often. What is not here is not there.

import { z } from 'zod';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './library.js';
import type { LimitName } from './limits.js';
import type { OwnAccount } from './own-account.js';

export interface Route {
  /** What the library is given of the body; unknown members are dropped. null: it takes none. */
  body: z.ZodType<Record<string, unknown>> | null;
  limit: LimitName | null;
  /** Members of the query that the library is given. */
  query?: readonly string[];
  /** Whether it needs a way to send letters. */
  mails?: true;
  /** A successful answer means that somebody is signed in who was not before; the word for how. */
  signsIn?: 'password' | 'second_factor' | 'passkey' | 'oidc';
  /** Not the library's: what of own-account.ts answers, for whoever is signed in. */
  own?: keyof OwnAccount;
}

const email = z
  .email('must be an e-mail address')
  .max(254, 'must have at most 254 characters')
  .transform((text) => text.toLowerCase());
const name = z
  .string('must be text')
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a name stands in letters, lists and the audit log.
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'must have no control characters')
  // Half a character cannot be stored, which would tell a new address from one that has an account.
  .regex(/^\P{Surrogate}*$/u, 'must be well-formed text');
/** One that is asked for, however short it was when it was made. */
const password = z.string('must be text').min(1).max(MAX_PASSWORD_LENGTH);
const newPassword = z
  .string('must be text')
  .min(MIN_PASSWORD_LENGTH, `must have at least ${MIN_PASSWORD_LENGTH} characters`)
  .max(MAX_PASSWORD_LENGTH, `must have at most ${MAX_PASSWORD_LENGTH} characters`);
const token = z.string('must be text').min(1).max(2000);
const invitationToken = z.string('must be text').min(1).max(200).optional();
const code = z.string('must be text').min(1).max(40);
/** A page of ours: nobody is sent elsewhere after signing in. */
const page = z
  .string('must be text')
  .max(500)
  .regex(/^\/(?![/\\])[\w\-.~%!$&'()*+,;=:@/?]*$/, 'must be a path of this server');
const flag = z.boolean().optional();
/** Judged by the library, whose own it is. */
const credential = z.record(z.string(), z.unknown());

const post = (body: Route['body'], limit: LimitName | null, more: Partial<Route> = {}): Route => ({
  body,
  limit,
  ...more,
});
const get = (more: Partial<Route> = {}): Route => ({ body: null, limit: null, ...more });
const nothing = z.object({});
export const BY_PASSWORD = z.object({ email, password, rememberMe: flag });

export const ROUTES: Readonly<Record<string, Route>> = {
  'POST /sign-up/email': post(z.object({ name, email, password: newPassword, invitationToken }), 'signUp'),
  'POST /sign-in/email': post(BY_PASSWORD, 'signIn', { signsIn: 'password' }),
  'POST /sign-out': post(nothing, null),
  'GET /get-session': get(),
  'POST /send-verification-email': post(z.object({ email }), 'confirmationLetter', { mails: true }),
  'POST /verify-email': post(z.object({ token, password: password.optional() }), 'token', { signsIn: 'password' }),
  'POST /request-password-reset': post(z.object({ email }), 'resetLetter', { mails: true }),
  'POST /reset-password': post(z.object({ token, newPassword }), 'token'),
  'POST /change-password': post(z.object({ currentPassword: password, newPassword }), 'password'),
  'POST /change-email': post(z.object({ newEmail: email, password: password.optional() }), 'password', {
    mails: true,
    own: 'askEmailChange',
  }),
  'POST /change-email/confirm': post(z.object({ token }), 'token', { own: 'changeEmail' }),
  'POST /delete-account': post(z.object({ password: password.optional() }), 'password', { own: 'deleteAccount' }),
  'POST /update-user': post(z.object({ name }), null),
  'POST /two-factor/enable': post(z.object({ password: password.optional() }), 'password'),
  'POST /two-factor/disable': post(z.object({ password: password.optional() }), 'password'),
  'POST /two-factor/get-totp-uri': post(z.object({ password: password.optional() }), 'password'),
  'POST /two-factor/generate-backup-codes': post(z.object({ password: password.optional() }), 'password'),
  'POST /two-factor/verify-totp': post(z.object({ code, trustDevice: flag }), 'secondFactor', {
    signsIn: 'second_factor',
  }),
  'POST /two-factor/verify-backup-code': post(z.object({ code, trustDevice: flag }), 'secondFactor', {
    signsIn: 'second_factor',
  }),
  'GET /passkey/generate-register-options': get({ query: ['authenticatorAttachment', 'name'] }),
  'POST /passkey/verify-registration': post(
    z.object({ response: credential, name: name.max(100).optional() }),
    'secondFactor',
  ),
  'GET /passkey/generate-authenticate-options': get({ limit: 'secondFactor' }),
  'POST /passkey/verify-authentication': post(
    z.object({ response: credential.and(z.object({ id: z.string().min(1).max(2000) })) }),
    'secondFactor',
    { signsIn: 'passkey' },
  ),
  'GET /passkey/list-user-passkeys': get(),
  'POST /passkey/delete-passkey': post(z.object({ id: z.string().min(1).max(200) }), null),
  'POST /passkey/update-passkey': post(z.object({ id: z.string().min(1).max(200), name: name.max(100) }), null),
  'POST /sign-in/social': post(
    z.object({ provider: z.literal('oidc'), callbackURL: page.default('/'), invitationToken }),
    'token',
  ),
  'GET /callback/oidc': get({
    limit: 'token',
    query: ['code', 'state', 'error', 'error_description', 'iss'],
    signsIn: 'oidc',
  }),
};
