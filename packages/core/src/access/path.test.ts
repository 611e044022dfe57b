// Guarantees of path rules: what an upstream might read as another path is seen, and a rule cannot be spelled around.

import { describe, expect, it } from 'vitest';
import { isAmbiguousPath, matchesPath } from './path.js';

describe('an ambiguous path', () => {
  it.each([
    '',
    'v1/users',
    '*',
    'http://host/v1',
    '//v1',
    '/v1//users',
    '/v1/users//',
    '/v1\\users',
    '/v1/users;admin=1',
    '/v1/%2e%2e/admin',
    '/v1/%252e%252e/admin',
    '/v1/%2575sers',
    '/v1/%2E/users',
    '/v1/../admin',
    '/v1/..',
    '/./v1',
    '/v1/.',
    '/v1%2fusers',
    '/v1%2Fusers',
    '/v1%5cusers',
    '/v1/%00',
    '/v1/\0',
    '/v1%3busers',
    '/v1/%',
    '/v1/%zz',
    '/v1/%c0%af',
    '/v1/%ff',
    '/v1/%ed%a0%80',
    '/v1/ü',
    '/v1/a b',
    '/v1/a\tb',
    '/v1/a\r\nb',
    '/v1/\u2028',
    '/v1/\x7f',
  ])('is %j', (path) => {
    expect(isAmbiguousPath(path)).toBe(true);
  });

  it.each([
    '/',
    '/v1',
    '/v1/users',
    '/v1/users/',
    '/v1/...',
    '/v1/.well-known',
    '/v1/a.b',
    '/v1/a%20b',
    '/v1/%c3%bc',
    '/a:b@c',
  ])('is not %j', (path) => {
    expect(isAmbiguousPath(path)).toBe(false);
  });
});

describe('a pattern', () => {
  it.each([
    ['/v1/users', '/v1/users', {}],
    ['/v1/users', '/v1/users/:id', null],
    ['/v1/users/7', '/v1/users/:id', { id: '7' }],
    ['/v1/users/a%20b', '/v1/users/:id', { id: 'a b' }],
    ['/v1/users/', '/v1/users/:id', null],
    ['/v1/users/', '/v1/users', null],
    ['/v1/users/7/x', '/v1/users/:id', null],
    ['/v1/users/7', '/v1/users/*', {}],
    ['/v1/users/7/x', '/v1/users/*', null],
    ['/v1/users/7/x', '/v1/users/*/x', {}],
    ['/v1/users/7/x', '/v1/users/**', {}],
    ['/v1/users/', '/v1/users/**', {}],
    ['/v1/users', '/v1/users/**', {}],
    ['/v1/usersx', '/v1/users/**', null],
    ['/v1/', '/v1/users/**', null],
    ['/', '/**', {}],
    ['/anything/at/all', '/**', {}],
    ['/V1/users', '/v1/users', null],
    ['/v1/users/%zz', '/v1/users/:id', null],
    ['/', '/', {}],
  ])('%s against %s: %j', (path, pattern, expected) => {
    expect(matchesPath(path, pattern)).toEqual(expected);
  });

  it('meets a literal segment however its characters are percent-encoded', () => {
    for (const path of ['/v1/%75sers', '/v1/use%72s', '/%76%31/users', '/v1/%75%73%65%72%73']) {
      expect(isAmbiguousPath(path)).toBe(false);
      expect(matchesPath(path, '/v1/users')).toEqual({});
      expect(matchesPath(`${path}/7`, '/v1/users/**')).toEqual({});
    }
    expect(matchesPath('/v1/a%3Ab', '/v1/a:b')).toEqual({});
    expect(matchesPath('/v1/%2575sers', '/v1/users')).toBeNull();
  });

  it('hands named segments over as own values only', () => {
    const params = matchesPath('/x/y', '/:constructor/:__proto__');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(params?.constructor).toBe('x');
  });
});
