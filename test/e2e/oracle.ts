// What the five pages promise, written down from the pages and the rulings: nothing here asks the engine or reads a profile.

import { crc32 } from 'node:zlib';
import type { Answer } from './client.js';

export const PROFILES = ['aifaceswap', 'swaypi', 'suward', 'textgen', 'accounts'] as const;
export type ProfileName = (typeof PROFILES)[number];

/** Why a request is refused, in the words of whoever made it so. */
export type Refused =
  | 'missing'
  | 'malformed'
  | 'ambiguous'
  | 'unknown'
  | 'mistyped'
  | 'deleted'
  | 'revoked'
  | 'rotated'
  | 'disabled'
  | 'suspended'
  | 'expired'
  | 'permission'
  | 'tier'
  | 'batch'
  | 'ip'
  | 'referrer'
  | 'endpoint'
  | 'minute'
  | 'day'
  | 'concurrent';

/** What the one who asks knows about the key, where the answer has to tell it. */
export interface Facts {
  keyId?: string;
  expiresAt?: string;
  /** The tier that the text has to name. */
  tier?: string;
}

type Rule = string | { matches: string };
export interface Expected {
  status: number;
  headers?: Record<string, Rule>;
  absentHeaders?: string[];
  /** Exact JSON, with `{"$matches"}` and `{"$any"}`. */
  body?: unknown;
}

interface Page {
  prefix: string;
  header: 'authorization' | 'x-api-key';
  /** Names of the limit headers; null: the page has none. */
  limitHeaders: readonly [limit: string, remaining: string, reset: string] | null;
  contentType: string;
  code(code: string): string;
  body(error: { status: number; code: string; message: unknown; details: unknown }): unknown;
}

const LIMIT_HEADERS = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'] as const;
const TITLES: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
};
const same = (code: string): string => code;
const bearer = { header: 'authorization', contentType: 'application/json' } as const;

const PAGES: Record<ProfileName, Page> = {
  aifaceswap: {
    ...bearer,
    prefix: 'afs_live_',
    limitHeaders: LIMIT_HEADERS,
    code: same,
    body: ({ code, message }) => ({ error: { code, message } }),
  },
  swaypi: {
    ...bearer,
    prefix: 'swp_live_',
    limitHeaders: LIMIT_HEADERS,
    code: same,
    body: ({ message }) => ({ detail: message }),
  },
  suward: {
    prefix: 'sk_live_',
    header: 'x-api-key',
    contentType: 'application/problem+json',
    limitHeaders: null,
    code: same,
    body: ({ status, code, message }) => ({
      type: { $matches: '.' },
      title: TITLES[status],
      status,
      detail: message,
      code,
      requestId: { $matches: '^req_' },
    }),
  },
  textgen: {
    ...bearer,
    prefix: 'sk_live_',
    limitHeaders: null,
    code: (code) => code.toUpperCase(),
    body: ({ code, message, details }) => ({ success: false, error: { code, message, details } }),
  },
  accounts: {
    ...bearer,
    prefix: 'sk_live_',
    limitHeaders: null,
    code: same,
    body: ({ code, message }) => ({ success: false, message, error: { code } }),
  },
};

const CODES: Record<Refused, readonly [status: number, code: string]> = {
  missing: [401, 'missing_api_key'],
  malformed: [401, 'invalid_api_key'],
  ambiguous: [401, 'invalid_api_key'],
  unknown: [401, 'invalid_api_key'],
  mistyped: [401, 'invalid_api_key'],
  deleted: [401, 'invalid_api_key'],
  revoked: [401, 'invalid_api_key'],
  rotated: [401, 'invalid_api_key'],
  disabled: [401, 'invalid_api_key'],
  suspended: [401, 'invalid_api_key'],
  expired: [401, 'expired_api_key'],
  permission: [403, 'insufficient_permissions'],
  tier: [403, 'tier_required'],
  batch: [403, 'batch_too_large'],
  ip: [403, 'ip_not_allowed'],
  referrer: [403, 'referrer_not_allowed'],
  endpoint: [403, 'endpoint_not_allowed'],
  minute: [429, 'rate_limited'],
  day: [429, 'rate_limited_daily'],
  concurrent: [429, 'rate_limited_concurrent'],
};

/** Refusals that tell, where a page has a place for it, which key it was: all of a key that is there. */
const NAMES_THE_KEY: readonly Refused[] = ['revoked', 'rotated', 'disabled', 'suspended'];

export function refusal(profile: ProfileName, why: Refused, facts: Facts = {}): Expected {
  const page = PAGES[profile];
  const [status, plain] = CODES[why];
  const code = page.code(profile === 'accounts' && why === 'mistyped' ? 'mistyped_api_key' : plain);
  const { message, details } = texts(profile, why, facts);
  const challenge = `${page.header === 'x-api-key' ? 'ApiKey' : 'Bearer'} realm="${profile}"`;
  // RFC 6750 §3.1: no error code when no credential was presented.
  const withError =
    page.header === 'authorization' && why !== 'missing' ? `${challenge}, error="invalid_token"` : challenge;
  return {
    status,
    headers: {
      'content-type': { matches: `^${page.contentType.replace('+', '\\+')}(;|$)` },
      'cache-control': 'no-store',
      vary: { matches: '^(?=.*Authorization)(?=.*X-Api-Key)' },
      ...(status === 401 && { 'www-authenticate': withError }),
      ...(status === 429 && { 'retry-after': { matches: '^[1-9][0-9]*$' } }),
      ...(why === 'day' && { 'x-should-retry': 'false' }),
      ...(why === 'concurrent' && { 'retry-after': '1' }),
    },
    absentHeaders: [
      ...(status === 401 ? LIMIT_HEADERS : []),
      ...(status === 429 ? [] : ['retry-after']),
      ...(why === 'day' ? [] : ['x-should-retry']),
    ],
    body: page.body({ status, code, message, details }),
  };
}

/** The page's own words where it has them; else some sentence, which names the tier that would do. */
function texts(profile: ProfileName, why: Refused, facts: Facts): { message: unknown; details: unknown } {
  const message = { $matches: facts.tier === undefined ? '^[A-Z].+\\.$' : `\\b${facts.tier}\\b` };
  if (profile !== 'textgen' || CODES[why][0] !== 401) return { message, details: { $any: true } };
  if (why === 'missing') return { message: 'API key is required', details: { header: 'Authorization' } };
  if (why === 'expired') return { message: 'The API key has expired', details: { expired_at: facts.expiresAt } };
  const details = NAMES_THE_KEY.includes(why) ? { key_id: facts.keyId } : {};
  return { message: 'The provided API key is invalid', details };
}

/** `not_found` of the gateway's own routes. */
export const notFound = (profile: ProfileName): Expected => ({
  status: 404,
  headers: { 'content-type': { matches: '^application/' } },
  body: PAGES[profile].body({
    status: 404,
    code: PAGES[profile].code('not_found'),
    message: { $matches: '.' },
    details: { $any: true },
  }),
});

/** An answer to a request that may pass. Without `body` any body will do. */
export const passed = (status: number, body?: unknown): Expected => ({
  status,
  headers: {
    vary: { matches: '^(?=.*Authorization)(?=.*X-Api-Key)' },
    'cache-control': { matches: 'no-store|private' },
  },
  absentHeaders: ['retry-after', 'www-authenticate', 'x-should-retry'],
  ...(body !== undefined && { body }),
});

export const limitHeadersOf = (profile: ProfileName) => PAGES[profile].limitHeaders;
export const prefixOf = (profile: ProfileName, mode: string): string =>
  mode === 'test' ? 'sk_test_' : PAGES[profile].prefix;

/** The header line that presents a secret. */
export const presented = (profile: ProfileName, secret: string): Record<string, string> =>
  PAGES[profile].header === 'x-api-key' ? { 'x-api-key': secret } : { authorization: `Bearer ${secret}` };

/** Milliseconds in the two windows of the pages. */
const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * Keeps the books of one key (or one family of keys): what each answer's limit headers have to say. For requests that are
 * sent one after the other.
 */
export function createMeter(profile: ProfileName, perMinute: number, perDay: number | null) {
  const names = PAGES[profile].limitHeaders;
  const spent = new Map<number, number>();
  const spentBy = (end: number): number => spent.get(end) ?? 0;
  const endOf = (at: number, window: number): number => (Math.floor(at / window) + 1) * window;
  return {
    perMinute,
    /** What is left of the day after everything noted; −1: not metered. */
    dayLeft: (answer: Answer): number => (perDay === null ? -1 : perDay - spentBy(endOf(answer.heardAt, DAY))),
    /** Notes an answer and says what is wrong with its limit headers. */
    faults(answer: Answer, spends: boolean): string[] {
      // The window that counted it: the server's word, if it fits when the request was sent and its answer heard.
      const told = names === null ? Number.NaN : Number(answer.headers[names[2]]) * 1000;
      const possible = [endOf(answer.sentAt, MINUTE), endOf(answer.heardAt, MINUTE)];
      const end = possible.includes(told) ? told : (possible[1] as number);
      for (const window of [end, endOf(answer.heardAt, DAY)]) spent.set(window, spentBy(window) + (spends ? 1 : 0));
      if (names === null) return noLimitHeaders(answer);
      const expected = [perMinute, perMinute - spentBy(end), end / 1000];
      return names.flatMap((name, index) => {
        const value = answer.headers[name];
        return value === String(expected[index]) ? [] : [`${name} is ${value}, not ${expected[index]}`];
      });
    },
  };
}
export type Meter = ReturnType<typeof createMeter>;

function noLimitHeaders({ headers }: Answer): string[] {
  const found = Object.keys(headers).filter((name) => /^(x-)?ratelimit/.test(name));
  return found.map((name) => `${name} should not be there`);
}

/** Whole seconds from an instant to the end of its minute or UTC day, as `Retry-After` says them. */
export const secondsLeft = (at: number, window: 'minute' | 'day'): number => {
  const length = window === 'minute' ? MINUTE : DAY;
  return Math.ceil((length - (at % length)) / 1000);
};

/** Times in a dialect have whole seconds and `Z`. */
export const wholeSeconds = (time: string | number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

/** Swaypi's table. `platform` has its figures on the key; paid days are not metered. */
export const TIERS = {
  free: { perMinute: 60, perDay: 100, batch: 10, hidden: ['contact_email', 'audience_geo.detail'], webhooks: false },
  builder: { perMinute: 600, perDay: null, batch: 50, hidden: ['audience_geo.detail'], webhooks: false },
  studio: { perMinute: 2400, perDay: null, batch: 200, hidden: [], webhooks: true },
  platform: { perMinute: null, perDay: null, batch: 500, hidden: [], webhooks: true },
} as const;
export type TierName = keyof typeof TIERS;
export const TIER_NAMES = Object.keys(TIERS) as TierName[];

/** The lowest tier that takes a batch of this size; undefined: none does. */
export const tierForBatch = (size: number): TierName | undefined =>
  TIER_NAMES.find((name) => TIERS[name].batch >= size);
/** The lowest tier that sees a field. */
export const tierForField = (field: string): TierName | undefined =>
  TIER_NAMES.find((name) => !TIERS[name].hidden.some((path) => field === path || field.startsWith(`${path}.`)));

/** What a tier is shown of a body, and which fields had to be left out of it. */
export function shownTo(tier: TierName, body: unknown): { body: unknown; gated: string[] } {
  const copy: unknown = structuredClone(body);
  return { body: copy, gated: TIERS[tier].hidden.filter((path) => omit(copy, path.split('.'))) };
}

/** A path counts from every object of the answer; lists are walked. */
function omit(value: unknown, path: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const here = omitFrom(value, path);
  return Object.values(value).reduce((found: boolean, member) => omit(member, path) || found, here);
}

function omitFrom(value: unknown, path: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.reduce((found: boolean, entry) => omitFrom(entry, path) || found, false);
  const [name = '', ...rest] = path;
  const members = value as Record<string, unknown>;
  if (!Object.hasOwn(members, name)) return false;
  if (rest.length > 0) return omitFrom(members[name], rest);
  delete members[name];
  return true;
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** CRC-32 of the body in base 62, six characters: the checksum that ends every secret. */
export function checksum(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (; rest > 0; rest = Math.floor(rest / 62)) text = DIGITS[rest % 62] + text;
  return text.padStart(6, '0');
}

/** What is wrong with a secret that was just made. */
export function secretFaults(secret: string, prefix: string): string[] {
  const [, body, sum] = secret.match(new RegExp(`^${prefix}([0-9A-Za-z]{32,})([0-9A-Za-z]{6})$`)) ?? [];
  if (body === undefined) return [`the secret is not ${prefix}, 32 or more characters of base 62 and a checksum`];
  return sum === checksum(body) ? [] : ['the checksum of the secret is wrong'];
}
