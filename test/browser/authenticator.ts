// A passkey device that answers by itself, plugged into a page through Chromium's own protocol.

import type { Page } from 'playwright-core';

export interface Authenticator {
  /** How many credentials it holds. */
  credentials(): Promise<number>;
}

/** Verifies its user and keeps its credentials, as a phone or a laptop does. */
export async function plugInAuthenticator(page: Page): Promise<Authenticator> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    async credentials() {
      return (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length;
    },
  };
}
