// Rows that the profile answers itself: from the decision alone, or with a management operation run as the calling key.

import {
  type AnswerContext,
  answerReply,
  contextOf,
  fill,
  type OperationName,
  type RouteMatch,
  type Snapshot,
  splitInput,
} from '@latchkey/core';
import type { Exchange } from './exchange.js';
import type { Parts } from './parts.js';
import { sendReply } from './reply.js';

type Query = Readonly<Record<string, string>>;

/** A query as names and values; of a name that stands twice the last counts. */
export const queryOf = (query: string): Query => (query === '' ? {} : Object.fromEntries(new URLSearchParams(query)));

/** The fields that `?fields=a,b` asks for; also written `fields[]=a` or repeated, as query parsers read lists. */
export function fieldsOf(query: string, parameter: string): string[] {
  if (query === '') return [];
  const fields: string[] = [];
  for (const [name, value] of new URLSearchParams(query)) {
    if (name !== parameter && !name.startsWith(`${parameter}[`)) continue;
    fields.push(...value.split(',').map((field) => field.trim()));
  }
  return fields.filter((field) => field !== '');
}

/**
 * Runs the row's operation and answers with its result.
 * @throws LatchkeyError as the operation does.
 */
export async function runRow(parts: Parts, exchange: Exchange, match: RouteMatch, snapshot: Snapshot, query: Query) {
  const { engine } = parts;
  const { operation, answer } = match.route;
  if (operation === null || answer === null) return;
  const { requestId } = exchange;
  const context: AnswerContext = {
    ...contextOf({ requestId, snapshot, budgets: exchange.verdict?.budgets ?? [] }),
    params: match.params,
    query,
  };
  const name = operation.name as OperationName;
  const input = fill(operation.input, { ...context }) as Record<string, unknown>;
  const call = { actor: engine.actorOf(snapshot), requestId, idempotencyKey: null };
  const result = await wholeList(input, (asked) => engine.run(name, splitInput(name, asked), call));
  exchange.chargeable = true;
  sendReply(parts, exchange, answerReply(engine.profile, answer, { ...context, result }));
}

type Input = Readonly<Record<string, unknown>>;

/** A dialect's lists have no pages: the operation's pages follow each other into one. Any other result is as it is. */
async function wholeList(input: Input, run: (input: Input) => Promise<unknown>): Promise<unknown> {
  const first = await run(input);
  const data: unknown[] = [];
  let page: unknown = first;
  while (isPage(page)) {
    data.push(...page.data);
    if (page.nextCursor === null) return { ...(first as object), data, nextCursor: null };
    page = await run({ ...input, cursor: page.nextCursor });
  }
  return first;
}

const isPage = (result: unknown): result is { data: unknown[]; nextCursor: string | null } =>
  typeof result === 'object' &&
  result !== null &&
  'nextCursor' in result &&
  'data' in result &&
  Array.isArray(result.data);
