// Asks for the password again, before something that a person who finds the computer open must not do.

import { Button, Stack, Text } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { DialogButtons } from '../../kit/dialog-buttons';
import { AuthError } from '../sign-in/auth-error';
import { PasswordField } from '../sign-in/password-field';

interface PasswordStepProps {
  text: ReactNode;
  label: string;
  danger?: boolean;
  error: unknown;
  isPending: boolean;
  /** undefined: left empty, as by somebody who signs in at another provider. */
  onPassword(password: string | undefined): void;
  onCancel(): void;
  /** What is asked for before the password. */
  children?: ReactNode;
}

export function PasswordStep({
  text,
  label,
  danger = false,
  error,
  isPending,
  onPassword,
  onCancel,
  children,
}: PasswordStepProps) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onPassword(password === '' ? undefined : password);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text size="sm">{text}</Text>
        <AuthError error={error} />
        {children}
        <PasswordField
          label={t('account.currentPassword')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          required={false}
          data-autofocus={children === undefined || undefined}
        />
        <DialogButtons>
          <Button variant="default" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" color={danger ? 'red.9' : undefined} loading={isPending}>
            {label}
          </Button>
        </DialogButtons>
      </Stack>
    </form>
  );
}
