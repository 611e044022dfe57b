// The settings of a Latchkey process as data: name, shape, default, meaning. Documentation and the config file's schema derive from it.

import { isIP } from 'node:net';
import { z } from 'zod';

export interface Setting {
  /** The environment variable; `<env>_FILE` reads the value from a file when `secret`. */
  env: string;
  schema: z.ZodType;
  secret: boolean;
  description: string;
}

/** A whole number, given as one or as digits. */
function whole(least: number, most: number) {
  const problem = `must be a whole number from ${least} to ${most}`;
  const figure = z.int(problem).min(least, problem).max(most, problem);
  return z.union(
    [
      figure,
      z
        .string()
        .regex(/^[0-9]{1,9}$/)
        .transform(Number)
        .pipe(figure),
    ],
    problem,
  );
}
const port = whole(0, 65_535);
/** How long what a node knows counts without a word from the database: more gives up the promise of 30 s. */
export const STALE_SECONDS = 25;

const POLICIES = ['local', 'open', 'closed'] as const;
const KINDS = ['rate', 'quota', 'concurrency'] as const;
const FAILURE = `must be ${POLICIES.join(', ')}, or one of them for ${KINDS.join(', ')}, such as rate=local,quota=closed`;
type Policies = Record<(typeof KINDS)[number], (typeof POLICIES)[number]>;
const policiesOf = (all: (typeof POLICIES)[number]): Policies => ({ rate: all, quota: all, concurrency: all });
/** Kinds that are not named stay `local`. */
const failurePolicies = z.string(FAILURE).transform((text, context): Policies => {
  const whole = POLICIES.find((policy) => policy === text);
  if (whole !== undefined) return policiesOf(whole);
  const policies = policiesOf('local');
  const named = new Set<string>();
  for (const part of text.split(',')) {
    const [, kind, policy] = /^\s*(\w+)=(\w+)\s*$/.exec(part) ?? [];
    const known = KINDS.find((one) => one === kind);
    const chosen = POLICIES.find((one) => one === policy);
    if (known === undefined || chosen === undefined || named.has(known)) {
      context.addIssue({ code: 'custom', message: FAILURE });
      return z.NEVER;
    }
    named.add(known);
    policies[known] = chosen;
  }
  return policies;
});
const httpUrl = z
  .string()
  .refine(
    (url) => /^https?:\/\/[^/?#@\s]+\/?$/.test(url) && URL.canParse(url),
    'must be http://host[:port] or https://host[:port], without a path or a user',
  );
/** The address of another provider: plain http only on this machine. */
const issuerUrl = z
  .string('must be text')
  .refine(
    (url) =>
      URL.canParse(url) &&
      (/^https:\/\/[^?#@\s]+$/.test(url) ||
        /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/[^?#@\s]*)?$/.test(url)),
    'must be https://host[/path]',
  );
/** One address, bare or behind a name. */
const sender = z
  .string('must be text')
  .max(300)
  .regex(/^([^<>\r\n]*<[^<>\s@]+@[^<>\s@]+>|[^<>\s@]+@[^<>\s@]+)$/, 'must be an e-mail address, or Name <address>');
const ORIGINS = 'must be origins such as https://example.com, separated by commas; http only on this machine';
const isPageOrigin = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { origin, protocol, hostname } = new URL(text);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && isHere));
};
const origins = z
  .union(
    [z.array(z.string()), z.string().transform((given) => given.split(/[\s,]+/).filter((entry) => entry !== ''))],
    ORIGINS,
  )
  .refine((entries) => entries.every(isPageOrigin), ORIGINS);
const text = z.string('must be text').min(1, 'must not be empty');
const host = text;

/** An address, or a range as `address/bits`. */
const isRange = (entry: string): boolean => {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  const whole = bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  return family !== 0 && whole && rest.length === 0;
};
const RANGES = 'must be IP addresses or CIDR ranges, separated by commas';
const ranges = z
  .union(
    [z.array(z.string()), z.string().transform((given) => given.split(/[\s,]+/).filter((entry) => entry !== ''))],
    RANGES,
  )
  .refine((entries) => entries.every(isRange), RANGES);

const setting = <Schema extends z.ZodType>(env: string, schema: Schema, description: string, secret = false) => ({
  env,
  schema,
  secret,
  description,
});

/** Member names are those of the config file; flags are the same with dashes. */
export const SETTINGS = {
  profile: setting(
    'LATCHKEY_PROFILE',
    text.default('swaypi'),
    'Name of a profile that ships with Latchkey, or the path of a profile.json.',
  ),
  upstream: setting(
    'LATCHKEY_UPSTREAM',
    httpUrl.optional(),
    'The API behind the gateway. Without it every forwarded request is answered 502.',
  ),
  sandboxUpstream: setting(
    'LATCHKEY_SANDBOX_UPSTREAM',
    httpUrl.optional(),
    'Where requests of test keys go. Without it test keys are refused.',
  ),
  host: setting('LATCHKEY_HOST', host.default('127.0.0.1'), 'Address of the control plane.'),
  port: setting('LATCHKEY_PORT', port.default(4000), 'Port of the control plane.'),
  gatewayHost: setting('LATCHKEY_GATEWAY_HOST', host.default('127.0.0.1'), 'Address of the gateway.'),
  gatewayPort: setting('LATCHKEY_GATEWAY_PORT', port.default(8080), 'Port of the gateway.'),
  grpcHost: setting('LATCHKEY_GRPC_HOST', host.default('127.0.0.1'), 'Address of the gRPC listener.'),
  grpcPort: setting(
    'LATCHKEY_GRPC_PORT',
    port.optional(),
    'Port of the gRPC listener (HTTP/2 without TLS), usually 4001. Absent: there is none.',
  ),
  dataDir: setting(
    'LATCHKEY_DATA_DIR',
    text.default('./data'),
    'Directory of the database; one profile and one process each.',
  ),
  pepper: setting(
    'LATCHKEY_PEPPER',
    z.string().optional(),
    'Keys of the digests: base64, at least 32 bytes each, separated by white space or commas, the last is current. `_FILE` is followed while serving.',
    true,
  ),
  masterKey: setting(
    'LATCHKEY_MASTER_KEY',
    z.string().optional(),
    'Keys that seal what is stored: form as LATCHKEY_PEPPER. `_FILE` is followed while serving.',
    true,
  ),
  rootKey: setting(
    'LATCHKEY_ROOT_KEY',
    z.string().min(32, 'must have at least 32 characters').optional(),
    'A first root key to accept, at least 32 characters. Without it one is made and printed once.',
    true,
  ),
  cacheMb: setting(
    'LATCHKEY_CACHE_MB',
    whole(1, 65_536).default(128),
    'Memory for keys that were asked for, in MB; a key takes 1.4 KB and what its metadata takes. What does not fit is read again when it is asked for.',
  ),
  trustedProxies: setting(
    'LATCHKEY_TRUSTED_PROXIES',
    ranges.default([]),
    'Addresses or CIDR ranges whose X-Forwarded-For is believed.',
  ),
  logLevel: setting(
    'LATCHKEY_LOG_LEVEL',
    z.enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error').default('info'),
    'Least level that is logged.',
  ),
  logFile: setting('LATCHKEY_LOG_FILE', text.optional(), 'File that logs are appended to; absent: standard output.'),
  publicUrl: setting(
    'LATCHKEY_PUBLIC_URL',
    httpUrl.default('http://localhost:4000'),
    'Where callers reach the control plane; issuer of signed principals. Without it: localhost at the port listened on.',
  ),
  gatewayUrl: setting(
    'LATCHKEY_GATEWAY_URL',
    httpUrl.optional(),
    "Where customers reach the gateway, for samples and the provider's page. Absent: what the profile says (`guide.baseUrl`); with `dev` the gateway itself.",
  ),
  databaseUrl: setting(
    'DATABASE_URL',
    z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
      .refine((url) => URL.canParse(url), 'is no address')
      .optional(),
    'PostgreSQL that keeps everything and is shared by several nodes, e.g. postgres://user:password@host:5432/latchkey. Absent: SQLite in the data directory.',
    true,
  ),
  limiterFailure: setting(
    'LATCHKEY_LIMITER_FAILURE',
    failurePolicies.default(() => policiesOf('local')),
    'With REDIS_URL: what holds while Redis is away. `local`: this node admits its share of what is left; `open`: everything; `closed`: nothing, 503. One word, or one for each kind of limit: rate=local,quota=closed,concurrency=local.',
  ),
  staleSeconds: setting(
    'LATCHKEY_STALE_SECONDS',
    whole(1, 86_400).default(STALE_SECONDS),
    'With DATABASE_URL: how long keys that are remembered pass while the database cannot be asked; then 503. More than 25 gives up the promise that a revoked key is refused everywhere within 30 seconds.',
  ),
  redisUrl: setting(
    'REDIS_URL',
    z
      .string()
      .regex(/^rediss?(\+cluster|\+sentinel)?:\/\//, 'must start with redis:// or rediss://')
      .optional(),
    'Redis or Valkey that counts for all nodes, e.g. redis://user:password@host:6379/0, redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379. Absent: memory.',
    true,
  ),
  smtpUrl: setting(
    'LATCHKEY_SMTP_URL',
    z
      .string()
      .regex(/^smtps?:\/\//, 'must start with smtp:// or smtps://')
      .refine((url) => URL.canParse(url), 'is no address')
      .optional(),
    'Mail server for letters to users of the dashboard, e.g. smtp://user:password@host:587. Without it `dev` writes them into a folder, and `serve` sends none.',
    true,
  ),
  mailFrom: setting(
    'LATCHKEY_MAIL_FROM',
    sender.optional(),
    'Sender of the letters, e.g. Example <no-reply@example.com>. Needed with LATCHKEY_SMTP_URL.',
  ),
  oidcIssuer: setting(
    'LATCHKEY_OIDC_ISSUER',
    issuerUrl.optional(),
    'Issuer of an OpenID Connect provider whose users may sign in to the dashboard; its redirect URI is the public URL and /api/auth/callback/oidc.',
  ),
  oidcClientId: setting('LATCHKEY_OIDC_CLIENT_ID', text.optional(), 'Client id at that provider.'),
  oidcClientSecret: setting('LATCHKEY_OIDC_CLIENT_SECRET', text.optional(), 'Client secret at that provider.', true),
  oidcName: setting('LATCHKEY_OIDC_NAME', text.max(60).default('single sign-on'), 'What the sign-in page calls it.'),
  portalOrigins: setting(
    'LATCHKEY_PORTAL_ORIGINS',
    origins.default([]),
    "Origins whose pages may frame the key portal, e.g. https://example.com. Without it: none's.",
  ),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

/** Settings as read; a secret that came from a file also says which, so that the file can be followed. */
export type Settings = { [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> } & {
  pepperFile?: string;
  masterKeyFile?: string;
  /** true when a flag, the environment or a config file named the data directory. */
  dataDirGiven: boolean;
};

/** What a config file may hold: every setting but the secrets, whose place is the environment. */
export const configFileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    ...Object.fromEntries(
      Object.entries(SETTINGS)
        .filter(([, { secret }]) => !secret)
        .map(([name, { schema, description }]) => [name, schema.optional().describe(description)]),
    ),
  })
  .describe('latchkey.config.json');
