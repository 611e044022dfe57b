// Guarantees of permissions: what covers what, and that nobody hands on more than they have.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandPermissions, grants, isSubset, PERMISSION_PATTERN } from './permissions.js';

describe('a granted list', () => {
  it.each([
    [['*'], 'keys.read', true],
    [['*'], '*', true],
    [['keys.*'], 'keys.read', true],
    [['keys.*'], 'keys.read.all', true],
    [['keys.*'], 'keys.*', true],
    [['keys.*'], 'keys', false],
    [['keys.*'], 'keysx.read', false],
    [['keys.*'], '*', false],
    [['keys.read'], 'keys.read', true],
    [['keys.read'], 'keys.read.all', false],
    [['keys.read'], 'keys.*', false],
    [['keys.read'], 'keys.rea', false],
    [['keys.read.*'], 'keys.read', false],
    [['a', 'b'], 'b', true],
    [[], 'a', false],
    [['Keys.read'], 'keys.read', false],
  ])('%j answers for %s: %s', (granted, required, expected) => {
    expect(grants(granted, required)).toBe(expected);
  });

  it('is a subset only when each atom is covered', () => {
    expect(isSubset(['keys.read', 'keys.create'], ['keys.*'])).toBe(true);
    expect(isSubset(['keys.*'], ['keys.read', 'keys.create'])).toBe(false);
    expect(isSubset(['*'], ['keys.*', 'users.*'])).toBe(false);
    expect(isSubset(['keys.a.*'], ['keys.*'])).toBe(true);
    expect(isSubset([], [])).toBe(true);
  });

  it('that is a subset never grants what the whole does not', () => {
    const word = fc.constantFrom('a', 'b', 'keys');
    const atom = fc.oneof(
      fc.constant('*'),
      fc.tuple(fc.array(word, { minLength: 1, maxLength: 3 }), fc.boolean()).map(([words, wild]) => {
        return words.join('.') + (wild ? '.*' : '');
      }),
    );
    const list = fc.array(atom, { maxLength: 4 });
    fc.assert(
      fc.property(list, list, atom, (inner, outer, asked) => {
        fc.pre(isSubset(inner, outer) && grants(inner, asked));
        expect(grants(outer, asked)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('implications', () => {
  it('are followed to the end, each once, in circles too', () => {
    const implies = { admin: ['write'], write: ['read'], read: ['admin'] };
    expect(expandPermissions(['write'], implies).sort()).toEqual(['admin', 'read', 'write']);
    expect(expandPermissions(['other', 'other'], implies)).toEqual(['other']);
    expect(expandPermissions(['constructor'], {})).toEqual(['constructor']);
  });
});

describe('the grammar', () => {
  it.each(['*', 'a', 'keys.read', 'keys.*', 'a-b.c_d.e9'])('takes %s', (text) => {
    expect(PERMISSION_PATTERN.test(text)).toBe(true);
  });
  it.each(['', '.', 'a.', '.a', 'a..b', '*.a', 'a.*.b', 'A', 'a b', 'a*', '**', '9a', 'a\n'])('refuses %j', (text) => {
    expect(PERMISSION_PATTERN.test(text)).toBe(false);
  });
});
