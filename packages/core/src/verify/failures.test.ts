// Guarantees of the sentences about refusals: one for every reason, whole with whatever was kept, naming what would have been needed.

import { describe, expect, it } from 'vitest';
import type { DenialRecord } from '../ports.js';
import { denialText, refusalText } from './failures.js';
import { REASONS } from './reasons.js';

const denial = (more: Partial<DenialRecord>): DenialRecord => ({
  ...{ id: 'den_1', keyId: 'key_1', at: 0, reason: 'revoked_key', requestId: null, method: 'GET', path: '/v1/users' },
  ...{ ip: '192.0.2.1', origin: null, required: null, surface: 'gateway' },
  ...more,
});

describe('the sentence about a refusal', () => {
  it.each(REASONS)('is one whole sentence with nothing but what was kept: %s', (reason) => {
    for (const text of [
      refusalText(reason, {}),
      denialText(denial({ reason, method: null, path: null, ip: null })),
      denialText(denial({ reason, required: { tier: 'pro', field: 'a.b', permission: 'users.read', batchSize: 5 } })),
    ]) {
      expect(text).toMatch(/^[A-Z][^\n]*\.$/);
      expect(text).not.toMatch(/null|NaN|\[object|\.\.$/);
      if (reason !== 'batch_too_large') expect(text).not.toContain('undefined');
    }
  });

  it.each([
    [{ reason: 'insufficient_permission', required: { permission: 'users.write' } }, 'users.write'],
    [{ reason: 'tier_required', required: { tier: 'pro' } }, 'it takes pro'],
    [
      { reason: 'tier_required', required: { tier: 'pro', field: 'email' } },
      'does not see the field email; it takes pro',
    ],
    [
      { reason: 'batch_too_large', required: { batchSize: 50, tier: 'pro' } },
      "more than the 50 of the key's tier; it takes pro.",
    ],
    [{ reason: 'ip_not_allowed' }, '192.0.2.1'],
    [{ reason: 'ip_not_allowed', ip: null }, 'the request has none'],
    [{ reason: 'endpoint_not_allowed' }, 'GET /v1/users fits none'],
    [{ reason: 'endpoint_not_allowed', path: '/v1/%2e%2e/users' }, 'could be read as another one'],
    [{ reason: 'endpoint_not_allowed', path: '/v1/[masked]/users' }, 'GET /v1/[masked]/users fits none'],
    [{ reason: 'endpoint_not_allowed', path: '/v1/…' }, 'GET /v1/… fits none'],
    [{ reason: 'rate_limited' }, 'in this minute'],
  ] as const)('names what failed and what was needed: %o', (kept, words) => {
    expect(denialText(denial(kept))).toContain(words);
  });
});
