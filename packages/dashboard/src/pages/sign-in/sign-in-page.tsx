// The page at /sign-in: password or passkey, then the second factor where one is set up.

import { Anchor, Button, Stack } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { safeReturn } from '../../app/safe-return';
import { callAuth, signInOptions } from '../../data/auth';
import { START, useAfterSignIn } from './after-sign-in';
import { AuthError, returnedError } from './auth-error';
import { AuthFrame } from './auth-frame';
import { PasswordForm } from './password-form';
import { SecondFactor } from './second-factor';
import { Sent } from './sent';

export function SignInPage() {
  const { t } = useTranslation();
  const { data: options } = useQuery(signInOptions);
  const search = useSearch({ strict: false }) as { return?: string; error?: unknown };
  const afterSignIn = useAfterSignIn();
  const [asksSecond, setAsksSecond] = useState(false);
  const [unverified, setUnverified] = useState<string | null>(null);
  const sendAgain = useMutation({ mutationFn: (email: string) => callAuth('/send-verification-email', { email }) });
  const signUp = options?.signUp === 'open' && (
    <>
      {t('signIn.noAccount')}{' '}
      <Anchor component={Link} to="/sign-up" inherit fw={600}>
        {t('signIn.signUp')}
      </Anchor>
    </>
  );
  if (asksSecond) {
    return (
      <AuthFrame title={t('signIn.secondTitle')}>
        <SecondFactor onSignedIn={afterSignIn} />
      </AuthFrame>
    );
  }
  if (sendAgain.isSuccess) return <Sent title={t('signIn.checkMail')} text={t('signIn.verificationSent')} />;
  return (
    <AuthFrame title={t('signIn.title')} footer={signUp || undefined}>
      <Stack gap="md">
        <AuthError error={returnedError(search.error)} />
        {unverified !== null && (
          <Button variant="light" loading={sendAgain.isPending} onClick={() => sendAgain.mutate(unverified)}>
            {t('signIn.sendAgain')}
          </Button>
        )}
        <PasswordForm
          returnTo={safeReturn(search.return) ?? START}
          onSignedIn={afterSignIn}
          onSecondFactor={() => setAsksSecond(true)}
          onUnverified={setUnverified}
        />
      </Stack>
    </AuthFrame>
  );
}
