// The address of an account, as a field of the forms before the sign-in, and what is asked of it.

import { TextInput, type TextInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** For a form: the fault of an address, or null. */
export function useEmailRule(): (value: string) => string | null {
  const { t } = useTranslation();
  return (value) => (/\S+@\S+/.test(value) ? null : t('signIn.emailMissing'));
}

export function EmailField({ autoComplete = 'username', ...field }: TextInputProps) {
  const { t } = useTranslation();
  return (
    <TextInput
      label={t('signIn.email')}
      variant={field.readOnly ? 'filled' : undefined}
      {...field}
      type="email"
      name="email"
      autoComplete={autoComplete}
      required
      withAsterisk={false}
    />
  );
}
