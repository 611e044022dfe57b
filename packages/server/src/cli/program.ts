// The `latchkey` command: its words, its help, its exit codes. The work is done by operations on a server, or by what main provides.

import { type ErrorCode, LatchkeyError } from '@latchkey/core';
import { Command, CommanderError } from 'commander';
import { creditsCommand } from './credits-commands.js';
import { docsCommand } from './docs-command.js';
import { explainCommand } from './explain-command.js';
import { DATA, withFlags, words } from './flags.js';
import { keysCommand, organizationsCommand, projectsCommand } from './keys-commands.js';
import type { Local, RingName } from './local.js';
import { type Io, type Result, say, table } from './output.js';
import { RemoteError } from './remote.js';
import { addProfileApply, tiersCommand } from './tiers-commands.js';

/** 0: done. 1: refused or failed. 2: the command was misused. */
export type ExitCode = 0 | 1 | 2;

const FAULTS_OF_USE: readonly ErrorCode[] = ['invalid_request'];

export async function runCommand(argv: readonly string[], version: string, local: Local, io: Io): Promise<ExitCode> {
  const json = argv.includes('--json');
  let code: ExitCode = 0;
  const run = async (work: (io: Io) => Promise<Result>): Promise<void> => {
    const result = await work(io);
    if (json) io.out(JSON.stringify(result.json, null, 2));
    else for (const line of result.lines) io.out(line);
    if (result.good === false) code = 1;
  };
  const program = buildProgram(version, local, run, json);
  exitInsteadOfEnding(program, io, json);
  try {
    await program.parseAsync(
      argv.filter((word) => word !== '--json'),
      { from: 'user' },
    );
    return code;
  } catch (error) {
    return report(error, json, io);
  }
}

function report(error: unknown, json: boolean, io: Io): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // Without --json commander has said it already.
    const missing = error.code === 'commander.help';
    const message = missing ? 'A command is missing: see --help.' : error.message.replace(/^error: /, '');
    if (json) io.err(JSON.stringify({ error: { code: 'misused', message: io.redact(message) } }));
    return 2;
  }
  const known = error instanceof LatchkeyError || error instanceof RemoteError;
  const code = known ? error.code : 'internal_error';
  const message = io.redact(error instanceof Error ? error.message : String(error));
  if (json)
    io.err(
      JSON.stringify({ error: { code, message, ...(error instanceof RemoteError && { problem: error.problem }) } }),
    );
  else io.err(`latchkey: ${code}: ${message}`);
  if (!known && error instanceof Error && error.stack && io.env.LATCHKEY_LOG_LEVEL === 'debug')
    io.err(io.redact(error.stack));
  return error instanceof LatchkeyError && FAULTS_OF_USE.includes(error.code) ? 2 : 1;
}

/** Every command, however deep, reports instead of ending the process. */
function exitInsteadOfEnding(command: Command, io: Io, json: boolean): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => io.out(text.trimEnd()),
    writeErr: (text) => {
      if (!json) io.err(io.redact(text.trimEnd()));
    },
  });
  for (const child of command.commands) exitInsteadOfEnding(child, io, json);
}

/** The whole tree of commands; reference pages are written from it. */
export function buildProgram(
  version: string,
  local: Local,
  run: (work: (io: Io) => Promise<Result>) => Promise<void>,
  json: boolean,
): Command {
  const program = new Command('latchkey')
    .description('Gives any API its keys: issue, verify, limit, rotate, revoke.')
    .version(version)
    .showHelpAfterError('(`latchkey --help` shows all commands; every command takes --json)')
    .showSuggestionAfterError()
    .addHelpText('after', '\nEvery command takes --json. Exit codes: 0 done, 1 refused or failed, 2 misused.');

  withFlags(program.command('serve'))
    .description('run the control plane and the gateway')
    .action((flags) => local.serve(flags, json));
  withFlags(program.command('dev'))
    .description("run both with a profile's example API behind the gateway, in ./data/<profile>")
    .action((flags) => local.dev(flags, json));

  program
    .command('init')
    .description('write latchkey.config.json, or .mjs')
    .option('--profile <profile>', 'profile to start from')
    .option('--format <format>', 'json or mjs', 'json')
    .option('--force', 'replace a file that is there')
    .action((flags) =>
      run(async () => {
        const made = await local.init(flags);
        return say(
          made,
          `Wrote ${made.file}.`,
          'Secrets stay in the environment: set LATCHKEY_PEPPER and LATCHKEY_MASTER_KEY, then run `latchkey serve`.',
        );
      }),
    );
  withFlags(program.command('migrate'), DATA)
    .description('bring the database up to date (serve does it too)')
    .action((flags) =>
      run(async () => {
        const done = await local.migrate(flags);
        return say(done, `${done.database} is up to date.`);
      }),
    );

  program.addCommand(keysCommand(run, local));
  program.addCommand(creditsCommand(run));
  program.addCommand(explainCommand(run));
  program.addCommand(organizationsCommand(run));
  program.addCommand(projectsCommand(run));
  program.addCommand(tiersCommand(run));
  program.addCommand(rootKeysCommand(run, local));
  program.addCommand(profileCommand(run, local));
  program.addCommand(docsCommand(run, local));
  program.addCommand(ringCommand('pepper', 'keys of the digests', run, local));
  program.addCommand(ringCommand('master-key', 'keys that seal what is stored', run, local));

  withFlags(program.command('backup <file>'), DATA)
    .description('write a consistent copy of the database, while serving or not')
    .action((file, flags) =>
      run(async () => {
        const done = await local.backup({ ...flags, file });
        return say(
          done,
          `Wrote ${done.file}: ${done.bytes} bytes, ${done.keys} keys. It needs the same peppers and master keys to be of use.`,
        );
      }),
    );
  withFlags(program.command('restore <file>'), DATA)
    .description('put a backup in place of the database; the server must be stopped')
    .option('--force', 'replace a database that is there (it is kept beside)')
    .action((file, flags) =>
      run(async () => {
        const done = await local.restore({ ...flags, file });
        return say(
          done,
          `Restored ${done.keys} keys to ${done.file}.`,
          ...(done.before ? [`What was there is kept as ${done.before}.`] : []),
          'Keys that were revoked after the backup was made pass again: revoke them once more.',
        );
      }),
    );
  withFlags(program.command('doctor'), DATA)
    .description('check settings, files, database, peppers, seals, the audit log and the ledgers of credits')
    .action((flags) =>
      run(async () => {
        const findings = await local.doctor(flags);
        const good = findings.every((finding) => finding.good);
        const lines = findings.map(
          ({ check, good: fine, detail }) => `${fine ? 'ok  ' : 'BAD '} ${check.padEnd(16)} ${detail}`,
        );
        return { json: { good, findings }, lines, good };
      }),
    );
  return program;
}

type Run = (work: (io: Io) => Promise<Result>) => Promise<void>;

function rootKeysCommand(run: Run, local: Local): Command {
  const rootKeys = new Command('root-keys').description("the operator's own keys");
  withFlags(rootKeys.command('create'), DATA)
    .description('make a root key in the data directory, e.g. when the first one was lost')
    .option('--name <name>', 'what it is for', 'made on the command line')
    .option('--permissions <list>', 'comma-separated', words, ['*'])
    .action((flags) =>
      run(async () => {
        const made = await local.createRootKey(flags);
        return say(made, made.id, '', 'The secret, shown this once:', `  ${made.secret}`);
      }),
    );
  return rootKeys;
}

function profileCommand(run: Run, local: Local): Command {
  const profile = new Command('profile').description('dialects as data');
  profile
    .command('list')
    .description('profiles that ship with Latchkey')
    .action(() => run(async () => say(local.profiles(), ...local.profiles())));
  profile
    .command('show <profile>')
    .description('print a profile with all defaults filled in')
    .action((name) =>
      run(async () => {
        const shown = local.profile(name);
        return say(shown, JSON.stringify(shown, null, 2));
      }),
    );
  profile
    .command('check [profiles...]')
    .description('judge profiles by name or path (default: all that ship)')
    .action((names: string[]) =>
      run(async () => {
        const results = (names.length > 0 ? names : local.profiles()).map((name) => {
          try {
            local.profile(name);
            return { profile: name, good: true, problem: null };
          } catch (error) {
            if (!(error instanceof LatchkeyError)) throw error;
            return { profile: name, good: false, problem: error.message };
          }
        });
        const lines = results.map(({ profile: name, good, problem }) =>
          good ? `ok   ${name}` : `BAD  ${name}: ${problem}`,
        );
        return { json: results, lines, good: results.every(({ good }) => good) };
      }),
    );
  addProfileApply(profile, run, local);
  return profile;
}

function ringCommand(ring: RingName, description: string, run: Run, local: Local): Command {
  const command = new Command(ring).description(`${description}; a running server follows the file within a second`);
  withFlags(command.command('add'), DATA)
    .description('add a new one, which becomes current; the old ones stay valid')
    .action((flags) =>
      run(async () => {
        const { id, file } = await local.ringAdd(ring, flags);
        return say(
          { id, file },
          `Added ${id} to ${file}; it is current now. \`latchkey ${ring} status\` shows what still needs the old ones.`,
        );
      }),
    );
  withFlags(command.command('status'), DATA)
    .description('show which are there and how many records need each')
    .action((flags) =>
      run(async () => {
        const rows = await local.ringStatus(ring, flags);
        return say(
          rows,
          ...table(
            ['ID', 'CURRENT', 'NEEDED BY'],
            rows.map(({ id, current, needed }) => [id, current ? 'yes' : '', String(needed)]),
          ),
        );
      }),
    );
  withFlags(command.command('drop <id>'), DATA)
    .description('remove one that nothing needs any more')
    .action((id, flags) =>
      run(async () => {
        await local.ringDrop(ring, id, flags);
        return say({ id }, `Dropped ${id}.`);
      }),
    );
  return command;
}
