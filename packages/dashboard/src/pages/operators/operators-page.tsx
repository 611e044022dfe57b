// The people who operate the installation, and those who are invited to.

import type { User } from '@latchkey/client';
import { Button, Stack } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Guard } from '../../app/guard';
import { useMay } from '../../data/self';
import { type Column, DataTable } from '../../kit/data-table';
import { Plus, Trash } from '../../kit/icons';
import { PageHeader } from '../../kit/page-header';
import { RowMenu } from '../../kit/row-menu';
import { TimeText } from '../../kit/time-text';
import { PersonName, SecondFactor } from '../members/person';
import { InviteOperator } from './invite-operator';
import { OperatorInvitations } from './operator-invitations';
import { useOperators } from './operator-queries';
import { RemoveOperator } from './remove-operator';

export function OperatorsPage() {
  return (
    <Guard needs="listOperators">
      <Operators />
    </Guard>
  );
}

function Operators() {
  const { t } = useTranslation();
  const may = useMay();
  const { data, error, refetch } = useOperators();
  const [isInviting, setInviting] = useState(false);
  const [removed, setRemoved] = useState<User | null>(null);
  const columns = useColumns(setRemoved);
  return (
    <>
      <PageHeader title={t('operators.title')} text={t('operators.text')}>
        {may('inviteOperator') && (
          <Button leftSection={<Plus />} onClick={() => setInviting(true)}>
            {t('operators.invite')}
          </Button>
        )}
      </PageHeader>
      <Stack gap="xl">
        <DataTable
          label={t('operators.title')}
          columns={columns}
          rows={data?.data}
          rowKey={({ id }) => id}
          error={error}
          onRetry={() => void refetch()}
          empty={null}
        />
        <OperatorInvitations invitations={data?.invitations} />
      </Stack>
      <InviteOperator opened={isInviting} onClose={() => setInviting(false)} />
      <RemoveOperator operator={removed} onClose={() => setRemoved(null)} />
    </>
  );
}

function useColumns(onRemove: (operator: User) => void): Column<User>[] {
  const { t } = useTranslation();
  const may = useMay();
  return [
    {
      id: 'name',
      label: t('members.name'),
      cell: (operator) => <PersonName {...operator} />,
    },
    {
      id: 'factor',
      label: t('members.secondFactor'),
      cell: ({ twoFactorEnabled }) => <SecondFactor isOn={twoFactorEnabled} matters />,
    },
    { id: 'since', label: t('operators.since'), cell: ({ createdAt }) => <TimeText at={createdAt} /> },
    {
      id: 'actions',
      label: t('common.actions'),
      hideLabel: true,
      align: 'right',
      cell: (operator) => (
        <RowMenu
          of={operator.name}
          actions={
            may('removeOperator')
              ? [{ label: t('common.remove'), icon: <Trash />, danger: true, onClick: () => onRemove(operator) }]
              : []
          }
        />
      ),
    },
  ];
}
