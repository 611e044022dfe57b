// All organizations of the installation, for its operator.

import type { Organization } from '@latchkey/client';
import { Anchor, Button, Code } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Guard } from '../../app/guard';
import { useApi } from '../../data/api';
import { useList } from '../../data/list';
import { useMay } from '../../data/self';
import type { Column } from '../../kit/data-table';
import { Building, Plus } from '../../kit/icons';
import { ListPage } from '../../kit/list-page';
import { StateBadge } from '../../kit/state-badge';
import { TimeText } from '../../kit/time-text';
import { CreateOrganization } from './create-organization';

export function OrganizationsPage() {
  return (
    <Guard needs="listOrganizations">
      <Organizations />
    </Guard>
  );
}

function Organizations() {
  const { t } = useTranslation();
  const api = useApi();
  const may = useMay();
  const [isCreating, setCreating] = useState(false);
  const list = useList(['organizations', 'list'], (cursor, signal) =>
    api.organizations.list({ cursor, limit: 50 }, { signal }),
  );
  const columns = useColumns();
  const create = may('createOrganization') && (
    <Button leftSection={<Plus />} onClick={() => setCreating(true)}>
      {t('organizations.create')}
    </Button>
  );
  return (
    <>
      <ListPage
        {...list}
        title={t('organizations.title')}
        text={t('organizations.text')}
        create={create}
        icon={<Building />}
        none={t('organizations.none')}
        noneText={t('organizations.noneText')}
        columns={columns}
        rowKey={({ id }) => id}
      />
      <CreateOrganization opened={isCreating} onClose={() => setCreating(false)} />
    </>
  );
}

function useColumns(): Column<Organization>[] {
  const { t } = useTranslation();
  const link = (
    to: '/settings/organization' | '/dashboard/api-keys',
    { id }: Organization,
    text: string,
    of?: string,
  ) => (
    <Anchor
      inherit
      fw={of === undefined ? 600 : undefined}
      c={of === undefined ? 'var(--mantine-color-text)' : undefined}
      aria-label={of}
      renderRoot={(props) => <Link {...props} to={to} search={{ organization: id, project: undefined }} />}
    >
      {text}
    </Anchor>
  );
  return [
    { id: 'name', label: t('organizations.name'), cell: (row) => link('/settings/organization', row, row.name) },
    {
      id: 'id',
      label: t('organizations.id'),
      cell: ({ id }) => (
        <Code bg="transparent" p={0}>
          {id}
        </Code>
      ),
    },
    {
      id: 'state',
      label: t('projects.state'),
      cell: ({ suspendedAt }) => (
        <StateBadge tone={suspendedAt === null ? 'good' : 'paused'}>
          {t(suspendedAt === null ? 'projects.active' : 'projects.suspended')}
        </StateBadge>
      ),
    },
    { id: 'created', label: t('projects.createdAt'), cell: ({ createdAt }) => <TimeText at={createdAt} /> },
    {
      id: 'keys',
      label: t('common.actions'),
      hideLabel: true,
      align: 'right',
      cell: (row) =>
        link('/dashboard/api-keys', row, t('organizations.keys'), `${t('organizations.keys')}: ${row.name}`),
    },
  ];
}
