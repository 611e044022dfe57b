// New backup codes in place of the old ones, shown once.

import { Modal } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../../data/auth';
import { BackupCodes } from './backup-codes';
import { PasswordStep } from './password-step';

export function NewBackupCodes({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const make = useMutation({
    mutationFn: (password: string | undefined) =>
      callAuth<{ backupCodes: string[] }>('/two-factor/generate-backup-codes', { password }),
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('account.newCodes')}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {make.data === undefined ? (
        <PasswordStep
          text={t('account.newCodesText')}
          label={t('account.newCodes')}
          error={make.error}
          isPending={make.isPending}
          onPassword={make.mutate}
          onCancel={onClose}
        />
      ) : (
        <BackupCodes codes={make.data.backupCodes} onDone={onClose} />
      )}
    </Modal>
  );
}
