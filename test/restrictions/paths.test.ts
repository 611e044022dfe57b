// Guarantee of path rules: however a protected path is spelled, no upstream that might read it so ever gets it from a key that may not call it.

import { describe, expect, it } from 'vitest';
import { seeds } from '../e2e/random.js';
import { attackPaths } from './attack.js';
import { readingsOf } from './readers.js';

describe('the readers', () => {
  it.each([
    '/v1/users',
    '/v1/USERS/',
    '/v1/%75sers',
    '/v1//users',
    '/v1/x/../users',
    '/v1/x/%2e%2e/users',
    '/v1;x=1/users;y',
    '/v1\\users',
    '/v1%5cusers',
    '/v1/%2575sers',
    '/v1/%u0075sers',
    '/v1%c0%afusers',
    '/v1%e0%80%afusers',
    '/v1/users%00.html',
    '/v1/users%20',
    '/v1/users%0a',
    '/v1/users%3fx',
    '/v1/users%23',
    '/v1/u%C5%BFers',
  ])('see through %s', (target) => {
    expect(readingsOf('GET', target, {}).map(({ path }) => path)).toContain('/v1/users');
  });
});

it.each(seeds(1))(
  'seed %i: 0 protected paths reach an upstream',
  async (seed) => {
    const { sent, reached, sharp, passed, faults } = await attackPaths(seed, { random: 20, keys: 1, oneIn: 5 });
    console.log(
      `paths: LATCHKEY_SEED=${seed}, ${faults.length} of ${sent} came through as protected (${sharp} could have, ${reached} came as something else, ${passed} open ones passed)`,
    );
    expect(faults).toEqual([]);
    expect(sharp).toBeGreaterThan(sent / 4);
  },
  180_000,
);
