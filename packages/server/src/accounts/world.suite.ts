// A control plane where people sign in, and browsers that keep cookies, for tests that come in by the front door.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mail, Profile } from '@latchkey/core';
import { loadProfile } from '../config/load-profile.js';
import { databaseFile } from '../database.js';
import { ROOT_KEY, type Served, serve } from '../http/serve.suite.js';
import type { SignIn, SignInRequest } from '../operations/sign-in.js';
import { createAccounts } from './create-accounts.js';
import type { AccountsParts } from './parts.js';

export const PASSWORD = 'correct horse battery';
export const SESSION = '__Host-latchkey_session';
export { totp } from './totp.suite.js';
export { ROOT_KEY };

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
  body: any;
}

type Sent = Record<string, string>;

/** Keeps cookies as a browser does, and names its origin with what it posts. */
export interface Browser {
  cookies: Map<string, string>;
  request(method: string, path: string, body?: unknown, headers?: Sent): Promise<Answer>;
  get(path: string, headers?: Sent): Promise<Answer>;
  /** A call of sign-in; the path stands below /api/auth. */
  auth(path: string, body?: unknown, headers?: Sent): Promise<Answer>;
  /** A change of the management API, with the session's CSRF token. */
  change(method: string, path: string, body?: unknown): Promise<Answer>;
  signIn(email: string, password?: string): Promise<Answer>;
}

export interface World {
  served: Served;
  publicUrl: string;
  letters: Mail[];
  /** The secret behind `#` in the last letter to somebody. */
  tokenFor(email: string): string;
  browser(agent?: string): Browser;
  /** Signs up, confirms the address, and signs in. */
  person(email: string, name?: string): Promise<Browser>;
  databaseFile: string;
  close(): Promise<void>;
}

export interface WorldOptions {
  signUp?: Profile['policy']['signUp'];
  oidc?: AccountsParts['oidc'];
  /** false: no way to send letters. */
  mails?: boolean;
  databaseUrl?: string;
  /** true: nothing is written to disk, for tests that make many changes. */
  inMemory?: boolean;
  publicUrl?: string;
  trustedProxies?: string[];
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'latchkey-accounts-'));
  const letters: Mail[] = [];
  const profile = structuredClone(loadProfile('swaypi'));
  profile.policy.signUp = options.signUp ?? 'open';
  const publicUrl = options.publicUrl ?? 'http://localhost:4000';
  let accounts: SignIn | undefined;
  /** The control plane is made before the engine's services are at hand. */
  const signIn: SignIn = {
    answer: (request: SignInRequest) => (accounts as SignIn).answer(request),
    claims: (headers) => (accounts as SignIn).claims(headers),
    identify: (headers) => (accounts as SignIn).identify(headers),
  };
  const served = await serve({
    settings: {
      profile,
      publicUrl,
      ...(options.databaseUrl !== undefined && { databaseUrl: options.databaseUrl }),
      ...(options.databaseUrl === undefined && !options.inMemory && { dataDir: dir }),
      ...(options.mails !== false && {
        mailer: {
          sends: true,
          async send(mail) {
            letters.push(mail);
          },
        },
      }),
    },
    parts: { publicUrl, signIn },
    trustedProxies: options.trustedProxies ?? [],
  });
  accounts = createAccounts({ services: served.latchkey.engine.services, oidc: options.oidc ?? null });

  function browser(agent = 'Browser/1'): Browser {
    const cookies = new Map<string, string>();
    const made: Browser = {
      cookies,
      async request(method, path, body, headers = {}) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const isRaw = typeof body === 'string';
        const reply = await fetch(served.url + path, {
          method,
          redirect: 'manual',
          headers: {
            'user-agent': agent,
            ...(cookie !== '' && { cookie }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...(method !== 'GET' && { origin: publicUrl, 'sec-fetch-site': 'same-origin' }),
            ...headers,
          },
          ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
        });
        for (const line of reply.headers.getSetCookie()) {
          const [pair = '', ...attributes] = line.split(';');
          const at = pair.indexOf('=');
          const isOver = attributes.some((attribute) => /^\s*max-age=0$/i.test(attribute));
          if (isOver || pair.slice(at + 1) === '') cookies.delete(pair.slice(0, at));
          else cookies.set(pair.slice(0, at), pair.slice(at + 1));
        }
        const text = await reply.text();
        const isJson = /json/.test(reply.headers.get('content-type') ?? '') && text !== '';
        return { status: reply.status, headers: reply.headers, text, body: isJson ? JSON.parse(text) : undefined };
      },
      get: (path, headers) => made.request('GET', path, undefined, headers),
      auth: (path, body, headers) =>
        made.request(body === undefined ? 'GET' : 'POST', `/api/auth${path}`, body, headers),
      async change(method, path, body) {
        const { csrfToken } = (await made.get('/v1/self')).body;
        return made.request(method, path, body, { 'x-csrf-token': csrfToken });
      },
      signIn: (email, password = PASSWORD) => made.auth('/sign-in/email', { email, password }),
    };
    return made;
  }

  const world: World = {
    served,
    publicUrl,
    letters,
    tokenFor(email) {
      const letter = letters.findLast(({ to }) => to === email);
      return /#(\S+)/.exec(letter?.text ?? '')?.[1] ?? '';
    },
    browser,
    async person(email, name = 'Ada') {
      const made = browser();
      await made.auth('/sign-up/email', { name, email, password: PASSWORD });
      await settled();
      const signedIn = await made.auth('/verify-email', { token: world.tokenFor(email), password: PASSWORD });
      if (signedIn.status !== 200) throw new Error(`confirming ${email}: ${signedIn.status} ${signedIn.text}`);
      return made;
    },
    databaseFile: databaseFile(dir),
    async close() {
      await served.close();
      rmSync(dir, { recursive: true });
    },
  };
  return world;
}

/** Letters are sent after the answer: a turn of the event loop later they are there. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

export const someEmail = (): string => `${randomBytes(6).toString('hex')}@example.com`;
