// `latchkey docs …`: pages for customers, from the configuration in force. Where that comes from is decided here; what is written, in core.

import { authenticationPage, LatchkeyError, profileShape, type Running, toHtml, toMarkdown } from '@latchkey/core';
import { Command, Option } from 'commander';
import { DATA, DEFAULT_URL, httpUrl, withFlags } from './flags.js';
import type { Flags, Local } from './local.js';
import { type Io, type Result, say } from './output.js';
import { connect, hasRootKey } from './remote.js';

type Run = (work: (io: Io) => Promise<Result>) => Promise<void>;

interface Found {
  running: Running;
  /** In words, for the one who asked. */
  source: string;
}

const WRITERS = { md: toMarkdown, html: toHtml } as const;

export function docsCommand(run: Run, local: Local): Command {
  const docs = new Command('docs').description('pages for your customers');
  withFlags(docs.command('build'), DATA)
    .description("write your API's own Authentication page, with the limits and tiers in force")
    .option('--out <dir>', 'directory to write to', 'docs-build')
    .addOption(new Option('--format <format>', 'only this one (default: both)').choices(Object.keys(WRITERS)))
    .option('--url <url>', 'control plane of the running server to ask', httpUrl)
    .action((options) =>
      run(async (io) => {
        const { out, format, url, ...flags } = options as { out: string; format?: 'md' | 'html'; url?: string };
        const { running, source } = await configuration(url, flags, local, io);
        const page = authenticationPage(running);
        const texts = (format === undefined ? (['md', 'html'] as const) : [format]).map((name) => ({
          name: `authentication.${name}`,
          text: WRITERS[name](page),
        }));
        const files = await local.writeTexts(out, texts);
        return say(
          { profile: running.profile.name, source, files },
          `The Authentication page of ${running.profile.title}, from ${source}:`,
          ...files.map(({ file, bytes }) => `  ${file}  ${bytes} bytes`),
        );
      }),
    );
  return docs;
}

/** The server that is named, or the files that are named; else the server at hand if it answers, else the files at hand. */
async function configuration(url: string | undefined, flags: Flags, local: Local, io: Io): Promise<Found> {
  if (url !== undefined) return ofServer(url, io);
  if (Object.keys(flags).length > 0 || !hasRootKey(io)) return local.running(flags);
  try {
    return await ofServer(DEFAULT_URL, io);
  } catch (error) {
    if (!(error instanceof LatchkeyError && error.code === 'unavailable')) throw error;
    const found = await local.running(flags);
    io.err(`No server answers at ${DEFAULT_URL}; this is from ${found.source}.`);
    return found;
  }
}

async function ofServer(url: string, io: Io): Promise<Found> {
  const { profile, tiers } = await connect(url, io).profiles.get({});
  // Its tiers may have gone other ways since its start: whether the profile still names them is not asked.
  const judged = profileShape.safeParse(profile);
  if (judged.success) return { running: { profile: judged.data, tiers }, source: `the server at ${url}` };
  throw new LatchkeyError(
    'configuration_invalid',
    `The server at ${url} speaks a profile that this version of the command cannot read: use the version that the server is of.`,
  );
}
