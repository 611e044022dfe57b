// Guarantees of body reading: what comes out is exactly what was sent, or it is refused; nothing exhausts the stack.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from './json-body.js';

const codeOf = (bytes: Buffer | string) => {
  try {
    return { value: readJson(Buffer.from(bytes as string)) };
  } catch (error) {
    return (error as { code: string }).code;
  }
};

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('a JSON body', () => {
  it.each<[string, Buffer | string, unknown]>([
    ['an object', '{"a":[1,{"b":"c:d{"}]}', { value: { a: [1, { b: 'c:d{' }] } }],
    ['escapes in strings', '{"a\\"b\\\\":"\\u007b:"}', { value: { 'a"b\\': '{:' } }],
    ['nothing', '', { value: undefined }],
    ['null', 'null', { value: null }],
    ['64 levels', nested(64), { value: JSON.parse(nested(64)) }],
    ['65 levels', nested(65), 'invalid_request'],
    ['half a million levels', '['.repeat(500_000), 'invalid_request'],
    ['half a million objects', '{"a":'.repeat(200_000), 'invalid_request'],
    ['a byte order mark', '\ufeff{}', 'invalid_json'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'invalid_json'],
    ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'invalid_json'],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'invalid_json'],
    ['a name twice', '{"a":1,"a":2}', 'invalid_json'],
    ['a name twice, once escaped', '{"a":1,"\\u0061":2}', 'invalid_json'],
    ['a name twice, deep inside', '[{"x":[{"a":1,"b":2,"a":3}]}]', 'invalid_json'],
    ['__proto__', '{"__proto__":{"admin":true}}', 'invalid_request'],
    ['__proto__, escaped and deep', '{"a":[{"\\u005f_proto__":1}]}', 'invalid_request'],
    ['a trailing comma', '[1,]', 'invalid_json'],
    ['an unterminated string', '"abc', 'invalid_json'],
    ['a string ending in a backslash', '"abc\\', 'invalid_json'],
    ['NaN', 'NaN', 'invalid_json'],
    ['a comment', '{}//', 'invalid_json'],
    ['a raw control character', '"\u0001"', 'invalid_json'],
    ['NUL', '{"a":1}\0', 'invalid_json'],
  ])('reads or refuses %s', (_, bytes, outcome) => {
    expect(codeOf(bytes)).toEqual(outcome);
  });

  it('comes back as JSON.parse reads it, whatever the value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        fc.pre(!text.includes('__proto__'));
        expect(readJson(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses without quoting the body, which may hold a secret', () => {
    const secret = `sk_live_${'x'.repeat(32)}`;
    for (const body of [`{"secret":"${secret}"`, `{"${secret}":1,"${secret}":2}`, `{"a":"${secret}",}`]) {
      expect(() => readJson(Buffer.from(body))).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('sk_live_') }),
      );
    }
  });

  it('pollutes no prototype', () => {
    codeOf('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
