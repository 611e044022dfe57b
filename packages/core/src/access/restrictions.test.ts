// Guarantees of restrictions: ranges exact to the bit, origins compared by whole labels, endpoints by method and path.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ENDPOINT_PATTERN,
  inRange,
  isWithin,
  matchesEndpoint,
  matchesReferrer,
  patternsFor,
  REFERRER_PATTERN,
} from './restrictions.js';

describe('an address range', () => {
  const v4 = (text: string) => text.split('.').map(Number);
  it.each([
    ['10.0.0.0', 8, '10.255.255.255', true],
    ['10.0.0.0', 8, '11.0.0.0', false],
    ['10.0.0.0', 8, '9.255.255.255', false],
    ['192.0.2.128', 25, '192.0.2.127', false],
    ['192.0.2.128', 25, '192.0.2.128', true],
    ['192.0.2.4', 30, '192.0.2.7', true],
    ['192.0.2.4', 30, '192.0.2.8', false],
    ['192.0.2.4', 31, '192.0.2.5', true],
    ['192.0.2.4', 31, '192.0.2.6', false],
    ['192.0.2.4', 32, '192.0.2.4', true],
    ['192.0.2.4', 32, '192.0.2.5', false],
    ['0.0.0.0', 0, '255.255.255.255', true],
    ['192.0.2.77', 24, '192.0.2.1', true],
    ['128.0.0.0', 1, '127.255.255.255', false],
    ['128.0.0.0', 1, '128.0.0.0', true],
  ])('%s/%i and %s: %s', (network, bits, address, expected) => {
    expect(inRange(v4(address), { bytes: v4(network), bits })).toBe(expected);
  });

  it('of v6 is exact at every bit', () => {
    const network = Array.from({ length: 16 }, () => 0xaa);
    for (let bits = 0; bits <= 128; bits++) {
      for (let flipped = 0; flipped < 128; flipped++) {
        const address = network.map((byte, at) => (at === flipped >> 3 ? byte ^ (0x80 >> (flipped & 7)) : byte));
        expect(inRange(address, { bytes: network, bits })).toBe(flipped >= bits);
      }
    }
  });

  it('never meets an address of the other family, not even 0 bits long', () => {
    expect(inRange([1, 2, 3, 4], { bytes: new Array(16).fill(0), bits: 0 })).toBe(false);
    expect(inRange(new Array(16).fill(0), { bytes: [0, 0, 0, 0], bits: 0 })).toBe(false);
  });
});

describe('a referrer pattern', () => {
  it.each([
    ['https://good.example', 'https://good.example', true],
    ['https://good.example', 'http://good.example', false],
    ['https://good.example', 'https://good.example.evil', false],
    ['https://good.example', 'https://evilgood.example', false],
    ['https://good.example', 'https://sub.good.example', false],
    ['https://good.example', 'https://good.example:8443', false],
    ['https://good.example:8443', 'https://good.example:8443', true],
    ['https://good.example:8443', 'https://good.example', false],
    ['https://*.good.example', 'https://a.good.example', true],
    ['https://*.good.example', 'https://a.b.good.example', true],
    ['https://*.good.example', 'https://good.example', false],
    ['https://*.good.example', 'https://.good.example', false],
    ['https://*.good.example', 'https://evilgood.example', false],
    ['https://*.good.example', 'https://a.good.example.evil', false],
    ['https://*.good.example', 'https://a.good.example:1', false],
    ['https://*.good.example:1', 'https://a.good.example:1', true],
    ['https://*.good.example', 'http://a.good.example', false],
  ])('%s and %s: %s', (pattern, origin, expected) => {
    expect(matchesReferrer(origin, [pattern])).toBe(expected);
    expect(matchesReferrer(origin, ['https://unrelated.example', pattern])).toBe(expected);
  });

  it('that is an empty list lets no origin in', () => {
    expect(matchesReferrer('https://good.example', [])).toBe(false);
  });

  it.each(['https://a', 'http://a.b:8080', 'https://*.a.example'])('may be %s', (text) => {
    expect(REFERRER_PATTERN.test(text)).toBe(true);
  });
  it.each([
    'https://a.b:443',
    'http://a.b:80',
    '*',
    'https://*',
    'https://*.*.a',
    'https://a/',
    'https://a/path',
    'https://user@a',
    'https://a*.b',
    'https://A',
    'ftp://a',
    'https://a:',
    'https://a:123456',
    'https://a\n',
    'https://a?b',
    'https://',
  ])('may not be %j', (text) => {
    expect(REFERRER_PATTERN.test(text)).toBe(false);
  });
});

describe('an endpoint pattern', () => {
  it.each([
    ['/v1/users', 'GET', '/v1/users', true],
    ['/v1/users', 'DELETE', '/v1/users', true],
    ['GET /v1/users', 'GET', '/v1/users', true],
    ['GET /v1/users', 'POST', '/v1/users', false],
    ['GET /v1/users', 'get', '/v1/users', false],
    ['GET /v1/users', 'HEAD', '/v1/users', false],
    ['GET /v1/users/*', 'GET', '/v1/users/7', true],
    ['GET /v1/users/**', 'GET', '/v1/users/7/x', true],
    ['GET /v1/users/*', 'GET', '/v1/users/7/x', false],
  ])('%s for %s %s: %s', (pattern, method, path, expected) => {
    expect(matchesEndpoint(method, path, [pattern])).toBe(expected);
  });

  it.each(['get /v1', 'GET  /v1', 'GET v1', '/v1?x', '/v1#x', '/v1/ü', '/v1/%41', 'GET\t/v1', ''])(
    'may not be %j',
    (text) => {
      expect(ENDPOINT_PATTERN.test(text)).toBe(false);
    },
  );
});

describe('restrictions within restrictions', () => {
  const outer = { ips: ['10.0.0.0/8', '192.0.2.1'], endpoints: ['/v1/**'] };
  it.each([
    [null, null, true],
    [outer, null, true],
    [null, outer, false],
    [{}, outer, false],
    [{ ips: ['192.0.2.1'] }, outer, false],
    [{ ips: ['192.0.2.1'], endpoints: ['/v1/**'] }, outer, true],
    [{ ips: ['192.0.2.1'], endpoints: ['/v1/**'], referrers: ['https://a'] }, outer, true],
    [{ ips: ['192.0.2.2'], endpoints: ['/v1/**'] }, outer, false],
    [{ ips: ['192.0.2.1', '192.0.2.2'], endpoints: ['/v1/**'] }, outer, false],
  ])('%j in %j: %s', (inner, around, expected) => {
    expect(isWithin(inner, around)).toBe(expected);
  });
});

it('the patterns for an origin are exactly those that it fits', () => {
  const label = fc.constantFrom('a', 'b', 'example', 'evil');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const rest = fc.tuple(fc.constantFrom('https', 'http'), fc.constantFrom('', ':8443'));
  fc.assert(
    fc.property(host, rest, host, rest, fc.boolean(), (page, [scheme, port], own, [ownScheme, ownPort], isWild) => {
      const origin = `${scheme}://${page}${port}`;
      const pattern = `${ownScheme}://${isWild ? '*.' : ''}${own}${ownPort}`;
      expect(patternsFor(origin).includes(pattern)).toBe(matchesReferrer(origin, [pattern]));
    }),
    { numRuns: 2000 },
  );
  for (const origin of ['https://a.b.example:8443', 'http://localhost:3000', 'https://example'])
    expect(patternsFor(origin).every((pattern) => matchesReferrer(origin, [pattern]))).toBe(true);
});
