// The form of an invitation by e-mail, to an organization or among the operators; then its link where no mail was sent.

import type { OperationOutputs } from '@latchkey/client';
import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FormDialog } from '../../kit/form-dialog';
import { useNotify } from '../../kit/notify';
import { InvitationLink } from './invitation-link';

interface Props {
  opened: boolean;
  onClose(): void;
  title: string;
  send(email: string): Promise<OperationOutputs['createInvitation'] | OperationOutputs['inviteOperator']>;
  /** Above the address. */
  warning?: ReactNode;
  /** More fields, below it. */
  children?: ReactNode;
}

export function InviteDialog({ opened, onClose, title, send, warning, children }: Props) {
  const { t } = useTranslation();
  const notify = useNotify();
  const [email, setEmail] = useState('');
  // Neither in the address nor in a cache.
  const [link, setLink] = useState<string | null>(null);
  const invite = useMutation({
    mutationFn: () => send(email.trim()),
    onSuccess: (made) => {
      close();
      if (made.link === null) notify(t('members.sent', { email: made.invitation.email ?? '' }));
      else setLink(made.link);
    },
  });
  const close = () => {
    invite.reset();
    setEmail('');
    onClose();
  };
  return (
    <>
      <FormDialog
        opened={opened}
        onClose={close}
        title={title}
        submitLabel={t('members.sendInvitation')}
        onSubmit={() => invite.mutate()}
        canSubmit={/^\S+@\S+$/.test(email.trim())}
        isPending={invite.isPending}
        error={invite.error}
      >
        {warning}
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
        {children}
      </FormDialog>
      <InvitationLink link={link} onClose={() => setLink(null)} />
    </>
  );
}
