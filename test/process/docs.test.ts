// `latchkey docs build` as a process: what it writes from a running server, from the data beside it, and from a profile alone.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LatchkeyProcess } from '../e2e/server.js';
import { testDir } from '../secrecy/test-root.js';
import { installation, latchkey } from './command.js';

const place = installation('docs', { profile: 'swaypi' });
let server: LatchkeyProcess;
const rootKey = (): Record<string, string> => ({ LATCHKEY_ROOT_KEY: server.rootKey });
const page = (folder: string, format = 'md'): string => readFileSync(join(folder, `authentication.${format}`), 'utf8');

beforeAll(async () => {
  server = await place.serve();
  const { data } = await server.ask<{ data: { id: string; name: string }[] }>('GET', '/v1/tiers');
  const builder = data.find(({ name }) => name === 'builder');
  await server.ask('PATCH', `/v1/tiers/${builder?.id}`, { limits: { perMinute: 1234 }, title: 'Builder <b>' });
});
afterAll(() => server.dispose());

describe('the Authentication page', () => {
  it('has the limits that the running server has now, in both formats', async () => {
    const out = testDir('docs-server');
    const done = await latchkey(['docs', 'build', '--url', server.controlPlane, '--out', out, '--json'], {
      env: rootKey(),
    });
    expect({ code: done.code, err: done.err }).toEqual({ code: 0, err: '' });
    expect(done.json).toEqual({
      profile: 'swaypi',
      source: `the server at ${server.controlPlane}`,
      files: ['md', 'html'].map((format) => ({
        file: join(out, `authentication.${format}`),
        bytes: Buffer.byteLength(page(out, format)),
      })),
    });
    expect(page(out)).toContain('| Builder \\<b\\> (`builder`) | 1,234 | 10,000, not metered | 50 |');
    expect(page(out, 'html')).toContain('<td>1,234</td>');
    expect(page(out, 'html')).toContain('Builder &lt;b&gt;');
    for (const format of ['md', 'html']) expect(page(out, format)).not.toContain(server.rootKey);
  });

  it('is the same from the data directory, while the server runs', async () => {
    const [asked, read] = [testDir('docs-asked'), testDir('docs-read')];
    await latchkey(['docs', 'build', '--url', server.controlPlane, '--out', asked], { env: rootKey() });
    const done = await place.local('docs', 'build', '--out', read, '--format', 'md');
    expect({ code: done.code, err: done.err }).toEqual({ code: 0, err: '' });
    expect(done.out).toContain('latchkey.sqlite');
    expect(page(read)).toBe(page(asked));
    expect(readdirSync(read)).toEqual(['authentication.md']);
  });

  it('is that of a profile where there is nothing else, and says so', async () => {
    const cwd = testDir('docs-profile');
    const done = await latchkey(['docs', 'build', '--profile', 'textgen', '--format', 'html'], { cwd });
    expect(done.out).toContain('from the profile textgen');
    expect(page(join(cwd, 'docs-build'), 'html')).toContain('<title>Text generation: Authentication</title>');
    const away = { ...rootKey(), LATCHKEY_PUBLIC_URL: 'http://127.0.0.1:9' };
    const fallen = await latchkey(['docs', 'build', '--out', join(cwd, 'fallen')], { cwd, env: away });
    expect(fallen.code).toBe(0);
    expect(fallen.err).toBe('No server answers at http://127.0.0.1:9; this is from the profile swaypi.\n');
  });

  it('is not written when the server that was named cannot be asked', async () => {
    const out = join(testDir('docs-refused'), 'out');
    const wrong = { LATCHKEY_ROOT_KEY: `lk_root_${'x'.repeat(40)}` };
    const tries = [
      await latchkey(['docs', 'build', '--url', 'http://127.0.0.1:9', '--out', out], { env: rootKey() }),
      await latchkey(['docs', 'build', '--url', server.controlPlane, '--out', out], { env: wrong }),
      await latchkey(['docs', 'build', '--url', server.controlPlane, '--out', out]),
      await latchkey(['docs', 'build', '--data-dir', place.dataDir, '--profile', 'suward', '--out', out]),
    ];
    expect(tries.map(({ code, err }) => [code, /^latchkey: ([a-z_]+): /.exec(err)?.[1]])).toEqual([
      [1, 'unavailable'],
      [1, 'unauthenticated'],
      [1, 'configuration_invalid'],
      [1, 'data_dir_profile_mismatch'],
    ]);
    expect(existsSync(out)).toBe(false);
  });
});
