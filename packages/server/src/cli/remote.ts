// Calling a running server's management API by the rows of the operation table. The root key comes from the environment, never from argv.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type CallOptions,
  isPresentable,
  LatchkeyError,
  type OperationMethods,
  type OperationName,
  operationMethods,
  operations,
  splitInput,
} from '@latchkey/core';
import type { Io } from './output.js';

/** What the server refused, in its own words. */
export class RemoteError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly problem: unknown,
  ) {
    super(message);
  }
}

const invalid = (detail: string, cause?: unknown): LatchkeyError =>
  new LatchkeyError('configuration_invalid', detail, { cause });

export const hasRootKey = ({ env }: Io): boolean => Boolean(env.LATCHKEY_ROOT_KEY || env.LATCHKEY_ROOT_KEY_FILE);

function rootKey({ env, cwd }: Io): string {
  const { LATCHKEY_ROOT_KEY: direct, LATCHKEY_ROOT_KEY_FILE: file } = env;
  if (direct && file) throw invalid('LATCHKEY_ROOT_KEY and LATCHKEY_ROOT_KEY_FILE are both set. Keep one.');
  const key = file ? readKeyFile(resolve(cwd, file)) : direct?.trim();
  if (!key) {
    throw invalid(
      'This command asks a running server: set LATCHKEY_ROOT_KEY (or LATCHKEY_ROOT_KEY_FILE) to a root key. `latchkey root-keys create` makes one.',
    );
  }
  if (isPresentable(key)) return key;
  throw invalid(
    `${file ? 'LATCHKEY_ROOT_KEY_FILE' : 'LATCHKEY_ROOT_KEY'} holds characters that no key has: copy the whole key and nothing else.`,
  );
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw invalid(`LATCHKEY_ROOT_KEY_FILE names ${file}, which cannot be read.`, cause);
  }
}

/** The operations of the server at `url` as methods. */
export function connect(url: string, io: Io): OperationMethods {
  const authorization = `Bearer ${rootKey(io)}`;
  return operationMethods((name, input, options) => call(url, authorization, name, input, options));
}

async function call(
  url: string,
  authorization: string,
  name: OperationName,
  input: Readonly<Record<string, unknown>>,
  options: CallOptions,
): Promise<unknown> {
  const row = operations[name];
  const { params, query, body } = splitInput(name, input);
  const path = row.path.replace(/:([A-Za-z]+)/g, (_, param: string) => encodeURIComponent(String(params[param] ?? '')));
  const target = new URL(path, url);
  for (const [member, value] of Object.entries(query)) target.searchParams.set(member, String(value));
  let response: Response;
  try {
    response = await fetch(target, {
      method: row.method,
      // The root key goes to the server that was named and nowhere else.
      redirect: 'manual',
      headers: {
        authorization,
        ...(row.body && { 'content-type': 'application/json' }),
        ...(options.idempotencyKey && { 'idempotency-key': options.idempotencyKey }),
      },
      ...(row.body && { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new LatchkeyError(
      'unavailable',
      `No server answers at ${url}: start one with \`latchkey serve\`, or name it with --url.`,
      { cause },
    );
  }
  if (!response.headers.get('x-request-id')?.startsWith('req_')) {
    throw new LatchkeyError('unavailable', `What answers at ${url} is no Latchkey control plane: name it with --url.`);
  }
  const text = await response.text();
  const document = parsed(text);
  if (response.ok && document !== undefined) return document;
  const problem = document as { code?: string; detail?: string } | null | undefined;
  throw new RemoteError(
    problem?.code ?? `http_${response.status}`,
    problem?.detail ??
      `What answers at ${url} with ${response.status} is no Latchkey control plane: name it with --url.`,
    problem ?? null,
  );
}

/** The document, null for an empty answer; undefined for what is no JSON. */
function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
