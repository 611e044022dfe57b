// The command as a process: what a person and a script see of each command, what a start refuses, and how a server stops.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../e2e/client.js';
import { COMMAND, type LatchkeyProcess, REPOSITORY, startLatchkey } from '../e2e/server.js';
import { keepKey, keepSecret, testDir } from '../secrecy/test-root.js';
import {
  bareEnvironment,
  type Ended,
  firstProject,
  installation,
  latchkey,
  type Made,
  makeKey,
  makeKeys,
  until,
  type Verification,
  verify,
} from './command.js';

const good = (ended: Ended): Ended => {
  expect({ code: ended.code, err: ended.err }).toEqual({ code: 0, err: expect.any(String) });
  expect(ended.out).not.toContain('\u001b');
  return ended;
};
const refused = (ended: Ended, reason: RegExp): Ended => {
  expect({ code: ended.code, out: ended.out }).toEqual({ code: 1, out: '' });
  expect(ended.err).toMatch(/^latchkey: [a-z_]+: [^\n]+\n$/);
  expect(ended.err).toMatch(reason);
  return ended;
};

const gone = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) =>
    child.exitCode === null ? child.once('exit', (code) => resolve(code)) : resolve(child.exitCode),
  );

describe('commands against a running server', () => {
  const place = installation('cli');
  let server: LatchkeyProcess;
  let env: Record<string, string>;
  const ask = (...args: string[]): Promise<Ended> => latchkey([...args, '--url', server.controlPlane], { env });
  /** The JSON of a command; its plain form is tried beside it. */
  const askJson = async (...args: string[]) => good(await ask(...args, '--json')).json;

  beforeAll(async () => {
    server = await place.serve();
    writeFileSync(join(place.dir, 'root-key'), `${server.rootKey}\n`, { mode: 0o600 });
    env = { LATCHKEY_ROOT_KEY_FILE: join(place.dir, 'root-key') };
  });
  afterAll(() => server.dispose());

  it('lead from nothing to a key that verifies, is rotated and revoked', async () => {
    const organization = await askJson('organizations', 'create', '--name', 'Customer');
    const project = await askJson('projects', 'create', '--organization', organization.id, '--name', 'Shop');
    const [organizations, projects] = await Promise.all([
      ask('organizations', 'list'),
      ask('projects', 'list', '--organization', organization.id),
    ]);
    expect(good(organizations).out).toMatch(new RegExp(`^ID +SUSPENDED +NAME\n${organization.id} +no +Customer\n$`));
    expect(good(projects).out).toContain(project.id);

    const made = await askJson('keys', 'create', '--project', project.id, '--name', 'first', '--per-minute', '7');
    keepKey(made.secret);
    expect(made.key.limits).toEqual({ perMinute: 7 });
    const plain = good(await ask('keys', 'create', '--project', project.id, '--name', 'second'));
    const shown = plain.out
      .split('\n')
      .find((line) => line.startsWith('  '))
      ?.trim() as string;
    keepKey(shown);
    expect((await verify(server, shown)).valid).toBe(true);

    const list = good(await ask('keys', 'list', '--project', project.id));
    expect(list.out.trimEnd().split('\n')).toHaveLength(3);
    const firstPage = await askJson('keys', 'list', '--project', project.id, '--limit', '1');
    const secondPage = await askJson('keys', 'list', '--project', project.id, '--cursor', firstPage.nextCursor);
    expect([...firstPage.data, ...secondPage.data].map(({ name }) => name)).toEqual(['second', 'first']);
    expect(good(await ask('keys', 'show', made.key.id)).out).toMatch(/^state +active$/m);

    const rotated = await askJson('keys', 'rotate', made.key.id, '--grace-period-seconds', '0');
    keepKey(rotated.secret);
    expect((await verify(server, made.secret)).reason).toBe('rotated_key');
    expect((await verify(server, rotated.secret)).valid).toBe(true);
    const revoked = good(await ask('keys', 'revoke', rotated.key.id, '--reason', 'left'));
    expect(revoked.out).toMatch(/revoked at .*; 1 of 1 nodes confirmed in \d+ ms/);
    expect((await verify(server, rotated.secret)).reason).toBe('revoked_key');
    for (const output of [list, revoked, organizations, projects]) expect(output.out).not.toContain(shown.slice(8, 30));
  });

  it('give a key credits, show and change them, and list what became of them', async () => {
    const organization = await askJson('organizations', 'create', '--name', 'Spending');
    const project = await askJson('projects', 'create', '--organization', organization.id, '--name', 'P');
    const made = await askJson(
      ...['keys', 'create', '--project', project.id, '--name', 'paid', '--credits', '5', '--refill', '9/month:31'],
    );
    const keyId = made.key.id;
    const refill = { amount: 9, every: 'month', dayOfMonth: 31 };
    expect(await askJson('credits', 'show', keyId)).toEqual({ balance: 5, refill });
    expect(await askJson('credits', 'add', keyId, '10')).toEqual({ balance: 15, refill });
    expect(await askJson('credits', 'add', keyId, '-3')).toEqual({ balance: 12, refill });
    expect(await askJson('credits', 'set', keyId, '--no-refill', '--balance', '2')).toEqual({
      balance: 2,
      refill: null,
    });
    const below = await ask('credits', 'add', keyId, '-3');
    expect(below).toMatchObject({ code: 1, err: expect.stringContaining('credits_out_of_range') });
    const ledger = good(await ask('credits', 'ledger', keyId));
    expect(
      ledger.out.split('\n').map((line) => line.split(/\s+/).filter((_, at) => [0, 2, 3, 4].includes(at))),
    ).toEqual([
      ['#', 'KIND', 'AMOUNT', 'BALANCE'],
      ['4', 'set', '-10', '2'],
      ['3', 'grant', '-3', '12'],
      ['2', 'grant', '10', '15'],
      ['1', 'grant', '5', '5'],
      [''],
    ]);
    expect(await askJson('credits', 'set', keyId, '--unbounded')).toBeNull();
    expect(good(await ask('credits', 'show', keyId)).out).toContain('not bounded');
  });

  it('say why a key is refused, and list what it was refused before', async () => {
    const [made] = (await makeKeys(server, await firstProject(server), 1)) as [Made];
    keepKey(made.secret);
    const explain = (words: string[], options: { env?: Record<string, string>; input?: string } = {}) =>
      latchkey(['explain', ...words, '--url', server.controlPlane], { ...options, env: { ...env, ...options.env } });
    const passing = good(await explain(['-', 'GET', '/v1/payments'], { input: `${made.secret}\n` }));
    expect(passing.out).toMatch(/^allowed\n/);
    await server.ask('POST', `/v1/keys/${made.key.id}/disable`);
    const refusedFor = await explain(['THE_KEY', 'GET', '/v1/payments', '--json'], { env: { THE_KEY: made.secret } });
    expect({ code: refusedFor.code, err: refusedFor.err }).toEqual({ code: 1, err: '' });
    expect(refusedFor.json).toMatchObject({ valid: false, reason: 'disabled_key', key: { id: made.key.id } });
    const byId = await explain(['GET', '/v1/payments', '--key', made.key.id]);
    expect(byId.out).toMatch(/^refused: disabled_key\n[\s\S]*\nfailed +disabled +The key is disabled since /);
    expect(
      good(await ask('keys', 'denials', made.key.id))
        .out.trimEnd()
        .split('\n'),
    ).toHaveLength(1);
    const reply = await send(server.gateway, { path: '/v1/payments', headers: { 'x-api-key': made.secret } });
    const id = String(reply.headers['x-request-id']);
    const denials = good(await ask('keys', 'denials', made.key.id, '--request-id', id));
    expect(denials.out).toMatch(new RegExp(`disabled_key +GET /v1/payments +127\\.0\\.0\\.1 .*${id}`));
    for (const { out } of [passing, refusedFor, byId, denials]) expect(out).not.toContain(made.secret.slice(8, 30));
  });

  it('pass on what the server refuses, and exit 1', async () => {
    refused(await ask('keys', 'show', 'key_nothing'), /not_found: There is no such key/);
    refused(
      await latchkey(['organizations', 'list', '--url', server.controlPlane], {
        env: { LATCHKEY_ROOT_KEY: `lk_root_${'x'.repeat(40)}` },
      }),
      /unauthenticated/,
    );
  });

  it('make root keys beside the server, with known permissions only', async () => {
    const { secret } = good(
      await place.local('root-keys', 'create', '--permissions', 'organizations.read', '--json'),
    ).json;
    keepSecret(secret);
    const bearer = { authorization: `Bearer ${secret}` };
    expect((await send(server.controlPlane, { path: '/v1/organizations', headers: bearer })).status).toBe(200);
    expect((await send(server.controlPlane, { path: '/v1/root-keys', headers: bearer })).status).toBe(403);
    const odd = await place.local('root-keys', 'create', '--permissions', 'no such thing');
    expect({ code: odd.code, out: odd.out }).toEqual({ code: 2, out: '' });
  });

  it('that need the data directory alone are refused while it is served', async () => {
    refused(await place.local('migrate'), /data_dir_in_use: Another process serves .*: stop it/);
    const file = join(place.dir, 'b');
    good(await place.local('backup', file));
    refused(await place.local('restore', file, '--force'), /data_dir_in_use/);
  });

  it('close a pipe early without a word', async () => {
    const child = spawn(process.execPath, [COMMAND, 'profile', 'show', 'swaypi'], { env: bareEnvironment() });
    let err = '';
    child.stderr.on('data', (text) => {
      err += text;
    });
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});

describe('commands that need no server', () => {
  it('`npx latchkey` runs from a clone', async () => {
    const { stdout } = await promisify(execFile)('npx', ['--no-install', 'latchkey', '--version'], {
      cwd: REPOSITORY,
      env: bareEnvironment(),
    });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each(['json', 'mjs'])('`init --format %s` writes a config file that the other commands read', async (format) => {
    const cwd = testDir('init');
    const { file, schema } = good(
      await latchkey(['init', '--format', format, '--profile', 'suward', '--json'], { cwd }),
    ).json;
    expect(file).toBe(join(cwd, `latchkey.config.${format}`));
    expect(JSON.parse(readFileSync(schema, 'utf8')).properties.gatewayPort).toBeDefined();
    refused(await latchkey(['init', '--format', format], { cwd }), /is there already: add --force/);
    refused(await latchkey(['init', '--format', format === 'json' ? 'mjs' : 'json'], { cwd }), /remove it first/);
    const secrets = { LATCHKEY_PEPPER: makeKey(), LATCHKEY_MASTER_KEY: makeKey() };
    keepSecret(...Object.values(secrets));
    good(await latchkey(['migrate'], { cwd, env: secrets }));
    expect(existsSync(join(cwd, 'data/latchkey.sqlite'))).toBe(true);
    const findings = (await latchkey(['doctor', '--json'], { cwd, env: secrets })).json.findings as {
      check: string;
      detail: string;
    }[];
    expect(findings.find(({ check }) => check === 'profile')?.detail).toBe('suward');
  });

  it('judge and show profiles', async () => {
    const [list, check, show, bad] = await Promise.all([
      latchkey(['profile', 'list', '--json']),
      latchkey(['profile', 'check']),
      latchkey(['profile', 'show', 'swaypi']),
      latchkey(['profile', 'check', 'swaypi', 'nonsense', '--json']),
    ]);
    expect(list.json).toEqual(['accounts', 'aifaceswap', 'suward', 'swaypi', 'textgen']);
    expect(
      good(check)
        .out.split('\n')
        .filter((line) => line.startsWith('ok ')),
    ).toHaveLength(5);
    expect(JSON.parse(good(show).out).name).toBe('swaypi');
    expect(bad.code).toBe(1);
    expect(bad.json).toMatchObject([
      { good: true },
      { good: false, problem: expect.stringContaining('no profile nonsense') },
    ]);
    refused(await latchkey(['profile', 'show', 'nonsense']), /There is no profile nonsense\. Shipped are accounts/);
  });
});

describe('a start is refused with the fix', () => {
  it('without pepper, master key, or with a root key that is too short', async () => {
    const cwd = testDir('refused');
    const [pepper, masterKey] = [makeKey(), makeKey()];
    keepSecret(pepper, masterKey);
    const both = { LATCHKEY_PEPPER: pepper, LATCHKEY_MASTER_KEY: masterKey };
    const cases: [Record<string, string>, RegExp][] = [
      [{}, /LATCHKEY_PEPPER is not set\. Make one with `openssl rand -base64 32`/],
      [{ LATCHKEY_PEPPER: pepper }, /LATCHKEY_MASTER_KEY is not set/],
      [{ ...both, LATCHKEY_PEPPER: 'c2hvcnQ=' }, /LATCHKEY_PEPPER is too short.*at least 32/],
      [{ ...both, LATCHKEY_ROOT_KEY: 'x'.repeat(31) }, /LATCHKEY_ROOT_KEY must have at least 32 characters/],
      [{ ...both, DATABASE_URL: 'mysql://u:w@h/d' }, /DATABASE_URL must start with postgres:/],
      [{ ...both, REDIS_URL: 'http://h' }, /REDIS_URL must start with redis:/],
      [{ ...both, LATCHKEY_PORT: 'x' }, /LATCHKEY_PORT must be a whole number/],
      [
        { ...both, LATCHKEY_HOST: '203.0.113.9', LATCHKEY_PORT: '0' },
        /203\.0\.113\.9 is no address of this machine: set LATCHKEY_HOST/,
      ],
      [{ ...both, LATCHKEY_DATA_DIR: '/dev/null/data' }, /data directory \/dev\/null\/data cannot be written/],
      [{ ...both, LATCHKEY_LOG_FILE: '/dev/null/log' }, /log file \/dev\/null\/log cannot be written/],
      [{ ...both, LATCHKEY_PROFILE: 'nonsense' }, /There is no profile nonsense/],
    ];
    for (const [env, reason] of cases) {
      const ended = await latchkey(['serve'], { cwd, env });
      expect({ code: ended.code, err: ended.err.trimEnd().split('\n') }, String(reason)).toEqual({
        code: 1,
        err: [expect.stringMatching(reason)],
      });
      expect(ended.out).not.toContain('"started"');
    }
  });

  it('on a data directory that another process serves or that is of another profile, and on a port that is taken', async () => {
    const place = installation('taken', { profile: 'suward' });
    const server = await place.serve();
    const port = new URL(server.controlPlane).port;
    refused(
      await place.local('serve', '--port', '0', '--gateway-port', '0'),
      /data_dir_in_use: Another process serves .*: stop it, or name another/,
    );
    const other = installation('taken-too');
    refused(
      await other.local('serve', '--port', port, '--gateway-port', '0'),
      new RegExp(`Port ${port} is taken.*LATCHKEY_PORT`),
    );
    refused(
      await other.local('serve', '--port', '0', '--gateway-port', port),
      new RegExp(`Port ${port} is taken.*LATCHKEY_GATEWAY_PORT`),
    );
    refused(
      await other.local('serve', '--port', '0', '--gateway-port', '0', '--grpc-port', port),
      new RegExp(`Port ${port} is taken.*LATCHKEY_GRPC_PORT`),
    );
    expect(await server.stop()).toBe(0);
    refused(
      await place.local('serve', '--profile', 'swaypi', '--port', '0', '--gateway-port', '0'),
      /data_dir_profile_mismatch: .* belongs to the profile suward, not swaypi: set LATCHKEY_DATA_DIR/,
    );

    // The starts that failed have used up no root key: the first one that works shows it.
    const first = await other.serve();
    expect(first.rootKey).toMatch(/^lk_root_/);
    expect((await first.api('GET', '/v1/organizations')).status).toBe(200);
    await first.dispose();
  });
});

describe('`serve`', () => {
  it('shows the first root key once, on standard error and never in the log, which is one JSON object per line', async () => {
    const place = installation('root-key');
    const start = async (): Promise<Ended> => {
      const child = spawn(
        process.execPath,
        [COMMAND, 'serve', '--port', '0', '--gateway-port', '0', '--log-level', 'debug'],
        {
          env: { ...bareEnvironment(), ...place.env },
        },
      );
      const said = { out: '', err: '' };
      child.stdout.on('data', (text) => {
        said.out += text;
      });
      child.stderr.on('data', (text) => {
        said.err += text;
      });
      await until('the start is logged', () => said.out.includes('"started"'));
      const { controlPlane } = JSON.parse(said.out.split('\n').find((line) => line.includes('"started"')) as string);
      for (const path of ['/v1/organizations', '/nothing', '/v1/%00\u2028'])
        await fetch(controlPlane + path, { headers: { 'user-agent': 'a\tb' } }).catch(() => {});
      child.kill('SIGTERM');
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
      return { code, ...said, json: null };
    };
    const first = await start();
    const link = String.raw`The dashboard has no operator yet\. [^\n]+\n {2}http://localhost:\d+/invitation#([\w-]{40,})\n`;
    const shown = new RegExp(
      String.raw`^First start\. The root key, shown this once:\n {2}(lk_root_\w+)\n${link}$`,
    ).exec(first.err);
    const [, rootKey = '', token = ''] = shown ?? [];
    expect(rootKey).not.toBe('');
    keepSecret(rootKey, token);
    expect(first.code).toBe(0);
    for (const secret of [rootKey.slice(8, 40), token]) expect(first.out).not.toContain(secret);
    const second = await start();
    expect(second.code).toBe(0);
    // The key is never shown again; the link is, anew, for as long as there is no operator.
    const again = new RegExp(`^${link}$`).exec(second.err)?.[1] ?? '';
    keepSecret(again);
    expect(again).not.toBe('');
    expect(again).not.toBe(token);
    for (const line of `${first.out}${second.out}`.trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({
        level: expect.any(String),
        time: expect.any(String),
        event: expect.any(String),
      });
    writeFileSync(join(place.dir, 'latchkey.log'), first.out + second.out);
  });

  it('accepts the root key of the environment, and a changed one ends the one before', async () => {
    const place = installation('given-root-key');
    const [one, two] = ['1', '2'].map((digit) => `operators-own-${digit.repeat(32)}`) as [string, string];
    keepSecret(one, two);
    const statusOf = async (server: LatchkeyProcess, secret: string): Promise<number> =>
      (await send(server.controlPlane, { path: '/v1/organizations', headers: { authorization: `Bearer ${secret}` } }))
        .status;
    const first = await place.serve({ env: { LATCHKEY_ROOT_KEY: one } });
    expect(first.stderr()).not.toContain('rootKey');
    expect(await statusOf(first, one)).toBe(200);
    await first.stop();
    const second = await place.serve({ env: { LATCHKEY_ROOT_KEY: two } });
    expect([await statusOf(second, one), await statusOf(second, two)]).toEqual([401, 200]);
    await second.dispose();
  });
});

describe('a signal', () => {
  let upstream: Server;
  const waiting: (() => void)[] = [];
  beforeAll(async () => {
    upstream = createServer((_, res) => {
      waiting.push(() => res.end('{"done":true}'));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => upstream.once('listening', resolve));
  });
  afterAll(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  const upstreamUrl = (): string => `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

  it('under load: finishes what runs, takes nothing new, writes usage, exits 0 within the grace time', async () => {
    const place = installation('stop', { profile: 'textgen' });
    const server = await place.serve({ args: ['--upstream', upstreamUrl()] });
    const projectId = await firstProject(server);
    const limits = { perMinute: 100_000, perDay: 1_000_000 };
    const busy = await server.ask<Made>('POST', `/v1/projects/${projectId}/keys`, { name: 'busy', limits });
    const [slow] = await makeKeys(server, projectId, 1);
    const headers = { authorization: `Bearer ${slow?.secret}` };

    let allowed = 0;
    let stopping = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!stopping) {
        const answer = await server.api('POST', '/v1/keys/verify', { secret: busy.secret }).catch(() => null);
        // Nobody listens any more: that is a refusal before anything was spent.
        if (answer === null || answer.cut) return;
        expect(answer.status).toBe(200);
        if ((answer.json as Verification).valid) allowed++;
      }
    });
    waiting.length = 0;
    const running = send(server.gateway, { path: '/v1/slow', headers });
    await until('the slow request is at the upstream', () => waiting.length > 0);
    const startedAt = Date.now();
    server.child.kill('SIGTERM');
    // Without a credential, so that nobody waits for the upstream should the signal not have been heard yet.
    await until('nothing new is taken', () =>
      send(server.gateway, { path: '/v1/new', headers: { connection: 'close' } }).then(
        () => false,
        () => true,
      ),
    );
    expect(server.child.exitCode).toBe(null);
    for (const finish of waiting.splice(0)) finish();
    const answer = await running;
    expect([answer.status, answer.text]).toEqual([200, '{"done":true}']);
    expect(await gone(server.child)).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(8_000);
    stopping = true;
    await Promise.all(load);
    expect(allowed).toBeGreaterThan(10);
    expect(existsSync(`${join(place.dataDir, 'latchkey.sqlite')}-wal`)).toBe(false);

    const again = await server.restart();
    const usage = await again.ask<{ data: { outcome: string; count: number }[] }>(
      'GET',
      `/v1/usage?keyId=${busy.key.id}`,
    );
    expect(usage.data.reduce((sum, { count }) => sum + count, 0)).toBe(allowed);
    const { budgets } = await verify(again, busy.secret);
    expect(budgets.find(({ name }) => name === 'perDay')?.remaining).toBe(1_000_000 - allowed - 1);
    await again.dispose();
  });

  it('twice: ends at once although a request hangs', async () => {
    const place = installation('twice', { profile: 'textgen' });
    const server = await place.serve({ args: ['--upstream', upstreamUrl()] });
    const [made] = await makeKeys(server, await firstProject(server), 1);
    waiting.length = 0;
    const hanging = send(server.gateway, {
      path: '/v1/hangs',
      headers: { authorization: `Bearer ${made?.secret}` },
    }).catch(() => null);
    await until('the request is at the upstream', () => waiting.length > 0);
    server.child.kill('SIGTERM');
    await until('the signal is heard', () =>
      send(server.gateway, { path: '/v1/new', headers: { connection: 'close' } }).then(
        () => false,
        () => true,
      ),
    );
    // Two within half a second are one.
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(server.child.exitCode).toBe(null);
    const startedAt = Date.now();
    server.child.kill('SIGINT');
    expect(await gone(server.child)).toBe(1);
    // Not at the end of its grace time of eight seconds.
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    expect((await hanging)?.cut ?? true).toBe(true);
    await server.restart().then((again) => again.dispose());
  });

  it('that one Ctrl-C sends twice, as it does under `npm start`, is one: a clean stop', async () => {
    const server = await installation('ctrl-c').serve();
    server.child.kill('SIGINT');
    server.child.kill('SIGINT');
    expect(await gone(server.child)).toBe(0);
  });
});

describe('`dev`', () => {
  it('shows root key and keys on the first start only, and makes its key files for the owner alone', async () => {
    const cwd = testDir('dev');
    const dataDir = join(cwd, 'here');
    writeFileSync(join(cwd, 'latchkey.config.json'), JSON.stringify({ dataDir: './here', profile: 'accounts' }));
    mkdirSync(join(cwd, 'other'));
    const first = await startLatchkey({ profile: 'accounts', dataDir });
    expect(first.keys.map(({ mode }) => mode)).toEqual(['live', 'test']);
    for (const name of ['pepper', 'master-key', 'latchkey.sqlite', 'latchkey.log'])
      expect(statSync(join(dataDir, name)).mode & 0o777, name).toBe(0o600);
    expect(await first.stop()).toBe(0);
    // The config file names the directory: no flag, no environment.
    const child = spawn(process.execPath, [COMMAND, 'dev', '--port', '0', '--gateway-port', '0', '--json'], {
      cwd,
      env: bareEnvironment(),
    });
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
    });
    await until('it has started', () => out.includes('\n'));
    const greeting = JSON.parse(out);
    expect(greeting).toMatchObject({ dataDir, rootKey: null, keys: [] });
    child.kill('SIGTERM');
    expect(await gone(child)).toBe(0);
  });

  it('makes no new pepper beside a database that needs the old one, and none in the directory of another profile', async () => {
    const server = await startLatchkey({ profile: 'suward' });
    expect(await server.stop()).toBe(0);
    const env = { LATCHKEY_DATA_DIR: server.dataDir };
    refused(
      await latchkey(['dev', '--profile', 'swaypi', '--port', '0', '--gateway-port', '0'], { env }),
      /belongs to the profile suward/,
    );
    const pepper = join(server.dataDir, 'pepper');
    const text = readFileSync(pepper, 'utf8');
    keepSecret(text.trim());
    rmSync(pepper);
    refused(
      await latchkey(['dev', '--profile', 'suward', '--port', '0', '--gateway-port', '0'], { env }),
      /pepper is missing, and the database beside it needs it: put it back/,
    );
    expect(existsSync(pepper)).toBe(false);
    writeFileSync(pepper, text, { mode: 0o600 });
    await server.restart().then((again) => again.dispose());
  });
});
