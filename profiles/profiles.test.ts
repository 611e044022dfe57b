// The shipped profiles against their pages: codes, statuses, limits and prefixes; and against the files derived from them.

import { readFileSync } from 'node:fs';
import {
  type Profile,
  profileJsonSchema,
  profileSchema,
  REASON_STATUSES,
  REASONS,
  TEMPLATE_VALUES,
} from '@latchkey/core';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const NAMES = ['accounts', 'aifaceswap', 'suward', 'swaypi', 'textgen'] as const;
const load = (name: string): Profile => profileSchema.parse(JSON.parse(read(`./${name}/profile.json`)));
const profiles = Object.fromEntries(NAMES.map((name) => [name, load(name)])) as Record<(typeof NAMES)[number], Profile>;
const { accounts, aifaceswap, suward, swaypi, textgen } = profiles;

describe('every shipped profile', () => {
  it.each(NAMES)('%s: loads, and carries the name of its folder and its schema', (name) => {
    expect(profiles[name].name).toBe(name);
    expect(profiles[name].$schema).toBe('../profile.schema.json');
  });

  it.each(NAMES)('%s: answers every reason with a status of its kind and a sentence', (name) => {
    for (const reason of REASONS) {
      const { status, message } = profiles[name].wire.reasons[reason];
      expect(REASON_STATUSES[reason]).toContain(status);
      for (const text of [message].flat()) expect(text).toMatch(/^[A-Z{].{10,}$/);
    }
  });

  it.each(NAMES)('%s: answers an unknown key without a word on whether it ever was', (name) => {
    const { message, details } = profiles[name].wire.reasons.unknown_key;
    expect([message].flat().join()).not.toMatch(/delet|revok|expir|never/i);
    expect(details ?? {}).toStrictEqual({});
  });
});

describe('codes', () => {
  const codesOf = (profile: Profile) =>
    Object.fromEntries(REASONS.map((reason) => [reason, profile.wire.reasons[reason].code]));
  const snake = {
    missing_credential: 'missing_api_key',
    malformed_credential: 'invalid_api_key',
    ambiguous_credential: 'invalid_api_key',
    mistyped_key: 'invalid_api_key',
    unknown_key: 'invalid_api_key',
    revoked_key: 'invalid_api_key',
    disabled_key: 'invalid_api_key',
    rotated_key: 'invalid_api_key',
    expired_key: 'expired_api_key',
    wrong_mode: 'invalid_api_key',
    organization_disabled: 'invalid_api_key',
    ip_not_allowed: 'ip_not_allowed',
    referrer_not_allowed: 'referrer_not_allowed',
    endpoint_not_allowed: 'endpoint_not_allowed',
    insufficient_permission: 'insufficient_permissions',
    insufficient_scope: 'insufficient_permissions',
    tier_required: 'tier_required',
    batch_too_large: 'batch_too_large',
    rate_limited: 'rate_limited',
    quota_exceeded: 'rate_limited_daily',
    concurrency_exceeded: 'rate_limited_concurrent',
    insufficient_credits: 'insufficient_credits',
    idempotency_key_invalid: 'idempotency_key_invalid',
    idempotency_conflict: 'idempotency_conflict',
    idempotency_mismatch: 'idempotency_mismatch',
    idempotency_unknown: 'idempotency_unknown',
    too_many_failures: 'rate_limited',
    unavailable: 'unavailable',
  };

  it('aifaceswap and suward share one list', () => {
    expect(codesOf(aifaceswap)).toStrictEqual(snake);
    expect(codesOf(suward)).toStrictEqual(snake);
  });

  it('accounts also tells a typo and the wrong environment', () => {
    expect(codesOf(accounts)).toStrictEqual({
      ...snake,
      mistyped_key: 'mistyped_api_key',
      wrong_mode: 'wrong_environment',
    });
  });

  it('textgen has the same in upper case', () => {
    const upper = Object.fromEntries(Object.entries(snake).map(([reason, code]) => [reason, code.toUpperCase()]));
    expect(codesOf(textgen)).toStrictEqual(upper);
    expect(textgen.wire.codeCase).toBe('upper');
  });

  it('swaypi has none: the status says enough', () => {
    expect(new Set(Object.values(codesOf(swaypi)))).toStrictEqual(new Set([undefined]));
  });

  it('a lockout for failures reads differently from a used-up limit', () => {
    for (const profile of Object.values(profiles)) {
      const { too_many_failures, rate_limited } = profile.wire.reasons;
      expect(too_many_failures.message).not.toStrictEqual(rate_limited.message);
    }
  });
});

describe('policies', () => {
  it('aifaceswap: 60 a minute, 10,000 a metered UTC day, 10 swaps at once', () => {
    expect(aifaceswap.policy.limits).toStrictEqual({
      perMinute: 60,
      perDay: { limit: 10_000, metered: true },
      concurrent: 10,
    });
    expect(aifaceswap.routes).toMatchObject([
      { method: 'POST', path: '/v1/swaps', cost: { credits: 1 }, concurrency: 'job' },
    ]);
    expect(aifaceswap.policy.webhookSecret).toBe('derived');
  });

  it("swaypi: the page's table of tiers", () => {
    const table = swaypi.policy.tiers.map(({ name, limits, batchSize }) => [
      name,
      limits.perMinute,
      limits.perDay,
      batchSize,
    ]);
    expect(table).toStrictEqual([
      ['free', 60, { limit: 100, metered: true }, 10],
      ['builder', 600, { limit: 10_000, metered: false }, 50],
      ['studio', 2400, { limit: 100_000, metered: false }, 200],
      ['platform', 'custom', { limit: 'custom', metered: false }, 500],
    ]);
    expect(swaypi.policy.gracePeriodSeconds).toBe(86_400);
  });

  it('prefixes tell the mode, and only accounts has test keys', () => {
    expect(Object.fromEntries(NAMES.map((name) => [name, profiles[name].policy.prefixes]))).toStrictEqual({
      accounts: { live: 'sk_live_', test: 'sk_test_' },
      aifaceswap: { live: 'afs_live_' },
      suward: { live: 'sk_live_' },
      swaypi: { live: 'swp_live_' },
      textgen: { live: 'sk_live_' },
    });
  });
});

describe('derived files', () => {
  it('profile.schema.json is what the schema says (else: node scripts/profile-schema.mjs)', () => {
    expect(JSON.parse(read('./profile.schema.json'))).toStrictEqual(JSON.parse(JSON.stringify(profileJsonSchema())));
  });

  it('README.md lists every template value, and none that there is not', () => {
    const section = read('./README.md').split('## Template values')[1]?.split('\n## ')[0] ?? '';
    const rows = section.split('\n').filter((line) => line.startsWith('| `{'));
    const listed = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/\{([a-zA-Z.]+)\}/g)].map(([, value]) => value),
    );
    const open = ['params.name', 'query.name', 'result', 'item'];
    expect([...listed].sort()).toStrictEqual([...Object.keys(TEMPLATE_VALUES.envelope), ...open].sort());
  });
});
