// Whose second factor is asked for, from the cookie that the library gave them after the password. It judges nobody.

import type { SignInTables } from '@latchkey/core';
import { cookieValue } from './cookies.js';
import { CHALLENGE_COOKIE } from './library.js';
import type { Safe } from './safe.js';
import { VERIFICATIONS } from './tables.js';

export function createChallenges({ signIn }: { signIn: SignInTables }, safe: Safe) {
  const { identifier, value } = VERIFICATIONS.fields;
  return {
    /** The id of the user; null: nobody is asked. */
    async userOf(cookies: string | undefined): Promise<string | null> {
      const signed = cookieValue(cookies, CHALLENGE_COOKIE);
      if (signed === null) return null;
      // What is signed stands before the last dot; it was not judged, and opens nothing here.
      const [challenge] = signed.split(/\.|%2E/i, 1);
      const hashed = safe.hash(challenge ?? '');
      const [row] = await signIn.find(
        VERIFICATIONS.modelName,
        [{ column: identifier, operator: '=', value: hashed, either: false }],
        { limit: 1 },
      );
      return row === undefined ? null : safe.open(row[value] as string, `${VERIFICATIONS.modelName}.${value}`);
    },
  };
}
