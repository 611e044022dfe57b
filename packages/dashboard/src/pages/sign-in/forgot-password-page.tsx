// The page at /forgot-password. It answers the same whether an account has the address or not.

import { Anchor, Button, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { callAuth, signInOptions } from '../../data/auth';
import { AuthError } from './auth-error';
import { AuthFrame } from './auth-frame';
import { EmailField, useEmailRule } from './email-field';
import { Sent } from './sent';

export function ForgotPasswordPage() {
  const { t } = useTranslation();
  const { data: options } = useQuery(signInOptions);
  const emailRule = useEmailRule();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '' },
    validate: { email: emailRule },
  });
  const ask = useMutation({ mutationFn: (values: { email: string }) => callAuth('/request-password-reset', values) });
  if (ask.isSuccess) return <Sent title={t('signIn.checkMail')} text={t('signIn.resetSent')} />;
  const back = (
    <Anchor component={Link} to="/sign-in" inherit fw={600}>
      {t('signIn.toSignIn')}
    </Anchor>
  );
  if (options?.mail === false)
    return <AuthFrame title={t('signIn.forgotTitle')} text={t('signIn.noMail')} footer={back} />;
  return (
    <AuthFrame title={t('signIn.forgotTitle')} text={t('signIn.forgotText')} footer={back}>
      <form
        noValidate
        onSubmit={form.onSubmit(
          (values) => ask.mutate(values),
          () => form.getInputNode('email')?.focus(),
        )}
      >
        <Stack gap="md">
          <AuthError error={ask.error} />
          <EmailField {...form.getInputProps('email')} key={form.key('email')} />
          <Button type="submit" fullWidth loading={ask.isPending}>
            {t('signIn.sendLink')}
          </Button>
        </Stack>
      </form>
    </AuthFrame>
  );
}
