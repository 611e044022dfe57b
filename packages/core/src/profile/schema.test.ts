// Judging a profile: one that names what is not there does not load, and the fault says where.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REASONS } from '../verify/reasons.js';
import { profileSchema } from './schema.js';

const source = readFileSync(new URL('../../../../profiles/swaypi/profile.json', import.meta.url), 'utf8');

/** Issues of the swaypi profile after a change, as `path: message`. */
function faultsAfter(change: (profile: ReturnType<typeof JSON.parse>) => void): string[] {
  const profile = JSON.parse(source);
  change(profile);
  const result = profileSchema.safeParse(profile);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const answerRow = (body: unknown, more = {}) => ({
  method: 'GET',
  path: '/v1/x/:id',
  answer: { status: 200, body },
  ...more,
});

describe('a profile', () => {
  it('loads as it is', () => {
    expect(faultsAfter(() => undefined)).toStrictEqual([]);
  });

  it.each(REASONS)('has to answer %s', (reason) => {
    const faults = faultsAfter((profile) => delete profile.wire.reasons[reason]);
    expect(faults.join()).toContain(`wire.reasons.${reason}`);
  });

  it('may answer no reason that there is not', () => {
    const faults = faultsAfter((profile) => {
      profile.wire.reasons.bad_mood = { status: 401, message: 'No.' };
    });
    expect(faults.join()).toContain('bad_mood');
  });

  it('answers each reason with a status of its kind', () => {
    const faults = faultsAfter((profile) => {
      profile.wire.reasons.unknown_key.status = 404;
    });
    expect(faults).toStrictEqual(['wire.reasons.unknown_key.status: is 404; unknown_key is answered with 401']);
  });

  it('may be written with several texts for one reason, not with none', () => {
    const withTexts = (message: unknown) =>
      faultsAfter((profile) => Object.assign(profile.wire.reasons.rate_limited, { message }));
    expect(withTexts(['{required.field} …', 'Slower.'])).toStrictEqual([]);
    expect(withTexts([])).not.toStrictEqual([]);
  });

  it('tells live and test keys apart by prefix, and has prefixes that a header can carry', () => {
    const withPrefixes = (prefixes: object) => faultsAfter((profile) => Object.assign(profile.policy, { prefixes }));
    expect(withPrefixes({ live: 'sk_live_', test: 'sk_test_' })).toStrictEqual([]);
    expect(withPrefixes({ live: 'sk_', test: 'sk_' }).join()).toContain('policy.prefixes');
    for (const live of ['', 'sk live', 'sk:']) expect(withPrefixes({ live }).join()).toContain('policy.prefixes.live');
  });

  it('names no tier that it does not have', () => {
    expect(
      faultsAfter((profile) => {
        profile.policy.defaultTier = 'gold';
        profile.policy.gatedFields[0].tier = 'gold';
        profile.routes[0].tier = 'gold';
      }),
    ).toStrictEqual(
      ['policy.defaultTier', 'policy.gatedFields.0.tier', 'routes.0.tier'].map(
        (path) => `${path}: names the tier "gold", which policy.tiers does not have`,
      ),
    );
  });

  it('gates fields by plain dotted names only, and leaves no shared cache between tiers', () => {
    const withField = (field: string) =>
      faultsAfter((profile) => Object.assign(profile.policy.gatedFields[0], { field }));
    for (const field of ['a', 'a.b_c.$d', '@type']) expect(withField(field)).toStrictEqual([]);
    for (const field of ['', 'a.', 'a..b', 'a,b', 'é', 'a b']) {
      expect(withField(field).join()).toContain('policy.gatedFields.0.field');
    }
    const sharing = (gates: boolean) =>
      faultsAfter((profile) => Object.assign(profile.routes[0], { shared: true, gates }));
    expect(sharing(false)).toStrictEqual([]);
    expect(sharing(true).join()).toContain('routes.0.shared');
  });

  it('names no permission that nothing defines, neither in a row nor as implied', () => {
    const faults = faultsAfter((profile) => {
      profile.policy.permissions = [{ name: 'read', description: 'Read', implies: ['raed', '*', 'keys.read'] }];
      profile.routes[0].permission = 'write';
      profile.routes[1].permission = 'read';
      profile.routes[2].permission = 'keys.revoke';
    });
    expect(faults.map((fault) => fault.split(':')[0])).toStrictEqual([
      'policy.permissions.0.implies',
      'routes.0.permission',
    ]);
  });

  it('names no value that a template cannot have where it stands', () => {
    const faults = faultsAfter((profile) => {
      profile.wire.errorBody.template.more = '{detial}';
      profile.wire.reasons.rate_limited.message = 'Wait {retryAfter} s';
      profile.wire.reasons.tier_required.details = { needs: ['{required.tier}', '{message}'] };
      profile.routes = [
        answerRow({ id: '{params.id}', key: '{params.keyId}', of: '{result.data}', q: '{query.q}', why: '{reason}' }),
      ];
    });
    expect(faults).toStrictEqual([
      'routes.0.answer.body: names {params.keyId}, which there is not',
      'routes.0.answer.body: names {reason}, which there is not',
      'wire.errorBody.template: names {detial}, which there is not',
      'wire.reasons.tier_required.details: names {message}, which there is not',
      'wire.reasons.rate_limited.message: names {retryAfter}, which there is not',
    ]);
  });

  it('never names the secret, the digest or who made a key', () => {
    for (const value of ['key.secret', 'key.digest', 'key.webhookSecret', 'key.createdBy', 'key']) {
      const faults = faultsAfter((profile) => {
        profile.routes = [answerRow({ value: `{${value}}` })];
      });
      expect(faults).toHaveLength(1);
    }
  });

  it('runs only operations that a key may run, and answers what they return', () => {
    const withOperation = (name: string, more = {}) =>
      faultsAfter((profile) => {
        profile.routes = [answerRow({}, { operation: { name, input: { keyId: '{params.id}' } }, ...more })];
      });
    expect(withOperation('getKey')).toStrictEqual([]);
    for (const name of ['createOrganization', 'verifyKey', 'toString', '']) {
      expect(withOperation(name).join()).toContain('which no key may run');
    }
    expect(withOperation('getKey', { answer: null }).join()).toContain('needs an answer');
    expect(withOperation('getKey', { auth: 'none' }).join()).toContain('a public row');
  });

  it('has no member that nothing reads', () => {
    expect(faultsAfter((profile) => Object.assign(profile.policy, { ratelimit: 5 })).join()).toContain('ratelimit');
    expect(faultsAfter((profile) => Object.assign(profile.routes[0], { permision: 'read' })).join()).toContain(
      'permision',
    );
  });
});
