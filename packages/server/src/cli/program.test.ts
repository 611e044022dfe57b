// The command line itself: words, help, misuse, exit codes, and that what was typed is not repeated when it may be a secret.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LatchkeyError } from '@latchkey/core';
import type { Command } from 'commander';
import { afterEach, describe, expect, it } from 'vitest';
import { textRedactor } from '../telemetry/redact.js';
import type { Local } from './local.js';
import { buildProgram, runCommand } from './program.js';

const SECRET = `sk_live_${'a1B2c3D4'.repeat(5)}abcdef`;
const ROOT = `lk_root_${'r'.repeat(40)}`;

interface Said {
  code: number;
  out: string;
  err: string;
}

/** What main provides, as far as a test needs it; every call is noted. */
function provided(calls: unknown[][], answers: Partial<Local>): Local {
  const members = new Proxy(answers as Record<string, unknown>, {
    get: (all, name: string) => {
      const answer = all[name];
      return (...args: unknown[]) => {
        calls.push([name, ...args]);
        return typeof answer === 'function' ? answer(...args) : answer;
      };
    },
  });
  return members as unknown as Local;
}

async function type(
  argv: readonly string[],
  answers: Partial<Local> = {},
  more: { env?: Record<string, string>; input?: string; calls?: unknown[][]; isTerminal?: boolean } = {},
): Promise<Said> {
  const said = { out: '', err: '' };
  const code = await runCommand(argv, '1.2.3', provided(more.calls ?? [], answers), {
    out: (text) => {
      said.out += `${text}\n`;
    },
    err: (text) => {
      said.err += `${text}\n`;
    },
    redact: textRedactor(),
    env: more.env ?? {},
    cwd: process.cwd(),
    isTerminal: more.isTerminal ?? false,
    readInput: async () => more.input ?? '',
  });
  return { code, ...said };
}

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
const program = buildProgram('1.2.3', provided([], {}), async () => {}, false);
const wordsOf = (command: Command): string[] =>
  command.parent === null ? [] : [...wordsOf(command.parent), command.name()];
const commands = all(program).map(wordsOf);
const groups = all(program)
  .filter(({ commands: children }) => children.length > 0)
  .map(wordsOf);

describe('help', () => {
  it.each(commands)('of `latchkey %s %s` is on standard output and exits 0', async (...words) => {
    const argv = words.filter((word) => word !== undefined);
    const { code, out, err } = await type([...argv, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: ${['latchkey', ...argv].join(' ')}`);
    expect(out).toMatch(/^[\x20-\x7e\n’…“”äöü]*$/);
  });

  it('names every command and the exit codes', async () => {
    const { out } = await type(['--help']);
    for (const word of [
      ...['serve', 'init', 'dev', 'migrate', 'keys', 'explain', 'organizations', 'projects', 'root-keys', 'profile'],
      ...['docs', 'pepper', 'master-key', 'backup', 'restore', 'doctor'],
    ])
      expect(out).toMatch(new RegExp(`^ {2}${word}\\b`, 'm'));
    expect(out).toContain('Exit codes: 0 done, 1 refused or failed, 2 misused.');
  });

  it('never shows a setting that is a secret', async () => {
    for (const words of commands) {
      const { out } = await type(
        [...words, '--help'],
        {},
        { env: { LATCHKEY_ROOT_KEY: ROOT, LATCHKEY_PEPPER: SECRET } },
      );
      expect(out).not.toMatch(/lk_root_|sk_live_/);
    }
  });

  it('offers no option that would put a secret on the command line', () => {
    const options = all(program).flatMap((command) => command.options.map(({ long }) => long));
    expect(options.filter((option) => /secret|pepper|master|root-key|token|password/.test(option ?? ''))).toEqual([]);
  });

  it('of the version exits 0', async () => {
    expect(await type(['--version'])).toEqual({ code: 0, out: '1.2.3\n', err: '' });
  });
});

describe('misuse exits 2 with the reason on standard error and nothing on standard output', () => {
  const cases: [string[], RegExp][] = [
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['srve'], /Did you mean serve\?/],
    [['keys', 'frobnicate'], /unknown command 'frobnicate'/],
    [['serve', '--frobnicate'], /unknown option '--frobnicate'/],
    [['serve', 'extra'], /too many arguments/],
    [['serve', '--port'], /argument missing/],
    [['keys', 'create', '--name', 'x'], /required option '--project <id>'/],
    [['keys', 'create', '--project', 'proj_1'], /required option '--name <name>'/],
    [['keys', 'list', '--project', 'proj_1', '--limit', 'x'], /whole number from 1 to 100/],
    [['keys', 'list', '--project', 'proj_1', '--limit', ''], /whole number/],
    [['keys', 'list', '--project', 'proj_1', '--limit', '0'], /whole number from 1 to 100/],
    [['keys', 'list', '--project', 'proj_1', '--limit', '1e1'], /whole number/],
    [['keys', 'list', '--project', 'key_1'], /starts with proj_/],
    [['keys', 'create', '--project', 'proj_1', '--name', 'x', '--per-minute', '-1'], /whole number/],
    [['keys', 'create', '--project', 'proj_1', '--name', 'x', '--per-day', '1.5'], /whole number/],
    [['keys', 'rotate', 'key_1', '--grace-period-seconds', 'soon'], /whole number/],
    [['keys', 'show'], /missing required argument 'keyId'/],
    [['keys', 'show', 'nonsense'], /starts with key_/],
    [['keys', 'show', 'key_1', '--url', 'localhost:4000'], /must be http:\/\/host:port/],
    [['keys', 'create', '--project', 'proj_1', '--name', 'x', '--credits', '-1'], /whole number/],
    [['keys', 'create', '--project', 'proj_1', '--name', 'x', '--credits', '1', '--refill', '5/week'], /500\/month:31/],
    [['keys', 'create', '--project', 'proj_1', '--name', 'x', '--refill', '5/day'], /--refill needs --credits/],
    [['credits', 'set', 'key_1', '--refill', '5/day:3'], /500\/month:31/],
    [['credits', 'set', 'key_1', '--refill', '0/day'], /500\/month:31/],
    [['credits', 'add', 'key_1', '1.5'], /whole number/],
    [['credits', 'show', 'proj_1'], /starts with key_/],
    [['projects', 'create', '--organization', 'x', '--name', 'y'], /starts with org_/],
    [['tiers', 'create'], /required option '--name <name>'/],
    [['tiers', 'create', '--name', 'x', '--per-minute', 'lots'], /whole number/],
    [['tiers', 'create', '--name', 'x', '--concurrent', 'custom'], /whole number/],
    [['tiers', 'update', 'free', '--metered', 'maybe'], /must be yes or no/],
    [['tiers', 'preview'], /missing required argument 'tier'/],
    [['keys', 'denials', 'nonsense'], /starts with key_/],
    [['keys', 'denials', 'key_1', '--request-id', 'nonsense'], /starts with req_/],
    [['explain'], /missing required argument 'words'/],
    [['explain', 'GET', '/', '--key', 'proj_1'], /starts with key_/],
    [['backup'], /missing required argument 'file'/],
    [['restore'], /missing required argument 'file'/],
    [['pepper', 'drop'], /missing required argument 'id'/],
    [['profile', 'show'], /missing required argument 'profile'/],
  ];

  it.each(cases)('%j', async (argv, reason) => {
    const calls: unknown[][] = [];
    const { code, out, err } = await type(argv, {}, { calls });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(reason);
    expect(calls).toEqual([]);
  });

  it.each(cases)('%j --json: as one JSON document', async (argv, reason) => {
    const { code, out, err } = await type([...argv, '--json']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(JSON.parse(err)).toEqual({ error: { code: 'misused', message: expect.stringMatching(reason) } });
  });

  it.each(groups)('a command that is missing, with the help: latchkey %s', async (...words) => {
    const argv = words.filter((word) => word !== undefined);
    const { code, out, err } = await type(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage: latchkey');
    expect(JSON.parse((await type([...argv, '--json'])).err).error.code).toBe('misused');
  });

  it('a setting that main refuses as given on the command line', async () => {
    const doctor = async (): Promise<never> => {
      throw new LatchkeyError('invalid_request', '--port must be a number');
    };
    expect((await type(['doctor'], { doctor })).code).toBe(2);
  });
});

describe('what was typed is not repeated when it looks like a secret', () => {
  it.each([
    [[SECRET]],
    [['keys', SECRET]],
    [['keys', 'show', SECRET]],
    [['keys', 'rotate', SECRET]],
    [['keys', 'revoke', SECRET]],
    [['keys', 'list', '--project', SECRET]],
    [['keys', 'list', `--${SECRET}`]],
    [['serve', SECRET]],
    [['serve', '--root-key', ROOT]],
    [['explain', SECRET, 'GET', '/v1/me']],
    [['explain', 'GET', SECRET]],
    [['explain', SECRET, '-', 'GET', '/v1/me']],
    [['keys', 'show', 'key_1', '--url', `http://user:${SECRET}@host`]],
  ])('%#', async (argv) => {
    for (const args of [argv, [...argv, '--json']]) {
      const { code, out, err } = await type(args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).not.toMatch(/a1B2c3D4|rrrr/);
      expect(err).not.toBe('');
    }
  });

  it('nor when an error repeats it', async () => {
    const migrate = async (): Promise<never> => {
      throw new Error(`cannot open /data/${SECRET}`);
    };
    for (const args of [['migrate'], ['migrate', '--json']]) {
      const { code, err } = await type(args, { migrate }, { env: { LATCHKEY_LOG_LEVEL: 'debug' } });
      expect(code).toBe(1);
      expect(err).toContain('internal_error');
      expect(err).not.toContain('a1B2c3D4');
    }
  });
});

describe('a result', () => {
  const findings = [
    { check: 'node', good: true, detail: 'fine' },
    { check: 'database', good: false, detail: 'damaged' },
  ];

  it('is lines without colours, or one JSON document', async () => {
    const ringStatus = async () => [{ id: 'abc', current: true, needed: 3 }];
    const plain = await type(['pepper', 'status'], { ringStatus });
    expect(plain).toEqual({ code: 0, out: 'ID   CURRENT  NEEDED BY\nabc  yes      3\n', err: '' });
    const json = await type(['pepper', 'status', '--json'], { ringStatus });
    expect(JSON.parse(json.out)).toEqual([{ id: 'abc', current: true, needed: 3 }]);
    expect(json.err).toBe('');
  });

  it('that is not good exits 1 and is still printed whole', async () => {
    const doctor = async () => findings;
    expect(await type(['doctor'], { doctor })).toMatchObject({
      code: 1,
      out: expect.stringContaining('BAD  database'),
    });
    expect(JSON.parse((await type(['doctor', '--json'], { doctor })).out)).toEqual({ good: false, findings });
    expect((await type(['doctor'], { doctor: async () => findings.slice(0, 1) })).code).toBe(0);
  });

  it('that is a refusal exits 1 with code, reason and fix on standard error', async () => {
    const backup = async (): Promise<never> => {
      throw new LatchkeyError('data_dir_in_use', 'Another process serves /x: stop it.');
    };
    expect(await type(['backup', 'f'], { backup })).toEqual({
      code: 1,
      out: '',
      err: 'latchkey: data_dir_in_use: Another process serves /x: stop it.\n',
    });
    expect(JSON.parse((await type(['backup', 'f', '--json'], { backup })).err)).toEqual({
      error: { code: 'data_dir_in_use', message: 'Another process serves /x: stop it.' },
    });
  });

  it('hands flags on under the names of settings', async () => {
    const calls: unknown[][] = [];
    await type(['serve', '--gateway-port', '1', '--data-dir', 'd', '--trusted-proxies', '::1'], {}, { calls });
    expect(calls).toEqual([['serve', { gatewayPort: '1', dataDir: 'd', trustedProxies: '::1' }, false]]);
    calls.length = 0;
    const createRootKey = async () => ({ id: 'root_1', secret: 's' });
    await type(['root-keys', 'create', '--permissions', 'keys.read, keys.create'], { createRootKey }, { calls });
    expect(calls[0]?.[1]).toMatchObject({ permissions: ['keys.read', 'keys.create'] });
  });
});

describe('a command that asks a server', () => {
  let server: Server | null = null;
  afterEach(() => void server?.close());

  async function answering(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
    server = createServer((_, res) => res.writeHead(status, headers).end(body)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const show = (url: string, env: Record<string, string> = { LATCHKEY_ROOT_KEY: ROOT }): Promise<Said> =>
    type(['keys', 'show', 'key_1', '--url', url, '--json'], {}, { env });
  const errorOf = ({ code, out, err }: Said) => {
    expect({ code, out }).toEqual({ code: 1, out: '' });
    return JSON.parse(err).error as { code: string; message: string; problem?: unknown };
  };

  it('says what is missing without a root key, with two, and with one that is none', async () => {
    expect(errorOf(await show('http://127.0.0.1:9', {})).message).toMatch(/set LATCHKEY_ROOT_KEY/);
    const both = { LATCHKEY_ROOT_KEY: ROOT, LATCHKEY_ROOT_KEY_FILE: 'x' };
    expect(errorOf(await show('http://127.0.0.1:9', both)).message).toMatch(/both set\. Keep one/);
    expect(errorOf(await show('http://127.0.0.1:9', { LATCHKEY_ROOT_KEY_FILE: '/nowhere' })).message).toMatch(
      /cannot be read/,
    );
    expect(errorOf(await show('http://127.0.0.1:9', { LATCHKEY_ROOT_KEY: 'ключ with spaces' })).message).toMatch(
      /copy the whole key/,
    );
  });

  it('says so when nobody answers there', async () => {
    expect(errorOf(await show('http://127.0.0.1:9'))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('No server answers at http://127.0.0.1:9'),
    });
  });

  it.each([
    [200, '<html>hello</html>'],
    [200, '{"status":"fine"}'],
    [404, 'not found'],
    [502, ''],
    [301, ''],
  ])('says so when something else answers there: %i %j', async (status, body) => {
    const url = await answering(status, body, status === 301 ? { location: 'http://127.0.0.1:9/elsewhere' } : {});
    expect(errorOf(await show(url))).toMatchObject({
      message: expect.stringContaining('is no Latchkey control plane'),
    });
  });

  it("passes on the server's own words", async () => {
    const problem = { code: 'not_found', detail: 'There is no such key.', status: 404 };
    expect(errorOf(await show(await answering(404, JSON.stringify(problem), { 'x-request-id': 'req_1' })))).toEqual({
      code: 'not_found',
      message: 'There is no such key.',
      problem,
    });
  });

  it('explains with signs for a person and with words for a script, and exits 1 for what would be refused', async () => {
    const check = { rule: {}, fact: {}, required: null };
    const explanation = {
      valid: false,
      reason: 'insufficient_permission',
      key: { id: 'key_1', name: 'web', mode: 'live', state: 'active' },
      tier: 'pro',
      viewedAs: 'pro',
      route: { method: 'GET', path: '/v1/**', auth: 'key', permission: 'read', tier: null },
      cost: { requests: 1, credits: 0 },
      gatedFields: ['email'],
      checks: [
        { ...check, name: 'mode', outcome: 'passed', reason: null, text: 'Fine.' },
        { ...check, name: 'ip', outcome: 'not_applicable', reason: null, text: 'None.' },
        { ...check, name: 'permission', outcome: 'failed', reason: 'insufficient_permission', text: 'It lacks read.' },
      ],
    };
    const url = await answering(200, JSON.stringify(explanation), { 'x-request-id': 'req_1' });
    const head = [
      'refused: insufficient_permission',
      'key    key_1  web, live, active',
      'tier   pro (as asked; not its own)',
      'route  GET /v1/**: needs read, costs 1 request',
      'hidden email',
      '',
    ];
    const ask = (isTerminal: boolean) =>
      type(
        ['explain', 'GET', '/v1/x', '--key', 'key_1', '--url', url],
        {},
        { env: { LATCHKEY_ROOT_KEY: ROOT }, isTerminal },
      );
    expect(await ask(true)).toEqual({
      code: 1,
      out: [...head, '✓ mode        Fine.', '· ip          None.', '✗ permission  It lacks read.', ''].join('\n'),
      err: '',
    });
    expect((await ask(false)).out.split('\n').slice(6)).toEqual([
      'passed         mode        Fine.',
      'not applicable ip          None.',
      'failed         permission  It lacks read.',
      '',
    ]);
  });

  it.each([
    ['-', {}, SECRET, SECRET],
    [null, {}, ` ${SECRET}\n`, SECRET],
    ['MY_KEY', { MY_KEY: SECRET }, 'unread', SECRET],
    ['MY_KEY', {}, SECRET, null],
    ['-', {}, '', null],
    ['-', {}, `${SECRET}\n${SECRET}`, null],
  ] as const)('explains the secret of %s with %j and %j on standard input', async (source, env, input, sent) => {
    const bodies: string[] = [];
    server = createServer((req, res) => {
      req.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
      req.on('end', () => res.writeHead(404, { 'x-request-id': 'req_1' }).end('{"code":"not_found","detail":"x"}'));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const argv = ['explain', ...(source === null ? [] : [source]), 'GET', '/v1/me', '--ip', '::1', '--url', url];
    const said = await type(argv, {}, { env: { LATCHKEY_ROOT_KEY: ROOT, ...env }, input });
    expect(said.code).toBe(sent === null ? 2 : 1);
    expect(said.err).not.toContain('a1B2c3D4');
    expect(bodies.map((text) => JSON.parse(text))).toEqual(
      sent === null ? [] : [{ secret: sent, request: { method: 'GET', path: '/v1/me', ip: '::1' } }],
    );
  });

  it.each([[`{"secret":"${SECRET}"`], [`{"name":"x"}\n\n["${SECRET}"]`], [SECRET], ['']])(
    'imports nothing when a line is no object, and does not quote it: %#',
    async (input) => {
      const env = { LATCHKEY_ROOT_KEY: ROOT };
      const said = await type(
        ['keys', 'import', '--project', 'proj_1', '--url', 'http://127.0.0.1:9'],
        {},
        { env, input },
      );
      expect({ code: said.code, out: said.out }).toEqual({ code: 1, out: '' });
      expect(said.err).toMatch(
        input === '' ? /input is empty/ : /Line \d of the input is no JSON object; nothing was imported/,
      );
      expect(said.err).not.toContain('a1B2c3D4');
    },
  );
});
