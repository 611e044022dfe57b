// Filling a JSON template from a context: how dialects say things without code.

import type { JsonValue } from '../ports.js';

/** Values a template may name, by dotted path. */
export type Context = { readonly [name: string]: unknown };

const WHOLE = /^\{([A-Za-z0-9_.]+)\}$/;
const PART = /\{([A-Za-z0-9_.]+)\}/g;

function valueAt(context: Context, path: string): unknown {
  let value: unknown = context;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/** Fills the `{values}` of one text; what is not there leaves nothing. */
export const fillText = (text: string, context: Context): string =>
  text.replace(PART, (_, path: string) => String(valueAt(context, path) ?? ''));

/** Fills the first of several texts whose `{values}` are all there; the last one stands for every other case. */
export function fillFirst(texts: string | readonly string[], context: Context): string {
  if (typeof texts === 'string') return fillText(texts, context);
  const complete = texts.find((text) =>
    [...text.matchAll(PART)].every(([, path]) => valueAt(context, path as string) != null),
  );
  return fillText(complete ?? texts.at(-1) ?? '', context);
}

/**
 * Fills a template. A text that is one `{value}` becomes that value with its type; a member whose value is not there is left out.
 * `{"$each": "path", "$as": template}` maps a list, each element standing as `item`.
 */
export function fill(template: JsonValue, context: Context): JsonValue | undefined {
  if (typeof template === 'string') {
    const whole = WHOLE.exec(template);
    return whole ? (valueAt(context, whole[1] as string) as JsonValue | undefined) : fillText(template, context);
  }
  if (template === null || typeof template !== 'object') return template;
  if (Array.isArray(template)) return template.map((entry) => fill(entry, context) ?? null);
  if (typeof template.$each === 'string' && template.$as !== undefined) {
    const list = valueAt(context, template.$each);
    const as = template.$as;
    return Array.isArray(list) ? list.map((item) => fill(as, { ...context, item }) ?? null) : [];
  }
  const filled: { [name: string]: JsonValue } = {};
  for (const [member, entry] of Object.entries(template)) {
    const value = fill(entry, context);
    if (value !== undefined) filled[member] = value;
  }
  return filled;
}

/** Every `{value}` and list path that a template names, in order; those below a `$each` start with `item`. */
export function valuesIn(template: JsonValue): string[] {
  if (typeof template === 'string') return [...template.matchAll(PART)].map(([, path]) => path as string);
  if (template === null || typeof template !== 'object') return [];
  if (Array.isArray(template)) return template.flatMap(valuesIn);
  if (typeof template.$each === 'string' && template.$as !== undefined)
    return [template.$each, ...valuesIn(template.$as)];
  return Object.values(template).flatMap(valuesIn);
}
