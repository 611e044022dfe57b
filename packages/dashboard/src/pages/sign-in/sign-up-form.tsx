// Name, e-mail and a new password. An invitation that names an address keeps it.

import { Button, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../../data/auth';
import { AuthError } from './auth-error';
import { EmailField, useEmailRule } from './email-field';
import { NewPassword, usePasswordRule } from './new-password';

interface SignUpFormProps {
  /** Of the invitation: nobody may change it. */
  email?: string | null;
  invitationToken?: string;
  onSignedUp(values: { email: string; password: string }): Promise<void> | void;
}

export function SignUpForm({ email, invitationToken, onSignedUp }: SignUpFormProps) {
  const { t } = useTranslation();
  const rule = usePasswordRule();
  const emailRule = useEmailRule();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', email: email ?? '', password: '' },
    validate: {
      name: (value) => (value.trim() === '' ? t('signIn.nameMissing') : null),
      email: emailRule,
      password: rule,
    },
  });
  const signUp = useMutation({
    mutationFn: async (values: { name: string; email: string; password: string }) => {
      await callAuth('/sign-up/email', { ...values, name: values.name.trim(), invitationToken });
      await onSignedUp(values);
    },
  });
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (values) => signUp.mutate(values),
        (errors) => form.getInputNode(Object.keys(errors)[0] as 'email')?.focus(),
      )}
    >
      <Stack gap="md">
        <AuthError error={signUp.error} />
        <TextInput
          {...form.getInputProps('name')}
          key={form.key('name')}
          label={t('signIn.name')}
          name="name"
          autoComplete="name"
          maxLength={200}
          required
          withAsterisk={false}
        />
        <EmailField {...form.getInputProps('email')} key={form.key('email')} readOnly={email != null} />
        <NewPassword {...form.getInputProps('password')} key={form.key('password')} />
        <Button type="submit" fullWidth loading={signUp.isPending}>
          {t('signIn.createAccount')}
        </Button>
      </Stack>
    </form>
  );
}
