// What was done to a key and its older generations, from the audit log.

import type { AuditEvent, Key } from '@latchkey/client';
import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useSelf } from '../../data/self';
import { useValueText } from '../../kit/change-table';
import { DataTable } from '../../kit/data-table';
import { EmptyState } from '../../kit/empty-state';
import { List } from '../../kit/icons';
import { TimeText } from '../../kit/time-text';
import { changesOf } from '../audit/change-texts';
import { usePeople } from '../audit/names';
import { useAuditWords } from '../audit/words-of';
import { useFamily } from './use-keys';

/** What has words of its own; anything else as the audit log says it. */
const ACTIONS = [
  'createKey',
  'updateKey',
  'rotateKey',
  'revokeKey',
  'disableKey',
  'enableKey',
  'deleteKey',
  'importKeys',
] as const;
type Action = (typeof ACTIONS)[number];
const isAction = (name: string): name is Action => (ACTIONS as readonly string[]).includes(name);

export function KeyHistory({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  const api = useApi();
  const self = useSelf();
  const people = usePeople();
  const words = useAuditWords();
  const { data: family } = useFamily(key, false);
  const generations = family?.slice(0, 5).map(({ id }) => id);
  const history = useQuery({
    queryKey: ['audit-events', 'key', ...(generations ?? [])],
    queryFn: async () => {
      const pages = await Promise.all(
        (generations ?? []).map((targetId) => api.auditEvents.list({ targetId, projectId: key.projectId, limit: 50 })),
      );
      return pages.flatMap(({ data }) => data).sort((a, b) => (a.at < b.at ? 1 : -1));
    },
    enabled: generations !== undefined,
  });
  return (
    <DataTable
      label={t('keys.tabs.history')}
      rows={history.data}
      rowKey={({ id }) => id}
      error={history.error}
      onRetry={history.refetch}
      empty={<EmptyState icon={<List size={24} />} title={t('keys.history.none')} />}
      columns={[
        { id: 'at', label: t('keys.history.at'), cell: ({ at }) => <TimeText at={at} /> },
        {
          id: 'what',
          headsCard: true,
          label: t('keys.history.what'),
          cell: ({ action }) => (
            <Text span inherit fw={550}>
              {isAction(action) ? t(`keys.history.action.${action}`) : words.action(action)}
            </Text>
          ),
        },
        {
          id: 'who',
          label: t('keys.history.who'),
          cell: ({ actor }) =>
            actor.id === self.user?.id
              ? t('keys.history.you')
              : actor.type === 'operator'
                ? t('common.operator')
                : (people.find(({ id }) => id === actor.id)?.name ?? (
                    <Stack gap={0}>
                      <span>{words.kind(actor.type)}</span>
                      <Text span size="xs" c="dimmed" ff="monospace">
                        {actor.id}
                      </Text>
                    </Stack>
                  )),
        },
        { id: 'changes', isLong: true, label: t('keys.history.changes'), cell: (event) => <Changes value={event} /> },
      ]}
    />
  );
}

/** A change is told as before and after where both are kept. */
function Changes({ value }: { value: AuditEvent }) {
  const textOf = useValueText();
  const changes = changesOf(value).filter(({ before = null, after }) => before !== null || after !== null);
  if (changes.length === 0) return null;
  return (
    <Stack gap={2}>
      {changes.map(({ member, before, after }) => (
        <Text key={member} size="xs" component="div">
          <Text span size="xs" c="dimmed">
            {member}:
          </Text>{' '}
          {before !== undefined && `${textOf(before)} → `}
          {textOf(after)}
        </Text>
      ))}
    </Stack>
  );
}
