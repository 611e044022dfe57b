// Setting up two-factor sign-in, in three steps: the password, the app, the backup codes.

import { Button, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../../data/auth';
import { DialogButtons } from '../../kit/dialog-buttons';
import { Secret } from '../../kit/secret';
import { AuthError } from '../sign-in/auth-error';
import { BackupCodes } from './backup-codes';
import { PasswordStep } from './password-step';
import { QrCode } from './qr-code';

interface Enrolment {
  totpURI: string;
  backupCodes: string[];
}

export function SetUpTwoFactor({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [code, setCode] = useState('');
  const enable = useMutation({
    mutationFn: (password: string | undefined) => callAuth<Enrolment>('/two-factor/enable', { password }),
  });
  const verify = useMutation({
    mutationFn: () => callAuth('/two-factor/verify-totp', { code: code.replace(/\s/g, '') }),
    // The session is a new one, and so is what it proves itself with.
    onSuccess: () => queries.invalidateQueries({ queryKey: ['self'] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    verify.mutate();
  };
  const enrolment = enable.data;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('account.setUpTitle')}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {enrolment === undefined && (
        <PasswordStep
          text={t('account.setUpText')}
          label={t('account.goOn')}
          error={enable.error}
          isPending={enable.isPending}
          onPassword={enable.mutate}
          onCancel={onClose}
        />
      )}
      {enrolment !== undefined && !verify.isSuccess && (
        <form onSubmit={submit}>
          <Stack gap="md">
            <Text size="sm">{t('account.scan')}</Text>
            <QrCode text={enrolment.totpURI} label={t('account.qrLabel')} />
            <Text size="sm">{t('account.orType')}</Text>
            <Secret
              value={new URL(enrolment.totpURI).searchParams.get('secret') ?? ''}
              thing={t('account.setUpKey')}
              shownAtFirst={false}
            />
            <AuthError error={verify.error} />
            <TextInput
              label={t('signIn.code')}
              description={t('signIn.codeText')}
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              inputMode="numeric"
              autoComplete="one-time-code"
              required
              withAsterisk={false}
              autoFocus
            />
            <DialogButtons>
              <Button variant="default" onClick={onClose}>
                {t('common.cancel')}
              </Button>
              <Button type="submit" loading={verify.isPending}>
                {t('account.switchOn')}
              </Button>
            </DialogButtons>
          </Stack>
        </form>
      )}
      {enrolment !== undefined && verify.isSuccess && <BackupCodes codes={enrolment.backupCodes} onDone={onClose} />}
    </Modal>
  );
}
