// The last refused requests of a key, and for each what failed and what to do.

import type { Denial } from '@latchkey/client';
import { Code, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useList } from '../../data/list';
import { CopyButton } from '../../kit/copy-button';
import { DataTable } from '../../kit/data-table';
import { EmptyState } from '../../kit/empty-state';
import { Check } from '../../kit/icons';
import { TimeText } from '../../kit/time-text';

export function KeyDenials({ keyId }: { keyId: string }) {
  const { t } = useTranslation();
  const api = useApi();
  const list = useList(
    ['keys', 'denials', keyId],
    (cursor, signal) => api.keys.denials({ keyId, limit: 25, cursor }, { signal }),
    { refetchInterval: 15_000 },
  );
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t('keys.denials.text')}
      </Text>
      <DataTable
        {...list}
        label={t('keys.tabs.denials')}
        rowKey={(denial) => `${denial.at} ${denial.requestId} ${denial.reason}`}
        empty={
          <EmptyState icon={<Check size={24} />} title={t('keys.denials.none')} text={t('keys.denials.noneText')} />
        }
        columns={[
          { id: 'at', label: t('keys.denials.at'), cell: ({ at }) => <TimeText at={at} /> },
          { id: 'why', headsCard: true, label: t('keys.denials.why'), cell: (denial) => <Why value={denial} /> },
          {
            id: 'request',
            isLong: true,
            label: t('keys.denials.request'),
            cell: (denial) => <Request value={denial} />,
          },
          { id: 'from', label: t('keys.denials.from'), cell: (denial) => <From value={denial} /> },
        ]}
      />
    </Stack>
  );
}

/** The server's sentence names the very figures; it speaks English. Other languages say what the reason means. */
function Why({ value: { reason, explanation } }: { value: Denial }) {
  const { t, i18n } = useTranslation();
  return (
    <Stack gap={2} maw={420}>
      <Text size="sm" fw={600}>
        {t(`usage.reasons.${reason}.title`)}
      </Text>
      <Text size="sm">{i18n.language === 'en' ? explanation : t(`usage.reasons.${reason}.advice`)}</Text>
      <Text size="xs" c="dimmed" ff="monospace">
        {reason}
      </Text>
    </Stack>
  );
}

function Request({ value: { method, path, requestId } }: { value: Denial }) {
  const { t } = useTranslation();
  return (
    <Stack gap={4} align="flex-start">
      {path !== null && (
        <Code>
          {method} {path}
        </Code>
      )}
      {requestId !== null && (
        <Group gap={4} wrap="nowrap">
          <Text size="xs" c="dimmed" ff="monospace" truncate maw={150} title={requestId}>
            {requestId}
          </Text>
          <CopyButton
            text={requestId}
            thing={t('keys.denials.requestId')}
            size="compact-xs"
            variant="subtle"
            leftSection={null}
          />
        </Group>
      )}
    </Stack>
  );
}

function From({ value: { ip, origin } }: { value: Denial }) {
  return (
    <Text size="xs" ff="monospace" component="div">
      {ip ?? '–'}
      {origin !== null && <div>{origin}</div>}
    </Text>
  );
}
