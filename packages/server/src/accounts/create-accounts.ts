// Sign-in as the control plane asks for it: judges what comes, lets the library do its part, and says what became of it.

import type { IncomingHttpHeaders } from 'node:http';
import { judge, LatchkeyError } from '@latchkey/core';
import { csrfTokenOf } from '../operations/csrf.js';
import type { Call } from '../operations/engine.js';
import { makeFirstOrganization } from '../operations/people/first-organization.js';
import { acceptInvitationShown } from '../operations/people/invitations.js';
import { actorOfUser } from '../operations/people/self.js';
import {
  SESSION_COOKIE,
  SIGN_IN_PATH,
  type SignIn,
  type SignInAnswer,
  type SignInRequest,
} from '../operations/sign-in.js';
import { createChallenges } from './challenges.js';
import { cookieOf, namesCookie, withoutCookie } from './cookies.js';
import { createDevices } from './devices.js';
import { newDeviceLetter } from './letters.js';
import { createLibrary, INTERNAL, type Library, type LibraryParts, OIDC_PROVIDER } from './library.js';
import { createAttempts } from './limits.js';
import { createOwnAccount, type Present } from './own-account.js';
import type { AccountsParts } from './parts.js';
import { BY_PASSWORD, ROUTES, type Route } from './routes.js';
import { createSafe } from './safe.js';
import { createSignInLog } from './sign-in-log.js';
import { createSignUpGate } from './sign-up.js';
import { SESSIONS } from './tables.js';

/** How long another provider may take to say what it can do. */
const OIDC_WITHIN_MS = 8_000;
const MAX_USER_AGENT = 256;
const CONFIRM = '/verify-email';

type Given = Record<string, unknown>;

export function createAccounts(parts: AccountsParts): SignIn {
  const { services, oidc } = parts;
  const { store, vault, auditKey, mailer, profile, publicUrl, telemetry, clock } = services;
  const safe = createSafe(auditKey);
  const attempts = createAttempts(services, safe);
  const gate = createSignUpGate(services);
  const tell = createSignInLog(services);
  const challenges = createChallenges(services, safe);
  const devices = createDevices(services, safe);
  const libraryParts: LibraryParts = {
    ...parts,
    safe,
    tell,
    post: (letter) => services.later('letter', () => mailer.send(letter)),
    admits: (email, invitationId) => gate.admits(email, invitationId),
    resetToken: challenges.resetToken,
  };
  const library = createLibrary(libraryParts, false);
  const own = createOwnAccount({ ...libraryParts, library, attempts, devices });

  /** The one that knows the other provider, which is asked what it can do when somebody wants to go there, and not before. */
  let withOidc: Promise<Library> | null = null;
  function oidcLibrary(): Promise<Library> {
    if (oidc === null) throw new LatchkeyError('not_found', 'No other provider is set here.');
    withOidc ??= (async () => {
      const made = createLibrary(libraryParts, true);
      const ready = made.$context.then(({ socialProviders }) => socialProviders.some(({ id }) => id === OIDC_PROVIDER));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), OIDC_WITHIN_MS);
      });
      const isThere = await Promise.race([ready.catch(() => false), late]).finally(() => clearTimeout(timer));
      if (isThere) return made;
      telemetry.log('warn', 'oidc_provider_away', { issuer: oidc.issuer });
      throw new LatchkeyError('unavailable', `${oidc.name} does not answer; sign in another way, or try again.`);
    })();
    withOidc.catch(() => {
      withOidc = null;
    });
    return withOidc;
  }

  /** Who the cookies sign in; a session in use is prolonged once a day. */
  async function present(cookie: string | undefined): Promise<Present | null> {
    if (!namesCookie(cookie, SESSION_COOKIE)) return null;
    const { headers, response } = await library.api
      .getSession({ headers: new Headers({ cookie: cookie as string }), returnHeaders: true })
      .catch((error: unknown) => {
        // It went away while it was looked at.
        if ((error as { statusCode?: unknown }).statusCode === 401) return { headers: new Headers(), response: null };
        // The library's own word for a database that does not answer, which says nothing of the session.
        throw error instanceof LatchkeyError ? error : new LatchkeyError('unavailable', undefined, { cause: error });
      });
    if (response === null) return null;
    const { user, session } = response;
    return {
      user: {
        id: user.id,
        email: user.email,
        name: user.name,
        emailVerified: user.emailVerified,
        isOperator: user.isOperator === true,
        twoFactorEnabled: user.twoFactorEnabled === true,
        createdAt: user.createdAt.getTime(),
      },
      session: { id: session.id, createdAt: session.createdAt.getTime(), expiresAt: session.expiresAt.getTime() },
      cookies: headers.getSetCookie(),
    };
  }

  /** What the library is given in the place of what was sent. */
  async function bodyFor(path: string, { invitationToken, ...given }: Given): Promise<Given> {
    if (path === '/change-password') return { ...given, revokeOtherSessions: true };
    if (path === '/two-factor/enable') return { ...given, method: 'totp' };
    if (path !== '/sign-in/social') return given;
    const invitationId = typeof invitationToken === 'string' ? await gate.invitationOf(invitationToken) : null;
    return {
      ...given,
      errorCallbackURL: '/sign-in',
      disableRedirect: true,
      ...(invitationId !== null && { additionalData: { invitationId } }),
    };
  }

  async function ask(
    request: SignInRequest,
    path: string,
    route: Route,
    given: Given,
    invitationId: string | null,
  ): Promise<Response> {
    const { headers, ip, requestId, url } = request;
    const target = new URL(`${SIGN_IN_PATH}${path}`, publicUrl);
    for (const name of route.query ?? []) {
      const value = new URL(url, publicUrl).searchParams.get(name);
      if (value !== null) target.searchParams.set(name, value);
    }
    // The link's token comes in a body, so that no log and no history has it; the library takes it as a query.
    const isVerification = path === CONFIRM;
    if (isVerification) target.searchParams.set('token', given.token as string);
    const hasBody = route.body !== null && !isVerification;
    const sent = new Headers({ [INTERNAL.requestId]: requestId });
    const agent = headers['user-agent']?.slice(0, MAX_USER_AGENT);
    if (headers.cookie !== undefined) sent.set('cookie', headers.cookie);
    if (agent !== undefined) sent.set('user-agent', agent);
    if (ip !== null) sent.set(INTERNAL.address, ip);
    if (invitationId !== null) sent.set(INTERNAL.invitation, invitationId);
    if (hasBody) sent.set('content-type', 'application/json');
    const asked = path === '/sign-in/social' || path === `/callback/${OIDC_PROVIDER}` ? await oidcLibrary() : library;
    return asked.handler(
      new Request(target, {
        method: hasBody ? 'POST' : 'GET',
        headers: sent,
        ...(hasBody && { body: JSON.stringify(await bodyFor(path, given)) }),
      }),
    );
  }

  /**
   * Signs in to an account whose address is confirmed on the way, by whoever has the letter and the password: anybody can sign up
   * with an address, and must not get in because its owner opened the letter.
   */
  async function confirm(
    request: SignInRequest,
    route: Route,
    { token, password }: Given,
    email: string,
  ): Promise<Response> {
    const given = judge(BY_PASSWORD, { email, password }, 'body');
    const signIn = () => ask(request, '/sign-in/email', route, given, null);
    const answered = await signIn();
    if (readBody(await answered.clone().text())?.code !== 'EMAIL_NOT_VERIFIED') return answered;
    const confirmed = await ask(request, CONFIRM, route, { token }, null);
    return confirmed.ok ? signIn() : confirmed;
  }

  /** @throws LatchkeyError `sign_up_closed`, `invitation_over`, `invitation_not_yours`, `unavailable` */
  async function judgeSignUp({ email, invitationToken }: Given): Promise<string | null> {
    const invitation = await gate.judge(email as string, invitationToken as string | undefined);
    if (invitation === null && !mailer.sends) throw noMail();
    return invitation?.id ?? null;
  }

  /** A session that takes another's place without a sign-in is as old as that one: nobody makes theirs fresh by a setting. */
  async function keepAge(now: Present, { session }: Present): Promise<void> {
    const { createdAt } = SESSIONS.fields;
    await store.signIn.update(
      SESSIONS.modelName,
      [{ column: 'id', operator: '=', value: now.session.id, either: false }],
      { [createdAt]: session.createdAt },
    );
  }

  /** Told after an answer that changed something for somebody who was signed in before. */
  async function tellChange(path: string, by: Present, requestId: string): Promise<void> {
    const self = { userId: by.user.id, bySelf: true, requestId };
    if (path === '/sign-out') await tell({ event: 'signOut', ...self, sessionId: by.session.id });
    if (path === '/change-password') await tell({ event: 'changePassword', ...self });
    if (path === '/two-factor/verify-totp' && !by.user.twoFactorEnabled)
      await tell({ event: 'addFactor', ...self, changes: { factor: 'totp' } });
    if (path === '/two-factor/disable') await tell({ event: 'removeFactor', ...self, changes: { factor: 'totp' } });
    if (path === '/two-factor/generate-backup-codes') await tell({ event: 'makeBackupCodes', ...self });
    if (path === '/passkey/verify-registration')
      await tell({ event: 'addFactor', ...self, changes: { factor: 'passkey' } });
    if (path === '/passkey/delete-passkey')
      await tell({ event: 'removeFactor', ...self, changes: { factor: 'passkey' } });
  }

  /** What the invitation that somebody left with makes them. One that is over by now takes nothing from the sign-in. */
  async function join(invitationId: string, call: Call): Promise<Joined> {
    try {
      return { organizationId: (await acceptInvitationShown(services, invitationId, call)).organizationId };
    } catch (error) {
      if (!(error instanceof LatchkeyError) || error.status >= 500) throw error;
      return error.code === 'invitation_over' ? null : { refused: error.code };
    }
  }

  /** Everything that comes with a sign-in: the session before it ends, the log hears of it, an invitation counts, and there is a place for keys. */
  async function welcome(
    now: Present,
    before: Present | null,
    method: string,
    request: SignInRequest,
    shown: string | null,
  ): Promise<Joined> {
    const { user, session } = now;
    const { requestId, ip } = request;
    if (before !== null && before.session.id !== session.id)
      await store.sessions.remove(before.user.id, before.session.id);
    await tell({
      event: 'signIn',
      userId: user.id,
      bySelf: true,
      sessionId: session.id,
      requestId,
      changes: { method, ip },
    });
    const call: Call = { actor: { type: 'user', id: user.id, permissions: [] }, requestId, idempotencyKey: null };
    const joined = shown === null ? null : await join(shown, call);
    const [row] = await store.signIn.find('users', [{ column: 'id', operator: '=', value: user.id, either: false }]);
    const invitationId = (row?.invitation_id ?? null) as string | null;
    await makeFirstOrganization(services, (await store.users.get(user.id)) ?? user, invitationId, call);
    if (mailer.sends) await warnOfNewDevice(now, request);
    return joined;
  }

  async function warnOfNewDevice({ user, session }: Present, { headers, ip }: SignInRequest): Promise<void> {
    const others = (await store.sessions.list(user.id)).filter(({ id }) => id !== session.id);
    const agent = headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? '';
    if (others.length === 0 || others.some(({ userAgent }) => (userAgent ?? '') === agent)) return;
    const at = new Date(clock()).toISOString();
    libraryParts.post(
      newDeviceLetter({
        ...{ to: user.email, provider: profile.title, link: `${publicUrl}/settings/account` },
        ...{ at, from: ip ?? 'an unknown address' },
      }),
    );
  }

  return {
    claims: ({ cookie }) => namesCookie(cookie, SESSION_COOKIE),

    async identify({ cookie }: IncomingHttpHeaders) {
      const found = await present(cookie);
      if (found === null) return null;
      const { id, expiresAt } = found.session;
      const session = { id, expiresAt, csrfToken: csrfTokenOf(vault, auditKey, id) };
      return { actor: await actorOfUser(store, found.user, session), cookies: found.cookies };
    },

    async answer(request) {
      const { method, url, body, headers, ip, requestId } = request;
      const path = new URL(url, publicUrl).pathname.slice(SIGN_IN_PATH.length);
      if (method === 'GET' && path === '/options') return json({ ...optionsOf(parts), mail: mailer.sends });
      const row = `${method} ${path}`;
      const route = Object.hasOwn(ROUTES, row) ? ROUTES[row] : undefined;
      if (route === undefined) throw new LatchkeyError('not_found', 'There is nothing at this path.');
      const given: Given = route.body === null ? {} : judge(route.body, body ?? {}, 'body');
      if (route.mails && !mailer.sends) throw noMail();

      const before = await present(headers.cookie);
      const toConfirm = path === CONFIRM ? await challenges.addressOf(given.token as string) : null;
      const email = typeof given.email === 'string' ? given.email : toConfirm;
      const isSigningIn = route.limit === 'signIn' || toConfirm !== null;
      const device = isSigningIn && email !== null ? devices.idOf(headers.cookie, email) : null;
      const tried = device ?? email;
      if (route.limit !== null) await attempts.count(route.limit, ip, tried ?? before?.user.id ?? null);
      if (toConfirm !== null) await attempts.count('signIn', ip, tried);
      if (route.own !== undefined) {
        if (before === null) throw new LatchkeyError('unauthenticated');
        return own[route.own](before, given, request);
      }
      const invitationId = path === '/sign-up/email' ? await judgeSignUp(given) : null;
      const challenged = route.signsIn === 'second_factor' ? await challenges.userOf(headers.cookie) : null;

      const reset = path === '/reset-password' ? await challenges.resetOf(given.token as string) : null;
      if (path === '/reset-password') given.token = reset?.token ?? '';
      const codeOf = path === '/two-factor/verify-totp' ? (before?.user.id ?? challenged) : null;
      if (codeOf !== null && !(await attempts.takeCode(codeOf, given.code as string))) {
        if (challenged !== null) await tellFailure(challenged, 'second_factor', USED_CODE, request);
        return { status: 401, headers: [], body: JSON.stringify(USED_CODE) };
      }

      const response =
        toConfirm === null
          ? await ask(request, path, route, given, invitationId)
          : await confirm(request, route, given, toConfirm);
      // Somebody was as quick with the same address: it is told no more than one that was there before.
      const isTaken =
        path === '/sign-up/email' && response.status === 422 && (await store.users.findByEmail(email ?? '')) !== null;
      const status = isTaken ? 200 : statusOf(path, response.status);
      if (codeOf !== null && status >= 400) await attempts.giveCodeBack(codeOf, given.code as string);
      const answered = readBody(await response.text());
      let cookies = response.headers.getSetCookie();
      const isPending = answered?.twoFactorRedirect === true;
      // The password was right and the second factor is still to come: the session made for it is gone already.
      if (isPending) cookies = withoutCookie(cookies, SESSION_COOKIE);

      let location = response.headers.get('location');
      const made = cookieOf(cookies, SESSION_COOKIE);
      if (status < 400) {
        if (route.signsIn === 'password' && tried !== null) await attempts.forget('signIn', tried);
        const now = made === null ? null : await present(`${SESSION_COOKIE}=${made}`);
        const isSignIn =
          route.signsIn !== undefined && now !== null && (before === null || route.signsIn !== 'second_factor');
        // The letter proves as much of a browser as signing in does, and helps whoever is kept waiting by others' guesses.
        const owner = isSignIn ? now.user : reset === null ? null : await store.users.get(reset.userId);
        if (owner !== null) cookies.push(devices.cookieFor(owner.email));
        if (isSignIn) {
          const shown = response.headers.get(INTERNAL.invitation);
          const joined = await welcome(now, before, route.signsIn as string, request, shown);
          if (location !== null) location = pageAfter(joined, location);
        } else if (before !== null) {
          if (now !== null) await keepAge(now, before);
          await tellChange(path, before, requestId);
        }
      } else if (route.signsIn === 'password' && email !== null) {
        const known = await store.users.findByEmail(email);
        if (known !== null) await tellFailure(known.id, 'password', answered, request);
      } else if (challenged !== null) await tellFailure(challenged, 'second_factor', answered, request);

      return {
        status,
        headers: [
          ...cookies.map((cookie) => ['set-cookie', cookie] as const),
          ...(location === null ? [] : [['location', location] as const]),
          ...(status === 429 ? [['retry-after', response.headers.get('x-retry-after') ?? '60'] as const] : []),
        ],
        body: location !== null ? null : JSON.stringify(shown(path, status, answered)),
      };
    },
  };

  async function tellFailure(userId: string, method: string, answered: Given | null, { requestId, ip }: SignInRequest) {
    const reason = typeof answered?.code === 'string' ? answered.code.toLowerCase() : 'unknown';
    await tell({ event: 'signInFailed', userId, bySelf: false, requestId, changes: { method, reason, ip } });
  }
}

/** Where an invitation led somebody: into an organization (null: among the operators), or nowhere by its code. null: there was none. */
type Joined = { organizationId: string | null } | { refused: string } | null;

/** The page that somebody lands on who comes back from another provider. */
function pageAfter(joined: Joined, location: string): string {
  if (joined === null) return location;
  if ('refused' in joined) return `/sign-in?error=${joined.refused}`;
  if (joined.organizationId === null) return location;
  return `${location}${location.includes('?') ? '&' : '?'}organization=${joined.organizationId}`;
}

const noMail = (): LatchkeyError =>
  new LatchkeyError('unavailable', 'This server cannot send letters: its operator has to set LATCHKEY_SMTP_URL.');

/** The library's own word for a code that is wrong. */
const USED_CODE = { message: 'This code was used already: wait for the next one.', code: 'INVALID_CODE' };

/** What the sign-in page has to know before anybody is signed in. */
const optionsOf = ({ services, oidc }: AccountsParts) => ({
  signUp: services.profile.policy.signUp,
  provider: services.profile.title,
  oidc: oidc === null ? null : { name: oidc.name },
});

const json = (value: unknown): SignInAnswer => ({ status: 200, headers: [], body: JSON.stringify(value) });

/** What a device sent wrong is the library's own failure to it. */
const statusOf = (path: string, status: number): number =>
  status >= 500 && path.startsWith('/passkey/verify-') ? 400 : status;

function readBody(text: string): Given | null {
  if (text === '') return null;
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? (value as Given) : null;
}

/** What an account is made with differs from what one that was there has: whoever signs up is told neither. */
const shown = (path: string, status: number, answered: Given | null): Given | null =>
  path === '/sign-up/email' && status < 400 ? { status: true } : answered && withoutTokens(answered);

/** The token of a session is in its cookie, which no script can read; an answer would hand it to all of them. */
function withoutTokens(answered: Given): Given {
  if (Array.isArray(answered)) return answered;
  const { token: _token, session, ...rest } = answered;
  if (typeof session !== 'object' || session === null) return rest;
  const { token: _own, ...shown } = session as Given;
  return { ...rest, session: shown };
}
