// Guarantees of a secret's shape: GitHub's published checksum, evenly drawn characters, no two alike.

import { describe, expect, it } from 'vitest';
import {
  base62,
  CHECKSUM_LENGTH,
  checksum,
  crc32,
  createIdMaker,
  hintOf,
  judgeShape,
  MIN_BODY_LENGTH,
  makeId,
  makeSecret,
  randomBase62,
} from './format.js';

/** A small seeded generator (mulberry32), so that statistics never flicker. */
function seeded(seed: number) {
  let state = seed;
  return (length: number): Uint8Array =>
    Uint8Array.from({ length }, () => {
      state = (state + 0x6d2b79f5) | 0;
      let value = Math.imul(state ^ (state >>> 15), state | 1);
      value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
      return ((value ^ (value >>> 14)) >>> 11) & 0xff;
    });
}

describe('the checksum', () => {
  it('is CRC-32 as everybody computes it', () => {
    expect(crc32('123456789')).toBe(0xcbf43926);
    expect(crc32('')).toBe(0);
    expect(crc32('The quick brown fox jumps over the lazy dog')).toBe(0x414fa339);
  });

  it("is the one of GitHub's published token example", () => {
    const published = ['zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ', '0mLq17'] as const;
    expect(checksum(published[0])).toBe(published[1]);
  });

  it('always has six characters, the last order of 62 first', () => {
    expect(base62(0, CHECKSUM_LENGTH)).toBe('000000');
    expect(base62(61, CHECKSUM_LENGTH)).toBe('00000z');
    expect(base62(62, CHECKSUM_LENGTH)).toBe('000010');
    expect(base62(0xffffffff, CHECKSUM_LENGTH)).toBe('4gfFC3');
  });
});

describe('random characters', () => {
  it('are each equally likely (chi-square over 62 characters, p > 0.001)', () => {
    const drawn = randomBase62(620_000, seeded(7));
    const counts = new Map<string, number>();
    for (const character of drawn) counts.set(character, (counts.get(character) ?? 0) + 1);
    const expected = drawn.length / 62;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(counts.size).toBe(62);
    expect(chiSquare).toBeLessThan(100.9); // 61 degrees of freedom
  });

  it('throw away the eight byte values that would fold, and ask for more', () => {
    let calls = 0;
    const stingy = (length: number) => {
      calls++;
      return new Uint8Array(length).fill(calls < 3 ? 255 : 61);
    };
    expect(randomBase62(4, stingy)).toBe('zzzz');
    expect(calls).toBe(3);
  });
});

describe('a secret', () => {
  it('never comes twice in 100,000 and always re-verifies', () => {
    const random = seeded(11);
    const secrets = new Set<string>();
    for (let at = 0; at < 100_000; at++) secrets.add(makeSecret('sk_live_', 32, random));
    expect(secrets.size).toBe(100_000);
    for (const secret of [...secrets].slice(0, 1000))
      expect(judgeShape(secret, ['sk_live_', 'sk_test_'])).toBe('sound');
  });

  it('has a body of at least 32 characters, whatever is asked for', () => {
    expect(makeSecret('p_', 4, seeded(1))).toHaveLength(2 + MIN_BODY_LENGTH + CHECKSUM_LENGTH);
    expect(makeSecret('p_', 40, seeded(1))).toHaveLength(2 + 40 + CHECKSUM_LENGTH);
  });

  it('is mistyped after any change of one character behind the prefix', () => {
    const secret = makeSecret('sk_live_', 32, seeded(3));
    for (let at = 'sk_live_'.length; at < secret.length; at++) {
      const other = secret[at] === 'x' ? 'y' : 'x';
      expect(judgeShape(secret.slice(0, at) + other + secret.slice(at + 1), ['sk_live_'])).toBe('mistyped');
    }
  });

  it('is mistyped when cut, and foreign under another prefix', () => {
    const secret = makeSecret('sk_live_', 32, seeded(5));
    for (const cut of [secret.slice(0, -1), secret.slice(0, 12), 'sk_live_', `${secret}x`])
      expect(judgeShape(cut, ['sk_live_'])).toBe('mistyped');
    for (const foreign of ['', 'abc', secret.slice(3), `x${secret}`])
      expect(judgeShape(foreign, ['sk_live_'])).toBe('foreign');
  });

  it('is judged under the prefix it was made with when one prefix begins with the other', () => {
    const secret = makeSecret('sk_test_', 32, seeded(9));
    expect(judgeShape(secret, ['sk_', 'sk_test_'])).toBe('sound');
    expect(judgeShape(secret, ['sk_test_', 'sk_'])).toBe('sound');
  });

  it('shows its last four characters only', () => {
    expect(hintOf('sk_live_abcdef')).toBe('cdef');
    expect(makeId('key', seeded(2))).toMatch(/^key_[0-9A-Za-z]{20}$/);
  });
});

describe('an id maker', () => {
  const seeded = () => {
    let state = 1;
    return (length: number) => {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at++) {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        bytes[at] = state >> 16;
      }
      return bytes;
    };
  };

  it('makes ids that sort as they were made, within one millisecond and when the clock goes back', () => {
    let now = 1_700_000_000_000;
    const newId = createIdMaker(() => now, seeded());
    const ids: string[] = [];
    for (let at = 0; at < 5000; at++) {
      if (at % 700 === 699) now += at % 1400 === 699 ? 3 : -2;
      ids.push(newId('key'));
    }
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(5000);
    expect(ids.every((id) => /^key_[0-9A-Za-z]{20}$/.test(id))).toBe(true);
  });

  it('goes on after the last tail of a millisecond', () => {
    const newId = createIdMaker(
      () => 5,
      (length) => new Uint8Array(length).fill(61),
    );
    const ids = [newId('key'), newId('key'), newId('key')];
    expect(ids[0]).toMatch(/zzzzzzzzzzzz$/);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(3);
  });
});
