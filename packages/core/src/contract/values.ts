// The values that inputs are made of, as schemas: names, instants, ids, metadata, limits, restrictions.

import { z } from 'zod';
import { PERMISSION_PATTERN } from '../access/permissions.js';
import { ENDPOINT_PATTERN, REFERRER_PATTERN } from '../access/restrictions.js';
import { MOST_AT_ONCE } from '../credit/account.js';
import { holdsSecret } from '../key/format.js';
import type { JsonObject } from '../ports.js';
import { FIELD_PATH_PATTERN, TIER_NAME_PATTERN } from '../tier/tiers.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Half of a surrogate pair standing alone: no UTF-8 can carry it. */
const HALF_PAIR = /\p{Cs}/u;

/** What is kept in the clear holds no secret, even where somebody pastes one. */
const NO_SECRET = 'must not hold an API key, because it is kept in the clear';
const isNoSecret = (text: string): boolean => !holdsSecret(text);

/** A line of text without control characters or halves of surrogate pairs. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !CONTROL.test(text) && !HALF_PAIR.test(text), 'must be one line of well-formed text')
    .refine((text) => text.trim() !== '', 'must not be blank');

/** A line that is kept as what something is called. */
export const label = (max: number) => line(max).refine(isNoSecret, NO_SECRET);

/** An id as it stands in a path. Its shape is not judged: an id that is not there is 404 whatever it looks like. */
export const id = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !CONTROL.test(text) && !HALF_PAIR.test(text), 'must not hold control characters');

/** RFC 3339 with an offset; handed on as milliseconds since the epoch. */
export const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine((at) => Number.isSafeInteger(at), 'must be a time that exists');

/** A whole number in a query string or as a number. */
export const count = (min: number, max: number) =>
  z
    .union([z.int(), z.string().regex(/^[0-9]{1,9}$/)])
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);

/** `true` or `false` in a query string or as a boolean. */
export const flag = z
  .union([z.boolean(), z.enum(['true', 'false'])])
  .transform((value) => value === true || value === 'true');

const METADATA_DEPTH = 16;
const METADATA_SIZE = 16_384;

/** Why a value would not come back exactly as it was sent, or null. Iterative, so that depth cannot exhaust the stack. */
function metadataFault(root: unknown): string | null {
  const waiting: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  let size = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, depth } = next;
    size += 4;
    if (typeof value === 'string') {
      if (HALF_PAIR.test(value)) return 'must not hold halves of surrogate pairs';
      if (holdsSecret(value)) return NO_SECRET;
      size += value.length;
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
        return 'must not hold numbers that JSON cannot carry exactly; send them as text';
      }
    } else if (typeof value === 'object' && value !== null) {
      if (depth >= METADATA_DEPTH) return `must not nest deeper than ${METADATA_DEPTH}`;
      for (const [name, member] of Object.entries(value)) {
        if (name === '__proto__') return 'must not have a member named __proto__';
        if (HALF_PAIR.test(name)) return 'must not hold halves of surrogate pairs';
        if (holdsSecret(name)) return NO_SECRET;
        size += Array.isArray(value) ? 0 : name.length;
        waiting.push({ value: member, depth: depth + 1 });
      }
    } else if (value !== null && typeof value !== 'boolean') {
      return 'must be JSON';
    }
    if (size > METADATA_SIZE) return `must not be larger than ${METADATA_SIZE} characters`;
  }
  return null;
}

/** A JSON object that is stored and returned exactly as sent: at most 16 deep, 16 KB. */
// Not z.record: it drops a member named __proto__ instead of refusing it.
export const metadata = z
  .unknown()
  .superRefine((value, context) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    const fault = isObject ? metadataFault(value) : 'must be a JSON object';
    if (fault !== null) context.addIssue({ code: 'custom', message: fault });
  })
  .meta({
    description: 'A JSON object, kept and returned as it is: at most 16 deep and 16 KB',
    type: 'object',
  }) as z.ZodType<JsonObject, JsonObject>;

export const permission = z
  .string()
  .max(100)
  .regex(PERMISSION_PATTERN, 'must be dotted lower-case words; the last may be *');
export const permissions = z.array(permission).max(100);

/** Names a request, so that its retries are known as such. */
export const requestId = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
  .refine(isNoSecret, NO_SECRET)
  .meta({ description: 'Names the request: sent again, it is the same one' });

export const refill = z
  .strictObject({
    amount: z.int().min(1).max(MOST_AT_ONCE),
    every: z.enum(['day', 'month']),
    dayOfMonth: z.int().min(1).max(31).optional().meta({ description: 'Default 1; the last day of shorter months' }),
  })
  .refine(({ every, dayOfMonth }) => every === 'month' || dayOfMonth === undefined, 'dayOfMonth needs every: month')
  .meta({ description: 'Restores the balance to `amount` once a UTC day or month, when it is below' });

const startingBalance = z.int().min(0).max(MOST_AT_ONCE);
export const credits = z
  .union([startingBalance, z.strictObject({ balance: startingBalance, refill: refill.nullable().optional() })])
  .meta({ description: 'What the key may spend: a balance, or a balance with its refill' });

const limitFigure = z.int().min(0).max(1_000_000_000);

export const limits = z
  .strictObject({
    perMinute: limitFigure.optional(),
    perDay: limitFigure.optional(),
    concurrent: limitFigure.optional(),
  })
  .meta({ description: "Figures that stand in place of the tier's; 0 lets nothing pass" });

const tierFigure = z.union([limitFigure, z.literal('custom')]);

/** What a tier gives each of its keys; `custom` leaves the figure to the key. */
export const tierLimits = z
  .strictObject({
    perMinute: tierFigure.nullable(),
    perDay: z.strictObject({ limit: tierFigure, metered: z.boolean() }).nullable(),
    concurrent: limitFigure.nullable(),
  })
  .meta({ description: 'null: no such limit; custom: set on each key; metered false: counted, never refused' });

export const tierName = z.string().max(64).regex(TIER_NAME_PATTERN, 'must be lower-case letters, digits and dashes');

export const fieldPaths = z
  .array(z.string().max(200).regex(FIELD_PATH_PATTERN, 'must be a field such as contact_email or audience_geo.detail'))
  .max(200)
  .meta({ description: 'Response fields, dotted' });

export const endpoints = z
  .array(z.string().max(300).regex(ENDPOINT_PATTERN, 'must be a path such as /v1/users/** or GET /v1/users/*'))
  .min(1)
  .max(100);

export const restrictions = z
  .strictObject({
    ips: z
      .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be an IP address or a CIDR range'))
      .min(1)
      .max(100)
      .optional(),
    referrers: z
      .array(
        z
          .string()
          .max(300)
          .regex(REFERRER_PATTERN, 'must be an origin such as https://app.example.com or https://*.example.com'),
      )
      .min(1)
      .max(100)
      .optional(),
    endpoints: endpoints.optional(),
  })
  .meta({ description: 'Where the key may be used from; every list that is given has to match' });

/** Answer side: RFC 3339 UTC. */
export const time = z.string().meta({ format: 'date-time' });
