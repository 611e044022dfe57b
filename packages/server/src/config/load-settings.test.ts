// Settings: which source wins, what is refused, and that a refusal names setting and fix and never a secret.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LatchkeyError } from '@latchkey/core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings, type SettingSources } from './load-settings.js';
import { SETTINGS, type SettingName } from './settings.js';
import { oidcOf, signInFaults } from './sign-in-settings.js';

const made: string[] = [];
let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'latchkey-settings-'));
  made.push(cwd);
});
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

const load = (sources: Partial<SettingSources>) => loadSettings({ env: {}, cwd, ...sources });
const config = (content: unknown, name = 'latchkey.config.json') =>
  writeFileSync(join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content));
const SECRET = 'Zm9yIHRlc3RzIG9ubHksIHRoaXJ0eS10d28gYnl0ZXM=';

async function refusal(sources: Partial<SettingSources>): Promise<LatchkeyError> {
  const error = await load(sources).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LatchkeyError);
  return error as LatchkeyError;
}

describe('a setting', () => {
  it('comes from the flag, else the environment, else the config file, else its default', async () => {
    expect(await load({})).toMatchObject({ port: 4000, dataDirGiven: false });
    config({ port: 1 });
    expect(await load({})).toMatchObject({ port: 1 });
    expect(await load({ env: { LATCHKEY_PORT: '2' } })).toMatchObject({ port: 2 });
    expect(await load({ env: { LATCHKEY_PORT: '2' }, flags: { port: '3' } })).toMatchObject({ port: 3 });
  });

  it('for the public URL follows the port unless it is given', async () => {
    expect(await load({})).toMatchObject({ publicUrl: 'http://localhost:4000' });
    expect(await load({ flags: { port: '4100' } })).toMatchObject({ publicUrl: 'http://localhost:4100' });
    const env = { LATCHKEY_PORT: '4100', LATCHKEY_PUBLIC_URL: 'https://keys.example.com' };
    expect(await load({ env })).toMatchObject({ publicUrl: 'https://keys.example.com' });
  });

  it('that is empty in the environment counts as absent', async () => {
    config({ port: 1 });
    expect(await load({ env: { LATCHKEY_PORT: '', LATCHKEY_PEPPER: '', LATCHKEY_DATA_DIR: '' } })).toMatchObject({
      port: 1,
      pepper: undefined,
      dataDirGiven: false,
    });
  });

  it('that is empty as a flag is refused: a shell variable was not set', async () => {
    for (const name of Object.keys(SETTINGS) as SettingName[]) {
      expect(await refusal({ flags: { [name]: '' } }), name).toMatchObject({ code: 'invalid_request' });
    }
  });

  it.each([
    ['port', 'abc'],
    ['port', '65536'],
    ['port', '-1'],
    ['port', '1e3'],
    ['port', '0x10'],
    ['port', ' 80'],
    ['gatewayPort', '80.5'],
    ['upstream', 'localhost:3000'],
    ['upstream', 'http://localhost/api'],
    ['upstream', 'http://localhost:99999'],
    ['upstream', 'ftp://localhost'],
    ['upstream', 'http://user:geheim@localhost'],
    ['publicUrl', 'https://a b'],
    ['logLevel', 'loud'],
    ['trustedProxies', '10.0.0.0/8, nonsense'],
    ['trustedProxies', '10.0.0.0/33'],
    ['trustedProxies', '10'],
  ] as const)(
    '%s is refused as %j: a misuse as a flag, a bad configuration elsewhere; both name it',
    async (name, value) => {
      const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      const misuse = await refusal({ flags: { [name]: value } });
      expect(misuse.code).toBe('invalid_request');
      expect(misuse.message).toContain(`${flag} must be `);
      const wrong = await refusal({ env: { [SETTINGS[name].env]: value } });
      expect(wrong.code).toBe('configuration_invalid');
      expect(wrong.message).toContain(`${SETTINGS[name].env} must be `);
      config({ [name]: value });
      expect(await refusal({})).toMatchObject({
        code: 'configuration_invalid',
        message: expect.stringContaining(name),
      });
    },
  );

  it.each([
    ['port', null],
    ['port', true],
    ['port', []],
    ['port', 1.5],
    ['host', 7],
    ['trustedProxies', 7],
    ['trustedProxies', ['x']],
  ])('%s is refused as %j in a config file', async (name, value) => {
    config({ [name]: value });
    expect(await refusal({})).toMatchObject({ message: expect.stringMatching(`latchkey.config.json: ${name}`) });
  });

  it('takes proxies as a list or as words', async () => {
    const trustedProxies = ['10.0.0.0/8', '::1', '192.0.2.1'];
    expect(await load({ env: { LATCHKEY_TRUSTED_PROXIES: trustedProxies.join(', ') } })).toMatchObject({
      trustedProxies,
    });
    config({ trustedProxies });
    expect(await load({})).toMatchObject({ trustedProxies });
  });
});

describe('settings of sign-in', () => {
  const good = {
    LATCHKEY_SMTP_URL: 'smtp://user:password@mail.example.com:587',
    LATCHKEY_MAIL_FROM: 'Example <no-reply@example.com>',
    LATCHKEY_OIDC_ISSUER: 'https://login.example.com/tenant',
    LATCHKEY_OIDC_CLIENT_ID: 'latchkey',
    LATCHKEY_OIDC_CLIENT_SECRET: 'a secret of the client',
  };

  it('are taken together, and the ones that another needs are missed by name', async () => {
    const settings = await load({ env: good });
    expect(signInFaults(settings)).toEqual([]);
    expect(oidcOf(settings)).toEqual({
      ...{ issuer: good.LATCHKEY_OIDC_ISSUER, clientId: 'latchkey', name: 'single sign-on' },
      clientSecret: good.LATCHKEY_OIDC_CLIENT_SECRET,
    });
    expect(oidcOf(await load({}))).toBeNull();
    expect(signInFaults(await load({}))).toEqual([]);
    for (const name of Object.keys(good).filter((one) => one !== 'LATCHKEY_SMTP_URL')) {
      const [fault] = signInFaults(await load({ env: { ...good, [name]: undefined } }));
      expect(fault).toContain(name);
      expect(fault).not.toContain('password');
    }
  });

  it('are refused where they cannot be right, without repeating a password', async () => {
    const bad: Record<string, string[]> = {
      LATCHKEY_SMTP_URL: ['mail.example.com', 'http://ada:sesame@mail.example.com', 'smtp://ada:sesame@'],
      LATCHKEY_MAIL_FROM: ['nobody', 'Eve <eve@example.com>\r\nBcc: x@example.com', 'a@b c@d'],
      LATCHKEY_OIDC_ISSUER: [
        'login.example.com',
        'http://login.example.com',
        'https://user:password@login.example.com',
      ],
      LATCHKEY_PORTAL_ORIGINS: [
        'shop.example',
        'https://shop.example/',
        'http://shop.example',
        "https://shop.example 'self'",
      ],
    };
    for (const [name, values] of Object.entries(bad)) {
      for (const value of values) {
        const error = await refusal({ env: { [name]: value } });
        expect(error.code).toBe('configuration_invalid');
        expect(error.message).toContain(name);
        expect(error.message).not.toContain(value);
      }
    }
  });

  it('name origins as a list or as words', async () => {
    const env = { LATCHKEY_PORTAL_ORIGINS: 'https://shop.example, http://localhost:3000' };
    expect((await load({ env })).portalOrigins).toEqual(['https://shop.example', 'http://localhost:3000']);
    expect((await load({})).portalOrigins).toEqual([]);
  });
});

describe('a secret', () => {
  it('is read from the file that X_FILE names, relative to the working directory, and the file is followed', async () => {
    writeFileSync(join(cwd, 'p'), `${SECRET}\n`);
    const settings = await load({ env: { LATCHKEY_PEPPER_FILE: 'p', LATCHKEY_MASTER_KEY: SECRET } });
    expect(settings).toMatchObject({ pepper: SECRET, pepperFile: join(cwd, 'p'), masterKey: SECRET });
    expect(settings.masterKeyFile).toBeUndefined();
  });

  it.each(['LATCHKEY_PEPPER', 'LATCHKEY_MASTER_KEY', 'LATCHKEY_ROOT_KEY', 'DATABASE_URL'])(
    '%s is refused when it is set both ways, and when its file cannot be read',
    async (name) => {
      writeFileSync(join(cwd, 'p'), SECRET);
      const both = await refusal({ env: { [name]: SECRET, [`${name}_FILE`]: 'p' } });
      expect(both.message).toBe(`${name} and ${name}_FILE are both set. Keep one.`);
      const lost = await refusal({ env: { [`${name}_FILE`]: 'nowhere' } });
      expect(lost.message).toBe(`${name}_FILE names nowhere, which cannot be read.`);
    },
  );

  it('in a config file is refused with its place, and not repeated', async () => {
    config({ pepper: SECRET });
    const { message } = await refusal({});
    expect(message).toContain('LATCHKEY_PEPPER_FILE');
    expect(message).not.toContain(SECRET);
  });

  it('as a root key needs 32 characters, and is not repeated', async () => {
    const { message } = await refusal({ env: { LATCHKEY_ROOT_KEY: 'x'.repeat(31) } });
    expect(message).toContain('LATCHKEY_ROOT_KEY must have at least 32 characters');
    expect(message).not.toContain('xxxx');
  });

  it.each([
    ['DATABASE_URL', 'mysql://user:geheim@host/db', /^DATABASE_URL must start with postgres:\/\//],
    ['DATABASE_URL', 'postgres://user:geheim@[host/db', /^DATABASE_URL is no address/],
    ['REDIS_URL', 'http://user:geheim@host', /^REDIS_URL must start with redis:\/\//],
    ['LATCHKEY_LIMITER_FAILURE', 'rate=geheim', /^LATCHKEY_LIMITER_FAILURE must be local, open, closed/],
  ])('%s that cannot be used stops the start, and is not repeated', async (name, value, problem) => {
    const { message, code } = await refusal({ env: { [name]: value } });
    expect(code).toBe('configuration_invalid');
    expect(message).toMatch(problem);
    expect(message).not.toContain('geheim');
  });
});

describe('a config file', () => {
  it('may be a module', async () => {
    config('export default { port: 1 + 4 };', 'latchkey.config.mjs');
    expect(await load({})).toMatchObject({ port: 5 });
  });

  it('is refused when there are two, when it cannot be read, and when a name in it is unknown', async () => {
    config('{"port": 1,}');
    expect(await refusal({})).toMatchObject({ message: expect.stringContaining('cannot be read') });
    config({ prot: 1 });
    expect(await refusal({})).toMatchObject({ message: expect.stringContaining('"prot"') });
    config('export default { port: 5 };', 'latchkey.config.mjs');
    expect(await refusal({})).toMatchObject({ message: expect.stringMatching(/both there\. Keep one/) });
    expect(await load({ file: 'latchkey.config.mjs' })).toMatchObject({ port: 5 });
    expect(await refusal({ file: 'nowhere.json' })).toMatchObject({ message: expect.stringContaining('nowhere.json') });
  });

  it('names the data directory as well as a flag does', async () => {
    config({ dataDir: './elsewhere' });
    expect(await load({})).toMatchObject({ dataDir: './elsewhere', dataDirGiven: true });
  });
});
