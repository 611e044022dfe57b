// `latchkey keys …` and what is needed to get there: organizations and projects, against a running server.

import { LatchkeyError } from '@latchkey/core';
import { Command } from 'commander';
import { REFILL, refillOf } from './credits-commands.js';
import { DATA, idOf, urlOption, whole, withFlags, words } from './flags.js';
import type { Local } from './local.js';
import { type Io, type Result, say, table } from './output.js';
import { connect } from './remote.js';

type Run = (work: (io: Io) => Promise<Result>) => Promise<void>;

type ImportRow = Parameters<ReturnType<typeof connect>['keys']['import']>[0]['keys'][number];
const IMPORT_BATCH = 100;

export function keysCommand(run: Run, local: Local): Command {
  const keys = new Command('keys').description('issue and look after keys on a running server');

  urlOption(keys.command('create'))
    .description('make a key; its secret is printed once')
    .requiredOption('--project <id>', 'project the key belongs to', idOf('proj'))
    .requiredOption('--name <name>', 'what the key is for')
    .option('--mode <mode>', 'live or test')
    .option('--tier <tier>', "name of a tier (default: the project's)")
    .option('--permissions <list>', 'comma-separated; absent: full access to the project', words)
    .option('--per-minute <n>', 'requests a minute, in place of the tier’s', whole(0))
    .option('--per-day <n>', 'requests a UTC day, in place of the tier’s', whole(0))
    .option('--credits <n>', 'what it may spend; absent: not bounded', whole(0))
    .option('--refill <refill>', REFILL, refillOf)
    .option('--expires-at <time>', 'RFC 3339')
    .action((options, command: Command) =>
      run(async (io) => {
        const { url, project: projectId, perMinute, perDay, credits: balance, refill, ...settings } = options;
        if (refill !== undefined && balance === undefined)
          command.error('error: --refill needs --credits: what the key starts with.');
        const credits = balance === undefined ? {} : { credits: { balance, refill } };
        const limits = perMinute === undefined && perDay === undefined ? {} : { limits: { perMinute, perDay } };
        const made = await connect(url, io).keys.create({ projectId, ...settings, ...limits, ...credits });
        return say(made, `${made.key.id}  ${made.key.name}`, '', 'The secret, shown this once:', `  ${made.secret}`);
      }),
    );

  urlOption(keys.command('list'))
    .description('list the keys of a project, newest first')
    .requiredOption('--project <id>', 'project', idOf('proj'))
    .option('--cursor <cursor>', 'continue after a page')
    .option('--limit <n>', 'rows, 1 to 100', whole(1, 100), 25)
    .action((options) =>
      run(async (io) => {
        const { url, project: projectId, limit, cursor } = options;
        const page = await connect(url, io).keys.list({ projectId, limit, cursor });
        const rows = page.data.map((key) => [
          key.id,
          `${key.prefix}…${key.hint}`,
          key.state,
          key.tier ?? '-',
          key.lastUsedAt ?? 'never',
          key.name,
        ]);
        const more = page.nextCursor ? [`more: --cursor ${page.nextCursor}`] : [];
        return say(page, ...table(['ID', 'KEY', 'STATE', 'TIER', 'LAST USED', 'NAME'], rows), ...more);
      }),
    );

  urlOption(keys.command('show'))
    .argument('<keyId>', 'id of the key', idOf('key'))
    .description('show a key')
    .action((keyId, options) =>
      run(async (io) => {
        const key = await connect(options.url, io).keys.get({ keyId });
        return say(
          key,
          ...Object.entries(key).map(
            ([name, value]) => `${name.padEnd(14)} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
          ),
        );
      }),
    );

  urlOption(keys.command('rotate'))
    .argument('<keyId>', 'id of the key', idOf('key'))
    .description('make the next generation; the old one stays for the grace period')
    .option('--grace-period-seconds <n>', "seconds the old key stays (default: the profile's)", whole(0))
    .action((keyId, options) =>
      run(async (io) => {
        const { url, gracePeriodSeconds } = options;
        const made = await connect(url, io).keys.rotate({ keyId, gracePeriodSeconds });
        return say(
          made,
          `${made.key.id}  generation ${made.key.generation}`,
          `${made.previous.id} stays until ${made.previous.graceEndsAt}`,
          '',
          'The secret, shown this once:',
          `  ${made.secret}`,
        );
      }),
    );

  urlOption(keys.command('revoke'))
    .argument('<keyId>', 'id of the key', idOf('key'))
    .description('end a key for good, at once')
    .option('--reason <text>', 'kept with the key')
    .option('--family', 'every generation')
    .action((keyId, options) =>
      run(async (io) => {
        const { url, reason, family } = options;
        const { key, propagated } = await connect(url, io).keys.revoke({ keyId, reason, family });
        return say(
          { key, propagated },
          `${key.id} revoked at ${key.revokedAt}; ${propagated.nodes} of ${propagated.of} nodes confirmed in ${propagated.ms} ms`,
        );
      }),
    );

  urlOption(keys.command('denials'))
    .argument('<keyId>', 'id of the key', idOf('key'))
    .description('list the last refused requests of a key, newest first')
    .option('--request-id <id>', 'only the request that the caller was shown this X-Request-Id for', idOf('req'))
    .option('--cursor <cursor>', 'continue after a page')
    .option('--limit <n>', 'rows, 1 to 100', whole(1, 100), 25)
    .action((keyId, options) =>
      run(async (io) => {
        const { url, requestId, limit, cursor } = options;
        const page = await connect(url, io).keys.denials({ keyId, requestId, limit, cursor });
        const rows = page.data.map((denial) => [
          denial.at,
          denial.reason,
          [denial.method, denial.path].filter(Boolean).join(' ') || '-',
          denial.ip ?? '-',
          denial.origin ?? '-',
          Object.entries(denial.required ?? {})
            .map(([name, value]) => `${name} ${value}`)
            .join(', ') || '-',
          denial.requestId ?? '-',
        ]);
        const more = page.nextCursor ? [`more: --cursor ${page.nextCursor}`] : [];
        return say(
          page,
          ...table(['AT', 'REASON', 'REQUEST', 'FROM', 'ORIGIN', 'NEEDED', 'REQUEST ID'], rows),
          ...more,
        );
      }),
    );

  urlOption(keys.command('import'))
    .description('bring keys that were made elsewhere: one JSON object per line on standard input')
    .requiredOption('--project <id>', 'project', idOf('proj'))
    .action((options) =>
      run(async (io) => {
        const rows = readRows(await io.readInput());
        const server = connect(options.url, io);
        const data: Awaited<ReturnType<typeof server.keys.import>>['data'] = [];
        for (let at = 0; at < rows.length; at += IMPORT_BATCH) {
          const batch = await server.keys.import({
            projectId: options.project,
            keys: rows.slice(at, at + IMPORT_BATCH).map(({ row }) => row),
          });
          data.push(...batch.data.map((row) => ({ ...row, index: row.index + at })));
          io.err(`imported ${Math.min(at + IMPORT_BATCH, rows.length)} of ${rows.length} lines`);
        }
        const failed = data.filter((row) => 'error' in row);
        const lines = failed.map((row) =>
          'error' in row ? `line ${rows[row.index]?.line}: ${row.error.code}: ${row.error.detail}` : '',
        );
        return {
          ...say({ data }, `${data.length - failed.length} imported, ${failed.length} refused`, ...lines),
          good: failed.length === 0,
        };
      }),
    );

  withFlags(keys.command('export'), DATA)
    .description(
      'write live keys with their digests, one JSON object per line, as `keys import` reads them (from the data directory)',
    )
    .option('--project <id>', 'only this project', idOf('proj'))
    .action((options) =>
      run(async (io) => {
        const { rows, left } = await local.exportKeys(options);
        if (left > 0) io.err(`left out ${left} keys that are disabled, or whose project or organization is suspended`);
        return { json: rows, lines: rows.map((row) => JSON.stringify(row)) };
      }),
    );
  return keys;
}

/** What a parser says of a bad line may quote it, and it holds a secret: only its number is told. */
function readRows(text: string): { line: number; row: ImportRow }[] {
  const rows = text.split('\n').flatMap((content, at) => {
    if (content.trim() === '') return [];
    let row: unknown;
    try {
      row = JSON.parse(content);
    } catch {
      row = null;
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new LatchkeyError('invalid_json', `Line ${at + 1} of the input is no JSON object; nothing was imported.`);
    }
    return [{ line: at + 1, row: row as ImportRow }];
  });
  if (rows.length > 0) return rows;
  throw new LatchkeyError('invalid_json', 'The input is empty: send one JSON object per line on standard input.');
}

export function organizationsCommand(run: Run): Command {
  const organizations = new Command('organizations').description('customers, on a running server');
  urlOption(organizations.command('list'))
    .description('list organizations, newest first')
    .action(({ url }) =>
      run(async (io) => {
        const page = await connect(url, io).organizations.list({ limit: 100 });
        return say(
          page,
          ...table(
            ['ID', 'SUSPENDED', 'NAME'],
            page.data.map((row) => [row.id, row.suspendedAt ?? 'no', row.name]),
          ),
        );
      }),
    );
  urlOption(organizations.command('create'))
    .description('make an organization')
    .requiredOption('--name <name>', 'its name')
    .action(({ url, name }) =>
      run(async (io) => {
        const organization = await connect(url, io).organizations.create({ name });
        return say(organization, `${organization.id}  ${organization.name}`);
      }),
    );
  return organizations;
}

export function projectsCommand(run: Run): Command {
  const projects = new Command('projects').description('projects of organizations, on a running server');
  urlOption(projects.command('list'))
    .description('list projects, newest first')
    .option('--organization <id>', 'only of this organization', idOf('org'))
    .action(({ url, organization }) =>
      run(async (io) => {
        const page = await connect(url, io).projects.list({ limit: 100, organizationId: organization });
        const rows = page.data.map((row) => [row.id, row.organizationId, row.keyModel, row.tier ?? '-', row.name]);
        return say(page, ...table(['ID', 'ORGANIZATION', 'MODEL', 'TIER', 'NAME'], rows));
      }),
    );
  urlOption(projects.command('create'))
    .description('make a project')
    .requiredOption('--organization <id>', 'its organization', idOf('org'))
    .requiredOption('--name <name>', 'its name')
    .option('--key-model <model>', 'v2 or legacy')
    .option('--tier <tier>', 'tier of its keys')
    .action(({ url, organization, ...settings }) =>
      run(async (io) => {
        const project = await connect(url, io).projects.create({ organizationId: organization, ...settings });
        return say(project, `${project.id}  ${project.name}`);
      }),
    );
  return projects;
}
