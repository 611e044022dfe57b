// What a form lets pass is what the server takes: held to core's own judgement.

import { describe, expect, it } from 'vitest';
import { restrictions as schema } from '../../../../core/src/contract/values.js';
import { isEntry, type RestrictionKind, tidy } from './checks';

const isTaken = (kind: RestrictionKind, entry: string) => schema.safeParse({ [kind]: [entry] }).success;

describe.each<[RestrictionKind, string[]]>([
  [
    'ips',
    [
      ...['203.0.113.7', '203.0.113.0/24', '0.0.0.0/0', '256.1.1.1', '1.2.3', '1.2.3.4/33', '1.2.3.4/', '01.2.3.4'],
      ...['::1', '2001:db8::/32', '2001:db8::1/129', '::ffff:192.0.2.1', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7', '1::2::3'],
      ...['', 'localhost', 'fe80::1%eth0', '12345::', '2001:DB8::1'],
    ],
  ],
  [
    'referrers',
    [
      ...['https://app.example.com', 'https://*.example.com', 'http://localhost:3000', 'https://example.com:443'],
      ...[
        'http://example.com:80',
        'https://example.com/',
        'example.com',
        'https://EXAMPLE.com',
        'ftp://example.com',
        '*',
      ],
    ],
  ],
  [
    'endpoints',
    [
      '/v1/users/**',
      'GET /v1/users/*',
      'get /v1/users',
      'v1/users',
      '/',
      'GET  /v1',
      '/v1/ü',
      '/a?b',
      `/${'a'.repeat(300)}`,
    ],
  ],
])('%s', (kind, entries) => {
  it.each(entries)('%j is judged as the server judges it', (entry) => {
    expect(isEntry(kind, entry)).toBe(isTaken(kind, entry));
  });
});

describe('tidying', () => {
  it.each([
    ['referrers', 'https://App.Example.com/path?x=1', 'https://app.example.com'],
    ['referrers', 'app.example.com', 'https://app.example.com'],
    ['referrers', 'https://example.com:443', 'https://example.com'],
    ['referrers', '*.example.com', 'https://*.example.com'],
    ['referrers', 'what is this', 'what is this'],
    ['endpoints', 'get /v1/users', 'GET /v1/users'],
    ['ips', ' 203.0.113.7 ', '203.0.113.7'],
  ] as const)('%s: %j becomes %j', (kind, typed, meant) => {
    expect(tidy(kind, typed)).toBe(meant);
  });
});
