// The words of templates: every `{value}` there is and where it may stand. A profile that names another one is refused.

import type { BudgetName } from '../limit/limits.js';
import type { JsonValue } from '../ports.js';
import type { BudgetValues, KeyValues } from './render.js';
import { valuesIn } from './template.js';

/**
 * Where a template stands: a reason's message or details, the error body around them, the body of an answer row, or the
 * input of a row's operation.
 */
export type TemplatePlace = 'denial' | 'envelope' | 'answer' | 'input';

const key: Record<keyof KeyValues, string> = {
  id: 'Id of the presented key, when it is a known one',
  name: 'Its name',
  prefix: 'Its prefix',
  hint: 'The last four characters of its secret',
  mode: '`live` or `test`',
  model: '`v2` or `legacy`',
  projectId: 'Its project',
  organizationId: 'Its organization',
  environment: 'Its environment label, or null',
  createdAt: 'When it was made',
  expiresAt: 'When it expires, or null',
  lastUsedAt: 'When it was last used, or null',
  graceEndsAt: 'When it stops after a rotation, or null',
  revokedAt: 'When it was revoked, or null',
};

const budgetNames: Record<BudgetName, string> = {
  perMinute: 'in a minute',
  perDay: 'in a UTC day',
  concurrent: 'at once',
};
const budget: Record<keyof BudgetValues, (what: string) => string> = {
  limit: (what) => `Most requests ${what}; −1: no such limit`,
  remaining: (what) => `What is left of the requests ${what}; −1: not metered`,
  resetAt: (what) => `When the requests ${what} count from 0 again, in Unix seconds; null: never`,
};

const under = (head: string, values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, says]) => [`${head}.${name}`, says]));

const common: Record<string, string> = {
  requestId: 'Id of the request',
  ...under('key', key),
  'tier.name': "Name of the key's tier",
  'tier.title': 'Its title',
  'tier.batchSize': 'Most items in one batch request; null: no ceiling',
  ...Object.fromEntries(
    Object.entries(budgetNames).flatMap(([name, what]) =>
      Object.entries(budget).map(([member, says]) => [`budgets.${name}.${member}`, says(what)]),
    ),
  ),
};

const denial: Record<string, string> = {
  ...common,
  status: 'The HTTP status, a number',
  code: "The reason's code in this profile",
  title: 'The status in words, such as `Forbidden`',
  reason: "The engine's name for the reason",
  retryAfterSeconds: 'The figure of `Retry-After`',
  'required.tier': 'Name of the lowest tier that would do',
  'required.tierTitle': 'Its title',
  'required.permission': 'The permission or scope that is missing',
  'required.field': 'The field asked for that the tier does not open',
  'required.batchSize': "Most items in one batch on the key's tier",
};

/** Every value with what it is, by where it may stand. */
export const TEMPLATE_VALUES: Readonly<Record<TemplatePlace, Readonly<Record<string, string>>>> = {
  denial,
  envelope: {
    ...denial,
    message: "The reason's or error's public text, filled",
    details: "The reason's details, filled; `{}` when it has none",
  },
  answer: common,
  input: common,
};

/** Values with a free tail: what the request or the row's operation holds. */
const OPEN: Readonly<Record<TemplatePlace, RegExp>> = {
  denial: /^$/,
  envelope: /^$/,
  answer: /^(query\.[^.]+|(result|item)(\..+)?)$/,
  input: /^query\.[^.]+$/,
};

/** The values that a template names and that do not exist where it stands. `path`: the row's, whose `:names` are `params`. */
export function unknownValues(template: JsonValue, place: TemplatePlace, path = ''): string[] {
  const params = path.split('/').flatMap((segment) => (segment.startsWith(':') ? [`params.${segment.slice(1)}`] : []));
  return valuesIn(template).filter((value) => {
    if (Object.hasOwn(TEMPLATE_VALUES[place], value) || OPEN[place].test(value)) return false;
    return place === 'denial' || place === 'envelope' || !params.includes(value);
  });
}
