// Inviting somebody among the operators of the installation.

import { Alert, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FormDialog } from '../../kit/form-dialog';
import { Shield } from '../../kit/icons';
import { useNotify } from '../../kit/notify';
import { InvitationLink } from '../members/invitation-link';
import { useOperatorChange } from './operator-queries';

export function InviteOperator({ opened, onClose }: { opened: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const notify = useNotify();
  const [email, setEmail] = useState('');
  const [link, setLink] = useState<string | null>(null);
  const invite = useOperatorChange((api, invited: string) => api.operators.invite({ email: invited }));
  const close = () => {
    invite.reset();
    setEmail('');
    onClose();
  };
  const submit = () =>
    invite.mutate(email.trim(), {
      onSuccess: (made) => {
        close();
        if (made.link === null) notify(t('members.sent', { email: made.invitation.email ?? '' }));
        else setLink(made.link);
      },
    });
  return (
    <>
      <FormDialog
        opened={opened}
        onClose={close}
        title={t('operators.invite')}
        submitLabel={t('members.sendInvitation')}
        onSubmit={submit}
        canSubmit={/^\S+@\S+$/.test(email.trim())}
        isPending={invite.isPending}
        error={invite.error}
      >
        <Alert color="orange" variant="light" icon={<Shield />}>
          {t('operators.inviteText')}
        </Alert>
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
      </FormDialog>
      <InvitationLink link={link} onClose={() => setLink(null)} />
    </>
  );
}
