// listTopKeys: which keys call most, of an organization, a project or the installation.

import { DAY_MS, HOUR_MS, type OperationInput, type Operations, startOf } from '@latchkey/core';
import { notFound } from '../keys/record.js';
import type { Services } from '../services.js';

/** What is still in the buffer is written first. Usage stands in whole hours: the one that `from` lies in counts. */
export async function listTopKeys(services: Services, input: OperationInput<Operations['listTopKeys']>) {
  const { organizationId, projectId, limit } = input;
  const { organizations, projects, usage } = services.store;
  if (organizationId !== undefined && (await organizations.get(organizationId)) === null)
    throw notFound('organization');
  if (projectId !== undefined && (await projects.get(projectId)) === null) throw notFound('project');
  await services.usage.flush();
  // The running hour has begun, even at its first instant.
  const to = input.to ?? services.clock() + 1;
  const from = startOf(input.from ?? to - DAY_MS, HOUR_MS);
  const filter = {
    ...{ from, to },
    ...(organizationId !== undefined && { organizationId }),
    ...(projectId !== undefined && { projectId }),
  };
  return { data: await usage.top(filter, limit) };
}
