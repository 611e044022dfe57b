// The part of a page about keys: where they come from, how they are sent, what they may, how they are replaced and ended.

import { ALL } from '../access/permissions.js';
import { MANAGEMENT_PERMISSIONS } from '../contract/operations.js';
import { answerReply, contextOf } from '../profile/render.js';
import type { Profile, Route } from '../profile/schema.js';
import { TEMPLATE_VALUES } from '../profile/vocabulary.js';
import { REHEARSABLE, REHEARSAL_HEADER } from '../verify/rehearse.js';
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
  steps,
  strong,
  type Text,
  table,
  tell,
} from './document.js';
import { httpText, refusalName } from './errors.js';
import { exampleBudgets, exampleKey, isReachable, type Running, tellingTier } from './facts.js';
import { credentialHeader, curl, javascript, python } from './samples.js';

const PLACEHOLDER = 'YOUR_API_KEY';

const headerLine = (profile: Profile, key: string): string => credentialHeader(profile, key).join(': ');

export function getKeySection({ profile }: Running): Block[] {
  const { guide, policy } = profile;
  return [
    heading('Getting a key'),
    steps(
      ...guide.steps,
      'Create a key and give it a name that says what it is for.',
      'Copy the key and store it safely: it is shown in full this one time.',
    ),
    paragraph(
      'The key itself is not stored, only a keyed hash (HMAC) of it. A lost key cannot be shown again: revoke it and create another.',
    ),
    ...table(
      ['Usual key', 'For', 'Permissions'],
      guide.keys.map(({ name, purpose, permissions }) => [
        name,
        purpose,
        permissions === null ? 'all' : joined(permissions.map(code)),
      ]),
    ),
    ...(policy.webhookSecret === 'derived'
      ? [
          paragraph(
            'There is no separate webhook secret: what this API sends you is signed with a secret that follows from the key, so replacing the key replaces the signature.',
          ),
        ]
      : []),
  ];
}

export function sendKeySection(running: Running): Block[] {
  const { profile } = running;
  const { guide, samples, wire } = profile;
  const [name] = credentialHeader(profile, '');
  const variable = guide.environmentVariable;
  const [first, ...others] = samples;
  const blocks: Block[] = [
    heading('Sending the key'),
    tell`Send the key in the ${code(name)} header of every request:`,
    codeBlock('http', headerLine(profile, PLACEHOLDER)),
    tell`One key, in this one header, once. ${
      'scheme' in wire.credential
        ? say`${code(wire.credential.scheme)}, one space, the key, nothing else. `
        : 'The key alone, without quotes or a word in front. '
    }A key in the URL is never read.`,
  ];
  if (first !== undefined) {
    const base = guide.baseUrl;
    blocks.push(
      heading(first.title, 3),
      codeBlock('sh', curl(profile, base, `$${variable}`, first, ' \\\n  ')),
      codeBlock('js', javascript(profile, base, `process.env.${variable}`, first)),
      codeBlock('python', python(profile, base, `os.environ['${variable}']`, first)),
      ...others.flatMap((sample) => [
        heading(sample.title, 3),
        codeBlock('sh', curl(profile, base, `$${variable}`, sample, ' \\\n  ')),
      ]),
    );
  }
  return [...blocks, ...answerBlocks(running)];
}

/** What the profile answers by itself, as a caller on the telling tier sees it. */
function answerBlocks(running: Running): Block[] {
  const { profile } = running;
  const rows = profile.routes.filter((route) => route.answer !== null && route.operation === null);
  return rows.flatMap((route) => {
    const tier = tellingTier(running);
    const context = {
      ...contextOf({ requestId: 'req_1234567890', snapshot: null, budgets: exampleBudgets(running, tier, 1) }),
      key: exampleKey(profile),
      ...(tier && { tier }),
    };
    const body = route.answer?.body;
    const members = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.entries(body) : [];
    return [
      heading('Successful response', 3),
      tell`${code(`${route.method} ${route.path}`)} tells a key about itself${tier === null ? '' : say`, here one of the ${tier.title} tier`}:`,
      ...(route.answer ? [codeBlock('http', httpText(answerReply(profile, route.answer, context)))] : []),
      ...table(
        ['Member', 'Is'],
        members.flatMap(([member, value]) => {
          const path = typeof value === 'string' ? /^\{([\w.]+)\}$/.exec(value)?.[1] : undefined;
          const words = path === undefined ? undefined : TEMPLATE_VALUES.answer[path];
          return words === undefined ? [] : [[code(member), words.replaceAll('`', '')]];
        }),
      ),
    ];
  });
}

export function environmentSection({ profile }: Running): Block[] {
  const variable = profile.guide.environmentVariable;
  return [
    heading('Keeping the key out of the code'),
    tell`Keep the key in an environment variable or a secret store, and read it where you need it:`,
    ...table(
      ['Where', 'Set it'],
      [
        ['Linux, macOS, Unix', code(`export ${variable}="${PLACEHOLDER}"`)],
        ['Windows, Command Prompt', code(`set ${variable}=${PLACEHOLDER}`)],
        ['Windows, PowerShell', code(`$env:${variable}="${PLACEHOLDER}"`)],
        [say`A ${code('.env')} file outside version control`, code(`${variable}=${PLACEHOLDER}`)],
        ['JavaScript reads', code(`process.env.${variable}`)],
        ['Python reads', code(`os.environ["${variable}"]`)],
      ],
    ),
  ];
}

export function keyKindSection(running: Running): Block[] {
  const { profile } = running;
  const { prefixes } = profile.policy;
  const { test } = prefixes;
  const intro = tell`A key is ${code(prefixes.live)} and a random part; its last characters are a checksum, so that a typo is found out. No two keys are alike.`;
  if (test === undefined) return [heading('What a key looks like'), intro];
  return [
    heading('Test and live keys'),
    ...table(
      ['Kind', 'Prefix', 'Use it', 'What it does'],
      [
        [
          strong('Test'),
          code(test),
          'while developing and testing',
          'Nothing is charged and nothing is kept. Requests go to a sandbox and see none of the live data.',
        ],
        [strong('Live'), code(prefixes.live), 'in production', 'Real transactions and data.'],
      ],
    ),
    tell`After the prefix comes a random part; its last characters are a checksum, so that a typo is found out. A key of the wrong kind for where it is used is refused with ${refusalName(profile, 'wrong_mode')}.`,
    heading('Trying out errors', 3),
    tell`With a test key every error can be had for the asking: name it in the header ${code(REHEARSAL_HEADER)}, and the request is refused with it, whatever the key may do. Live keys ignore the header.`,
    ...table(
      ['Value', 'Answer'],
      REHEARSABLE.filter((reason) => isReachable(running, reason)).map((reason) => [
        code(reason),
        refusalName(profile, reason),
      ]),
    ),
  ];
}

export function keyModelSection({ profile }: Running): Block[] {
  const { keyModels } = profile.guide;
  if (keyModels.length < 2) return [];
  const usual = profile.policy.keyModel;
  const rows: Record<(typeof keyModels)[number], Text[]> = {
    legacy: [
      'Legacy',
      'One key for the project',
      say`${code('RotateAPIKey')} replaces it in place: the old key stops as the new one starts`,
    ],
    v2: [
      'v2',
      'Several named keys for the project',
      say`${code('CreateAPIKey')} adds one, ${code('RevokeAPIKey')} ends a single one at once, ${code('GetProjectByAPIKey')} tells which project a key belongs to`,
    ],
  };
  return [
    heading('Key models'),
    tell`There are two, side by side, and both work. Each project has one of them; ${usual} is what a new project gets${usual === 'v2' ? ' and what we recommend: it lets you rotate without a gap' : ''}.`,
    ...table(
      ['Model', 'Keys', 'Calls'],
      keyModels.map((model) => rows[model]),
    ),
    paragraph(
      'A key belongs to one project of your organization. It can read or change nothing of another, so a leak stays within that project.',
    ),
  ];
}

export function permissionSection(running: Running): Block[] {
  const { profile } = running;
  const { permissions } = profile.policy;
  const asked = profile.routes.filter((route) => route.permission !== null);
  const managing = MANAGEMENT_PERMISSIONS.filter((name) => asked.some(({ permission }) => permission === name));
  const rows = [
    ...permissions,
    ...managing.map((name) => ({ name, description: `Manages keys through this API`, implies: [] })),
  ];
  if (rows.length === 0) return [];
  return [
    heading('Permissions'),
    paragraph(
      'Each key can have permissions of its own; those of a list add up. A key made without a list has full access to its project.',
    ),
    ...table(
      ['Permission', 'Allows', 'Includes'],
      rows.map(({ name, description, implies }) => [
        code(name),
        description,
        implies.length === 0 ? '' : implies.includes(ALL) ? 'everything' : joined(implies.map(code)),
      ]),
    ),
    paragraph('What a call needs; where several rows fit, the first counts:'),
    ...table(
      ['Call', 'Needs'],
      asked.map((route) => [routeCode(route), code(route.permission ?? '')]),
    ),
    tell`Without the permission a call is refused with ${refusalName(profile, 'insufficient_permission')}.`,
  ];
}

const routeCode = ({ method, path }: Pick<Route, 'method' | 'path'>) =>
  code(method === '*' ? `any ${path}` : `${method} ${path}`);

export function restrictionSection({ profile }: Running): Block[] {
  const row = (
    what: string,
    example: string,
    reason: 'ip_not_allowed' | 'referrer_not_allowed' | 'endpoint_not_allowed',
  ) => [what, code(example), refusalName(profile, reason)];
  const sample = profile.samples[0];
  const endpoint = sample === undefined ? 'GET /v1/users/*' : `${sample.method} ${sample.path}`;
  return [
    heading('Restrictions'),
    paragraph('A key can be bound to where and for what it is used, in any combination. All that is set has to fit:'),
    ...table(
      ['By', 'For example', 'Else'],
      [
        row('IP address or range, v4 and v6', '203.0.113.0/24', 'ip_not_allowed'),
        row('Referrer: the website that calls', 'https://app.example.com', 'referrer_not_allowed'),
        row('Endpoint: method and path', endpoint, 'endpoint_not_allowed'),
      ],
    ),
  ];
}

const HOUR = 3600;
const DAY = 86_400;

/** A span in the largest unit that fits it: 24 hours, 90 minutes, 45 seconds. */
function span(seconds: number): string {
  const [count, unit] =
    seconds >= 2 * DAY && seconds % DAY === 0
      ? [seconds / DAY, 'day']
      : seconds % HOUR === 0
        ? [seconds / HOUR, 'hour']
        : seconds % 60 === 0
          ? [seconds / 60, 'minute']
          : [seconds, 'second'];
  return `${figure(count)} ${unit}${count === 1 ? '' : 's'}`;
}

export function rotationSection({ profile }: Running): Block[] {
  const { gracePeriodSeconds: grace, rotationDays } = profile.policy;
  const { keyModels } = profile.guide;
  const revoked = refusalName(profile, 'revoked_key');
  return [
    heading('Rotating keys'),
    ...(rotationDays === null
      ? [paragraph('Rotate on a schedule, and at once when a key may have been seen by others.')]
      : [
          tell`Rotate every ${rotationDays} days, and at once when a key may have been seen by others, when people leave a team that had it, or after an incident where it was kept.`,
        ]),
    ...(grace === null
      ? [
          paragraph('Without a gap, with two keys for a while:'),
          steps(
            keyModels.length > 1 ? say`Create the next key with ${code('CreateAPIKey')}.` : 'Create a new key.',
            'Deploy it: update your applications to use the new key.',
            'Test that everything works with it.',
            keyModels.length > 1 ? say`Revoke the old key with ${code('RevokeAPIKey')}.` : 'Revoke the old key.',
          ),
        ]
      : [
          tell`Rotate a key at any time. The old key stays valid for ${span(grace)} after that, so that you can deploy the new one without downtime. Then the old key is refused with ${refusalName(profile, 'rotated_key')}, and the new one is the only one.`,
        ]),
    ...(keyModels.includes('legacy') && keyModels.length > 1
      ? [
          tell`On a legacy project ${code('RotateAPIKey')} swaps the single key in place: have the new one deployed the moment you call it.`,
        ]
      : []),
    heading('Revoking a key', 3),
    tell`Revoke a key that may be in other hands. It takes effect at once: the next request with it is refused with ${revoked}, and requests that are running end with the same within seconds. A revoked key cannot be restored; create another. Other keys are not touched.`,
  ];
}

/** Results that operations of answer rows come back with, for a key like the example's. */
const RESULTS: Readonly<Record<string, (key: Record<string, unknown>) => unknown>> = {
  listKeys: (key) => ({ data: [key], nextCursor: null }),
  getKey: (key) => key,
  createKey: (key) => ({ key }),
  revokeKey: (key) => ({ key }),
  rotateKey: (key) => ({ key }),
};

export function managementSection(running: Running): Block[] {
  const { profile } = running;
  const rows = profile.routes.filter((route) => route.operation !== null);
  if (rows.length === 0) return [];
  const { base, key } = { base: profile.guide.baseUrl, key: `$${profile.guide.environmentVariable}` };
  const example = exampleKey(profile);
  return [
    heading('Managing keys through the API'),
    paragraph('With a key that may manage keys, and only those of its own project:'),
    ...rows.flatMap((route): Block[] => {
      const path = route.path.replace(/:[^/]+/g, example.id);
      const sample = { title: '', method: route.method, path, headers: {} };
      const context = {
        ...contextOf({ requestId: 'req_1234567890', snapshot: null, budgets: exampleBudgets(running, null, 1) }),
        key: example,
        result: RESULTS[route.operation?.name ?? '']?.({ ...example }),
      };
      return [
        heading(`${route.method} ${route.path}`, 3),
        ...(route.permission === null ? [] : [tell`Needs ${code(route.permission)}.`]),
        codeBlock('sh', curl(profile, base, key, sample, ' \\\n  ')),
        ...(route.answer ? [codeBlock('http', httpText(answerReply(profile, route.answer, context)))] : []),
      ];
    }),
    paragraph('A key that is not there, or not of this project, is answered with 404.'),
  ];
}

export function browserSection({ profile }: Running): Block[] {
  const { cors } = profile.wire;
  return [
    heading('Browsers'),
    ...(cors === null
      ? [
          paragraph(
            'Web pages may not call this API with a key, unless the key is restricted to that page’s origin. Put a server of your own in between, which holds the key.',
          ),
        ]
      : [
          tell`Web pages of ${
            cors.origins.includes('*') ? 'any origin' : joined(cors.origins.map(code))
          } may call this API, and those that a key is restricted to. A browser remembers that for ${cors.maxAgeSeconds} seconds. A key in a page can be read by everybody who opens it: restrict it, and give it little to do.`,
        ]),
  ];
}

export function adviceSection(running: Running): Block[] {
  const { profile } = running;
  const { rotationDays } = profile.policy;
  return [
    heading('Good practice'),
    list(
      'Keep keys on the server. Never put one into JavaScript for browsers, a mobile app, a public repository, a log, a forum or a support ticket.',
      'Store keys in environment variables, a secrets manager or a KMS; never commit one to version control.',
      'One key for each integration, service and environment, so that one can be revoked without the others. Production and staging share none.',
      ...(rotationDays === null
        ? ['Rotate on a schedule, and revoke at the first sign of a leak.']
        : [say`Rotate every ${figure(rotationDays)} days, and revoke at the first sign of a leak.`]),
      'Watch how keys are used, and look into what is unusual.',
      'Suspicious use of a live key is noted in its history: from a network that is new to it, ten times its usual hour, a fifth of its requests refused, or after its end.',
      'Stay within the limits, set a timeout on every request, and retry with growing pauses (exponential backoff).',
    ),
    codeBlock('js', retryExample(profile)),
    ...(isReachable(running, 'wrong_mode') && profile.policy.prefixes.test !== undefined
      ? [
          heading('When a key does not work', 3),
          list(
            'Was it revoked, or has it expired? Each has a text of its own, see Errors.',
            'Is there a typo? Copy the whole key again.',
            'Is it the right environment, test or live?',
            'If all of that is right, contact support with the request id.',
          ),
        ]
      : []),
  ];
}

/** Errors handled by what cures them. */
function retryExample(profile: Profile): string {
  const [name, value] = credentialHeader(profile, `\${process.env.${profile.guide.environmentVariable}}`);
  return `async function request(path, options = {}, attempt = 0) {
  const response = await fetch(${JSON.stringify(profile.guide.baseUrl)} + path, {
    ...options,
    headers: { ...options.headers, ${JSON.stringify(name)}: \`${value}\` },
    signal: AbortSignal.timeout(15_000),
  });
  if (response.ok) return response.json();
  switch (response.status) {
    case 401:
      throw new Error('The API key is missing or not valid: check it.');
    case 403:
      throw new Error('The API key may not do this: check what it is allowed.');
    case 429:
    case 503: {
      const seconds = Number(response.headers.get('retry-after') ?? 2 ** attempt);
      if (attempt === 4 || response.headers.get('x-should-retry') === 'false') break;
      await new Promise((done) => setTimeout(done, seconds * 1000));
      return request(path, options, attempt + 1);
    }
  }
  throw new Error(\`HTTP \${response.status}: \${await response.text()}\`);
}`;
}
