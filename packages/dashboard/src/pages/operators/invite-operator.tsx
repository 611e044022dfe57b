// Inviting somebody among the operators of the installation.

import { Alert } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Shield } from '../../kit/icons';
import { InviteDialog } from '../members/invite-dialog';
import { useInviteOperator } from './operator-queries';

export function InviteOperator(dialog: { opened: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const { mutateAsync: invite } = useInviteOperator();
  const warning = (
    <Alert color="orange" variant="light" icon={<Shield />}>
      {t('operators.inviteText')}
    </Alert>
  );
  return (
    <InviteDialog {...dialog} title={t('operators.invite')} send={(email) => invite({ email })} warning={warning} />
  );
}
