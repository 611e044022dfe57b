// One entry of the audit log in full: what changed, and the ids that other logs know it by.

import type { AuditEvent } from '@latchkey/client';
import { Button, Code, Drawer, Group, Paper, Stack, Table, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ChangeTable } from '../../kit/change-table';
import { exactTime } from '../../kit/time-text';
import { useLocale } from '../../words/locale';
import { changesOf } from './change-texts';
import type { Filters } from './filters';
import type { useNames } from './names';
import { useAuditWords } from './words-of';

interface Props {
  /** null: closed. */
  event: AuditEvent | null;
  names: ReturnType<typeof useNames>;
  onFilter(filters: Filters): void;
  onClose(): void;
}

export function AuditDetails({ event, ...props }: Props) {
  const words = useAuditWords();
  return (
    <Drawer
      opened={event !== null}
      onClose={props.onClose}
      position="right"
      size="lg"
      title={event === null ? '' : words.action(event.action)}
    >
      {event !== null && <Details event={event} {...props} />}
    </Drawer>
  );
}

function Details({ event, names, onFilter, onClose }: Omit<Props, 'event'> & { event: AuditEvent }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const words = useAuditWords();
  const named = (kind: string, name: string, id: string): ReactNode => (
    <Stack gap={0}>
      <span>{name === id ? words.kind(kind) : `${name} · ${words.kind(kind)}`}</span>
      <Code bg="transparent" p={0}>
        {id}
      </Code>
    </Stack>
  );
  const place = (id: string | null): ReactNode =>
    id === null ? t('common.none') : (names.nameOf(id) ?? <Code>{id}</Code>);
  const rows: [string, ReactNode][] = [
    [t('audit.when'), exactTime(event.at, locale)],
    [t('audit.who'), named(event.actor.type, names.who(event), event.actor.id)],
    [t('audit.toWhat'), named(event.target.type, names.what(event), event.target.id)],
    [t('common.organization'), place(event.organizationId)],
    [t('common.project'), place(event.projectId)],
    [t('audit.request'), <Code key="request">{event.requestId}</Code>],
  ];
  const only = (filters: Filters) => () => {
    onFilter(filters);
    onClose();
  };
  return (
    <Stack gap="lg">
      <Paper withBorder radius="md" style={{ overflow: 'hidden' }}>
        <Table variant="vertical" layout="fixed" fz="sm">
          <Table.Tbody>
            {rows.map(([label, value]) => (
              <Table.Tr key={label}>
                <Table.Th w={130} scope="row">
                  {label}
                </Table.Th>
                <Table.Td>{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      <Stack gap="xs">
        <Title order={3}>{t('audit.changes')}</Title>
        <ChangeTable changes={changesOf(event)} />
      </Stack>
      <Group>
        <Button variant="default" size="xs" onClick={only({ actor: event.actor.id })}>
          {t('audit.onlyActor')}
        </Button>
        <Button variant="default" size="xs" onClick={only({ target: event.target.id })}>
          {t('audit.onlyTarget')}
        </Button>
      </Group>
    </Stack>
  );
}
