// From what a request presents to the key behind it: reading the credential, and the lookup. Whether the key may pass is decided elsewhere.

import { judgeShape, type Profile, type Reason, readCredential, type Snapshot } from '@latchkey/core';
import { adoptDigest } from './adopt-digest.js';
import type { VerifyRequest } from './engine.js';
import type { Services } from './services.js';

export const credentialOf = (profile: Profile, { credential }: VerifyRequest) =>
  readCredential(
    'rawHeaders' in credential ? credential.rawHeaders : presentedAs(profile, credential.secret),
    profile.wire.credential,
  );

/** A secret that was handed over alone, as it would have stood in its header, so that one grammar judges both. */
function presentedAs(profile: Profile, secret: string | null): string[] {
  if (!secret) return [];
  const place = profile.wire.credential;
  return [place.header, 'scheme' in place ? `${place.scheme} ${secret}` : secret];
}

/** The secret itself, so that it can be masked wherever it stands; null: none could be read. */
export function secretOf({ profile }: Services, request: VerifyRequest): string | null {
  const reading = credentialOf(profile, request);
  return 'secret' in reading ? reading.secret : null;
}

/** `position`: the change feed's when the key was looked up. */
export interface FoundKey {
  snapshot: Snapshot;
  position: number;
}

type Found = FoundKey | { reason: Reason };

/** The key behind a secret. A wrong checksum spares the lookup only while every key was made here. */
export async function findKey(services: Services, secret: string): Promise<Found> {
  const found = await lookUp(services, secret);
  if ('reason' in found) return found;
  const { snapshot, current } = found;
  if (current && snapshot.key.digest.value !== current.value) adoptDigest(services, snapshot.key.id, secret, current);
  return found;
}

/** The same without moving the key's record to the current digest. */
export async function lookUp(services: Services, secret: string) {
  const { live, test } = services.profile.policy.prefixes;
  const shape = judgeShape(secret, test === undefined ? [live] : [live, test]);
  const imported = await services.importedKeys.any();
  if (shape === 'mistyped' && !imported) return { shape, reason: 'mistyped_key' as const };
  const digests = services.vault.candidates(secret, imported);
  const { snapshot, position } = await services.cache.find(digests);
  if (snapshot !== null) return { shape, snapshot, position, current: digests[0] };
  return { shape, reason: shape === 'mistyped' ? ('mistyped_key' as const) : ('unknown_key' as const) };
}
