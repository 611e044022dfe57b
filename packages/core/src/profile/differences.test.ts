// Guarantees of differences: every place that differs once, none that does not, as pointers that lead there.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differencesBetween } from './differences.js';

describe('differences', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: { b: 1, c: 2 } }, { a: { c: 2, b: 3 } }, [['/a/b', 1, 3]]],
    [{ a: 1 }, {}, [['/a', 1, null]]],
    [{}, { a: [] }, [['/a', null, []]]],
    [{ a: null }, {}, []],
    [{ 'a/b~c': 1 }, { 'a/b~c': 2 }, [['/a~1b~0c', 1, 2]]],
    [{ a: [1, 2] }, { a: [1, 3] }, [['/a', [1, 2], [1, 3]]]],
    [{ a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }, { b: 3 }] }, [['/a/1/b', 2, 3]]],
    [{ a: [{ b: 1 }] }, { a: [{ b: 1 }, {}] }, [['/a', [{ b: 1 }], [{ b: 1 }, {}]]]],
    [{ a: {} }, { a: [] }, [['/a', {}, []]]],
    [{ a: [null] }, { a: [] }, [['/a', [null], []]]],
    [1, 2, [['', 1, 2]]],
  ])('between %j and %j', (before, after, expected) => {
    const found = differencesBetween(before, after);
    expect(found.map((each) => [each.path, each.before, each.after])).toEqual(expected);
  });

  it('are none between equals, and some between what JSON tells apart', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(differencesBetween(one, structuredClone(one))).toEqual([]);
        const tells = JSON.stringify(sorted(one)) !== JSON.stringify(sorted(other));
        expect(differencesBetween(one, other).length > 0).toBe(tells);
      }),
    );
  });
});

/** With members in one order and without those that are null: they are as good as absent here. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
