// The vault: everything made with peppers and master keys. Keys come in as rings; no file and no setting is read here.

import { createCipheriv, createDecipheriv, createHash, createHmac, hash, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type Digest, LatchkeyError, type RandomBytes, type Vault } from '@latchkey/core';
import { LRUCache } from 'lru-cache';
import type { Ring, RingKey } from './ring.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const MOST_RECENT = 20_000;
const NO_SALT = new Uint8Array(0);

const hkdf = (material: Uint8Array, info: string): Buffer =>
  Buffer.from(hkdfSync('sha256', material, NO_SALT, info, KEY_BYTES));

const sha256 = (message: string) => createHash('sha256').update(message, 'utf8');
const hmacHex = (key: Uint8Array, message: string): string =>
  createHmac('sha256', key).update(message, 'utf8').digest('hex');

/** The rings are asked for at each use, so that a key added or dropped while serving counts at once. */
export function createVault(options: { peppers: () => Ring; masterKeys: () => Ring; random: RandomBytes }): Vault {
  const { peppers, masterKeys, random } = options;
  const unreadable = (cause?: unknown) => new LatchkeyError('sealed_value_unreadable', undefined, { cause });

  const sealKeys = new WeakMap<RingKey, Buffer>();
  const sealKey = (master: RingKey, secondFactor: string | null): Buffer => {
    if (secondFactor !== null)
      return hkdf(Buffer.concat([master.bytes, Buffer.from(secondFactor, 'utf8')]), 'latchkey/seal-with/v1');
    let key = sealKeys.get(master);
    if (key === undefined) {
      key = hkdf(master.bytes, 'latchkey/seal/v1');
      sealKeys.set(master, key);
    }
    return key;
  };

  const parse = (sealed: string): { masterKeyId: string; body: Buffer } => {
    const [version, masterKeyId, text, ...rest] = sealed.split('.');
    if (version !== 'v1' || masterKeyId === undefined || text === undefined || rest.length > 0) throw unreadable();
    const body = Buffer.from(text, 'base64url');
    // Node reads over what is not base64url; only the one spelling of a body counts.
    if (body.toString('base64url') !== text || body.length < NONCE_BYTES + TAG_BYTES) throw unreadable();
    return { masterKeyId, body };
  };

  const encrypt = (secondFactor: string | null, plaintext: string, context: string): string => {
    const master = masterKeys().current;
    const nonce = random(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', sealKey(master, secondFactor), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(context, 'utf8'));
    const body = Buffer.concat([nonce, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.${master.id}.${body.toString('base64url')}`;
  };

  const decrypt = (secondFactor: string | null, sealed: string, context: string): string => {
    const { masterKeyId, body } = parse(sealed);
    const master = masterKeys().keys.find((key) => key.id === masterKeyId);
    if (master === undefined) throw unreadable();
    const nonce = body.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', sealKey(master, secondFactor), nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context, 'utf8'));
    decipher.setAuthTag(body.subarray(body.length - TAG_BYTES));
    const ciphertext = body.subarray(NONCE_BYTES, body.length - TAG_BYTES);
    try {
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
    } catch (error) {
      throw unreadable(error);
    }
  };

  const digestUnder = (pepper: RingKey, secret: string): Digest => ({
    kind: 'hmac',
    pepperId: pepper.id,
    value: hmacHex(pepper.bytes, secret),
  });

  /**
   * Digests of secrets seen lately, found by a hash under a salt that never leaves the process: an HMAC takes several
   * times as long. A changed ring forgets them.
   */
  const recent = new LRUCache<string, Digest[]>({ max: MOST_RECENT });
  const salt = Buffer.from(random(32)).toString('base64');
  let recentRing: Ring | null = null;

  return {
    digest: (secret) => digestUnder(peppers().current, secret),
    candidates(secret, imported) {
      const ring = peppers();
      if (ring !== recentRing) {
        recent.clear();
        recentRing = ring;
      }
      const slot = hash('sha256', `${imported ? '1' : '0'}${salt}${secret}`, 'base64');
      const known = recent.get(slot);
      if (known !== undefined) return known;
      // The ring has the current pepper last.
      const digests = ring.keys.map((pepper) => digestUnder(pepper, secret)).reverse();
      if (imported) digests.push({ kind: 'sha256', pepperId: null, value: sha256(secret).digest('hex') });
      recent.set(slot, digests);
      return digests;
    },
    currentPepperId: () => peppers().current.id,
    pepperIds: () => peppers().keys.map((key) => key.id),
    currentMasterKeyId: () => masterKeys().current.id,
    masterKeyIds: () => masterKeys().keys.map((key) => key.id),
    masterKeyIdOf: (sealed) => parse(sealed).masterKeyId,
    seal: (plaintext, context) => encrypt(null, plaintext, context),
    open: (sealed, context) => decrypt(null, sealed, context),
    sealWith: (secondFactor, plaintext, context) => encrypt(secondFactor, plaintext, context),
    openWith: (secondFactor, sealed, context) => decrypt(secondFactor, sealed, context),
    webhookSecret: (secret) => `whsec_${hkdf(Buffer.from(secret, 'utf8'), 'latchkey/webhook/v1').toString('base64')}`,
    mac: (key, message) => hmacHex(Buffer.from(key, 'base64url'), message),
    hash: (message) => sha256(message).digest('hex'),
    // Digests have one length, whatever the strings have.
    equal: (a, b) => timingSafeEqual(sha256(a).digest(), sha256(b).digest()),
  };
}
