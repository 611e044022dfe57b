// Holds how the dashboard goes out: a policy without holes on every page, caches that never keep a page, and no path but the known ones.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGES } from './dashboard.js';
import { type Served, serve } from './serve.suite.js';

const PORTAL = 'https://shop.example';
const SCRIPT = 'console.log(1);'.repeat(20);
const AS_BROWSER = { authorization: '', accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let folder: string;
let served: Served;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-dashboard-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><meta name="csp-nonce" content="__NONCE__"><meta name="session" content="__SESSION__"><p>the app',
  );
  writeFileSync(join(folder, 'secret.txt'), 'outside');
  for (const name of ['main-AbCd1234.js', 'icon.svg']) writeFileSync(join(folder, 'assets', name), SCRIPT);
  writeFileSync(join(folder, 'assets/main-AbCd1234.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(folder, 'assets/main-AbCd1234.js.gz'), gzipSync(SCRIPT));
  served = await serve({ parts: { dashboardFolder: folder, portalOrigins: [PORTAL] } });
});
afterAll(async () => {
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (path: string, headers: Record<string, string> = {}) =>
  served.call('GET', path, undefined, { ...AS_BROWSER, ...headers });

/** The policy as directives. */
const policyOf = (headers: Headers) =>
  Object.fromEntries(
    (headers.get('content-security-policy') ?? '').split('; ').map((line) => {
      const [name = '', ...values] = line.split(' ');
      return [name, values];
    }),
  );

describe('a page', () => {
  const paths = ['/', ...PAGES.map((path) => path.replace(':keyId', 'key_x'))];

  it.each(paths)('%s is the app under its policy, kept by no cache', async (path) => {
    const reply = await open(path);
    expect(reply.status).toBe(200);
    expect(reply.text).toContain('the app');
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(reply.headers.get('referrer-policy')).toBe('no-referrer');
    expect(reply.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(reply.headers.get('permissions-policy')).toContain('camera=()');
    const nonce = /content="([^"]+)"/.exec(reply.text)?.[1];
    expect(policyOf(reply.headers)).toEqual({
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'", `'nonce-${nonce}'`],
      'img-src': ["'self'", 'data:'],
      'font-src': ["'self'"],
      'connect-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'self'"],
      'frame-ancestors': [path === '/portal' ? PORTAL : "'none'"],
    });
    expect(reply.headers.get('x-frame-options')).toBe(path === '/portal' ? null : 'DENY');
  });

  it('has a nonce that no other answer has', async () => {
    const nonces = await Promise.all(Array.from({ length: 20 }, async () => (await open('/sign-in')).text));
    expect(new Set(nonces).size).toBe(20);
    expect(nonces.join()).not.toContain('__NONCE__');
  });

  it('says whether a session came along, so that nobody is asked for where there is none', async () => {
    const told = async (cookie: string) =>
      /name="session" content="(\w+)"/.exec(
        (await served.call('GET', '/', undefined, { ...AS_BROWSER, cookie })).text,
      )?.[1];
    expect(await told('theme=dark; not__Host-latchkey_session=x')).toBe('none');
    expect(await told('theme=dark; __Host-latchkey_session=anything')).toBe('sent');
    expect((await open('/')).text).not.toContain('anything');
  });

  it('is framed by nobody where no origin was named', async () => {
    const plain = await serve({ parts: { dashboardFolder: folder } });
    const { headers } = await plain.call('GET', '/portal', undefined, AS_BROWSER);
    await plain.close();
    expect(policyOf(headers)['frame-ancestors']).toEqual(["'none'"]);
    expect(headers.get('x-frame-options')).toBe('DENY');
  });

  it('that does not exist is the app with 404 to a browser, and a problem to a program', async () => {
    for (const path of ['/nothing', '/dashboard/nothing', '/settings/account/more', '/dashboard/', '/v2/keys']) {
      const page = await open(path);
      expect([path, page.status, page.text.includes('the app')]).toEqual([path, 404, true]);
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(policyOf(page.headers)['frame-ancestors']).toEqual(["'none'"]);
      expect((await served.call('GET', path)).body.code).toBe('not_found');
      expect((await served.call('POST', path, {}, { accept: 'text/html' })).body.code).toBe('not_found');
    }
  });

  it('takes no other method', async () => {
    const reply = await served.call('POST', '/sign-in', {});
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('leaves `/` to programs as it was', async () => {
    expect((await served.call('GET', '/')).body.name).toBe('latchkey');
  });
});

describe('the list of pages', () => {
  it('is the list of routes in the app', () => {
    const source = readFileSync(new URL('../../../dashboard/src/app/router.tsx', import.meta.url), 'utf8');
    const routes = [...source.matchAll(/(?:page|open)\('([^']+)'|path: '([^']+)'/g)].map(
      ([, page, path]) => page ?? path,
    );
    expect(routes.map((path) => path?.replace('$', ':')).sort()).toEqual(['/', ...PAGES].sort());
  });
});

describe('a file of the build', () => {
  it('is kept for a year when its name changes with its content, and asked for again when not', async () => {
    const script = await open('/assets/main-AbCd1234.js', { 'accept-encoding': 'identity' });
    expect(script.text).toBe(SCRIPT);
    expect(script.headers.get('content-type')).toMatch(/javascript/);
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(script.headers.get('vary')).toMatch(/accept-encoding/i);
    expect((await open('/assets/icon.svg')).headers.get('cache-control')).toBe('public, max-age=0');
  });

  it.each(['br', 'gzip'])('goes out as %s to who takes that', async (encoding) => {
    const reply = await open('/assets/main-AbCd1234.js', { 'accept-encoding': encoding });
    expect([reply.headers.get('content-encoding'), reply.text]).toEqual([encoding, SCRIPT]);
  });

  it.each(['bytes=0-3', 'bytes=99999999-', 'bytes=0-1,3-4', 'bytes=-0', 'lines=1-2'])(
    'goes out whole, asked for %s',
    async (range) => {
      const reply = await open('/assets/main-AbCd1234.js', { range, 'accept-encoding': 'identity' });
      expect([reply.status, reply.text]).toEqual([200, SCRIPT]);
    },
  );

  it.each([
    '/assets/nothing.js',
    '/assets/..%2fsecret.txt',
    '/assets/..%2f..%2fdashboard.js',
    '/assets/%2e%2e%2fsecret.txt',
    '/assets/main-AbCd1234.js.br',
    '/assets/',
    '/assets',
    '/assets/.',
  ])('is none of %s', async (path) => {
    const reply = await served.call('GET', path);
    expect(reply.body.code).toBe('not_found');
    expect(reply.text).not.toContain('outside');
  });
});

describe('without a build', () => {
  it('the pages say what to do, and everything else works', async () => {
    const plain = await serve({ parts: { dashboardFolder: join(folder, 'gone') } });
    const page = await plain.call('GET', '/dashboard/usage', undefined, AS_BROWSER);
    const missing = await plain.call('GET', '/assets/main-AbCd1234.js');
    const health = await plain.call('GET', '/healthz');
    await plain.close();
    expect(page.text).toContain('node scripts/build.mjs');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect([page.status, missing.status, health.status]).toEqual([200, 404, 200]);
  });
});
