// Two-factor sign-in: whether it is on, and the dialogs that set it up, make new backup codes and switch it off.

import { Button, Group } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSelf } from '../../data/self';
import { Section } from '../../kit/section';
import { StateBadge } from '../../kit/state-badge';
import { NewBackupCodes } from './new-backup-codes';
import { SetUpTwoFactor } from './set-up-two-factor';
import { SwitchOffTwoFactor } from './switch-off-two-factor';

export function TwoFactorSection() {
  const { t } = useTranslation();
  const isOn = useSelf().user?.twoFactorEnabled === true;
  const queries = useQueryClient();
  const [open, setOpen] = useState<'set-up' | 'codes' | 'off' | null>(null);
  const close = () => {
    setOpen(null);
    void queries.invalidateQueries({ queryKey: ['self'] });
  };
  return (
    <Section
      title={t('account.twoFactor')}
      text={t('account.twoFactorText')}
      side={<StateBadge tone={isOn ? 'good' : 'neutral'}>{isOn ? t('account.isOn') : t('account.isOff')}</StateBadge>}
    >
      <Group gap="sm">
        {isOn ? (
          <>
            <Button variant="default" onClick={() => setOpen('codes')}>
              {t('account.newCodes')}
            </Button>
            <Button variant="subtle" color="red" c="var(--mantine-color-error)" onClick={() => setOpen('off')}>
              {t('account.switchOff')}
            </Button>
          </>
        ) : (
          <Button onClick={() => setOpen('set-up')}>{t('account.setUp')}</Button>
        )}
      </Group>
      {/* Mounted while open: secrets and codes live in their state and go with it. */}
      {open === 'set-up' && <SetUpTwoFactor onClose={close} />}
      {open === 'codes' && <NewBackupCodes onClose={close} />}
      {open === 'off' && <SwitchOffTwoFactor onClose={close} />}
    </Section>
  );
}
