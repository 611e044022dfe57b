import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IDEMPOTENCY_KEPT_MS, isFinal, judgeRepeat, keptHeaders, readIdempotencyKey } from './idempotency.js';

const invalid = { reason: 'idempotency_key_invalid' };

describe('an Idempotency-Key', () => {
  it.each([
    [[], null],
    [['order_abc_1'], 'order_abc_1'],
    [['"order_abc_1"'], 'order_abc_1'],
    [['a,b;c=d'], 'a,b;c=d'],
    [["it's"], "it's"],
    [['"a\\"b\\\\c"'], 'a"b\\c'],
    [['x'], 'x'],
    [['~'.repeat(255)], '~'.repeat(255)],
    [[`"${'\\"'.repeat(255)}"`], '"'.repeat(255)],
  ])('%j is read as %j', (lines, key) => {
    expect(readIdempotencyKey(lines)).toEqual({ key });
  });

  it.each([
    [['']],
    [['""']],
    [['"']],
    [['a b']],
    [['"a b"']],
    [['a, a']],
    [['a', 'a']],
    [['a', '']],
    [['"a']],
    [['"a"b']],
    [['"a";q=1']],
    [['"a\\b"']],
    [['"a\\"']],
    [['x'.repeat(256)]],
    [[`"${'x'.repeat(256)}"`]],
    [['schlüssel']],
    [['a\tb']],
    [['a\x7f']],
  ])('%j cannot be used', (lines) => {
    expect(readIdempotencyKey(lines)).toEqual(invalid);
  });

  it('quoted is the same key as bare, whatever visible characters it has', () => {
    const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(visible, (key) => {
        fc.pre(key.length > 0 && key.length <= 255 && !key.startsWith('"'));
        const quoted = `"${key.replace(/["\\]/g, '\\$&')}"`;
        expect(readIdempotencyKey([quoted])).toEqual(readIdempotencyKey([key]));
        expect(readIdempotencyKey([key])).toEqual({ key });
      }),
    );
  });
});

describe('a request under a key that was seen before', () => {
  const now = 1_000_000 + IDEMPOTENCY_KEPT_MS;
  const facts = { fingerprint: 'a', running: null, record: null, upstreamIdempotent: false };
  const record = { fingerprint: 'a', answer: 'sealed', createdAt: now - 1 };

  it.each([
    ['nothing is known', facts, 'run'],
    ['the same runs', { ...facts, running: 'a' }, 'idempotency_conflict'],
    ['another one runs', { ...facts, running: 'b' }, 'idempotency_mismatch'],
    ['the same was answered', { ...facts, record }, 'replay'],
    ['another one was answered', { ...facts, record: { ...record, fingerprint: 'b' } }, 'idempotency_mismatch'],
    ['the same was lost', { ...facts, record: { ...record, answer: null } }, 'idempotency_unknown'],
    [
      'the same was lost, and may run again',
      { ...facts, record: { ...record, answer: null }, upstreamIdempotent: true },
      'run',
    ],
    [
      'another was lost',
      { ...facts, record: { ...record, fingerprint: 'b', answer: null }, upstreamIdempotent: true },
      'idempotency_mismatch',
    ],
    ['it was answered just within a day', { ...facts, record: { ...record, createdAt: 1_000_001 } }, 'replay'],
    ['it was answered a day ago', { ...facts, record: { ...record, createdAt: 1_000_000 } }, 'run'],
    ['it was lost a day ago', { ...facts, record: { ...record, answer: null, createdAt: 1_000_000 } }, 'run'],
  ] as const)('when %s', (_, given, expected) => {
    expect(judgeRepeat(given, now)).toBe(expected);
  });
});

it('an answer is final unless the upstream failed or refused for now', () => {
  const final = Array.from({ length: 500 }, (_, at) => at + 100).filter(isFinal);
  const open = [401, 402, 429];
  expect(final).toEqual(Array.from({ length: 300 }, (_, at) => at + 200).filter((status) => !open.includes(status)));
});

it('what is kept of an answer belongs to no connection and to no one caller', () => {
  const kept = { 'content-type': 'text/plain', etag: '"1"', 'x-list': ['a', 'b'] };
  const headers = { ...kept, connection: 'close, X-Hop', 'x-hop': '1', 'set-cookie': ['a=1'], te: 'x', upgrade: 'x' };
  expect(keptHeaders({ ...headers, 'transfer-encoding': 'chunked', 'keep-alive': 'x', 'x-request-id': '1' })).toEqual(
    kept,
  );
});
