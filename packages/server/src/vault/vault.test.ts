// The vault and its rings: known answers, what tampering gets, and what a change of keys while serving does.

import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Vault } from '@latchkey/core';
import fc from 'fast-check';
import { calculateJwkThumbprint, importJWK, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVault } from './open-vault.js';
import { makePrincipalKey, openPrincipalKey } from './principal-key.js';
import { type Ring, ringFromText, ringToText } from './ring.js';
import { addToRingFile, createRingFile, dropFromRingFile, openRingFile } from './ring-file.js';

const value = (fill: string) => Buffer.from(fill.repeat(32).slice(0, 32)).toString('base64');
const A = value('ab');
const B = value('cd');
const C = value('ef');
const ring = (...values: string[]) => ringFromText(values.join(' '), 'TEST');

const vaultOf = (peppers: Ring, masterKeys: Ring): Vault =>
  createVault({ peppers: () => peppers, masterKeys: () => masterKeys, random: randomBytes });

describe('digests', () => {
  it('are HMAC-SHA-256 under the pepper, in lower-case hex (RFC 4231, test cases 6 and 7)', () => {
    const pepper = Buffer.alloc(131, 0xaa);
    const key = { id: 'p', bytes: pepper };
    const vault = vaultOf({ keys: [key], current: key }, ring(A));
    expect(vault.digest('Test Using Larger Than Block-Size Key - Hash Key First')).toEqual({
      kind: 'hmac',
      pepperId: 'p',
      value: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    });
    const long =
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.';
    expect(vault.digest(long).value).toBe('9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2');
    expect(vault.mac(pepper.toString('base64url'), long)).toBe(vault.digest(long).value);
  });

  it('have one candidate per pepper, current first, and the plain one last when keys were imported', () => {
    const vault = vaultOf(ring(A, B), ring(C));
    const old = vaultOf(ring(A), ring(C)).digest('s');
    expect(vault.candidates('s', false)).toEqual([vault.digest('s'), old]);
    expect(vault.candidates('s', true)[2]).toEqual({
      kind: 'sha256',
      pepperId: null,
      value: createHash('sha256').update('s').digest('hex'),
    });
    expect(vault.digest('s').pepperId).toBe(vault.currentPepperId());
    expect(vault.pepperIds()).toEqual([old.pepperId, vault.currentPepperId()]);
  });
});

it('webhook secrets are HKDF-SHA-256 of the whole secret without salt (made with openssl kdf)', () => {
  const vault = vaultOf(ring(A), ring(B));
  expect(vault.webhookSecret('lk_live_example')).toBe('whsec_zOFlTOmPL7Of0vOd1rPHQdoN336SZ4UPPYLd0E8voPY=');
});

it('hash is SHA-256 in lower-case hex (FIPS 180-2 example)', () => {
  expect(vaultOf(ring(A), ring(B)).hash('abc')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

it('equal compares whole strings of any length', () => {
  const { equal } = vaultOf(ring(A), ring(B));
  expect(equal('same', 'same')).toBe(true);
  expect(equal('', '')).toBe(true);
  expect(equal('same', 'samf')).toBe(false);
  expect(equal('same', 'same ')).toBe(false);
  expect(equal('', 'x')).toBe(false);
});

describe('sealed text', () => {
  const vault = vaultOf(ring(A), ring(B));
  const unreadable = expect.objectContaining({ code: 'sealed_value_unreadable' });

  it('opens to what was sealed, whatever it was, and never looks the same twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (text, context) => {
        const sealed = vault.seal(text, context);
        expect(sealed).toMatch(/^v1\.[0-9a-f]{12}\.[A-Za-z0-9_-]+$/);
        expect(vault.open(sealed, context)).toBe(text);
        expect(vault.seal(text, context)).not.toBe(sealed);
      }),
    );
    expect(vault.masterKeyIdOf(vault.seal('x', 'c'))).toBe(vault.currentMasterKeyId());
  });

  it('does not open after a change of any one character', () => {
    const sealed = vault.seal('secret', 'key_1');
    for (let at = 0; at < sealed.length; at++) {
      for (const other of ['A', 'b', '0', '_', '.', '=', '\n']) {
        const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
        if (changed !== sealed) expect(() => vault.open(changed, 'key_1')).toThrow(unreadable);
      }
    }
  });

  it('does not open cut, lengthened or empty', () => {
    const sealed = vault.seal('secret', 'key_1');
    for (let length = 0; length < sealed.length; length++)
      expect(() => vault.open(sealed.slice(0, length), 'key_1')).toThrow(unreadable);
    for (const more of ['A', '.', '=', '.AAAA']) expect(() => vault.open(sealed + more, 'key_1')).toThrow(unreadable);
  });

  it('does not open in another context or under another master key', () => {
    const sealed = vault.seal('secret', 'key_1');
    expect(() => vault.open(sealed, 'key_2')).toThrow(unreadable);
    expect(() => vaultOf(ring(A), ring(C)).open(sealed, 'key_1')).toThrow(unreadable);
    const [, , body] = sealed.split('.');
    const moved = vaultOf(ring(A), ring(B, C));
    expect(() => moved.open(`v1.${moved.currentMasterKeyId()}.${body}`, 'key_1')).toThrow(unreadable);
  });

  it('opens under the master key it names after another one became current', () => {
    const sealed = vault.seal('secret', 'key_1');
    const later = vaultOf(ring(A), ring(B, C));
    expect(later.open(sealed, 'key_1')).toBe('secret');
    expect(later.masterKeyIdOf(later.seal('secret', 'key_1'))).toBe(later.masterKeyIds()[1]);
  });

  it('with a second factor needs both', () => {
    const sealed = vault.sealWith('idempotency-key-1', 'secret', 'c');
    expect(vault.openWith('idempotency-key-1', sealed, 'c')).toBe('secret');
    expect(() => vault.openWith('idempotency-key-2', sealed, 'c')).toThrow(unreadable);
    expect(() => vault.openWith('', sealed, 'c')).toThrow(unreadable);
    expect(() => vault.openWith('idempotency-key-1', sealed, 'd')).toThrow(unreadable);
    expect(() => vault.open(sealed, 'c')).toThrow(unreadable);
    expect(() => vaultOf(ring(A), ring(C)).openWith('idempotency-key-1', sealed, 'c')).toThrow(unreadable);
    expect(() => vault.openWith('', vault.seal('secret', 'c'), 'c')).toThrow(unreadable);
  });
});

describe('a ring', () => {
  it('is read from base64 between whitespace and commas; the last is current', () => {
    const read = ringFromText(` ${A},${B}\n\t${C}\n`, 'X');
    expect(read.keys).toHaveLength(3);
    expect(Buffer.from(read.current.bytes).toString('base64')).toBe(C);
    expect(ringFromText(ringToText(read), 'X')).toEqual(read);
  });

  it('takes the URL alphabet and missing padding', () => {
    const bytes = Buffer.alloc(32, 0xff);
    bytes[31] = 0xfe;
    expect(ringFromText(bytes.toString('base64url'), 'X')).toEqual(ringFromText(bytes.toString('base64'), 'X'));
  });

  it('has ids that follow from the bytes alone', () => {
    const bytes = Buffer.from(A, 'base64');
    const id = createHash('sha256')
      .update(Buffer.concat([Buffer.from('latchkey/key-id/v1'), bytes]))
      .digest('hex');
    expect(ring(A).current.id).toBe(id.slice(0, 12));
  });

  it('counts a value given twice once, at its last place', () => {
    expect(ring(A, B, A)).toEqual(ring(B, A));
  });

  it('that cannot be used names the setting and the fix, never the value', () => {
    const short = Buffer.from('only31bytes-only31bytes-only31b').toString('base64');
    for (const text of ['', ' , ', 'not base64!', short, `${A} ${short}`]) {
      let error: Error | undefined;
      try {
        ringFromText(text, 'LATCHKEY_PEPPER');
      } catch (caught) {
        error = caught as Error;
      }
      expect(error).toMatchObject({ code: 'configuration_invalid' });
      expect(error?.message).toContain('LATCHKEY_PEPPER');
      expect(error?.message).toContain('openssl rand -base64 32');
      for (const part of text.split(/[\s,]+/).filter((one) => one.length > 5))
        expect(error?.message).not.toContain(part);
    }
  });

  it('that is not there at all is refused by name', () => {
    for (const text of [undefined, null, Buffer.alloc(32)] as unknown as string[]) {
      expect(() => ringFromText(text, 'LATCHKEY_PEPPER')).toThrow(
        expect.objectContaining({ code: 'configuration_invalid', message: expect.stringMatching(/^LATCHKEY_PEPPER /) }),
      );
    }
  });
});

describe('a ring in a file', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'latchkey-vault-'));
    file = join(dir, 'peppers');
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(dir, { recursive: true });
  });

  it('is made readable by its owner only, and never over another file', () => {
    const id = createRingFile(file, randomBytes);
    const before = readFileSync(file);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    const opened = openRingFile(file);
    expect(opened.ring().current.id).toBe(id);
    opened.close();
    expect(() => createRingFile(file, randomBytes)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }));
    expect(readFileSync(file)).toEqual(before);
    addToRingFile(file, randomBytes);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  });

  it('is followed while serving: added keys count at once after a reload, and within a second without', () => {
    vi.useFakeTimers();
    const first = createRingFile(file, randomBytes);
    const opened = openRingFile(file);
    const vault = createVault({ peppers: opened.ring, masterKeys: opened.ring, random: randomBytes });
    const sealed = vault.seal('secret', 'c');
    const second = addToRingFile(file, randomBytes);
    expect(vault.currentPepperId()).toBe(first);
    opened.reload();
    expect(vault.currentPepperId()).toBe(second);
    expect(vault.candidates('s', false).map((digest) => digest.pepperId)).toEqual([second, first]);
    expect(vault.open(sealed, 'c')).toBe('secret');
    const third = addToRingFile(file, randomBytes);
    vi.advanceTimersByTime(1_000);
    expect(vault.currentPepperId()).toBe(third);
    dropFromRingFile(file, first);
    vi.advanceTimersByTime(1_000);
    expect(vault.pepperIds()).toEqual([second, third]);
    expect(() => vault.open(sealed, 'c')).toThrow(expect.objectContaining({ code: 'sealed_value_unreadable' }));
    opened.close();
  });

  it('that turned bad or went missing stays in force as last read, and says so once', () => {
    vi.useFakeTimers();
    const id = createRingFile(file, randomBytes);
    const errors: unknown[] = [];
    const opened = openRingFile(file, { onError: (error) => errors.push(error) });
    writeFileSync(file, 'nonsense!');
    vi.advanceTimersByTime(3_000);
    expect(opened.ring().current.id).toBe(id);
    rmSync(file);
    vi.advanceTimersByTime(3_000);
    expect(opened.ring().current.id).toBe(id);
    expect(errors).toHaveLength(2);
    expect(() => opened.reload()).toThrow(expect.objectContaining({ code: 'configuration_invalid' }));
    expect(opened.ring().current.id).toBe(id);
    opened.close();
    expect(() => openRingFile(file)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }));
  });

  it('drops only keys that are there and not current', () => {
    const first = createRingFile(file, randomBytes);
    const second = addToRingFile(file, randomBytes);
    expect(() => dropFromRingFile(file, second)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    expect(() => dropFromRingFile(file, 'aaaaaaaaaaaa')).toThrow(expect.objectContaining({ code: 'not_found' }));
    dropFromRingFile(file, first);
    expect(() => dropFromRingFile(file, second)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    expect(readdirSync(dir)).toEqual(['peppers']);
  });

  it('refuses a second change while one is under way, so that no key in use is lost', () => {
    createRingFile(file, randomBytes);
    const before = readFileSync(file);
    writeFileSync(`${file}.lock`, '');
    expect(() => addToRingFile(file, randomBytes)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }));
    expect(readFileSync(file)).toEqual(before);
  });
});

describe('the principal key', () => {
  const pem = makePrincipalKey(randomBytes);
  const key = openPrincipalKey(pem);

  it('signs tokens that another implementation verifies, claims unchanged', async () => {
    const claims = { iss: 'latchkey', sub: 'key_1', aud: 'api', exp: 4_102_444_800, name: 'naïve 😀' };
    const { payload, protectedHeader } = await jwtVerify(key.signJwt(claims), await importJWK(key.publicJwk));
    expect(payload).toEqual(claims);
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: key.kid, typ: 'JWT' });
  });

  it('is known by its RFC 7638 thumbprint and shows no private part', async () => {
    expect(key.kid).toBe(await calculateJwkThumbprint(key.publicJwk));
    expect(key.publicJwk.kid).toBe(key.kid);
    expect(Object.keys(key.publicJwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  });

  it('signs as RFC 8032, test 1, and has the thumbprint of RFC 8037, appendix A.3', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const known = openPrincipalKey(makePrincipalKey(() => seed));
    expect(Buffer.from(known.publicJwk.x, 'base64url').toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    expect(known.kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('is the same again when opened again, and signs alike', () => {
    const again = openPrincipalKey(pem);
    expect(again.publicJwk).toEqual(key.publicJwk);
    expect(again.signJwt({ a: 1 })).toBe(key.signJwt({ a: 1 }));
    const [head, claims, signature = ''] = key.signJwt({ a: 1 }).split('.');
    const publicKey = createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' });
    expect(verify(null, Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  });
});
