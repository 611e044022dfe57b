// Masking: no way to write a secret into a path leaves it there, and ordinary paths stay readable.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeSecret } from './format.js';
import { MASKED, maskedPath, maskedWord } from './mask.js';

const random = (seed: number) => (length: number) =>
  Uint8Array.from({ length }, (_, at) => (Math.imul(seed + at + 1, 2_654_435_761) >>> 13) % 248);
const SECRET = makeSecret('sk_live_', 32, random(7));
const CORE = SECRET.slice('sk_live_'.length);

const percent = (text: string): string =>
  [...text].map((letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');

describe('a masked path', () => {
  it.each([
    ['as it is', SECRET],
    ['without its prefix', CORE],
    ['percent-encoded', percent(SECRET)],
    ['percent-encoded twice', percent(percent(SECRET))],
    ['percent-encoded in part', SECRET.replace('_live_', '%5Flive%5F')],
    ['with its prefix encoded and cut short', `%73k_live_${CORE.slice(0, 8)}`],
    ['in base64', Buffer.from(SECRET).toString('base64url')],
    ['in hex', Buffer.from(SECRET).toString('hex')],
    ['behind a word', `token=${SECRET}`],
    ['behind a dot', `v1.${SECRET}.json`],
    ['as a root key', `lk_root_${'r'.repeat(40)}`],
    ['as a webhook secret', `whsec_${'A'.repeat(20)}`],
  ])('holds no secret that stands in it %s', (_, written) => {
    for (const path of [`/v1/${written}/x`, `/${written}`, `/a/b/${written}`]) {
      const kept = maskedPath(path, null);
      expect(kept).toContain(MASKED);
      expect(kept).not.toContain(written);
      expect(decodeURIComponent(decodeURIComponent(kept))).not.toContain(CORE.slice(0, 8));
    }
  });

  it('holds no presented secret, of whatever shape, even across segments', () => {
    expect(maskedPath('/v1/old-style/x', 'old-style')).toBe(`/v1/${MASKED}/x`);
    expect(maskedPath('/v1/%6fld-style', 'old-style')).toBe(`/v1/${MASKED}`);
    expect(maskedPath('/v1/ab/cd/x', 'b/c')).toBe(`/${MASKED}`);
    const uuid = '0b6f1a52-93b5-4f6b-9d4a-0d3a0a2c9f11';
    expect(maskedPath(`/v1/${uuid}`, uuid)).toBe(`/v1/${MASKED}`);
  });

  it('is ordinary where nothing looks like a secret', () => {
    for (const path of ['/', '/v1/users/usr_1', '/v1/things/0b6f1a52-93b5-4f6b-9d4a-0d3a0a2c9f11', '/a%20b/', '//x'])
      expect(maskedPath(path, SECRET)).toBe(path);
  });

  it('has no query, no control characters and no more than 200 characters, cut between segments', () => {
    expect(maskedPath(`/v1/x?key=${SECRET}`, null)).toBe('/v1/x');
    expect(maskedPath('/a\u001b[2J\n/b\ud800', null)).toBe('/a?[2J?/b?');
    const long = maskedPath(`/${'abc/'.repeat(100)}`, null);
    expect(long).toMatch(/^(\/abc)+\/…$/);
    expect(long.length).toBeLessThanOrEqual(202);
    expect(maskedPath(`/${'y'.repeat(20)}/${`x${SECRET}`.repeat(400)}`, null)).toBe(`/${'y'.repeat(20)}/…`);
  });

  it('keeps no ten characters of a secret, wherever it stands in whatever path', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 300 }), (before, after) => {
        const kept = maskedPath(`/${before}${SECRET}${after}`, SECRET);
        const parts = Array.from({ length: CORE.length - 9 }, (_, at) => CORE.slice(at, at + 10));
        expect(parts.filter((part) => kept.includes(part))).toEqual([]);
      }),
    );
  });

  it('takes time in proportion to its length', () => {
    // The processor's time, not the wall's: others may be using the machine.
    const started = process.cpuUsage();
    for (const part of ['%25', '%', '/', 'a', '_live_', 'whsec_', '%2525'])
      maskedPath(`/${part.repeat(1_000_000 / part.length)}`, 'x/y');
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(3000);
  });
});

describe('a masked word', () => {
  it('stays, unless it may be a secret or is longer than any word', () => {
    expect(maskedWord('contact_email', SECRET)).toBe('contact_email');
    expect(maskedWord(`contact_email.${SECRET}`, null)).toBe(MASKED);
    expect(maskedWord('a b '.repeat(100), null)).toBe(MASKED);
  });
});
