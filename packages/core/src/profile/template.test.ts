// Templates: what a JSON template becomes for a context, and what never leaks through one.

import { describe, expect, it } from 'vitest';
import { fill, fillFirst, fillText, valuesIn } from './template.js';

const context = {
  key: { id: 'key_1', expiresAt: null, uses: 3 },
  list: [{ id: 'a', at: null }, { id: 'b' }],
  empty: '',
  zero: 0,
  no: false,
};

describe('fillText', () => {
  it('puts values into the text and leaves out what is not there', () => {
    expect(fillText('{key.id} used {key.uses} times by {nobody}', context)).toBe('key_1 used 3 times by ');
  });

  it('leaves braces alone that hold no path', () => {
    expect(fillText('{} { key.id } {key id} {"a":1}', context)).toBe('{} { key.id } {key id} {"a":1}');
  });

  it('never fills a filled value again', () => {
    expect(fillText('{asked}', { asked: '{key.id}', ...context })).toBe('{key.id}');
  });

  it('sees own members only', () => {
    const names = ['constructor', '__proto__', 'toString', 'key.constructor.name', 'list.length.constructor'];
    for (const name of names) expect(fillText(`<{${name}}>`, context)).toBe('<>');
  });
});

describe('fillFirst', () => {
  it('takes the first text whose values are all there', () => {
    expect(fillFirst(['{nobody}: {key.id}', '{key.expiresAt}', 'key {key.id}', 'none'], context)).toBe('key key_1');
    expect(fillFirst(['{zero}', 'none'], context)).toBe('0');
  });

  it('takes the last text when no other fits', () => {
    expect(fillFirst(['{nobody}', 'without {nobody}'], context)).toBe('without ');
    expect(fillFirst('alone {nobody}', context)).toBe('alone ');
  });
});

describe('fill', () => {
  it('keeps the type of a value that is the whole text', () => {
    const template = {
      uses: '{key.uses}',
      text: '#{key.uses}',
      at: '{key.expiresAt}',
      zero: '{zero}',
      no: '{no}',
      empty: '{empty}',
    };
    expect(fill(template, context)).toStrictEqual({ uses: 3, text: '#3', at: null, zero: 0, no: false, empty: '' });
  });

  it('leaves out members whose value is not there, and keeps the others', () => {
    expect(fill({ gone: '{nobody}', nested: { gone: '{key.nobody}' }, here: 1 }, context)).toStrictEqual({
      nested: {},
      here: 1,
    });
  });

  it('holds the place of an absent list entry with null', () => {
    expect(fill(['{nobody}', '{key.id}'], context)).toStrictEqual([null, 'key_1']);
  });

  it('maps a list with $each, in order, and reads no list as an empty one', () => {
    const template = { $each: 'list', $as: { id: '{item.id}', at: '{item.at}', of: '{key.id}' } };
    expect(fill(template, context)).toStrictEqual([
      { id: 'a', at: null, of: 'key_1' },
      { id: 'b', of: 'key_1' },
    ]);
    expect(fill({ $each: 'nobody', $as: '{item}' }, context)).toStrictEqual([]);
    expect(fill({ $each: 'key', $as: '{item}' }, context)).toStrictEqual([]);
  });

  it('leaves the template as it was', () => {
    const template = Object.freeze({ id: '{key.id}', list: Object.freeze(['{key.id}']) as string[] });
    fill(template, context);
    expect(template).toStrictEqual({ id: '{key.id}', list: ['{key.id}'] });
  });
});

describe('valuesIn', () => {
  it('finds every value, also in lists and below $each', () => {
    const template = { a: '{x} and {y.z}', b: ['{x}', 1, null], c: { $each: 'result.data', $as: { id: '{item.id}' } } };
    expect(valuesIn(template)).toStrictEqual(['x', 'y.z', 'x', 'result.data', 'item.id']);
  });
});
