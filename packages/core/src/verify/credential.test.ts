// Guarantees of reading a credential: exactly one, from the one place, in the exact grammar; everything else is refused by name.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CredentialPlace, isPresentable, readCredential } from './credential.js';

const BEARER: CredentialPlace = { header: 'authorization', scheme: 'Bearer' };
const BARE: CredentialPlace = { header: 'x-api-key' };
const K = 'sk_live_0123456789';

describe('a Bearer credential', () => {
  it.each([
    ['Bearer', 'Authorization'],
    ['bearer', 'authorization'],
    ['BEARER', 'AUTHORIZATION'],
    ['bEaReR', 'aUTHORIZATION'],
  ])('is read with the scheme as %s and the header as %s', (scheme, header) => {
    expect(readCredential([header, `${scheme} ${K}`], BEARER)).toEqual({ secret: K });
  });

  it.each([
    ['no headers at all', []],
    ['other headers only', ['Host', 'x', 'Cookie', `key=${K}`]],
    ['an empty header', ['Authorization', '']],
    ['the scheme alone', ['Authorization', 'Bearer']],
    ['the scheme and one space', ['Authorization', 'Bearer ']],
    ['the key in the place of another profile', ['X-Api-Key', K]],
    ['the header name with underscores', ['X_Api_Key', K]],
    ['a name that only begins like it', ['Authorization-Extra', `Bearer ${K}`]],
    ['a proxy credential', ['Proxy-Authorization', `Bearer ${K}`]],
  ])('is missing with %s', (_, headers) => {
    expect(readCredential(headers, BEARER)).toEqual({ reason: 'missing_credential' });
  });

  it.each([
    ['no scheme', K],
    ['another scheme', `Basic ${K}`],
    ['a longer scheme', `BearerX ${K}`],
    ['two spaces', `Bearer  ${K}`],
    ['several spaces and nothing else', 'Bearer   '],
    ['a tab', `Bearer\t${K}`],
    ['a space before', ` Bearer ${K}`],
    ['a space behind', `Bearer ${K} `],
    ['a line feed behind', `Bearer ${K}\n`],
    ['a carriage return behind', `Bearer ${K}\r`],
    ['a folded line', `Bearer\r\n ${K}`],
    ['a comma list', `Bearer ${K},Bearer ${K}`],
    ['a comma and a space', `Bearer ${K}, Bearer ${K}`],
    ['two keys', `Bearer ${K} ${K}`],
    ['quotes', `Bearer "${K}"`],
    ['a NUL', `Bearer ${K}\0`],
    ['a NUL within', `Bearer sk_\0live`],
    ['UTF-8', 'Bearer schlüssel'],
    ['a full-width letter', 'Bearer sk_live_０'],
    ['a zero-width space', `Bearer \u200b${K}`],
    ['a non-breaking space', `Bearer\u00a0${K}`],
    ['a parameter', `Bearer token=${K};x`],
    ['equals signs in front', `Bearer =${K}`],
    ['an unresolved reference', 'Bearer $env://KEY'],
    ['percent', 'Bearer sk%5Flive'],
    ['513 characters', `Bearer ${'a'.repeat(513)}`],
    ['a megabyte', `Bearer ${'a'.repeat(1 << 20)}`],
  ])('is malformed with %s', (_, value) => {
    expect(readCredential(['Authorization', value], BEARER)).toEqual({ reason: 'malformed_credential' });
  });

  it.each([
    ['two equal lines', ['Authorization', `Bearer ${K}`, 'Authorization', `Bearer ${K}`]],
    ['two lines in different case', ['authorization', `Bearer ${K}`, 'AUTHORIZATION', `Bearer ${K}`]],
    ['a good line and an empty one', ['Authorization', `Bearer ${K}`, 'Authorization', '']],
    ['both places with the same key', ['Authorization', `Bearer ${K}`, 'X-Api-Key', K]],
    ['both places with different keys', ['X-Api-Key', 'other', 'Authorization', `Bearer ${K}`]],
    ['an empty line and a key elsewhere', ['Authorization', '', 'X-Api-Key', K]],
    ['two lines of the other place', ['X-Api-Key', K, 'X-Api-Key', K]],
    ['a good line far from a bad one', ['Authorization', 'Basic x', 'Host', 'h', 'Authorization', `Bearer ${K}`]],
  ])('is ambiguous with %s', (_, headers) => {
    expect(readCredential(headers, BEARER)).toEqual({ reason: 'ambiguous_credential' });
    expect(readCredential(headers, BARE)).toEqual({ reason: 'ambiguous_credential' });
  });
});

describe('an X-Api-Key credential', () => {
  it('is the whole value of its header', () => {
    expect(readCredential(['x-API-key', K], BARE)).toEqual({ secret: K });
    expect(readCredential(['X-Api-Key', `Bearer ${K}`], BARE)).toEqual({ reason: 'malformed_credential' });
    expect(readCredential(['X-Api-Key', ''], BARE)).toEqual({ reason: 'missing_credential' });
    expect(readCredential(['Authorization', `Bearer ${K}`], BARE)).toEqual({ reason: 'missing_credential' });
    expect(readCredential(['X_Api_Key', K], BARE)).toEqual({ reason: 'missing_credential' });
  });
});

// Rows 13 and 28 of the peers' cases: every combination of right, wrong and absent in each place, repeated or not.
describe('the matrix of places', () => {
  const values = [null, 'right', 'wrong', 'empty'] as const;
  const line = (value: (typeof values)[number], name: string, scheme: string) =>
    value === null ? [] : [name, value === 'empty' ? '' : `${scheme}${value === 'right' ? K : 'wrong_key'}`];
  const rows = values.flatMap((first) =>
    values.flatMap((second) => values.map((again) => [first, second, again] as const)),
  );

  it.each(rows)('Authorization %s, X-Api-Key %s, Authorization again %s: only a single line is ever read', (...row) => {
    const [first, second, again] = row;
    const headers = [
      ...line(first, 'Authorization', 'Bearer '),
      ...line(second, 'X-Api-Key', ''),
      ...line(again, 'authorization', 'Bearer '),
    ];
    const present = row.filter((value) => value !== null).length;
    const single = first ?? again;
    const expected =
      present > 1
        ? { reason: 'ambiguous_credential' }
        : single === null || single === 'empty'
          ? { reason: 'missing_credential' }
          : { secret: single === 'right' ? K : 'wrong_key' };
    expect(readCredential(headers, BEARER)).toEqual(expected);
  });
});

describe('any input', () => {
  it('ends in a secret of the grammar or in one of three reasons, and never throws', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('Authorization', 'X-Api-Key'));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), fc.constantFrom(BEARER, BARE), (headers, place) => {
        const reading = readCredential(headers, place);
        if ('secret' in reading) expect(isPresentable(reading.secret)).toBe(true);
        else expect(reading.reason).toMatch(/^(missing|malformed|ambiguous)_credential$/);
      }),
      { numRuns: 2000 },
    );
  });
});
