// Who somebody is on the way in: whose second factor is asked for, whose password a letter's link sets, whose address it confirms. It judges nobody.

import type { Store } from '@latchkey/core';
import { verifyJWT } from 'better-auth/crypto';
import { cookieValue } from './cookies.js';
import { CHALLENGE_COOKIE } from './library.js';
import type { Safe } from './safe.js';
import { ACCOUNTS, VERIFICATIONS } from './tables.js';

export function createChallenges({ signIn, users }: Pick<Store, 'signIn' | 'users'>, safe: Safe) {
  const { identifier, value } = VERIFICATIONS.fields;
  async function kept(name: string): Promise<string | null> {
    const [row] = await signIn.find(
      VERIFICATIONS.modelName,
      [{ column: identifier, operator: '=', value: safe.hash(name), either: false }],
      { limit: 1 },
    );
    return row === undefined ? null : safe.open(row[value] as string, `${VERIFICATIONS.modelName}.${value}`);
  }
  return {
    /** The id of the user whose second factor is asked for, by the cookie that came after the password; null: nobody is asked. */
    async userOf(cookies: string | undefined): Promise<string | null> {
      const signed = cookieValue(cookies, CHALLENGE_COOKIE);
      if (signed === null) return null;
      // What is signed stands before the last dot; it was not judged, and opens nothing here.
      const [challenge] = signed.split(/\.|%2E/i, 1);
      return kept(challenge ?? '');
    },
    /** The id of the user who was sent the link for a new password; null: the token is over, or never was. */
    userOfReset: (token: string): Promise<string | null> => kept(`reset-password:${token}`),
    /** The address that a link confirms, of an account with a password; null: there is none, or the token is over. */
    async addressOf(token: string): Promise<string | null> {
      const { email } = (await verifyJWT<{ email?: string }>(token, safe.librarySecret)) ?? {};
      const user = email === undefined ? null : await users.findByEmail(email);
      if (user === null) return null;
      const withPassword = await signIn.count(ACCOUNTS.modelName, [
        { column: ACCOUNTS.fields.userId, operator: '=', value: user.id, either: false },
        { column: ACCOUNTS.fields.password, operator: '!=', value: null, either: false },
      ]);
      return withPassword > 0 ? user.email : null;
    },
  };
}
