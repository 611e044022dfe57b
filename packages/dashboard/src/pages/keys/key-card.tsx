// A key of the list as a card, where there is no room for a row.

import { Box, Group, Paper, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { KeyMenu } from './key-actions';
import { Expires, LastUsed, Name, When } from './key-cells';
import type { Shown } from './key-columns';
import type { KeyRow } from './key-rows';
import { KeyMode, KeyState } from './key-state';

export function Card({ row, onToggle, hasModes, tiers }: Shown & { row: KeyRow }) {
  const { t } = useTranslation();
  const { key } = row;
  return (
    <Paper withBorder p="md" ml={row.kind === 'older' ? 'md' : 0}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Name row={row} onToggle={onToggle} />
        <KeyMenu value={key} />
      </Group>
      <Group gap="xs" mt="xs" mb="sm">
        <KeyState value={key} />
        {hasModes && <KeyMode mode={key.mode} />}
      </Group>
      <Stack gap={6}>
        {tiers.size > 0 && <Fact label={t('keys.tier')}>{tiers.get(key.tier ?? '') ?? '–'}</Fact>}
        <Fact label={t('keys.created')}>
          <When at={key.createdAt} />
        </Fact>
        <Fact label={t('keys.lastUsed')}>
          <LastUsed value={key} />
        </Fact>
        <Fact label={t('keys.expires')}>
          <Expires value={key} />
        </Fact>
      </Stack>
    </Paper>
  );
}

const Fact = ({ label, children }: { label: string; children: ReactNode }) => (
  <Group justify="space-between" align="baseline" wrap="nowrap" gap="md">
    <Text size="xs" c="dimmed">
      {label}
    </Text>
    <Box fz="sm" ta="right" miw={0}>
      {children}
    </Box>
  </Group>
);
