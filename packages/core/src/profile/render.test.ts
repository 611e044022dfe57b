// Replies in a dialect: statuses, headers and bodies that a client of each provider relies on.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../errors/catalogue.js';
import type { Budget } from '../limit/limits.js';
import type { KeyRecord } from '../ports.js';
import { tiersOf } from '../tier/tiers.js';
import type { Snapshot } from '../verify/decide.js';
import { REASONS, type Reason } from '../verify/reasons.js';
import {
  type AnswerContext,
  answerReply,
  contextOf,
  type DenialContext,
  denialReply,
  dialectTime,
  errorReply,
  limitHeaders,
  type Reply,
} from './render.js';
import { type Profile, profileSchema } from './schema.js';

const NAMES = ['aifaceswap', 'swaypi', 'suward', 'textgen', 'accounts'] as const;
const load = (name: string): Profile =>
  profileSchema.parse(
    JSON.parse(readFileSync(new URL(`../../../../profiles/${name}/profile.json`, import.meta.url), 'utf8')),
  );
const profiles = Object.fromEntries(NAMES.map((name) => [name, load(name)])) as Record<(typeof NAMES)[number], Profile>;
const { aifaceswap, swaypi, suward, textgen, accounts } = profiles;

const AT = Date.parse('2025-06-15T14:07:12.345Z');
const MINUTE_END = Date.parse('2025-06-15T14:08:00Z');

const key: KeyRecord = {
  id: 'key_1234567890',
  organizationId: 'org_1',
  projectId: 'proj_1',
  familyId: 'key_1234567890',
  generation: 1,
  name: 'Production Key',
  prefix: 'sk_live_',
  hint: 'zz19',
  mode: 'live',
  model: 'v2',
  tier: null,
  permissions: null,
  restrictions: null,
  limits: null,
  credits: null,
  environment: null,
  metadata: null,
  ownerId: null,
  digest: { kind: 'hmac', pepperId: 'p1', value: 'd1'.repeat(32) },
  imported: false,
  webhookSecret: 'v1.m1.sealed',
  createdBy: 'root_1',
  createdAt: Date.parse('2025-01-01T00:00:00.999Z'),
  expiresAt: Date.parse('2024-01-01T00:00:00Z'),
  disabledAt: null,
  graceEndsAt: null,
  revokedAt: null,
  revokedReason: null,
  lastUsedAt: null,
  lastUsedIp: null,
};

const snapshot = (profile: Profile, tier: string | null = null): Snapshot => ({
  key,
  project: {
    id: 'proj_1',
    organizationId: 'org_1',
    name: 'P',
    keyModel: 'v2',
    tier: null,
    metadata: null,
    createdAt: AT,
    suspendedAt: null,
  },
  organization: { id: 'org_1', name: 'O', metadata: null, rotation: null, createdAt: AT, suspendedAt: null },
  tier: tiersOf(profile.policy).find(({ name }) => name === tier) ?? null,
  tiers: tiersOf(profile.policy),
  permissions: ['*'],
  limits: { perMinute: 600, perDay: null, concurrent: null },
  restrictions: null,
});

const minute: Budget = { name: 'perMinute', kind: 'rate', limit: 600, remaining: 594, resetAt: MINUTE_END };
const day: Budget = {
  name: 'perDay',
  kind: 'quota',
  limit: 100,
  remaining: 0,
  resetAt: Date.parse('2025-06-16T00:00:00Z'),
};
const slots: Budget = { name: 'concurrent', kind: 'concurrency', limit: 10, remaining: 0, resetAt: null };

/** A denial of a request with a known key, or with none. */
function denied(
  profile: Profile,
  reason: Reason,
  more: Partial<Omit<DenialContext, 'tier'>> & { known?: boolean; tier?: string } = {},
): Reply {
  const { known = true, tier, ...rest } = more;
  const context = contextOf({
    requestId: 'req_1',
    snapshot: known ? snapshot(profile, tier ?? null) : null,
    budgets: known ? [minute, day, slots] : [],
  });
  return denialReply(profile, { ...context, reason, ...rest });
}

const json = (reply: Reply) => JSON.parse(reply.body);

describe('every profile and reason', () => {
  const rows = NAMES.flatMap((name) => REASONS.map((reason) => [name, reason] as const));

  it.each(rows)('%s %s: status and headers keep the promises of every dialect', (name, reason) => {
    const profile = profiles[name];
    const reply = denied(profile, reason, { retryAfterSeconds: null });
    expect(reply.status).toBe(profile.wire.reasons[reason].status);
    expect(reply.headers['Cache-Control']).toBe('no-store');
    expect(reply.headers.Vary).toBe('Authorization, X-Api-Key');
    expect(reply.headers['Content-Type']).toBe(profile.wire.errorBody.contentType);
    expect('WWW-Authenticate' in reply.headers).toBe(reply.status === 401 || reason === 'insufficient_scope');
    if (reply.status === 429 || reply.status === 503) expect(reply.headers['Retry-After']).toMatch(/^[1-9][0-9]*$/);
    expect(reply.headers['x-should-retry']).toBe(
      reason === 'quota_exceeded' || reason === 'insufficient_credits' ? 'false' : undefined,
    );
    expect(typeof json(reply)).toBe('object');
  });

  it.each(rows)('%s %s: says something in whole sentences and leaves no hole', (name, reason) => {
    const required = { tier: 'studio', permission: 'write', field: 'contact_email', batchSize: 10 };
    const { body } = denied(profiles[name], reason, { required, retryAfterSeconds: 48, tier: 'free' });
    expect(body).not.toMatch(/\{[a-zA-Z]+[.}]|undefined|null|NaN|\[object| {2}|-1 /);
  });

  it.each(rows)('%s %s: holds nothing of the stored record that is not public', (name, reason) => {
    const { body, headers } = denied(profiles[name], reason);
    const all = body + JSON.stringify(headers);
    for (const inner of [key.digest.value, key.webhookSecret, key.createdBy, key.organizationId]) {
      expect(all).not.toContain(inner);
    }
  });

  it.each(NAMES)('%s: a request without a known key gets no limit headers', (name) => {
    for (const reason of ['missing_credential', 'unknown_key', 'too_many_failures'] as const) {
      expect(Object.keys(denied(profiles[name], reason, { known: false }).headers).join()).not.toMatch(/ratelimit/i);
    }
  });
});

describe('WWW-Authenticate', () => {
  it('names scheme and realm, and an error only once a credential was presented', () => {
    expect(denied(swaypi, 'missing_credential').headers['WWW-Authenticate']).toBe('Bearer realm="swaypi"');
    for (const reason of ['malformed_credential', 'unknown_key', 'revoked_key'] as const) {
      expect(denied(swaypi, reason).headers['WWW-Authenticate']).toBe('Bearer realm="swaypi", error="invalid_token"');
    }
  });

  it('leaves the Bearer words out of another scheme', () => {
    expect(denied(suward, 'missing_credential').headers['WWW-Authenticate']).toBe('ApiKey realm="suward"');
    expect(denied(suward, 'revoked_key').headers['WWW-Authenticate']).toBe('ApiKey realm="suward"');
  });

  it('does without a realm, and quotes one that needs it', () => {
    const challenged = (realm?: string): Profile => ({
      ...swaypi,
      wire: { ...swaypi.wire, challenge: { scheme: 'Bearer', ...(realm !== undefined && { realm }) } },
    });
    expect(denied(challenged(), 'missing_credential').headers['WWW-Authenticate']).toBe('Bearer');
    expect(denied(challenged(), 'unknown_key').headers['WWW-Authenticate']).toBe('Bearer error="invalid_token"');
    expect(denied(challenged('a "b" \\'), 'missing_credential').headers['WWW-Authenticate']).toBe(
      'Bearer realm="a \\"b\\" \\\\"',
    );
  });

  it('stands on a 403 for a missing scope, with the scope, and on no other 403', () => {
    expect(
      denied(accounts, 'insufficient_scope', { required: { permission: 'users.read' } }).headers['WWW-Authenticate'],
    ).toBe('Bearer realm="accounts", error="insufficient_scope", scope="users.read"');
    expect(
      denied(accounts, 'insufficient_permission', { required: { permission: 'users.read' } }).headers,
    ).not.toHaveProperty('WWW-Authenticate');
  });
});

describe('limits on refusals', () => {
  it('stand on 402, 403, 409, 422 and 429 of a known key, under the names of the page', () => {
    for (const reason of [
      'insufficient_credits',
      'tier_required',
      'idempotency_conflict',
      'idempotency_mismatch',
      'rate_limited',
    ] as const) {
      expect(denied(aifaceswap, reason).headers).toMatchObject({
        'x-ratelimit-limit': '600',
        'x-ratelimit-remaining': '594',
        'x-ratelimit-reset': String(MINUTE_END / 1000),
      });
    }
    expect(denied(swaypi, 'rate_limited').headers).toHaveProperty('X-RateLimit-Limit', '600');
  });

  it('do not stand on a 401, where the key counts for nothing, nor on a 503, where the numbers may be stale', () => {
    for (const reason of ['expired_key', 'revoked_key', 'unavailable'] as const) {
      expect(Object.keys(denied(aifaceswap, reason).headers).join()).not.toMatch(/ratelimit/i);
    }
  });

  it('are silent where the page has none', () => {
    for (const profile of [suward, textgen, accounts]) {
      expect(Object.keys(denied(profile, 'rate_limited').headers).join()).not.toMatch(/ratelimit/i);
    }
  });

  it('Retry-After is in whole seconds, rounded up, never 0', () => {
    const after = (seconds: number) =>
      denied(aifaceswap, 'rate_limited', { retryAfterSeconds: seconds }).headers['Retry-After'];
    expect([0, 0.2, 47.001, 48].map(after)).toStrictEqual(['1', '1', '48', '48']);
    expect(denied(suward, 'idempotency_conflict').headers['Retry-After']).toBe('1');
    expect(denied(suward, 'idempotency_mismatch').headers).not.toHaveProperty('Retry-After');
  });
});

describe('limitHeaders', () => {
  it('writes limit, remaining and reset of the minute, and of nothing else', () => {
    expect(limitHeaders(swaypi, [day, minute])).toStrictEqual({
      'X-RateLimit-Limit': '600',
      'X-RateLimit-Remaining': '594',
      'X-RateLimit-Reset': '1749996480',
    });
    expect(limitHeaders(swaypi, [{ ...minute, limit: 0, remaining: 0 }])).toHaveProperty('X-RateLimit-Limit', '0');
  });

  it('is empty without a per-minute limit and in a profile without such headers', () => {
    expect(limitHeaders(swaypi, [day])).toStrictEqual({});
    expect(limitHeaders(suward, [minute])).toStrictEqual({});
  });
});

describe('bodies', () => {
  it('aifaceswap: code and message', () => {
    expect(json(denied(aifaceswap, 'quota_exceeded', { retryAfterSeconds: 35568 }))).toStrictEqual({
      error: {
        code: 'rate_limited_daily',
        message: 'Over the limit of 100 requests a day (UTC). Try again in 35568 s.',
      },
    });
  });

  it('swaypi: one detail, which names the required tier', () => {
    expect(json(denied(swaypi, 'tier_required', { required: { tier: 'studio' } }))).toStrictEqual({
      detail: 'This endpoint needs the studio tier or higher. Upgrade to call it.',
    });
    expect(
      json(denied(swaypi, 'tier_required', { required: { tier: 'builder', field: 'contact_email' } })),
    ).toStrictEqual({
      detail: 'The field contact_email needs the builder tier or higher. Upgrade, or ask for other fields.',
    });
    expect(
      json(denied(swaypi, 'batch_too_large', { tier: 'free', required: { tier: 'builder', batchSize: 10 } })).detail,
    ).toContain('the builder tier');
    expect(json(denied(swaypi, 'batch_too_large', { tier: 'platform', required: { batchSize: 500 } })).detail).toBe(
      'At most 500 ids fit in one batch on the platform tier, and no tier takes this many. Send smaller batches.',
    );
  });

  it('suward: a problem document (RFC 9457)', () => {
    expect(json(denied(suward, 'rate_limited', { retryAfterSeconds: 48 }))).toStrictEqual({
      type: 'about:blank',
      title: 'Too Many Requests',
      status: 429,
      detail: 'Over the limit of 600 requests a minute. Try again in 48 s.',
      code: 'rate_limited',
      requestId: 'req_1',
    });
  });

  it('textgen: the three 401 bodies of the page, to the letter', () => {
    expect(denied(textgen, 'revoked_key').body).toBe(
      '{"success":false,"error":{"code":"INVALID_API_KEY","message":"The provided API key is invalid","details":{"key_id":"key_1234567890"}}}',
    );
    expect(denied(textgen, 'unknown_key', { known: false }).body).toBe(
      '{"success":false,"error":{"code":"INVALID_API_KEY","message":"The provided API key is invalid","details":{}}}',
    );
    expect(denied(textgen, 'expired_key').body).toBe(
      '{"success":false,"error":{"code":"EXPIRED_API_KEY","message":"The API key has expired","details":{"expired_at":"2024-01-01T00:00:00Z"}}}',
    );
    expect(denied(textgen, 'missing_credential', { known: false }).body).toBe(
      '{"success":false,"error":{"code":"MISSING_API_KEY","message":"API key is required","details":{"header":"Authorization"}}}',
    );
  });

  it('accounts: success, message and code', () => {
    expect(json(denied(accounts, 'mistyped_key', { known: false }))).toStrictEqual({
      success: false,
      message: 'This API key has a typo or was cut short. Copy the whole key again.',
      error: { code: 'mistyped_api_key' },
    });
  });

  it('carry what a request asked for as text only, whatever it holds', () => {
    const field = '{key.id}","injected":"\u2028\r\n';
    const { detail, ...rest } = json(denied(swaypi, 'tier_required', { required: { tier: 'builder', field } }));
    expect(detail).toContain(field);
    expect(rest).toStrictEqual({});
  });
});

describe('errorReply', () => {
  const error = (profile: Profile, code: ErrorCode, status: number) =>
    errorReply(profile, { code, status, message: 'Said plainly.', requestId: 'req_1' });

  it("writes codes that are no reason in the profile's case", () => {
    expect(json(error(textgen, 'not_found', 404))).toStrictEqual({
      success: false,
      error: { code: 'NOT_FOUND', message: 'Said plainly.', details: {} },
    });
    expect(json(error(accounts, 'upstream_unreachable', 502)).error.code).toBe('upstream_unreachable');
    expect(json(error(swaypi, 'payload_too_large', 413))).toStrictEqual({ detail: 'Said plainly.' });
    expect(json(error(suward, 'upstream_timeout', 504))).toStrictEqual({
      type: 'about:blank',
      title: 'Gateway Timeout',
      status: 504,
      detail: 'Said plainly.',
      code: 'upstream_timeout',
      requestId: 'req_1',
    });
  });

  it('says when to come back on 429 and 503, how to authenticate on 401, and is kept by no cache', () => {
    expect(error(accounts, 'unavailable', 503).headers['Retry-After']).toBe('1');
    expect(error(accounts, 'unauthenticated', 401).headers['WWW-Authenticate']).toBe('Bearer realm="accounts"');
    expect(error(accounts, 'not_found', 404).headers).toStrictEqual({
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      Vary: 'Authorization, X-Api-Key',
    });
  });

  it('carries the limits of the key whose request failed', () => {
    const facts = {
      code: 'upstream_unreachable',
      status: 502,
      message: 'Away.',
      requestId: 'req_1',
      budgets: [minute],
    } as const;
    expect(errorReply(aifaceswap, facts).headers).toHaveProperty('x-ratelimit-remaining', '594');
  });
});

describe('answerReply', () => {
  const row = (profile: Profile, method: string, path: string) => {
    const answer = profile.routes.find((route) => route.method === method && route.path === path)?.answer;
    if (!answer) throw new Error(`${profile.name} does not answer ${method} ${path}`);
    return answer;
  };
  const context = (
    profile: Profile,
    tier: string | null,
    budgets: Budget[],
    more: Partial<AnswerContext> = {},
  ): AnswerContext => ({
    ...contextOf({ requestId: 'req_1', snapshot: snapshot(profile, tier), budgets }),
    ...more,
  });

  it('swaypi /v1/me: exactly the three members, −1 where the day is not metered', () => {
    const answer = row(swaypi, 'GET', '/v1/me');
    const unmetered: Budget = { ...day, limit: 10_000, remaining: -1 };
    const builder = answerReply(swaypi, answer, context(swaypi, 'builder', [minute, unmetered]));
    expect(builder.body).toBe('{"tier":"builder","requests_remaining":-1,"rate_limit_per_minute":600}');
    expect(builder.status).toBe(200);
    expect(builder.headers).toHaveProperty('X-RateLimit-Remaining', '594');

    const free = answerReply(
      swaypi,
      answer,
      context(swaypi, 'free', [
        { ...minute, limit: 60 },
        { ...day, remaining: 99 },
      ]),
    );
    expect(free.body).toBe('{"tier":"free","requests_remaining":99,"rate_limit_per_minute":60}');

    const platform = answerReply(swaypi, answer, context(swaypi, 'platform', [{ ...minute, limit: 5000 }]));
    expect(platform.body).toBe('{"tier":"platform","requests_remaining":-1,"rate_limit_per_minute":5000}');
  });

  it('accounts key list: the members of the page, times in whole seconds, null before first use', () => {
    const listed = {
      id: 'key_123',
      name: 'Production Key',
      prefix: 'sk_live_',
      hint: 'zz19',
      createdAt: '2025-01-01T00:00:00.999Z',
    };
    const result = {
      data: [
        { ...listed, lastUsedAt: '2025-01-15T10:30:00.001Z' },
        { ...listed, lastUsedAt: null },
      ],
      nextCursor: null,
    };
    const reply = answerReply(
      accounts,
      row(accounts, 'GET', '/v1/api-keys'),
      context(accounts, null, [minute], { result }),
    );
    const shown = { id: 'key_123', name: 'Production Key', prefix: 'sk_live_', created_at: '2025-01-01T00:00:00Z' };
    expect(json(reply)).toStrictEqual({
      success: true,
      data: [
        { ...shown, last_used: '2025-01-15T10:30:00Z' },
        { ...shown, last_used: null },
      ],
    });
  });

  it('accounts revoke: the body of the page', () => {
    const answer = row(accounts, 'DELETE', '/v1/api-keys/:keyId');
    const reply = answerReply(
      accounts,
      answer,
      context(accounts, null, [], { params: { keyId: 'key_123' }, result: {} }),
    );
    expect(reply.body).toBe('{"success":true,"message":"API key revoked successfully"}');
    expect(reply.headers['Cache-Control']).toBe('no-store');
  });
});

describe('dialectTime', () => {
  it('has whole seconds and Z, and is never later than the instant', () => {
    expect(dialectTime(Date.parse('2025-01-15T10:30:00.999Z'))).toBe('2025-01-15T10:30:00Z');
    expect(dialectTime(0)).toBe('1970-01-01T00:00:00Z');
    expect(dialectTime(-1)).toBe('1969-12-31T23:59:59Z');
  });
});
