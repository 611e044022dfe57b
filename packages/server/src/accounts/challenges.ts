// Who somebody is on the way in: whose second factor is asked for, whose password a letter's link sets, whose address it confirms. It judges nobody.

import { verifyJWT } from 'better-auth/crypto';
import type { Services } from '../operations/services.js';
import { cookieValue } from './cookies.js';
import { CHALLENGE_COOKIE } from './library.js';
import type { Safe } from './safe.js';
import { ACCOUNTS, VERIFICATIONS } from './tables.js';

export function createChallenges({ store, vault }: Pick<Services, 'store' | 'vault'>, safe: Safe) {
  const { signIn, users } = store;
  const { identifier, value } = VERIFICATIONS.fields;
  const mark = (token: string, email: string): string => safe.hash(JSON.stringify(['reset', token, email]));
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
    resetToken: (token: string, email: string): string => `${token}.${mark(token, email)}`,
    /** Whose password a link sets, with the library's own token; null: it is over, never was, or went to an address of before. */
    async resetOf(link: string): Promise<{ userId: string; token: string } | null> {
      const [token = '', marked = ''] = link.split('.', 2);
      const userId = await kept(`reset-password:${token}`);
      const user = userId === null ? null : await users.get(userId);
      return user !== null && vault.equal(marked, mark(token, user.email)) ? { userId: user.id, token } : null;
    },
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
