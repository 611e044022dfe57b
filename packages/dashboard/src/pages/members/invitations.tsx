// Invitations that are still open, and taking one back.

import type { Invitation } from '@latchkey/client';
import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../data/self';
import { Breakable } from '../../kit/breakable';
import { DataTable } from '../../kit/data-table';
import { ErrorState } from '../../kit/error-state';
import { Section } from '../../kit/section';
import { TimeText } from '../../kit/time-text';
import { InvitationLink } from './invitation-link';
import { useInvitations, useRevokeInvitation } from './member-queries';

/** Of the chosen organization. */
export function Invitations() {
  const may = useMay();
  const list = useInvitations();
  // Of an invitation that was made again, where no mail was sent.
  const [link, setLink] = useState<string | null>(null);
  const revoke = useRevokeInvitation(setLink);
  if (!may('listInvitations')) return null;
  return (
    <>
      <OpenInvitations
        {...list}
        invitations={list.rows}
        error={list.error ?? revoke.error}
        onTakeBack={may('revokeInvitation') ? (_, invitation) => revoke.mutate(invitation) : undefined}
        takenBack={revoke.isPending ? revoke.variables.id : undefined}
      />
      <InvitationLink link={link} onClose={() => setLink(null)} />
    </>
  );
}

export interface OpenInvitationsProps {
  /** undefined: on their way. */
  invitations: readonly Invitation[] | undefined;
  error?: unknown;
  onRetry?: () => void;
  onMore?: (() => void) | undefined;
  isLoadingMore?: boolean;
  /** undefined: the reader may not. */
  onTakeBack: ((id: string, invitation: Invitation) => void) | undefined;
  /** The one that is being taken back. */
  takenBack: string | undefined;
}

export function OpenInvitations({ invitations, onTakeBack, takenBack, ...list }: OpenInvitationsProps) {
  const { t } = useTranslation();
  const takeBack = (invitation: Invitation) => (
    <Button
      size="compact-sm"
      variant="subtle"
      color="red"
      c="var(--mantine-color-error)"
      onClick={() => onTakeBack?.(invitation.id, invitation)}
      loading={takenBack === invitation.id}
      aria-label={t('members.takeBackOf', { email: invitation.email ?? '' })}
    >
      {t('members.takeBack')}
    </Button>
  );
  return (
    <Section title={t('members.invitations')} text={t('members.invitationsText')} bare>
      {list.error != null && invitations !== undefined && <ErrorState error={list.error} />}
      <DataTable
        {...list}
        error={invitations === undefined ? list.error : undefined}
        label={t('members.invitations')}
        rows={invitations?.filter(({ state }) => state === 'pending')}
        rowKey={({ id }) => id}
        empty={
          <Text p="md" size="sm" c="dimmed">
            {t('members.noInvitations')}
          </Text>
        }
        columns={[
          { id: 'email', label: t('members.email'), cell: ({ email }) => <Breakable text={email ?? '–'} /> },
          { id: 'role', label: t('members.role'), cell: ({ role }) => t(`common.role.${role}`) },
          { id: 'made', label: t('members.invited'), cell: ({ createdAt }) => <TimeText at={createdAt} /> },
          { id: 'ends', label: t('members.validUntil'), cell: ({ expiresAt }) => <TimeText at={expiresAt} /> },
          ...(onTakeBack === undefined
            ? []
            : [{ id: 'act', label: t('common.actions'), hideLabel: true, align: 'right' as const, cell: takeBack }]),
        ]}
      />
    </Section>
  );
}
