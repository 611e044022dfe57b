// Guarantees of row matching: no spelling of a path that an upstream may take for the same leads around a row.

import { describe, expect, it } from 'vitest';
import { matchRoute } from './routes.js';
import type { Profile, Route } from './schema.js';

const row = (method: string, path: string, more: Partial<Route> = {}): Route =>
  ({ method, path, auth: 'key', ...more }) as Route;
const profile = (...routes: Route[]): Profile => ({ routes }) as unknown as Profile;
const pathOf = (given: Profile, method: string, path: string) => matchRoute(given, method, path)?.route.path ?? null;

describe('a row that asks for a key', () => {
  const given = profile(row('GET', '/v1/me'), row('POST', '/v1/creators/batch'), row('*', '/v1/webhooks/**'));

  it.each([
    ['GET', '/v1/me', '/v1/me'],
    ['HEAD', '/v1/me', '/v1/me'],
    ['GET', '/v1/me/', '/v1/me'],
    ['GET', '/V1/Me', '/v1/me'],
    ['GET', '/v1/%6De', '/v1/me'],
    ['POST', '/v1/creators/BATCH/', '/v1/creators/batch'],
    ['DELETE', '/v1/WebHooks/x/y', '/v1/webhooks/**'],
    ['GET', '/v1/webhooks/', '/v1/webhooks/**'],
  ])('binds %s %s', (method, path, expected) => {
    expect(pathOf(given, method, path)).toBe(expected);
  });

  it.each([
    ['POST', '/v1/me'],
    ['GET', '/v1/me/x'],
    ['GET', '/v1'],
    ['GET', '/'],
  ])('does not bind %s %s', (method, path) => {
    expect(pathOf(given, method, path)).toBeNull();
  });

  it('keeps the case of what stands for a name', () => {
    expect(matchRoute(profile(row('GET', '/v1/users/:id')), 'GET', '/V1/Users/AbC')?.params).toEqual({ id: 'AbC' });
  });
});

describe('a row that is open to everybody', () => {
  const given = profile(row('GET', '/status', { auth: 'none' }));

  it.each(['/Status', '/status/', '/STATUS'])('does not open %s', (path) => {
    expect(pathOf(given, 'GET', path)).toBeNull();
  });

  it('opens its own spelling', () => {
    expect(pathOf(given, 'GET', '/status')).toBe('/status');
  });
});
