// What went wrong at signing in, in the words of the page: the endpoints' own sentences are English and made for programs.

import { LatchkeyClientError } from '@latchkey/client';
import { Alert } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '../../kit/error-state';
import { Alert as AlertIcon } from '../../kit/icons';
import type { en } from '../../words/en';

type Word = keyof typeof en.signIn.errors;

const WORDS: Readonly<Record<string, Word>> = {
  INVALID_EMAIL_OR_PASSWORD: 'credentials',
  INVALID_PASSWORD: 'password',
  EMAIL_NOT_VERIFIED: 'notVerified',
  INVALID_CODE: 'code',
  INVALID_BACKUP_CODE: 'backupCode',
  INVALID_TWO_FACTOR_COOKIE: 'stepExpired',
  SESSION_EXPIRED: 'stepExpired',
  SESSION_NOT_FRESH: 'notFresh',
  EMAIL_IS_THE_SAME: 'sameEmail',
  CHALLENGE_NOT_FOUND: 'stepExpired',
  INVALID_TOKEN: 'link',
  TOKEN_EXPIRED: 'link',
  USER_NOT_FOUND: 'link',
  CREDENTIAL_ACCOUNT_NOT_FOUND: 'noPassword',
  USER_ALREADY_EXISTS: 'taken',
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: 'taken',
  PASSKEY_NOT_FOUND: 'passkeyUnknown',
  AUTHENTICATION_FAILED: 'passkeyUnknown',
  USER_NOT_VERIFIED: 'passkeyUnknown',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'tooMany',
  ACCOUNT_TEMPORARILY_LOCKED: 'tooMany',
  too_many_failures: 'tooMany',
  rate_limited: 'tooMany',
  sign_up_closed: 'closed',
  email_not_verified: 'providerUnverified',
  account_not_linked: 'notLinked',
  invitation_over: 'invitationOver',
  invitation_not_yours: 'notYours',
};

/** One sentence for what a call to /api/auth threw. */
function useAuthErrorText(): (error: unknown) => string {
  const { t } = useTranslation();
  const otherwise = useErrorText();
  return (error) => {
    // The browser's own word for a dialog that was closed or ran out of time.
    if (error instanceof Error && error.name === 'NotAllowedError') return t('signIn.errors.passkeyCancelled');
    if (!(error instanceof LatchkeyClientError)) return otherwise(error);
    const word = error.status === 429 ? 'tooMany' : WORDS[error.code];
    if (word !== undefined) return t(`signIn.errors.${word}`);
    const [first] = error.errors;
    return first === undefined ? otherwise(error) : `${first.path}: ${first.message}`;
  };
}

/** Announced when it appears; nothing when there is no error. */
export function AuthError({ error }: { error: unknown }) {
  const textOf = useAuthErrorText();
  if (error == null) return null;
  return (
    <Alert role="alert" color="red" variant="light" icon={<AlertIcon />} p="sm">
      {textOf(error)}
    </Alert>
  );
}

/** What another provider's way back left in the address, as if a call had thrown it. */
export const returnedError = (code: unknown): LatchkeyClientError | null =>
  typeof code === 'string' && code !== '' ? new LatchkeyClientError({ code, detail: '' }) : null;
