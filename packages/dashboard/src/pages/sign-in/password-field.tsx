// A password that somebody types: that of their account, unless it is said otherwise.

import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export function PasswordField(field: PasswordInputProps) {
  const { t } = useTranslation();
  return (
    <PasswordInput
      label={t('signIn.password')}
      autoComplete="current-password"
      required
      withAsterisk={false}
      // The library marks the frame of the field, not what is typed into.
      aria-invalid={Boolean(field.error)}
      visibilityToggleButtonProps={{ 'aria-label': t('signIn.showPassword') }}
      {...field}
    />
  );
}
