// Every generation of a key: which is still used and from where, how long the old one stays, and ending it now.

import type { Key } from '@latchkey/client';
import { Alert, Badge, Box, Button, Group, Loader, Paper, Stack, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { Check, Clock } from '../../kit/icons';
import { TimeText } from '../../kit/time-text';
import { Waiting } from '../../kit/waiting';
import { countdown, useOfOld } from './grace';
import { KeyEnds, KeyState } from './key-state';
import { isUsable } from './usable';
import { useFamily } from './use-keys';
import { useNow } from './use-now';

const HOURS = 6;
const HOUR_MS = 3_600_000;

interface HourlyUse {
  total: number;
  refused: number;
}

/** Requests of the last hours, for each key. */
function useRecentRequests(keys: readonly Key[], isWatching: boolean): (HourlyUse | undefined)[] {
  const api = useApi();
  return useQueries({
    queries: keys.map(({ id }) => ({
      queryKey: ['usage', 'recent', id],
      queryFn: async (): Promise<HourlyUse> => {
        const from = new Date(Date.now() - HOURS * HOUR_MS).toISOString();
        const { data } = await api.usage.get({ keyId: id, from, by: 'hour' });
        const total = data.reduce((sum, { count }) => sum + count, 0);
        const allowed = data.reduce((sum, { outcome, count }) => sum + (outcome === 'allowed' ? count : 0), 0);
        return { total, refused: total - allowed };
      },
      refetchInterval: isWatching ? 5000 : (false as const),
    })),
    combine: (results) => results.map(({ data }) => data),
  });
}

interface GenerationsProps {
  value: Pick<Key, 'projectId' | 'familyId'>;
  /** Absent for those who may not. */
  onRevoke?: ((key: Key) => void) | undefined;
}

export function Generations({ value, onRevoke }: GenerationsProps) {
  const { t } = useTranslation();
  const now = useNow(1000);
  // Looked at every five seconds until no old generation is valid any more; a quiet one may still wake up.
  const { data: family, error, refetch } = useFamily(value, 5000);
  const shown = family?.filter((key, at) => at === 0 || isUsable(key) || at === 1) ?? [];
  const isWatching = shown.slice(1).some(isUsable);
  const recent = useRecentRequests(shown, isWatching);
  const [newest, ...older] = shown;
  if (newest === undefined) return <Waiting error={error} onRetry={refetch} lines={2} />;
  const old = older.find(isUsable);
  return (
    <Stack gap="sm">
      {old !== undefined && <Verdict old={old} newest={newest} now={now} />}
      <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
        {shown.map((key, at) => (
          <Generation key={key.id} value={key} isNewest={at === 0} recent={recent[at]} now={now} onRevoke={onRevoke} />
        ))}
      </Stack>
      {isWatching && (
        <Group gap={6}>
          <Loader size={12} type="dots" color="gray" aria-hidden />
          <Text size="xs" c="dimmed">
            {t('keys.generations.watching')}
          </Text>
        </Group>
      )}
    </Stack>
  );
}

function Verdict({ old, newest, now }: { old: Key; newest: Key; now: number }) {
  const { t } = useTranslation();
  const use = useOfOld(old, newest, now);
  const isQuiet = use !== 'in_use';
  return (
    <Alert
      role="status"
      radius="md"
      variant="light"
      color={isQuiet ? 'accent' : 'blue'}
      icon={isQuiet ? <Check /> : <Clock />}
      title={t(`keys.generations.${use}.title`)}
    >
      <Text size="sm">{t(`keys.generations.${use}.text`)}</Text>
    </Alert>
  );
}

interface GenerationProps extends Pick<GenerationsProps, 'onRevoke'> {
  value: Key;
  isNewest: boolean;
  recent: HourlyUse | undefined;
  now: number;
}

function Generation({ value: key, isNewest, recent, now, onRevoke }: GenerationProps) {
  const { t } = useTranslation();
  const left = key.graceEndsAt !== null && key.state === 'grace' ? countdown(key.graceEndsAt, now) : '';
  return (
    <Paper component="li" withBorder p="md" radius="md">
      <Group justify="space-between" gap="sm" align="flex-start">
        <Stack gap={4} miw={0} flex="1 1 240px">
          <Group gap="xs">
            <Text size="sm" fw={600}>
              {t('keys.generations.number', { number: key.generation })}
            </Text>
            {isNewest && (
              <Badge variant="default" radius="sm" tt="none">
                {t('keys.generations.newest')}
              </Badge>
            )}
            <KeyState value={key} />
          </Group>
          <KeyEnds value={key} />
          <Text size="sm">
            {key.lastUsedAt === null ? (
              t('keys.neverUsed')
            ) : (
              <>
                {t('keys.generations.lastUsed')} <TimeText at={key.lastUsedAt} inText />
                {key.lastUsedIp !== null && (
                  <>
                    {' '}
                    {t('keys.from')}{' '}
                    <Text span inherit ff="monospace" fz="xs">
                      {key.lastUsedIp}
                    </Text>
                  </>
                )}
              </>
            )}
          </Text>
          {recent !== undefined && key.mode === 'live' && (
            <Text size="xs" c="dimmed">
              {t('keys.generations.recent', { count: recent.total, hours: HOURS })}
              {recent.refused > 0 && ` · ${t('keys.generations.refused', { count: recent.refused })}`}
            </Text>
          )}
        </Stack>
        {left !== '' && (
          <Box ta={{ base: 'left', xs: 'right' }}>
            <Text size="xs" c="dimmed">
              {t('keys.generations.endsIn')}
            </Text>
            <Text fw={650} fz="lg" lh={1.3} style={{ fontVariantNumeric: 'tabular-nums' }} role="timer">
              {left}
            </Text>
            {onRevoke !== undefined && (
              <Button size="xs" variant="light" color="red" mt={6} onClick={() => onRevoke(key)}>
                {t('keys.generations.endNow')}
              </Button>
            )}
          </Box>
        )}
      </Group>
    </Paper>
  );
}
