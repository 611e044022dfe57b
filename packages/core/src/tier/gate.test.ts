// Guarantees of gated fields: what is hidden is gone at every place, what is not keeps its bytes, and no text is too strange.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gateFields } from './gate.js';

const hidden = ['contact_email', 'audience_geo.detail'];
const gated = (text: string, fields: readonly string[] = hidden): string => gateFields(text, fields).text;
const omitted = (text: string, fields: readonly string[] = hidden): string[] => gateFields(text, fields).omitted;

describe('a hidden field', () => {
  it.each([
    ['first', '{"contact_email":"x","a":1}', '{"a":1}'],
    ['last', '{"a":1,"contact_email":"x"}', '{"a":1}'],
    ['in the middle', '{"a":1,"contact_email":"x","b":2}', '{"a":1,"b":2}'],
    ['alone', '{"contact_email":"x"}', '{}'],
    ['twice', '{"contact_email":1,"a":1,"contact_email":2}', '{"a":1}'],
    ['twice and nothing else', '{"contact_email":1,"contact_email":2}', '{}'],
    ['null', '{"contact_email":null}', '{}'],
    ['an object', '{"contact_email":{"a":[1,{"b":2}]},"c":3}', '{"c":3}'],
    ['with its name escaped', '{"contact_\\u0065mail":"x","a":1}', '{"a":1}'],
    ['with every letter escaped', `{"${escapeAll('contact_email')}":"x"}`, '{}'],
    ['behind an escaped quote', '{"a":"\\"","contact_email":"x"}', '{"a":"\\""}'],
    ['behind escaped backslashes', '{"a":"\\\\","contact_email":"x"}', '{"a":"\\\\"}'],
    ['nested', '{"audience_geo":{"detail":1,"countries":[]}}', '{"audience_geo":{"countries":[]}}'],
    ['in a list', '[{"contact_email":1},{"b":2}]', '[{},{"b":2}]'],
    ['in lists of lists', '[[[{"contact_email":1,"a":1}]],[]]', '[[[{"a":1}]],[]]'],
    [
      'below a list on its path',
      '{"audience_geo":[[{"detail":1}],{"detail":2,"c":3}]}',
      '{"audience_geo":[[{}],{"c":3}]}',
    ],
    ['in a batch', '{"data":[{"id":1,"contact_email":"x"}],"missing":[]}', '{"data":[{"id":1}],"missing":[]}'],
    ['below __proto__', '{"__proto__":{"contact_email":"x","a":1}}', '{"__proto__":{"a":1}}'],
    [
      'pretty-printed',
      '{\n  "contact_email": "x",\n  "a": 1,\n  "audience_geo": {\n  }\n}',
      '{\n  "a": 1,\n  "audience_geo": {\n  }\n}',
    ],
    ['pretty-printed and last', '{\n  "a": 1,\n  "contact_email": "x"\n}', '{\n  "a": 1\n}'],
  ])('is left out: %s', (_, text, left) => {
    expect(gated(text)).toBe(left);
  });

  it.each([
    ['is only a value', '{"a":"contact_email","b":["contact_email"]}'],
    ['has a longer name', '{"contact_emails":1,"xcontact_email":2,"contact_email ":3}'],
    ['has other case', '{"Contact_Email":1}'],
    ['stands elsewhere', '{"detail":1,"audience_geo":{"x":{"detail":2}}}'],
    ['is a scalar on the way', '{"audience_geo":"detail"}'],
    ['is a dotted name', '{"audience_geo.detail":1}'],
  ])('is none when it %s', (_, text) => {
    expect(gateFields(text, hidden)).toEqual({ text, omitted: [] });
  });

  it('leaves every other byte: numbers, escapes, spaces, order', () => {
    const rest = ' "big" : 12345678901234567890 , "one":1.0,"huge":1e400,"neg":-0,"s":"\\u00e9\\/é\u2028" ';
    expect(gated(`{"contact_email":1,${rest}}`)).toBe(`{${rest.trimStart()}}`);
    expect(gated(`{${rest}}`)).toBe(`{${rest}}`);
  });

  it('is named once, in the given order, however often it was there', () => {
    const text = '[{"audience_geo":{"detail":1}},{"contact_email":1},{"contact_email":2}]';
    expect(omitted(text)).toEqual(hidden);
    expect(omitted(text, [...hidden].reverse())).toEqual([...hidden].reverse());
    expect(omitted('{"contact_email":1}')).toEqual(['contact_email']);
  });

  it('is named too when it went with a hidden parent', () => {
    expect(gateFields('{"a":{"b":1},"c":2}', ['a.b', 'a'])).toEqual({ text: '{"c":2}', omitted: ['a.b', 'a'] });
  });

  it('is found where paths overlap', () => {
    expect(gated('{"a":{"a":{"b":1,"c":2}}}', ['a.a.c', 'a.b'])).toBe('{"a":{"a":{}}}');
    expect(gated('{"x":{"a":{"b":1}}}', ['x.a.c', 'a.b'])).toBe('{"x":{"a":{}}}');
    expect(gated('{"toString":1,"constructor":{"__proto__":2}}', ['__proto__', 'toString'])).toBe('{"constructor":{}}');
  });
});

it('walks any depth', () => {
  const depth = 100_000;
  const lists = `${'['.repeat(depth)}{"contact_email":1}${']'.repeat(depth)}`;
  expect(gated(lists)).toBe(`${'['.repeat(depth)}{}${']'.repeat(depth)}`);
  const objects = `${'{"a":'.repeat(depth)}{"contact_email":1}${'}'.repeat(depth)}`;
  expect(gated(objects) === `${'{"a":'.repeat(depth)}{}${'}'.repeat(depth)}`).toBe(true);
  const within = `{"contact_email":${'{"contact_email":'.repeat(depth)}1${'}'.repeat(depth)}}`;
  expect(gated(within)).toBe('{}');
});

it.each(['', '{', '{"a":1', '{"a":1}}', '{a:1}', "{'contact_email':1}", '{"a":NaN}', '\ufeff{}', '{"a":1,}', '"\n"'])(
  'throws at what is no JSON: %j',
  (text) => {
    expect(() => gateFields(text, hidden)).toThrow(SyntaxError);
  },
);

describe('any JSON', () => {
  const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'a.b', '', 'é"\\');
  const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.constantFrom(1, 0.5, null, true, 'a', '"a":1,', '\\'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(names, tie('value')), { maxLength: 5 }).map((members) => {
        const object = Object.create(null) as Record<string, unknown>;
        for (const [name, value] of members) object[name] = value;
        return object;
      }),
    ),
  }));
  const paths = fc.uniqueArray(
    fc.array(fc.constantFrom('a', 'b', 'c', '__proto__'), { minLength: 1, maxLength: 3 }).map((path) => path.join('.')),
    { maxLength: 4 },
  );

  it('loses what deleting by hand deletes, and nothing else', () => {
    fc.assert(
      fc.property(json, paths, fc.constantFrom('', ' ', '\n\t'), fc.boolean(), (value, fields, space, escaped) => {
        const text = write(value, space, escaped);
        const { text: left, omitted: named } = gateFields(text, fields);
        const there = new Set<string>();
        const expected = byHand(value, [], fields, there);
        expect(JSON.stringify(JSON.parse(left))).toBe(JSON.stringify(expected));
        expect(named).toEqual(fields.filter((field) => there.has(field)));
        // Nothing is left to hide, and what hides nothing is the same text.
        expect(gateFields(left, fields)).toEqual({ text: left, omitted: [] });
        if (named.length === 0) expect(left).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

function escapeAll(text: string): string {
  return [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}

function write(value: unknown, space: string, escaped: boolean): string {
  const name = (text: string): string => (escaped ? `"${escapeAll(text)}"` : JSON.stringify(text));
  if (Array.isArray(value))
    return `[${space}${value.map((entry) => write(entry, space, escaped)).join(`${space},${space}`)}${space}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${name(key)}${space}:${space}${write(member, space, escaped)}`,
  );
  return `{${space}${members.join(`${space},${space}`)}${space}}`;
}

/** The value without hidden members: `chain` has the names on the way to it. */
function byHand(value: unknown, chain: readonly string[], fields: readonly string[], there: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((entry) => byHand(entry, chain, fields, there));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of Object.entries(value)) {
    const names = [...chain, name];
    const gates = fields.filter((field) => {
      const path = field.split('.');
      return path.length <= names.length && path.every((part, at) => part === names[names.length - path.length + at]);
    });
    for (const field of gates) there.add(field);
    const below = byHand(member, names, fields, there);
    if (gates.length === 0) kept[name] = below;
  }
  return kept;
}
