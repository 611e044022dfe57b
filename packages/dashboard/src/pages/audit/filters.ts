// The filters of the audit log as they stand in the address, and what they ask of the API. Pure.

import type { OperationInputs } from '@latchkey/client';

export const FILTERS = ['action', 'actor', 'target', 'within', 'from', 'to', 'of'] as const;
export type Filters = Partial<Record<(typeof FILTERS)[number], string>>;
export type AuditQuery = Omit<NonNullable<OperationInputs['listAuditEvents']>, 'limit' | 'cursor'>;

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The first moment of a local day, `plus` days on; undefined for what is no day. */
function dayStart(text: string | undefined, plus = 0): string | undefined {
  const [, year, month, day] = DAY.exec(text ?? '') ?? [];
  if (year === undefined) return undefined;
  const date = new Date(Number(year), Number(month) - 1, Number(day) + plus);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** Both days are meant as a whole: `to` ends with the start of the next one. */
export function queryOf(filters: Filters, organizationId: string | undefined): AuditQuery {
  const { action, actor, target, within, from, to } = filters;
  return {
    organizationId: filters.of === 'installation' ? undefined : organizationId,
    projectId: within,
    action,
    actorId: actor,
    targetId: target?.trim() || undefined,
    from: dayStart(from),
    to: dayStart(to, 1),
  };
}

export const isFiltered = ({ of: _, ...filters }: Filters): boolean => Object.values(filters).some(Boolean);
