// Where the signed-in user is signed in: listed and ended. Nobody's sessions but their own are here.

import { type OperationInput, type Operations, rfc3339 } from '@latchkey/core';
import { commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import { notFound } from '../keys/record.js';
import type { Services } from '../services.js';

export async function listSessions({ store, clock }: Services, _input: unknown, { actor }: Call) {
  const now = clock();
  const sessions = (await store.sessions.list(actor.id)).filter(({ expiresAt }) => expiresAt > now);
  return {
    data: sessions.map(({ id, createdAt, expiresAt, ip, userAgent }) => ({
      id,
      current: id === actor.session?.id,
      createdAt: rfc3339(createdAt),
      expiresAt: rfc3339(expiresAt),
      ip,
      userAgent,
    })),
  };
}

export async function endSession(
  services: Services,
  { sessionId }: OperationInput<Operations['endSession']>,
  call: Call,
): Promise<undefined> {
  await commitChange(services, call, async (view) => {
    if (!(await view.sessions.remove(call.actor.id, sessionId))) throw notFound('session');
    return {
      value: undefined,
      audit: [{ action: 'endSession', target: { type: 'session' as const, id: sessionId }, organizationId: null }],
    };
  });
  return undefined;
}

export async function endOtherSessions(services: Services, _input: unknown, call: Call) {
  const { id, session } = call.actor;
  const { value } = await commitChange(services, call, async (view) => {
    const ended = await view.sessions.removeOthers(id, session?.id ?? '');
    const target = { type: 'session' as const, id: session?.id ?? '' };
    return {
      value: ended,
      audit: ended === 0 ? [] : [{ action: 'endOtherSessions', target, organizationId: null, changes: { ended } }],
    };
  });
  return { ended: value };
}
