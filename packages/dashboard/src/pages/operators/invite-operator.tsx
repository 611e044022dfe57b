// Inviting somebody among the operators of the installation.

import { Alert } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Shield } from '../../kit/icons';
import { InviteDialog } from '../members/invite-dialog';
import { useOperatorChange } from './operator-queries';

export function InviteOperator(dialog: { opened: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const { mutateAsync: invite } = useOperatorChange((api, email: string) => api.operators.invite({ email }));
  const warning = (
    <Alert color="orange" variant="light" icon={<Shield />}>
      {t('operators.inviteText')}
    </Alert>
  );
  return <InviteDialog {...dialog} title={t('operators.invite')} send={invite} warning={warning} />;
}
