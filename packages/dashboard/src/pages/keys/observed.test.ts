// A preview of restrictions promises only what is sure: what was not listed as it was seen counts as refused.

import { expect, it } from 'vitest';
import { refusedOf, type Seen, without } from './observed';

const seen: Seen[] = [
  { kind: 'ip', value: '203.0.113.0/24', count: 5, lastAt: '2026-01-01T00:00:00Z' },
  { kind: 'endpoint', value: 'GET /v1/users/**', count: 5, lastAt: '2026-01-01T00:00:00Z' },
  { kind: 'referrer', value: null, count: 5, lastAt: '2026-01-01T00:00:00Z' },
];
const suggested = { ips: ['203.0.113.0/24'], endpoints: ['GET /v1/users/**'] };

it('refuses nothing of what was seen with all of the suggestion', () => {
  expect(refusedOf(seen, suggested)).toEqual([]);
});

it('refuses what was taken out while its list stands, and leaves an emptied list open', () => {
  const two = { ...suggested, ips: ['203.0.113.0/24', '198.51.100.0/24'] };
  expect(refusedOf(seen, without(two, new Set(['ips 203.0.113.0/24']))).map(({ kind }) => kind)).toEqual(['ip']);
  expect(without(suggested, new Set(['ips 203.0.113.0/24']))).toEqual({ endpoints: suggested.endpoints });
});

it('refuses requests that named nothing as soon as their list stands', () => {
  expect(refusedOf(seen, { referrers: ['https://a.example'] }).map(({ kind }) => kind)).toEqual(['referrer']);
});
