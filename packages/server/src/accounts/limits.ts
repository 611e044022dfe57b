// How often somebody may try: by the network they come from and by the account they try. Counted in the database, for all nodes.

import { LatchkeyError } from '@latchkey/core';
import { networkOf } from '../operations/address.js';
import type { Services } from '../operations/services.js';
import type { Safe } from './safe.js';

const MINUTE_MS = 60_000;
/** Longer than a code of an authenticator app is good for, with the steps before and after that count too. */
const CODE_MS = 3 * MINUTE_MS;

/** At most so many in a window; what is left out is not counted. */
export interface Limit {
  windowMs: number;
  perNetwork: number;
  perAccount?: number;
}

export const LIMITS = {
  signIn: { windowMs: 15 * MINUTE_MS, perNetwork: 100, perAccount: 10 },
  signUp: { windowMs: 60 * MINUTE_MS, perNetwork: 60, perAccount: 5 },
  /** Each kind of letter apart: asking for one that is not sent leaves the other to whoever needs it. */
  confirmationLetter: { windowMs: 60 * MINUTE_MS, perNetwork: 60, perAccount: 5 },
  resetLetter: { windowMs: 60 * MINUTE_MS, perNetwork: 60, perAccount: 5 },
  /** By the account that asks, and by the address that is to be written to. */
  changeLetter: { windowMs: 60 * MINUTE_MS, perNetwork: 60, perAccount: 5 },
  /** Tokens of letters, which are too long to be guessed. */
  token: { windowMs: 15 * MINUTE_MS, perNetwork: 100 },
  /** Codes; that so many of one account are wrong the library counts by itself. */
  secondFactor: { windowMs: 15 * MINUTE_MS, perNetwork: 100 },
  /** What asks for the password again: the account is the signed-in user's. */
  password: { windowMs: 15 * MINUTE_MS, perNetwork: 100, perAccount: 20 },
} as const satisfies Record<string, Limit>;
export type LimitName = keyof typeof LIMITS;

export interface Attempts {
  /** Counts one. @throws LatchkeyError `too_many_attempts` */
  count(name: LimitName, ip: string | null, account: string | null): Promise<void>;
  /** What was tried with success is no attack on the account. */
  forget(name: LimitName, account: string): Promise<void>;
  /** Takes a code for its account; false: it was taken in the last minutes, and counts once. */
  takeCode(userId: string, code: string): Promise<boolean>;
  /** Gives a code back that turned out to be none. */
  giveCodeBack(userId: string, code: string): Promise<void>;
}

export function createAttempts({ store, clock }: Pick<Services, 'store' | 'clock'>, safe: Safe): Attempts {
  // Hashed: the counts say nothing about who has an account.
  const idOf = (name: LimitName | 'code', kind: string, value: string) =>
    safe.hash(JSON.stringify([name, kind, value]));
  const count = async (id: string, windowMs: number, most: number): Promise<void> => {
    const now = clock();
    const counted = await store.signIn.countAttempt(id, now, windowMs);
    if (counted.count <= most) return;
    throw new LatchkeyError('too_many_attempts', undefined, {
      retryAfterSeconds: Math.max(1, Math.ceil((counted.endsAt - now) / 1000)),
    });
  };
  return {
    async count(name, ip, account) {
      const { windowMs, perNetwork, perAccount }: Limit = LIMITS[name];
      if (ip !== null) await count(idOf(name, 'network', networkOf(ip)), windowMs, perNetwork);
      if (perAccount !== undefined && account !== null)
        await count(idOf(name, 'account', account.toLowerCase()), windowMs, perAccount);
    },
    forget: (name, account) => store.signIn.forgetAttempts(idOf(name, 'account', account.toLowerCase())),
    takeCode: async (userId, code) =>
      (await store.signIn.countAttempt(idOf('code', userId, code), clock(), CODE_MS)).count === 1,
    giveCodeBack: (userId, code) => store.signIn.forgetAttempts(idOf('code', userId, code)),
  };
}
