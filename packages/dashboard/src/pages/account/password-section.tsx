// Changing the password, which ends every other session.

import { Button, Group, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../../data/auth';
import { Section } from '../../kit/section';
import { AuthError } from '../sign-in/auth-error';
import { NewPassword, usePasswordRule } from '../sign-in/new-password';
import { PasswordField } from '../sign-in/password-field';

export function PasswordSection() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const rule = usePasswordRule();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { currentPassword: '', newPassword: '' },
    validate: {
      currentPassword: (value) => (value === '' ? t('signIn.passwordMissing') : null),
      newPassword: rule,
    },
  });
  const change = useMutation({
    mutationFn: (passwords: typeof form.values) => callAuth('/change-password', passwords),
    onSuccess: () => {
      form.reset();
      notifications.show({ message: t('account.passwordChanged') });
      // The session is a new one, and so is what it proves itself with.
      void queries.invalidateQueries({ queryKey: ['self'] });
      return queries.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  return (
    <Section title={t('signIn.password')} text={t('account.passwordText')}>
      <form
        noValidate
        onSubmit={form.onSubmit(
          (values) => change.mutate(values),
          (errors) => form.getInputNode(Object.keys(errors)[0] as 'newPassword')?.focus(),
        )}
      >
        <Stack gap="md" maw={420}>
          <AuthError error={change.error} />
          <PasswordField
            {...form.getInputProps('currentPassword')}
            key={form.key('currentPassword')}
            label={t('account.currentPassword')}
          />
          <NewPassword {...form.getInputProps('newPassword')} key={form.key('newPassword')} />
          <Group>
            <Button type="submit" loading={change.isPending}>
              {t('account.changePassword')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
