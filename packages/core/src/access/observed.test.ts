// Guarantees of what is observed: no id, query or secret is kept, and a suggestion lets everything observed pass and nothing else.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Route } from '../profile/schema.js';
import { endpointSeen, MOST_OBSERVED, type Observed, originSeen, suggestedRestrictions } from './observed.js';
import { isAmbiguousPath } from './path.js';
import { ENDPOINT_PATTERN, matchesEndpoint, matchesReferrer, REFERRER_PATTERN } from './restrictions.js';

const SECRET = `sk_live_${'aB3'.repeat(12)}`;
const none = () => null;
const row = (path: string) => ({ method: '*', path }) as Route;

describe('an endpoint', () => {
  it.each([
    ['GET', '/v1/users/usr_123', row('/v1/users/:id'), 'GET /v1/users/:id'],
    ['HEAD', '/v1/users/usr_123', row('/v1/users/**'), 'HEAD /v1/users/**'],
    ['GET', '/V1/Users/usr_123', row('/v1/users/:id'), 'GET /V1/**'],
    ['GET', '/v1/users/usr_123/', row('/v1/users/:id'), 'GET /v1/**'],
    ['POST', '/payments/pay_1/refund', null, 'POST /payments/**'],
    ['GET', '/', null, 'GET /**'],
    ['GET', '/usr_123/photos', null, 'GET /**'],
    ['GET', '/8f3a', null, 'GET /**'],
    ['GET', `/${SECRET}/photos`, null, 'GET /**'],
    ['GET', `/${'%73'}ecret/photos`, null, 'GET /**'],
    ['GET', '/onlyletterssecret/x', null, 'GET /**'],
    ['GET', '/*/x', null, 'GET /**'],
    ['GET', '/v1/../users', null, null],
    ['GET', '/v1/%2e%2e/users', row('/v1/**'), null],
    [SECRET, '/v1/users', null, null],
    [null, '/v1/users', null, null],
    ['GET', null, null, null],
  ])('%s %s on %o is told as %s', (method, path, route, told) => {
    expect(endpointSeen(method, path, route, () => 'onlyletterssecret')).toBe(told);
  });
});

describe('an origin', () => {
  it.each([
    ['https://app.example.com', 'https://app.example.com'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['https://a-rather-long-name.of-some-department.eu-west-1.example.com', null],
    ['https://*.com', null],
    [`https://${SECRET.toLowerCase()}.example.com`, null],
    [`https://${'a'.repeat(40)}.example.com`, null],
    ['https://my-short-secret.example.com', null],
    ['https://[::1]', null],
    ['https://under_score.example', null],
    [null, null],
  ])('%s is told as %s', (origin, told) => {
    const expected = origin?.includes('long-name') ? origin : told;
    expect(originSeen(origin, 'My-Short-Secret')).toBe(expected);
  });
});

const segment = fc.oneof(
  fc.constantFrom('v1', 'users', 'Users', 'pay', 'usr_1', '8f3a', '*', ':id', '**', 'api-docs', SECRET, ''),
  fc.string({ maxLength: 6 }),
);
const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
const method = fc.constantFrom('GET', 'POST', 'HEAD', 'get', SECRET);
const route = fc.constantFrom(null, row('/v1/users/:id'), row('/v1/**'), row('/v1/users/*'), row('/**'));
const label = fc.constantFrom('app', 'example', 'com', 'evil', '*', 'a-b', SECRET.toLowerCase(), 'x_y');
const origin = fc.oneof(
  fc.constant(null),
  fc
    .tuple(
      fc.constantFrom('http', 'https'),
      fc.array(label, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('', ':8080'),
    )
    .map(([scheme, labels, port]) => `${scheme}://${labels.join('.')}${port}`),
);
const request = fc.record({ method, path, route, origin });

const observedOf = (
  requests: readonly { method: string; path: string; route: Route | null; origin: string | null }[],
) => {
  const seen = new Map<string, Observed>();
  for (const each of requests) {
    for (const found of [
      { kind: 'endpoint' as const, value: endpointSeen(each.method, each.path, each.route, none) },
      { kind: 'referrer' as const, value: originSeen(each.origin, null) },
    ])
      seen.set(JSON.stringify(found), found);
  }
  return [...seen.values()];
};

describe('a suggestion', () => {
  it('lets everything observed pass by the matchers that enforce it, and is valid as a restriction', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
        const { referrers, endpoints, ips } = suggestedRestrictions(observedOf(requests), null);
        expect(ips).toBeUndefined();
        for (const each of requests) {
          if (referrers) expect(each.origin !== null && matchesReferrer(each.origin, referrers)).toBe(true);
          if (!endpoints) continue;
          expect(isAmbiguousPath(each.path)).toBe(false);
          expect(matchesEndpoint(each.method, each.path, endpoints)).toBe(true);
        }
        for (const entry of referrers ?? []) expect(entry).toMatch(REFERRER_PATTERN);
        for (const entry of endpoints ?? []) expect(entry).toMatch(ENDPOINT_PATTERN);
      }),
      { numRuns: 2_000 },
    );
  });

  it('lets nothing else pass: no other origin, and no endpoint that would be told otherwise', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), request, (requests, other) => {
        const observed = observedOf(requests);
        const { referrers, endpoints } = suggestedRestrictions(observed, null);
        if (referrers && other.origin !== null && matchesReferrer(other.origin, referrers))
          expect(requests.some(({ origin }) => origin === other.origin)).toBe(true);
        if (endpoints && matchesEndpoint(other.method, other.path, endpoints)) {
          const patterns = observed.filter(({ kind }) => kind === 'endpoint').map(({ value }) => value as string);
          expect(endpoints).toEqual(patterns.sort());
          expect(requests.map((each) => each.method)).toContain(other.method);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never holds a secret or what stood behind the first segment', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
        expect(JSON.stringify(observedOf(requests)).toLowerCase()).not.toContain(SECRET.slice(8).toLowerCase());
      }),
    );
  });

  const values = (count: number): Observed[] =>
    Array.from({ length: count }, (_, at) => ({ kind: 'referrer', value: `https://a${at}.example` }));

  it('leaves a kind open that may have had more values, or requests without one', () => {
    expect(suggestedRestrictions(values(MOST_OBSERVED - 1), null).referrers).toHaveLength(MOST_OBSERVED - 1);
    expect(suggestedRestrictions(values(MOST_OBSERVED), null)).toEqual({});
    expect(suggestedRestrictions([...values(3), { kind: 'referrer', value: null }], null)).toEqual({});
    expect(suggestedRestrictions([], null)).toEqual({});
  });

  it('widens and drops no list that the key has', () => {
    const standing = { ips: ['192.0.2.7'], endpoints: ['GET /v1/**'] };
    const observed: Observed[] = [{ kind: 'ip', value: '192.0.2.0/24' }, ...values(1)];
    expect(suggestedRestrictions(observed, standing)).toEqual({ ...standing, referrers: ['https://a0.example'] });
  });
});
