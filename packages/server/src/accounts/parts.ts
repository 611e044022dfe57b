// What the accounts room is given. Types only.

import type { Services } from '../operations/services.js';

export interface OidcProvider {
  /** What the button says. */
  name: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
}

export interface AccountsParts {
  services: Services;
  /** Another provider that says who somebody is; null: none. */
  oidc: OidcProvider | null;
}
