// getKey, listKeys and listDenials: reading records; never changes a last use or a counter.

import { denialText, type OperationInput, type Operations, rfc3339 } from '@latchkey/core';
import { mergedPage } from '../denial-buffer.js';
import type { Call } from '../engine.js';
import { pageRequest, pageView } from '../paging.js';
import type { Services } from '../services.js';
import { findKeyFor, notFound, seesMode, viewOf, viewsOf } from './record.js';

export const getKey = async (services: Services, { keyId }: { keyId: string }, call: Call) =>
  viewOf(services, await findKeyFor(services.store, call.actor, keyId));

export async function listKeys(services: Services, input: OperationInput<Operations['listKeys']>, call: Call) {
  const { projectId, notRevoked, familyId } = input;
  if (call.actor.key && call.actor.key.projectId !== projectId) throw notFound('project');
  if ((await services.store.projects.get(projectId)) === null) throw notFound('project');
  const mode = input.mode ?? (seesMode(call.actor, 'live') ? undefined : 'test');
  if (mode !== undefined && !seesMode(call.actor, mode)) return { data: [], nextCursor: null };
  const filter = { projectId, ...(notRevoked && { notRevoked }), ...(mode && { mode }), ...(familyId && { familyId }) };
  const { rows, next } = await services.store.keys.list(filter, pageRequest(input));
  return pageView({ rows: await viewsOf(services, rows), next }, (key) => key);
}

/** The last refusals of a key, those that still wait in memory included. */
export async function listDenials(services: Services, input: OperationInput<Operations['listDenials']>, call: Call) {
  const { keyId, requestId } = input;
  await findKeyFor(services.store, call.actor, keyId);
  const filter = { keyId, ...(requestId !== undefined && { requestId }) };
  const page = pageRequest(input);
  // Memory first: what is written in between stands in both, never in neither.
  const held = services.denials.held(filter, page.after);
  const stored = await services.store.denials.list(filter, page);
  return pageView(mergedPage(stored, held, page), (record) => {
    const { id: _id, keyId: _keyId, at, ...denial } = record;
    return { at: rfc3339(at), ...denial, explanation: denialText(record) };
  });
}
