// Invitations among the operators that are still open.

import type { Invitation } from '@latchkey/client';
import { useState } from 'react';
import { useMay } from '../../data/self';
import { InvitationLink } from '../members/invitation-link';
import { OpenInvitations, type OpenInvitationsProps } from '../members/invitations';
import { useTakenBack } from '../members/member-queries';
import { useInviteOperator, useOperatorChange } from './operator-queries';

export function OperatorInvitations({ invitations }: Pick<OpenInvitationsProps, 'invitations'>) {
  const may = useMay();
  // Of an invitation that was made again, where no mail was sent.
  const [link, setLink] = useState<string | null>(null);
  const { mutateAsync: again } = useInviteOperator();
  const takenBack = useTakenBack({ again, onLink: setLink });
  const revoke = useOperatorChange((api, invitationId: string) => api.operators.revokeInvitation({ invitationId }));
  const takeBack = (id: string, invitation: Invitation) =>
    revoke.mutate(id, { onSuccess: () => takenBack(invitation) });
  return (
    <>
      <OpenInvitations
        invitations={invitations}
        error={revoke.error}
        onTakeBack={may('revokeOperatorInvitation') ? takeBack : undefined}
        takenBack={revoke.isPending ? revoke.variables : undefined}
      />
      <InvitationLink link={link} onClose={() => setLink(null)} />
    </>
  );
}
