// Invitations among the operators that are still open.

import { useTranslation } from 'react-i18next';
import { useMay } from '../../data/self';
import { useNotify } from '../../kit/notify';
import { OpenInvitations, type OpenInvitationsProps } from '../members/invitations';
import { useOperatorChange } from './operator-queries';

export function OperatorInvitations({ invitations }: Pick<OpenInvitationsProps, 'invitations'>) {
  const { t } = useTranslation();
  const may = useMay();
  const notify = useNotify();
  const revoke = useOperatorChange((api, invitationId: string) => api.operators.revokeInvitation({ invitationId }));
  const takeBack = (id: string) => revoke.mutate(id, { onSuccess: () => notify(t('members.revoked')) });
  return (
    <OpenInvitations
      invitations={invitations}
      error={revoke.error}
      onTakeBack={may('revokeOperatorInvitation') ? takeBack : undefined}
      takenBack={revoke.isPending ? revoke.variables : undefined}
    />
  );
}
