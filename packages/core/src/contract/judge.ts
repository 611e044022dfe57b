// Judging input against a schema and saying what is wrong, where, and how to mend it.

import { z } from 'zod';
import { type FieldError, LatchkeyError } from '../errors/latchkey-error.js';

type Issue = z.core.$ZodIssue;

/** Names of members are the caller's words too: longer ones than any of ours could be secrets, and are not repeated. */
const MEMBER = /^[\w$.-]{1,40}$/;
const named = (step: PropertyKey): string => (MEMBER.test(String(step)) ? String(step) : '(a name not repeated here)');

function fixFor(issue: Issue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `Remove ${issue.keys.map((name) => (MEMBER.test(name) ? JSON.stringify(name) : named(name))).join(', ')}.`;
    case 'invalid_type':
      return `Send ${/^[aeio]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}.`;
    case 'too_small':
      return `Send at least ${issue.minimum}.`;
    case 'too_big':
      return `Send at most ${issue.maximum}.`;
    case 'invalid_value':
      return `Send one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}.`;
    case 'invalid_format':
      return `Send a value in the format ${issue.format}.`;
    default:
      return 'See the operation in the reference.';
  }
}

/** The first fitting branch of a union says more than "invalid input". */
function unfold(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const branch = issue.errors.find((issues) => issues.length > 0)?.[0];
  return branch === undefined || issue.message !== 'Invalid input'
    ? issue
    : unfold({ ...branch, path: [...issue.path, ...branch.path] } as Issue);
}

/** Zod's issues as field errors under `root`; values are never quoted, nor are long names: they might be secrets. */
export function fieldErrors(error: z.ZodError, root: string): FieldError[] {
  return error.issues.slice(0, 20).map((raw) => {
    const issue = unfold(raw);
    const path = [root, ...issue.path.map(named)].filter((step) => step !== '').join('.');
    const message = issue.code === 'unrecognized_keys' ? 'has members that are not known here' : issue.message;
    return { path, message: message.slice(0, 300), fix: fixFor(issue) };
  });
}

/**
 * The value as the schema reads it.
 * @throws LatchkeyError `invalid_request` naming each wrong place.
 */
export function judge<Schema extends z.ZodType>(schema: Schema, value: unknown, root: string): z.output<Schema> {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const errors = fieldErrors(result.error, root);
  const first = errors[0];
  throw new LatchkeyError('invalid_request', `${first?.path || 'The request'}: ${first?.message ?? 'is invalid'}`, {
    errors,
  });
}
