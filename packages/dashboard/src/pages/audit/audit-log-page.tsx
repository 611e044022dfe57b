// The page of the audit log: who changed what, newest first, with filters that stand in the address, details and an export.

import type { AuditEvent } from '@latchkey/client';
import { Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Guard } from '../../app/guard';
import { useApi } from '../../data/api';
import { useList } from '../../data/list';
import { usePageSearch } from '../../data/page-search';
import { useScope } from '../../data/self';
import { type Column, DataTable } from '../../kit/data-table';
import { EmptyState } from '../../kit/empty-state';
import { List } from '../../kit/icons';
import { Mono } from '../../kit/mono';
import { PageHeader } from '../../kit/page-header';
import { TimeText } from '../../kit/time-text';
import { AuditDetails } from './audit-details';
import { AuditExport } from './audit-export';
import { AuditFilters } from './audit-filters';
import { FILTERS, isFiltered, queryOf } from './filters';
import { useNames } from './names';
import { useAuditWords } from './words-of';

export function AuditLogPage() {
  return (
    <Guard needs="listAuditEvents">
      <AuditLog />
    </Guard>
  );
}

function AuditLog() {
  const { t } = useTranslation();
  const api = useApi();
  const { organizationId, isPending } = useScope();
  const [filters, change] = usePageSearch(FILTERS);
  const [shown, setShown] = useState<AuditEvent | null>(null);
  const query = queryOf(filters, organizationId);
  const list = useList(
    ['audit-events', 'list', query],
    (cursor, signal) => api.auditEvents.list({ ...query, cursor, limit: 50 }, { signal }),
    { enabled: organizationId !== undefined || filters.of === 'installation' || !isPending },
  );
  const names = useNames(list.rows ?? []);
  const columns = useColumns(names, setShown);
  const isEmptyByFilter = isFiltered(filters);
  return (
    <>
      <PageHeader title={t('audit.title')} text={t('audit.text')}>
        <AuditExport query={query} names={names} />
      </PageHeader>
      <AuditFilters filters={filters} change={change} people={names.people} />
      <DataTable
        {...list}
        label={t('audit.title')}
        columns={columns}
        rowKey={({ id }) => id}
        empty={
          <EmptyState
            icon={<List />}
            title={t(isEmptyByFilter ? 'common.nothingFound' : 'audit.none')}
            text={t(isEmptyByFilter ? 'audit.noneFound' : 'audit.noneText')}
          />
        }
      />
      <AuditDetails event={shown} names={names} onFilter={change} onClose={() => setShown(null)} />
    </>
  );
}

function useColumns(names: ReturnType<typeof useNames>, show: (event: AuditEvent) => void): Column<AuditEvent>[] {
  const { t } = useTranslation();
  const words = useAuditWords();
  const two = (first: string, id: string, second: string) => (
    <Stack gap={0}>
      {first === id ? <Mono>{id}</Mono> : <span>{first}</span>}
      <Text span size="xs" c="dimmed">
        {second}
      </Text>
    </Stack>
  );
  return [
    { id: 'at', label: t('audit.when'), cell: ({ at }) => <TimeText at={at} /> },
    {
      id: 'actor',
      label: t('audit.who'),
      cell: (event) => two(names.who(event), event.actor.id, words.kind(event.actor.type)),
    },
    {
      id: 'action',
      headsCard: true,
      label: t('audit.what'),
      cell: ({ action }) => (
        <Text span inherit fw={550}>
          {words.action(action)}
        </Text>
      ),
    },
    {
      id: 'target',
      label: t('audit.toWhat'),
      cell: (event) => two(names.what(event), event.target.id, words.kind(event.target.type)),
    },
    {
      id: 'details',
      label: t('audit.details'),
      hideLabel: true,
      align: 'right',
      cell: (event) => (
        <Button
          size="compact-sm"
          variant="subtle"
          onClick={() => show(event)}
          aria-label={`${t('audit.details')}: ${words.action(event.action)}, ${names.what(event)}`}
        >
          {t('audit.details')}
        </Button>
      ),
    },
  ];
}
