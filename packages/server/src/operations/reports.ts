// Reading what happened: usage by time and outcome, and the audit log.

import {
  type AuditFilter,
  DAY_MS,
  HOUR_MS,
  type OperationInput,
  type Operations,
  rfc3339,
  startOf,
} from '@latchkey/core';
import { pageRequest, pageView } from './paging.js';
import type { Services } from './services.js';

/** Hours or days that had requests, oldest first; what is still in the buffer is written first. */
export async function getUsage(services: Services, input: OperationInput<Operations['getUsage']>) {
  await services.usage.flush();
  const { organizationId, projectId, keyId, by } = input;
  const to = input.to ?? services.clock();
  const from = input.from ?? to - DAY_MS;
  const step = by === 'day' ? DAY_MS : HOUR_MS;
  const rows = await services.store.usage.list({
    from: startOf(from, HOUR_MS),
    to,
    ...(organizationId && { organizationId }),
    ...(projectId && { projectId }),
    ...(keyId && { keyId }),
  });
  const counts = new Map<string, { at: number; outcome: string; count: number }>();
  for (const row of rows) {
    const at = startOf(row.hour, step);
    const slot = `${at} ${row.outcome}`;
    const sum = counts.get(slot) ?? { at, outcome: row.outcome, count: 0 };
    counts.set(slot, { ...sum, count: sum.count + row.count });
  }
  const data = [...counts.values()].sort((a, b) => a.at - b.at || a.outcome.localeCompare(b.outcome));
  return { data: data.map((row) => ({ ...row, at: rfc3339(row.at) })) };
}

export async function listAuditEvents(services: Services, input: OperationInput<Operations['listAuditEvents']>) {
  const { limit: _limit, cursor: _cursor, ...asked } = input;
  const filter = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as AuditFilter;
  return pageView(await services.store.audit.list(filter, pageRequest(input)), (record) => ({
    id: record.id,
    organizationId: record.organizationId,
    projectId: record.projectId,
    at: rfc3339(record.at),
    actor: { type: record.actorType, id: record.actorId },
    action: record.action,
    target: { type: record.targetType, id: record.targetId },
    changes: record.changes,
    requestId: record.requestId,
  }));
}
