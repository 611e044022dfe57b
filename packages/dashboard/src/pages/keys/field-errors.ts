// Which field of a form an error of the server belongs to. Pure.

import { LatchkeyClientError } from '@latchkey/client';

/** Errors that name no member, by what they are about. */
const BY_CODE: Readonly<Record<string, string>> = {
  permission_unknown: 'permissions',
  exceeds_own_rights: 'permissions',
  tier_unknown: 'tier',
  mode_not_offered: 'mode',
  limits_required: 'limits',
  limits_inconsistent: 'limits',
  expiry_in_past: 'expiresAt',
  grace_period_required: 'gracePeriodSeconds',
  grace_period_not_allowed: 'gracePeriodSeconds',
};

/** A form calls a field by the last word of its member: `ips` for `restrictions.ips`. */
const fieldOf = (member: string): string => member.slice(member.lastIndexOf('.') + 1);

/**
 * A sentence for each field, and whether some of the error fits none: then it has to be shown as a whole. `members`: those of the
 * body that have a field.
 */
export function fieldErrors(
  error: unknown,
  members: readonly string[],
  textOf: (error: unknown) => string,
): { byField: Record<string, string>; isRest: boolean } {
  const byField: Record<string, string> = {};
  if (error === null || error === undefined) return { byField, isRest: false };
  if (!(error instanceof LatchkeyClientError)) return { byField, isRest: true };
  let isRest = false;
  for (const { path, message, fix } of error.errors) {
    const place = path.replace(/^body\./, '');
    // `limits.perDay` has a field of its own; `restrictions.ips.0` belongs to that of the list.
    const member = members.find((name) => place === name || place.startsWith(`${name}.`));
    if (member === undefined) isRest = true;
    else byField[fieldOf(member)] ??= `${message.charAt(0).toUpperCase()}${message.slice(1)}. ${fix}`.trim();
  }
  if (error.errors.length > 0) return { byField, isRest };
  const member = BY_CODE[error.code];
  if (member === undefined || !members.includes(member)) return { byField, isRest: true };
  return { byField: { [fieldOf(member)]: textOf(error) }, isRest: false };
}
