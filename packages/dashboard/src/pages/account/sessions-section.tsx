// Where one is signed in, and ending what is not one's own or not needed any more.

import { Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { ErrorState } from '../../kit/error-state';
import { Loading } from '../../kit/loading';
import { Section } from '../../kit/section';
import { StateBadge } from '../../kit/state-badge';
import { TimeText } from '../../kit/time-text';
import { deviceOf } from './device';

export function SessionsSection() {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => api.sessions.list() });
  const reload = () => queries.invalidateQueries({ queryKey: ['sessions'] });
  const end = useMutation({ mutationFn: (sessionId: string) => api.sessions.end({ sessionId }), onSuccess: reload });
  const endOthers = useMutation({
    mutationFn: () => api.sessions.endOthers(),
    onSuccess: ({ ended }) => {
      notifications.show({ message: t('account.ended', { count: ended }) });
      return reload();
    },
  });
  const rows = sessions.data?.data;
  return (
    <Section
      title={t('account.sessions')}
      text={t('account.sessionsText')}
      side={
        rows !== undefined && rows.length > 1 ? (
          <Button variant="default" loading={endOthers.isPending} onClick={() => endOthers.mutate()}>
            {t('account.endOthers')}
          </Button>
        ) : undefined
      }
    >
      <Stack gap="md">
        {sessions.isPending && <Loading lines={3} />}
        {sessions.error !== null && <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />}
        {(end.error ?? endOthers.error) !== null && <ErrorState error={end.error ?? endOthers.error} />}
        {rows?.map(({ id, current, createdAt, expiresAt, ip, userAgent }) => {
          const device = deviceOf(userAgent) ?? t('common.unknown');
          return (
            <Group key={id} justify="space-between" gap="sm">
              <div>
                <Group gap="xs">
                  <Text size="sm" fw={550}>
                    {device}
                  </Text>
                  {current && <StateBadge tone="good">{t('account.thisOne')}</StateBadge>}
                </Group>
                <Text size="xs" c="dimmed">
                  {ip ?? t('common.unknown')} · {t('account.since')} <TimeText at={createdAt} inText /> ·{' '}
                  {t('account.until')} <TimeText at={expiresAt} inText />
                </Text>
              </div>
              {!current && (
                <Button
                  size="xs"
                  variant="default"
                  loading={end.isPending && end.variables === id}
                  onClick={() => end.mutate(id)}
                  aria-label={`${t('account.end')}: ${device}, ${ip ?? ''}`}
                >
                  {t('account.end')}
                </Button>
              )}
            </Group>
          );
        })}
      </Stack>
    </Section>
  );
}
