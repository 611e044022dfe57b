// Asking for another e-mail address: it changes once the link in a letter to that address was opened.

import { Button, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../../data/auth';
import { DialogButtons } from '../../kit/dialog-buttons';
import { EmailField, useEmailRule } from '../sign-in/email-field';
import { PasswordStep } from './password-step';

export function ChangeEmail({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const emailRule = useEmailRule();
  const [newEmail, setNewEmail] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const ask = useMutation({
    mutationFn: (password: string | undefined) => callAuth('/change-email', { newEmail: newEmail.trim(), password }),
  });
  const submit = (password: string | undefined) => {
    const found = emailRule(newEmail);
    setFault(found);
    if (found === null) ask.mutate(password);
  };
  return (
    <Modal opened onClose={onClose} title={t('account.changeEmail')}>
      {ask.isSuccess ? (
        <Stack gap="md">
          <Text size="sm" role="status">
            {t('account.changeEmailSent', { email: newEmail.trim() })}
          </Text>
          <DialogButtons>
            <Button onClick={onClose}>{t('common.close')}</Button>
          </DialogButtons>
        </Stack>
      ) : (
        <PasswordStep
          text={t('account.changeEmailText')}
          label={t('signIn.sendLink')}
          error={ask.error}
          isPending={ask.isPending}
          onPassword={submit}
          onCancel={onClose}
        >
          <EmailField
            label={t('account.newEmail')}
            autoComplete="email"
            value={newEmail}
            onChange={(event) => setNewEmail(event.currentTarget.value)}
            error={fault}
            maxLength={254}
            data-autofocus
          />
        </PasswordStep>
      )}
    </Modal>
  );
}
