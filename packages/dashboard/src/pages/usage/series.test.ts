// Guarantees of the usage page: every hour or day has its place, no request is lost between them, and forecasts say what holds.

import { describe, expect, it } from 'vitest';
import { outlooksOf } from './forecast';
import { GROUPS, groupOf } from './outcomes';
import { groupsIn, RANGES, type Range, slotsOf, totalsOf, windowOf } from './series';

const NOW = Date.parse('2026-03-29T10:24:00Z');
const ranges = Object.keys(RANGES) as Range[];

describe('a range', () => {
  it.each(ranges)('%s ends with the running step and has no gap', (range) => {
    const { steps, step } = RANGES[range];
    const { from, to } = windowOf(range, NOW);
    const slots = slotsOf(range, from, []);
    expect(slots).toHaveLength(steps);
    expect(slots[0]?.at).toBe(from);
    expect(to).toBe('2026-03-29T10:24:00.000Z');
    expect(Date.parse(slots.at(-1)?.at as string)).toBe(Math.floor(NOW / step) * step);
  });

  it('of days begins with a day of UTC', () => {
    expect(windowOf('7d', NOW)).toMatchObject({ from: '2026-03-23T00:00:00.000Z', by: 'day' });
    expect(windowOf('24h', NOW)).toMatchObject({ from: '2026-03-28T11:00:00.000Z', by: 'hour' });
  });
});

type Budgets = Parameters<typeof outlooksOf>[0][number]['budgets'];
const asked = (budgets: Budgets) => ({ key: 'one', state: 'active', familyId: 'fam_1', budgets });
const outlookOf = (budgets: Budgets) => outlooksOf([asked(budgets)])[0]?.outlook ?? null;

describe('counted outcomes', () => {
  const rows = [
    { at: '2026-03-28T11:00:00Z', outcome: 'allowed', count: 5 },
    { at: '2026-03-29T10:00:00Z', outcome: 'allowed', count: 7 },
    { at: '2026-03-29T10:00:00Z', outcome: 'rate_limited', count: 2 },
    { at: '2026-03-29T10:00:00Z', outcome: 'quota_exceeded', count: 1 },
    { at: '2026-03-29T09:00:00Z', outcome: 'reason_of_tomorrow', count: 4 },
  ];
  const slots = slotsOf('24h', windowOf('24h', NOW).from, rows);

  it('stand in the step that they belong to', () => {
    expect(slots[0]).toMatchObject({ allowed: 5, limits: 0 });
    expect(slots.at(-1)).toMatchObject({ allowed: 7, limits: 3 });
    expect(slots.at(-2)).toMatchObject({ other: 4 });
  });

  it('are all there, in the chart as in the sums', () => {
    const drawn = slots.flatMap((slot) => GROUPS.map((group) => slot[group])).reduce((sum, count) => sum + count, 0);
    expect(drawn).toBe(19);
    expect(totalsOf(rows)).toMatchObject({ requests: 19, allowed: 12, refused: 7 });
  });

  it('are listed by how frequent they are', () => {
    expect(totalsOf(rows).reasons.map(({ reason }) => reason)).toEqual([
      'reason_of_tomorrow',
      'rate_limited',
      'quota_exceeded',
    ]);
  });

  it('draw only the groups that there are, and always what was allowed', () => {
    expect(groupsIn(slots)).toEqual(['allowed', 'limits', 'other']);
    expect(groupsIn([])).toEqual(['allowed']);
    expect(groupOf('constructor')).toBe('other');
  });
});

describe('the outlook of a day', () => {
  const day = { name: 'perDay', limit: 100, remaining: 40, resetAt: '2026-03-30T00:00:00Z', reachesLimitAt: null };

  it('says when the limit is reached, when it was, and when there is enough', () => {
    expect(outlookOf([{ ...day, reachesLimitAt: '2026-03-29T17:20:00Z' }])).toEqual({
      kind: 'reaches',
      limit: 100,
      at: '2026-03-29T17:20:00Z',
    });
    expect(outlookOf([{ ...day, remaining: 0 }])).toMatchObject({ kind: 'used_up', resetAt: '2026-03-30T00:00:00Z' });
    expect(outlookOf([day])).toEqual({ kind: 'enough', limit: 100, remaining: 40 });
    expect(outlookOf([{ ...day, remaining: 1 }])).toMatchObject({ kind: 'enough', remaining: 1 });
  });

  it('is none without a daily limit, or with one that refuses nothing', () => {
    expect(outlookOf([{ ...day, name: 'perMinute' }])).toBeNull();
    expect(outlookOf([{ ...day, remaining: -1 }])).toBeNull();
  });

  it('is told once for all generations of a key, and not of one that is refused anyway', () => {
    const keys = [
      { ...asked([day]), key: 'newest' },
      { ...asked([day]), key: 'being replaced', state: 'grace' },
      { ...asked([day]), key: 'revoked', state: 'revoked', familyId: 'fam_2' },
      { ...asked([day]), key: 'disabled', state: 'disabled', familyId: 'fam_3' },
      { ...asked([day]), key: 'another', familyId: 'fam_4' },
    ];
    expect(outlooksOf(keys).map(({ key }) => key)).toEqual(['newest', 'another']);
  });
});
