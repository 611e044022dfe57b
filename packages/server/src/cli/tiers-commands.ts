// `latchkey tiers …` and `latchkey profile apply`: what keys are allowed, on a running server, and what a change would touch.

import { LatchkeyError, type OperationMethods } from '@latchkey/core';
import { Command, InvalidArgumentError } from 'commander';
import { urlOption, whole, withFlags, words } from './flags.js';
import type { Local } from './local.js';
import { type Io, type Result, say, table } from './output.js';
import { connect } from './remote.js';

type Run = (work: (io: Io) => Promise<Result>) => Promise<void>;

type Answer<
  Space extends keyof OperationMethods,
  Method extends keyof OperationMethods[Space],
> = OperationMethods[Space][Method] extends (...args: never[]) => Promise<infer Value> ? Value : never;
type Tier = Answer<'tiers', 'list'>['data'][number];
type Preview = Answer<'tiers', 'preview'>;
type Applied = Answer<'profiles', 'apply'>;
type Touch = Pick<Preview, 'keys' | 'requests' | 'refusals'>;

/** A whole number, or null for `none`: no such limit. */
const figure = (text: string): number | null => (text === 'none' ? null : whole(0)(text));
/** As `figure`; `custom` leaves it to each key. */
const figureOrCustom = (text: string): number | 'custom' | null => (text === 'custom' ? text : figure(text));
/** Comma-separated; null for `any`: no bound. */
const listOrAny = (text: string): string[] | null => (text === 'any' ? null : words(text));
const listOrNone = (text: string): string[] => (text === 'none' ? [] : words(text));
const yesOrNo = (text: string): boolean => {
  if (text !== 'yes' && text !== 'no') throw new InvalidArgumentError('must be yes or no.');
  return text === 'yes';
};

interface Settings {
  title?: string;
  rank?: number;
  perMinute?: number | 'custom' | null;
  perDay?: number | 'custom' | null;
  metered?: boolean;
  concurrent?: number | null;
  batchSize?: number | null;
  endpoints?: string[] | null;
  gatedFields?: string[];
  permissions?: string[] | null;
}

const settingOptions = (command: Command): Command =>
  command
    .option('--title <title>', 'what people call it')
    .option('--rank <n>', 'place in ascending order, from 1', whole(1, 1000))
    .option('--per-minute <n>', 'requests a minute; custom: set on each key; none: no limit', figureOrCustom)
    .option('--per-day <n>', 'requests a UTC day; custom: set on each key; none: no limit', figureOrCustom)
    .option('--metered <yes|no>', 'no: the day is counted and never refused', yesOrNo)
    .option('--concurrent <n>', 'requests at once, or none', figure)
    .option('--batch-size <n>', 'most items in one batch request, or none', figure)
    .option('--endpoints <list>', 'the only ones its keys may call, or any', listOrAny)
    .option('--gated-fields <list>', 'response fields that its keys do not see, or none', listOrNone)
    .option('--permissions <list>', 'the most its keys may carry, or any', listOrAny);

/** The options as a change; the day's figure and whether it is metered go together, so what was not said stays as it is. */
function patchOf(options: Settings, before: Tier | null) {
  const { title, rank, perMinute, perDay, metered, concurrent, batchSize, endpoints, gatedFields, permissions } =
    options;
  const was = before?.limits.perDay ?? null;
  const limit = perDay === undefined ? (was?.limit ?? null) : perDay;
  const day = limit === null ? null : { limit, metered: metered ?? was?.metered ?? true };
  const limits = {
    ...(perMinute !== undefined && { perMinute }),
    ...((perDay !== undefined || metered !== undefined) && { perDay: day }),
    ...(concurrent !== undefined && { concurrent }),
  };
  return {
    ...{ title, rank, batchSize, endpoints, gatedFields, permissions },
    ...(Object.keys(limits).length > 0 && { limits }),
  };
}

/** By name or id. */
async function find(server: OperationMethods, wanted: string): Promise<Tier> {
  const { data } = await server.tiers.list({});
  const tier = data.find(({ id, name }) => id === wanted || name === wanted);
  if (tier !== undefined) return tier;
  throw new LatchkeyError(
    'not_found',
    `There is no such tier; there are ${data.map(({ name }) => name).join(', ') || 'none'}.`,
  );
}

const dayText = ({ limits: { perDay } }: Tier): string =>
  perDay === null ? 'none' : `${perDay.limit}${perDay.metered ? '' : ' (not metered)'}`;

const row = (tier: Tier): string[] => [
  String(tier.rank),
  tier.name,
  String(tier.limits.perMinute ?? 'none'),
  dayText(tier),
  String(tier.limits.concurrent ?? 'none'),
  String(tier.batchSize ?? 'none'),
  tier.gatedFields.join(',') || '-',
  tier.title,
];

const members = (tier: object): string[] =>
  Object.entries(tier).map(
    ([name, value]) => `${name.padEnd(14)} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );

export function tiersCommand(run: Run): Command {
  const tiers = new Command('tiers').description('what keys of each tier are allowed, on a running server');

  urlOption(tiers.command('list'))
    .description('list tiers in ascending order')
    .action(({ url }) =>
      run(async (io) => {
        const page = await connect(url, io).tiers.list({});
        const names = ['RANK', 'NAME', 'PER MINUTE', 'PER DAY', 'AT ONCE', 'BATCH', 'GATED FIELDS', 'TITLE'];
        return say(page, ...table(names, page.data.map(row)));
      }),
    );

  urlOption(tiers.command('show'))
    .argument('<tier>', 'its name or id')
    .description('show a tier, and how many keys and projects name it')
    .action((wanted, { url }) =>
      run(async (io) => {
        const server = connect(url, io);
        const tier = await server.tiers.get({ tierId: (await find(server, wanted)).id });
        return say(tier, ...members(tier));
      }),
    );

  urlOption(settingOptions(tiers.command('create')))
    .description('make a tier; limits that are not said are none')
    .requiredOption('--name <name>', 'what keys and projects call it; stays as it is')
    .action(({ url, name, ...options }) =>
      run(async (io) => {
        const { limits, ...settings } = patchOf(options, null);
        const made = await connect(url, io).tiers.create({
          name,
          ...settings,
          limits: { perMinute: null, perDay: null, concurrent: null, ...limits },
        });
        return say(made, `${made.id}  ${made.name}, rank ${made.rank}`);
      }),
    );

  urlOption(settingOptions(tiers.command('update')))
    .argument('<tier>', 'its name or id')
    .description('change a tier; the next request of each of its keys obeys')
    .action((wanted, { url, ...options }) =>
      run(async (io) => {
        const server = connect(url, io);
        const tier = await find(server, wanted);
        const changed = await server.tiers.update({ tierId: tier.id, ...patchOf(options, tier) });
        return say(changed, ...members(changed));
      }),
    );

  urlOption(settingOptions(tiers.command('preview')))
    .argument('<tier>', 'its name or id')
    .description('show which keys and requests a change would touch, and change nothing')
    .option('--cursor <cursor>', 'continue after a page of keys')
    .option('--limit <n>', 'keys on a page, 1 to 100', whole(1, 100), 25)
    .action((wanted, { url, limit, cursor, ...options }) =>
      run(async (io) => {
        const server = connect(url, io);
        const tier = await find(server, wanted);
        const preview = await server.tiers.preview({ tierId: tier.id, limit, cursor, ...patchOf(options, tier) });
        return say(preview, ...previewLines(preview));
      }),
    );

  urlOption(tiers.command('delete'))
    .argument('<tier>', 'its name or id')
    .description('delete a tier that no key, no project and no profile names')
    .action((wanted, { url }) =>
      run(async (io) => {
        const server = connect(url, io);
        const { id, name } = await find(server, wanted);
        await server.tiers.delete({ tierId: id });
        return say({ id, name }, `Deleted ${name}.`);
      }),
    );
  return tiers;
}

interface Change {
  path: string;
  before?: unknown;
  after?: unknown;
}

const changeLine = ({ path, before, after }: Change): string =>
  `  ${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`;

const touchLines = ({ keys, requests, refusals }: Touch): string[] => [
  `  ${keys.touched} keys touched, ${keys.overridden} with a figure of their own instead`,
  `  their requests: ${requests.lastDay} in the last 24 hours, ${requests.lastWeek} in 7 days`,
  ...(refusals.keyDays > 0
    ? [`  the new day's figure would have refused ${refusals.requests} of them, on ${refusals.keyDays} days of keys`]
    : []),
];

function previewLines(preview: Preview): string[] {
  if (preview.changes.length === 0) return ['Nothing would change.'];
  const inForce = (limit: Preview['data'][number]['limits'][number]['before']): string => {
    if (limit === null) return 'none';
    return typeof limit === 'number' ? String(limit) : `${limit.limit}${limit.metered ? '' : ' (not metered)'}`;
  };
  const rows = preview.data.map(({ id, name, touchedBy, limits, overridden }) => [
    id,
    [
      ...limits.map((each) => `${each.name} ${inForce(each.before)} → ${inForce(each.after)}`),
      ...touchedBy.filter((bound) => bound !== 'limits'),
    ].join(', ') || '-',
    overridden.join(', ') || '-',
    name,
  ]);
  return [
    'Would change:',
    ...preview.changes.map(changeLine),
    ...touchLines(preview),
    ...(rows.length > 0 ? ['', ...table(['KEY', 'CHANGES', 'OVERRIDDEN', 'NAME'], rows)] : []),
    ...(preview.nextCursor ? [`more: --cursor ${preview.nextCursor}`] : []),
  ];
}

/** `latchkey profile apply`, below the commands about profiles as files. */
export function addProfileApply(profile: Command, run: Run, local: Local): void {
  withFlags(urlOption(profile.command('apply [file]')), ['--profile', '--config'])
    .description("bring a running server's tiers to what a profile says (default: the one that is set)")
    .option('--dry-run', 'only say what it would do')
    .action((file: string | undefined, { url, dryRun, ...flags }) =>
      run(async (io) => {
        const edition = file === undefined ? await local.configuredProfile(flags) : local.profile(file);
        const applied = await connect(url, io).profiles.apply({ profile: edition, dryRun: dryRun ?? false });
        return say(applied, ...appliedLines(applied));
      }),
    );
}

function appliedLines({ dryRun, tiers, restart, ...touch }: Applied): string[] {
  const [made, changed] = dryRun ? ['Would make', 'Would change'] : ['Made', 'Changed'];
  const isSame = tiers.created.length + tiers.changed.length === 0;
  return [
    ...tiers.created.map((name) => `${made} the tier ${name}.`),
    ...tiers.changed.flatMap(({ name, changes, ...own }) => [
      `${changed} the tier ${name}:`,
      ...changes.map(
        (change) => `${changeLine(change)}${change.edited ? '   (changed here since the last apply)' : ''}`,
      ),
      ...touchLines(own),
    ]),
    ...(isSame ? ['The tiers are as the profile says.'] : []),
    ...(tiers.changed.length > 1 ? ['In all:', ...touchLines(touch)] : []),
    ...tiers.missing.map((name) => `The tier ${name} is not in the profile, and stays as it is.`),
    ...(restart.length > 0
      ? ['Differs from what runs, and counts once the server is started with this profile:', ...restart.map(changeLine)]
      : []),
  ];
}
