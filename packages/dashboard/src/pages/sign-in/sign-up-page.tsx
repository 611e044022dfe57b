// The page at /sign-up, where the profile lets everybody in; else it says how to get in.

import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { signInOptions } from '../../data/auth';
import { ErrorState } from '../../kit/error-state';
import { Loading } from '../../kit/loading';
import { AuthFrame } from './auth-frame';
import { Sent } from './sent';
import { SignUpForm } from './sign-up-form';

export function SignUpPage() {
  const { t } = useTranslation();
  const { data: options, error, refetch } = useQuery(signInOptions);
  const [isSent, setSent] = useState(false);
  if (isSent) return <Sent title={t('signIn.checkMail')} text={t('signIn.verificationSent')} />;
  const footer = (
    <>
      {t('signIn.haveAccount')}{' '}
      <Anchor component={Link} to="/sign-in" inherit fw={600}>
        {t('signIn.submit')}
      </Anchor>
    </>
  );
  if (options === undefined) {
    return (
      <AuthFrame title={t('signIn.signUpTitle')} footer={footer}>
        {error === null ? <Loading lines={4} /> : <ErrorState error={error} onRetry={() => void refetch()} />}
      </AuthFrame>
    );
  }
  if (options.signUp !== 'open') {
    return <AuthFrame title={t('signIn.signUpTitle')} text={t('signIn.byInvitation')} footer={footer} />;
  }
  if (!options.mail) return <AuthFrame title={t('signIn.signUpTitle')} text={t('signIn.noMail')} footer={footer} />;
  return (
    <AuthFrame title={t('signIn.signUpTitle')} text={t('signIn.signUpText')} footer={footer}>
      <SignUpForm onSignedUp={() => setSent(true)} />
    </AuthFrame>
  );
}
