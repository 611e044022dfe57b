// What is kept of things that sign somebody in: hashes, and texts sealed under a key of this room. It reads and writes nothing.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { LatchkeyError } from '@latchkey/core';

export interface Safe {
  /** What the library signs cookies and seals second factors with. */
  readonly librarySecret: string;
  /** Keyed, so that a copy of the database alone tells nothing about short texts. Of what was hashed nothing comes back. */
  hash(text: string): string;
  seal(text: string, context: string): string;
  /** @throws LatchkeyError `sealed_value_unreadable` */
  open(sealed: string, context: string): string;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Everything is derived from the installation's audit key, which lies in the database under the master key. */
export function createSafe(auditKey: string): Safe {
  const derived = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', Buffer.from(auditKey, 'base64url'), '', `latchkey/accounts/${purpose}/v1`, 32));
  const hashKey = derived('hash');
  const sealKey = derived('seal');
  return {
    librarySecret: derived('library').toString('base64url'),
    hash: (text) => createHmac('sha256', hashKey).update(text).digest('hex'),
    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, sealKey, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64url');
      try {
        const nonce = bytes.subarray(0, NONCE_BYTES);
        const opened = createDecipheriv(CIPHER, sealKey, nonce, { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(-TAG_BYTES));
        return Buffer.concat([opened.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), opened.final()]).toString('utf8');
      } catch (cause) {
        throw new LatchkeyError('sealed_value_unreadable', undefined, { cause });
      }
    },
  };
}
