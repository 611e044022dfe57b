// Guarantees of the audit log's page: an export is harmless in a spreadsheet, and entries read as what happened.

import { describe, expect, it } from 'vitest';
import { changesOf } from './change-texts';
import { csvLine } from './csv';
import { isFiltered, queryOf } from './filters';
import { plainAction } from './words-of';

describe('an export as CSV', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '\n@x'])('%j is no formula', (text) => {
    expect(csvLine([text])).toMatch(/^"?'/);
  });

  it('keeps commas, quotes and lines inside one cell', () => {
    expect(csvLine(['a,b', 'say "hi"', 'two\nlines', 'plain'])).toBe('"a,b","say ""hi""","two\nlines",plain\r\n');
  });

  it('leaves what is none as it is', () => {
    expect(csvLine(['2026-01-01T00:00:00Z', 'a=b', '{"x":-1}', ''])).toBe('2026-01-01T00:00:00Z,a=b,"{""x"":-1}",\r\n');
  });
});

describe('what an entry says', () => {
  it('is before and after for a change', () => {
    expect(
      changesOf({ action: 'updateKey', changes: { tier: ['free', 'pro'], limits: [null, { perDay: 5 }] } }),
    ).toEqual([
      { member: 'tier', before: 'free', after: 'pro' },
      { member: 'limits', before: null, after: { perDay: 5 } },
    ]);
  });

  it('is what was made for a creation, a list of two included', () => {
    expect(changesOf({ action: 'createKey', changes: { name: 'a', permissions: ['read', 'write'] } })).toEqual([
      { member: 'name', after: 'a' },
      { member: 'permissions', after: ['read', 'write'] },
    ]);
    expect(changesOf({ action: 'createTier', changes: { title: [null, 'Pro'] } })).toEqual([
      { member: 'title', after: 'Pro' },
    ]);
  });

  it('names members of a profile without slashes', () => {
    expect(changesOf({ action: 'applyProfile', changes: { '/limits/perMinute': [60, 90] } })).toEqual([
      { member: 'limits.perMinute', before: 60, after: 90 },
    ]);
  });

  it('reads in plain words also when the action is new', () => {
    expect(plainAction('signInFailed')).toBe('Sign in failed');
    expect(plainAction('key.suspicious')).toBe('Key suspicious');
  });
});

describe('filters', () => {
  it('take both days as a whole, in the time zone of the reader', () => {
    const { from, to } = queryOf({ from: '2026-03-01', to: '2026-03-01' }, 'org_1');
    expect(from).toBe(new Date(2026, 2, 1).toISOString());
    expect(to).toBe(new Date(2026, 2, 2).toISOString());
  });

  it('leave out what is no day, and the organization only when the installation is asked for', () => {
    expect(queryOf({ from: 'soon', target: ' ' }, 'org_1')).toMatchObject({
      organizationId: 'org_1',
      from: undefined,
      targetId: undefined,
    });
    expect(queryOf({ of: 'installation' }, 'org_1').organizationId).toBeUndefined();
    expect(isFiltered({ of: 'installation' })).toBe(false);
    expect(isFiltered({ action: 'createKey' })).toBe(true);
  });
});
