// getKey and listKeys: reading records; never changes a last use or a counter.

import type { OperationInput, Operations } from '@latchkey/core';
import type { Call } from '../engine.js';
import { pageRequest, pageView } from '../paging.js';
import type { Services } from '../services.js';
import { findKeyFor, notFound, viewOf } from './record.js';

export const getKey = async (services: Services, { keyId }: { keyId: string }, call: Call) =>
  viewOf(services, await findKeyFor(services.store, call.actor, keyId));

export async function listKeys(services: Services, input: OperationInput<Operations['listKeys']>, call: Call) {
  const { projectId, notRevoked, mode, familyId } = input;
  if (call.actor.key && call.actor.key.projectId !== projectId) throw notFound('project');
  if ((await services.store.projects.get(projectId)) === null) throw notFound('project');
  const filter = { projectId, ...(notRevoked && { notRevoked }), ...(mode && { mode }), ...(familyId && { familyId }) };
  return pageView(await services.store.keys.list(filter, pageRequest(input)), (key) => viewOf(services, key));
}
