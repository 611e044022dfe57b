// Signed statements of who calls, for upstreams that want proof: one short-lived token per key and audience, made again before it ages.

import { type Clock, makeId, type PrincipalSigner, type RandomBytes, type Snapshot } from '@latchkey/core';
import { LRUCache } from 'lru-cache';

/** RFC 7519 lifetime of a token, and how long it is handed out again. */
export const TOKEN_SECONDS = 60;
const REUSED_SECONDS = 30;
const KEPT = 20_000;

export function createPrincipals(signer: PrincipalSigner, issuer: string, clock: Clock, random: RandomBytes) {
  const tokens = new LRUCache<string, { snapshot: Snapshot; token: string; madeAt: number }>({ max: KEPT });
  return (snapshot: Snapshot, audience: string): string => {
    const now = clock();
    const slot = `${snapshot.key.id} ${audience}`;
    const made = tokens.get(slot);
    if (made?.snapshot === snapshot && now >= made.madeAt && now - made.madeAt < REUSED_SECONDS * 1000)
      return made.token;
    const issuedAt = Math.floor(now / 1000);
    const { key, tier } = snapshot;
    const token = signer.sign({
      iss: issuer,
      sub: key.id,
      aud: audience,
      iat: issuedAt,
      exp: issuedAt + TOKEN_SECONDS,
      jti: makeId('pri', random),
      project: key.projectId,
      organization: key.organizationId,
      mode: key.mode,
      tier: tier?.name ?? null,
      permissions: [...snapshot.permissions],
    });
    tokens.set(slot, { snapshot, token, madeAt: now });
    return token;
  };
}
