// The page at /change-email: where the link of the letter to a new address leads, with its token behind `#`. It takes the account too, because a letter may reach a stranger.

import { Button, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../../data/auth';
import { forgetToken, fragmentToken } from '../../data/fragment';
import { readSelf } from '../../data/self';
import { Loading } from '../../kit/loading';
import { useNotify } from '../../kit/notify';
import { START, useAfterSignIn } from './after-sign-in';
import { AuthError } from './auth-error';
import { AuthFrame } from './auth-frame';
import { PasswordForm } from './password-form';
import { SecondFactor } from './second-factor';

export function ChangeEmailPage() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [token] = useState(fragmentToken);
  const [asksSecond, setAsksSecond] = useState(false);
  const afterSignIn = useAfterSignIn();
  const notify = useNotify();
  const self = useQuery({ queryKey: ['who'], queryFn: () => readSelf().catch(() => null), gcTime: 0 });
  const confirm = useMutation({
    mutationFn: async () => {
      await callAuth('/change-email/confirm', { token });
      forgetToken();
      await afterSignIn({ to: '/settings/account' });
      notify(t('signIn.changedEmail'));
    },
  });
  const lookAgain = async () => {
    queries.removeQueries({ queryKey: ['self'] });
    await self.refetch();
  };
  const leave = useMutation({
    mutationFn: async () => {
      await callAuth('/sign-out', {});
      await lookAgain();
      confirm.reset();
    },
  });
  if (token === null) return <AuthFrame title={t('signIn.changeEmailTitle')} text={t('signIn.errors.link')} />;
  if (self.isPending) {
    return (
      <AuthFrame title={t('signIn.changeEmailTitle')}>
        <Loading lines={2} />
      </AuthFrame>
    );
  }
  const user = self.data?.user;
  if (user != null) {
    return (
      <AuthFrame title={t('signIn.changeEmailTitle')} text={t('signIn.changeEmailOf', { email: user.email })}>
        <Stack gap="md">
          <AuthError error={confirm.error} />
          <Button onClick={() => confirm.mutate()} loading={confirm.isPending}>
            {t('signIn.confirm')}
          </Button>
          <Button variant="default" onClick={() => leave.mutate()} loading={leave.isPending}>
            {t('signIn.otherAccount')}
          </Button>
        </Stack>
      </AuthFrame>
    );
  }
  if (asksSecond) {
    return (
      <AuthFrame title={t('signIn.secondTitle')}>
        <SecondFactor onSignedIn={lookAgain} />
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title={t('signIn.changeEmailTitle')} text={t('signIn.changeEmailText')}>
      <PasswordForm
        returnTo={START}
        onSignedIn={lookAgain}
        onSecondFactor={() => setAsksSecond(true)}
        onUnverified={() => undefined}
      />
    </AuthFrame>
  );
}
