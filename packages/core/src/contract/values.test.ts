// Guarantees of inputs: a value is refused with its place named, or comes back exactly as it was sent.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatchkeyError } from '../errors/latchkey-error.js';
import { makeSecret } from '../key/format.js';
import { judge } from './judge.js';
import { operations } from './operations.js';
import * as v from './values.js';

const refusal = (schema: Parameters<typeof judge>[0], value: unknown): LatchkeyError => {
  try {
    judge(schema, value, 'body');
  } catch (error) {
    if (error instanceof LatchkeyError) return error;
    throw error;
  }
  throw new Error('was accepted');
};

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let at = 0; at < depth; at++) value = { a: value };
  return value;
};

describe('what is kept in the clear', () => {
  const secret = makeSecret('sk_live_', 32, (size) => new Uint8Array(size).fill(7));
  const kept: [string, Parameters<typeof judge>[0], (text: string) => unknown][] = [
    ['a name', v.label(300), (text) => text],
    ['a requestId', v.requestId, (text) => text],
    ['metadata', v.metadata, (text) => ({ deep: [{ text }] })],
    ['a member of metadata', v.metadata, (text) => ({ deep: { [text]: 1 } })],
  ];
  it.each(kept)('holds no secret in %s', (_, schema, placed) => {
    for (const text of [secret, `id-${secret}`, `${secret}:2`, secret.slice('sk_live_'.length)]) {
      const refused = refusal(schema, placed(text));
      expect(refused.errors?.[0]?.message).toContain('must not hold an API key');
      expect(JSON.stringify([refused.message, refused.errors])).not.toContain(secret.slice(12));
    }
  });

  it.each(kept)('takes in %s what only looks like one', (_, schema, placed) => {
    const last = secret.endsWith('0') ? '1' : '0';
    const likes = [
      `${secret.slice(0, -1)}${last}`,
      'f'.repeat(64),
      '7c0e2a0e-9a53-4d0b-8f0c-0a1f6f5b9c11',
      'sk_live_…',
    ];
    for (const text of likes.filter((like) => schema !== v.requestId || !like.includes('…')))
      expect(judge(schema, placed(text), 'body')).toEqual(placed(text));
  });
});

describe('metadata', () => {
  it.each([
    ['an empty object', {}],
    ['sixteen levels', nested(16)],
    ['emoji, NUL and separators', { text: '🔑 \0 \u2028 "\\', '': '', 'k.e y': ['', null, true] }],
    ['the largest safe integers', { a: Number.MAX_SAFE_INTEGER, b: Number.MIN_SAFE_INTEGER, c: 0.1 }],
    ['names that objects have by birth', { constructor: 1, prototype: { toString: 2 }, hasOwnProperty: 3 }],
    ['16,000 characters', { text: 'x'.repeat(16_000) }],
  ])('takes %s as it is', (_, value) => {
    const judged = judge(v.metadata, JSON.parse(JSON.stringify(value)), 'body');
    expect(JSON.stringify(judged)).toBe(JSON.stringify(value));
  });

  it.each([
    ['text', 'text'],
    ['a list', []],
    ['a number', 1],
    ['seventeen levels', nested(17)],
    ['ten thousand levels', nested(10_000)],
    ['half a pair', { a: '\ud800' }],
    ['half a pair as a name', { '\udc00': 1 }],
    ['half a pair below', { a: [{ b: 'x\udfff' }] }],
    ['an integer beyond 2^53', { a: 2 ** 53 }],
    ['what 1e309 is read as', JSON.parse('{"a":1e309}')],
    ['a large even integer', JSON.parse('{"a":12345678901234567890}')],
    ['__proto__ at the top', JSON.parse('{"__proto__":{"polluted":true}}')],
    ['__proto__ below', JSON.parse('{"a":{"__proto__":1}}')],
    ['__proto__ in a list', JSON.parse('{"a":[{"__proto__":null}]}')],
    ['17,000 characters', { text: 'x'.repeat(17_000) }],
    ['many members', Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]))],
    ['a function', { a: () => 1 }],
    ['undefined within a list', { a: [undefined] }],
  ])('refuses %s', (_, value) => {
    expect(refusal(v.metadata, value).code).toBe('invalid_request');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('of any JSON is refused or comes back exactly', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 6 })), (value) => {
        const sent = JSON.stringify(value);
        try {
          expect(JSON.stringify(judge(v.metadata, JSON.parse(sent), 'body'))).toBe(sent);
        } catch (error) {
          if (!(error instanceof LatchkeyError)) throw error;
          expect(error.code).toBe('invalid_request');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('bodies', () => {
  const body = operations.createKey.body;

  it.each(Object.entries(operations).filter(([, row]) => row.body !== null))(
    'of %s refuse members nobody knows',
    (_, row) => {
      for (const extra of [
        'admin',
        'organizationId',
        'digest',
        'createdBy',
        'imported',
        'toString',
        'revokedAt',
      ] as const) {
        if (extra in (row.body as { shape: object }).shape && extra !== 'toString') continue;
        const error = refusal(row.body as Parameters<typeof judge>[0], { [extra]: 1 });
        expect(error.errors.some(({ fix }) => fix.includes(extra))).toBe(true);
      }
    },
  );

  it('refuse a member named __proto__ rather than dropping it', () => {
    expect(refusal(body, JSON.parse('{"name":"a","__proto__":{"tier":"studio"}}')).code).toBe('invalid_request');
  });

  it.each([
    ['name', ['', ' ', 'a\nb', 'a\0', '\ud800', 'x'.repeat(101), 1, null, ['a'], {}]],
    ['mode', ['LIVE', 'sandbox', null, 1]],
    ['tier', [1, 'x'.repeat(101), []]],
    ['permissions', ['keys.read', ['Keys'], [''], ['a b'], [1], Array(101).fill('a'), {}]],
    [
      'limits',
      [
        1,
        [],
        { perMinute: -1 },
        { perMinute: 1.5 },
        { perMinute: '5' },
        { perMinute: null },
        { perMinute: 2 ** 53 },
        { perMinute: Number.POSITIVE_INFINITY },
        { perMinute: Number.NaN },
        { perMinute: 1_000_000_001 },
        { perHour: 1 },
      ],
    ],
    [
      'expiresAt',
      ['', 'soon', '2030-01-01', '2030-01-01T00:00:00', 1893456000, '2030-13-01T00:00:00Z', '2030-02-30T00:00:00Z'],
    ],
    [
      'restrictions',
      [
        [],
        { ip: ['1.2.3.4'] },
        { ips: [] },
        { ips: '1.2.3.4' },
        { ips: ['1.2.3'] },
        { ips: ['1.2.3.4/33'] },
        { ips: ['010.0.0.1'] },
        { ips: ['::1/129'] },
        { ips: ['fe80::1%eth0'] },
        { referrers: ['good.example'] },
        { referrers: ['https://good.example/'] },
        { endpoints: ['v1'] },
        { endpoints: [' /v1'] },
      ],
    ],
    ['metadata', ['{}', 1, []]],
    ['ownerId', ['', 1, 'x'.repeat(201)]],
    ['environment', ['', {}, 'a\tb']],
  ])('name the place of a wrong %s and never quote it', (member, wrong) => {
    for (const value of wrong) {
      const error = refusal(body, { name: 'ok', [member]: value });
      expect(error.status).toBe(400);
      expect(error.errors[0]?.path.startsWith(`body.${member}`)).toBe(true);
    }
    const secret = 'sk_live_do_not_echo_me_0123456789';
    const error = refusal(body, { name: 'ok', expiresAt: secret, mode: secret, limits: { perMinute: secret } });
    expect(JSON.stringify([error.message, error.errors])).not.toContain('do_not_echo');
  });
});

describe('page sizes', () => {
  const query = operations.listKeys.query;
  it.each([1, 100, '1', '100', '007'])('may be %j', (limit) => {
    expect(judge(query, { limit }, 'query').limit).toBe(Number(limit));
  });
  it.each([0, -1, 101, 1e9, '0', '-1', '1000000000', '1e2', '5.0', '', ' 5', null, 2.5])('may not be %j', (limit) => {
    expect(refusal(query, { limit }).code).toBe('invalid_request');
  });
});
