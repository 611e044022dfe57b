// The webhook signing secret of a key: derived while the plaintext is there, kept sealed and bound to the key's id.

import type { Vault } from '@latchkey/core';

const context = (keyId: string): string => `webhook-secret:${keyId}`;

export const sealedWebhookSecret = (vault: Vault, keyId: string, secret: string): string =>
  vault.seal(vault.webhookSecret(secret), context(keyId));

/** @throws LatchkeyError `sealed_value_unreadable` */
export const openWebhookSecret = (vault: Vault, keyId: string, sealed: string): string =>
  vault.open(sealed, context(keyId));

/** The same secret under the current master key. */
export const resealWebhookSecret = (vault: Vault, keyId: string, sealed: string): string =>
  vault.seal(openWebhookSecret(vault, keyId, sealed), context(keyId));
