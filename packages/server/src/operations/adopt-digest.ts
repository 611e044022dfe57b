// Moving a record to the current pepper while its plaintext is at hand: after a new pepper, and for keys that came as foreign digests.

import type { Change, Digest } from '@latchkey/core';
import type { Services } from './services.js';
import { sealedWebhookSecret } from './webhook-secret.js';

/** Rewrites the key's digest unless somebody else did. The request that brought the secret does not wait. */
export function adoptDigest(services: Services, keyId: string, secret: string, digest: Digest): void {
  services.later('adopt_digest', async () => {
    const changes: Change[] = [{ subject: 'key', id: keyId, kind: 'changed' }];
    const adopted = await services.store.transaction(async (view) => {
      const key = await view.keys.get(keyId);
      if (key === null || key.digest.value === digest.value) return null;
      const webhookSecret = key.webhookSecret ?? sealedWebhookSecret(services.vault, keyId, secret);
      await view.keys.update({ ...key, digest, webhookSecret });
      return { position: await services.feed.record(view, changes, services.clock()) };
    });
    if (adopted) await services.feed.publish(changes, adopted.position);
  });
}

/** The same for a root key, which has nothing else that hangs on its plaintext. */
export function adoptRootKeyDigest(services: Services, rootKeyId: string, digest: Digest): void {
  services.later('adopt_root_key_digest', async () => {
    const changes: Change[] = [{ subject: 'root_key', id: rootKeyId, kind: 'changed' }];
    const adopted = await services.store.transaction(async (view) => {
      const rootKey = await view.rootKeys.get(rootKeyId);
      if (rootKey === null || rootKey.revokedAt !== null || rootKey.digest.value === digest.value) return null;
      await view.rootKeys.update({ ...rootKey, digest });
      return { position: await services.feed.record(view, changes, services.clock()) };
    });
    if (adopted) await services.feed.publish(changes, adopted.position);
  });
}
