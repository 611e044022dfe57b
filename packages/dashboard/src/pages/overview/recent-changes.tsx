// What was changed last, anywhere in the installation.

import type { AuditEvent } from '@latchkey/client';
import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { ErrorState } from '../../kit/error-state';
import { Loading } from '../../kit/loading';
import { Section } from '../../kit/section';
import { TimeText } from '../../kit/time-text';
import { useNames } from '../audit/names';
import { useAuditWords } from '../audit/words-of';

const SHOWN = 6;

export function RecentChanges() {
  const { t } = useTranslation();
  const api = useApi();
  const words = useAuditWords();
  const { data, error, refetch } = useQuery({
    queryKey: ['audit-events', 'recent'],
    queryFn: async () => (await api.auditEvents.list({ limit: SHOWN })).data,
  });
  const names = useNames(data ?? []);
  // A name where there is one, of the thing or of who did it: an id says nothing at a glance.
  const aboutOf = (event: AuditEvent) => {
    const [what, who] = [names.what(event), names.who(event)];
    if (what !== event.target.id) return what;
    return who === event.actor.id ? words.kind(event.actor.type) : who;
  };
  return (
    <Section
      title={t('overview.changes')}
      side={
        <Anchor
          size="sm"
          renderRoot={(props) => <Link {...props} to="/dashboard/audit-log" search={{ of: 'installation' } as never} />}
        >
          {t('overview.all')}
        </Anchor>
      }
    >
      {error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Loading />}
      <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: 'none' }}>
        {data?.map((event) => (
          <Group key={event.id} component="li" justify="space-between" wrap="nowrap" align="flex-start">
            <Text size="sm">
              {words.action(event.action)}{' '}
              <Text span size="xs" c="dimmed">
                {aboutOf(event)}
              </Text>
            </Text>
            <Text span size="xs" c="dimmed" lh={1.8} flex="none">
              <TimeText at={event.at} />
            </Text>
          </Group>
        ))}
      </Stack>
    </Section>
  );
}
