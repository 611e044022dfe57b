// Settings of sign-in that belong together: what is missing beside what is set.

import type { Settings } from './settings.js';

type SignInSettings = Pick<
  Settings,
  'smtpUrl' | 'mailFrom' | 'oidcIssuer' | 'oidcClientId' | 'oidcClientSecret' | 'oidcName'
>;

/** A sentence for each setting that another one needs. */
export function signInFaults(settings: SignInSettings): string[] {
  const { smtpUrl, mailFrom, oidcIssuer, oidcClientId, oidcClientSecret } = settings;
  const faults: string[] = [];
  if (smtpUrl !== undefined && mailFrom === undefined)
    faults.push('LATCHKEY_SMTP_URL is set without LATCHKEY_MAIL_FROM: set the address that letters come from.');
  const oidc = {
    LATCHKEY_OIDC_ISSUER: oidcIssuer,
    LATCHKEY_OIDC_CLIENT_ID: oidcClientId,
    LATCHKEY_OIDC_CLIENT_SECRET: oidcClientSecret,
  };
  const missing = Object.entries(oidc).filter(([, value]) => value === undefined);
  if (missing.length > 0 && missing.length < Object.keys(oidc).length)
    faults.push(`OpenID Connect needs ${missing.map(([name]) => name).join(' and ')} too: set it, or none of them.`);
  return faults;
}

/** The provider that people may sign in with; null: none is set. */
export function oidcOf({ oidcIssuer, oidcClientId, oidcClientSecret, oidcName }: SignInSettings) {
  return oidcIssuer === undefined || oidcClientId === undefined || oidcClientSecret === undefined
    ? null
    : { issuer: oidcIssuer, clientId: oidcClientId, clientSecret: oidcClientSecret, name: oidcName };
}
