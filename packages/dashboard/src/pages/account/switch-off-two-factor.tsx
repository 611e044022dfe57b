// Switching two-factor sign-in off.

import { Modal } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../../data/auth';
import { PasswordStep } from './password-step';

export function SwitchOffTwoFactor({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const switchOff = useMutation({
    mutationFn: (password: string | undefined) => callAuth('/two-factor/disable', { password }),
    onSuccess: onClose,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('account.switchOffTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <PasswordStep
        text={t('account.switchOffText')}
        label={t('account.switchOff')}
        danger
        error={switchOff.error}
        isPending={switchOff.isPending}
        onPassword={switchOff.mutate}
        onCancel={onClose}
      />
    </Modal>
  );
}
