// Inviting somebody by e-mail, with the role that they will have.

import { Radio, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FormDialog } from '../../kit/form-dialog';
import { useNotify } from '../../kit/notify';
import { InvitationLink } from './invitation-link';
import { useInvite, useOwnRole } from './member-queries';
import { type Role, rolesToGive } from './roles';

export function InviteMember({ opened, onClose }: { opened: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const notify = useNotify();
  const invite = useInvite();
  const ownRole = useOwnRole();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('developer');
  // Neither in the address nor in a cache.
  const [link, setLink] = useState<string | null>(null);
  const close = () => {
    invite.reset();
    setEmail('');
    // The next one is not invited as whatever the last one was.
    setRole('developer');
    onClose();
  };
  const submit = () =>
    invite.mutate(
      { email: email.trim(), role },
      {
        onSuccess: (made) => {
          close();
          if (made.link === null) notify(t('members.sent', { email: made.invitation.email ?? '' }));
          else setLink(made.link);
        },
      },
    );
  return (
    <>
      <FormDialog
        opened={opened}
        onClose={close}
        title={t('members.invite')}
        submitLabel={t('members.sendInvitation')}
        onSubmit={submit}
        canSubmit={/^\S+@\S+$/.test(email.trim())}
        isPending={invite.isPending}
        error={invite.error}
      >
        <TextInput
          type="email"
          label={t('members.email')}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          autoComplete="off"
          maxLength={254}
          required
          data-autofocus
        />
        <Radio.Group label={t('members.role')} value={role} onChange={(next) => setRole(next as Role)}>
          <Stack gap="xs" mt="xs">
            {rolesToGive(ownRole).map((each) => (
              <Radio
                key={each}
                value={each}
                label={t(`common.role.${each}`)}
                description={t(`members.roles.${each}`)}
              />
            ))}
          </Stack>
        </Radio.Group>
      </FormDialog>
      <InvitationLink link={link} onClose={() => setLink(null)} />
    </>
  );
}
