// The key of a legacy project: it has one at a time, which is swapped in place. Those it had stand below.

import type { Key } from '@latchkey/client';
import { Box, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { DataTable } from '../../kit/data-table';
import { EmptyState } from '../../kit/empty-state';
import { Facts } from '../../kit/facts';
import { Key as KeyIcon, Rotate } from '../../kit/icons';
import { TimeText } from '../../kit/time-text';
import { useKeyActions } from './key-actions';
import { KeyEnds, KeyState } from './key-state';
import { KeyLink } from './place';
import { isUsable } from './usable';

export function SingleKey({ keys, onCreate }: { keys: readonly Key[]; onCreate?: (() => void) | undefined }) {
  const { t } = useTranslation();
  const { may, rotate, revoke } = useKeyActions();
  const current = keys.find(isUsable);
  const former = keys.filter((key) => key !== current);
  return (
    <Stack gap="xl">
      {current === undefined ? (
        <Paper withBorder>
          <EmptyState icon={<KeyIcon size={26} />} title={t('keys.single.none')} text={t('keys.single.noneText')}>
            {onCreate !== undefined && <Button onClick={onCreate}>{t('keys.create.first')}</Button>}
          </EmptyState>
        </Paper>
      ) : (
        <Paper withBorder p="lg">
          <Group justify="space-between" align="flex-start">
            <div>
              <Group gap="xs">
                <KeyLink keyId={current.id} fw={600} c="var(--mantine-color-text)">
                  {current.name}
                </KeyLink>
                <KeyState value={current} />
              </Group>
              <KeyEnds value={current} fz="sm" />
            </div>
            <Group gap="sm">
              {may('revokeKey') && (
                <Button variant="light" color="red" onClick={() => revoke(current)}>
                  {t('keys.revoke.submit')}
                </Button>
              )}
              {may('rotateKey') && (
                <Button leftSection={<Rotate size={16} />} onClick={() => rotate(current)}>
                  {t('keys.rotate.swap')}
                </Button>
              )}
            </Group>
          </Group>
          <Box my="lg">
            <Facts
              facts={[
                [t('keys.created'), <TimeText key="created" at={current.createdAt} />],
                [
                  t('keys.lastUsed'),
                  <Fragment key="used">
                    <TimeText at={current.lastUsedAt} none={t('keys.never')} />
                    {current.lastUsedIp !== null && ` ${t('keys.from')} ${current.lastUsedIp}`}
                  </Fragment>,
                ],
                [t('keys.expires'), <TimeText key="expires" at={current.expiresAt} none={t('keys.expiry.never')} />],
              ]}
            />
          </Box>
          <Text size="sm" c="dimmed" maw={680}>
            {t('keys.single.text')}
          </Text>
        </Paper>
      )}
      {former.length > 0 && (
        <Stack gap="sm">
          <Text fw={600}>{t('keys.single.former')}</Text>
          <DataTable
            label={t('keys.single.former')}
            rows={former}
            rowKey={({ id }) => id}
            empty={null}
            columns={[
              {
                id: 'key',
                label: t('keys.name'),
                cell: (key) => (
                  <KeyLink keyId={key.id} fz="sm">
                    {key.name}
                  </KeyLink>
                ),
              },
              { id: 'ends', label: t('keys.secret.key'), cell: (key) => <KeyEnds value={key} /> },
              { id: 'state', label: t('keys.stateLabel'), cell: (key) => <KeyState value={key} /> },
              { id: 'created', label: t('keys.created'), cell: (key) => <TimeText at={key.createdAt} /> },
            ]}
          />
        </Stack>
      )}
    </Stack>
  );
}
