// The page at /verify-email: where the link of the letter leads, with its token behind `#`.

import { Button, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../../data/auth';
import { forgetToken, fragmentToken } from '../../data/fragment';
import { Loading } from '../../kit/loading';
import { AuthError } from './auth-error';
import { AuthFrame } from './auth-frame';
import { Sent } from './sent';

export function VerifyEmailPage() {
  const { t } = useTranslation();
  const { mutate, isSuccess, error } = useMutation({
    mutationFn: (token: string) => callAuth('/verify-email', { token }),
    onSuccess: forgetToken,
  });
  const token = fragmentToken();
  useEffect(() => {
    if (token !== null) mutate(token);
  }, [token, mutate]);
  if (isSuccess) return <Sent done title={t('signIn.verified')} text={t('signIn.verifiedText')} />;
  if (token === null) return <Sent title={t('signIn.checkMail')} text={t('signIn.verificationSent')} />;
  return (
    <AuthFrame title={t('signIn.verifying')}>
      {error === null ? (
        <Loading lines={2} />
      ) : (
        <Stack gap="md">
          <AuthError error={error} />
          <Button component={Link} to="/sign-in">
            {t('signIn.toSignIn')}
          </Button>
        </Stack>
      )}
    </AuthFrame>
  );
}
