// The members of an organization: who they are, what they may do, and who is invited.

import type { Member } from '@latchkey/client';
import { Button, Select, Stack } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Guard } from '../../app/guard';
import { useMay } from '../../data/self';
import { type Column, DataTable } from '../../kit/data-table';
import { EmptyState } from '../../kit/empty-state';
import { ErrorState } from '../../kit/error-state';
import { People, Plus, Trash } from '../../kit/icons';
import { PageHeader } from '../../kit/page-header';
import { RowMenu } from '../../kit/row-menu';
import { TimeText } from '../../kit/time-text';
import { Invitations } from './invitations';
import { InviteMember } from './invite-member';
import { useChangeRole, useMembers, useOwnRole } from './member-queries';
import { PersonName, SecondFactor } from './person';
import { RemoveMember } from './remove-member';
import { isWithin, type Role, rolesToGive } from './roles';

export function MembersPage() {
  return (
    <Guard needs="listMembers" inOrganization>
      <Members />
    </Guard>
  );
}

function Members() {
  const { t } = useTranslation();
  const may = useMay();
  const list = useMembers();
  const change = useChangeRole();
  const [isInviting, setInviting] = useState(false);
  const [removed, setRemoved] = useState<Member | null>(null);
  const columns = useColumns((member, role) => change.mutate({ member, role }), setRemoved);
  const invite = may('createInvitation') && (
    <Button leftSection={<Plus />} onClick={() => setInviting(true)}>
      {t('members.invite')}
    </Button>
  );
  return (
    <>
      <PageHeader title={t('members.title')} text={t('members.text')}>
        {invite}
      </PageHeader>
      <Stack gap="xl">
        {change.error !== null && <ErrorState error={change.error} />}
        <DataTable
          {...list}
          label={t('members.title')}
          columns={columns}
          rowKey={({ userId }) => userId}
          empty={
            <EmptyState icon={<People />} title={t('members.none')} text={t('members.noneText')}>
              {invite}
            </EmptyState>
          }
        />
        <Invitations />
      </Stack>
      <InviteMember opened={isInviting} onClose={() => setInviting(false)} />
      <RemoveMember member={removed} onClose={() => setRemoved(null)} />
    </>
  );
}

function useColumns(
  onRole: (member: Member, role: Role) => void,
  onRemove: (member: Member) => void,
): Column<Member>[] {
  const { t } = useTranslation();
  const may = useMay();
  const ownRole = useOwnRole();
  const roles = rolesToGive(ownRole).map((value) => ({ value, label: t(`common.role.${value}`) }));
  const isMine = ({ role }: Member) => isWithin(role, ownRole);
  return [
    {
      id: 'name',
      label: t('members.name'),
      cell: ({ name, email, userId }) => <PersonName id={userId} name={name} email={email} />,
    },
    {
      id: 'role',
      label: t('members.role'),
      cell: (member) =>
        may('updateMember') && isMine(member) ? (
          <Select
            size="xs"
            w={150}
            aria-label={t('members.roleOf', { name: member.name })}
            data={roles}
            value={member.role}
            onChange={(role) => role !== null && role !== member.role && onRole(member, role as Role)}
            allowDeselect={false}
          />
        ) : (
          t(`common.role.${member.role}`)
        ),
    },
    {
      id: 'factor',
      label: t('members.secondFactor'),
      cell: ({ twoFactorEnabled }) => <SecondFactor isOn={twoFactorEnabled} />,
    },
    { id: 'joined', label: t('members.joined'), cell: ({ joinedAt }) => <TimeText at={joinedAt} /> },
    {
      id: 'actions',
      label: t('common.actions'),
      hideLabel: true,
      align: 'right',
      cell: (member) => (
        <RowMenu
          of={member.name}
          actions={
            may('removeMember') && isMine(member)
              ? [{ label: t('members.remove'), icon: <Trash />, danger: true, onClick: () => onRemove(member) }]
              : []
          }
        />
      ),
    },
  ];
}
