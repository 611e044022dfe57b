// The page at /verify-email: where the link of the letter leads, with its token behind `#`. The password goes with it, because anybody can sign up with an address.

import { LatchkeyClientError } from '@latchkey/client';
import { Anchor, Button, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callAuth, type SignInAnswer } from '../../data/auth';
import { forgetToken, fragmentToken } from '../../data/fragment';
import { useAfterSignIn } from './after-sign-in';
import { AuthError } from './auth-error';
import { AuthFrame } from './auth-frame';
import { PasswordField } from './password-field';
import { SecondFactor } from './second-factor';
import { Sent } from './sent';

const isWrongPassword = (error: unknown): boolean =>
  error instanceof LatchkeyClientError && error.code === 'INVALID_EMAIL_OR_PASSWORD';

export function VerifyEmailPage() {
  const { t } = useTranslation();
  const afterSignIn = useAfterSignIn();
  const [token] = useState(fragmentToken);
  const [asksSecond, setAsksSecond] = useState(false);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { password: '' },
    validate: { password: (value) => (value === '' ? t('signIn.passwordMissing') : null) },
  });
  const toField = () => form.getInputNode('password')?.focus();
  const confirm = useMutation({
    mutationFn: async ({ password }: { password: string }) => {
      const answer = await callAuth<SignInAnswer>('/verify-email', { token, password });
      forgetToken();
      if (answer.twoFactorRedirect) setAsksSecond(true);
      else await afterSignIn();
    },
    onError(error) {
      if (!isWrongPassword(error)) return;
      form.setFieldError('password', t('signIn.errors.password'));
      toField();
    },
  });
  if (token === null) return <Sent title={t('signIn.checkMail')} text={t('signIn.verificationSent')} />;
  if (asksSecond) {
    return (
      <AuthFrame title={t('signIn.secondTitle')}>
        <SecondFactor onSignedIn={afterSignIn} />
      </AuthFrame>
    );
  }
  const forgot = (
    <Anchor component={Link} to="/forgot-password" inherit fw={600}>
      {t('signIn.forgot')}
    </Anchor>
  );
  return (
    <AuthFrame title={t('signIn.verifyTitle')} text={t('signIn.verifyText')} footer={forgot}>
      <form noValidate onSubmit={form.onSubmit((values) => confirm.mutate(values), toField)}>
        <Stack gap="md">
          <AuthError error={isWrongPassword(confirm.error) ? null : confirm.error} />
          <PasswordField {...form.getInputProps('password')} key={form.key('password')} name="password" />
          <Button type="submit" fullWidth loading={confirm.isPending}>
            {t('signIn.confirm')}
          </Button>
        </Stack>
      </form>
    </AuthFrame>
  );
}
