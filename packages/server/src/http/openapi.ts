// The OpenAPI document, written off the operation table. It adds no call and no rule of its own.

import {
  BODY_ERRORS,
  COMMON_ERRORS,
  ERRORS,
  type ErrorCode,
  IDEMPOTENCY_ERRORS,
  type Operation,
  type OperationName,
  operations,
  roleTable,
} from '@latchkey/core';
import { z } from 'zod';
import {
  createDocument,
  type oas31,
  type ZodOpenApiOperationObject,
  type ZodOpenApiOverride,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import { SESSION_COOKIE } from '../operations/sign-in.js';
import { problemType } from './problem.js';

const problem = z
  .object({
    type: z.string().meta({ format: 'uri', description: 'Where the code is explained' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: 'What a program should look at' }),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string(), fix: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem document' });

/** Every code that a row may answer, in the catalogue's order. */
export function errorsOf(row: Operation): ErrorCode[] {
  const codes = new Set<ErrorCode>([
    ...COMMON_ERRORS,
    ...(row.body === null ? [] : BODY_ERRORS),
    ...(row.idempotent ? IDEMPOTENCY_ERRORS : []),
    ...row.errors,
  ]);
  return (Object.keys(ERRORS) as ErrorCode[]).filter((code) => codes.has(code));
}

const requestIdHeader = {
  'X-Request-Id': { description: 'Names this call in the log', schema: { type: 'string' as const } },
};
const retryHeader = {
  'Retry-After': { description: 'Whole seconds to wait', schema: { type: 'integer' as const, minimum: 1 } },
};

function errorResponses(row: Operation) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(row)) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      `${status}`,
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        headers: { ...requestIdHeader, ...(codes.some((code) => ERRORS[code].retryable) ? retryHeader : {}) },
        content: {
          'application/problem+json': {
            schema: z.intersection(problem, z.object({ code: z.enum(codes as [ErrorCode, ...ErrorCode[]]) })),
            examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
          },
        },
      },
    ]),
  );
}

/** Whose key it takes, and which people. */
function whoMay(name: string, { audience, permission }: Operation): string[] {
  if (audience === 'anybody') return ['Asks for no credential.'];
  const people = roleTable[name as OperationName]?.map((standing) => `\`${standing}\``).join(', ');
  const standings = `On the dashboard, for ${people}.`;
  if (audience === 'person') return [standings, 'For no key.'];
  return [`Needs the permission \`${permission}\`${audience === 'operator' ? ', on a root key' : ''}.`, standings];
}

function describe(name: string, row: Operation): ZodOpenApiOperationObject {
  const idempotencyKey = z
    .string()
    .min(16)
    .max(255)
    .optional()
    .meta({ description: 'Makes a retry answer the same. Nobody may be able to guess it: send a UUID.' });
  return {
    operationId: name,
    tags: [row.tag],
    summary: row.summary,
    description: [row.description, ...whoMay(name, row)].filter((part) => part !== undefined).join('\n\n'),
    security: row.audience === 'anybody' ? [] : [{ bearer: [] }, { session: [] }],
    requestParams: {
      path: row.params,
      query: row.query,
      ...(row.idempotent ? { header: z.object({ 'Idempotency-Key': idempotencyKey }) } : {}),
    },
    ...(row.body === null
      ? {}
      : {
          requestBody: {
            required: !z.safeParse(row.body, {}).success,
            content: { 'application/json': { schema: row.body } },
          },
        }),
    responses: {
      [`${row.status}`]: {
        description: row.summary,
        headers: requestIdHeader,
        ...(row.output === null ? {} : { content: { 'application/json': { schema: row.output } } }),
      },
      ...errorResponses(row),
    },
  };
}

function problemExamples(codes: readonly ErrorCode[], publicUrl: string) {
  return Object.fromEntries(
    codes.map((code) => {
      const { title, status, help } = ERRORS[code];
      const value = { type: problemType(publicUrl, code), title, status, detail: help, code, requestId: 'req_…' };
      return [code, { summary: title, value }];
    }),
  );
}

/** Where a row names a type for callers, the forms that are read besides it (`"5"` for 5 in a query) are not shown. */
const plainType: ZodOpenApiOverride = ({ jsonSchema }) => {
  if (jsonSchema.type !== undefined) delete jsonSchema.anyOf;
};

/** The document for a server that is reached at `publicUrl`. */
export function createOpenApi(
  publicUrl: string,
  version: string,
  rows: Readonly<Record<string, Operation>> = operations,
): oas31.OpenAPIObject {
  const paths: ZodOpenApiPathsObject = {};
  for (const [name, row] of Object.entries(rows)) {
    const path = row.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: describe(name, row) };
  }
  return createDocument(
    {
      openapi: '3.1.1',
      info: {
        title: 'Latchkey management API',
        version,
        description: 'Issue, verify, limit, rotate and revoke API keys.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: publicUrl }],
      tags: [...new Set(Object.values(rows).map((row) => row.tag))].map((name) => ({ name })),
      paths,
      components: {
        examples: problemExamples([...new Set(Object.values(rows).flatMap(errorsOf))].sort(), publicUrl),
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'A root key, a customer key that may manage keys, or a portal token',
          },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: SESSION_COOKIE,
            description: 'Of a user who is signed in; every change needs X-CSRF-Token too',
          },
        },
      },
    },
    { override: plainType },
  );
}
