// Browsers that an account was signed in with. What they try is counted apart, so that nobody keeps somebody else out by guessing.

import type { Services } from '../operations/services.js';
import { cookieValue } from './cookies.js';
import { DEVICE_COOKIE } from './library.js';
import type { Safe } from './safe.js';

const ID_BYTES = 16;
const YEAR_SECONDS = 31_536_000;

export interface Devices {
  /** The cookie by which a browser is known from now on, for one account. It signs nobody in. */
  cookieFor(email: string): string;
  /** The id of a browser that has signed in to the account before; null: one like any other. */
  idOf(cookies: string | undefined, email: string): string | null;
}

export function createDevices({ random, vault }: Pick<Services, 'random' | 'vault'>, safe: Safe): Devices {
  const signed = (id: string, email: string): string => safe.hash(JSON.stringify(['device', id, email.toLowerCase()]));
  return {
    cookieFor(email) {
      const id = Buffer.from(random(ID_BYTES)).toString('base64url');
      const value = `${id}.${signed(id, email)}`;
      return `${DEVICE_COOKIE}=${value}; Max-Age=${YEAR_SECONDS}; Path=/; HttpOnly; Secure; SameSite=Lax`;
    },
    idOf(cookies, email) {
      const [id = '', mac = ''] = cookieValue(cookies, DEVICE_COOKIE)?.split('.', 2) ?? [];
      return id !== '' && vault.equal(mac, signed(id, email)) ? id : null;
    },
  };
}
