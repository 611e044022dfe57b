// Path rules of the five profiles and of keys, each with a key that may not pass it, and what is protected from that key. Says nothing by the engine's own matching.

import type { Rig } from '../../packages/server/src/gateway/rig.suite.js';
import type { Random } from '../e2e/random.js';

type KeyOptions = NonNullable<Parameters<Rig['key']>[0]>;

export interface Scenario {
  profile: string;
  what: string;
  key: KeyOptions;
  /** What is tried: each with every spelling of its path. */
  targets: { method: string; path: string; headers?: readonly string[]; body?: string; query?: string }[];
  /** What the key may call. */
  open: { method: string; path: string };
  isProtected(method: string, path: string): boolean;
  /** Whether a target is about this rule at all; absent: each is. */
  isAbout?(target: string): boolean;
}

/** A pattern as a regular expression; `**` takes any rest, `:name` and `*` one segment that is there. */
const expression = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('/')
      .map((segment) => (segment === '*' || segment.startsWith(':') ? '[^/]+' : segment.replace(/[.+]/g, '\\$&')))
      .join('/')
      .replace(/\/\*\*$/, '(/.*)?')}$`,
  );
const at = (...patterns: string[]) => {
  const expressions = patterns.map(expression);
  return (path: string): boolean => expressions.some((each) => each.test(path));
};
const reads = (method: string): boolean => method === 'GET' || method === 'HEAD';

const users = at('/v1/users/**');
const payments = at('/v1/payments/**');
const batch = at('/v1/creators/batch');

export const SCENARIOS: readonly Scenario[] = [
  {
    ...{ profile: 'accounts', what: 'users without any permission of users', key: { permissions: ['keys.read'] } },
    targets: [
      { method: 'GET', path: '/v1/users' },
      { method: 'HEAD', path: '/v1/users/usr_1' },
      { method: 'POST', path: '/v1/users' },
    ],
    open: { method: 'GET', path: '/v1/else' },
    isProtected: (_, path) => users(path),
  },
  {
    ...{ profile: 'accounts', what: 'writing users with a reading key', key: { permissions: ['users.read'] } },
    targets: [
      { method: 'DELETE', path: '/v1/users/usr_1' },
      ...['X-HTTP-Method-Override: DELETE', 'x-http-method: PUT', 'X_Method_Override: delete'].map((line) => ({
        ...{ method: 'GET', path: '/v1/users/usr_1', headers: [line] },
      })),
    ],
    open: { method: 'GET', path: '/v1/users/usr_1' },
    isProtected: (method, path) => !reads(method) && users(path),
  },
  {
    ...{ profile: 'accounts', what: 'keys that the gateway itself manages', key: { permissions: ['users.read'] } },
    targets: [
      { method: 'GET', path: '/v1/api-keys' },
      { method: 'DELETE', path: '/v1/api-keys/key_1' },
    ],
    open: { method: 'GET', path: '/v1/users' },
    isProtected: (method, path) =>
      reads(method) ? at('/v1/api-keys')(path) : method === 'DELETE' && at('/v1/api-keys/:keyId')(path),
  },
  {
    ...{ profile: 'suward', what: 'payments without any permission of payments', key: { permissions: ['keys.read'] } },
    targets: [
      { method: 'GET', path: '/v1/payments/pay_1' },
      { method: 'POST', path: '/v1/payments' },
    ],
    open: { method: 'GET', path: '/v1/else' },
    isProtected: (_, path) => payments(path),
  },
  {
    ...{ profile: 'suward', what: 'writing payments with a reading key', key: { permissions: ['payments.read'] } },
    targets: [
      { method: 'POST', path: '/v1/payments' },
      { method: 'GET', path: '/v1/payments', headers: ['X-HTTP-Method-Override: POST'] },
    ],
    open: { method: 'GET', path: '/v1/payments' },
    isProtected: (method, path) => !reads(method) && payments(path),
  },
  {
    ...{ profile: 'swaypi', what: 'webhooks below the tier studio', key: { tier: 'builder' } },
    targets: [
      { method: 'GET', path: '/v1/webhooks' },
      { method: 'POST', path: '/v1/webhooks/wh_1/test' },
    ],
    open: { method: 'GET', path: '/v1/creators/cr_1' },
    isProtected: (_, path) => at('/v1/webhooks/**')(path),
  },
  {
    ...{ profile: 'swaypi', what: 'a batch above the tier', key: { tier: 'free' } },
    targets: [{ method: 'POST', path: '/v1/creators/batch', body: JSON.stringify({ ids: Array(11).fill('cr_1') }) }],
    open: { method: 'GET', path: '/v1/creators/cr_1' },
    isProtected: (method, path) => method === 'POST' && batch(path),
  },
  {
    ...{ profile: 'swaypi', what: 'a field above the tier, asked for by name', key: { tier: 'free' } },
    targets: [{ method: 'GET', path: '/v1/creators/cr_1', query: '?fields=contact_email' }],
    open: { method: 'GET', path: '/v1/creators/cr_1' },
    isProtected: (_, path) => at('/v1/creators/**')(path),
    isAbout: (target) => new URLSearchParams(target.slice(target.indexOf('?'))).has('fields'),
  },
  {
    ...{ profile: 'aifaceswap', what: 'swaps at once beyond the limit', key: { limits: { concurrent: 0 } } },
    targets: [
      { method: 'POST', path: '/v1/swaps' },
      { method: 'GET', path: '/v1/swaps', headers: ['X-Original-URL: /v1/swaps', 'X-HTTP-Method-Override: POST'] },
    ],
    open: { method: 'GET', path: '/v1/swaps/sw_1' },
    isProtected: (method, path) => method === 'POST' && at('/v1/swaps')(path),
  },
  {
    ...{ profile: 'textgen', what: 'writing with a key that reads', key: { permissions: ['read'] } },
    targets: [
      { method: 'POST', path: '/v1/models' },
      { method: 'DELETE', path: '/v1/generate/gen_1' },
      { method: 'POST', path: '/v1/generate', headers: ['X-HTTP-Method-Override: DELETE'] },
    ],
    open: { method: 'POST', path: '/v1/generate' },
    isProtected: (method, path) => !reads(method) && !(method === 'POST' && path === '/v1/generate'),
  },
  {
    ...{ profile: 'textgen', what: 'everything but webhooks', key: { permissions: ['webhook'] } },
    targets: [
      { method: 'POST', path: '/v1/generate' },
      { method: 'GET', path: '/v1/models' },
    ],
    open: { method: 'GET', path: '/v1/webhooks/wh_1' },
    isProtected: (_, path) => !at('/v1/webhooks/**')(path),
  },
];

/** Letters, digits and the like mean the same encoded or not (RFC 3986 §6.2.2.2): one resource, whoever decodes it. */
const unreserved = (path: string): string =>
  path.replace(/%([0-9a-f]{2})/gi, (text, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(char) ? char : text;
  });

const WORDS = ['public', 'reports', 'admin', 'users', 'kiosk', 'a.b', 'x'];

/** A key that may call a few endpoints, and tries others. */
export function drawScenario(draw: Random, profile: string, number: number): Scenario {
  const segment = (): string => draw.oneOf(WORDS);
  const patterns = Array.from({ length: draw.int(1, 3) }, () => {
    const literal = Array.from({ length: draw.int(1, 2) }, segment).join('/');
    return `/v2/${literal}${draw.oneOf(['', '', '/*', '/**', '/*/edit'])}`;
  });
  const methods = patterns.map(() => draw.oneOf(['', 'GET ', 'POST ']));
  const allowed = (method: string, path: string): boolean =>
    patterns.some((pattern, index) => {
      const wanted = (methods[index] as string).trim();
      return (wanted === '' || wanted === method) && expression(pattern).test(path);
    });
  const open = {
    method: (methods[0] as string).trim() || 'GET',
    path: (patterns[0] as string).replace(/\*\*|\*/g, 'item'),
  };
  const target = { method: open.method, path: `/v2/${segment()}/${segment()}secret${draw.oneOf(['', '/k1'])}` };
  return {
    ...{ profile, what: `endpoints ${patterns.join(' ')} (${number})`, open, targets: [target] },
    key: { restrictions: { endpoints: patterns.map((pattern, index) => (methods[index] as string) + pattern) } },
    isProtected: (method, path) => !allowed(method, unreserved(path)),
  };
}
