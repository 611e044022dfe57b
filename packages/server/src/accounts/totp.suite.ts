// One-time codes as an authenticator app makes them (RFC 6238: SHA-1, six digits, thirty seconds).

import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32(text: string): Buffer {
  let bits = '';
  for (const letter of text.replace(/[\s=-]/g, '').toUpperCase()) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) throw new Error('This is no base32.');
    bits += value.toString(2).padStart(5, '0');
  }
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** `given`: the key as it is typed into an app, or the address that its picture holds, `otpauth://totp/…?secret=…`. */
export function totp(given: string, at = Date.now()): string {
  const key = given.startsWith('otpauth:') ? (new URL(given).searchParams.get('secret') ?? '') : given;
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', base32(key)).update(counter).digest();
  const offset = (mac.at(-1) as number) & 0xf;
  return `${(mac.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 1_000_000}`.padStart(6, '0');
}
