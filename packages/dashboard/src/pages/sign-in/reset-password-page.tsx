// The page at /reset-password: where the link of the letter leads, with its token behind `#`.

import { Anchor, Button, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../../data/auth';
import { forgetToken, fragmentToken } from '../../data/fragment';
import { AuthError } from './auth-error';
import { AuthFrame } from './auth-frame';
import { NewPassword, usePasswordRule } from './new-password';
import { Sent } from './sent';

export function ResetPasswordPage() {
  const { t } = useTranslation();
  const rule = usePasswordRule();
  const form = useForm({ mode: 'uncontrolled', initialValues: { password: '' }, validate: { password: rule } });
  const token = fragmentToken();
  const reset = useMutation({
    mutationFn: ({ password }: { password: string }) => callAuth('/reset-password', { token, newPassword: password }),
    onSuccess: forgetToken,
  });
  if (reset.isSuccess) return <Sent done title={t('signIn.resetDone')} text={t('signIn.resetDoneText')} />;
  const again = (
    <Anchor component={Link} to="/forgot-password" inherit fw={600}>
      {t('signIn.newLink')}
    </Anchor>
  );
  if (token === null) return <AuthFrame title={t('signIn.resetTitle')} text={t('signIn.errors.link')} footer={again} />;
  return (
    <AuthFrame title={t('signIn.resetTitle')} text={t('signIn.resetText')} footer={reset.isError ? again : undefined}>
      <form
        noValidate
        onSubmit={form.onSubmit(
          (values) => reset.mutate(values),
          () => form.getInputNode('password')?.focus(),
        )}
      >
        <Stack gap="md">
          <AuthError error={reset.error} />
          <NewPassword {...form.getInputProps('password')} key={form.key('password')} />
          <Button type="submit" fullWidth loading={reset.isPending}>
            {t('signIn.setPassword')}
          </Button>
        </Stack>
      </form>
    </AuthFrame>
  );
}
