// The part of a page with numbers: tiers, limits, their headers, gated fields, credits, idempotency. All from the running configuration.

import type { BudgetName, LimitDefaults } from '../limit/limits.js';
import { limitHeaders } from '../profile/render.js';
import type { Route } from '../profile/schema.js';
import type { Tier } from '../tier/tiers.js';
import {
  type Block,
  code,
  codeBlock,
  figure,
  heading,
  joined,
  list,
  paragraph,
  say,
  type Text,
  table,
  tell,
} from './document.js';
import { refusalName } from './errors.js';
import { exampleBudgets, gatedFieldsOf, isReachable, opensRoute, type Running, tellingTier } from './facts.js';

const PER_KEY = 'set on each key';
const NONE = 'no limit';

const perMinute = ({ perMinute: limit }: LimitDefaults): string =>
  limit === null ? NONE : limit === 'custom' ? PER_KEY : figure(limit);

const perDay = ({ perDay: day }: LimitDefaults): string => {
  if (day === null) return NONE;
  const limit = day.limit === 'custom' ? PER_KEY : figure(day.limit);
  return day.metered ? limit : `${limit}, not metered`;
};

const concurrent = ({ concurrent: limit }: LimitDefaults): string => (limit === null ? NONE : figure(limit));

const yes = (value: boolean): string => (value ? 'yes' : 'no');

export function tierSection(running: Running): Block[] {
  const { profile, tiers } = running;
  if (tiers.length === 0) return [];
  const fields = gatedFieldsOf(running);
  const bound = profile.routes.filter((route) => route.tier !== null);
  const batches = profile.routes.some(({ batch }) => batch !== null);
  const some = (test: (tier: Tier) => boolean): boolean => tiers.some(test);
  const title = ({ name, title: words }: Tier): Text =>
    words.toLowerCase() === name ? words : say`${words} (${code(name)})`;
  const usual = tiers.find(({ name }) => name === profile.policy.defaultTier);
  return [
    heading('Tiers'),
    tell`A key carries a tier, and the tier decides how often it may call, how much fits in one batch, and which endpoints and fields it may see. ${
      usual ? say`A key that names none is on ${title(usual)}.` : ''
    }`,
    ...table(
      [
        'Tier',
        'Per minute',
        'Per day (UTC)',
        some(({ limits }) => limits.concurrent !== null) ? atOnce(running) : '',
        batches ? 'Batch size' : '',
        ...fields.map((field) => code(field)),
        ...bound.map((route) => route.title ?? code(route.path)),
        some(({ endpoints }) => endpoints !== null) ? 'Endpoints' : '',
        some(({ permissions }) => permissions !== null) ? 'Permissions' : '',
      ],
      tiers.map((tier) => [
        title(tier),
        perMinute(tier.limits),
        perDay(tier.limits),
        some(({ limits }) => limits.concurrent !== null) ? concurrent(tier.limits) : '',
        batches ? (tier.batchSize === null ? NONE : figure(tier.batchSize)) : '',
        ...fields.map((field) => yes(!tier.gatedFields.includes(field))),
        ...bound.map((route) => yes(opensRoute(running, tier, route))),
        some(({ endpoints }) => endpoints !== null) ? codes(tier.endpoints, 'all') : '',
        some(({ permissions }) => permissions !== null) ? codes(tier.permissions, 'all') : '',
      ]),
    ),
    ...(some(({ limits }) => limits.perDay?.metered === false)
      ? [
          paragraph(
            '“Not metered”: the day’s figure is one of fair use. Requests beyond it pass, and what is left of the day reads −1.',
          ),
        ]
      : []),
    ...(isReachable(running, 'batch_too_large')
      ? [
          tell`A larger batch than the tier’s is refused as a whole with ${refusalName(profile, 'batch_too_large')}, and the answer names the tier that takes it.`,
        ]
      : []),
    ...(isReachable(running, 'tier_required')
      ? [
          tell`An endpoint or field beyond the tier is refused with ${refusalName(profile, 'tier_required')}, and the answer names the tier that has it.`,
        ]
      : []),
  ];
}

const codes = (names: readonly string[] | null, all: string): Text =>
  names === null ? all : names.length === 0 ? 'none' : joined(names.map(code));

const atOnce = ({ profile }: Running): string =>
  profile.guide.work === null ? 'At once' : `Concurrent ${profile.guide.work}`;

export function limitSection(running: Running): Block[] {
  const { profile, tiers } = running;
  const { limits } = profile.policy;
  const byTier = tiers.length > 0 ? 'by tier, see above' : null;
  const counted = profile.routes.filter((route) => route.concurrency !== null);
  const rows: [BudgetName, Text, Text][] = [
    ['perMinute', 'Requests a minute', byTier ?? perMinute(limits)],
    ['perDay', 'Requests a day (UTC)', byTier ?? perDay(limits)],
    ['concurrent', atOnce(running), byTier ?? concurrent(limits)],
  ];
  const reasons = { perMinute: 'rate_limited', perDay: 'quota_exceeded', concurrent: 'concurrency_exceeded' } as const;
  return [
    heading('Rate limits'),
    paragraph(
      'Limits belong to the key, never to the account: two keys of one account have independent limits. A rotated key and the one that replaces it share theirs, so rotating resets nothing. A key may have limits of its own, which then stand in place of these.',
    ),
    ...table(
      ['Limit', 'Value', 'Over it'],
      rows
        .filter(([name]) => isReachable(running, reasons[name]))
        .map(([name, what, value]) => [what, value, refusalName(profile, reasons[name])]),
    ),
    list(
      'A minute begins with the minute of the clock, a day at midnight UTC.',
      ...(counted.length > 0 && isReachable(running, 'concurrency_exceeded')
        ? [
            say`${atOnce(running)}: what runs at once on ${joined(counted.map(routeName))}; other calls do not count. ${
              counted.some(({ concurrency }) => concurrency === 'job')
                ? 'Work that outlives its request counts until it has ended.'
                : 'A slot comes free as soon as its request has ended, however it ended.'
            }`,
          ]
        : []),
      'A request over a limit is refused with an error, never dropped, and counts for nothing.',
      say`Every 429 carries ${code('Retry-After')}: whole seconds to wait, until the limit that refused is free again. Where waiting is for hours, ${code('x-should-retry: false')} says so.`,
    ),
    ...headerBlocks(running),
  ];
}

const routeName = ({ method, path }: Pick<Route, 'method' | 'path'>) =>
  code(method === '*' ? path : `${method} ${path}`);

function headerBlocks(running: Running): Block[] {
  const { profile } = running;
  const names = profile.wire.limitHeaders;
  if (names === null) {
    return [
      tell`Answers carry no headers about limits beside ${code('Retry-After')}; the text of a 429 says which limit it was.`,
    ];
  }
  const example = limitHeaders(profile, exampleBudgets(running, tellingTier(running), 1));
  return [
    heading('Response headers', 3),
    paragraph(
      'Every answer to a request with a valid key says how this minute stands, refusals by limit or right included:',
    ),
    ...table(
      ['Header', 'Is', 'Unit'],
      [
        [code(names.limit), 'the limit per minute of your key', 'requests'],
        [code(names.remaining), 'what is left in the current minute', 'requests'],
        [code(names.reset), 'when the minute ends and the count starts anew', 'Unix time, seconds'],
        [code('Retry-After'), 'how long to wait; on every 429', 'seconds'],
      ],
    ),
    codeBlock(
      'http',
      Object.entries(example)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n'),
    ),
  ];
}

export function gatedFieldSection(running: Running): Block[] {
  const { profile, tiers } = running;
  const fields = gatedFieldsOf(running);
  const header = profile.wire.gatedFieldsHeader;
  if (fields.length === 0) return [];
  const opener = (field: string): Tier | undefined => tiers.find(({ gatedFields }) => !gatedFields.includes(field));
  const most = [...tiers].sort((a, b) => b.gatedFields.length - a.gatedFields.length)[0] as Tier;
  const params = [...new Set(profile.routes.flatMap(({ fieldsParam }) => fieldsParam ?? []))];
  return [
    heading('Fields by tier'),
    paragraph(
      'A field that your tier does not include is left out of the answer: not null, no placeholder, simply not there. That holds in nested objects and in every entry of a list.',
    ),
    ...table(
      ['Field', 'Needs'],
      fields.map((field) => {
        const tier = opener(field);
        return [code(field), tier === undefined ? 'no tier has it' : `${tier.title} or higher`];
      }),
    ),
    ...(header === null
      ? []
      : [
          tell`The answer then lists what was left out in ${code(header)}; without the header, nothing was:`,
          codeBlock('http', `${header}: ${most.gatedFields.join(',')}`),
        ]),
    ...(params.length > 0
      ? [
          tell`Asking for such a field by name, with ${joined(params.map((param) => code(`?${param}=`)))}, is refused with ${refusalName(profile, 'tier_required')}.`,
        ]
      : []),
  ];
}

const OUTCOMES = {
  unreachable: 'did not reach the API',
  timeout: 'was not answered in time',
  '4xx': 'was answered with 4xx',
  '5xx': 'was answered with 5xx',
} as const;

export function creditSection({ profile }: Running): Block[] {
  const costly = profile.routes.filter(({ cost }) => cost.credits > 0);
  if (costly.length === 0) return [];
  const sets = [...new Set(costly.map(({ refundOn }) => refundOn.map((outcome) => OUTCOMES[outcome]).join('|')))];
  const refunded = sets.length === 1 ? (costly[0]?.refundOn ?? []) : null;
  return [
    heading('Credits'),
    paragraph(
      'Credits bound what a key can spend, whatever its limits let through. They are counted exactly and never overspent.',
    ),
    ...table(
      ['Call', 'Credits', sets.length > 1 ? 'Given back when it' : ''],
      costly.map((route) => [
        routeName(route),
        say`${figure(route.cost.credits)}${route.cost.settle === 'later' ? ' reserved; settled at what it came to' : ''}`,
        sets.length > 1 ? route.refundOn.map((outcome) => OUTCOMES[outcome]).join(', ') || 'never' : '',
      ]),
    ),
    tell`With too few left the call is refused with ${refusalName(profile, 'insufficient_credits')} and spends nothing.${
      refunded !== null && refunded.length > 0
        ? ` The credits come back when a call ${joined(
            refunded.map((outcome) => OUTCOMES[outcome]),
            'or',
          ).join('')}.`
        : ''
    }`,
  ];
}

export function idempotencySection({ profile }: Running): Block[] {
  const routes = profile.routes.filter(({ idempotent }) => idempotent);
  if (routes.length === 0) return [];
  return [
    heading('Safe retries'),
    tell`Send an ${code('Idempotency-Key')} with ${joined(routes.map(routeName))}: a value of your own, 1 to 255 visible characters, a new one for each thing that is to happen once. If you did not hear the answer, send the same again.`,
    list(
      say`The same again within 24 hours gets the first answer, byte for byte, with ${code('Idempotent-Replayed: true')}. It happens once, and the repeat costs no limit and no credit.`,
      say`The same key with another body: ${refusalName(profile, 'idempotency_mismatch')}.`,
      say`While the first is still running: ${refusalName(profile, 'idempotency_conflict')} with ${code('Retry-After')}.`,
      'Changing to another API key of the project in between changes nothing.',
    ),
  ];
}
