// What PostgreSQL's errors mean to a caller. Names of hosts and users may stand in a cause, never a password.

import { LatchkeyError } from '@latchkey/core';

const UNIQUE = '23505';
const FOREIGN_KEY = '23503';
/** Text in another encoding than the database's. */
const UNTRANSLATABLE = new Set(['22021', '22P05']);
/** Trouble of the server or the way to it, none of a statement: connection, resources, operator, system, damage, read-only, locks. */
const OUTSIDE = /^(08|40|53|57|58|XX)|^(25006|25P0[34]|55P03|28\w{3}|3D000)$/;

const sqlState = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : '';
};

export const unavailable = (cause: unknown): LatchkeyError => new LatchkeyError('unavailable', undefined, { cause });

/** What a failure means; the driver's own error stays as the cause. */
export function translatePostgresError(error: unknown): unknown {
  if (error instanceof LatchkeyError) return error;
  const state = sqlState(error);
  // Without a state it never came from the server: the connection broke, or could not be made.
  if (state === '' || OUTSIDE.test(state)) return unavailable(error);
  if (state === UNIQUE) return new LatchkeyError('duplicate_key', undefined, { cause: error });
  if (state === FOREIGN_KEY) return new LatchkeyError('not_found', undefined, { cause: error });
  if (UNTRANSLATABLE.has(state)) return new LatchkeyError('invalid_request', undefined, { cause: error });
  return new LatchkeyError('internal_error', undefined, { cause: error });
}

/** More connections than the server, or this user, may have. */
export const isFull = (error: unknown): boolean => sqlState(error) === '53300';
/** true: the connection ends with this. */
export const isFatal = (error: unknown): boolean =>
  sqlState(error) === '' || (error as { severity?: unknown }).severity === 'FATAL';
/** true: the server ended the connection on somebody's word and said so, hence kept nothing of the statement. */
export const wasTerminated = (error: unknown): boolean =>
  error instanceof LatchkeyError && sqlState(error.cause) === '57P01';
