// `latchkey explain`: why a request is or would be refused, check by check. The secret comes from standard input or the environment, never from argv.

import { isPresentable, LatchkeyError } from '@latchkey/core';
import { Command } from 'commander';
import { idOf, urlOption, whole, words } from './flags.js';
import { type Io, type Result, say } from './output.js';
import { connect } from './remote.js';

type Run = (work: (io: Io) => Promise<Result>) => Promise<void>;
type Explanation = Awaited<ReturnType<ReturnType<typeof connect>['keys']['explain']>>;

export const explainCommand = (run: Run): Command =>
  urlOption(new Command('explain'))
    .description('say how a request would be decided, check by check; the words are [SECRET] METHOD PATH')
    .usage('[options] [SECRET] METHOD PATH')
    .argument(
      '<words...>',
      'SECRET is the name of a variable that holds the key, or `-` for standard input (which it is when left out)',
    )
    .option('--key <id>', 'the key by its id, in place of a secret', idOf('key'))
    .option('--tier <tier>', 'judge as if the key had this tier')
    .option('--ip <address>', 'address that the request comes from')
    .option('--referrer <url>', 'its Origin or Referer')
    .option('--permissions <list>', 'comma-separated, needed beside those of the route', words)
    .option('--fields <list>', 'comma-separated fields asked for by name', words)
    .option('--batch-size <n>', 'items in the batch', whole(0))
    .action((given: string[], options) =>
      run(async (io) => {
        const { url, key: keyId, ip, referrer, ...rest } = options;
        const { source, method, path } = requestWords(given);
        if (keyId !== undefined && source !== null) throw misused('Name the key by --key or by a SECRET, not by both.');
        const explained = await connect(url, io).keys.explain({
          ...(keyId === undefined ? { secret: await secretFrom(source, io) } : { keyId }),
          request: { method, path, ip, referrer },
          ...rest,
        });
        return { ...say(explained, ...told(explained, io)), good: explained.valid };
      }),
    );

const misused = (detail: string): LatchkeyError => new LatchkeyError('invalid_request', detail);

function requestWords(given: readonly string[]): { source: string | null; method: string; path: string } {
  const [path, method, source = null, ...more] = [...given].reverse();
  if (method === undefined || path === undefined || more.length > 0 || !path.startsWith('/')) {
    throw misused('Say METHOD and PATH, e.g. `latchkey explain GET /v1/things`.');
  }
  if (source !== null && source !== '-' && !/^[A-Z_][A-Z0-9_]*$/.test(source)) {
    throw misused(
      `A secret typed here stays in the shell's history and shows in the list of processes: say \`-\` and send it on standard input, or name a variable that holds it.`,
    );
  }
  return { source, method, path };
}

async function secretFrom(source: string | null, io: Io): Promise<string> {
  const isNamed = source !== null && source !== '-';
  const held = isNamed ? io.env[source] : await io.readInput();
  if (held === undefined) throw misused('The variable named as SECRET is not set.');
  const secret = held.trim();
  if (isPresentable(secret)) return secret;
  throw misused(secret === '' ? 'No secret came.' : 'What came is no secret: it must be one word of ASCII.');
}

const SIGNS = { passed: '✓', failed: '✗', not_reached: '·', not_applicable: '·' } as const;

/** Signs on a terminal, words elsewhere. */
function told(explained: Explanation, { isTerminal }: Io): string[] {
  const { checks, route, key, tier, viewedAs, reason, retryAfterSeconds, gatedFields, cost } = explained;
  const mark = (outcome: keyof typeof SIGNS): string =>
    isTerminal ? SIGNS[outcome] : outcome.replace('_', ' ').padEnd(14);
  const width = Math.max(...checks.map(({ name }) => name.length));
  const retry = retryAfterSeconds === undefined ? '' : `; try again in ${retryAfterSeconds} s`;
  const needs = [
    ...(route?.auth === 'none' ? ['public: the gateway asks for no key'] : []),
    ...(route?.permission ? [`needs ${route.permission}`] : []),
    ...(route?.tier ? [`from the tier ${route.tier} up`] : []),
    `costs ${cost.requests} ${cost.requests === 1 ? 'request' : 'requests'}`,
    ...(cost.credits > 0 ? [`and ${cost.credits} credits`] : []),
  ];
  return [
    reason === null ? 'allowed' : `refused: ${reason}${retry}`,
    ...(key ? [`key    ${key.id}  ${key.name}, ${key.mode}, ${key.state}`] : []),
    ...(tier === null ? [] : [`tier   ${tier}${viewedAs === null ? '' : ' (as asked; not its own)'}`]),
    `route  ${route ? `${route.method} ${route.path}` : 'no row of the profile'}: ${needs.join(', ')}`,
    ...(gatedFields?.length ? [`hidden ${gatedFields.join(', ')}`] : []),
    '',
    ...checks.map(({ name, outcome, text }) => `${mark(outcome)} ${name.padEnd(width)}  ${text}`),
  ];
}
