// Who somebody is on the way in: whose second factor is asked for, and whose password a letter's link sets. It judges nobody.

import type { SignInTables } from '@latchkey/core';
import { cookieValue } from './cookies.js';
import { CHALLENGE_COOKIE } from './library.js';
import type { Safe } from './safe.js';
import { VERIFICATIONS } from './tables.js';

export function createChallenges({ signIn }: { signIn: SignInTables }, safe: Safe) {
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
  };
}
