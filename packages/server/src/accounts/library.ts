// The sign-in library as it is set up here: what it may do, where it keeps it, what its cookies are. Which of its paths are open is in routes.ts.

import { passkey } from '@better-auth/passkey';
import { APIError, type BetterAuthOptions, betterAuth } from 'better-auth';
import { createAuthMiddleware, getOAuthState, isAPIError } from 'better-auth/api';
import { genericOAuth, twoFactor } from 'better-auth/plugins';
import { originsOf } from '../operations/public-origins.js';
import { COOKIE_PREFIX, SESSION_COOKIE, SIGN_IN_PATH } from '../operations/sign-in.js';
import { createAdapter } from './adapter.js';
import { existingAccountLetter, resetLetter, verificationLetter } from './letters.js';
import type { AccountsParts } from './parts.js';
import type { Safe } from './safe.js';
import type { SignInLog } from './sign-in-log.js';
import { ACCOUNTS, PASSKEYS, SESSIONS, TWO_FACTORS, USERS, VERIFICATIONS } from './tables.js';

export const MIN_PASSWORD_LENGTH = 10;
export const MAX_PASSWORD_LENGTH = 128;
const SESSION_SECONDS = 7 * 86_400;
const RENEWED_AFTER_SECONDS = 86_400;
/** How old a sign-in may be that stands for a password. */
export const FRESH_SECONDS = 3_600;
const VERIFICATION_SECONDS = 86_400;
const RESET_SECONDS = 3_600;

/** Of somebody whose password was right and whose second factor is still to come. */
export const CHALLENGE_COOKIE = `${COOKIE_PREFIX}.two_factor`;
/** Of a browser that somebody has signed in with; it says so and no more. */
export const DEVICE_COOKIE = `${COOKIE_PREFIX}.device`;
export const OIDC_PROVIDER = 'oidc';

/**
 * Set by this room on the requests that it makes for the library, which have no header that a caller sent beside cookie and agent. The
 * library's answer names the invitation that somebody left with for another provider; nothing of that goes out.
 */
export const INTERNAL = {
  address: 'x-latchkey-address',
  invitation: 'x-latchkey-invitation',
  requestId: 'x-latchkey-request-id',
} as const;

/** The column that says whether a letter reached the owner of the address, or another provider vouches for it. */
const PROVEN = 'email_proven';

/** Nobody's tokens are needed after they have said who somebody is. */
const NO_TOKENS = {
  ...{ accessToken: null, refreshToken: null, idToken: null },
  ...{ accessTokenExpiresAt: null, refreshTokenExpiresAt: null },
};

export interface LibraryParts extends AccountsParts {
  safe: Safe;
  /** Sends a letter that nobody waits for. */
  post(letter: { to: string; subject: string; text: string }): void;
  /** Whether somebody who comes from another provider may make an account; `invitationId`: what they came with. */
  admits(email: string, invitationId: string | null): Promise<boolean>;
  tell: SignInLog;
  /** What a letter has for the library's token, good while the account has the address that it went to. */
  resetToken(token: string, email: string): string;
}

export function libraryOptions(parts: LibraryParts, withOidc: boolean) {
  const { services, safe, post, tell } = parts;
  const { publicUrl, profile, telemetry } = services;
  const origins = originsOf(publicUrl);
  const names = { provider: profile.title };
  const { signIn } = services.store;
  const isUser = (column: string, id: string) => [{ column, operator: '=' as const, value: id, either: false }];
  /** Whether the account's address is its owner's own: an inviter who holds the link can confirm somebody else's. */
  const isProven = async (id: string): Promise<boolean> =>
    (await signIn.find(USERS.modelName, isUser('id', id)))[0]?.[PROVEN] === 1;
  /** Whether they came by the link for the first operator: nobody else chose the address, or held the link for them. */
  async function choseAddress(id: string): Promise<boolean> {
    const [row] = await signIn.find(USERS.modelName, isUser('id', id));
    const invited = row?.invitation_id;
    return typeof invited === 'string' && (await services.store.invitations.get(invited))?.email === null;
  }
  const prove = (id: string) =>
    signIn.update(USERS.modelName, isUser('id', id), { [USERS.fields.emailVerified]: 1, [PROVEN]: 1 });
  /** What somebody came with from another provider, if it is for the address that the provider knows. */
  async function invitationTo(email: string): Promise<string | null> {
    const id = await oauthInvitation();
    const invitation = id === null ? null : await services.store.invitations.get(id);
    return invitation === null || (invitation.email !== null && invitation.email !== email.toLowerCase()) ? null : id;
  }
  async function removeFactors(id: string): Promise<void> {
    await signIn.delete(PASSKEYS.modelName, isUser(PASSKEYS.fields.userId, id));
    await signIn.delete(TWO_FACTORS.modelName, isUser(TWO_FACTORS.fields.userId, id));
    await signIn.update(USERS.modelName, isUser('id', id), { [USERS.fields.twoFactorEnabled]: 0 });
  }
  return {
    appName: profile.title,
    baseURL: publicUrl,
    basePath: SIGN_IN_PATH,
    secret: safe.librarySecret,
    trustedOrigins: origins,
    database: createAdapter(services.store.signIn, safe),
    telemetry: { enabled: false },
    logger: {
      level: 'error',
      // What it adds to its words may hold addresses and tokens: the words before the first colon never do.
      log: (level, message) => telemetry.log('warn', 'sign_in_trouble', { level, text: message.split(':', 1)[0] }),
    },
    onAPIError: {
      errorURL: `${publicUrl}/sign-in`,
      onError(error) {
        if (!isAPIError(error)) throw error;
      },
    },
    // Counted by limits.ts, for all nodes and by the address that the trusted proxies say.
    rateLimit: { enabled: false },
    user: {
      ...USERS,
      additionalFields: {
        isOperator: { type: 'boolean', fieldName: 'is_operator', required: false, defaultValue: false, input: false },
        invitationId: { type: 'string', fieldName: 'invitation_id', required: false, input: false, returned: false },
        emailProven: { type: 'boolean', fieldName: PROVEN, required: false, input: false, returned: false },
      },
      async validateUserInfo({ user, source }) {
        if (source.method === 'email-password') return;
        if (user.emailVerified !== true)
          return { error: 'email_not_verified', errorDescription: 'The provider does not vouch for the address.' };
        if (source.action === 'link-account' && !(await isProven(user.id ?? '')))
          return { error: 'account_not_linked', errorDescription: 'Nobody has shown that the address is theirs.' };
        if (source.action !== 'create-user') return;
        if (!(await parts.admits(user.email ?? '', await oauthInvitation())))
          return { error: 'sign_up_closed', errorDescription: 'Ask for an invitation.' };
        return;
      },
    },
    session: { ...SESSIONS, expiresIn: SESSION_SECONDS, updateAge: RENEWED_AFTER_SECONDS, freshAge: FRESH_SECONDS },
    account: {
      ...ACCOUNTS,
      storeStateStrategy: 'database',
      accountLinking: { enabled: true, trustedProviders: [] },
    },
    hooks: {
      after: createAuthMiddleware(async (context) => {
        if (!context.path.startsWith('/callback/')) return;
        const invitationId = await oauthInvitation();
        if (invitationId !== null) context.setHeader(INTERNAL.invitation, invitationId);
      }),
    },
    verification: { ...VERIFICATIONS, storeIdentifier: { hash: async (identifier) => safe.hash(identifier) } },
    databaseHooks: {
      user: {
        create: {
          async before(user, context) {
            const invited = context?.headers?.get(INTERNAL.invitation) ?? null;
            const invitationId = invited ?? (await invitationTo(user.email));
            const byLetter = invited !== null && (await services.store.invitations.get(invited))?.byLetter === true;
            const emailVerified = user.emailVerified || invited !== null;
            return { data: { ...user, invitationId, emailVerified, emailProven: user.emailVerified || byLetter } };
          },
          async after({ id, emailVerified }, context) {
            const requestId = requestIdOf(context);
            await tell({ event: 'signUp', userId: id, bySelf: false, requestId, changes: { emailVerified } });
          },
        },
      },
      account: {
        create: { before: async (account) => ({ data: { ...account, ...NO_TOKENS } }) },
        update: { before: async (account) => ({ data: { ...account, ...NO_TOKENS } }) },
      },
    },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: MIN_PASSWORD_LENGTH,
      maxPasswordLength: MAX_PASSWORD_LENGTH,
      requireEmailVerification: true,
      autoSignIn: false,
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: RESET_SECONDS,
      async sendResetPassword({ user, token }) {
        const link = `${publicUrl}/reset-password#${parts.resetToken(token, user.email)}`;
        post(resetLetter({ ...names, to: user.email, link }));
      },
      async onPasswordReset({ user }, request) {
        // The link came by mail, which proves the address. What others set up before that may be no way in any more; for everybody
        // else a letter takes no second factor away.
        if (!(await isProven(user.id)) && !(await choseAddress(user.id))) await removeFactors(user.id);
        await prove(user.id);
        await tell({ event: 'resetPassword', userId: user.id, bySelf: false, requestId: requestIdOf(request) });
      },
      async onExistingUserSignUp({ user }) {
        post(existingAccountLetter({ ...names, to: user.email, link: `${publicUrl}/forgot-password` }));
      },
    },
    emailVerification: {
      expiresIn: VERIFICATION_SECONDS,
      sendOnSignUp: true,
      autoSignInAfterVerification: false,
      async afterEmailVerification({ id }, request) {
        await prove(id);
        await tell({ event: 'verifyEmail', userId: id, bySelf: false, requestId: requestIdOf(request) });
      },
      async sendVerificationEmail({ user, token }) {
        if (user.emailVerified) return;
        post(verificationLetter({ ...names, to: user.email, link: `${publicUrl}/verify-email#${token}` }));
      },
    },
    advanced: {
      // The origin is judged before the library is asked, for every name that this machine has.
      disableCSRFCheck: true,
      useSecureCookies: false,
      cookiePrefix: COOKIE_PREFIX,
      defaultCookieAttributes: { secure: true, httpOnly: true, sameSite: 'lax', path: '/' },
      cookies: { session_token: { name: SESSION_COOKIE } },
      ipAddress: { ipAddressHeaders: [INTERNAL.address], ipv6Subnet: 128 },
      database: { generateId: ({ model }) => services.newId(ID_PREFIXES[model] ?? model) },
    },
    plugins: [
      twoFactor({
        issuer: profile.title,
        // Who signs in at another provider has no password to repeat.
        allowPasswordless: true,
        schema: {
          user: { fields: { twoFactorEnabled: USERS.fields.twoFactorEnabled } },
          twoFactor: { modelName: TWO_FACTORS.modelName, fields: TWO_FACTORS.fields },
        },
      }),
      passkey({
        rpID: new URL(publicUrl).hostname,
        rpName: profile.title,
        origin: origins,
        // A passkey stands for password and second factor: whoever has the device has to show that it is theirs.
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        authentication: {
          afterVerification({ verification }) {
            if (verification.authenticationInfo.userVerified) return;
            throw new APIError('UNAUTHORIZED', {
              code: 'USER_NOT_VERIFIED',
              message: 'The device did not check who uses it.',
            });
          },
        },
        advanced: { webAuthnChallengeCookie: 'passkey' },
        schema: { passkey: { modelName: PASSKEYS.modelName, fields: PASSKEYS.fields } },
      }),
      ...(withOidc && parts.oidc !== null
        ? [
            genericOAuth({
              config: [
                {
                  providerId: OIDC_PROVIDER,
                  name: parts.oidc.name,
                  discoveryUrl: `${parts.oidc.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
                  requireIdTokenVerification: true,
                  clientId: parts.oidc.clientId,
                  clientSecret: parts.oidc.clientSecret,
                  scopes: ['openid', 'email', 'profile'],
                  pkce: true,
                  disableProviderLogout: true,
                  async mapProfileToUser(claims) {
                    const email = typeof claims.email === 'string' ? claims.email : '';
                    const name = [claims.name, claims.preferred_username].find(
                      (text): text is string => typeof text === 'string' && text.trim() !== '',
                    );
                    return {
                      name: (name ?? email.split('@', 1)[0] ?? email).slice(0, 200),
                      emailVerified: claims.email_verified === true,
                    };
                  },
                },
              ],
            }),
          ]
        : []),
    ],
  } satisfies BetterAuthOptions;
}

const requestIdOf = (asked: { headers?: Headers | undefined } | null | undefined): string =>
  asked?.headers?.get(INTERNAL.requestId) ?? 'req_unknown';

/** Of ids that others see. */
const ID_PREFIXES: Readonly<Record<string, string>> = {
  user: 'user',
  session: 'sess',
  account: 'acct',
  verification: 'ver',
  twoFactor: 'tfa',
  passkey: 'pk',
};

/** The id of the invitation that a sign-in at another provider began with. */
async function oauthInvitation(): Promise<string | null> {
  const state = await getOAuthState().catch(() => null);
  const id = (state as { invitationId?: unknown } | null)?.invitationId;
  return typeof id === 'string' ? id : null;
}

export const createLibrary = (parts: LibraryParts, withOidc: boolean) => betterAuth(libraryOptions(parts, withOidc));
export type Library = ReturnType<typeof createLibrary>;
