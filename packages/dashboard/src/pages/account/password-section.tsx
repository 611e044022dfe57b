// Changing the password, and with it, if wanted, ending every other session.

import { Button, Checkbox, Group, PasswordInput, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { callAuth } from '../../data/auth';
import { Section } from '../../kit/section';
import { AuthError } from '../sign-in/auth-error';
import { NewPassword, usePasswordRule } from '../sign-in/new-password';

export function PasswordSection() {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const rule = usePasswordRule();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { currentPassword: '', newPassword: '', endOthers: true },
    validate: {
      currentPassword: (value) => (value === '' ? t('signIn.passwordMissing') : null),
      newPassword: rule,
    },
  });
  const change = useMutation({
    mutationFn: async ({ endOthers, ...passwords }: typeof form.values) => {
      await callAuth('/change-password', passwords);
      if (endOthers) await api.sessions.endOthers();
    },
    onSuccess: () => {
      form.reset();
      notifications.show({ message: t('account.passwordChanged') });
      return queries.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  return (
    <Section title={t('signIn.password')}>
      <form
        noValidate
        onSubmit={form.onSubmit(
          (values) => change.mutate(values),
          (errors) => form.getInputNode(Object.keys(errors)[0] as 'newPassword')?.focus(),
        )}
      >
        <Stack gap="md" maw={420}>
          <AuthError error={change.error} />
          <PasswordInput
            {...form.getInputProps('currentPassword')}
            key={form.key('currentPassword')}
            label={t('account.currentPassword')}
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ 'aria-label': t('signIn.showPassword') }}
          />
          <NewPassword {...form.getInputProps('newPassword')} key={form.key('newPassword')} />
          <Checkbox
            {...form.getInputProps('endOthers', { type: 'checkbox' })}
            key={form.key('endOthers')}
            label={t('account.alsoEndOthers')}
          />
          <Group>
            <Button type="submit" variant="default" loading={change.isPending}>
              {t('account.changePassword')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
