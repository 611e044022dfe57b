// Inviting somebody into the organization, with the role that they will have.

import { Radio, Stack } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { InviteDialog } from './invite-dialog';
import { useInvite, useOwnRole } from './member-queries';
import { type Role, rolesToGive } from './roles';

export function InviteMember({ opened, onClose }: { opened: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const { mutateAsync: invite } = useInvite();
  const ownRole = useOwnRole();
  const [role, setRole] = useState<Role>('developer');
  const close = () => {
    // The next one is not invited as whatever the last one was.
    setRole('developer');
    onClose();
  };
  return (
    <InviteDialog opened={opened} onClose={close} title={t('members.invite')} send={(email) => invite({ email, role })}>
      <Radio.Group label={t('members.role')} value={role} onChange={(next) => setRole(next as Role)}>
        <Stack gap="xs" mt="xs">
          {rolesToGive(ownRole).map((each) => (
            <Radio key={each} value={each} label={t(`common.role.${each}`)} description={t(`members.roles.${each}`)} />
          ))}
        </Stack>
      </Radio.Group>
    </InviteDialog>
  );
}
