// The field for a new password, and the rule for it: long enough; what it is made of is the person's own matter.

import type { PasswordInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PasswordField } from './password-field';

const MIN_LENGTH = 10;
const MAX_LENGTH = 128;

export function usePasswordRule(): (value: string) => string | null {
  const { t } = useTranslation();
  return (value) => (value.length < MIN_LENGTH ? t('signIn.passwordShort', { count: MIN_LENGTH }) : null);
}

export function NewPassword(props: PasswordInputProps) {
  const { t } = useTranslation();
  return (
    <PasswordField
      label={t('signIn.newPassword')}
      description={t('signIn.passwordHint', { count: MIN_LENGTH })}
      name="new-password"
      autoComplete="new-password"
      maxLength={MAX_LENGTH}
      {...props}
    />
  );
}
