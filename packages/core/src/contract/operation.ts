// What a row of the operation table is. Routes, OpenAPI, client, CLI help and reference pages are derived from the rows.

import type { z } from 'zod';
import type { ErrorCode } from '../errors/catalogue.js';

/**
 * Whose credential a row takes. `operator`: of keys, root keys only. `manager`: also customer keys, within their own project
 * and rights. `person`: signed-in users and portal tokens only, since it is about themselves. `anybody`: without a credential.
 * Which users and portal tokens may call a row is in the table of roles.
 */
export type Audience = 'operator' | 'manager' | 'person' | 'anybody';

export interface Operation<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodObject | null = z.ZodObject | null,
  Output extends z.ZodType | null = z.ZodType | null,
> {
  tag: string;
  summary: string;
  description?: string;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Fastify form: `:name` is a parameter. */
  path: string;
  params: Params;
  query: Query;
  /** null: the call has no body; otherwise a strict object. */
  body: Body;
  output: Output;
  status: 200 | 201 | 204;
  /** The permission an actor needs, e.g. `keys.create`. */
  permission: string;
  audience: Audience;
  /** true: an `Idempotency-Key` makes a retry safe. */
  idempotent: boolean;
  /** What it may answer beside the errors that any operation may. */
  errors: readonly ErrorCode[];
}

/** Errors that every operation may answer. */
export const COMMON_ERRORS = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'too_many_failures',
  'request_timeout',
  'header_fields_too_large',
  'internal_error',
  'unavailable',
] as const satisfies readonly ErrorCode[];

/** Errors that every operation with a body may answer. */
export const BODY_ERRORS = [
  'invalid_json',
  'payload_too_large',
  'unsupported_media_type',
] as const satisfies readonly ErrorCode[];

/** Errors that every row with an Idempotency-Key may answer. */
export const IDEMPOTENCY_ERRORS = [
  'idempotency_key_invalid',
  'idempotency_in_progress',
  'idempotency_answer_gone',
  'idempotency_mismatch',
] as const satisfies readonly ErrorCode[];

/** An object without members adds nothing to an input; as `Record<string, never>` it would forbid everything else. */
type Members<Value> = Value extends Record<string, never> ? unknown : Value;
type Parsed<Schema> = Schema extends z.ZodType ? Members<z.output<Schema>> : unknown;
type Accepted<Schema> = Schema extends z.ZodType ? Members<z.input<Schema>> : unknown;

/** What a handler gets: path, query and body members in one object, already judged. */
export type OperationInput<Row extends Operation> = Parsed<Row['params']> & Parsed<Row['query']> & Parsed<Row['body']>;
/** What a caller in process may send: the same before judging. */
export type OperationCall<Row extends Operation> = Accepted<Row['params']> &
  Accepted<Row['query']> &
  Accepted<Row['body']>;
export type OperationOutput<Row extends Operation> = Row['output'] extends z.ZodType
  ? z.input<Row['output']>
  : undefined;
