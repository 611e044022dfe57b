// An error of the server shows at the field it is about, and as a whole where it is about none.

import { LatchkeyClientError } from '@latchkey/client';
import { expect, it } from 'vitest';
import { fieldErrors } from './field-errors';

const MEMBERS = ['name', 'permissions', 'restrictions.ips', 'expiresAt'];
const textOf = (error: unknown) => (error as LatchkeyClientError).detail;
const wrong = (...paths: string[]) =>
  new LatchkeyClientError({
    code: 'invalid_request',
    detail: 'no',
    status: 400,
    errors: paths.map((path) => ({ path, message: 'is wrong', fix: 'Mend it.' })),
  });

it('finds the field of a place, also of one entry of a list', () => {
  expect(fieldErrors(wrong('body.name', 'body.restrictions.ips.3'), MEMBERS, textOf)).toEqual({
    byField: { name: 'Is wrong. Mend it.', ips: 'Is wrong. Mend it.' },
    isRest: false,
  });
});

it('finds the field of a code that names no place', () => {
  const error = new LatchkeyClientError({ code: 'expiry_in_past', detail: 'Too late.', status: 422 });
  expect(fieldErrors(error, MEMBERS, textOf)).toEqual({ byField: { expiresAt: 'Too late.' }, isRest: false });
});

it('shows the rest as a whole', () => {
  expect(fieldErrors(wrong('body.nowhere'), MEMBERS, textOf)).toEqual({ byField: {}, isRest: true });
  expect(fieldErrors(new Error('lost'), MEMBERS, textOf)).toEqual({ byField: {}, isRest: true });
  expect(fieldErrors(null, MEMBERS, textOf)).toEqual({ byField: {}, isRest: false });
});
