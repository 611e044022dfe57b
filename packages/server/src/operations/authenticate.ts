// Who calls the management API by a secret: a root key, the holder of a portal token, or a customer key that may manage its own project's keys.

import { type Actor, isPresentable, isRootKeyUsable, LatchkeyError, type Snapshot } from '@latchkey/core';
import { adoptRootKeyDigest } from './adopt-digest.js';
import { PORTAL_TOKEN_PREFIX, portalActor } from './people/portal-tokens.js';
import type { Services } from './services.js';
import { verifyRequest } from './verify-request.js';

/** Nobody in particular: calls that ask for no credential. */
export const ANONYMOUS: Actor = { type: 'anonymous', id: 'anonymous', permissions: [] };

/** A customer key as an actor: bounded by its own record. */
export const actorOf = ({ key, permissions }: Snapshot): Actor => ({
  type: 'customer_key',
  id: key.id,
  permissions,
  key,
});

const refused = (): LatchkeyError => new LatchkeyError('unauthenticated');

/** @throws LatchkeyError `unauthenticated`, `too_many_failures`, `unavailable` */
export async function authenticate(services: Services, secret: string | null, ip: string | null): Promise<Actor> {
  if (secret === null || !isPresentable(secret)) throw refused();
  if (secret.startsWith(PORTAL_TOKEN_PREFIX)) return portalActor(services, secret);
  const digests = services.vault.candidates(secret, false);
  const rootKey = await services.rootKeys.find(digests.map(({ value }) => value));
  if (rootKey !== null && isRootKeyUsable(rootKey, services.clock())) {
    const [current] = digests;
    if (current && rootKey.digest.value !== current.value) adoptRootKeyDigest(services, rootKey.id, current);
    return { type: 'root_key', id: rootKey.id, permissions: rootKey.permissions };
  }
  if (rootKey !== null) throw refused();
  return authenticateCustomer(services, secret, ip);
}

/** The same decision as for any request of that key, without spending: restrictions and suspension bind here too. */
async function authenticateCustomer(services: Services, secret: string, ip: string | null): Promise<Actor> {
  const verdict = await verifyRequest(services, {
    credential: { secret },
    method: null,
    path: null,
    ip,
    referrer: null,
    mode: null,
    cost: { requests: 0, credits: 0 },
    holdSlot: false,
  });
  if (verdict.reason === 'too_many_failures') {
    throw new LatchkeyError('too_many_failures', undefined, { retryAfterSeconds: verdict.retryAfterSeconds ?? 60 });
  }
  if (verdict.reason === 'unavailable') throw new LatchkeyError('unavailable');
  if (verdict.reason !== null || verdict.snapshot === null) throw refused();
  return actorOf(verdict.snapshot);
}
