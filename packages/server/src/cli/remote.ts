// Calling a running server's management API by the rows of the operation table. The root key comes from the environment, never from argv.

import { readFileSync } from 'node:fs';
import {
  type CallOptions,
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

function rootKey({ env }: Io): string {
  const key =
    env.LATCHKEY_ROOT_KEY ?? (env.LATCHKEY_ROOT_KEY_FILE && readFileSync(env.LATCHKEY_ROOT_KEY_FILE, 'utf8').trim());
  if (key) return key;
  throw new LatchkeyError(
    'configuration_invalid',
    'This command asks a running server: set LATCHKEY_ROOT_KEY (or LATCHKEY_ROOT_KEY_FILE) to a root key. `latchkey root-keys create` makes one.',
  );
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
  const text = await response.text();
  const document: unknown = text === '' ? null : JSON.parse(text);
  if (response.ok) return document;
  const problem = document as { code?: string; detail?: string } | null;
  throw new RemoteError(
    problem?.code ?? `http_${response.status}`,
    problem?.detail ?? `The server answered ${response.status}.`,
    problem,
  );
}
