// Protects people who follow a link to the sign-in: it leads back into this site and never to an address in that link.

import { describe, expect, it } from 'vitest';
import { safeReturn } from './safe-return';

const ORIGIN = 'https://keys.example';

describe('the way back after a sign-in', () => {
  it.each([
    ['/dashboard/usage', '/dashboard/usage'],
    ['/settings/members?organization=org_1', '/settings/members?organization=org_1'],
    ['/dashboard/api-keys/key_1#secret', '/dashboard/api-keys/key_1'],
    ['/dashboard/../settings/account', '/settings/account'],
  ])('keeps %s', (path, kept) => {
    expect(safeReturn(path, ORIGIN)).toBe(kept);
  });

  it.each([
    undefined,
    '',
    'dashboard',
    'https://evil.example/',
    '//evil.example/dashboard',
    '/\\evil.example/dashboard',
    '/\t/evil.example',
    '/.//evil.example/dashboard',
    '/dashboard/..//evil.example',
    '/%2e//evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '/',
    '/sign-in',
    '/sign-in?return=/sign-in',
    '/invitation',
    '/portal',
    '/dashboard/../sign-in',
  ])('drops %j', (path) => {
    expect(safeReturn(path, ORIGIN)).toBeUndefined();
  });
});
