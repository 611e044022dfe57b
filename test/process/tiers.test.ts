// The commands about tiers and profile editions as processes, against a served database: what people read, what scripts read, exit codes.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LatchkeyProcess, REPOSITORY } from '../e2e/server.js';
import { keepKey } from '../secrecy/test-root.js';
import { type Ended, firstProject, installation, latchkey } from './command.js';

const place = installation('tiers', { profile: 'swaypi' });
let server: LatchkeyProcess;
let env: Record<string, string>;
let key: { key: { id: string }; secret: string };

const ask = (...args: string[]): Promise<Ended> =>
  latchkey([...args, '--url', server.controlPlane], { env: { ...place.env, ...env } });
const good = (ended: Ended): Ended => {
  expect({ code: ended.code, err: ended.err }).toEqual({ code: 0, err: '' });
  return ended;
};

beforeAll(async () => {
  server = await place.serve();
  writeFileSync(join(place.dir, 'root-key'), `${server.rootKey}\n`, { mode: 0o600 });
  env = { LATCHKEY_ROOT_KEY_FILE: join(place.dir, 'root-key') };
  const projectId = await firstProject(server);
  key = await server.ask('POST', `/v1/projects/${projectId}/keys`, { name: 'shop', tier: 'builder' });
  keepKey(key.secret);
});
afterAll(() => server.dispose());

describe('`latchkey tiers`', { timeout: 60_000 }, () => {
  it('lists, makes, shows, changes and deletes', async () => {
    expect(good(await ask('tiers', 'list')).out).toMatch(
      /^RANK +NAME +PER MINUTE.*\n1 +free +60 +100 +none +10 +contact_email,audience_geo\.detail +Free\n2 +builder +600 +10000 \(not metered\)/,
    );
    const settings = ['--per-minute', '90', '--per-day', '5000', '--batch-size', '20', '--rank', '2'];
    const made = good(await ask('tiers', 'create', '--name', 'starter', ...settings, '--json')).json;
    expect(made).toMatchObject({
      name: 'starter',
      rank: 2,
      limits: { perMinute: 90, perDay: { limit: 5000, metered: true }, concurrent: null },
      gatedFields: ['contact_email', 'audience_geo.detail'],
    });
    const changed = await ask('tiers', 'update', 'starter', '--metered', 'no', '--gated-fields', 'none', '--json');
    expect(good(changed).json).toMatchObject({
      limits: { perMinute: 90, perDay: { limit: 5000, metered: false } },
      gatedFields: [],
      batchSize: 20,
    });
    expect(good(await ask('tiers', 'show', made.id)).out).toMatch(
      /^counts +\{"keys":0,"keysWithOverrides":0,"projects":0\}$/m,
    );
    expect(good(await ask('tiers', 'delete', 'starter')).out).toBe('Deleted starter.\n');
    const gone = await ask('tiers', 'show', 'starter');
    expect([gone.code, gone.err]).toEqual([
      1,
      'latchkey: not_found: There is no such tier; there are free, builder, studio, platform.\n',
    ]);
    expect((await ask('tiers', 'delete', 'builder')).err).toMatch(
      /^latchkey: tier_in_use: The builder tier is named by 1 keys/,
    );
    expect((await ask('tiers', 'update', 'free', '--metered', 'maybe')).code).toBe(2);
  });

  it('shows what a change would touch, and leaves all as it is', async () => {
    const { out } = good(await ask('tiers', 'preview', 'builder', '--per-minute', '30', '--batch-size', '5'));
    expect(out).toBe(
      [
        'Would change:',
        '  /limits/perMinute: 600 → 30',
        '  /batchSize: 50 → 5',
        '  1 keys touched, 0 with a figure of their own instead',
        '  their requests: 0 in the last 24 hours, 0 in 7 days',
        '',
        `${'KEY'.padEnd(key.key.id.length)}  ${'CHANGES'.padEnd(29)}  OVERRIDDEN  NAME`,
        `${key.key.id}  perMinute 600 → 30, batchSize  -           shop`,
        '',
      ].join('\n'),
    );
    expect(good(await ask('tiers', 'preview', 'builder', '--json')).json).toMatchObject({ changes: [], data: [] });
    expect(good(await ask('tiers', 'list', '--json')).json.data[1]).toMatchObject({ name: 'builder', batchSize: 50 });
  });
});

describe('`latchkey profile apply`', { timeout: 60_000 }, () => {
  it('says what it would do, does it, and then finds nothing to do', async () => {
    const file = join(place.dir, 'profile.json');
    const profile = JSON.parse(readFileSync(join(REPOSITORY, 'profiles/swaypi/profile.json'), 'utf8'));
    profile.title = 'Swaypi 2';
    profile.policy.tiers[1].batchSize = 60;
    writeFileSync(file, JSON.stringify(profile));

    const dry = good(await ask('profile', 'apply', file, '--dry-run'));
    expect(dry.out).toBe(
      [
        'Would change the tier builder:',
        '  /batchSize: 50 → 60',
        '  1 keys touched, 0 with a figure of their own instead',
        '  their requests: 0 in the last 24 hours, 0 in 7 days',
        'Differs from what runs, and counts once the server is started with this profile:',
        '  /title: "Swaypi" → "Swaypi 2"',
        '',
      ].join('\n'),
    );
    expect(good(await ask('tiers', 'list', '--json')).json.data[1].batchSize).toBe(50);
    expect(good(await ask('profile', 'apply', file, '--json')).json.tiers.changed[0].changes).toEqual([
      { path: '/batchSize', before: 50, after: 60, edited: false },
    ]);
    expect(good(await ask('tiers', 'list', '--json')).json.data[1].batchSize).toBe(60);
    // Without a file it is the one that is set: the edition before.
    expect(good(await ask('profile', 'apply', '--dry-run')).out).toMatch(
      /^Would change the tier builder:\n {2}\/batchSize: 60 → 50\n/,
    );

    expect((await ask('profile', 'apply', 'suward')).err).toMatch(/^latchkey: profile_mismatch: /);
    expect((await ask('profile', 'apply', join(place.dir, 'nowhere.json'))).err).toMatch(/configuration_invalid/);
  });
});
