// What people do to their own account beside the library: another address, and the end. Each asks once more who it is.

import { LatchkeyError, type StoreView, type UserRecord } from '@latchkey/core';
import { z } from 'zod';
import { type AuditNote, commitChange } from '../operations/commit-change.js';
import type { Call } from '../operations/engine.js';
import { deleteAccount } from '../operations/people/delete-account.js';
import { SESSION_COOKIE, type SignInAnswer, type SignInRequest } from '../operations/sign-in.js';
import { forgotten } from './cookies.js';
import type { Devices } from './devices.js';
import {
  accountDeletedLetter,
  addressChangedLetter,
  addressInUseLetter,
  changeAskedLetter,
  confirmChangeLetter,
} from './letters.js';
import { FRESH_SECONDS, type Library, type LibraryParts } from './library.js';
import type { Attempts } from './limits.js';
import { ACCOUNTS, VERIFICATIONS } from './tables.js';

/** Whoever is signed in, and in which session. */
export interface Present {
  user: UserRecord;
  session: { id: string; createdAt: number; expiresAt: number };
  cookies: string[];
}

type Given = Record<string, unknown>;
type Ask = (self: Present, given: Given, request: SignInRequest) => Promise<SignInAnswer>;

export interface OwnAccount {
  /** Sends the link that changes the address. Answers alike whether or not somebody else has it. */
  askEmailChange: Ask;
  /** Changes the address, for who has the link and is signed in to the account. */
  changeEmail: Ask;
  /** Ends the account. Answers with keys whose secrets they saw. */
  deleteAccount: Ask;
}

interface Parts extends LibraryParts {
  library: Library;
  attempts: Attempts;
  devices: Devices;
}

const LINK_MS = 3_600_000;
const TOKEN_BYTES = 32;
const PLACE = `${VERIFICATIONS.modelName}.${VERIFICATIONS.fields.value}`;

/** What a link changes, and what must still be so when it is opened. */
const pendingSchema = z.strictObject({
  tokenHash: z.string(),
  from: z.string(),
  to: z.string(),
  /** Of the password: a new one stops the change. */
  password: z.string(),
});
type Pending = z.output<typeof pendingSchema>;

/**
 * Nobody ever signed in to it: somebody signed up with the address and did not show that it is theirs. It keeps the address from nobody
 * who does.
 */
const isEmpty = async (view: StoreView, { id, emailVerified, isOperator }: UserRecord): Promise<boolean> =>
  !emailVerified && !isOperator && (await view.memberships.ofUser(id)).length === 0;

/** In the library's own form, by whose codes pages choose their words. */
const refusal = (status: number, code: string, message: string): SignInAnswer => ({
  status,
  headers: [],
  body: JSON.stringify({ code, message }),
});
const done = (headers: SignInAnswer['headers'] = [], answer: object = { status: true }): SignInAnswer => ({
  status: 200,
  headers,
  body: JSON.stringify(answer),
});

const callOf = (id: string, requestId: string): Call => ({
  actor: { type: 'user', id, permissions: [] },
  requestId,
  idempotencyKey: null,
});

export function createOwnAccount({ services, safe, post, tell, library, attempts, devices }: Parts): OwnAccount {
  const { store, vault, random, clock, publicUrl, profile } = services;
  const provider = profile.title;
  const { identifier, value, expiresAt } = VERIFICATIONS.fields;

  /** The hash of the account's password; null: it has none. */
  async function passwordOf(userId: string): Promise<string | null> {
    const { password } = ACCOUNTS.fields;
    const [row] = await store.signIn.find(ACCOUNTS.modelName, [
      { column: ACCOUNTS.fields.userId, operator: '=', value: userId, either: false },
      { column: password, operator: '!=', value: null, either: false },
    ]);
    return (row?.[password] ?? null) as string | null;
  }

  /** Why they may be somebody who only found the browser open; null: password or sign-in say that they are not. */
  async function doubt({ user, session }: Present, password: unknown): Promise<SignInAnswer | null> {
    const hash = await passwordOf(user.id);
    if (hash === null) {
      if (clock() - session.createdAt < FRESH_SECONDS * 1000) return null;
      return refusal(
        403,
        'SESSION_NOT_FRESH',
        'The account has no password to be asked for: sign in anew, then try again.',
      );
    }
    const hashes = (await library.$context).password;
    const isRight = typeof password === 'string' && (await hashes.verify({ hash, password }));
    return isRight ? null : refusal(400, 'INVALID_PASSWORD', 'The password is wrong.');
  }

  const named = (userId: string) => {
    const name = safe.hash(`change-email:${userId}`);
    return { name, where: [{ column: identifier, operator: '=' as const, value: name, either: false }] };
  };
  const forget = (userId: string) => store.signIn.delete(VERIFICATIONS.modelName, named(userId).where);
  const markOf = async (userId: string): Promise<string> => safe.hash((await passwordOf(userId)) ?? '');

  /** One for each account: the link that was asked for last is good. */
  async function keep(userId: string, pending: Pending): Promise<void> {
    await forget(userId);
    const now = clock();
    await store.signIn.insert(VERIFICATIONS.modelName, {
      id: services.newId('ver'),
      [identifier]: named(userId).name,
      [value]: safe.seal(JSON.stringify(pending), PLACE),
      [expiresAt]: now + LINK_MS,
      [VERIFICATIONS.fields.createdAt]: now,
      [VERIFICATIONS.fields.updatedAt]: now,
    });
  }

  /** What a link changes; null: it is over, was for something else, or never was. */
  async function pendingOf({ user }: Present, token: string): Promise<Pending | null> {
    const newest = { limit: 1, sort: { column: 'id', descending: true } };
    const [row] = await store.signIn.find(VERIFICATIONS.modelName, named(user.id).where, newest);
    if (row === undefined || (row[expiresAt] as number) <= clock()) return null;
    const pending = pendingSchema.parse(JSON.parse(safe.open(row[value] as string, PLACE)));
    const isGood = vault.equal(pending.tokenHash, safe.hash(token)) && pending.from === user.email;
    return isGood && pending.password === (await markOf(user.id)) ? pending : null;
  }

  return {
    async askEmailChange(self, { newEmail, password }, { requestId, ip }) {
      const { id, email } = self.user;
      const to = newEmail as string;
      const doubted = await doubt(self, password);
      if (doubted !== null) return doubted;
      if (to === email) return refusal(400, 'EMAIL_IS_THE_SAME', 'The account has this address already.');
      await attempts.count('changeLetter', ip, id);
      await attempts.count('changeLetter', null, to);
      const token = Buffer.from(random(TOKEN_BYTES)).toString('base64url');
      // Kept and told alike whoever has the address, so that nothing but a letter to it says so.
      await keep(id, { tokenHash: safe.hash(token), from: email, to, password: await markOf(id) });
      const isTaken = (await store.users.findByEmail(to))?.emailVerified === true;
      post(
        isTaken
          ? addressInUseLetter({ to, provider })
          : confirmChangeLetter({ to, provider, link: `${publicUrl}/change-email#${token}` }),
      );
      post(changeAskedLetter({ to: email, provider, next: to, link: `${publicUrl}/settings/account` }));
      await tell({ event: 'askEmailChange', userId: id, bySelf: true, requestId });
      return done();
    },

    async changeEmail(self, { token }, { requestId }) {
      const { id } = self.user;
      const over = refusal(400, 'INVALID_TOKEN', 'The link is over, was used, or is of another account.');
      const pending = await pendingOf(self, token as string);
      if (pending === null) return over;
      const { from, to } = pending;
      const { value: came } = await commitChange(services, callOf(id, requestId), async (view) => {
        const user = await view.users.get(id);
        const isStill = user?.email === from && (await view.sessions.get(self.session.id)) !== null;
        if (!isStill) return { value: 'over' as const, audit: [] };
        const holder = await view.users.findByEmail(to);
        if (holder !== null && !(await isEmpty(view, holder))) return { value: 'taken' as const, audit: [] };
        if (holder !== null) await view.users.remove(holder.id);
        await view.users.setEmail(id, to);
        const ended = await view.sessions.removeOthers(id, self.session.id);
        const target = { type: 'user' as const, id };
        // Without the addresses: the log is for good, and an account may be deleted.
        const audit: AuditNote[] = [{ action: 'changeEmail', target, organizationId: null, changes: { ended } }];
        if (holder !== null)
          audit.push({ action: 'deleteAccount', target: { type: 'user', id: holder.id }, organizationId: null });
        return { value: 'changed' as const, audit };
      }).catch((error: unknown) => {
        // Somebody signed up with it in this moment.
        if (error instanceof LatchkeyError && error.code === 'duplicate_key') return { value: 'taken' as const };
        throw error;
      });
      if (came === 'over') return over;
      await forget(id);
      if (came === 'taken') return refusal(409, 'USER_ALREADY_EXISTS', 'Another account has this address by now.');
      post(addressChangedLetter({ to: from, provider, next: to, userId: id }));
      return done([['set-cookie', devices.cookieFor(to)]]);
    },

    async deleteAccount(self, { password }, { requestId }) {
      const doubted = await doubt(self, password);
      if (doubted !== null) return doubted;
      const { id } = self.user;
      const { email, ...told } = await deleteAccount(services, id, self.session.id, callOf(id, requestId));
      await forget(id);
      if (services.mailer.sends) post(accountDeletedLetter({ to: email, provider }));
      return done([['set-cookie', forgotten(SESSION_COOKIE)]], told);
    },
  };
}
